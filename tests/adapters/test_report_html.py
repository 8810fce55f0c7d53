"""report.html in a browser: sorted, drawn, alone, and fit for every reader."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import riskplugin as rp
from riskplugin.adapters.cli import cli
from riskplugin.reporting.html.page import report_page
from tests.adapters.browser import (
    AXE,
    CHROMIUM,
    WHY,
    WHY_AXE,
    asked,
    pictured,
    started,
)
from tests.adapters.nights import closes, rates

HOSTILE = "<script>document.title='owned'</script>"
FORMULA = "=cmd|' /C calc'!A0"
browser = pytest.mark.skipif(CHROMIUM is None, reason=WHY)


@pytest.fixture(scope="module")
def report():
    """Return the run of two hostile books."""
    names = ["MU", "000660.KS", "NVDA", "BTC", "TAO", "SPY"]
    held = pd.DataFrame(
        {
            "book": [HOSTILE, FORMULA] * 3,
            "instrument": names,
            "quantity": [900.0, 800.0, -300.0, 20.0, 500.0, -40.0],
            "strategy": ['"><img src=x onerror=alert(1)>'] * 6,
        }
    )
    desk = rp.desk_from_tables(positions=held, prices=closes(), fx=rates())
    return rp.run(desk)


@pytest.fixture(scope="module")
def page(report):
    return report_page(report)


# --- what is in the file -------------------------------------------------------------


def test_same_run_gives_the_same_bytes(report, page, tmp_path):
    assert report_page(report) == page
    first = rp.report_html(report, tmp_path / "one.html")
    again = rp.report_html(rp.write_run(report, tmp_path / "run"), tmp_path / "b.html")
    assert first.read_bytes() == again.read_bytes() == page.encode()
    assert (tmp_path / "run/report.html").read_bytes() == page.encode()


def test_hostile_names_are_text(page):
    assert HOSTILE not in page
    assert "&lt;script&gt;document.title=&#x27;owned&#x27;&lt;/script&gt;" in page
    assert "<img" not in page


def test_figures_are_those_of_the_run(report, page):
    """The exact value of every cell of the stress of the desk is in the page."""
    for value in report.tables["stress_total"]["pnl"]:
        assert f'data-v="{value:.12g}"' in page


def test_nothing_is_asked_for_from_elsewhere(page):
    assert "http://" not in page
    assert "https://" not in page
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page


def test_every_column_that_is_shown_is_defined(page):
    columns = {part.split('"', 1)[0] for part in page.split('data-c="')[1:]}
    defined = {part.split('"', 1)[0] for part in page.split('id="def-')[1:]}
    assert columns
    assert columns - defined == set()


def test_run_of_another_currency_is_no_comparison(report, tmp_path):
    other = rp.run(
        rp.desk_from_tables(
            positions=pd.DataFrame(
                {"book": ["a"], "instrument": ["MU"], "quantity": [1.0]}
            ),
            prices=closes(),
            fx=rates(),
            settings={"base_currency": "KRW"},
        )
    )
    with pytest.raises(rp.UsageError, match="compare runs in one currency"):
        rp.report_html(report, tmp_path / "x.html", before=other)


# --- in a browser --------------------------------------------------------------------

SORTED = """
const table = document.querySelector("#stress table");
const head = table.tHead.rows[0].cells[1], button = head.querySelector("button");
const valueOf = (row) => Number(row.cells[1].dataset.v);
const values = () => [...table.tBodies[0].rows].map(valueOf);
button.click();
const down = [head.getAttribute("aria-sort"), values()];
button.focus();
button.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
button.click();
return { down, up: [head.getAttribute("aria-sort"), values()],
         focused: document.activeElement === button,
         tip: document.getElementById("tip").textContent,
         title: document.title };
