"""How results look on a terminal, and as JSON."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table as Grid

from riskplugin.errors import Severity
from riskplugin.limits.judging import Status
from riskplugin.reporting.unknowns import left_out_in_words
from riskplugin.results import Evidence, Report, Table
from riskplugin.store.limit_lines import limit_lines

PIPE_WIDTH = 150
WIDEST = 240
FEWEST_COLUMNS = 4
MILLION = 1e6
PERCENT = "{:.1%}".format
RATIO = "{:,.2f}".format
WHOLE = "{:,.0f}".format
FORMATS: dict[str, Callable[[float], str]] = {
    "pct_nav": PERCENT,
    "largest": PERCENT,
    "hhi": PERCENT,
    "proxied_share": PERCENT,
    "residual_volatility": PERCENT,
    "shock": PERCENT,
    "local_shock": PERCENT,
    "fx_shock": PERCENT,
    "effective_names": RATIO,
    "total_memory_beta": RATIO,
    "standard_error": RATIO,
    "crps": "{:.3f}".format,
    "crps_no_move": "{:.3f}".format,
    "inside": PERCENT,
    "mean_error": PERCENT,
    "mean_no_move": PERCENT,
    "median_error": PERCENT,
    "median_no_move": PERCENT,
    "predicted": PERCENT,
    "realised": PERCENT,
    "local_memory_beta": RATIO,
    "own_memory_beta": RATIO,
    "tier_memory_beta": RATIO,
    "share": PERCENT,
    "total_pct_nav": "{:.2%}".format,
    "component_pct_nav": "{:.2%}".format,
    "own_history": PERCENT,
    "marginal": "{:.4f}".format,
    "effective_scenarios": WHOLE,
    "independent_scenarios": WHOLE,
    "memory_drift": PERCENT,
    "p_value": "{:.4f}".format,
    "difference": "{:.1e}".format,
    **dict.fromkeys(("move", "lowest_at", "hectic_share"), PERCENT),
    **dict.fromkeys(("tail_normal", "tail_t"), PERCENT),
    **dict.fromkeys(("within_1", "within_5", "within_10", "within_21"), PERCENT),
    "cost_pct_gross": PERCENT,
    "utilisation": "{:.0%}".format,
    "drivers_named": WHOLE,
    "windows": WHOLE,
    "at_least_as_bad": WHOLE,
    "worst_session": WHOLE,
    "breach_session": WHOLE,
    "session": WHOLE,
}
NOT_ON_SCREEN: dict[str, tuple[str, ...]] = {
    "measures": ("group",),
    "reverse": ("driver", "tail_t", "degrees_of_freedom", "loss"),
    "plausibility": ("core", "degrees_of_freedom", "alone"),
    "regimes": ("effective_scenarios",),
    "limits": ("headroom_money", "direction", "waiver_until"),
}  # in the JSON and the files
WORDS = (
    *("drivers", "sentence", "note", "reason", "description", "sources", "message"),
    *("hint", "severity", "core", "aliases", "worst_windows", "alone"),
)
SHOWN_EXPOSURES = [
    "tier",
    "gross",
    "net",
    "memory_beta_exposure",
    "proxied_share",
    "long",
    "short",
    "pct_nav",
    "largest",
    "effective_names",
]
SHOWN_STRESS = [
    *("scenario", "pnl", "low", "high"),
    *("direct", "propagated", "overshoot", "convexity"),
]
MONEY = {
    "long",
    "short",
    "gross",
    "net",
    "memory_beta_exposure",
    "pnl",
    "low",
    "high",
    "direct",
    "propagated",
    "overshoot",
    "convexity",
}


def console(*, stderr: bool = False) -> Console:
    """Return a console that does not squeeze tables into a pipe's 80 columns."""
    made = Console(stderr=stderr, highlight=False)
    if made.is_terminal:
        return made
    return Console(stderr=stderr, highlight=False, width=PIPE_WIDTH)


def say(text: str) -> None:
    """Print a line."""
    console().print(text, markup=False)


def warn(text: str) -> None:
    """Print to the error stream."""
    click.echo(text, err=True)


