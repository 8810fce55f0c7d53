"""Laws of explanations, on random changes."""

from math import fsum

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from riskplugin.attribution.explaining import closing, coarser, explained, left_over
from riskplugin.attribution.matching import matched
from riskplugin.attribution.steps import PARTS
from riskplugin.scenarios.definition import Scenario
from tests.unit.attribution.desks import BUILD, NAMES, closes, desk, rates

FEW = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
lots = st.tuples(
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(NAMES),
    st.floats(-1e5, 1e5).filter(lambda q: abs(q) > 1e-3),
    st.one_of(st.none(), st.floats(0.01, 1e4)),
)
finite = st.floats(-1e12, 1e12, allow_subnormal=False)


cores = st.fixed_dictionaries(
    {"memory": st.floats(-0.9, 0.5)}, optional={"crypto": st.floats(-0.9, 0.5)}
)
facts = st.tuples(
    st.lists(lots, min_size=1, max_size=8),
    st.integers(150, 200),
    st.floats(0.5, 2.0),
    cores,
    st.sampled_from([60, 252]),
)
COLUMNS = ["book", "instrument", "quantity", "price"]


def desk_with(facts):
    """Return a desk: lots, sessions, last move, a scenario's core, half-life."""
    rows, sessions, move, core, half_life = facts
    bend = np.ones(sessions)
    bend[-1] = move
    return desk(
        positions=pd.DataFrame(rows, columns=COLUMNS),
        prices=closes().iloc[:sessions].mul(bend, axis=0),
        fx=rates().iloc[:sessions],
        scenarios=[BUILD, Scenario(name="other", core=core)],
        settings={"half_life": half_life},
    )


@FEW
@given(facts, facts)
def test_parts_sum_to_the_change(before, after):
    found = explained(desk_with(before), desk_with(after))
    found = found[found["change"].notna()]  # the others are of one desk alone
    assert "stress:other" in set(found["metric"])
    assert (found["residual"] == 0).all()
    for _, rows in found.groupby("metric"):
        first = rows.iloc[0]
        assert first["change"] == first["after"] - first["before"]
        assert fsum(rows["contribution"]) == first["change"]
        assert [p for part in rows["part"] for p in part.split(" + ")] == list(PARTS)


@FEW
@given(facts)
def test_desk_beside_itself_is_not_explained(one):
    found = explained(desk_with(one), desk_with(one))
    assert (found["contribution"] == 0).all()
    assert len(found.names) == 0


@given(st.lists(finite, min_size=2, max_size=10), st.data())
def test_closing_is_exact(values, data):
    """On the grid of the largest, whatever is called still."""
    flags = st.lists(st.booleans(), min_size=len(values) - 1, max_size=len(values) - 1)
    still = data.draw(flags)
    grid = coarser(values)
    most = max(map(abs, values))
    assert max(abs(a - b) for a, b in zip(grid, values, strict=True)) <= 1e-15 * most
    parts = closing(grid, still)
    assert fsum(parts) == grid[-1] - grid[0]
    assert left_over(grid, parts) == 0


@FEW
@given(st.lists(lots, min_size=1, max_size=12), st.randoms())
def test_every_position_is_matched_once(rows, order):
    """Rows in any order are all the same; a row is never the same as two."""
    shuffled = rows[:]
    order.shuffle(shuffled)
    one, other = (
        desk(positions=pd.DataFrame(r, columns=COLUMNS)).book for r in (rows, shuffled)
    )
    kept, theirs = matched(one, other)
    assert sorted(kept) == sorted(theirs) == list(range(len(rows)))
    np.testing.assert_array_equal(one.quantity[kept], other.quantity[theirs])
