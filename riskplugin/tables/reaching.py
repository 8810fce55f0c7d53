"""How far drivers must move for the losses that a desk limits, each by itself.

The whole desk by every driver and by all of them together, a book with a limit of its
own by the first driver. The searches are those of reverse stress: full revaluation at
the median. A limit on the low end of the band is reached sooner than the move says.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from riskplugin._threads import one_blas_thread
from riskplugin.book import grouped
from riskplugin.columns.core import MOVE
from riskplugin.desk import Desk
from riskplugin.errors import ModelError
from riskplugin.factors.model import FactorModel
from riskplugin.limits.definition import TOTAL
from riskplugin.results import Table, table
from riskplugin.tables.core import FIGURES
from riskplugin.tables.loss_levels import loss_levels
from riskplugin.tables.reverse import (
    Question,
    Sought,
    answered,
    asked,
    curve_table,
    question,
)
from riskplugin.tables.tabulation import exposure_table, navs

REACHING, BOOK = "reverse_stress", "book"
FIRST = "memory"
TOGETHER = "all together"
SHARES = (0.1, 0.2, 0.3)
LIMIT = ("scope", "metric", "scenario", "limit")
ANSWER = (
    *("driver", "answer", "loss", "move", "pnl", "elsewhere"),
    *("lowest_pnl", "lowest_at", "horizon_sessions", *FIGURES),
)


class Reached(NamedTuple):
    """A loss, whose it is, and which limit allows it.

    Attributes
    ----------
    book : str
        Blank of the whole desk.
    metric, scenario : str
        Of the limit; blank where the loss is none of the desk's own.
    limit : str
        ``soft``, ``hard``, ``10% of NAV``, ``10% of gross``.
    loss : float
        Above 0, base currency.
    """

    book: str
    metric: str
    scenario: str
    limit: str
    loss: float

    @property
    def labels(self) -> tuple[str, ...]:
        """Scope, metric, scenario and limit as the table has them."""
        scope = f"{BOOK}:{self.book}" if self.book else TOTAL
        return scope, self.metric, self.scenario, self.limit


@one_blas_thread
def reaching_table(desk: Desk, model: FactorModel) -> Table:
    """Return the smallest moves of drivers that lose what the desk's limits allow.

    Of the whole desk each driver alone and then the most plausible move of all; of
    books with limits the first driver alone. Rows stand by loss, then by driver.

    Raises
    ------
    ModelError
        If no driver has prices, or nothing is held that could lose.
    """
    drivers = in_order(model)
    losses = [*of_the_whole(desk, model), *of_books(desk)]
    whole = [i for i, reached in enumerate(losses) if not reached.book]
    booked = [i for i, reached in enumerate(losses) if reached.book]
    asking: list[tuple[str | None, list[int], str | None]]
    together = (None,) if len(drivers) > 1 else ()
    asking = [(driver, whole, None) for driver in (*drivers, *together)]
    asking += [(drivers[0], booked, BOOK)] if booked else []
    parts = []
    for driver, some, by in asking:
        of = question(model, driver, by, None, None)
        part = answers_to(desk, model, of, [losses[i] for i in some])
        parts.append(part.assign(place=np.array(some)[part["place"]]))
    found = pd.concat(parts, ignore_index=True)
    found = found.sort_values("place", kind="stable").drop(columns="place")
    columns = {str(name): found[name].tolist() for name in found}
    return table(REACHING, desk.as_of, columns)


def first_curve(desk: Desk, model: FactorModel) -> Table:
    """Return the whole desk's P&L against the move of the first driver.

    Raises
    ------
    ModelError
        If no driver has prices.
    """
    of = question(model, in_order(model)[0], None, None, None)
    return curve_table(desk, model, of, desk.settings.confidence)


def in_order(model: FactorModel) -> tuple[str, ...]:
    """Return the drivers that have prices, memory first.

    Raises
    ------
    ModelError
        If there is none.
    """
    if not model.drivers:
        raise ModelError("no driver has prices: name others under [drivers]")
    return tuple(sorted(model.drivers, key=lambda driver: driver != FIRST))


def of_the_whole(desk: Desk, model: FactorModel) -> list[Reached]:
    """Return the losses of the whole desk, the smallest first.

    Those that its limits allow; where it has none, shares of NAV, or of gross where
    the NAV is not known.

    Raises
    ------
    ModelError
        If nothing is held.
    """
    own = [reached for reached in allowed(desk) if not reached.book]
    if own:
        return own
    nav = sum(navs(desk).values()) if desk.settings.nav else np.nan
    gross = float(exposure_table(desk, model, ())["gross"].sum())
    name, unit = ("NAV", nav) if nav > 0 else ("gross", gross)
    if not unit > 0:
        raise ModelError("nothing is held that could lose")
    return [Reached("", "", "", f"{s:.0%} of {name}", s * unit) for s in SHARES]


def of_books(desk: Desk) -> list[Reached]:
    """Return the losses that limits of books allow that hold something."""
    held = grouped(desk.book, (BOOK,)).keys[BOOK]
    own = [reached for reached in allowed(desk) if reached.book in held]
    return sorted(own, key=lambda reached: reached.book)


def allowed(desk: Desk) -> list[Reached]:
    """Return the losses that limits allow, the smallest first.

    A limit of no loss at all has no move that reaches it: any loss is beyond.
    """
    own = [
        Reached(limit.label, limit.metric.name, limit.scenario, level, loss)
        for limit, level, loss in loss_levels(desk)
        if limit.key in {"", BOOK} and loss > 0
    ]
    return sorted(own, key=lambda reached: reached.loss)


def answers_to(
    desk: Desk, model: FactorModel, of: Question, losses: Sequence[Reached]
) -> pd.DataFrame:
    """Return answers with the limit of each in front, and its place in `losses`."""
    put = asked(desk, model, of)
    names = list(put.grouping.keys.get(BOOK, [""]))
    groups = np.array([names.index(reached.book) for reached in losses])
    amounts = np.array([reached.loss for reached in losses])
    columns, rows = answered(desk, model, of, put, Sought(groups, amounts))
    found = pd.DataFrame(columns)
    if len(of.drivers) > 1:
        found = found.assign(driver=TOGETHER, move=np.nan, lowest_at=np.nan)
    found = found.assign(horizon_sessions=of.shape.horizon_sessions, place=rows)
    labels = [losses[row].labels for row in rows]
    found[list(LIMIT)] = pd.DataFrame(labels, index=found.index)
    moves = [name for name in found if str(name).startswith(MOVE)]
    return found[[*LIMIT, *ANSWER, *moves, "reason", "place"]]
