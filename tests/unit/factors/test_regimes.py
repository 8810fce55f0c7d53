"""Regimes: the mixture against its own likelihood, and what is known to be there."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm

import riskplugin as rp
from riskplugin.errors import ModelError
from riskplugin.factors.model import fit
from riskplugin.factors.pooling import effective_number
from riskplugin.factors.regimes import mixture, pooled_weights, regime_of
from riskplugin.factors.sample import lit_only

SHARE = 0.25
CALM = np.array([[4e-4, 1e-4], [1e-4, 9e-4]])
HECTIC = np.array([[36e-4, 27e-4], [27e-4, 49e-4]])


def drawn(rng, count):
    """Return windows of two drivers and whether each is hectic."""
    hectic = rng.random(count) < SHARE
    calm, wild = (rng.multivariate_normal([0, 0], c, count) for c in (CALM, HECTIC))
    return np.where(hectic[:, None], wild, calm), hectic


def test_known_parameters_come_back():
    windows, hectic = drawn(np.random.default_rng(1), 40_000)
    found = mixture(windows, 1)
    assert found.share == pytest.approx(SHARE, abs=0.01)
    np.testing.assert_allclose(found.covariances[0], CALM, rtol=0.05, atol=5e-6)
    np.testing.assert_allclose(found.covariances[1], HECTIC, rtol=0.05)
    posterior = found.posterior(windows)
    assert posterior.mean() == pytest.approx(found.share, abs=1e-6)
    assert posterior[hectic].mean() > 3 * posterior[~hectic].mean()


def test_posterior_is_bayes_rule():
    windows, _ = drawn(np.random.default_rng(2), 4_000)
    found = mixture(windows, 1)
    calm, wild = (
        multivariate_normal(found.mean, c).pdf(windows) for c in found.covariances
    )
    expected = found.share * wild / (found.share * wild + (1 - found.share) * calm)
    np.testing.assert_allclose(found.posterior(windows), expected, rtol=1e-9)
    total = np.log(found.share * wild + (1 - found.share) * calm).sum()
    assert found.log_likelihood == pytest.approx(total, rel=1e-8)


def test_likelihood_is_as_high_as_another_optimiser_gets():
    """One driver, by Nelder and Mead on the likelihood of scipy's normals."""
    rng = np.random.default_rng(3)
    wild = rng.random(3_000) < 0.2
    x = rng.standard_normal(3_000) * np.where(wild, 0.1, 0.03)
    found = mixture(x[:, None], 1)

    def minus(theta):
        share = 1 / (1 + np.exp(-theta[0]))
        calm, hectic = (norm(x.mean(), np.exp(t)).pdf(x) for t in theta[1:])
        return -np.log(share * hectic + (1 - share) * calm).sum()

    best = minimize(
        minus,
        [-1.0, np.log(0.02), np.log(0.2)],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-10, "maxiter": 5_000},
    )
    assert found.log_likelihood == pytest.approx(-best.fun, abs=1e-3)
    assert found.share == pytest.approx(1 / (1 + np.exp(-best.x[0])), abs=2e-3)
    np.testing.assert_allclose(
        np.sqrt(found.covariances[:, 0, 0]), np.exp(best.x[1:]), rtol=2e-3
    )


def test_the_same_windows_give_the_same_bits():
    windows, _ = drawn(np.random.default_rng(4), 2_000)
    one, two = mixture(windows, 1), mixture(windows.copy(), 1)
    assert one.share == two.share
    np.testing.assert_array_equal(one.covariances, two.covariances)


def test_windows_with_a_gap_have_no_posterior():
    windows, _ = drawn(np.random.default_rng(5), 2_000)
    holed = windows.copy()
    holed[7, 0] = np.nan
    found = mixture(holed, 1)
    posterior = found.posterior(holed)
    assert np.isnan(posterior[7])
    assert not np.isnan(np.delete(posterior, 7)).any()
    whole = mixture(np.delete(windows, 7, axis=0), 1)
    assert found.share == whole.share


def test_one_normal_is_one_regime():
    x = np.random.default_rng(6).normal(0, 0.05, (2_000, 1))
    with pytest.raises(ModelError, match="looks like one regime"):
        mixture(x, 1)


