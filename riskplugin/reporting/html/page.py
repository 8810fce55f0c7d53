"""The whole page: the first page, the sections, definitions, and nothing from outside.

The same report gives the same bytes: there is no clock, and rows stand in the order of
the run's tables. A table that is long is cut, and says where the rest is.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from riskplugin.reporting.contents import contents_of
from riskplugin.reporting.first_page import first_page, meaning
from riskplugin.reporting.html.charts import chart_of
from riskplugin.reporting.html.markup import Html, element, joined
from riskplugin.reporting.html.tables import table_of
from riskplugin.reporting.passages import FirstPage, Passage, Tone
from riskplugin.reporting.shown import Rows, Section, Shown, rows_of
from riskplugin.results import Report

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:"
)
BADGES = {
    Tone.BREACH: "attention",
    Tone.WARNING: "watch",
    Tone.UNKNOWN: "not known",
    Tone.QUIET: "",
}
UNITS = (
    "Money is in {currency}; the letters k, m and bn after it stand for thousands, "
    "millions and billions. P&L below 0 is a loss, and every figure below 0 has a "
    "minus sign. Risk measures are positive for a loss. A bare 0 is nothing at all, "
    "0.00 something smaller than the digits show; unknown is not zero. Point at a "
    "heading to read what it means, or use it to sort; what a cell holds exactly is "
    "shown when it is pointed at."
)


def report_page(report: Report, page: FirstPage | None = None) -> str:
    """Return the report of a run as one HTML file; `page` is its first page if made."""
    first = first_page(report) if page is None else page
    sections = [(s, section_of(s, report)) for s in contents_of(report)]
    columns = dict.fromkeys(c for _, (_, names) in sections for c in names)
    columns |= dict.fromkeys(names_in(first))
    body = joined(
        [
            element("a", "Skip to the report", href="#report", class_="skip"),
            top(first),
            navigation([s for s, _ in sections]),
            element(
                "main",
                front(first),
                *(markup for _, (markup, _) in sections),
                definitions(list(columns), report),
                id="report",
                tabindex="-1",
            ),
            foot(report),
            element("div", id="tip", role="tooltip", hidden=True),
            element("div", id="spoken", class_="unseen", aria_live="polite"),
            element("script", asset("report.js")),
        ]
    )
    return document(first.title, body)


def document(title: str, body: Html) -> str:
    """Return a whole document."""
    head = joined(
        [
            Html('<meta charset="utf-8">'),
            Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
            Html('<meta name="viewport" content="width=device-width,initial-scale=1">'),
            Html('<meta name="color-scheme" content="light dark">'),
            Html('<link rel="icon" href="data:,">'),
            element("title", title),
            element("style", asset("report.css")),
        ]
    )
    whole = element("html", element("head", head), element("body", body), lang="en")
    return f"<!doctype html>\n{whole}\n"


@cache
def asset(name: str) -> Html:
    """Return a file that stands beside this module, to be written as it is."""
    return Html((files(__package__) / name).read_text("utf-8"))


def top(page: FirstPage) -> Html:
    """Return the head of the page: what it is, and how it is shown."""
    buttons = element(
        "div",
        element("button", "Dark", type="button", id="theme", aria_pressed="false"),
        element("button", "Print", type="button", id="print"),
        class_="tools",
    )
    return element("header", element("h1", page.title), buttons)


def navigation(sections: list[Section]) -> Html:
    """Return links to all sections."""
    links = [("first", "First page"), *((s.key, s.title) for s in sections)]
    links.append(("definitions", "Definitions"))
    items = [element("li", element("a", t, href=f"#{k}")) for k, t in links]
    return element("nav", element("ul", items), aria_label="Sections")


def front(page: FirstPage) -> Html:
    """Return the first page."""
    facts = (
        element("div", element("dt", name), element("dd", value))
        for name, value in page.facts
    )
    return element(
        "section",
        element("h2", "First page", id="first_title", class_="unseen"),
        element("p", page.lead, class_="lead"),
        element("dl", list(facts), class_="facts"),
        element(
            "div",
            [passage_of(p, page.base_currency) for p in page.passages],
            class_="passages",
        ),
        id="first",
        aria_labelledby="first_title",
    )


def passage_of(passage: Passage, currency: str) -> Html:
    """Return a passage of the first page as a card."""
    said = BADGES[passage.tone]
    badge = [element("span", said, class_="badge")] if said else []
    parts: list[str] = [
        element("h3", passage.title, *badge),
        element("ul", [element("li", point) for point in passage.points]),
    ]
    if passage.rows is not None and len(passage.rows.frame):
        parts.append(table_of(passage.rows, passage.title, currency))
        more = passage.rows.there - len(passage.rows.frame)
        if more > 0:
            parts.append(element("p", f"And {more:,} more, below.", class_="note"))
    if passage.note:
        parts.append(element("p", passage.note, class_="note"))
    wide = " wide" if passage.rows is not None else ""
    return element(
        "article", parts, class_=f"card p-{passage.key} {passage.tone}{wide}"
    )


def section_of(section: Section, report: Report) -> tuple[Html, list[str]]:
    """Return a section, and the columns that it shows."""
    parts: list[str] = []
    names: list[str] = []
    for shown in section.tables:
        rows = rows_of(shown, report.tables[shown.table])
        parts.append(shown_table(shown, rows, report.base_currency))
        names += [c.name for c in rows.columns]
    markup = element(
        "section",
        element("h2", section.title, id=f"{section.key}-title"),
        element("p", section.question, class_="question"),
        parts,
        id=section.key,
        aria_labelledby=f"{section.key}-title",
    )
    return markup, names


def shown_table(shown: Shown, rows: Rows, currency: str) -> Html:
    """Return a table with its title, its picture, and where the rest of it is."""
    parts: list[str] = [element("h3", shown.title)]
    if rows.there == 0:
        return element("div", parts, element("p", "None.", class_="note"), class_="of")
    if shown.drawing is not None:
        parts.append(chart_of(shown.drawing, rows, shown.title, currency))
    parts.append(table_of(rows, shown.title, currency, grid=shown.pivot is not None))
    if rows.there > len(rows.frame):
        file = element("code", f"{shown.table}.parquet")
        said = f"The first {len(rows.frame):,} of {rows.there:,} rows; all of them in "
        parts.append(element("p", said, file, ".", class_="note"))
    return element("div", parts, class_="of")


def names_in(page: FirstPage) -> Iterator[str]:
    """Yield the columns that the first page shows."""
    for passage in page.passages:
        if passage.rows is not None:
            yield from (c.name for c in passage.rows.columns)


def definitions(columns: list[str], report: Report) -> Html:
    """Return what every column means."""
    found = ((name, meaning(name)) for name in sorted(columns))
    items = [
        element(
            "div",
            element("dt", name.replace("_", " ")),
            element("dd", words),
            id=f"def-{name}",
        )
        for name, words in found
        if words
    ]
    return element(
        "section",
        element("h2", "Definitions", id="definitions_title"),
        element("p", UNITS.format(currency=report.base_currency), class_="question"),
        element("dl", items, class_="definitions"),
        id="definitions",
        aria_labelledby="definitions_title",
    )


def foot(report: Report) -> Html:
    """Return what the run is, to be found again."""
    version = report.manifest.get("version", "")
    said = (
        f"Run {report.run_id} of {report.as_of}, riskplugin {version}, "
        f"{report.status}. The tables stand beside this page as CSV and Parquet; "
        "manifest.json says what they were computed from."
    )
    return element("footer", element("p", said))
