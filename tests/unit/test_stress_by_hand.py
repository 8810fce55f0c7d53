"""Every shock, part and band of the hand book, on the page.

Logs: s = ln(1/2). Crypto follows by a quarter of s. Then MU moves by s; 000660.KS by
1.2 s in won and the won by 0.1 s; TAO by 0.5 s + 0.25 s = 0.75 s, and by 1.125 s with
its overshoot of 1.5.
"""

from math import exp, log, sqrt

import numpy as np
import pytest

from riskplugin.book import grouped
from riskplugin.errors import ModelError, ScenarioError
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.stressing.bands import name_band
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.shock import shock_grid
from tests.conftest import TOKENS, book_from

S = log(0.5)
Z80 = 1.2815515655446004  # standard normal quantile at 0.9
MU, HYNIX, TAO = 0, 1, 2


def stressed(book, scenarios, model, universe, by=(), unwind_share=0.0):
    grid = shock_grid(scenarios, model, universe)
    return stress_groups(book, grouped(book, by), grid, 0.80, unwind_share)


def one(**parts):
    return ScenarioSet((Scenario(name="one", horizon_sessions=100, **parts),))


def test_shocks_are_powers_of_one_half(halving, hand_model, hand_universe):
    grid = shock_grid(halving, hand_model, hand_universe)
    np.testing.assert_allclose(grid.drivers, [[S, 0.25 * S]], rtol=1e-15)
    np.testing.assert_allclose(
        np.expm1(grid.total), [[-0.5, 0.5**1.3 - 1, 0.5**1.125 - 1]], rtol=1e-14
    )
    np.testing.assert_array_equal(grid.direct, [[True, False, False]])


def test_parts_by_position(halving, hand_book, hand_model, hand_universe):
    done = stressed(hand_book, halving, hand_model, hand_universe, ("position",))
    hynix = 160_000 * (0.5**1.3 - 1)
    tao, overshot = -40_000 * (0.5**0.75 - 1), -40_000 * (0.5**1.125 - 0.5**0.75)
    by_part = {
        "direct": [0, -50_000, 10_000, 0],
        "propagated": [hynix, 0, 0, tao],
        "overshoot": [0, 0, 0, overshot],
        "convexity": [0, 0, 0, 0],
        "liquidity": [0, 0, 0, 0],
        "pnl": [hynix, -50_000, 10_000, tao + overshot],
    }
    for part, expected in by_part.items():
        np.testing.assert_allclose(getattr(done, part)[:, 0], expected, rtol=1e-13)


def test_parts_by_book(halving, hand_book, hand_model, hand_universe):
    done = stressed(hand_book, halving, hand_model, hand_universe, ("book",))
    semis = -50_000 + 160_000 * (0.5**1.3 - 1)
    tokens = 10_000 - 40_000 * (0.5**1.125 - 1)
    np.testing.assert_allclose(done.pnl[:, 0], [semis, tokens], rtol=1e-13)


def test_names_band(halving, hand_model, hand_universe):
    low, high = name_band(shock_grid(halving, hand_model, hand_universe), 0.80)
    crypto_left = 100 * (9e-4 - 1e-4**2 / 4e-4)
    variance = {
        MU: 100 * 0.01**2,
        HYNIX: 100 * (0.02**2 + 0.005**2 - 2 * 0.2 * 0.02 * 0.005),
        TAO: 1.5**2 * crypto_left + 100 * 0.04**2 + 1.5**2 * 0.04 * S**2,
    }
    middle = {MU: S, HYNIX: 1.3 * S, TAO: 1.125 * S}
    for name, var in variance.items():
        assert low[0, name] == pytest.approx(exp(middle[name] - Z80 * sqrt(var)) - 1)
        assert high[0, name] == pytest.approx(exp(middle[name] + Z80 * sqrt(var)) - 1)


def test_a_position_has_the_band_of_its_name(
    halving, hand_book, hand_model, hand_universe
):
    low, high = name_band(shock_grid(halving, hand_model, hand_universe), 0.80)
    done = stressed(hand_book, halving, hand_model, hand_universe, ("position",))
    value = hand_book.market_value
    name = [HYNIX, MU, MU, TAO]
    a, b = value * low[0, name], value * high[0, name]
    np.testing.assert_allclose(done.low[:, 0], np.minimum(a, b), rtol=1e-12)
    np.testing.assert_allclose(done.high[:, 0], np.maximum(a, b), rtol=1e-12)


