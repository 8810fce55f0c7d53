"""What the convexity of stress P&L is made of, as a labelled table."""

from collections.abc import Iterable
from dataclasses import fields

import numpy as np

from riskplugin.desk import Desk
from riskplugin.factors.model import FactorModel
from riskplugin.pricing.convexity import Convexity, convexity_parts
from riskplugin.results import Table, table
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.stressing.engine import require_known
from riskplugin.stressing.liquidation import by_position
from riskplugin.stressing.moves import moves_of
from riskplugin.stressing.regimes import runs
from riskplugin.stressing.shock import shock_grid
from riskplugin.tables.paths import SCENARIO, grouping_by
from riskplugin.tables.tabulation import keys_in

PARTS = tuple(f.name for f in fields(Convexity))
OF = "convexity_"


def convexity_table(
    desk: Desk, model: FactorModel, scenarios: ScenarioSet, by: str | Iterable[str]
) -> Table:
    """Return the parts of convexity by scenario and the keys `by`; of all by none.

    They add up to the convexity of `stress_table`. Base currency.

    Raises
    ------
    ModelError
        If a scenario reaches a held instrument of which nothing is known.
    """
    grouping, book = grouping_by(desk, by), desk.book
    found: dict[str, list[object]] = {part: [] for part in PARTS}
    for own, some in runs(scenarios, model, desk.universe):
        grid, names = by_position(book, shock_grid(some, own, desk.universe))
        held, place = np.unique(names, return_inverse=True)
        require_known(grid, held)
        unit = convexity_parts(grid.model.contracts.at(held), moves_of(grid, held))
        for part in PARTS:
            for row in getattr(unit, part):
                found[part].append(grouping.total(book.reference_value * row[place]))
    groups = len(grouping)
    money = {
        p: np.array(rows, dtype=np.float64).reshape(-1) for p, rows in found.items()
    }
    scenario, group = np.divmod(np.arange(len(scenarios) * groups), max(groups, 1))
    columns: dict[str, object] = {
        SCENARIO: [scenarios.names()[s] for s in scenario],
        **{
            key: np.array(labels, dtype=object)[group].tolist()
            for key, labels in keys_in(grouping).items()
        },
        "convexity": np.sum([money[part] for part in PARTS], axis=0),
        **{OF + part: money[part] for part in PARTS},
    }
    return table("convexity_parts", desk.as_of, columns)
