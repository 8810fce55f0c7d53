"""Which positions scenarios close, when, and what margin would have kept them open."""

import numpy as np

from riskplugin.desk import Desk
from riskplugin.factors.model import FactorModel
from riskplugin.pricing.contracts import revalue
from riskplugin.pricing.perpetual import margin_needed
from riskplugin.results import Table, table
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.stressing.liquidation import closing_sessions, margined
from riskplugin.stressing.moves import moves_of
from riskplugin.stressing.path import path_grid
from riskplugin.stressing.regimes import parts
from riskplugin.tables.paths import course_by_tier


def liquidation_table(desk: Desk, model: FactorModel, scenarios: ScenarioSet) -> Table:
    """Return every position that has a price at which it is closed, by scenario.

    A row per scenario and position: the move of its price at which it is closed, the
    session in which its path gets there (NaN if it does not), the margin posted, the
    margin that the worst of the path asks for by its maintenance margin, what is
    missing of it, and the P&L closed or not, beside that of the same position never
    closed. Base currency.
    """
    found = margined(desk.book, model)
    book, row = desk.book, found.position
    value = book.reference_value[row]
    label = book.labels["instrument"]
    rows: list[dict[str, object]] = []
    for scenario in scenarios:
        one = ScenarioSet((scenario,))
        course = course_by_tier(desk, one)
        (part,) = parts(one, model, desk.universe)
        grid = path_grid(part.grid, course)
        moves = moves_of(grid, found.name)
        terms = found.terms
        first = closing_sessions(terms, moves.local)
        needed = np.abs(value) * margin_needed(
            np.exp(moves.local),
            terms.side,
            book.maintenance_margin[row],
            terms.inverse,
        ).max(axis=0, initial=0.0)
        open_ = value * revalue(model.contracts.at(found.name), moves)[-1]
        closed = value * revalue(terms, moves)[-1]
        posted = book.margin_posted[row]
        rows.append(
            {
                "scenario": [scenario.name] * len(row),
                "position": row + 1,
                "instrument": [label.names[int(c)] for c in label.codes[row]],
                "closing_move": np.expm1(terms.barrier),
                "liquidation_session": first,
                "margin_posted": posted,
                "margin_needed": needed,
                "margin_missing": np.maximum(needed - posted, 0.0),
                "pnl": closed,
                "pnl_if_kept": open_,
            }
        )
    columns = {
        name: np.concatenate([np.asarray(part[name]) for part in rows])
        for name in (rows[0] if rows else ())
    }
    return table("liquidations", desk.as_of, columns)
