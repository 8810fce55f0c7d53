"""The proposed hedge of a night: trades, and what they are for."""

from collections.abc import Iterator

from riskplugin.reporting.figures import frame_of, records
from riskplugin.reporting.passages import Passage, Tone
from riskplugin.reporting.words import money
from riskplugin.results import Report

NOTE = "A proposal, not an order: its trades are verified by full revaluation."


def proposed(report: Report) -> Passage | None:
    """Return the proposed hedge; nothing where no limit on losses asks for one."""
    found = frame_of(report, "proposals")
    if found.empty:
        return None
    row = records(found)[0]
    said = str(row["message"])
    points = (f"{said[:1].upper()}{said[1:]}.", *trade_points(report))
    title = f"Proposed hedge ({row['outcome']})".replace("_", " ")
    return Passage("proposals", title, Tone.QUIET, points, note=NOTE)


def trade_points(report: Report) -> Iterator[str]:
    """Yield each trade with its money and cost."""
    currency = report.base_currency
    for trade in records(frame_of(report, "proposal_trades")):
        yield (
            f"{trade['side']} {abs(trade['quantity']):,.10g} {trade['instrument']}, "
            f"{money(abs(trade['traded_value']), currency)}, at a cost of "
            f"{money(trade['trade_cost'], currency)}."
        )
