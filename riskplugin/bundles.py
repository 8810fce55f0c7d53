"""Results of several tables: a main one, and others that stand beside it."""

from collections.abc import Mapping
from typing import Any, TypeVar

from riskplugin.results import Table

Made = TypeVar("Made", bound=Table)


def with_tables(made: Made, main: Table, beside: Mapping[str, Table]) -> Made:
    """Return `made` with the name and date of `main`, and tables beside it."""
    for attribute, value in {"title": main.title, "as_of": main.as_of}.items():
        object.__setattr__(made, attribute, value)
    for attribute, table_beside in beside.items():
        object.__setattr__(made, attribute, table_beside)
    return made


class Replays(Table):
    """What dated episodes of history would do to the book of today.

    Attributes
    ----------
    positions : Table
        Where the move of every position comes from.
    drivers : Table
        What the drivers did, and which followed the others.
    """

    _metadata = ["title", "as_of", "positions", "drivers"]  # noqa: RUF012 - pandas' name
    positions: Table
    drivers: Table


def replays_table(groups: Table, **beside: Table) -> Replays:
    """Return the replays of `groups`, with the tables that stand beside them."""
    return with_tables(Replays(groups.to_frame()), groups, beside)


class Claims(Table):
    """What past episodes say for and against a tier falling further or sooner.

    Attributes
    ----------
    by_episode : Table
        The figures of every tier and episode.
    """

    _metadata = ["title", "as_of", "by_episode"]  # noqa: RUF012 - pandas' name
    by_episode: Table


def claims_table(claims: Table, **beside: Table) -> Claims:
    """Return `claims`, with the tables that stand beside them."""
    return with_tables(Claims(claims.to_frame()), claims, beside)


class Paths(Table):
    """How scenarios unfold, session by session.

    Attributes
    ----------
    scenarios : ScenarioSet
        Those that unfold, in the order of the rows.
    confidence : float
        Level of the band.
    """

    _metadata = ["title", "as_of", "scenarios", "confidence"]  # noqa: RUF012 - pandas' name
    scenarios: Any  # they stand above
    confidence: float


def paths_table(found: Table, scenarios: object, confidence: float) -> Paths:
    """Return paths, with the scenarios that they are of."""
    made = with_tables(Paths(found.to_frame()), found, {})
    for name, fact in {"scenarios": scenarios, "confidence": confidence}.items():
        object.__setattr__(made, name, fact)
    return made


class Plausibility(Table):
    """How plausible the core of scenarios is.

    Attributes
    ----------
    history : Table
        The windows of history behind it, by scenario and driver, without overlap.
    """

    _metadata = ["title", "as_of", "history"]  # noqa: RUF012 - pandas' name
    history: Table


def plausibility_bundle(judged: Table, **beside: Table) -> Plausibility:
    """Return how plausible cores are, with the windows behind it."""
    return with_tables(Plausibility(judged.to_frame()), judged, beside)


class Monitor(Table):
    """The four signals of the cycle as they stand.

    Attributes
    ----------
    phase : str
        expansion, late, rolling_over, reversal, or unknown.
    changes : Table
        Every change of the phase that was called.
    turns : Table
        Memory's past falls, and when the phases warned of them.
    record : Table
        Hits and false alarms over all of them.
    history : Table
        Signals and phase of every session.
    """

    _metadata = [  # noqa: RUF012 - pandas' name
        *("title", "as_of", "phase", "changes", "turns", "record", "history"),
    ]
    phase: str
    changes: Table
    turns: Table
    record: Table
    history: Table

    def record_in_words(self) -> str:
        """Return how the calls of the phase have fared, with its interval."""
        return record_in_words(self.record)


def record_in_words(record: Table) -> str:
    """Return hits and false alarms of a record: ``falls warned of 17 of 18 (…)``."""
    columns = ("counted", "count", "of", "rate_low", "rate_high")
    rows = zip(*(record[c] for c in columns), strict=True)
    return "; ".join(
        f"{what} {count} of {of}"
        + (f" (80 % interval {low:.0%} to {high:.0%})" if of else "")
        for what, count, of, low, high in rows
    )


