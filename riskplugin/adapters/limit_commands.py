"""The command of limits."""

from pathlib import Path
from typing import Any

import click

from riskplugin import api
from riskplugin.adapters.giving import DONE, code_of_limits, finish
from riskplugin.adapters.options import desk_options, loaded, positions_option


@click.command()
@desk_options
@positions_option
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    help="Root of the runs of past nights: tells since when each status has stood.",
)
def limits(
    desk: str,
    as_of: object,
    store: Path | None,
    **given: Any,  # noqa: ANN401
) -> int:
    """Show where the desk stands against its limits, the worst first.

    Exit code 6 if a hard limit is broken and not waived.
    """
    held = loaded(desk, as_of, given["positions"])
    found = api.check_limits(held, store)
    code = finish(held, found, as_json=given["as_json"], out=given["out"])
    return code if code != DONE else code_of_limits(found)
