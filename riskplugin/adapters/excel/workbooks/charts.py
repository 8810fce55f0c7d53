"""Native charts of the desk's workbook."""

from collections.abc import Sequence
from typing import Any

from riskplugin.adapters.excel.workbooks.pages import Cells, Page
from riskplugin.adapters.excel.workbooks.style import SERIES
from riskplugin.reporting.workbook.drawings import FONT, calm
from riskplugin.reporting.workbook.looks import GREY, INK, LOSS

MILLIONS = "#,##0,,"
WIDE, HIGH = 905, 430


def by_parts(page: Page, table: Cells, parts: Sequence[str]) -> Any:  # noqa: ANN401
    """Return stacked bars: a bar per row, a colour per part."""
    chart = page.book.workbook.add_chart({"type": "bar", "subtype": "stacked"})
    colours = dict(zip(parts, SERIES, strict=True))
    for part in parts:
        add(chart, table, part, colours[part], gap=45)
    return drawn(chart, page, (WIDE, HIGH), upside_down=True)


def grouped(page: Page, table: Cells, names: Sequence[str]) -> Any:  # noqa: ANN401
    """Return bars side by side: a group per row, a colour per column."""
    chart = page.book.workbook.add_chart({"type": "bar"})
    for name, colour in zip(names, SERIES, strict=False):
        add(chart, table, name, colour, gap=60)
    return drawn(chart, page, (WIDE, HIGH), upside_down=True)


def columns_of(page: Page, total: Cells, names: Sequence[str], title: str) -> Any:  # noqa: ANN401
    """Return columns: the figures of one row that stand side by side."""
    chart = page.book.workbook.add_chart({"type": "column"})
    first, last = total.index(names[0]), total.index(names[-1])
    series = {
        "name": title,
        "categories": "=" + total.line(0, first, last),
        "values": "=" + total.line(1, first, last),
        "fill": {"color": SERIES[0]},
        "gap": 60,
        "points": [{"fill": {"color": GREY}}],
        "data_labels": {"value": True, "num_format": "#,##0.0,,", "font": FONT},
    }
    chart.add_series(series)
    made = drawn(chart, page, (680, 340), upside_down=False)
    made.set_legend({"none": True})
    return made


def banded(page: Page, worst: Cells) -> Any:  # noqa: ANN401
    """Return a bar per scenario with its band; its arms stand beside the table."""
    chart = page.book.workbook.add_chart({"type": "bar"})
    arms = worst.body(4), worst.body(5)
    band = {
        "type": "custom",
        "minus_values": "=" + arms[0],
        "plus_values": "=" + arms[1],
        "line": {"color": INK, "width": 1.25},
    }
    add(chart, worst, "pnl", LOSS, gap=60, x_error_bars=band)
    made = drawn(chart, page, (680, HIGH), upside_down=True)
    made.set_legend({"none": True})
    return made


def add(chart: Any, table: Cells, name: str, colour: str, **more: object) -> None:  # noqa: ANN401
    """Add a column of a table as a series."""
    column = table.index(name)
    series = {
        "name": name.replace("_", " "),
        "categories": "=" + table.body(0),
        "values": "=" + table.body(column),
        "fill": {"color": colour},
        **more,
    }
    chart.add_series(series)


def drawn(
    chart: Any,  # noqa: ANN401
    page: Page,
    size: tuple[int, int],
    *,
    upside_down: bool,
) -> Any:  # noqa: ANN401
    """Return a chart as calm as those of the report; bars are listed from above."""
    calm(chart, MILLIONS, upside_down=upside_down)
    chart.set_size({"width": size[0], "height": size[1]})
    return chart
