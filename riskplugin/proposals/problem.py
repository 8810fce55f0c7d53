"""A desk, a menu of hedges and aims, as the arrays that are decided on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskplugin._typing import Codes, Cube, Matrix, Vector
from riskplugin.book import Grouping, grouped
from riskplugin.desk import Desk
from riskplugin.estimates import model_of, sample_of
from riskplugin.exposure import exposures
from riskplugin.hedging.problem import Problem, Spread, Tail, Trades
from riskplugin.inputs.hedges import Menu
from riskplugin.proposals.aims import MEMORY_BETA, Aims
from riskplugin.stressing.deviations import joint_roots
from riskplugin.stressing.engine import Stressed
from riskplugin.stressing.regimes import parts, stress_parts
from riskplugin.stressing.shock import band_ends
from riskplugin.tables.earning import holdings
from riskplugin.tables.liquidity import session_volatility
from riskplugin.tables.tabulation import SESSIONS_A_YEAR, rows_of
from riskplugin.tables.volumes import daily_volume

BASIS_POINT = 1e-4
BUY, SELL = "buy", "sell"


@dataclass(frozen=True, eq=False, slots=True)
class Prices:
    """What trading and holding R instruments costs; each array (R,), per lot.

    Attributes
    ----------
    value, notional : ndarray
        Market value and reference value of a lot, base currency, >= 0.
    half_spread : ndarray
        As a fraction of price.
    impact : ndarray
        x lots cost ``impact x^(3/2)``; NaN where the volume is not known.
    carry_long, carry_short : ndarray
        What holding a lot costs until the hedge ends; below 0 where it earns.
    volume : ndarray
        Lots traded on an ordinary day; NaN where unknown.
    participation : ndarray
        Share of it that may be traded a session.
    """

    value: Vector
    notional: Vector
    half_spread: Vector
    impact: Vector
    carry_long: Vector
    carry_short: Vector
    volume: Vector
    participation: Vector


def prices_of(menu: Menu, aims: Aims) -> Prices:
    """Return what the instruments of a menu cost."""
    held, settings = menu.bought, menu.desk.settings
    row = menu_rows(held)
    value, notional = np.empty((2, len(menu)))
    value[row] = np.abs(held.book.market_value)
    notional[row] = np.abs(held.book.reference_value)
    spread, volume, volatility = np.empty((3, len(menu)))
    spread[row] = held.book.half_spread
    instrument = held.book.labels["instrument"].codes
    volume[row] = daily_volume(held)[instrument] / menu.lot[row]
    model = model_of(held)
    volatility[row] = session_volatility(model)[rows_of(held, model)]
    own = menu.number("daily_volume") / menu.lot
    volume = np.where(np.isnan(own), volume, own)
    spread = given_or(menu.number("half_spread_bps") * BASIS_POINT, spread)
    law = given_or(menu.number("impact"), np.full(len(menu), settings.impact))
    square_root = np.zeros(len(menu))
    np.divide(1.0, np.sqrt(volume), out=square_root, where=np.isfinite(volume))
    square_root[np.isnan(volume)] = np.nan
    years = aims.hold_sessions / SESSIONS_A_YEAR
    funding = np.nan_to_num(menu.number("funding_rate")) * years
    borrow = np.nan_to_num(menu.number("borrow_rate")) * years
    share = np.full(len(menu), settings.participation)
    return Prices(
        value,
        notional,
        spread,
        np.where(law == 0, 0.0, value * law * volatility * square_root),
        notional * funding,
        notional * (borrow - funding),
        volume,
        given_or(menu.number("participation"), share),
    )


def given_or(given: Vector, otherwise: Vector) -> Vector:
    """Return what is given, and `otherwise` where it is blank."""
    return np.where(np.isnan(given), otherwise, given)


def menu_rows(held: Desk) -> Codes:
    """Return the row of the menu of each position of a lot, (R,)."""
    strategy = held.book.labels["strategy"]
    return np.array([int(n) for n in strategy.names], dtype=np.int64)[strategy.codes]


def caps(menu: Menu, prices: Prices, aims: Aims) -> Vector:
    """Return the most lots of each instrument, (R,); infinite where nothing caps it."""
    with np.errstate(divide="ignore"):
        bounds = [
            menu.number("max_units") / menu.lot,
            menu.number("max_notional") / prices.notional,
            prices.participation * prices.volume * aims.trade_sessions,
        ]
    most: Vector = np.min([given_or(b, np.full(len(menu), np.inf)) for b in bounds], 0)
    return most


def problem_of(menu: Menu, prices: Prices, aims: Aims) -> Problem:
    """Return what is to be decided."""
    desk = menu.desk
    before = stressed(desk, aims)
    allowed = [np.flatnonzero(menu.allows(side)) for side in (BUY, SELL)]
    row = np.concatenate(allowed)
    sign = np.repeat([1.0, -1.0], [len(rows) for rows in allowed])
    carry = np.where(sign > 0, prices.carry_long[row], prices.carry_short[row])
    gains = [per_lot(held, aims) for held in (menu.bought, menu.sold)]
    exposure, own = limited_exposures(menu, aims)
    tail, sample = tail_of(menu, aims)
    trades = Trades(
        row,
        sign,
        caps(menu, prices, aims)[row],
        np.where(sign > 0, gains[0][:, row], gains[1][:, row]),
        prices.value[row] * prices.half_spread[row] + carry,
        np.nan_to_num(prices.impact)[row],
        own[:, row] * sign,
        sample[:, row] * sign,
    )
    low, high = np.array([*aims.exposures.values()]).reshape(-1, 2).T
    found = Problem(
        trades,
        before.pnl[0],
        -aims.max_loss,
        exposure,
        low,
        high,
        tail,
        budget=aims.budget,
    )
    return with_band(found, menu, aims, before) if aims.robust else found


def stressed(desk: Desk, aims: Aims, *by: str) -> Stressed:
    """Return what the scenarios do to a desk, by the keys `by`; to all of it by none.

    By the functions behind `stress`.
    """
    resolved = parts(aims.scenarios, model_of(desk), desk.universe)
    share = desk.settings.unwind_share
    return stress_parts(
        desk.book, grouped(desk.book, by), resolved, aims.confidence, share
    )


def per_lot(held: Desk, aims: Aims) -> Matrix:
    """Return the P&L of each scenario on a lot of each instrument, (S, R)."""
    lots: Matrix = stressed(held, aims, "strategy").pnl.T  # rows by number, in order
    return lots


def limited_exposures(menu: Menu, aims: Aims) -> tuple[Vector, Matrix]:
    """Return the exposures that are limited, (E,), and what a lot adds, (E, R)."""
    own = np.zeros((len(aims.exposures), len(menu)))
    held = np.zeros(len(aims.exposures))
    lots = by_position(menu.bought)
    whole = by_position(menu.desk)
    for e, name in enumerate(aims.exposures):
        held[e] = exposure_to(menu.desk, whole, name).sum()
        own[e, menu_rows(menu.bought)] = exposure_to(menu.bought, lots, name)
    return held, own


def by_position(desk: Desk) -> dict[str, Vector]:
    """Return delta equivalent and memory-beta exposure of every position, (P,)."""
    book, model = desk.book, model_of(desk)
    rows = rows_of(desk, model)
    one_each = Grouping(
        {"position": book.labels["position"].names}, np.arange(len(book))
    )
    delta = model.contracts.delta[rows] if model.contracts.curved.any() else None
    nothing = np.zeros(len(book), dtype=bool)
    beta = model.unit_beta()[rows]
    return exposures(book, one_each, {}, beta, nothing, delta)


def exposure_to(desk: Desk, figures: dict[str, Vector], name: str) -> Vector:
    """Return each position's part of a limited exposure, (P,)."""
    if name == MEMORY_BETA:
        return figures["memory_beta_exposure"]
    tier = desk.book.labels["tier"]
    inside = np.array([t == name for t in tier.names], dtype=bool)[tier.codes]
    part: Vector = np.where(inside, figures["delta_equivalent"], 0.0)
    return part