def test_overlap_does_not_make_a_regime():
    """Sums of five normal days: copies of the same evidence are no evidence."""
    days = np.random.default_rng(7).normal(0, 0.02, 1_504)
    level = np.append(0, np.cumsum(days))
    with pytest.raises(ModelError, match="looks like one regime"):
        mixture((level[5:] - level[:-5])[:, None], 5)


def test_a_few_outliers_are_no_regime():
    """All but three windows nearly the same: what is hectic are these three."""
    x = np.full((500, 1), 0.0)
    x[::2] = 1e-9
    x[[10, 20, 30]] = 0.3
    with pytest.raises(ModelError, match="one regime"):
        mixture(x, 1)


@pytest.mark.parametrize(
    ("windows", "match"),
    [
        (np.zeros((1_000, 1)), "does not move"),
        (np.tile(np.linspace(-1, 1, 1_000)[:, None], 2), "move as one"),
        (np.random.default_rng(0).normal(size=(15, 1)), "15 windows are too few"),
    ],
    ids=["still", "twins", "short"],
)
def test_what_has_no_mixture_says_why(windows, match):
    with pytest.raises(ModelError, match=match):
        mixture(windows, 1)


# --- the factor model of a regime ----------------------------------------------------

CALM_BETA, HECTIC_BETA = 0.4, 1.6


