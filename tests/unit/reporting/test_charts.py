"""Pictures: every mark is where its figure says, by hand."""

import re

import numpy as np
import pandas as pd
import pytest

from riskplugin.reporting.html.charts import LEFT, RIGHT, WIDE, axis_over, chart_of
from riskplugin.reporting.html.markup import Html, element
from riskplugin.reporting.shown import Drawing, Picture, Rows, money, text

SPAN = WIDE - RIGHT - LEFT


def rows_of(columns, frame):
    return Rows(columns, pd.DataFrame(frame), len(next(iter(frame.values()))))


def boxes(markup, kind):
    """Return x, y, width and height of every rectangle of a class."""
    pattern = rf'<rect class="{kind}" x="([-\d.]+)" y="([-\d.]+)" '
    pattern += r'width="([-\d.]+)" height="([-\d.]+)"'
    return [tuple(map(float, found)) for found in re.findall(pattern, markup)]


def test_axis_holds_zero():
    axis = axis_over([-30.0, np.nan, -10.0], 100.0, 400.0)
    assert (axis.at(-30.0), axis.at(0.0), axis.at(-10.0)) == (100.0, 400.0, 300.0)


def test_bars_run_from_zero_to_their_value():
    rows = rows_of(
        text("tier") + money("net"), {"tier": ["a", "b"], "net": [3e6, -1e6]}
    )
    drawn = chart_of(Drawing(Picture.BARS, "tier", ("net",)), rows, "t", "USD")
    zero = LEFT + SPAN / 4
    ((x, _, width, _),) = boxes(drawn, "bar gain")
    assert (x, width) == pytest.approx((zero, SPAN * 3 / 4), abs=0.06)
    ((x, _, width, _),) = boxes(drawn, "bar loss")
    assert (x, width) == pytest.approx((LEFT, SPAN / 4), abs=0.06)
    assert "a: net 3.00, USD m" in drawn


def test_band_spans_its_ends_and_the_dot_its_value():
    frame = {"scenario": ["s"], "pnl": [-2e6], "low": [-4e6], "high": [-1e6]}
    rows = rows_of(text("scenario") + money("pnl low high"), frame)
    drawing = Drawing(Picture.BANDS, "scenario", ("pnl",), "low", "high")
    drawn = chart_of(drawing, rows, "t", "USD")
    ((x, _, width, _),) = boxes(drawn, "band")
    assert (x, width) == pytest.approx((LEFT, SPAN * 3 / 4), abs=0.06)
    dot = float(re.search(r'cx="([\d.]+)"', drawn)[1])
    assert dot == pytest.approx(LEFT + SPAN / 2, abs=0.06)


def test_waterfall_begins_where_the_part_before_ended():
    frame = {
        "scenario": ["s"],
        "direct": [-6.0],
        "propagated": [-3.0],
        "overshoot": [1.0],
    }
    parts = ("direct", "propagated", "overshoot")
    rows = rows_of(text("scenario") + money(" ".join(parts)), frame)
    drawing = Drawing(Picture.WATERFALL, "", parts, series="scenario")
    drawn = chart_of(drawing, rows, "t", "USD")
    (_, top, _, tall), (_, next_top, _, next_tall) = boxes(drawn, "bar loss")
    assert next_top == pytest.approx(top + tall, abs=0.11)
    assert tall == pytest.approx(2 * next_tall, abs=0.11)
    ((_, _, _, gain),) = boxes(drawn, "bar gain")
    ((_, whole_top, _, whole),) = boxes(drawn, "bar whole")
    assert whole == pytest.approx(tall + next_tall - gain, abs=0.21)
    assert whole_top == top


def test_unknown_step_is_a_question_and_no_bar():
    frame = {"scenario": ["s"], "direct": [-6.0], "overshoot": [np.nan]}
    rows = rows_of(text("scenario") + money("direct overshoot"), frame)
    drawing = Drawing(Picture.WATERFALL, "", ("direct", "overshoot"), series="scenario")
    drawn = chart_of(drawing, rows, "t", "USD")
    assert len(boxes(drawn, "bar loss")) == 1
    assert boxes(drawn, "bar whole") == []
    assert drawn.count(">?</text>") == 2


def test_a_line_per_series_over_the_sessions():
    frame = {
        "scenario": ["s", "s", "z", "z"],
        "session": [0.0, 10.0, 0.0, 10.0],
        "pnl": [0.0, -8.0, 0.0, -4.0],
    }
    rows = rows_of(text("scenario") + money("session pnl"), frame)
    drawing = Drawing(Picture.LINES, "session", ("pnl",), series="scenario")
    drawn = chart_of(drawing, rows, "t", "USD")
    assert re.findall(r'points="([^"]+)"', drawn) == [
        "60.0,14.0 570.0,276.0",
        "60.0,14.0 570.0,145.0",
    ]


def test_nothing_known_is_no_picture():
    rows = rows_of(text("tier") + money("net"), {"tier": ["a"], "net": [np.nan]})
    assert chart_of(Drawing(Picture.BARS, "tier", ("net",)), rows, "t", "USD") == ""


def test_text_is_escaped_and_markup_is_not():
    inner = element("b", "<i>", title='"x"')
    assert inner == '<b title="&quot;x&quot;">&lt;i&gt;</b>'
    assert element("p", inner, Html("<br>")) == f"<p>{inner}<br></p>"
