"""Shocks by tier and by driver, by hand; betas to any driver."""

from pathlib import Path

import numpy as np
import pytest

import riskplugin as rp
from riskplugin import estimates

SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.fixture(scope="module")
def desk():
    return rp.load_desk(SAMPLES / "desk.toml")


def test_a_tier_is_the_mean_of_its_instruments(desk):
    names = rp.shocks(desk, {"memory": -0.4})
    tiers = rp.shocks(desk, {"memory": -0.4}, by="tier")
    own = names[names["underlying"] == ""]  # an option is no second name
    grouped = own.groupby("tier", sort=False)["shock"]
    wanted = grouped.agg(["size", "mean", "min", "max"])
    assert tiers["tier"].tolist() == wanted.index.tolist()
    found = tiers[["names", "mean_shock", "lowest", "highest"]].to_numpy(float)
    assert found == pytest.approx(wanted.to_numpy(float), rel=1e-12)
    assert set(tiers.definitions) == set(tiers.columns)


def test_drivers_follow_the_core(desk):
    model = estimates.model_of(desk)
    found = rp.shocks(desk, {"memory": -0.4, "equity": 0.0}, by="driver")
    rows = found.set_index("driver")
    assert rows["named"].to_dict() == {
        "memory": True, "ai_compute": False, "crypto": False, "equity": True,
    }  # fmt: skip
    core, rest = [0, 3], [1, 2]
    covariance = np.asarray(model.covariance)
    response = covariance[np.ix_(rest, core)] @ np.linalg.inv(
        covariance[np.ix_(core, core)]
    )
    moves = np.expm1(response @ [np.log(0.6), 0.0])
    assert rows["shock"].tolist() == pytest.approx([-0.4, *moves, 0.0], rel=1e-12)
    assert np.isnan(rows.loc[["memory", "equity"], ["low", "high"]].to_numpy()).all()
    low, shock, high = rows[["low", "shock", "high"]].to_numpy()[rest].T
    assert (low < shock).all()
    assert (shock < high).all()


def test_the_band_of_a_driver_is_what_the_core_leaves_open(desk):
    """With a small move the estimation error vanishes: sqrt(H) x conditional sd."""
    model = estimates.model_of(desk)
    found = rp.shocks(desk, {"memory": 0.0}, 60, 0.8, by="driver").set_index("driver")
    c = np.asarray(model.covariance)
    left = c[1, 1] - c[1, 0] ** 2 / c[0, 0]
    wanted = np.expm1(1.2815515655446004 * np.sqrt(60 * left))
    assert found.loc["ai_compute", "high"] == pytest.approx(wanted, rel=1e-12)


def test_other_rows_are_refused(desk):
    with pytest.raises(rp.UsageError, match="cannot show shocks by 'tiers'; did you"):
        rp.shocks(desk, {"memory": -0.1}, by="tiers")


def test_total_beta_to_a_driver_is_the_slope_of_the_shock(desk):
    """A small move of that driver alone, everything else following."""
    for driver in ("memory", "crypto"):
        betas = rp.loadings(desk, driver).set_index("instrument")
        small = rp.shocks(desk, {driver: np.expm1(1e-6)}).set_index("instrument")
        slope = np.log1p(small["shock"]) / 1e-6
        own = betas[f"total_{driver}_beta"]
        assert own.to_numpy() == pytest.approx(slope[own.index].to_numpy(), abs=1e-6)
        assert (
            "The same in"
            in rp.loadings(desk, driver).definitions[f"local_{driver}_beta"]
        )


def test_an_unknown_driver_is_named(desk):
    with pytest.raises(rp.UsageError, match="no driver 'memroy' with prices; did you"):
        rp.loadings(desk, "memroy")
