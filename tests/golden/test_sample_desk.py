"""The sample desk from end to end: what it must show, and what may not move unseen.

Golden figures detect change; they do not prove truth (the hand book does).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.store.summary import summary as first_page

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
GOLDEN = Path(__file__).with_name("sample_stress_total.csv")


@pytest.fixture(scope="module")
def desk():
    return rp.load_desk(SAMPLES / "desk.toml")


@pytest.fixture(scope="module")
def report(desk):
    return rp.run(desk)


def test_the_desk_is_as_its_readme_says(desk):
    book = desk.book
    assert book.labels["book"].names == (
        "crypto_infra",
        "market_neutral",
        "memory_overlay",
        "memory_semis",
        "token_basis",
    )
    assert set(book.labels["kind"].names) == {
        "spot",
        "etf",
        "leveraged_etf",
        "option",
        "future",
        "perpetual",
        "cash",
    }
    assert (~np.isnat(book.locked_until)).sum() == 2
    assert {"USD", "KRW", "JPY", "TWD"} <= set(book.labels["currency"].names)
    assert str(desk.as_of) == "2026-05-29"
    assert len(desk.left_out) == 0
    assert [i.code for i in desk.issues] == ["modelled-price"]


def test_young_tokens_are_proxied_and_said_so(desk):
    loadings = rp.loadings(desk).set_index("instrument")
    assert loadings.loc["VIRTUAL", "provenance"] == "proxied"
    assert loadings.loc["VIRTUAL", "windows"] < 60
    assert loadings.loc["GRASS", "provenance"] in ("own", "shrunk")
    exposure = rp.exposures(desk, by="tier").set_index("tier")
    assert loadings.loc["MU260918P340", "underlying"] == "MU"
    assert loadings.loc["MU", "underlying"] == ""
    assert 0 < exposure.loc["crypto_agents", "proxied_share"] < 1
    assert exposure.loc["memory", "proxied_share"] == 0


def test_the_memory_basket_reproduces_its_own_shock(desk):
    shocks = rp.shocks(desk, core={"memory": -0.40}).set_index("instrument")
    members = shocks.loc[["MU", "000660.KS", "005930.KS"], "shock"]
    assert np.log1p(members).mean() == pytest.approx(np.log(0.6), abs=1e-12)
    assert shocks.loc["SPY", "provenance"] == "own"


def test_a_driver_of_one_member_moves_as_the_core_says(desk):
    shocks = rp.shocks(desk, core={"equity": -0.2}).set_index("instrument")
    assert shocks.loc["SPY", "shock"] == pytest.approx(-0.2, abs=1e-12)
    assert shocks.loc["SPY", "low"] == pytest.approx(-0.2, abs=1e-6)


def test_every_table_of_the_run_adds_up(report):
    total = report.tables["stress_total"].set_index("scenario")["pnl"]
    gross = report.exposures["gross"].sum()
    for name in ("stress", "stress_by_book", "stress_by_position"):
        found = report.tables[name].groupby("scenario")["pnl"].sum()
        pd.testing.assert_series_equal(
            found.sort_index(), total.sort_index(), rtol=0, atol=1e-12 * gross
        )
    held = report.tables["positions"]["market_value"]
    assert report.exposures["net"].sum() == pytest.approx(held.sum(), rel=1e-12)
    assert report.exposures["gross"].sum() == pytest.approx(held.abs().sum(), rel=1e-12)


def test_reversals_hurt_the_long_book_and_a_rally_helps_it(report):
    by_book = report.tables["stress_by_book"].groupby(["scenario", "book"])["pnl"].sum()
    for scenario in ("supply_catch_up", "inventory_build", "supercycle_reversal"):
        assert by_book[scenario, "memory_semis"] < 0
    assert by_book["rally_extends", "memory_semis"] > 0
    net = report.tables["exposures_by_book"].groupby("book")["net"].sum()
    share = by_book["inventory_build"] / net
    assert abs(by_book["inventory_build", "market_neutral"]) < abs(
        by_book["inventory_build", "memory_semis"]
    )
    assert -0.8 < share["memory_semis"] < -0.2


def test_totals_are_the_golden_ones(report):
    golden = pd.read_csv(GOLDEN, index_col="scenario")
    found = report.tables["stress_total"].to_frame().set_index("scenario")
    pd.testing.assert_frame_equal(found[golden.columns], golden, rtol=1e-9)


def test_permuted_inputs_are_the_same_run(desk, report):
    frames = {
        name: pd.read_csv(SAMPLES / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in (
            *("positions", "instruments", "prices", "fx", "limits", "volumes"),
            *("vols", "rates", "holdings", "indicators"),
        )
    }
    config = {
        "nav": dict(desk.settings.nav),
        "drivers": {d: list(m) for d, m in desk.settings.drivers.items()},
    }
    shuffled = {n: f.sample(frac=1, random_state=3) for n, f in frames.items()}
    own = rp.read_scenarios(SAMPLES / "scenarios.toml")
    other = rp.run(rp.desk_from_tables(**shuffled, scenarios=own, settings=config))
    for name in ("exposures", "stress", "stress_by_book", "shocks", "loadings"):
        pd.testing.assert_frame_equal(
            other.tables[name].to_frame(),
            report.tables[name].to_frame(),
            rtol=0,
            atol=0,
        )


def test_marks_of_options_give_back_the_volatilities_they_were_made_of(desk):
    """A binomial tree made the marks; the boundary method reads them."""
    vols = pd.read_csv(SAMPLES / "vols.csv")
    terms = desk.contracts
    for row in np.flatnonzero(terms.american):
        i = int(row)
        smile = vols[vols["instrument"] == terms.underlyings[i]]
        grid = smile.pivot_table("implied_volatility", "tenor_days", "moneyness")
        by_tenor = [
            np.interp(terms.strike[i], grid.columns, r) for r in grid.to_numpy()
        ]
        wanted = np.interp(365 * terms.years[i], grid.index, by_tenor)
        assert terms.volatility[i] == pytest.approx(wanted, abs=0.006)


def test_short_puts_bite_and_a_thin_margin_is_lost(report):
    rows = report.tables["stress_by_position"].set_index(["scenario", "instrument"])
    put = rows.loc[("inventory_build", "MU261218P300")]
    assert put["pnl"] < put["direct"] < 0
    closed = report.tables["liquidations"].set_index(["scenario", "instrument"])
    thin = closed.loc[("narrative_unwind", "SOL-PERP")]
    assert thin["pnl"] == -thin["margin_posted"] > thin["pnl_if_kept"]
    unknown = report.tables["liquidity"].set_index("tier")["unknown_gross"]
    assert unknown.gt(0).to_dict() == {
        tier: tier == "equity_benchmark" for tier in unknown.index
    }
    signals = report.tables["cycle"].set_index("signal")["state"]
    assert "unknown" not in set(signals)
    assert len(report.tables["doctor"]) == 1


def test_what_a_fund_discloses_is_seen_through(report):
    seen = report.tables["look_through"].set_index("tier")
    # 120,000 x 151.20 of AIHW, of which 46 % are memory names, 4 % Seagate, 20 % unsaid
    fund, hedge = 120_000 * 151.2, -94_200 * 318.6  # SMH: 8 % Micron, 20 % unsaid
    assert seen.loc["memory", "through_funds"] == pytest.approx(
        0.50 * fund + 0.08 * hedge, rel=1e-9
    )
    assert seen.loc["equity_benchmark", "left_in_funds"] == pytest.approx(
        0.20 * (fund + hedge), rel=1e-9
    )


def test_the_first_page_counts_in_words(report):
    page = first_page(report)
    assert "* 1 finding: 1 of medium concern.\n" in page
    assert "* 5 of 5 books lose: " in page
    assert "* 8 of 9 scenarios lose money.\n" in page
    share = report.tables["cycle"].set_index("signal").loc["breadth"]
    assert share["evidence"].startswith(f"{share['reading']:.0%} of ")
