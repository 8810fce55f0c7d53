"""The cycle monitor as labelled tables: signals, phases, and how they have fared."""

from collections.abc import Sequence

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Dates, Matrix, Vector
from riskplugin.bundles import Monitor, monitor_table
from riskplugin.cycle.observed import Observed, exactly, on_clock
from riskplugin.cycle.phases import UNTOLD, changes
from riskplugin.cycle.record import (
    Turn,
    alarms,
    false_alarms,
    rate_interval,
    turns,
)
from riskplugin.cycle.signals import UNKNOWN, Signal, changed
from riskplugin.cycle.watched import FEWEST, INDICATORS, Watched, in_word, watched
from riskplugin.cycle.windows import percentile
from riskplugin.desk import Desk
from riskplugin.diagnosis.references import own_returns
from riskplugin.errors import ModelError
from riskplugin.factors.drivers import (
    basket_mean,
    falls,
    priced_baskets,
    usd_log_prices,
)
from riskplugin.results import Table, table
from riskplugin.returns import panel
from riskplugin.tables.cycle_words import (
    backing_in_words,
    breadth_in_words,
    expectations_in_words,
    persistence_in_words,
)
from riskplugin.tables.volumes import volumes_of
from riskplugin.universe import UNCLASSIFIED, Instrument

MEMORY = "memory"
LEADERS = ("memory", "gpu")
NOT_THE_THEME = ("equity_benchmark", "crypto_benchmark", UNCLASSIFIED)
TOKENS = "crypto_"


@one_blas_thread
def monitor(desk: Desk) -> Monitor:
    """Return the cycle monitor of `desk`.

    Raises
    ------
    ModelError
        If the memory basket has no prices.
    """
    seen_of = watched(observed(desk))
    return monitor_table(
        signal_table(desk, seen_of),
        told_phase(seen_of),
        changes=change_table(desk, seen_of),
        turns=turn_table(desk, seen_of),
        record=record_table(desk, seen_of),
        history=history_table(desk, seen_of),
    )


def observed(desk: Desk) -> Observed:
    """Return what there is to watch, up to the valuation date."""
    market, universe = desk.market, desk.universe
    there = market.priced(desk.as_of)
    baskets = priced_baskets(there, desk.settings.drivers)
    if MEMORY not in baskets:
        msg = "the driver 'memory' has no prices: there is no cycle to watch; give "
        raise ModelError(msg + "prices of its members, or name others under [drivers]")
    currency_of = {n: i.currency for n, i in universe.instruments.items()}
    members = panel(market, desk.as_of, baskets[MEMORY])
    theme = [
        i
        for n, i in sorted(universe.instruments.items())
        if n in there and i.tier not in NOT_THE_THEME and i.kind in ("spot", "etf")
    ]
    prices = panel(market, desk.as_of, [i.instrument for i in theme])
    tokens = np.array([i.tier.startswith(TOKENS) for i in theme], dtype=bool)
    value = np.full(prices.log_price.shape, np.nan)
    for column in np.flatnonzero(tokens):
        volume = volume_on(desk, theme[int(column)], prices.dates)
        value[:, column] = volume * np.exp(prices.log_price[:, column])
    return Observed(
        prices.dates,
        basket_level(usd_log_prices(members, currency_of)),
        prices.instruments,
        prices.log_price,
        np.array([i.tier in LEADERS for i in theme], dtype=bool),
        tokens,
        value,
        {name: indicator(desk, name, prices.dates) for name in INDICATORS},
    )


def basket_level(log_usd: Matrix) -> Vector:
    """Return the log level of a basket from its members' log prices (T, N), (T,).

    The sum of the mean moves of the members that have a price. What a member moves over
    a gap counts on the day it is back: before, nobody knew that it would be.
    """
    return np.cumsum(np.nan_to_num(basket_mean(own_returns(log_usd))))


def volume_on(desk: Desk, instrument: Instrument, clock: np.ndarray) -> Vector:
    """Return the volume of one venue on every session; NaN where it is not known.

    That of the instrument's own venue; of the only one, if it names none.
    """
    volumes = volumes_of(desk)
    traded = volumes.rows.get(instrument.instrument)
    if traded is None or not len(traded.dates):
        return np.full(len(clock), np.nan)
    wanted = volumes.number(instrument.volume_venue)
    venues = np.unique(traded.venue)
    if not instrument.volume_venue:
        if len(venues) > 1:
            return np.full(len(clock), np.nan)
        wanted = int(venues[0])
    rows = np.flatnonzero((traded.venue == wanted) & (traded.dates <= desk.as_of))
    order = rows[np.argsort(traded.dates[rows], kind="stable")]
    return exactly(traded.dates[order], traded.volume[order], clock)


def indicator(desk: Desk, name: str, clock: np.ndarray) -> Vector:
    """Return a series of the indicators table on every session."""
    return on_clock(*figures(desk, name), clock)


def figures(desk: Desk, name: str) -> tuple[Dates, Vector]:
    """Return dates and values of a series of the indicators, none after as_of."""
    if "indicators" not in desk.tables:
        return np.array([], dtype="datetime64[D]"), np.array([], dtype=np.float64)
    rows = desk.tables["indicators"]
    mine = rows[rows["series"].astype(str).str.casefold() == name].sort_values("date")
    dates = mine["date"].to_numpy().astype("datetime64[D]")
    kept = dates <= desk.as_of
    return dates[kept], mine["value"].to_numpy(np.float64)[kept]


