"""Replays at the desk's door: exact revaluation, labels, sources, and what is refused.

A replay inside the price history is quantity x (P_end / P_start - 1) x today's value,
straight from the files.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin import estimates
from riskplugin.episodes import Episode
from riskplugin.inputs.shipped import shipped_episodes
from riskplugin.tables.replays import (
    chosen_episodes,
    past_episodes,
    replay_path_table,
    replay_scenarios,
    replay_table,
)

SAMPLES = Path(__file__).parents[3] / "samples"
DATES = ("2023-03-01", "2024-08-21")
COVERED = ["covered_own", "covered_loadings", "covered_table", "uncovered"]
LATE = np.datetime64("2026-05-29")


LINEAR_BOOKS = ["crypto_infra", "market_neutral", "memory_semis"]


@pytest.fixture(scope="module")
def desk():
    """The books without contracts: what a move does to them is the same by any path."""
    return rp.with_positions(rp.load_desk(SAMPLES / "desk.toml"), LINEAR_BOOKS)


@pytest.fixture(scope="module")
def model(desk):
    return estimates.model_of(desk)


@pytest.fixture(scope="module")
def units():
    """The value of a unit of each name in USD, weekday by name, from the files."""
    prices = pd.read_csv(SAMPLES / "prices.csv", index_col="date", parse_dates=True)
    rates = pd.read_csv(SAMPLES / "fx.csv", parse_dates=["date"])
    rates = rates.pivot_table("rate", "date", "pair")
    days = pd.bdate_range(prices.index[0], prices.index[-1])
    prices, rates = (t.reindex(days).ffill(limit=4) for t in (prices, rates))
    for suffix, pair in {".KS": "USDKRW", ".T": "USDJPY", ".TW": "USDTWD"}.items():
        quoted = [name for name in prices if name.endswith(suffix)]
        prices[quoted] = prices[quoted].div(rates[pair], axis=0)
    return prices


def test_inside_the_prices_a_replay_is_revaluation_on_them(desk, model, units):
    found = replay_table(desk, model, DATES, ("position", "instrument"))
    own = found["covered_own"] > 0
    held = rp.positions(desk).set_index("position").loc[found["position"]]
    names = found["instrument"].where(found["instrument"].isin(units.columns))
    moved = units.loc[DATES[1]] / units.loc[DATES[0]] - 1
    wanted = held["market_value"].to_numpy() * names.map(moved).to_numpy(float)
    known = own & ~np.isnan(wanted)
    assert (own.sum(), known.sum()) == (41, 39)  # two of cash, without prices
    np.testing.assert_allclose(
        found["pnl"][known], wanted[known], rtol=1e-12, atol=1e-6
    )


def test_cash_moves_with_its_currency(desk, model):
    rates = pd.read_csv(SAMPLES / "fx.csv").query("pair == 'USDKRW'")
    rates = rates.set_index("date")["rate"]
    rows = replay_table(desk, model, DATES, "episode").positions.set_index("instrument")
    won, dollar = rows.loc["CASH_KRW"], rows.loc["CASH_USD"]
    wanted = won["market_value"] * (rates[DATES[0]] / rates[DATES[1]] - 1)
    assert won["pnl"] == pytest.approx(wanted, rel=1e-12)
    assert (dollar["pnl"], dollar["source"]) == (0.0, "own")


def test_dates_of_a_shipped_episode_are_that_episode(desk, model):
    by_dates = replay_table(desk, model, ("2022-01-14", "2022-09-26"), "tier")
    by_name = replay_table(desk, model, "replay_2022", "tier")
    pd.testing.assert_frame_equal(by_dates.to_frame(), by_name.to_frame())
    assert set(by_name["episode"]) == {"replay_2022"}


def test_money_by_source_is_the_gross_of_every_row(desk, model):
    for by in ("tier", ("book", "tier"), ("position",), "episode"):
        found = replay_table(desk, model, None, by)
        keys = [k for k in ("book", "tier", "position") if k in found]
        gross = rp.exposures(desk, keys or ())["gross"].to_numpy()
        per_episode = found[COVERED].sum(axis=1).to_numpy().reshape(8, -1)
        np.testing.assert_allclose(per_episode, np.tile(gross, (8, 1)), rtol=1e-12)


def test_keys_stand_in_the_order_asked_for(desk, model):
    names = ["replay_2022", "replay_2025"]
    found = replay_table(desk, model, names, ("book", "episode"))
    assert list(found.columns[:2]) == ["book", "episode"]
    assert found["episode"].tolist() == names * 3
    turned = replay_table(desk, model, names, "book")
    assert list(turned.columns[:2]) == ["episode", "book"]
    assert turned["book"].tolist() == found["book"].drop_duplicates().tolist() * 2
    both = turned.merge(found, on=["book", "episode"], suffixes=("", "_b"))
    np.testing.assert_array_equal(both["pnl"], both["pnl_b"])


def test_every_column_is_defined(desk, model):
    found = replay_table(desk, model, None, ("book", "position"))
    path = replay_path_table(desk, model, "replay_2024", "tier")
    for result in (found, found.positions, found.drivers, path):
        assert set(result.definitions) == set(result.columns)
        assert all(result.definitions.values())


def test_positions_add_up_and_say_where_their_moves_come_from(desk, model):
    found = replay_table(desk, model, None, "episode")
    rows = found.positions
    assert set(rows["source"]) == {"own", "loadings", "episode_table", "unknown"}
    summed = rows.groupby("episode", sort=False)["pnl"].sum()
    np.testing.assert_allclose(summed, found["pnl"], rtol=1e-12)
    unknown = rows["source"] == "unknown"
    assert rows.loc[unknown, ["pnl", "local_move"]].isna().all(axis=None)
    assert rows.loc[~unknown, "pnl"].notna().all()
    gross = rows["market_value"].abs().groupby([rows["episode"], rows["source"]]).sum()
    lost = gross.xs("unknown", level="source")
    assert lost.to_dict() == pytest.approx(
        found.set_index("episode")["uncovered"].loc[lost.index].to_dict()
    )
    through = rows["source"] == "loadings"
    allowed = {"own", "shrunk", "proxied", "assumed"}
    assert set(rows.loc[through, "provenance"]) <= allowed
    assert set(rows.loc[~through, "provenance"]) == {""}


def test_an_older_episode_is_the_shipped_record(desk, model):
    """The prices of the sample begin in 2020: MU fell 88 % in 2000-02."""
    rows = replay_table(desk, model, "replay_2000_02", "episode").positions
    rows = rows.set_index(["instrument", "book"])
    micron = rows.loc["MU"].iloc[0]
    assert micron["source"] == "episode_table"
    assert micron["pnl"] == pytest.approx(micron["market_value"] * -0.8783)
    korean = rows.loc["000660.KS"].iloc[0]
    assert korean["fx_source"] == "episode_table"
    assert np.isnan(korean["fx_move"])
    assert korean["pnl"] == pytest.approx(korean["market_value"] * -0.9885)
    # SNDK is not in it: the median of MU, SK hynix, Samsung and WDC
    flash = rows.loc["SNDK"].iloc[0]
    median = (-0.8783 - 0.2966) / 2
    assert flash["pnl"] == pytest.approx(flash["market_value"] * median)


def test_drivers_say_what_they_did_and_that_they_are_unknown(desk, model):
    found = replay_table(desk, model, ["replay_2000_02", "replay_2022"], "episode")
    old, recent = (found.drivers.query("episode == @e") for e in found["episode"])
    assert old["move"].isna().all()
    assert not old["followed"].any()
    assert recent["move"].notna().all()
    assert recent.set_index("driver")["members"]["memory"] == "MU, 000660.KS, 005930.KS"


# --- session by session --------------------------------------------------------------


def test_a_path_begins_at_nothing_and_ends_at_the_replay(desk, model):
    for by in ((), "tier", ("book", "tier")):
        path = replay_path_table(desk, model, None, by)
        total = replay_table(desk, model, None, by or "episode")
        for name, part in path.groupby("episode", sort=False):
            last = part[part["session"] == part["session"].max()]
            ends = total[total["episode"] == name]
            assert last["session"].iloc[0] == ends["sessions"].iloc[0]
            assert last["date"].iloc[0] == ends["end"].iloc[0]
            np.testing.assert_allclose(last["pnl"], ends["pnl"], rtol=1e-9, atol=1e-4)
            first = part[part["session"] == 0]["pnl"].dropna()
            assert (first == 0).all()


def test_a_path_is_revaluation_on_every_day(desk, model, units):
    path = replay_path_table(desk, model, DATES, "instrument")
    held = rp.positions(desk)
    held = held[held["instrument"] == "000660.KS"]["market_value"].sum()
    mine = path[path["instrument"] == "000660.KS"].set_index("date")["pnl"]
    series = units.loc[DATES[0] : DATES[1], "000660.KS"]
    wanted = held * (series / series.iloc[0] - 1)
    assert len(wanted) == len(mine)
    np.testing.assert_allclose(mine, wanted, atol=1e-6 * abs(held))


# --- as scenarios --------------------------------------------------------------------


def test_as_scenarios_they_are_stressed_to_the_same(desk, model):
    scenarios = replay_scenarios(desk, model, None)
    assert scenarios.names() == ("replay_2022", "replay_2024", "replay_2025")
    stressed = rp.stress(desk, scenarios, ("scenario", "book", "tier"))
    replays = replay_table(desk, model, list(scenarios.names()), ("book", "tier"))
    np.testing.assert_allclose(
        stressed["pnl"] - stressed["liquidity"], replays["pnl"], rtol=1e-9, atol=1e-6
    )
    own = replay_scenarios(desk, model, DATES)
    assert own.names() == ("replay_20230301_20240821",)


def test_what_cannot_be_a_scenario_says_why(desk, model):
    with pytest.raises(
        rp.ModelError, match=r"replay_2011 cannot be a scenario: .* of "
    ):
        replay_scenarios(desk, model, "replay_2011")


# --- which episodes ------------------------------------------------------------------


def test_only_what_had_ended_is_known():
    during = np.datetime64("2018-12-23")
    assert past_episodes(during)[-1].name == "replay_2014_16"
    assert past_episodes(during + 1)[-1].name == "replay_2018"
    then = np.datetime64("2019-06-28")
    assert [e.name for e in past_episodes(then)][-1] == "replay_2018"
    assert chosen_episodes(then, None) == list(past_episodes(then))
    with pytest.raises(
        rp.UsageError, match="replay_2022 ends on 2022-09-26, after 2019"
    ):
        chosen_episodes(then, "replay_2022")
    with pytest.raises(rp.UsageError, match="ends on 2019-07-01, after 2019-06-28"):
        chosen_episodes(then, ("2019-05-01", "2019-07-01"))


def test_ways_to_ask_for_episodes():
    pair = ("2021-04-08", "2021-05-12")
    mine = Episode("mine", np.datetime64("2021-04-08"), np.datetime64("2021-05-12"))
    names = ["replay_2018", "replay_2022"]
    cases = [
        (pair, ["replay_20210408_20210512"]),
        ([pair, "replay_2018"], ["replay_20210408_20210512", "replay_2018"]),
        (tuple(names), names),
        (iter(names), names),
        (mine, ["mine"]),
        ((pd.Timestamp(pair[0]), pair[1]), ["replay_20210408_20210512"]),
    ]  # fmt: skip
    for wanted, expected in cases:
        assert [e.name for e in chosen_episodes(LATE, wanted)] == expected


def test_a_date_at_a_weekend_is_the_friday_before():
    (found,) = chosen_episodes(LATE, ("2021-04-10", "2021-05-16"))
    assert (str(found.start), str(found.end)) == ("2021-04-09", "2021-05-14")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("replay_2021", r"no episode 'replay_2021'; did you mean .*, or give \(start"),
        ("2018", "no episode '2018'; "),
        (("x", "2024-01-01"), "'x' is no date; write 2024-06-19"),
        (("", "2024-01-01"), "'' is no date"),
        (("2018", "2022"), "'2018' is no date; write"),
        ((pd.NaT, "2022-01-03"), "NaT is no date"),
        (("2024-01-02", "2024-01-01"), "from 2024-01-02 to 2024-01-01 has no session"),
        (("2024-01-06", "2024-01-07"), "has no session"),
        ([("2024-01-01",)], "is no episode: give a name or"),
        ([3], "3 is no episode"),
        ([], r"ask for one or more distinct episodes, got \[\]"),
        (["replay_2018", "replay_2018"], "distinct episodes, got"),
    ],
)
def test_wrong_episodes_are_said(wanted, message):
    with pytest.raises(rp.UsageError, match=message):
        chosen_episodes(LATE, wanted)


def test_wrong_keys_are_said(desk, model):
    with pytest.raises(rp.UsageError, match="cannot group by 'scenario'"):
        replay_table(desk, model, None, "scenario")
    with pytest.raises(rp.UsageError, match="cannot group by 'tiers'; did you mean"):
        replay_path_table(desk, model, None, "tiers")


def test_no_coverage_at_all_is_an_error_and_not_zero(desk, model):
    held = pd.DataFrame({"book": "b", "instrument": ["MU", "TAO"], "quantity": 100.0})
    bare = rp.with_positions(desk, held)
    old = ("1999-01-04", "1999-03-01")
    with pytest.raises(rp.ModelError, match="nothing held is known in replay_1999"):
        replay_table(bare, model, old, "tier")
    with pytest.raises(rp.ModelError, match="nothing held is known in replay_1999"):
        replay_path_table(bare, model, old, "tier")
    tokens = held[held["instrument"] == "TAO"]
    only = rp.with_positions(desk, tokens)
    with pytest.raises(rp.ModelError, match="nothing held is known in replay_2000_02"):
        replay_table(only, model, "replay_2000_02", "tier")
    found = replay_table(only, model, None, "tier")
    unknown = found["episode"].isin(["replay_2000_02", "replay_2018"])
    assert found.loc[unknown, ["pnl", "direct", "propagated"]].isna().all(axis=None)
    assert (found.loc[unknown, "uncovered"] > 0).all()
    assert found.loc[found["episode"] == "replay_2022", "pnl"].notna().all()


def test_shipped_episodes_are_past_on_the_sample(desk):
    assert past_episodes(desk.as_of) == shipped_episodes()


def test_bitcoin_of_2011_and_2014_does_not_stand_for_other_tokens(desk):
    found = rp.replay(desk, ["replay_2011", "replay_2014_16"]).positions
    moved = found["underlying"].where(found["underlying"] != "", found["instrument"])
    tokens = found[
        [desk.universe.instruments[n].asset_class == "crypto" for n in moved]
    ]
    names = moved[tokens.index]
    assert {"BTC", "ETH", "SOL"} <= set(names)
    assert set(tokens.loc[names == "BTC", "source"]) == {"episode_table"}
    assert set(tokens.loc[names != "BTC", "source"]) == {"unknown"}
    assert tokens.loc[names != "BTC", "pnl"].isna().all()