def monitor_table(signals: Table, phase: str, **beside: Table) -> Monitor:
    """Return the signals, with the phase and the tables that stand beside them."""
    made = with_tables(Monitor(signals.to_frame()), signals, beside)
    object.__setattr__(made, "phase", phase)
    return made


class Backtest(Table):
    """What tests say of the forecasts of past nights.

    Attributes
    ----------
    nights : Table
        The forecasts, and what came of them.
    records : Mapping of str to (record, dates)
        By group: what the tests judged, and the dates of its forecasts.
    """

    _metadata = ["title", "as_of", "nights", "records"]  # noqa: RUF012 - pandas' name
    nights: Table
    records: Mapping[str, tuple[Any, Any]]


def backtest_table(
    tests: Table, nights: Table, records: Mapping[str, tuple[Any, Any]]
) -> Backtest:
    """Return what tests say, with the nights they speak of."""
    made = with_tables(Backtest(tests.to_frame()), tests, {"nights": nights})
    object.__setattr__(made, "records", records)
    return made


class WhatIf(Table):
    """What trades would do to the headline figures of a desk.

    Attributes
    ----------
    exposures : Table
        Exposures by the keys, before, after and their change.
    stress : Table
        Stress of the whole desk in every scenario, in five parts, with bands.
    stress_by : Table
        The same by the keys.
    measures : Table
        Risk measures with contributions, as far as asked for.
    limits : Table
        Value, headroom and status of every limit, before, after and their change.
    trades : Table
        The orders: quantity, price, cost, days.
    desk : Desk
        The desk that holds what there is afterwards, to be asked anything else.
    """

    _metadata = [  # noqa: RUF012 - pandas' name
        *("title", "as_of", "exposures", "stress", "stress_by", "measures", "limits"),
        *("trades", "desk"),
    ]
    exposures: Table
    stress: Table
    stress_by: Table
    measures: Table
    limits: Table
    trades: Table
    desk: Any  # it stands above, and knows of tables


def whatif_table(summary: Table, desk: object, **beside: Table) -> WhatIf:
    """Return the headline figures, with the tables and the desk behind them."""
    made = with_tables(WhatIf(summary.to_frame()), summary, beside)
    object.__setattr__(made, "desk", desk)
    return made


class Ranking(Table):
    """Ideas for trades, the one that saves most for its cost first.

    Attributes
    ----------
    stress : Table
        What every idea does in every scenario.
    """

    _metadata = ["title", "as_of", "stress"]  # noqa: RUF012 - pandas' name
    stress: Table


def ranking_table(ideas: Table, **beside: Table) -> Ranking:
    """Return ideas in their order, with the tables that stand beside them."""
    return with_tables(Ranking(ideas.to_frame()), ideas, beside)


class Hedge(Table):
    """A proposal: the trades that serve best.

    Attributes
    ----------
    outcome : str
        met, infeasible or no_whole_lots (the trades then miss limits by least), or
        unbounded (there are none).
    message : str
        In words, with what would help.
    cost : float
        Of all trades, base currency.
    scenarios : Table
        What the hedge was built for, before and after by full revaluation.
    basis : Table
        What it does elsewhere, and how much of it is known.
    why : Table
        Limits, their slack and price, and what was tried.
    """

    _metadata = [  # noqa: RUF012 - pandas' name
        *("title", "as_of", "outcome", "message", "cost", "scenarios", "basis", "why"),
    ]
    outcome: str
    message: str
    cost: float
    scenarios: Table
    basis: Table
    why: Table


def hedge_table(trades: Table, facts: Mapping[str, Any], **beside: Table) -> Hedge:
    """Return a proposal of `trades`, with its facts and the tables beside it."""
    made = with_tables(Hedge(trades.to_frame()), trades, beside)
    for name, fact in facts.items():
        object.__setattr__(made, name, fact)
    return made
