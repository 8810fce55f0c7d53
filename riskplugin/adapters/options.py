"""Options that several commands take."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from riskplugin import api
from riskplugin.desk import Desk
from riskplugin.inputs.derived import repositioned
from riskplugin.inputs.reading import Findings
from riskplugin.inputs.references import TableRef
from riskplugin.inputs.tables import POSITIONS
from riskplugin.sources.desk_files import desk_files
from riskplugin.sources.files import read_table

F = TypeVar("F", bound=Callable[..., Any])


def desk_options(command: F) -> F:
    """Add what every verb takes: the desk, --as-of, --json and --out."""
    for option in (
        click.option(
            "--out",
            type=click.Path(path_type=Path),
            help="Folder to write to.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option(
            "--as-of",
            type=click.DateTime(["%Y-%m-%d"]),
            metavar="YYYY-MM-DD",
            help="Valuation date; the desk's own by default.",
        ),
        click.argument("desk"),
    ):
        command = option(command)
    return command


def names(_: click.Context, __: click.Parameter, value: str | None) -> list[str] | None:
    """Return a comma-separated list."""
    if value is None:
        return None
    found = [v.strip() for v in value.split(",") if v.strip()]
    if not found:
        raise click.BadParameter("name a scenario or a key, or leave the option out")
    return found


def moves(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, float] | None:
    """Return ``memory=-0.4`` as a driver and its move."""
    found: dict[str, float] = {}
    for text in values:
        name, _, move = text.partition("=")
        driver = name.strip()
        if driver in found:
            raise click.BadParameter(f"{driver} stands twice")
        try:
            found[driver] = float(move)
        except ValueError as error:
            raise click.BadParameter(f"{text!r}: write memory=-0.4") from error
    return found or None


def positions_option(command: F) -> F:
    """Add --positions: what is held instead of the desk's own positions."""
    option = click.option(
        "--positions",
        metavar="BOOK|FILE",
        help="A book of the desk, or a CSV, XLSX or Parquet file of positions to hold "
        "in its market instead of its own.",
    )
    return option(command)


def loaded(path: str, as_of: object, positions: str | None) -> Desk:
    """Return a desk, or one that holds a book of it or the positions of a file.

    The file is read as the desk reads its own: columns mapped, bad rows left out or
    an error.

    Raises
    ------
    InputError, UsageError
        If a file or its rows cannot be used, or there is no such book.
    """
    desk = api.load_desk(path, as_of)
    if positions is None:
        return desk
    own = desk.book.labels["book"].names
    if positions in own or not Path(positions).suffix:
        return api.with_positions(desk, positions)
    findings, files = Findings(), desk_files(path)
    raw = read_table(positions, TableRef(path=positions), POSITIONS.name, findings)
    mapped = replace(raw, columns=files.mapping_for(raw.frame.columns))
    return repositioned(desk, mapped, findings, quarantine=files.quarantine)