def test_band_of_a_book_by_hand(halving, hand_book, hand_model, hand_universe):
    done = stressed(hand_book, halving, hand_model, hand_universe, ("book",))
    mu, hynix = 100_000 * 0.5, 160_000 * 0.5**1.3
    own = sqrt(100 * 0.01**2)
    base = sqrt(100 * (0.02**2 + 0.005**2 - 2 * 0.2 * 0.02 * 0.005))
    # the residuals correlate 0.3 in won; in dollars the won's own noise dilutes it
    shared = 0.3 * 0.02 * 0.01 / (0.01 * base / 10)
    deviation = sqrt(
        (mu * own) ** 2 + (hynix * base) ** 2 + 2 * shared * mu * own * hynix * base
    )
    skew = (mu * own**2 + hynix * base**2) / (mu * own + hynix * base) ** 2
    middle = mu + hynix - 260_000
    own_median = (mu * own**2 + hynix * base**2 - skew * deviation**2) / 2
    low = middle + (exp(-Z80 * deviation * skew) - 1) / skew
    high = middle + (exp(Z80 * deviation * skew) - 1) / skew + own_median
    assert done.low[0, 0] == pytest.approx(low, rel=1e-12)
    assert done.high[0, 0] == pytest.approx(high, rel=1e-12)


def test_band_of_a_long_short_book_by_hand(
    halving, hand_book, hand_model, hand_universe
):
    done = stressed(hand_book, halving, hand_model, hand_universe, ("book",))
    mu, tao = -20_000 * 0.5, -40_000 * 0.5**1.125
    crypto_left = 100 * (9e-4 - 1e-4**2 / 4e-4)
    of_tao = sqrt(1.5**2 * crypto_left + 0.16 + 1.5**2 * 0.04 * S**2)
    deviation = sqrt((mu * 0.1) ** 2 + (tao * of_tao) ** 2)
    skew = (mu * 0.1**2 + tao * of_tao**2) / (mu * 0.1 + tao * of_tao) ** 2
    own_median = (mu * 0.1**2 + tao * of_tao**2 - skew * deviation**2) / 2
    low = done.pnl[1, 0] + (exp(-Z80 * deviation * skew) - 1) / skew + own_median
    assert done.low[1, 0] == pytest.approx(low, rel=1e-12)


def test_instrument_comes_before_tier_before_propagation(
    hand_book, hand_model, hand_universe
):
    scenario = one(
        core={"memory": -0.5},
        tiers={"memory": -0.6},
        instruments={"Micron": -0.7},
        fx={"KRW": -0.1},
    )
    done = stressed(hand_book, scenario, hand_model, hand_universe, ("position",))
    expected = [160_000 * (0.4 * 0.9 - 1), -70_000, 14_000]
    np.testing.assert_allclose(done.direct[:3, 0], expected, rtol=1e-13)
    assert done.propagated[3, 0] == pytest.approx(-40_000 * (0.5**0.75 - 1))


def test_what_a_scenario_fixes_has_no_band(hand_book, hand_model, hand_universe):
    scenario = one(tiers={"memory": -0.6, TOKENS: -0.3}, fx={"KRW": 0.0})
    low, high = name_band(shock_grid(scenario, hand_model, hand_universe), 0.80)
    assert np.isnan(low).all()
    assert np.isnan(high).all()
    done = stressed(hand_book, scenario, hand_model, hand_universe, ("book",))
    assert np.isnan(done.low).all()


def test_a_fixed_price_keeps_the_band_of_its_currency(hand_model, hand_universe):
    scenario = one(core={"memory": -0.5}, tiers={"memory": -0.6})
    low, _ = name_band(shock_grid(scenario, hand_model, hand_universe), 0.80)
    middle = log(0.4) + 0.1 * S
    assert np.isnan(low[0, MU])
    assert low[0, HYNIX] == pytest.approx(exp(middle - Z80 * 10 * 0.005) - 1)


def test_a_driver_named_zero_is_held_still(hand_model, hand_universe):
    scenario = one(core={"crypto": -0.5, "memory": 0.0})
    grid = shock_grid(scenario, hand_model, hand_universe)
    np.testing.assert_array_equal(grid.drivers, [[0.0, S]])
    assert grid.total[0, MU] == 0.0
    assert grid.direct[0, MU]


