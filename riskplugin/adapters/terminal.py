"""How results look on a terminal, and as JSON."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import Any

import click
import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table as Grid

from riskplugin.errors import Severity
from riskplugin.results import Report, Table

PIPE_WIDTH = 160
SHARES = frozenset({"pct_nav", "largest", "hhi", "proxied_share", "own_weight"})
RETURNS = frozenset({"shock", "low_shock", "local_shock", "fx_shock"})
PLAIN = frozenset({"effective_names", "total_memory_beta", "standard_error", "quantity"})
MILLION = 1e6


def console(*, stderr: bool = False) -> Console:
    """Return a console that does not squeeze tables into a pipe's 80 columns."""
    made = Console(stderr=stderr, highlight=False)
    return made if made.is_terminal else Console(
        stderr=stderr, highlight=False, width=PIPE_WIDTH
    )


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
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("reading", total=None)

        def on_stage(name: str, number: int, count: int) -> None:
            bar.update(task, description=name, completed=number - 1, total=count)

        yield on_stage


def json_table(found: Table) -> dict[str, Any]:
    """Return a table as JSON has it: rows in order, NaN as null."""
    rows = found.to_frame().to_dict("records")
    return {
        "table": found.title,
        "as_of": found.as_of,
        "rows": [{k: plain(v) for k, v in row.items()} for row in rows],
    }


def plain(value: object) -> object:
    """Return a cell as JSON can say it."""
    if isinstance(value, float):
        return None if isnan(value) else float(value)
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return value.item() if hasattr(value, "item") else value


def print_json(content: dict[str, Any]) -> None:
    """Print JSON; a number that JSON cannot hold is a bug."""
    click.echo(json.dumps(content, allow_nan=False, ensure_ascii=False))


def show_table(found: Table) -> None:
    """Print a table."""
    console().print(grid_of(found.to_frame(), f"{found.title} {found.as_of}"))


def grid_of(frame: pd.DataFrame, title: str) -> Grid:
    """Return a table as the terminal draws it."""
    grid = Grid(title=title, title_justify="left", title_style="bold", pad_edge=False)
    band_of_returns = "shock" in frame.columns
    for name in frame.columns:
        number = frame[name].dtype.kind in "fiu"
        grid.add_column(str(name), justify="right" if number else "left")
    for row in frame.itertuples(index=False):
        cells = [
            figure(v, str(n), returns=band_of_returns)
            for v, n in zip(row, frame.columns, strict=True)
        ]
        grid.add_row(*cells)
    return grid


def figure(value: object, column: str, *, returns: bool = False) -> str:
    """Return one cell as it is read."""
    if not isinstance(value, float):
        return str(value).replace("[", "\\[")
    if isnan(value):
        return "–"
    if column in SHARES or column in RETURNS or (returns and column in ("low", "high")):
        return f"{value:.1%}"
    if column in PLAIN or column.startswith("loading_") or abs(value) < 1:
        return f"{value:,.2f}"
    return f"{value:,.0f}"


def show_report(report: Report, folder: Path | None) -> None:
    """Print what a run found: exposures, stress, and what to know about them."""
    out = console()
    unit = f"{report.base_currency} million"
    out.print(f"Risk on {report.as_of}, run {report.run_id}", style="bold")
    out.print(grid_of(in_millions(report.exposures), f"\nExposures by tier, {unit}"))
    total = in_millions(report.tables["stress_total"])
    title = f"\nStress P&L, {unit}, with its {report.confidence:.0%} band"
    out.print(grid_of(total, title))
    by_tier = report.stress.pivot(index="scenario", columns="tier", values="pnl") / MILLION
    order = list(dict.fromkeys(report.stress["scenario"]))
    tiers = list(dict.fromkeys(report.stress["tier"]))
    matrix = by_tier.loc[order, tiers].reset_index()
    out.print(grid_of(matrix.round(2), f"\nStress P&L by tier, {unit}"))
    show_findings(report, out)
    if folder is not None:
        out.print(f"Written to {folder}", markup=False)


MONEY = (
    "long",
    "short",
    "gross",
    "net",
    "delta_equivalent",
    "memory_beta_exposure",
    "pnl",
    "direct",
    "propagated",
    "overshoot",
    "convexity",
    "liquidity",
    "low",
    "high",
)


def in_millions(found: Table) -> pd.DataFrame:
    """Return a table with its money in millions."""
    frame = found.to_frame()
    for column in frame.columns.intersection(MONEY):
        frame[column] = (frame[column] / MILLION).map("{:,.2f}".format)
    return frame


def show_findings(report: Report, out: Console) -> None:
    """Print what was left out and what the inputs made necessary to say."""
    out.print()
    if len(report.left_out):
        value = report.left_out["market_value"].abs().sum()
        out.print(
            f"LEFT OUT: {len(report.left_out)} positions, {value:,.0f} "
            f"{report.base_currency} gross where known; see left_out.csv",
            style="bold red",
        )
    for issue in report.issues:
        style = "red" if issue.severity is Severity.ERROR else None
        out.print(f"{issue.severity}: {issue}", style=style, markup=False)