def tail_of(menu: Menu, aims: Aims) -> tuple[Tail | None, Matrix]:
    """Return the tail that is limited, and the P&L of a lot in its scenarios (T, R)."""
    limit = aims.tail
    if limit is None:
        return None, np.zeros((0, len(menu)))
    wide = menu.traded(menu.lot)
    sample = sample_of(wide, limit.method, limit.horizon_sessions)
    lots = holdings(menu.bought, sample)
    own = np.empty((len(sample.history), len(menu)))
    value = menu.bought.book.reference_value
    own[:, menu_rows(menu.bought)] = lots.unit[:, lots.name] * value
    pnl = holdings(menu.desk, sample).pnl
    return Tail(pnl, sample.probabilities, limit.alpha, limit.max_cvar), own


def with_band(problem: Problem, menu: Menu, aims: Aims, before: Stressed) -> Problem:
    """Return the problem with limits at the low end of the band."""
    z = band_ends(aims.confidence)[1]
    root = roots(menu, aims, z)
    trades = problem.trades
    columns = root[:, :, 1 + trades.instrument] * trades.sign
    spread = Spread(
        np.concatenate([root[:, :, :1], columns], axis=2), z, np.zeros(len(root))
    )
    nothing = np.zeros(len(trades))
    return replace(problem, spread=fitted_to(spread, nothing, below(before)))


def below(done: Stressed) -> Vector:
    """Return how far the low end lies below the P&L, (S,); 0 where there is no band."""
    reach: Vector = np.nan_to_num(done.pnl[0] - done.low[0])
    return reach


def fitted_to(spread: Spread, lots: Vector, reach: Vector) -> Spread:
    """Return the spread that reaches as far as the band does with `lots`, (S,)."""
    alone = replace(spread, further=np.zeros_like(reach))
    return replace(spread, further=reach - alone.below(lots))


def roots(menu: Menu, aims: Aims, z: float) -> Cube:
    """Return roots of the covariance of the desk and a lot of each, (S, 1 + R, 1 + R).

    0 where a scenario fixes all that is held.
    """
    wide = menu.traded(menu.lot)
    count = len(menu.desk.book)
    row = menu_rows(menu.bought)
    code = np.concatenate([np.zeros(count, dtype=np.int64), 1 + row])
    groups = Grouping({"row": tuple(map(str, range(1 + len(menu))))}, code)
    found = np.zeros((len(aims.scenarios), 1 + len(menu), 1 + len(menu)))
    for part in parts(aims.scenarios, model_of(wide), wide.universe):
        found[part.rows] = joint_roots(wide.book, groups, part.grid, z)
    return found


def quantities(menu: Menu, problem: Problem, lots: Vector) -> Vector:
    """Return the units of each instrument that `lots` (M,) trade, (R,); sold < 0."""
    trades = problem.trades
    net = np.bincount(
        trades.instrument, weights=trades.sign * lots, minlength=len(menu)
    )
    units: Vector = net * menu.lot
    return units


def unpriced(menu: Menu, prices: Prices) -> Sequence[int]:
    """Return the rows whose half spread is not known."""
    return [int(r) for r in np.flatnonzero(np.isnan(prices.half_spread))]
