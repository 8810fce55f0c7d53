"""What a suggested repair would change in the desk's stress, had it been made."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from riskplugin.desk import Desk
from riskplugin.diagnosis.finding import Finding
from riskplugin.errors import InputError, ModelError, ScenarioError, input_error
from riskplugin.factors.contract_rows import fit_with_contracts
from riskplugin.inputs.derived import repositioned
from riskplugin.inputs.reading import Findings, RawTable
from riskplugin.inputs.repairing import repaired
from riskplugin.inputs.wide import Wide
from riskplugin.market import Market
from riskplugin.mending import Repair
from riskplugin.tables.tabulation import runnable_scenarios, stress_table

MOST = 10  # repairs whose effect is computed: each is a valuation and a fit anew
NO_REPAIR = "no repair to compute"
ELSEWHERE = "neither held nor in a driver's basket"
BEYOND = f"only the first {MOST} are computed"
AS_GIVEN = ("book", "instrument", "strategy", "account")


@dataclass(frozen=True, slots=True)
class StressEffect:
    """P&L of one scenario with the data as they are and repaired, or why not known.

    Base currency; a loss is < 0. NaN where `note` says why.
    """

    scenario: str = ""
    before: float = float("nan")
    after: float = float("nan")
    note: str = ""


def stress_effects(desk: Desk, findings: Sequence[Finding]) -> list[StressEffect]:
    """Return for each finding what its repair does to the worst scenario's P&L.

    The worst of the desk's own scenarios with its data as they are, the same for all
    findings. Positions are valued, and the model is fitted, on repaired closes. Of
    findings of what is held, or in a driver's basket, the first `MOST` in the order
    given.
    """
    matters = desk.held() | desk.series()
    matters |= {other for name, other in stand_ins(desk).items() if name in matters}
    matters |= {m for basket in desk.settings.drivers.values() for m in basket}
    known: dict[tuple[Repair, ...], StressEffect] = {}
    as_is: StressEffect | None = None
    found = []
    for finding in findings:
        wanted = finding.repairs
        if not wanted or not matters & set(finding.instruments):
            found.append(StressEffect(note=ELSEWHERE if wanted else NO_REPAIR))
            continue
        if wanted not in known and len(known) == MOST:
            found.append(StressEffect(note=BEYOND))
            continue
        as_is = worst_scenario(desk) if as_is is None else as_is
        if wanted not in known:
            known[wanted] = as_is if as_is.note else after(desk, as_is, wanted)
        found.append(known[wanted])
    return found


def worst_scenario(desk: Desk) -> StressEffect:
    """Return the worst scenario of the desk with its P&L; why if there is none."""
    try:
        held = with_market(desk, desk.market)
        model = fit_with_contracts(held)
        scenarios = runnable_scenarios(held, model)
        if not len(scenarios):
            return StressEffect(note="no scenario can be run")
        done = stress_table(
            held, model, scenarios, "scenario", desk.settings.confidence
        )
    except (InputError, ModelError, ScenarioError) as error:
        return StressEffect(note=in_short(error))
    worst = done.iloc[int(done["pnl"].to_numpy().argmin())]
    return StressEffect(str(worst["scenario"]), float(worst["pnl"]))


def after(desk: Desk, as_is: StressEffect, repairs: Sequence[Repair]) -> StressEffect:
    """Return the P&L of the same scenario once `repairs` are made."""
    try:
        held = with_market(desk, repaired_market(desk, repairs))
        model = fit_with_contracts(held)
        wanted = desk.scenarios.choose([as_is.scenario])
        done = stress_table(held, model, wanted, "scenario", desk.settings.confidence)
    except (InputError, ModelError, ScenarioError) as error:
        return replace(as_is, note=f"repaired: {in_short(error)}")
    return replace(as_is, after=float(done["pnl"].iloc[0]))


def in_short(error: Exception) -> str:
    """Return the first line of what an error says."""
    return str(error).partition("\n")[0]


def with_market(desk: Desk, market: Market) -> Desk:
    """Return the desk with its positions valued in another market.

    A price that the desk gave stays: one that is not the last close of its own market.

    Raises
    ------
    InputError
        If a position cannot be valued there.
    """
    book = desk.book
    given = {
        key: np.array(book.labels[key].names, dtype=object)[book.labels[key].codes]
        for key in AS_GIVEN
    }
    last = dict(zip(desk.market.instruments, last_closes(desk.market), strict=True))
    own = np.array([last.get(str(n), np.nan) for n in given["instrument"]], float)
    frame = pd.DataFrame(
        {
            **given,
            "quantity": book.quantity,
            "price": np.where((own == book.price) | np.isnan(own), np.nan, book.price),
            "margin_posted": book.margin_posted,
            "liquidation_price": book.liquidation_price,
            "locked_until": book.locked_until.astype("datetime64[s]"),
        }
    )
    elsewhere = replace(desk, market=market)
    return repositioned(
        elsewhere, RawTable(frame, "positions"), Findings(), quarantine=False
    )


def last_closes(market: Market) -> list[float]:
    """Return the last close of every instrument, NaN where there is none."""
    frame = pd.DataFrame(market.close).ffill()
    return [float(v) for v in frame.iloc[-1]] if len(frame) else []


def repaired_market(desk: Desk, repairs: Sequence[Repair]) -> Market:
    """Return the desk's market with some closes repaired, as desk.toml would have it.

    Raises
    ------
    InputError
        If a repair changes no close.
    """
    market, copies = desk.market, stand_ins(desk)
    own = [i for i, n in enumerate(market.instruments) if n not in copies]
    names = tuple(market.instruments[i] for i in own)
    findings = Findings()
    given = Wide("prices", market.dates, names, market.close[:, own])
    _, wide = repaired(repairs, given, desk.universe, findings)
    if findings.fatal:
        raise input_error(findings.errors())
    column = {name: i for i, name in enumerate(names)}
    column |= {name: column[other] for name, other in copies.items()}
    usd_per = np.full((len(wide.dates), len(market.currencies)), np.nan)
    kept = np.isin(wide.dates, market.dates)
    usd_per[kept] = market.usd_per[np.searchsorted(market.dates, wide.dates[kept])]
    return replace(
        market,
        dates=wide.dates,
        close=wide.grid[:, [column[n] for n in market.instruments]],
        usd_per=usd_per,
    )


def stand_ins(desk: Desk) -> dict[str, str]:
    """Return the instruments whose closes are their underlying's, with it."""
    market, known = desk.market, desk.universe.instruments
    column = {name: i for i, name in enumerate(market.instruments)}
    found: dict[str, str] = {}
    for name, i in column.items():
        underlying = known[name].underlying if name in known else ""
        other = column.get(desk.universe.resolve(underlying)) if underlying else None
        if other is not None and np.array_equal(
            market.close[:, i], market.close[:, other], equal_nan=True
        ):
            found[name] = market.instruments[other]
    return found
