"""The module that xlwings imports: one attribute per function of the registry.

No type hints (xlwings takes them for converters), ranges as rows of cells whatever
their shape, errors in cells as their texts, nothing computed while the function wizard
is open. An error cannot leave through COM, so it leaves as a text that the generated
VBA turns into the error: `ERROR_MARK` and its code.
"""

import inspect
from collections.abc import Callable
from typing import Any

import xlwings as xw

from riskplugin.adapters.excel.calling import call
from riskplugin.adapters.excel.cells import Cell, ExcelError
from riskplugin.adapters.excel.registry import FUNCTIONS
from riskplugin.adapters.excel.session import Session
from riskplugin.adapters.excel.specification import CATEGORY, Function

ERROR_MARK = "~riskplugin error~"
SESSION = Session()


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


globals().update({name: exported(f) for name, f in FUNCTIONS.items()})
SESSION.warm_up()
