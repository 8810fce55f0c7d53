"""Laws of limits: headroom, utilisation and status tell one story in each direction."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from riskplugin.limits.judging import Bounds, judge

numbers = st.floats(-1e12, 1e12, allow_nan=False).map(lambda x: round(x, 6))
RANK = {"OK": 0, "WARN": 1, "BREACH": 2}


@st.composite
def limits(draw):
    """Return a value and the levels of a limit, the soft one first on the way."""
    one, other = sorted((draw(numbers), draw(numbers)))
    upper = draw(st.booleans())
    soft, hard = (one, other) if upper else (other, one)
    return draw(numbers), soft, hard, upper


def judged(value, soft, hard, upper):
    bounds = Bounds(np.array([soft]), np.array([hard]), np.array([upper]))
    found = judge(bounds, np.array([value]))
    return found.status[0], found.headroom[0], found.utilisation[0]


@given(limits())
def test_headroom_and_utilisation_are_consistent_with_value_and_limit(limit):
    value, _, hard, upper = limit
    status, headroom, utilisation = judged(*limit)
    assert (status == "BREACH") == (headroom < 0)
    back = hard - headroom if upper else hard + headroom
    assert np.isclose(back, value, rtol=1e-12, atol=1e-12 * max(abs(hard), abs(value)))
    if hard == 0:
        assert np.isnan(utilisation)
        return
    assert np.isclose(
        (1 - utilisation) * abs(hard),
        headroom,
        rtol=1e-9,
        atol=1e-9 * max(abs(hard), abs(value)),
    )
    if abs(headroom) > 1e-12 * abs(hard):
        assert (utilisation > 1) == (headroom < 0)


@given(limits(), st.floats(0, 1e12, allow_nan=False))
def test_a_value_further_towards_the_limit_is_never_better(limit, step):
    value, soft, hard, upper = limit
    further = value + step if upper else value - step
    before, after = judged(*limit), judged(further, soft, hard, upper)
    assert RANK[after[0]] >= RANK[before[0]]
    assert after[1] <= before[1]


@given(limits())
def test_a_min_is_a_max_of_the_other_sign(limit):
    value, soft, hard, upper = limit
    mirrored = judged(-value, -soft, -hard, not upper)
    np.testing.assert_array_equal(judged(*limit), mirrored)


@given(limits(), st.integers(-10, 10).map(lambda k: 2.0**k))
def test_the_unit_of_money_changes_neither_status_nor_utilisation(limit, scale):
    value, soft, hard, upper = limit
    before = judged(*limit)
    after = judged(value * scale, soft * scale, hard * scale, upper)
    assert before[0] == after[0]
    np.testing.assert_array_equal(before[2], after[2])
    assert after[1] == before[1] * scale


@given(limits(), st.booleans())
def test_what_lacks_something_is_never_ok(limit, at_least):
    value, soft, hard, upper = limit
    bounds = Bounds(np.array([soft]), np.array([hard]), np.array([upper]))
    flags = np.array([False]), np.array([at_least])
    found = judge(bounds, np.array([value]), *flags)
    beyond = judged(*limit)[0] == "BREACH"
    assert found.status[0] == ("BREACH" if beyond and at_least else "UNKNOWN")
