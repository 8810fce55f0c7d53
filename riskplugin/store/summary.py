"""The first page of a run, in words."""

from collections.abc import Iterator
from math import isnan

import pandas as pd

from riskplugin.errors import counted
from riskplugin.results import Report
from riskplugin.store.limit_lines import limit_lines
from riskplugin.store.proposal_lines import proposal_lines

SHOWN = 5
SHARES = frozenset({"proxied_share", "total_pct_nav"})


def summary(report: Report) -> str:
    """Return the run's first page as Markdown."""
    return "\n".join(lines(report)) + "\n"


def lines(report: Report) -> Iterator[str]:
    """Yield the lines of the first page."""
    books = report.tables["positions"]["book"].nunique()
    yield f"# Risk on {report.as_of}"
    yield ""
    held = len(report.tables["positions"])
    yield f"Run {report.run_id}, {report.status}. Books: {books}, positions: {held};"
    yield f"money in {report.base_currency}."
    yield ""
    yield from limited(report)
    yield from proposed(report)
    yield from left_out(report)
    yield from worst(report)
    yield from cycle(report)
    yield from health(report)
    yield from unfolding(report)
    yield from before(report)
    yield from tiers(report)
    yield from measured(report)
    yield from findings(report)


def limited(report: Report) -> Iterator[str]:
    """Yield how limits stand, and each that is not OK in a line."""
    first, *others = [*limit_lines(report)] or [""]
    yield f"**{first}**" if first else "No limits were given."
    yield ""
    yield from (f"* {line}" for line in others)
    if others:
        yield ""


def proposed(report: Report) -> Iterator[str]:
    """Yield the proposed hedge, if limits on losses are broken."""
    first, *others = [*proposal_lines(report)] or [""]
    if first:
        yield f"**{first}**"
        yield ""
        yield from (f"* {line}" for line in others)
        yield ""


def left_out(report: Report) -> Iterator[str]:
    """Yield what was left out: positions in money, and scenarios."""
    out = report.left_out
    scenarios = [i for i in report.issues if i.code == "scenario-left-out"]
    if not len(out) and not scenarios:
        yield "Nothing was left out."
        yield ""
    if len(out):
        words = left_out_in_words(report)
        yield f"**Left out: {words}.** Every figure is without them."
        yield f"Books: {', '.join(books_left_out(report))}."
        yield ""
        yield from markdown(out[["source", "row", "book", "instrument", "reason"]])
    if scenarios:
        yield "**Scenarios that could not be run:**"
        yield ""
        yield from (f"* {i.where.column}: {i.message}" for i in scenarios)
        yield ""


def books_left_out(report: Report) -> Iterator[str]:
    """Yield the books that lost positions, and how many of each."""
    held = report.tables["positions"]["book"].value_counts()
    for book, count in report.left_out["book"].value_counts(sort=False).items():
        kept = int(held.get(book, 0))
        share = f"{count} of {count + kept}" if kept else "all of it"
        yield f"{str(book) or 'of no name'} ({share})"


def left_out_in_words(report: Report) -> str:
    """Return how many positions were left out, and their money where it is known."""
    values = report.left_out["market_value"].abs()
    unknown = int(values.isna().sum())
    count = len(values)
    words = f"{count} position{'' if count == 1 else 's'}"
    if unknown < count:
        words += f", {money(values.sum())} {report.base_currency} gross"
    if unknown:
        words += f", of unknown value {'all' if unknown == count else unknown}"
    return words


def worst(report: Report) -> Iterator[str]:
    """Yield the worst scenarios with their bands."""
    total = report.tables["stress_total"].sort_values("pnl").head(SHOWN)
    yield f"## Worst scenarios, P&L with its {report.confidence:.0%} band"
    yield ""
    yield from markdown(total[["scenario", "pnl", "low", "high"]])
    yield "The P&L is at the median shock of every name. The band says how far the same"
    yield "core move left prices apart in the history used; it does not say how likely"
    yield "the core move is."
    yield ""


def cycle(report: Report) -> Iterator[str]:
    """Yield the phase of the cycle with its record."""
    if "cycle" not in report.tables:
        return
    found = report.tables["cycle"]
    phase = str(found["phase"].iloc[0]).replace("_", " ")
    yield f"## The cycle: {phase}"
    yield ""
    yield from markdown(found[["signal", "state", "evidence"]])
    record = report.tables["cycle_record"]
    words = (
        f"{row.counted} {row.count_} of {row.of}"
        for row in record.rename(columns={"count": "count_"}).itertuples()
    )
    yield f"Its record on these prices: {'; '.join(words)}. It informs; no scenario is"
    yield "taken away by it."
    yield ""