"""
UNKNOWN_LAST = """
for (const table of document.querySelectorAll("table")) {
  for (const [i, th] of [...table.tHead.rows[0].cells].entries()) {
    for (let n = 0; n < 2; n++) {
      th.querySelector("button").click();
      const blank = [...table.tBodies[0].rows].map((r) => {
        const c = r.cells[i];
        return c.classList.contains("unknown") || !c.textContent;
      });
      if (blank.some((b, k) => b && k + 1 < blank.length && !blank[k + 1]))
        return table.caption.textContent + ": " + th.textContent;
    }
  }
}
return "";
"""
DRAWN = """
return [...document.querySelectorAll("svg")].map((svg) => {
  const marks = [...svg.querySelectorAll("rect:not(.row),circle,polyline")];
  const box = svg.getBoundingClientRect();
  const seen = box.width > 200 && box.height > 30;
  return [svg.getAttribute("aria-label"), marks.length, seen];
});
"""
THEMES = """
const shade = () => getComputedStyle(document.body).backgroundColor;
const light = shade();
document.getElementById("theme").click();
const dark = shade();
const pressed = document.getElementById("theme").getAttribute("aria-pressed");
return { light, dark, pressed };
"""
LANDMARKS = """
const all = (selector) => [...document.querySelectorAll(selector)];
const levels = all("h1,h2,h3").map((h) => Number(h.tagName[1]));
const ids = all("[id]").map((e) => e.id);
return {
  ones: levels.filter((l) => l === 1).length,
  jumps: levels.filter((l, i) => i && l > levels[i - 1] + 1).length,
  twice: ids.length - new Set(ids).size,
  captions: all("table").every((t) => t.caption?.textContent),
  scopes: all("thead th").every((t) => t.scope === "col"),
  targets: all("nav a").every((a) => document.querySelector(a.hash)),
  skip: document.querySelector("a").getAttribute("href"),
};
"""
AXE_RUN = """
const found = await axe.run(document, { resultTypes: ["violations"] });
return found.violations.map((v) => [v.id, v.impact, v.nodes[0].html.slice(0, 200)]);
"""


@browser
def test_a_heading_sorts_by_click_and_key(page, tmp_path):
    found, console, requests = asked(page, tmp_path, SORTED)
    (down, falling), (up, rising) = found["down"], found["up"]
    assert (down, up) == ("descending", "ascending")
    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(rising)
    assert len(set(rising)) > 2
    assert found["focused"]
    assert "Profit" in found["tip"]  # the definition, shown on focus
    assert found["title"].startswith("Risk on")
    assert (console, requests) == ([], [])


@browser
def test_a_page_that_asks_for_something_is_caught(page, tmp_path):
    """What `requests` says of the report is worth something."""
    leak = '<img src="https://nowhere.invalid/leak.png" alt="">'
    policy = page.replace("default-src 'none'", "default-src *")
    control = policy.replace("img-src data:", "img-src *").replace(
        "</main>", f"{leak}</main>"
    )
    wait = "await new Promise((done) => setTimeout(done, 500)); return 1;"
    assert asked(control, tmp_path, wait)[2] == ["https://nowhere.invalid/leak.png"]


@browser
def test_unknown_is_last_in_either_order_of_every_table(page, tmp_path):
    assert asked(page, tmp_path, UNKNOWN_LAST)[0] == ""


@browser
def test_pictures_are_drawn(page, tmp_path):
    found, console, _ = asked(page, tmp_path, DRAWN)
    assert len(found) >= 6
    assert all(name and marks and seen for name, marks, seen in found), found
    assert console == []


@browser
def test_light_and_dark_are_the_readers_choice(page, tmp_path):
    light = asked(page, tmp_path, THEMES, "--blink-settings=preferredColorScheme=1")[0]
    assert light["light"] != light["dark"]
    assert light["pressed"] == "true"
    dark = asked(page, tmp_path, THEMES, "--blink-settings=preferredColorScheme=0")[0]
    assert (dark["light"], dark["dark"]) == (light["dark"], light["light"])


@browser
def test_landmarks_headings_and_captions(page, tmp_path):
    found = asked(page, tmp_path, LANDMARKS)[0]
    assert found == {
        "ones": 1,
        "jumps": 0,
        "twice": 0,
        "captions": True,
        "scopes": True,
        "targets": True,
        "skip": "#report",
    }


@browser
@pytest.mark.skipif(not AXE.is_file(), reason=WHY_AXE)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(page, tmp_path, theme):
    themed = page.replace('<html lang="en">', f'<html lang="en" data-theme="{theme}">')
    script = AXE.read_text("utf-8")
    found = asked(themed, tmp_path, AXE_RUN, before=script)[0]
    serious = [v for v in found if v[1] in ("serious", "critical")]
    assert serious == []


@browser
def test_pages_are_not_blank(page, tmp_path):
    """Desktop and phone, and the print: there is ink, and nothing is cut in width."""
    from PIL import Image  # noqa: PLC0415 - of matplotlib

    for name, width, height in (("desktop", 1440, 1200), ("phone", 500, 1000)):
        with Image.open(pictured(page, tmp_path, name, width, height)) as picture:
            shades = np.asarray(picture.convert("L"))
        assert shades.std() > 5
        assert (shades < 90).mean() > 0.002
    wide = "return document.documentElement.scrollWidth - innerWidth;"
    assert asked(page, tmp_path, wide, "--window-size=500,900")[0] <= 0
    started(
        f"--print-to-pdf={tmp_path / 'page.pdf'}", (tmp_path / "phone.html").as_uri()
    )
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def test_a_run_folder_and_its_command_give_the_same_workbook(report, tmp_path):
    folder = rp.write_run(report, tmp_path / "run")
    written = rp.report_xlsx(report, tmp_path / "one.xlsx").read_bytes()
    assert written == (folder / "report.xlsx").read_bytes()
    out = tmp_path / "two.xlsx"
    done = CliRunner().invoke(cli, ["report", str(folder), "--out", str(out)])
    assert done.exit_code == 0
    assert out.read_bytes() == written
