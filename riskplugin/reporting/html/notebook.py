"""Results as a notebook shows them: one table, or the first page of a run."""

import pandas as pd

from riskplugin.reporting.cells import cell, heading, scale_of
from riskplugin.reporting.contents import CONTENTS
from riskplugin.reporting.first_page import first_page, meaning
from riskplugin.reporting.html.markup import Html, element, joined
from riskplugin.reporting.passages import Passage
from riskplugin.reporting.shown import NUMBERS, Column, Kind, Rows, all_columns
from riskplugin.results import Report, Table

MOST = 60
LOSS = "#c2500a"
STYLE = (
    "<style>.rp{font:14px/1.4 system-ui,sans-serif}.rp table{border-collapse:collapse}"
    ".rp td,.rp th{padding:2px 10px!important;text-align:right!important}"
    ".rp .t{text-align:left!important;max-width:36em;white-space:normal}"
    f".rp .loss{{color:{LOSS}}}.rp .unknown{{font-style:italic;opacity:.7}}"
    ".rp p{opacity:.75;margin:.3em 0}</style>"
)


def kinds() -> dict[str, Kind]:
    """Return the kind of every column that a report shows."""
    return {
        column.name: column.kind
        for section in CONTENTS
        for shown in section.tables
        for column in shown.columns
    }


def table_html(found: Table, currency: str = "base") -> str:
    """Return a table as a notebook shows it: units, true minus signs, definitions."""
    known = kinds()
    columns = tuple(
        Column(c.name, known.get(c.name, c.kind)) for c in all_columns(found.to_frame())
    )
    rows = Rows(columns, found.to_frame().head(MOST), len(found))
    title = found.title.replace("_", " ")
    date = "" if found.as_of == "NaT" else f", {found.as_of}"
    more = "" if rows.there <= MOST else f"The first {MOST} of {rows.there:,} rows."
    return framed(
        element("h4", f"{title}{date}"), grid_of(rows, currency), element("p", more)
    )


def report_html(report: Report) -> str:
    """Return the first page of a run as a notebook shows it."""
    page = first_page(report)
    facts = "; ".join(f"{name} {value}" for name, value in page.facts)
    return framed(
        element("h3", page.title),
        element("b", page.lead),
        element("p", facts),
        *(passage_of(p, page.base_currency) for p in page.passages),
    )


def passage_of(passage: Passage, currency: str) -> Html:
    """Return a passage of the first page."""
    rows = passage.rows
    table = Html("") if rows is None else grid_of(rows, currency)
    points = element("ul", [element("li", p) for p in passage.points])
    return joined(
        [element("h4", passage.title), points, table, element("p", passage.note)]
    )


def framed(*parts: str) -> str:
    """Return parts with the style they need."""
    return element("div", Html(STYLE), *parts, class_="rp")


def grid_of(rows: Rows, currency: str) -> Html:
    """Return rows as a plain table; a heading tells what it means when pointed at."""
    scale = scale_of(rows, currency)
    head = [
        element("th", heading(c, scale), title=meaning(c.name) or None, class_=look(c))
        for c in rows.columns
    ]
    body = [
        element("tr", [cell_of(v, c, cell(v, c.kind, scale)) for v, c in pairs])
        for pairs in pairs_of(rows)
    ]
    return element(
        "table", element("thead", element("tr", head)), element("tbody", body)
    )


def pairs_of(rows: Rows) -> list[list[tuple[object, Column]]]:
    """Return the cells of every row with their columns."""
    values = rows.frame.itertuples(index=False, name=None)
    return [list(zip(row, rows.columns, strict=True)) for row in values]


def look(column: Column) -> str | None:
    """Return the class of a column's cells."""
    return None if column.kind in NUMBERS else "t"


def cell_of(value: object, column: Column, said: str) -> Html:
    """Return a cell."""
    known = isinstance(value, int | float) and not pd.isna(value)
    if column.kind in NUMBERS and known and float(value) < 0:  # type: ignore[arg-type]
        return element("td", said, class_="loss")
    unknown = column.kind in NUMBERS and not known
    return element("td", said, class_="unknown" if unknown else look(column))