def test_unwinding_pays_the_half_spread_on_the_stressed_gross(
    halving, hand_book, hand_model, hand_universe
):
    done = stressed(hand_book, halving, hand_model, hand_universe, ("book",), 0.25)
    gross = np.array(
        [100_000 * 0.5 + 160_000 * 0.5**1.3, 20_000 * 0.5 + 40_000 * 0.5**1.125]
    )
    np.testing.assert_allclose(done.liquidity[:, 0], -0.25 * 0.01 * gross, rtol=1e-13)


def test_spreads_need_not_be_known_where_nothing_is_unwound(
    halving, hand_model, hand_universe
):
    book = book_from(half_spread=np.nan)
    done = stressed(book, halving, hand_model, hand_universe, ("book",))
    np.testing.assert_array_equal(done.liquidity, np.zeros((2, 1)))


def test_misfits_of_a_scenario_are_named_all_at_once(hand_model, hand_universe):
    scenario = one(
        core={"memroy": -0.5},
        tiers={"memori": -0.1},
        instruments={"MUU": -0.2},
        fx={"USD": -0.1},
    )
    with pytest.raises(ScenarioError, match="memroy") as caught:
        shock_grid(scenario, hand_model, hand_universe)
    for expected in (
        "driver 'memroy' is unknown or has no prices; did you mean 'memory'?",
        "tiers names no tier 'memori'; did you mean 'memory'?",
        "unknown or ambiguous instrument 'MUU'; did you mean 'MU'",
        "USD is the base currency",
    ):
        assert expected in str(caught.value)


def test_nothing_is_propagated_to_the_unknown(hand_book, hand_universe, hand_model):
    loadings = hand_model.loadings.copy()
    loadings[TAO] = np.nan
    fields = {f: getattr(hand_model, f) for f in hand_model.__dataclass_fields__}
    blind = type(hand_model)(**{**fields, "loadings": loadings})
    with pytest.raises(ModelError, match=r"no price history .* TAO"):
        stressed(hand_book, one(core={"memory": -0.5}), blind, hand_universe)
    fixed = one(core={"memory": -0.5}, tiers={TOKENS: -0.2})
    done = stressed(hand_book, fixed, blind, hand_universe)
    expected = -40_000 + 160_000 * (0.5**1.3 - 1) + 8_000
    assert done.pnl[0, 0] == pytest.approx(expected)


def as_futures(model):
    fields = {f: getattr(model, f) for f in model.__dataclass_fields__}
    return type(model)(**{**fields, "kinds": ("spot", "future", "spot")})


def test_a_future_bears_the_currency_on_its_gain_only(
    hand_book, hand_model, hand_universe
):
    """160,000 of won futures: only what is won or lost is ever converted."""
    futures = as_futures(hand_model)
    still = one(core={"memory": 0.0}, instruments={"000660.KS": 0.0}, fx={"KRW": -0.1})
    done = stressed(hand_book, still, futures, hand_universe, ("position",))
    assert done.pnl[0, 0] == 0.0
    down = one(core={"memory": -0.5}, fx={"KRW": -0.1})
    done = stressed(hand_book, down, futures, hand_universe, ("position",))
    assert done.pnl[0, 0] == pytest.approx(160_000 * (0.5**1.2 - 1) * 0.9, rel=1e-13)


def test_the_band_of_a_future_bears_it_on_its_gain_only(
    halving, hand_book, hand_model, hand_universe
):
    done = stressed(
        hand_book, halving, as_futures(hand_model), hand_universe, ("position",)
    )
    carry = 1 - 1 / 0.5**1.2  # slope in the currency per slope in the price
    won = 0.005 * carry
    sd = 10 * sqrt(0.02**2 + won**2 - 2 * 0.2 * 0.02 * won)
    value = 160_000 * 0.5**1.3
    low = done.pnl[0, 0] + value * (exp(-Z80 * sd) - 1)
    assert done.low[0, 0] == pytest.approx(low, rel=1e-12)


def test_the_memory_beta_of_a_future_is_without_its_currency(hand_model):
    assert hand_model.beta()[0][HYNIX] == pytest.approx(1.3)
    assert as_futures(hand_model).beta()[0][HYNIX] == pytest.approx(1.2)
