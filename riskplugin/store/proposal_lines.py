"""The proposed hedge of a night, in words."""

from collections.abc import Iterator

from riskplugin.results import Report


def proposal_lines(report: Report) -> Iterator[str]:
    """Yield what is proposed, then a line per trade; nothing where nothing is."""
    found = report.tables.get("proposals")
    if found is None or not len(found):
        return
    row = found.to_dict(orient="records")[0]
    yield f"Proposed hedge, not an order ({row['outcome']}): {row['message']}"
    for trade in report.tables["proposal_trades"].to_dict(orient="records"):
        money = f"{abs(trade['traded_value']):,.0f} {report.base_currency}"
        cost = f"{trade['trade_cost']:,.0f} {report.base_currency}"
        words = f"{trade['side']} {abs(trade['quantity']):,.10g} {trade['instrument']}"
        yield f"{words}, {money}, at a cost of {cost}"