def called_phase(desk: Desk) -> str:
    """Return the phase that is called; unknown where there is nothing to watch."""
    try:
        return told_phase(watched(observed(desk)))
    except ModelError:
        return UNKNOWN


def told_phase(watch: Watched) -> str:
    """Return the phase that is called on the last session."""
    return in_word(int(watch.phase[-1]))


def signal_table(desk: Desk, watch: Watched) -> Table:
    """Return the four signals as they stand."""
    evidence = (
        persistence_in_words(watch.persistence),
        expectations_in_words(watch),
        breadth_in_words(watch),
        backing_in_words(watch),
    )
    signals = list(watch.signals.values())
    last = [
        last_figure(desk, watch)
        if name == "price_expectations"
        else last_known(watch, signal)
        for name, signal in watch.signals.items()
    ]
    return table(
        "cycle",
        desk.as_of,
        {
            "signal": list(watch.signals),
            "reading": [float(s.reading[-1]) for s in signals],
            "percentile": [float(percentile(s.reading, FEWEST)[-1]) for s in signals],
            "state": [str(s.state[-1]) for s in signals],
            "evidence": evidence,
            "last": np.array(last, dtype="datetime64[D]"),
            "phase": [told_phase(watch)] * len(signals),
            "sessions_old": [
                np.nan if np.isnat(day) else float(np.busday_count(day, desk.as_of))
                for day in last
            ],
        },
    )


def last_known(watch: Watched, signal: Signal) -> np.datetime64:
    """Return the last session on which a signal was known; NaT if on none."""
    known = np.flatnonzero(~np.isnan(signal.reading))
    return watch.of.dates[known[-1]] if len(known) else np.datetime64("NaT", "D")


def last_figure(desk: Desk, watch: Watched) -> np.datetime64:
    """Return the day of the last memory price behind the expectations; NaT if none.

    Not of the last session that it was carried to.
    """
    prices = INDICATORS[:2]
    known = [n for n in prices if not np.isnan(changed(watch.of.indicators[n])[-1])]
    given = [figures(desk, name)[0] for name in known[:1] or prices]
    never = np.datetime64("NaT", "D")
    return max((dates[-1] for dates in given if len(dates)), default=never)


def change_table(desk: Desk, watch: Watched) -> Table:
    """Return every change of the phase that was called."""
    rows = changes(watch.phase)
    level, dates = watch.of.level, watch.of.dates
    after = np.append(rows[1:], len(dates))
    ends = np.minimum(after, len(dates) - 1)
    return table(
        "cycle_changes",
        desk.as_of,
        {
            "start": dates[rows],
            "phase": [in_word(int(watch.phase[r])) for r in rows],
            "sessions_long": after - rows,
            "memory_move": np.expm1(level[ends] - level[rows]),
        },
    )


def told_falls(watch: Watched) -> list[tuple[int, int]]:
    """Return memory's falls at whose peak a phase could be called."""
    found = falls(watch.of.level)
    return [(p, t) for p, t in found if watch.phase[p] != UNTOLD]


def turn_table(desk: Desk, watch: Watched) -> Table:
    """Return memory's past falls, and when a turn was called."""
    dates = watch.of.dates
    found = turns(watch.of.level, alarms(watch.phase), told_falls(watch))
    warned = [t.warned for t in found]
    never = np.datetime64("NaT", "D")
    return table(
        "cycle_turns",
        desk.as_of,
        {
            "start": dates[[t.peak for t in found]],
            "end": dates[[t.trough for t in found]],
            "fall": np.array([t.fall for t in found], dtype=np.float64),
            "warned": np.array(
                [never if w is None else dates[w] for w in warned],
                dtype="datetime64[D]",
            ),
            "sessions_late": [
                np.nan if t.warned is None else float(t.warned - t.peak) for t in found
            ],
            "fall_before": [t.fall_before for t in found],
            "fall_after": [t.fall_after for t in found],
        },
    )


def record_table(desk: Desk, watch: Watched) -> Table:
    """Return hits and false alarms over all falls."""
    wanted = told_falls(watch)
    stretches = alarms(watch.phase)
    found = turns(watch.of.level, stretches, wanted)
    false = false_alarms(stretches, wanted)
    hits = sum(t.warned is not None for t in found)
    rows = (
        ("falls warned of", hits, len(found)),
        ("warnings that were false", len(false), len(stretches)),
    )
    bounds = [rate_interval(part, count) for _, part, count in rows]
    return table(
        "cycle_record",
        desk.as_of,
        {
            "counted": [name for name, _, _ in rows],
            "count": [part for _, part, _ in rows],
            "of": [count for _, _, count in rows],
            "rate": [part / count if count else np.nan for _, part, count in rows],
            "rate_low": [low for low, _ in bounds],
            "rate_high": [high for _, high in bounds],
            "median_sessions_late": [middle_late(found), np.nan],
        },
    )


def middle_late(found: Sequence[Turn]) -> float:
    """Return the median of sessions from a peak to its warning; NaN of none."""
    late = [t.warned - t.peak for t in found if t.warned is not None]
    return float(np.median(late)) if late else np.nan


def history_table(desk: Desk, watch: Watched) -> Table:
    """Return signals and phase of every session."""
    columns: dict[str, object] = {
        "date": watch.of.dates,
        "memory_level": watch.of.level,
        "phase": [in_word(int(c)) for c in watch.phase],
    }
    for name, signal in watch.signals.items():
        columns[name] = signal.reading
        columns[f"{name}_state"] = signal.state
    return table("cycle_history", desk.as_of, columns)
