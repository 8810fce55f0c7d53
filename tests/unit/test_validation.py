"""Evidence: dated, blind to the future, and by the very functions behind the doors."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import riskplugin as rp
from riskplugin.scoring import crps

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
EPISODES = [
    ("2022-02-14", "2022-11-10"),
    ("2024-06-17", "2024-08-21"),
    ("2025-01-08", "2025-04-07"),
]
BASKET = ["MU", "000660.KS", "005930.KS"]


@pytest.fixture(scope="module")
def desk():
    return rp.load_desk(SAMPLES / "desk.toml")


@pytest.fixture(scope="module")
def found(desk):
    return rp.evidence(desk)


@pytest.fixture(scope="module")
def frames():
    names = ("positions", "instruments", "prices", "fx")
    return {n: pd.read_csv(SAMPLES / f"{n}.csv", dtype=str) for n in names}


def desk_until(frames, day, positions):
    """A desk that has never heard of anything later than `day`."""
    cut = {n: f[f["date"] <= day] for n, f in frames.items() if "date" in f}
    return rp.desk_from_tables(
        positions=positions, instruments=frames["instruments"], **cut
    )


def test_the_falls_that_the_sample_was_made_with_are_found(found):
    dated = found.to_frame()[["start", "end"]].drop_duplicates()
    assert list(dated.itertuples(index=False, name=None)) == EPISODES


@pytest.mark.parametrize("episode", EPISODES)
def test_predictions_are_those_of_shocks_on_the_day_before(found, frames, episode):
    start, end = episode
    rows = found.to_frame().query("start == @start").set_index("instrument")
    then = desk_until(
        frames, start, pd.DataFrame({"book": ["b"], "instrument": "MU", "quantity": 1})
    )
    basket = np.log1p(rows.loc[BASKET, "realised"]).mean()
    sessions = int(np.busday_count(start, end))
    shocks = rp.shocks(then, {"memory": np.expm1(basket)}, sessions)
    shocks = shocks.set_index("instrument").loc[rows.index]
    for of_shocks, of_evidence in (
        ("shock", "predicted"),
        ("low", "low"),
        ("high", "high"),
    ):
        np.testing.assert_allclose(
            rows[of_evidence], shocks[of_shocks], rtol=0, atol=1e-12
        )
    assert (rows["provenance"] == shocks["provenance"]).all()


def test_books_are_those_of_stress_on_the_day_before(found, frames):
    start, end = EPISODES[1]
    rows = found.to_frame().query("start == @start and not in_basket")
    names = rows["instrument"].tolist()
    held = pd.DataFrame(
        {"book": "all", "instrument": names, "quantity": 1 / len(names), "price": 1.0}
    )
    fx = frames["fx"][frames["fx"]["date"] <= start].groupby("pair")["rate"].last()
    per_usd = {".KS": "USDKRW", ".T": "USDJPY", ".TW": "USDTWD"}
    for suffix, pair in per_usd.items():
        local = held["instrument"].str.endswith(suffix)
        held.loc[local, "price"] = float(fx[pair])
    then = desk_until(frames, start, held)
    realised = found.to_frame().query("start == @start and in_basket")["realised"]
    scenario = rp.Scenario(
        name="episode",
        core={"memory": float(np.expm1(np.log1p(realised).mean()))},
        horizon_sessions=int(np.busday_count(start, end)),
    )
    stress = rp.stress(then, scenario, by="book")
    (book,) = (
        found.books.to_frame()
        .query("start == @start and portfolio == 'all names'")
        .to_dict("records")
    )
    assert book["names"] == len(names)
    assert book["predicted"] == pytest.approx(stress["pnl"][0], abs=1e-12)
    assert book["low"] == pytest.approx(stress["low"][0], abs=1e-9)
    assert book["realised"] == pytest.approx(rows["realised"].mean(), abs=1e-12)


def test_realised_is_what_the_prices_did_in_dollars(found, frames):
    start, end = EPISODES[0]
    prices = frames["prices"].set_index("date")["000660.KS"].astype(float).ffill()
    fx = frames["fx"].query("pair == 'USDKRW'").set_index("date")["rate"].astype(float)
    expected = prices[end] / prices[start] * fx[start] / fx[end] - 1
    rows = found.to_frame().query("start == @start").set_index("instrument")
    assert rows.loc["000660.KS", "realised"] == pytest.approx(expected, rel=1e-12)


def test_given_episodes_are_taken_as_given(desk):
    found = rp.evidence(desk, episodes=[("2023-03-01", "2023-06-30")])
    assert set(found["start"]) == {"2023-03-01"}
    assert set(found["end"]) == {"2023-06-30"}


def test_scores_are_those_of_the_rows(found):
    rows = found.to_frame().query("not in_basket").dropna()
    summary = found.summary.to_frame().set_index(["scope", "name"])
    logs = np.log1p(rows[["predicted", "low", "high", "realised"]])
    scale = (logs["high"] - logs["low"]) / (2 * norm.ppf(0.9))
    z = (logs["realised"] - logs["predicted"]) / scale
    score = scale * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    by_episode = score.groupby([rows["start"]]).mean()
    whole = summary.loc[("all", "all names")]
    assert whole["crps"] == pytest.approx(by_episode.mean(), rel=1e-12)
    inside = (rows["realised"] >= rows["low"]) & (rows["realised"] <= rows["high"])
    assert whole["inside"] == pytest.approx(inside.mean(), rel=1e-12)
    assert whole["count"] == len(rows)
    gpu = rows["tier"] == "gpu"
    error = (rows["predicted"] - rows["realised"])[gpu].abs()
    assert summary.loc[("tier", "gpu"), "mean_error"] == pytest.approx(error.mean())


def logs_of(found):
    """The rows that are scored, their log errors and what one deviation is."""
    rows = found.to_frame().query("not in_basket").dropna()
    logs = np.log1p(rows[["predicted", "low", "high", "realised"]])
    scale = (logs["high"] - logs["low"]) / (2 * norm.ppf(0.9))
    return rows, (logs["realised"] - logs["predicted"]) / scale


def test_every_tier_of_every_episode_is_scored(found):
    rows, _ = logs_of(found)
    keys = [rows["start"], rows["tier"]]
    grouped = rows.groupby(["start", "tier"])
    tiers = found.by_tier.set_index(["start", "tier"])
    assert set(tiers.index) == set(grouped.groups)
    assert set(found.by_tier.definitions) == set(found.by_tier.columns)
    error = (rows["predicted"] - rows["realised"]).abs()
    inside = rows["realised"].between(rows["low"], rows["high"])
    wanted = {
        "count": grouped.size(),
        "mean_predicted": grouped["predicted"].mean(),
        "mean_realised": grouped["realised"].mean(),
        "mean_error": error.groupby(keys).mean(),
        "median_no_move": rows["realised"].abs().groupby(keys).median(),
        "inside": inside.groupby(keys).mean(),
    }
    for column, figures in wanted.items():
        ours = tiers[column].loc[figures.index].astype(float)
        np.testing.assert_allclose(ours, figures, rtol=1e-12)


def test_calibration_is_how_many_fell_into_bands_of_each_level(found):
    rows, off = logs_of(found)
    table = found.calibration.set_index(["scope", "name"])
    assert set(found.calibration.definitions) == set(found.calibration.columns)
    tiers = rows["tier"].unique()
    assert set(table.index) == {("all", "all names"), *(("tier", t) for t in tiers)}
    for scope, name in table.index:
        mine = off[rows["tier"] == name] if scope == "tier" else off
        ours = table.loc[(scope, name)]
        assert ours["count"] == len(mine)
        assert ours["bias"] == pytest.approx(mine.mean(), rel=1e-9)
        assert ours["spread"] == pytest.approx(np.sqrt((mine**2).mean()), rel=1e-9)
        for level in (50, 80, 90, 95):
            within = (mine.abs() <= norm.ppf(0.5 + level / 200)).mean()
            assert ours[f"within_{level}"] == pytest.approx(within, rel=1e-12)


@pytest.mark.parametrize(("middle", "scale", "real"), [(0.1, 0.3, -0.4), (0, 1, 0)])
def test_crps_is_its_integral(middle, scale, real):
    def squared(x):
        return (norm.cdf(x, middle, scale) - (x >= real)) ** 2

    integral = quad(squared, -9, real)[0] + quad(squared, real, 9)[0]
    found = crps(*(np.array([float(v)]) for v in (middle, scale, real)))
    assert found[0] == pytest.approx(integral, abs=1e-9)


def test_crps_of_a_certain_forecast_is_its_error():
    found = crps(np.array([0.1]), np.array([0.0]), np.array([-0.2]))
    np.testing.assert_allclose(found, [0.3])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"driver": "memroy"}, r"'memroy' is unknown .* did you mean 'memory'"),
        ({"threshold": 30}, "threshold is 30, a fall between 0 and 1"),
        ({"episodes": [("x", "2024-01-01")]}, "'x' is no date"),
        ({"episodes": [("2024-01-01", "2023-01-01")]}, "lies outside the prices"),
        ({"episodes": [("2001-01-01", "2023-01-01")]}, "lies outside the prices"),
    ],
)
def test_wrong_usage_is_said(desk, arguments, message):
    with pytest.raises(rp.UsageError, match=message):
        rp.evidence(desk, **arguments)


def test_no_episode_with_history_before_it_is_an_error(desk):
    with pytest.raises(rp.ModelError, match="no reversal of 'memory' has enough"):
        rp.evidence(desk, episodes=[("2020-06-10", "2020-07-01")])
