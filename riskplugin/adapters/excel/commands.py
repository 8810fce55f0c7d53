"""``riskplugin excel``: the files of the add-in, and its functions without Excel."""

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import click

from riskplugin.adapters import terminal
from riskplugin.adapters.excel.cells import Cell, ExcelError, answer_cells
from riskplugin.adapters.excel.session import Session
from riskplugin.adapters.excel.specification import Function
from riskplugin.errors import UsageError, did_you_mean
from riskplugin.results import Table

DONE, STALE, ERRORS = 0, 2, 3
DESK = click.option(
    "--desk",
    type=click.Path(),
    help="Desk file; RISKPLUGIN_DESK, or the user's xlwings.conf, by default.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def excel() -> None:
    """Build the add-in's files, call its functions, check a workbook."""


@excel.command()
@click.option(
    "--desk",
    default="samples/desk.toml",
    show_default=True,
    type=click.Path(),
    help="Desk whose figures the workbooks show.",
)
@click.option(
    "--out",
    default="excel",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder to write to.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 2 if out of date.")
def build(desk: str, out: Path, check: bool) -> int:  # noqa: FBT001 - an option
    """Write the VBA sources, the ribbon and the workbooks."""
    from riskplugin.adapters.excel import building  # noqa: PLC0415 - xlsxwriter

    session = Session(desk)
    if check:
        old = building.stale(session, out)
        for path in old:
            terminal.warn(f"out of date: {path}")
        return STALE if old else DONE
    written = building.write(session, out)
    for path in written:
        terminal.say(f"wrote {path}")
    if not written:
        terminal.say(f"all files in {out} are up to date")
    return DONE


@excel.command()
@JSON
def functions(as_json: bool) -> int:  # noqa: FBT001 - an option
    """List the functions with their arguments."""
    from riskplugin.adapters.excel.registry import FUNCTIONS  # noqa: PLC0415

    if as_json:
        rows = [
            {
                "function": f.name,
                "arguments": signature(f),
                "spills": f.spills,
                "help": f.help,
                "python": f.python,
            }
            for f in FUNCTIONS.values()
        ]
        terminal.print_json({"table": "functions", "as_of": None, "rows": rows})
        return DONE
    for f in FUNCTIONS.values():
        terminal.say(f"{f.name}({signature(f)})\n    {f.help}")
    return DONE


def signature(function: Function) -> str:
    """Return the arguments of a function, those that may be left out in brackets."""
    return ", ".join(
        f"[{a.name}]" if a.optional else a.name for a in function.arguments
    )


@excel.command()
@click.argument("name")
@click.argument("arguments", nargs=-1)
@DESK
@JSON
def call(name: str, arguments: tuple[str, ...], desk: str | None, as_json: bool) -> int:  # noqa: FBT001
    """Call a function as a cell would.

    ARGUMENTS are in the function's order; "" leaves one out, and @FILE.csv stands for
    the cells of a CSV file.
    """
    function = function_called(name)
    from riskplugin.adapters.excel.calling import answer_of  # noqa: PLC0415

    try:
        answer = answer_of(function, [given(a) for a in arguments], Session(desk))
    except ExcelError as error:
        raise UsageError(f"{error.code}: {error.reason}") from error
    if as_json:
        terminal.print_json({"function": function.name, "cells": plain(answer)})
    elif isinstance(answer, Table):
        terminal.show_table(answer)
    else:
        cell = plain(answer)[0][0]
        terminal.say(f"{cell:.12g}" if isinstance(cell, float) else str(cell))
    return DONE


def function_called(name: str) -> Function:
    """Return the function of that name.

    Raises
    ------
    UsageError
        If there is none.
    """
    from riskplugin.adapters.excel.registry import FUNCTIONS  # noqa: PLC0415

    if name.upper() not in FUNCTIONS:
        hint = did_you_mean(name, FUNCTIONS)
        raise UsageError(f"there is no function {name!r}; {hint}")
    return FUNCTIONS[name.upper()]


def given(argument: str) -> object:
    """Return an argument as a cell would have it."""
    if not argument.startswith("@"):
        return argument
    try:
        text = Path(argument[1:]).read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{argument}: no CSV file in UTF-8; save the sheet as CSV and give that"
        raise UsageError(msg) from error
    except OSError as error:
        raise UsageError(f"{argument}: {error}") from error
    return [[cell or None for cell in row] for row in csv.reader(text.splitlines())]


def plain(answer: object) -> list[list[Any]]:
    """Return an answer's cells as JSON can hold them."""
    return [[plain_cell(cell) for cell in row] for row in answer_cells(answer)]


def plain_cell(cell: Cell) -> float | str:
    """Return an error as its code, a date as ISO text, anything else as it is."""
    if isinstance(cell, ExcelError):
        return str(cell.code)
    return cell.date().isoformat() if isinstance(cell, dt.datetime) else cell


@excel.command()
@click.argument("workbook", type=click.Path(path_type=Path))
@DESK
@JSON
def check(workbook: Path, desk: str | None, as_json: bool) -> int:  # noqa: FBT001
    """List the RISK_ cells of a workbook, what they give, and why not.

    Arguments are the values that the cells had when it was saved; no other formula is
    evaluated. Exits with 3 if a cell gives an error.
    """
    from riskplugin.adapters.excel.audit import audit  # noqa: PLC0415 - openpyxl
    from riskplugin.adapters.excel.registry import FUNCTIONS  # noqa: PLC0415
    from riskplugin.sources.formulas import open_formulas  # noqa: PLC0415

    found = audit(open_formulas(str(workbook)), FUNCTIONS, Session(desk))
    if as_json:
        terminal.print_json(terminal.json_table(found))
    else:
        for row in found.to_dict("records"):
            shown = row["gives"] or row["shown"]
            terminal.say(f"{row['cell']}  {row['function']}: {shown}")
            if row["reason"]:
                terminal.say(f"    {row['reason']}")
        terminal.say(f"{len(found)} cells hold a call")
    return ERRORS if wrong(found) else DONE


def wrong(found: Table) -> bool:
    """Whether a cell gives an error."""
    return bool(found["gives"].str.startswith("#").any())
