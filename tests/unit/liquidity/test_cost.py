"""What selling costs, on the page."""

import numpy as np
import pytest

from riskplugin.liquidity.cost import selling_cost, unwind_cost


def cost(half_spread, volatility, days, impact=1.0):
    one = (np.array([x]) for x in (half_spread, volatility, days))
    return float(selling_cost(*one, impact)[0])


def test_half_spread_and_root_of_the_days_of_volume():
    # 10 bp; 3 % a day; a quarter of a day's volume: 0.001 + 0.03 x 0.5
    assert cost(0.001, 0.03, 0.25) == pytest.approx(0.016, rel=1e-15)
    assert cost(0.001, 0.03, 0.25, impact=0.5) == pytest.approx(0.0085, rel=1e-15)
    assert cost(0.001, 0.03, 0.25, impact=0.0) == pytest.approx(0.001, rel=1e-15)


def test_four_times_the_size_is_twice_the_impact():
    assert cost(0, 0.03, 4 * 0.07) == pytest.approx(2 * cost(0, 0.03, 0.07), rel=1e-15)


@pytest.mark.parametrize("unknown", range(3))
def test_any_unknown_makes_the_cost_unknown(unknown):
    given = [0.001, 0.03, 0.25]
    given[unknown] = np.nan
    assert np.isnan(cost(*given))


@pytest.mark.parametrize("duration", [0.1, 0.2, 0.5])
def test_on_the_careful_side_of_costs_fitted_to_real_orders(duration):
    """Almgren et al. (2005): a tenth of IBM's daily volume, volatility 1.57 %.

    Permanent impact ``0.314 sigma X/V (shares outstanding / V)^(1/4)``, of which half
    is paid, and temporary ``0.142 sigma (X / (V T))^(3/5)``: 32, 25 and 18 bp for a
    tenth, a fifth and half of a day. The root law does not know T and says 50 bp.
    """
    sigma, size, turnover = 0.0157, 0.1, 263
    permanent = 0.314 * sigma * size * turnover**0.25
    theirs = permanent / 2 + 0.142 * sigma * (size / duration) ** 0.6
    assert 1 < cost(0, sigma, size) / theirs < 3


def test_nothing_unwound_costs_nothing_known_spread_or_not():
    spread = np.array([0.01, np.nan])
    np.testing.assert_array_equal(unwind_cost(spread, 0.0), [0, 0])
    np.testing.assert_array_equal(unwind_cost(spread, 0.5), [0.005, np.nan])
