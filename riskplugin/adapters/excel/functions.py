"""The module that xlwings imports: one attribute per function of the registry.

No type hints (xlwings takes them for converters), ranges as rows of cells whatever
their shape, errors in cells as their texts, nothing computed while the function wizard
is open. An error cannot leave through COM, so it leaves as a text that the generated
VBA turns into the error: `ERROR_MARK` and its code.
"""

import datetime as dt
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xlwings as xw

from riskplugin.adapters.excel.calling import call
from riskplugin.adapters.excel.cells import ERROR_MARK, Cell, ExcelError
from riskplugin.adapters.excel.registry import FUNCTIONS
from riskplugin.adapters.excel.session import (
    DESK_VARIABLE,
    RUNS_VARIABLE,
    Session,
    configured,
)
from riskplugin.adapters.excel.specification import CATEGORY, Function

SESSION = Session()
REPORTS = ("report.html", "report.xlsx", "summary.md")  # the best that a run has
MANIFEST = "manifest.json"  # what every run has


def to_com(cells: list[list[Cell]]) -> list[list[object]]:
    """Return cells as xlwings may send them."""
    return [
        [ERROR_MARK + c.code if isinstance(c, ExcelError) else c for c in row]
        for row in cells
    ]


def exported(function: Function) -> Callable[..., list[list[object]]]:
    """Return a function as xlwings wants it."""

    def answer(*raw: Any) -> list[list[object]]:  # noqa: ANN401 - whatever a cell holds
        return to_com(call(function, raw, SESSION))

    named = inspect.Parameter.POSITIONAL_OR_KEYWORD
    answer.__name__ = answer.__qualname__ = function.name
    answer.__doc__ = function.help
    answer.__annotations__ = {}
    answer.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                a.name, named, default=None if a.optional else inspect.Parameter.empty
            )
            for a in function.arguments
        ]
    )
    made: Callable[..., list[list[object]]] = answer
    for a in function.arguments:
        made = xw.arg(a.name, doc=a.help, ndim=2, err_to_str=True)(made)
    return xw.func(category=CATEGORY, call_in_wizard=False)(made)


def RISK_REFRESH() -> None:  # noqa: N802 - called from the ribbon, named as its siblings
    """Read every file again when it is next asked for."""
    SESSION.refresh()


def RISK_LAST_REPORT() -> str:  # noqa: N802
    """Return the report of the newest run below the folder of runs, else nothing."""
    folder = configured(RUNS_VARIABLE)
    if not folder:
        return ""
    runs = sorted(Path(folder).rglob(MANIFEST), key=lambda p: (p.stat().st_mtime, p))
    if not runs:
        return ""
    found = [runs[-1].with_name(name) for name in REPORTS]
    return next((str(path) for path in found if path.is_file()), "")


def RISK_ABOUT() -> str:  # noqa: N802
    """Return what is in use: version, Python, desk, or why there is no desk."""
    shown = [call(FUNCTIONS[name], (), SESSION)[0][0] for name in ABOUT]
    version, as_of = (c.reason if isinstance(c, ExcelError) else c for c in shown)
    desk = configured(DESK_VARIABLE) or "none named"
    lines = (
        f"riskplugin {version}",
        f"Python: {sys.executable}",
        f"Desk: {desk}",
        f"As of: {as_of:%Y-%m-%d}" if isinstance(as_of, dt.datetime) else f"{as_of}",
    )
    return "\n".join(lines)


ABOUT = ("RISK_VERSION", "RISK_ASOF")

globals().update({name: exported(f) for name, f in FUNCTIONS.items()})
SESSION.warm_up()