def bug() -> None:
    """Say that this is our fault, with the trace."""
    console(stderr=True).print_exception()
    warn("error: this is a bug in riskplugin; please report the lines above")


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yield what shows the progress of a run; nothing is shown in a pipe."""
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn())
    screen = Console(stderr=True)
    quiet = not screen.is_terminal
    with Progress(*columns, console=screen, transient=True, disable=quiet) as bar:
        task = bar.add_task("estimating", total=None)

        def on_stage(name: str, number: int, count: int) -> None:
            bar.update(task, description=name, completed=number - 1, total=count)

        yield on_stage


def json_table(found: Table) -> dict[str, Any]:
    """Return a table as JSON has it: rows in order, NaN as null."""
    rows = found.to_frame().to_dict("records")
    return {
        "table": found.title,
        "as_of": None if found.as_of == "NaT" else found.as_of,
        "rows": [{str(k): plain(v) for k, v in row.items()} for row in rows],
    }


def plain(value: object) -> object:
    """Return a cell as JSON can say it."""
    if value is pd.NaT or (isinstance(value, float) and isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return value.item() if isinstance(value, np.generic) else value


def print_json(content: dict[str, Any]) -> None:
    """Print JSON; a number that JSON cannot hold is a bug."""
    click.echo(json.dumps(content, allow_nan=False, ensure_ascii=False))


def show_table(found: Table) -> None:
    """Print a table."""
    date = "" if found.as_of == "NaT" else f" {found.as_of}"
    hidden = NOT_ON_SCREEN.get(found.title, ())
    shown = found.to_frame().drop(columns=list(hidden), errors="ignore")
    draw(console(), grid_of(shown, found.title + date))


def draw(out: Console, grid: Grid) -> None:
    """Print a table; in a pipe as wide as it needs to be, up to a limit."""
    if not out.is_terminal:
        needed = Measurement.get(out, out.options.update(width=WIDEST), grid).maximum
        out.width = max(PIPE_WIDTH, needed)
    out.print(grid)


def show_evidence(found: Evidence) -> None:
    """Print the scores of past reversals beside those of no move."""
    summary, out = found.summary.to_frame(), console()
    errors = ["mean_error", "mean_no_move", "median_error", "median_no_move"]
    names = ["name", "count", "crps", "crps_no_move", "inside", *errors]
    titles = {
        "episode": "By episode: how the names moved",
        "tier": "\nBy tier",
        "book": "\nEqual-weight books: share of episodes inside the band",
        "all": "\nOver all",
    }
    for scope, title in titles.items():
        columns = [n for n in names if scope != "book" or not n.startswith("crps")]
        part = summary[summary["scope"] == scope][columns]
        if len(part):
            draw(out, grid_of(part, title))
    out.print("Errors are of simple returns; no move is the forecast of no change.")


def show_scenarios(found: Table) -> None:
    """Print scenarios in words; their sources stand in the JSON and the files."""
    shown = ["scenario", "family", "horizon_sessions", "core", "severity"]
    draw(console(), grid_of(found.to_frame()[shown], f"scenarios {found.as_of}"))


def grid_of(frame: pd.DataFrame, title: str) -> Grid:
    """Return a table as the terminal draws it; headers wrap between words."""
    grid = Grid(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    returns = "shock" in frame.columns
    for name in frame.columns:
        number = frame[name].dtype.kind in "fiu"
        header = str(name).replace("_", " ") if number else str(name)
        wrap = name in WORDS
        grid.add_column(
            header,
            justify="right" if number else "left",
            no_wrap=not wrap,
            overflow="fold",
        )
    for row in frame.itertuples(index=False):
        cells = zip(row, frame.columns, strict=True)
        grid.add_row(*(figure(v, str(n), returns=returns) for v, n in cells))
    return grid


def figure(value: object, column: str, *, returns: bool) -> str:
    """Return one cell as it is read; a band is in percent where shocks are."""
    if value is pd.NaT or (isinstance(value, float) and isnan(value)):
        return "-"
    if not isinstance(value, float):
        return escape(str(plain(value)))
    if column.startswith("move_") or (returns and column in ("low", "high")):
        return PERCENT(value)
    return FORMATS.get(column, WHOLE if abs(value) >= 1000 else RATIO)(value)


def show_report(report: Report, folder: Path | None) -> None:
    """Print what a run found: exposures, stress, and what to know about them."""
    out = console()
    unit = f"{report.base_currency} million"
    out.print(f"Risk on {report.as_of}, run {report.run_id}, {report.status}\n")
    show_limits(report, out)
    show_left_out(report, out)
    held = in_millions(report.exposures, SHOWN_EXPOSURES)
    draw_fitting(out, held, f"What we hold, by tier ({unit}; pct nav = net / NAV)")
    total = in_millions(report.tables["stress_total"], SHOWN_STRESS)
    band = f"{report.confidence:.0%} band"
    draw_fitting(out, total, f"What we lose when the cycle turns ({unit}, {band})")
    draw_fitting(out, by_tier(report), f"Where we lose it, worst first ({unit})")
    for issue in report.issues:
        style = "red" if issue.severity is Severity.ERROR else None
        out.print(str(issue), style=style, markup=False)
    if folder is not None:
        out.print(f"Written to {folder}", markup=False)


def draw_fitting(out: Console, frame: pd.DataFrame, title: str) -> None:
    """Print as many leading columns as the screen holds, and say what is left."""
    kept = frame
    while out.is_terminal and kept.shape[1] > FEWEST_COLUMNS:
        grid = grid_of(kept, title)
        if Measurement.get(out, out.options.update(width=WIDEST), grid).maximum <= (
            out.width
        ):
            break
        kept = kept.iloc[:, :-1]
    if len(frame):
        draw(out, grid_of(kept, title))
    left = [str(c) for c in frame.columns[kept.shape[1] :]]
    if left:
        out.print(f"(a wider screen also shows {', '.join(left)})\n", markup=False)


def by_tier(report: Report) -> pd.DataFrame:
    """Return stress P&L in millions, a row per tier, scenarios worst first."""
    stress = report.stress.to_frame()
    stress["pnl"] /= MILLION
    wide = stress.pivot_table(index="tier", columns="scenario", values="pnl")
    total = report.tables["stress_total"].to_frame().sort_values("pnl")
    return wide.loc[stress["tier"].unique(), total["scenario"]].reset_index()


def in_millions(found: Table, columns: list[str]) -> pd.DataFrame:
    """Return some columns of a table with their money in millions."""
    frame = found.to_frame()[columns]
    return frame.assign(**{c: frame[c] / MILLION for c in columns if c in MONEY})


def show_limits(report: Report, out: Console) -> None:
    """Print how limits stand, and each that is not OK in a line."""
    for line in limit_lines(report):
        style = "bold red" if line.startswith(f"{Status.BREACH}:") else None
        out.print(line, style=style, markup=False)
    out.print()


def show_left_out(report: Report, out: Console) -> None:
    """Print what was left out, in money, before any figure."""
    if len(report.left_out):
        out.print(f"LEFT OUT: {left_out_in_words(report)}\n", style="bold red")
