"""The first page of a run, in Markdown."""

from collections.abc import Iterator

from riskplugin.errors import counted
from riskplugin.reporting.cells import cell, heading, scale_of
from riskplugin.reporting.first_page import first_page
from riskplugin.reporting.passages import FirstPage, Passage
from riskplugin.reporting.shown import NUMBERS, Rows
from riskplugin.results import Report

LISTED = 20
BREAK_OUT = str.maketrans({"|": r"\|", "\n": " ", "\r": " ", "<": r"\<"})


def summary(report: Report, page: FirstPage | None = None) -> str:
    """Return the first page of a run as Markdown; `page` if it is made already."""
    found = first_page(report) if page is None else page
    return "\n".join([*page_lines(found), *finding_lines(report)]) + "\n"


def page_lines(page: FirstPage) -> Iterator[str]:
    """Yield the lines of a first page."""
    yield from (f"# {page.title}", "", f"**{safe(page.lead)}**", "")
    yield "; ".join(f"{name} {value}" for name, value in page.facts) + "."
    yield ""
    for passage in page.passages:
        yield from passage_lines(passage, page.base_currency)


def passage_lines(passage: Passage, currency: str) -> Iterator[str]:
    """Yield the lines of a passage."""
    yield from (f"## {passage.title}", "")
    yield from (f"* {safe(point)}" for point in passage.points)
    yield ""
    if passage.rows is not None:
        yield from table_lines(passage.rows, currency)
        more = passage.rows.there - len(passage.rows.frame)
        if more:
            yield from (f"And {more:,} more.", "")
    if passage.note:
        yield from (passage.note, "")


def table_lines(rows: Rows, currency: str) -> Iterator[str]:
    """Yield a table in Markdown."""
    scale = scale_of(rows, currency)
    yield "| " + " | ".join(heading(c, scale) for c in rows.columns) + " |"
    yield (
        "|"
        + "|".join("---:" if c.kind in NUMBERS else "---" for c in rows.columns)
        + "|"
    )
    for row in rows.frame.itertuples(index=False):
        cells = (
            safe(cell(value, column.kind, scale))
            for value, column in zip(row, rows.columns, strict=True)
        )
        yield "| " + " | ".join(cells) + " |"
    yield ""


def safe(text: str) -> str:
    """Return text that neither ends a table's cell nor begins markup."""
    return text.translate(BREAK_OUT)


def finding_lines(report: Report) -> Iterator[str]:
    """Yield what the inputs made necessary to say."""
    yield from (f"## Findings: {counted(report.issues)}", "")
    yield from (f"* {safe(str(issue))}" for issue in report.issues[:LISTED])
    more = len(report.issues) - LISTED
    if more > 0:
        yield f"* and {more:,} more in issues.csv"
    yield ""
    yield "Every table of the run stands beside this page as .csv and .parquet."