def desk_of(rng, rows=4_000, young=0, calm_only=False):
    """Return a desk whose name X follows memory otherwise when it is hectic.

    States last ten weeks, so that windows of five sessions mostly lie in one.
    """
    state = np.repeat(rng.random(rows // 50) < 0.3, 50)
    memory = rng.normal(0, np.where(state, 0.05, 0.01))
    slope = np.where(state, HECTIC_BETA, CALM_BETA)
    moves = {
        "MU": memory,
        "X": slope * memory + rng.normal(0, 0.004, rows),
        "Y": 0.5 * memory + rng.normal(0, 0.004, rows),
        "Z": 0.7 * memory + rng.normal(0, 0.004, rows),
        "W": 0.9 * memory + rng.normal(0, 0.004, rows),
    }
    dates = pd.bdate_range(end="2026-05-29", periods=rows)
    prices = pd.DataFrame(100 * np.exp(pd.DataFrame(moves).cumsum()))
    prices.index = dates
    if calm_only:
        calm = np.flatnonzero(~state)
        run = calm[calm > rows - 1_000]
        prices["W"] = prices["W"].where(np.isin(np.arange(rows), run))
    known = pd.DataFrame(
        {
            "instrument": ["X", "Y", "Z", "W"],
            "tier": ["networking", "gpu", "gpu", "gpu"],
            "asset_class": "equity",
            "kind": "spot",
            "currency": "USD",
        }
    )
    held = pd.DataFrame(
        {"book": "b", "instrument": ["MU", "X", "Y", "Z", "W"], "quantity": 100.0}
    )
    settings = {
        "drivers": {"memory": ["MU"]},
        "window_sessions": 3_000,
        "half_life": 5_000,
    }
    return rp.desk_from_tables(
        held, prices.reset_index(names="date"), known, settings=settings
    ), state


@pytest.fixture(scope="module")
def two_regimes():
    desk, state = desk_of(np.random.default_rng(8))
    return fit(desk), state


FALL = float(np.log(0.6))


def regime(model, name, move=FALL, horizon=60.0):
    core = np.zeros(len(model.drivers), bool)
    core[0] = True
    moves = np.where(core, move, 0.0)
    return regime_of(model, name, core, moves, horizon)


def beta_of(model, name):
    return model.loadings[model.instruments.index(name), 0]


def test_hectic_recovers_the_hectic_beta(two_regimes):
    model, state = two_regimes
    hectic = regime(model, "hectic")
    assert beta_of(hectic.model, "X") == pytest.approx(HECTIC_BETA, abs=0.05)
    assert beta_of(hectic.model, "Y") == pytest.approx(0.5, abs=0.03)
    assert hectic.share == pytest.approx(state.mean(), abs=0.06)
    daily = np.sqrt(hectic.model.covariance[0, 0])
    assert daily == pytest.approx(0.05, rel=0.08)
    assert hectic.model.regime == "hectic"


def test_historical_is_the_very_model(two_regimes):
    model, _ = two_regimes
    found = regime(model, "historical")
    assert found.model is model
    there = ~np.isnan(model.driver_windows).any(axis=(0, 2))
    weights = model.weights[there] / model.weights[there].sum()
    assert found.effective == pytest.approx(np.exp(-(weights * np.log(weights)).sum()))
    assert np.isnan(found.share)


def test_a_regime_is_told_once(two_regimes):
    model, _ = two_regimes
    assert regime(model, "hectic").model is regime(model, "hectic").model
    assert (
        regime(model, "pooled").model is not regime(model, "pooled", np.log(0.7)).model
    )


def test_pooled_weights_hold_the_view_and_are_exponential_tilts(two_regimes):
    """The mean is the pace; log(q / p) is linear in the window (Meucci 2008)."""
    model, _ = two_regimes
    pace = np.array([-0.02])
    weights = pooled_weights(model, np.array([0]), pace)
    there = weights > 0
    x = model.driver_windows[0][there, 0]
    assert weights[there] @ x == pytest.approx(-0.02, abs=1e-9)
    tilt = np.log(weights[there] / model.weights[there])
    slope, intercept = np.polyfit(x, tilt, 1)
    np.testing.assert_allclose(tilt, intercept + slope * x, atol=1e-6)
    assert slope < 0


def test_a_view_that_history_holds_anyway_changes_nothing(two_regimes):
    model, _ = two_regimes
    there = ~np.isnan(model.driver_windows).any(axis=(0, 2))
    weights = model.weights * there / model.weights[there].sum()
    mean = weights[there] @ model.driver_windows[0][there, 0]
    found = regime(model, "pooled", mean * 60 / model.return_sessions).model
    np.testing.assert_allclose(found.loadings, model.loadings, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found.covariance, model.covariance, rtol=1e-8)


def test_a_view_out_of_reach_says_the_range(two_regimes):
    model, _ = two_regimes
    lowest = np.nanmin(model.driver_windows[0])
    with pytest.raises(ModelError, match=r"memory over 5 sessions.*lies between") as e:
        regime(model, "pooled", -5.0, 20.0)
    assert f"{lowest:.6g}" in str(e.value)


def test_a_core_without_a_driver_has_no_regime(two_regimes):
    model, _ = two_regimes
    none = np.zeros(len(model.drivers), bool)
    for name in ("hectic", "pooled"):
        with pytest.raises(
            ModelError, match=f"names no driver, so no window is {name}"
        ):
            regime_of(model, name, none, np.zeros(len(none)), 60.0)


def test_errors_of_hectic_loadings_are_of_the_right_size():
    """Over 40 worlds the error of a hectic loading is about what is said of it."""
    ratios = []
    for seed in range(40):
        desk, _ = desk_of(np.random.default_rng(100 + seed), rows=1_500)
        model = fit(desk)
        hectic = regime(model, "hectic").model
        row = hectic.instruments.index("Y")
        error = np.sqrt(hectic.errors[row, 0, 0])
        ratios.append((hectic.own_loadings[row, 0] - 0.5) / error)
    assert 0.6 < np.std(ratios) < 1.3
    assert abs(np.mean(ratios)) < 0.5


def test_a_name_that_saw_only_calm_is_not_measured_in_the_other_regime():
    desk, _ = desk_of(np.random.default_rng(9), calm_only=True)
    model = fit(desk)
    row = model.instruments.index("W")
    assert model.provenance[row] in ("own", "shrunk")
    hectic = regime(model, "hectic").model
    assert hectic.provenance[row] == "proxied"
    assert hectic.provenance[hectic.instruments.index("X")] in ("own", "shrunk")


def test_weights_that_keep_their_share_keep_every_series(two_regimes):
    model, _ = two_regimes
    same = lit_only(model.sample, 0.3 * model.weights, model.weights)
    np.testing.assert_array_equal(same.returns, model.sample.returns)


def test_effective_windows_of_equal_weights_are_all_of_them():
    assert effective_number(np.full(50, 0.02)) == pytest.approx(50)