def health(report: Report) -> Iterator[str]:
    """Yield what the doctor found in the data."""
    found = report.tables["doctor"]
    yield f"## The data: {len(found)} finding{'' if len(found) == 1 else 's'}"
    yield ""
    if len(found):
        columns = ["concern", "code", "instrument", "start", "evidence"]
        yield from markdown(found[columns].head(2 * SHOWN))


def unfolding(report: Report) -> Iterator[str]:
    """Yield how fast the worst scenarios lose, and what they call for."""
    found = report.tables["stress_path_summary"].sort_values("worst").head(SHOWN)
    yield "## How fast"
    yield ""
    columns = ["scenario", "worst", "worst_session", "horizon_sessions"]
    yield from markdown(found[[*columns, "cash_called", "margin_called"]])
    yield "worst is the lowest P&L along the path of the medians, at worst_session of"
    yield "horizon_sessions. cash_called and margin_called are the most of each."
    yield ""


def before(report: Report) -> Iterator[str]:
    """Yield what past episodes would do to the book."""
    if "replays" not in report.tables:
        return
    found = report.tables["replays"]
    money = ["pnl", "covered_own", "covered_loadings", "covered_table", "uncovered"]
    episodes = found.groupby(["episode", "start", "end"], sort=False)[money]
    yield "## Past episodes on today's book"
    yield ""
    yield from markdown(episodes.sum(min_count=1).reset_index())
    yield "P&L of what is covered: by own closes, today's loadings, or the table of"
    yield "episodes. uncovered: gross of which nothing is known; not in the P&L."
    yield ""


def tiers(report: Report) -> Iterator[str]:
    """Yield exposures by tier."""
    yield "## What we hold, by tier"
    yield ""
    columns = ["tier", "long", "short", "net", "memory_beta_exposure", "proxied_share"]
    yield from markdown(report.exposures[columns])
    yield "memory_beta_exposure: P&L per unit of log return of the memory basket with"
    yield "everything else following. proxied_share: share of gross whose loadings come"
    yield "from peers, not from own history."
    yield ""


def measured(report: Report) -> Iterator[str]:
    """Yield the risk measures of the whole desk, and which tiers they come from."""
    tables = [
        ("measures", "One session, as in the past"),
        ("measures_in_reversal", "21 sessions, as probable as when memory falls"),
    ]
    for name, words in tables:
        if name not in report.tables:
            continue
        found = report.tables[name]
        yield f"## Risk measures: {words}"
        yield ""
        yield from markdown(totals(found))
        largest = found[found["measure"] == "CVaR"].nlargest(3, "component")
        parts = ", ".join(f"{r.tier} {r.share:.0%}" for r in largest.itertuples())
        yield f"CVaR comes from {parts}. A loss is > 0; the tail is 5 %."
        yield ""


def totals(found: pd.DataFrame) -> pd.DataFrame:
    """Return a row per measure of the whole desk."""
    of_each = found.groupby("measure", sort=False, as_index=False)
    columns = ["measure", "total", "total_pct_nav", "independent_scenarios"]
    return pd.DataFrame(of_each[columns[1:]].first())[columns]


def findings(report: Report) -> Iterator[str]:
    """Yield what the inputs made necessary to say."""
    yield f"## Findings: {counted(report.issues)}"
    yield ""
    yield from (f"* {issue}" for issue in report.issues)


def markdown(frame: pd.DataFrame) -> Iterator[str]:
    """Yield a table in Markdown."""
    yield "| " + " | ".join(frame.columns) + " |"
    aligned = ["---:" if d.kind == "f" else "---" for d in frame.dtypes]
    yield "|" + "|".join(aligned) + "|"
    for row in frame.itertuples(index=False):
        cells = zip(row, frame.columns, strict=True)
        yield "| " + " | ".join(cell(v, str(c)) for v, c in cells) + " |"
    yield ""


def cell(value: object, column: str) -> str:
    """Return a figure as it is read: money in full, shares in percent."""
    if isinstance(value, float):
        if isnan(value):
            return "unknown"
        return f"{value:.1%}" if column in SHARES else money(value)
    return str(value).replace("|", "\\|")


def money(value: float) -> str:
    """Return money without decimals."""
    return f"{value:,.0f}"
