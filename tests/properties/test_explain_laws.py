"""Laws of explanations, on random changes."""

from math import fsum

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskplugin.attribution.explaining import closing, explained
from riskplugin.attribution.matching import matched
from riskplugin.attribution.steps import PARTS
from riskplugin.scenarios.definition import Scenario
from tests.unit.attribution.desks import BUILD, NAMES, closes, desk, rates

FEW = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
lots = st.tuples(
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(NAMES),
    st.floats(-1e5, 1e5).filter(lambda q: abs(q) > 1e-3),
    st.one_of(st.none(), st.floats(0.01, 1e4)),
)
finite = st.floats(-1e12, 1e12, allow_subnormal=False)


@st.composite
def desks(draw):
    """Return a desk: any book, history, scenarios and settings."""
    rows = draw(st.lists(lots, min_size=1, max_size=8))
    columns = ["book", "instrument", "quantity", "price"]
    prices = closes().iloc[: draw(st.integers(150, 200))]
    bend = np.ones(len(prices))
    bend[-1] = draw(st.floats(0.5, 2.0))
    prices = prices.mul(bend, axis=0)
    core = {"memory": draw(st.floats(-0.9, 0.5))}
    if draw(st.booleans()):
        core["crypto"] = draw(st.floats(-0.9, 0.5))
    return desk(
        positions=pd.DataFrame(rows, columns=columns),
        prices=prices,
        fx=rates().iloc[: len(prices)],
        scenarios=[BUILD, Scenario(name="other", core=core)],
        settings={"half_life": draw(st.sampled_from([60, 252]))},
    )


@FEW
@given(desks(), desks())
def test_parts_sum_to_the_change(before, after):
    found = explained(before, after)
    assert (found["residual"] == 0).all()
    for _, rows in found.groupby("metric"):
        first = rows.iloc[0]
        assert first["change"] == first["after"] - first["before"]
        assert fsum(rows["contribution"]) == first["change"]
        assert [p for part in rows["part"] for p in part.split(" + ")] == list(PARTS)


@FEW
@given(desks())
def test_desk_beside_itself_is_not_explained(one):
    found = explained(one, one)
    assert (found["contribution"] == 0).all()
    assert len(found.names) == 0


@given(st.lists(finite, min_size=1, max_size=9), finite)
def test_closing_is_exact(parts, change):
    assert fsum(closing(change, parts)) == change


@FEW
@given(st.lists(lots, min_size=1, max_size=12), st.randoms())
def test_every_position_is_matched_once(rows, order):
    """Rows in any order are all the same; a row is never the same as two."""
    columns = ["book", "instrument", "quantity", "price"]
    shuffled = rows[:]
    order.shuffle(shuffled)
    one, other = (
        desk(positions=pd.DataFrame(r, columns=columns)).book for r in (rows, shuffled)
    )
    kept, theirs = matched(one, other)
    assert sorted(kept) == sorted(theirs) == list(range(len(rows)))
    np.testing.assert_array_equal(one.quantity[kept], other.quantity[theirs])
