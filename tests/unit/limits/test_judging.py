"""Status, headroom and utilisation of values, by hand."""

import numpy as np
import pytest

from riskplugin.limits.judging import Bounds, Status, judge

MAX, MIN = True, False


def judged(value, soft, hard, upper, **how):
    """Return what one value makes of one limit."""
    bounds = Bounds(np.array([soft]), np.array([hard]), np.array([upper]))
    flags = {k: np.array([v]) for k, v in how.items()}
    found = judge(bounds, np.array([value]), **flags)
    return found.status[0], found.headroom[0], found.utilisation[0]


@pytest.mark.parametrize(
    ("value", "soft", "hard", "upper", "expected"),
    [
        (40.0, 60.0, 80.0, MAX, ("OK", 40.0, 0.5)),
        (60.0, 60.0, 80.0, MAX, ("OK", 20.0, 0.75)),  # reached is not passed
        (72.0, 60.0, 80.0, MAX, ("WARN", 8.0, 0.9)),
        (80.0, 60.0, 80.0, MAX, ("WARN", 0.0, 1.0)),
        (100.0, 60.0, 80.0, MAX, ("BREACH", -20.0, 1.25)),
        (-8.0, 60.0, 80.0, MAX, ("OK", 88.0, -0.1)),
        # a P&L, which is below 0 where it is a loss
        (-40.0, -60.0, -80.0, MIN, ("OK", 40.0, 0.5)),
        (-72.0, -60.0, -80.0, MIN, ("WARN", 8.0, 0.9)),
        (-100.0, -60.0, -80.0, MIN, ("BREACH", -20.0, 1.25)),
        # a number of names that must be kept
        (20.0, 12.0, 10.0, MIN, ("OK", 10.0, 0.0)),
        (11.0, 12.0, 10.0, MIN, ("WARN", 1.0, 0.9)),
        (8.0, 12.0, 10.0, MIN, ("BREACH", -2.0, 1.2)),
        # a short that must be kept
        (-30.0, -25.0, -20.0, MAX, ("OK", 10.0, 0.5)),
        (-15.0, -25.0, -20.0, MAX, ("BREACH", -5.0, 1.25)),
    ],
)
def test_status_headroom_and_utilisation(value, soft, hard, upper, expected):
    status, headroom, utilisation = judged(value, soft, hard, upper)
    assert status == expected[0]
    assert (headroom, utilisation) == pytest.approx(expected[1:], abs=1e-12)


def test_a_hard_level_of_zero_is_no_scale():
    assert judged(-1.0, 0.0, 0.0, MAX)[:2] == ("OK", 1.0)
    assert judged(1.0, 0.0, 0.0, MAX)[:2] == ("BREACH", -1.0)
    assert np.isnan(judged(1.0, 0.0, 0.0, MAX)[2])


def test_what_is_not_known_is_not_ok_and_has_no_headroom():
    status, headroom, utilisation = judged(np.nan, 1.0, 2.0, MAX)
    assert status == "UNKNOWN"
    assert np.isnan([headroom, utilisation]).all()


@pytest.mark.parametrize("value", [0.0, 70.0])
@pytest.mark.parametrize("at_least", [True, False])
def test_a_value_that_lacks_something_is_unknown(value, at_least):
    found = judged(value, 60.0, 80.0, MAX, whole=False, at_least=at_least)
    assert found[0] == "UNKNOWN"
    assert np.isnan(found[1:]).all()


def test_what_is_beyond_already_is_a_breach_if_the_rest_can_only_be_worse():
    assert judged(90.0, 60.0, 80.0, MAX, whole=False, at_least=True) == (
        "BREACH",
        -10.0,
        1.125,
    )
    assert judged(90.0, 60.0, 80.0, MAX, whole=False, at_least=False)[0] == "UNKNOWN"


def test_values_that_are_unknown_are_not_shown():
    bounds = Bounds(np.array([1.0, 1.0]), np.array([2.0, 2.0]), np.array([MAX, MAX]))
    found = judge(bounds, np.array([0.5, 0.5]), np.array([True, False]))
    assert found.value.tolist()[0] == 0.5
    assert np.isnan(found.value[1])
    assert found.status.tolist() == [Status.OK, Status.UNKNOWN]


def test_levels_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="soft, hard and upper of one shape"):
        Bounds(np.zeros(2), np.zeros(1), np.array([True]))
