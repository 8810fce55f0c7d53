"""Which picture a result has: by what it is, and by what is drawn with it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from riskplugin.bundles import Backtest, Hedge, Monitor, Paths, Plausibility
from riskplugin.errors import UsageError
from riskplugin.pictures import (
    backtests,
    cycle,
    evidence,
    exposures,
    hedges,
    paths,
    plausibility,
    replays,
    reverse,
    waterfall,
)
from riskplugin.results import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = TypeVar("Kind", bound=Table)
NAMES = {  # of tables, that are not those of the functions
    "cycle": "cycle_monitor",
    "replays": "replay",
    "reverse": "reverse_stress",
    "evidence_calibration": "evidence(…).calibration",
}


def drawn(found: Sequence[Table], currency: str) -> "Figure":
    """Return the picture of one result, or of several together.

    Raises
    ------
    UsageError
        If nothing draws them.
    """
    for table in found:
        refuse_what_is_no_result(table)
    ordered = sorted(found, key=lambda table: table.title)
    titles = tuple(table.title for table in ordered)
    if titles not in PICTURES:
        asked = " with ".join(named(title) for title in titles)
        raise UsageError(f"nothing draws {asked}; what can be drawn: {drawable()}")
    for table in found:
        rows = table.scenarios if isinstance(table, Hedge) else table
        if rows.empty:
            raise UsageError(f"the table {table.title!r} has no rows to draw")
    return PICTURES[titles](ordered, currency)


def refuse_what_is_no_result(found: object) -> None:
    """Refuse what no function returned, or what was changed since.

    Raises
    ------
    UsageError
        If it is not a table of results.
    """
    if isinstance(found, Table) and hasattr(found, "title"):
        return
    raise UsageError(
        f"found is a {type(found).__name__}; give the table as a function returned it "
        f"(what is selected from it is an ordinary DataFrame): {drawable()}"
    )


def named(title: str) -> str:
    """Return the function that returns a table of this title."""
    return f"rp.{NAMES.get(title, title)}"


def drawable() -> str:
    """Return what can be drawn, alone and together."""
    return ", ".join(" with ".join(map(named, titles)) for titles in PICTURES)


def whole(found: Table, kind: type[Kind], what: str) -> Kind:
    """Return a result that still has what stands beside it.

    Raises
    ------
    UsageError
        If it is the table alone, as a run holds it.
    """
    if isinstance(found, kind):
        return found
    raise UsageError(
        f"the table {found.title!r} is without its {what}; draw what "
        f"{named(found.title)} returns"
    )


def draw_paths(found: Sequence[Table], currency: str) -> "Figure":
    """Return the paths of scenarios: of the whole desk, of groups, or of both.

    Raises
    ------
    UsageError
        If two do not belong together.
    """
    kinds: dict[bool, Paths] = {}
    for table in found:
        path = whole(table, Paths, "scenarios")
        kinds[bool(paths.keys_of(path))] = path
    names = {path.scenarios.names() for path in kinds.values()}
    if len(kinds) < len(found) or len(names) > 1:
        raise UsageError(
            "two paths are drawn together if they are of the same scenarios, one of "
            "the whole desk (by=()) and one of groups (by='tier')"
        )
    first = kinds.get(False, next(iter(kinds.values())))  # whose band is drawn
    several = [
        paths.Drawn(
            scenario,
            part_of(kinds.get(False), scenario.name),
            part_of(kinds.get(True), scenario.name),
            currency,
            first.confidence,
        )
        for scenario in first.scenarios
    ]
    return paths.paths_figure(several)


def part_of(path: Paths | None, scenario: str) -> "Table | None":
    """Return the rows of one scenario, as its own path has them."""
    if path is None or "scenario" not in path.columns:
        return path
    frame = path.to_frame()
    return Table(frame[frame["scenario"] == scenario].drop(columns="scenario"))


def draw_backtest(found: Sequence[Table], currency: str) -> "Figure":
    """Return the nights of every group that was tested.

    Raises
    ------
    UsageError
        If none was.
    """
    records = whole(found[0], Backtest, "records").records
    if not records:
        notes = "; ".join(dict.fromkeys(found[0]["note"]))
        raise UsageError(f"no group was tested, so nothing can be drawn: {notes}")
    return backtests.backtests_figure(records, currency)


def draw_plausibility(found: Sequence[Table], _: str) -> "Figure":
    """Return the windows of history beside the moves of scenarios.

    Raises
    ------
    UsageError
        If no scenario moves a driver.
    """
    judged = whole(found[0], Plausibility, "history")
    if judged.history.empty:
        raise UsageError("no scenario moves a driver, so no history can be drawn")
    return plausibility.plausibility_figure(judged.history, judged)


def draw_curve(found: Sequence[Table], currency: str) -> "Figure":
    """Return a curve with the limit and the moves that reach it.

    Raises
    ------
    UsageError
        If they are not of one driver and the same groups.
    """
    answers, curve = found
    if set(answers.get("driver", [])) != set(curve["driver"]):
        raise UsageError("the curve and the answers are of different drivers")
    if not {*reverse.grouped(answers)} <= {*reverse.grouped(curve)}:
        raise UsageError("the answers have groups that the curve has not: give one by")
    return reverse.reverse_figure(curve, answers, currency)


def draw_episodes(found: Sequence[Table], currency: str) -> "Figure":
    """Return replays by session, with what they are covered by.

    Raises
    ------
    UsageError
        If they are of different episodes.
    """
    path, groups = found
    if set(path["episode"]) != set(groups["episode"]):
        raise UsageError("the two tables are of different episodes")
    return replays.episodes_figure(path, groups, currency)


PICTURES: Mapping[tuple[str, ...], Callable[[Sequence[Table], str], "Figure"]] = {
    ("exposures",): lambda f, c: exposures.exposures_figure(f[0], c),
    ("stress",): lambda f, c: waterfall.stress_figure(f[0], c),
    ("stress_path",): draw_paths,
    ("stress_path", "stress_path"): draw_paths,
    ("replays",): lambda f, c: replays.tiers_figure(f[0], c),
    ("replay_path",): lambda f, c: replays.episodes_figure(f[0], None, c),
    ("replay_path", "replays"): draw_episodes,
    ("reverse",): lambda f, c: reverse.answers_figure(f[0], c),
    ("reverse_curve",): lambda f, c: reverse.reverse_figure(f[0], None, c),
    ("reverse", "reverse_curve"): draw_curve,
    ("plausibility",): draw_plausibility,
    ("cycle",): lambda f, _: cycle.monitor_figure(whole(f[0], Monitor, "history")),
    ("hedge",): lambda f, c: hedges.hedge_figure(whole(f[0], Hedge, "scenarios"), c),
    ("hedge_frontier",): lambda f, c: hedges.frontier_figure(f[0], c),
    ("backtest",): draw_backtest,
    ("evidence",): lambda f, _: evidence.episodes_figure(f[0]),
    ("evidence_calibration",): lambda f, _: evidence.levels_figure(f[0]),
}
