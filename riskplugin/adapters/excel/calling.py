"""A function called from a cell: whatever happens, cells come back."""

from collections.abc import Sequence
from typing import Any

from riskplugin.adapters.excel.cells import (
    MOST_TEXT,
    Cell,
    Code,
    ExcelError,
    answer_cells,
    is_blank,
    read,
)
from riskplugin.adapters.excel.session import Session
from riskplugin.adapters.excel.specification import Function
from riskplugin.columns.meanings import COLUMNS
from riskplugin.errors import ModelError, RiskPluginError, ScenarioError
from riskplugin.results import Table

CODES: tuple[tuple[type[Exception], Code], ...] = (
    (ScenarioError, Code.NOT_AVAILABLE),  # no such scenario, or it cannot be run
    (ModelError, Code.NUMBER),  # nothing to compute it from
    (RiskPluginError, Code.VALUE),  # an input or argument that cannot be used
)


def call(
    function: Function, raw: Sequence[object], session: Session
) -> list[list[Cell]]:
    """Return the cells that a function answers with, an error cell if it fails."""
    try:
        return answer_cells(answer_of(function, raw, session))
    except Exception as error:
        return [[excel_error(error)]]


def answer_of(function: Function, raw: Sequence[object], session: Session) -> Any:  # noqa: ANN401
    """Return what a function answers to the arguments as the host passed them."""
    with session.lock:
        return function.answer(session, **given(function, raw))


def given(function: Function, raw: Sequence[object]) -> dict[str, Any]:
    """Return the arguments that were given, by name.

    Raises
    ------
    ExcelError
        If one is missing, of the wrong kind, or there are too many.
    """
    known = function.arguments
    if any(not is_blank(value) for value in raw[len(known) :]):
        raise ExcelError(Code.VALUE, f"{function.name} takes {len(known)} arguments")
    found = {}
    for i, argument in enumerate(known):
        value = read(argument.kind, raw[i] if i < len(raw) else None, argument.name)
        if value is not None:
            found[argument.name] = value
        elif not argument.optional:
            raise ExcelError(Code.VALUE, f"{argument.name} is missing")
    return found


def excel_error(error: Exception) -> ExcelError:
    """Return the error cell that stands for an exception."""
    if isinstance(error, ExcelError):
        return error
    for kind, code in CODES:
        if isinstance(error, kind):
            return ExcelError(code, str(error))
    reason = f"a fault of riskplugin: {type(error).__name__}: {error}"
    return ExcelError(Code.VALUE, reason)


def reason_of(function: Function, raw: Sequence[object], session: Session) -> str:
    """Return why a call gives an error, or which of its cells are not known and why."""
    try:
        answer = answer_of(function, raw, session)
        cells = answer_cells(answer)
    except Exception as error:
        failed = excel_error(error)
        return f"{failed.code}: {failed.reason}"[:MOST_TEXT]
    lone = cells[0][0]
    if not isinstance(answer, Table):
        return str(lone.reason) if isinstance(lone, ExcelError) else NOTHING_WRONG
    return "\n".join(unknown_columns(cells))[:MOST_TEXT] or NOTHING_WRONG


NOTHING_WRONG = "nothing is wrong: the call gives a value"


def unknown_columns(cells: list[list[Cell]]) -> list[str]:
    """Return a sentence per column of a table that holds errors."""
    header, *rows = cells
    found = []
    for j, name in enumerate(header):
        errors = [r[j] for r in rows if isinstance(r[j], ExcelError)]
        if errors:
            code = {str(e.code) for e in errors if isinstance(e, ExcelError)}
            count = f"{len(errors)} of {len(rows)} rows"
            meaning = COLUMNS.get(str(name), "not known")
            found.append(f"{name} is {' or '.join(sorted(code))} in {count}: {meaning}")
    return found
