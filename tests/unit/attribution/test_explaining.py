"""Planted changes are attributed to exactly those, and nothing is left over."""

from math import fsum

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.attribution.explaining import closing, coarser, explained, left_over
from riskplugin.attribution.steps import PARTS
from riskplugin.scenarios.definition import Scenario
from tests.unit.attribution.desks import BUILD, closes, desk, held, rates

BASE = desk()


def moved(found):
    """Return the parts that did anything to each metric that moved."""
    acted = found[found["contribution"] != 0]
    return acted.groupby("metric")["part"].agg(list).to_dict()


def parts_of(found):
    """Return the parts that did anything to anything."""
    return {part for parts in moved(found).values() for part in parts}


def changed(row, **cells):
    rows = held()
    for column, value in cells.items():
        rows.loc[row, column] = value
    return rows


def with_close(name, factor, row=-1):
    prices = closes()
    prices.iloc[row, prices.columns.get_loc(name)] *= factor
    return prices


def contribution(found, metric, part):
    rows = found[(found["metric"] == metric) & (found["part"] == part)]
    return float(rows["contribution"].iloc[0])


# --- one thing at a time -------------------------------------------------------------

INSTRUMENTS = pd.DataFrame(
    {
        "instrument": ["NVDA"],
        "tier": ["gpu"],
        "asset_class": ["equity"],
        "kind": ["spot"],
        "currency": ["USD"],
    }
)
PLANTED = {
    "nothing": ({}, set()),
    "rows in another order": ({"positions": held()[::-1]}, set()),
    "a book renamed": ({"positions": held().replace("semis", "chips")}, set()),
    "a nav": ({"settings": {"nav": {"semis": 1e6}}}, set()),
    "a quantity": ({"positions": changed(0, quantity=1500.0)}, {"changed_positions"}),
    "a position less": ({"positions": held().drop(index=4)}, {"closed_positions"}),
    "a price of the desk's own": ({"positions": changed(5, price=99.0)}, {"prices"}),
    "a close": ({"prices": with_close("NVDA", 1.03)}, {"prices", "loadings"}),
    "an old close": ({"prices": with_close("NVDA", 1.03, -90)}, {"loadings"}),
    "a multiplier": (
        {"instruments": INSTRUMENTS.assign(multiplier=2.0)},
        {"instruments"},
    ),
    "a scenario": (
        {"scenarios": [BUILD, Scenario(name="other", core={"crypto": -0.4})]},
        {"scenarios"},
    ),
    "a half-life": ({"settings": {"half_life": 60}}, {"settings"}),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_change_is_attributed_to_what_was_changed(name):
    given, parts = PLANTED[name]
    assert parts_of(explained(BASE, desk(**given))) == parts


@pytest.mark.parametrize("name", ["nothing", "a multiplier", "a half-life"])
def test_book_of_a_desk_is_explained_by_the_same_parts(name):
    """Its model is that of the whole desk."""
    given, parts = PLANTED[name]
    books = (rp.with_positions(of, "semis") for of in (BASE, desk(**given)))
    assert parts_of(explained(*books)) == parts


def test_new_position_is_new():
    more = pd.DataFrame([{"book": "semis", "instrument": "TAO", "quantity": 10.0}])
    found = explained(BASE, desk(positions=pd.concat([held(), more])))
    assert parts_of(found) == {"new_positions"}
    names = found.names
    assert set(names.query("metric == 'stress:build'")["instrument"]) == {"TAO"}


def test_rate_of_exchange_is_fx_and_history():
    moved_rates = rates()
    moved_rates.loc[len(moved_rates) - 1, "rate"] *= 1.05
    found = explained(BASE, desk(fx=moved_rates))
    assert parts_of(found) == {"fx", "loadings"}
    in_fx = found.names.query("part == 'fx' and metric == 'exposure:net'")
    assert list(in_fx["instrument"]) == ["000660.KS"]


def test_scenario_moves_its_own_stress_alone():
    given, _ = PLANTED["a scenario"]
    assert moved(explained(BASE, desk(**given))) == {"stress:other": ["scenarios"]}


# --- by hand -------------------------------------------------------------------------


def test_quantity_does_to_the_stress_what_it_did_to_the_value():
    """Half as many again of MU's 1,000: half of that position's P&L more."""
    after = desk(positions=changed(0, quantity=1500.0))
    by = ("scenario", "book", "instrument")
    pnl = rp.stress(BASE, "build", by).set_index(["book", "instrument"])["pnl"]
    found = explained(BASE, after)
    gain = contribution(found, "stress:build", "changed_positions")
    assert gain == pytest.approx(0.5 * pnl["semis", "MU"], rel=1e-12)
    row = found[found["metric"] == "stress:build"].iloc[1]
    assert row["movers"] == f"MU {gain:+,.0f}"


def test_closed_position_takes_its_loss_with_it():
    after = desk(positions=held().drop(index=4))
    pnl = rp.stress(BASE, "other", ("instrument",)).set_index("instrument")["pnl"]
    found = explained(BASE, after)
    gone = contribution(found, "stress:other", "closed_positions")
    assert gone == pytest.approx(-pnl["BTC"], rel=1e-12)
    assert contribution(found, "exposure:gross", "closed_positions") == pytest.approx(
        -50 * closes()["BTC"].iloc[-1], rel=1e-12
    )


def test_price_then_rate_of_exchange():
    """900 Hynix: the price moves at yesterday's rate, the rate at today's price."""
    prices, moved_rates = with_close("000660.KS", 1.10), rates()
    moved_rates.loc[len(moved_rates) - 1, "rate"] *= 1.25
    found = explained(BASE, desk(prices=prices, fx=moved_rates))
    close, rate = closes()["000660.KS"].iloc[-1], rates()["rate"].iloc[-1]
    net = "exposure:net"
    assert contribution(found, net, "prices") == pytest.approx(
        900 * close * 0.10 / rate, rel=1e-9
    )
    assert contribution(found, net, "fx") == pytest.approx(
        900 * close * 1.10 * (1 / 1.25 - 1) / rate, rel=1e-9
    )


def test_order_is_the_stated_one():
    found = explained(BASE, desk(positions=changed(0, quantity=1.0)))
    for _, rows in found.groupby("metric"):
        assert tuple(rows["part"]) == PARTS


# --- nothing left over ---------------------------------------------------------------


def everything():
    """Return a desk in which all of it is another."""
    rows = held().drop(index=3).replace("tokens", "coins")
    rows.loc[0, "quantity"] = 1200.0
    more = pd.DataFrame([{"book": "new", "instrument": "SOL", "quantity": 5.0}])
    prices = closes().iloc[:-1]
    prices["SOL"] = 150 * np.exp(np.sin(np.arange(len(prices))) / 30)
    return desk(
        positions=pd.concat([rows, more]),
        prices=prices,
        fx=rates().iloc[:-1],
        instruments=INSTRUMENTS.assign(multiplier=3.0),
        scenarios=[BUILD, Scenario(name="other", tiers={"gpu": -0.2})],
        settings={"half_life": 90},
    )


def test_contributions_add_up_and_ends_are_what_the_runs_say():
    after = everything()
    found = explained(BASE, after)
    assert (found["residual"] == 0).all()
    for metric, rows in found.groupby("metric", sort=False):
        assert fsum(rows["contribution"]) == rows["change"].iloc[0], metric
    for column, of in (("before", BASE), ("after", after)):
        report = rp.run(of)
        total = report.tables["stress_total"].set_index("scenario")["pnl"]
        measures = report.tables["measures"].groupby("measure")["total"].first()
        for metric, value in found.groupby("metric")[column].first().items():
            kind, _, name = metric.partition(":")
            if kind == "stress":
                assert value == total[name]
            elif kind == "measure":
                assert value == measures[name]
            elif kind == "exposure":
                assert value == pytest.approx(report.exposures[name].sum(), rel=1e-12)


def test_every_part_acts_where_everything_is_another():
    assert parts_of(explained(BASE, everything())) == set(PARTS)


def test_names_add_up_to_their_part():
    found = explained(BASE, everything())
    by_part = found.names.groupby(["metric", "part"])["contribution"].sum()
    whole = found.set_index(["metric", "part"])
    for key, value in by_part.items():
        scale = max(abs(whole.loc[key, "before"]), abs(whole.loc[key, "after"]))
        assert value == pytest.approx(whole.loc[key, "contribution"], abs=1e-7 * scale)


def test_there_and_back_again_the_change_is_the_opposite():
    after = everything()
    there = explained(BASE, after).groupby("metric")["change"].first()
    back = explained(after, BASE).groupby("metric")["change"].first()
    pd.testing.assert_series_equal(there, -back, check_exact=True)


def test_nothing_stays_of_the_book():
    after = desk(
        positions=pd.DataFrame([{"book": "x", "instrument": "NVDA", "quantity": 7.0}])
    )
    found = explained(BASE, after)
    rows = found[found["metric"] == "stress:build"].set_index("part")["contribution"]
    before = rp.stress(BASE, "build", "scenario")["pnl"][0]
    later = rp.stress(after, "build", "scenario")["pnl"][0]
    assert rows["closed_positions"] == pytest.approx(-before, rel=1e-12)
    assert rows["new_positions"] == pytest.approx(later, rel=1e-12)
    assert set(rows.index[rows != 0]) == {"closed_positions", "new_positions"}


# --- what only one run has -----------------------------------------------------------


def test_scenario_of_one_run_alone_is_said():
    found = explained(desk(scenarios=[BUILD]), BASE).set_index("metric")
    assert found.loc["stress:other", "part"] == "not in the earlier run"
    assert np.isnan(found.loc["stress:other", "before"])
    assert found.loc["stress:other", "after"] == pytest.approx(
        rp.stress(BASE, "other", "scenario")["pnl"][0]
    )
    back = explained(BASE, desk(scenarios=[BUILD])).set_index("metric")
    assert back.loc["stress:other", "part"] == "not in the later run"


def test_parts_that_cannot_be_told_apart_stand_together():
    """The later history has no crypto, which the earlier scenario moves."""
    gone = desk(
        positions=held().drop(index=[4]),
        prices=closes().drop(columns="BTC"),
        scenarios=[BUILD, Scenario(name="other", core={"memory": -0.2})],
    )
    found = explained(BASE, gone)
    parts = found[found["metric"] == "stress:other"]["part"].tolist()
    assert "loadings + scenarios" in parts
    assert (found["residual"] == 0).all()


def test_other_money_is_refused():
    krw = desk(settings={"base_currency": "KRW"})
    with pytest.raises(rp.UsageError, match="in USD and KRW"):
        explained(BASE, krw)


def test_rounding_goes_to_the_largest_contribution():
    """0.1 + 0.2 - 0.1 - 0.2 is not 0 in floats; what is still takes nothing."""
    values = [0.0, 0.1, 0.1 + 0.2, 0.2, 0.2]
    made = closing(values, [False, False, False, True])
    assert fsum(made) == 0.2
    assert left_over(values, made) == 0
    assert made[3] == 0.0
    assert made == pytest.approx([0.1, 0.2, -0.1, 0.0])


def test_what_passes_through_a_large_figure_is_known_no_better():
    values = [0.1, 1e16, 0.3]
    assert left_over(values, closing(values, [False] * 2)) != 0
    grid = coarser(values)
    assert grid == [0.0, 1e16, 0.0]
    assert closing(grid, [False] * 2) == [1e16, -1e16]
