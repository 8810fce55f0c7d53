"""The workbooks of excel/: a desk's working sheets, and every function at work."""

from collections.abc import Mapping

from riskplugin.adapters.excel.session import Session
from riskplugin.adapters.excel.workbooks.desk import desk_book
from riskplugin.adapters.excel.workbooks.examples import examples_book

DESK, EXAMPLES = "RiskDesk.xlsx", "RiskExamples.xlsx"


def files(session: Session) -> Mapping[str, bytes]:
    """Return the workbooks by their path below excel/, made for a session's desk."""
    return {DESK: desk_book(session), EXAMPLES: examples_book(session)}
