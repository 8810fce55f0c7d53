"""Where a desk stands against its limits: by hand, and beside what other doors say.

    book     instrument   value       tier
    semis    MU           10,000      memory
    semis    NVDA         -4,000      gpu
    tokens   TAO           6,000      crypto_compute_storage

NAV: semis 20,000; tokens unknown unless given.
"""

from functools import partial

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.estimates import model_of, sample_of
from riskplugin.limits.definition import Limit
from riskplugin.limits.metrics import metric_named
from riskplugin.scenarios.definition import Scenario
from riskplugin.tables.limit_values import Asked, Value, values_of
from riskplugin.tables.limits import limit_table, limits_of, standing_of, standing_table

DAYS = pd.bdate_range("2025-09-01", "2026-05-29")
LAST = {"MU": 100.0, "NVDA": 200.0, "TAO": 400.0}
POSITIONS = pd.DataFrame(
    [("semis", "MU", 100.0), ("semis", "NVDA", -20.0), ("tokens", "TAO", 15.0)],
    columns=["book", "instrument", "quantity"],
)
SETTINGS = {
    "drivers": {"memory": ["MU"], "ai_compute": [], "crypto": [], "equity": []},
    "nav": {"semis": 20_000.0},
}


def scenario(name, family="desk", **tiers):
    """Return a scenario that says what every tier does, so that it is done by hand."""
    return Scenario(name=name, family=family, tiers=tiers)


SCENARIOS = [
    scenario("halved", memory=-0.5, gpu=-0.25, crypto_compute_storage=0.0),
    scenario("tokens_gone", "far", memory=0.0, gpu=0.0, crypto_compute_storage=-0.9),
    scenario("squeeze", "far", memory=0.0, gpu=1.0, crypto_compute_storage=0.0),
]


@pytest.fixture(scope="module")
def prices():
    drawn = np.random.default_rng(5)
    noise = drawn.normal(0, 0.02, (len(DAYS), len(LAST))).cumsum(axis=0)
    paths = np.exp(noise - noise[-1]) * np.array(list(LAST.values()))
    return pd.DataFrame(paths, index=DAYS, columns=list(LAST)).rename_axis("date")


def row(metric, scope="total", soft=1e9, hard=2e9, unit="base", **more):
    given = {"direction": "max", "scenario": "", "waiver_until": "", "reason": ""}
    levels = {"soft": soft, "hard": hard, "unit": unit}
    return {**given, "metric": metric, "scope": scope, **levels, **more}


@pytest.fixture(scope="module")
def desk_with(prices):
    def desk_with(*rows, **given):
        settings = {**SETTINGS, **given.pop("settings", {})}
        tables = {"positions": POSITIONS, "prices": prices, "scenarios": SCENARIOS}
        return rp.desk_from_tables(
            **{**tables, **given}, limits=pd.DataFrame(list(rows)), settings=settings
        )

    return desk_with


def checked(desk):
    return limit_table(desk, model_of(desk), partial(sample_of, desk))


@pytest.fixture(scope="module")
def one(desk_with):
    """Return the one row of a desk with one limit."""

    def one(*args, desk=None, **more):
        (found,) = checked(desk_with(row(*args, **more), **(desk or {}))).to_dict(
            orient="records"
        )
        return found

    return one


# --- every value by hand -------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "scope", "expected", "drivers"),
    [
        ("gross", "total", 20_000.0, "MU 10k, TAO 6k, NVDA 4k"),
        ("gross", "book:semis", 14_000.0, "MU 10k, NVDA 4k"),
        ("net", "total", 12_000.0, "MU 10k, TAO 6k"),
        ("long", "book:semis", 10_000.0, "MU 10k"),
        ("net", "tier:gpu", -4_000.0, ""),
        ("gross", "instrument:MU", 10_000.0, "semis 10k"),
        ("gross", "currency:USD", 20_000.0, "MU 10k, TAO 6k, NVDA 4k"),
        ("gross", "tier:crypto_agents", 0.0, ""),
    ],
)
def test_exposures_and_what_makes_them(one, metric, scope, expected, drivers):
    found = one(metric, scope)
    assert found["value"] == pytest.approx(expected, rel=1e-12)
    assert (found["status"], found["drivers"]) == ("OK", drivers)
    assert found["headroom"] == pytest.approx(2e9 - expected)
    assert found["headroom_money"] == found["headroom"]


def test_what_drives_a_minimum_is_what_takes_it_down(one):
    found = one("net", soft=-1e6, hard=-2e6, direction="min")
    assert (found["value"], found["drivers"]) == (pytest.approx(12_000), "NVDA -4k")


def test_a_limit_in_nav_is_of_the_nav_of_its_book(one):
    found = one("gross", "book:semis", 0.5, 0.6, "nav")
    assert found["value"] == pytest.approx(0.7)
    assert found["headroom"] == pytest.approx(-0.1)
    assert found["headroom_money"] == pytest.approx(-2_000)
    assert found["utilisation"] == pytest.approx(0.7 / 0.6)
    assert found["status"] == "BREACH"


@pytest.mark.parametrize("unit", ["nav", "ratio"])
def test_share_of_nav_is_one_whichever_way_its_unit_is_written(one, unit):
    found = one("pct_nav", "book:semis", 0.2, 0.5, unit)
    assert found["value"] == pytest.approx(6_000 / 20_000)
    assert found["headroom_money"] == pytest.approx(4_000)
    assert found["status"] == "WARN"


def test_a_book_without_nav_is_unknown_in_nav_and_no_error(one):
    found = one("gross", "book:tokens", 0.5, 0.6, "nav")
    assert found["status"] == "UNKNOWN"
    assert found["reason"] == "no NAV is given of tokens"
    assert np.isnan([found[c] for c in ("value", "headroom", "utilisation")]).all()
    total = one("gross", "total", 0.5, 0.6, "nav")
    assert (total["status"], total["reason"]) == (
        "UNKNOWN",
        "no NAV is given of tokens",
    )
    whole = one(
        "gross",
        "total",
        0.5,
        0.6,
        "nav",
        desk={"settings": {"nav": {"semis": 20_000.0, "tokens": 20_000.0}}},
    )
    assert (whole["value"], whole["status"]) == (pytest.approx(0.5), "OK")


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("largest", 0.5), ("hhi", 0.38), ("effective_names", 1 / 0.38)],
)
def test_concentration(one, metric, expected):
    """Shares of 10, 6 and 4 in 20: 0.5, 0.3, 0.2; the squares add up to 0.38."""
    least = metric == "effective_names"
    levels = (2.5, 2.0) if least else (0.6, 0.7)
    direction = "min" if least else "max"
    found = one(metric, "total", *levels, "ratio", direction=direction)
    assert found["value"] == pytest.approx(expected)
    assert found["drivers"] == "MU 50%, TAO 30%, NVDA 20%"
    assert np.isnan(found["headroom_money"])


def test_nothing_held_has_no_number_of_names(one):
    found = one("effective_names", "tier:crypto_agents", 5, 3, "ratio", direction="min")
    assert (found["status"], found["reason"]) == ("UNKNOWN", "nothing is held there")


# --- scenarios -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "named", "expected", "drivers", "worst"),
    [
        ("stress_loss", "halved", 4_000.0, "MU 5k", ""),
        ("stress_pnl", "halved", -4_000.0, "MU -5k", ""),
        ("stress_loss", "tokens_gone", 5_400.0, "TAO 5k", ""),
        ("stress_loss", "worst:desk", 4_000.0, "MU 5k", "the worst is halved"),
        ("stress_loss", "worst:far", 5_400.0, "TAO 5k", "the worst is tokens_gone"),
        ("stress_pnl", "worst:far", -5_400.0, "TAO -5k", "the worst is tokens_gone"),
    ],
)
def test_stress_by_hand(one, metric, named, expected, drivers, worst):
    """-0.5 x 10,000 + 0.25 x 4,000; -0.9 x 6,000."""
    direction = "max" if metric == "stress_loss" else "min"
    sign = 1 if metric == "stress_loss" else -1
    levels = (sign * 1e6, sign * 2e6)
    found = one(metric, "total", *levels, scenario=named, direction=direction)
    assert found["value"] == pytest.approx(expected)
    assert (found["drivers"], found["reason"]) == (drivers, worst)
    assert found["scenario"] == named


def test_the_worst_of_all_is_the_least_of_the_table_of_stress(desk_with):
    desk = desk_with(
        *(
            row("stress_loss", scope, scenario="worst")
            for scope in ("total", "book:semis", "tier:memory", "instrument:TAO")
        ),
        settings={"scenario_library": "replace"},
        scenarios=[*SCENARIOS, Scenario(name="falls", core={"memory": -0.6})],
    )
    found = checked(desk).set_index("scope")["value"]
    whole = rp.stress(desk, by="scenario")["pnl"].min()
    assert found["total"] == pytest.approx(-whole)
    for key, label in ("book", "semis"), ("tier", "memory"), ("instrument", "TAO"):
        pnl = rp.stress(desk, by=("scenario", key))
        least = pnl.loc[pnl[key] == label, "pnl"].min()
        assert found[f"{key}:{label}"] == pytest.approx(-least)


def test_the_low_end_of_the_band_is_that_of_stress(desk_with):
    desk = desk_with(
        row("stress_low_loss", scenario="inventory_build"),
        row(
            "stress_low",
            soft=-1e8,
            hard=-1e9,
            direction="min",
            scenario="inventory_build",
        ),
    )
    low = rp.stress(desk, "inventory_build", by="scenario")["low"].iloc[0]
    found = checked(desk).set_index("metric")["value"]
    assert found["stress_low_loss"] == pytest.approx(-low)
    assert found["stress_low"] == pytest.approx(low)


def test_a_scenario_without_a_band_there_is_unknown(one):
    found = one("stress_low_loss", scenario="halved")
    assert found["status"] == "UNKNOWN"
    assert "there is no band" in found["reason"]


def test_what_cannot_be_run_makes_the_worst_unknown_unless_it_is_a_breach_already(
    one,
):
    """narrative_unwind names crypto, of which the desk has no prices."""
    assert one("stress_loss", scenario="narrative_unwind")["status"] == "UNKNOWN"
    found = one("stress_loss", scenario="worst")
    assert found["status"] == "UNKNOWN"
    assert "narrative_unwind cannot be run" in found["reason"]
    found = one("stress_loss", soft=1.0, hard=2.0, scenario="worst")
    assert found["status"] == "BREACH"
    assert "beyond it whatever is missing" in found["reason"]


def test_the_worst_of_a_path(desk_with):
    desk = desk_with(row("path_loss", scenario="halved"))
    summary = rp.path_summary(desk, "halved")
    assert checked(desk)["value"].iloc[0] == pytest.approx(-summary["worst"].iloc[0])


def test_margin_called_is_unknown_where_no_margin_is_given(one, prices):
    perpetual = {
        "instruments": pd.DataFrame(
            [("MU-PERP", "memory", "equity", "perpetual", "MU", 0.05)],
            columns=[
                *("instrument", "tier", "asset_class", "kind", "underlying"),
                "maintenance_margin",
            ],
        ),
        "positions": pd.DataFrame(
            [("semis", "MU-PERP", 100.0, None)],
            columns=["book", "instrument", "quantity", "margin_posted"],
        ),
    }
    found = one("margin_called", scenario="halved", desk=perpetual)
    assert found["status"] == "UNKNOWN"
    assert "margin_posted" in found["reason"]
    perpetual["positions"]["margin_posted"] = 1_000.0
    found = one("margin_called", scenario="halved", desk=perpetual)
    # 5 % of 10,000 or of what is left of it, and a loss of 5,000, against 1,000
    summary = rp.path_summary(
        rp.desk_from_tables(
            prices=prices, scenarios=SCENARIOS, settings=SETTINGS, **perpetual
        ),
        "halved",
    )
    assert found["value"] == pytest.approx(summary["margin_called"].iloc[0])
    assert found["value"] > 4_000


# --- measures and liquidity ----------------------------------------------------------


@pytest.mark.parametrize("scope", ["total", "book:semis", "instrument:TAO"])
def test_a_measure_of_a_scope_is_that_of_the_scope_by_itself(desk_with, scope):
    """The worst ceil(alpha T) of the P&L of the scope, sorted here."""
    desk = desk_with(row("VaR alpha=0.1", scope), row("worst_case", scope))
    key, _, label = scope.partition(":")
    pnl = rp.pnl_scenarios(desk, key if label else ())
    pnl = pnl[pnl[key] == label]["pnl"] if label else pnl["pnl"]
    worst = np.sort(pnl.to_numpy())
    found = checked(desk).set_index("metric")["value"]
    assert found["worst_case"] == pytest.approx(-worst[0])
    at = int(np.ceil(0.1 * len(worst))) - 1
    assert found["VaR alpha=0.1"] == pytest.approx(-worst[at])


def test_what_drives_a_measure_adds_up_to_it(desk_with):
    desk = desk_with(row("CVaR alpha=0.1"))
    (limit,) = limits_of(desk)
    (value,) = values_of(Asked(desk, model_of(desk), partial(sample_of, desk)), [limit])
    names, parts = value.split()
    assert parts.sum() == pytest.approx(value.figure, rel=1e-12)
    expected = rp.measures(desk, "CVaR", 0.1, "instrument").set_index("instrument")
    assert list(names) == sorted(LAST)
    np.testing.assert_allclose(parts, expected["component"][list(names)], rtol=1e-12)


def test_a_measure_that_the_history_does_not_allow_is_unknown(one, prices):
    found = one("CVaR horizon=21", desk={"prices": prices.iloc[-20:]})
    assert found["status"] == "UNKNOWN"
    assert found["reason"]


def test_a_measure_that_is_unknown_leaves_the_others_known(desk_with):
    desk = desk_with(row("MDD"), row("CVaR method=reversal horizon=21"), row("gross"))
    found = checked(desk).set_index("metric")["status"]
    assert found.to_dict() == {
        "MDD": "OK",
        "CVaR horizon=21 method=reversal": "UNKNOWN",
        "gross": "OK",
    }


def volumes(**daily):
    days = DAYS[-40:]
    return pd.concat(
        pd.DataFrame({"date": days, "instrument": name, "volume": volume})
        for name, volume in daily.items()
    )


def test_days_are_those_of_the_slowest(one):
    """MU: 100 / (0.2 x 25) = 20 sessions; NVDA: 20 / (0.2 x 10) = 10."""
    tables = {"volumes": volumes(MU=25.0, NVDA=10.0, TAO=1e9)}
    found = one("days", "total", 15, 25, "days", desk=tables)
    assert (found["value"], found["status"]) == (pytest.approx(20.0), "WARN")
    assert found["drivers"].startswith("MU 20.0 days, NVDA 10.0 days")


def test_a_volume_that_is_missing_makes_days_unknown_unless_they_are_beyond(one):
    tables = {"volumes": volumes(MU=25.0, NVDA=10.0)}
    found = one("days", "total", 15, 25, "days", desk=tables)
    assert (found["status"], found["reason"]) == ("UNKNOWN", "no volume of TAO")
    assert one("days", "book:semis", 15, 25, "days", desk=tables)["status"] == "WARN"
    found = one("days", "total", 10, 15, "days", desk=tables)
    assert (found["status"], found["headroom"]) == ("BREACH", pytest.approx(-5.0))
    assert one("cost", "total", desk=tables)["status"] == "UNKNOWN"


# --- missing prices ------------------------------------------------------------------


@pytest.fixture(scope="module")
def gapped(desk_with):
    """Return the statuses of a desk that lacks the price of a second token."""
    lacking = pd.concat(
        [
            POSITIONS.assign(account="prime"),
            pd.DataFrame(
                [("tokens", "FET", 50.0, "exchange")],
                columns=[*("book", "instrument", "quantity", "account")],
            ),
        ]
    )

    def gapped(*rows):
        desk = desk_with(*rows, positions=lacking, settings={"on_error": "quarantine"})
        assert desk.left_out["instrument"].tolist() == ["FET"]
        return checked(desk).set_index("scope")

    return gapped


def test_a_missing_price_makes_dependent_limits_unknown_and_no_others(gapped):
    scopes = [
        *("total", "book:semis", "book:tokens", "tier:memory", "tier:crypto_agents"),
        *("instrument:FET", "instrument:TAO", "asset_class:crypto", "currency:USD"),
        *("account:prime", "account:exchange"),
    ]
    found = gapped(*(row("net", scope) for scope in scopes))["status"].to_dict()
    touched = {
        *("total", "book:tokens", "tier:crypto_agents", "instrument:FET"),
        *("asset_class:crypto", "currency:USD", "account:exchange"),
    }
    assert found == {s: "UNKNOWN" if s in touched else "OK" for s in scopes}


@pytest.mark.parametrize(
    ("metric", "more"),
    [
        ("net", {}),
        ("stress_loss", {"scenario": "halved"}),
        ("CVaR", {}),
        ("memory_beta_exposure", {}),
        ("largest", {"unit": "ratio", "soft": 0.6, "hard": 0.9}),
        ("days", {"unit": "days"}),
    ],
)
def test_the_reason_names_the_instrument_and_why(gapped, metric, more):
    found = gapped(row(metric, **more)).loc["total"]
    assert found["status"] == "UNKNOWN"
    assert "left out: FET (no-price)" in found["reason"]
    assert np.isnan(found[["value", "headroom", "utilisation"]].astype(float)).all()


def test_a_gross_beyond_the_limit_is_a_breach_whatever_is_missing(gapped):
    found = gapped(row("gross", soft=1.0, hard=15_000.0)).loc["total"]
    assert (found["status"], found["value"]) == ("BREACH", pytest.approx(20_000.0))
    assert "left out: FET" in found["reason"]
    assert (
        gapped(row("net", soft=1.0, hard=5_000.0)).loc["total", "status"] == "UNKNOWN"
    )


# --- waivers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "waived", "words"),
    [
        ("2026-05-27", True, "waiver until 2026-05-28; the board agreed"),
        ("2026-05-28", True, "waiver until 2026-05-28; the board agreed"),
        ("2026-05-29", False, "waiver ended 2026-05-28; the board agreed"),
    ],
)
def test_a_waiver_expires_after_its_last_day(one, as_of, waived, words):
    found = one(
        "gross",
        soft=1.0,
        hard=2.0,
        waiver_until="2026-05-28",
        reason="the board agreed",
        desk={"as_of": as_of},
    )
    assert (found["status"], found["waived"]) == ("BREACH", waived)
    assert found["reason"] == words


def test_what_is_no_breach_is_not_waived(one):
    found = one("gross", waiver_until="2026-12-31", reason="for later")
    assert (found["status"], found["waived"]) == ("OK", False)


# --- the table -----------------------------------------------------------------------


def test_the_worst_stand_first_and_the_order_of_the_file_does_not_count(desk_with):
    rows = [
        row("gross"),
        row("gross", "book:semis", 10_000, 15_000),
        row("net", soft=1.0, hard=2.0, waiver_until="2026-12-31", reason="agreed"),
        row("long", soft=1.0, hard=2.0),
        row("gross", "book:tokens", 0.5, 0.6, "nav"),
    ]
    found = checked(desk_with(*rows))
    assert found["status"].tolist() == ["BREACH", "BREACH", "UNKNOWN", "WARN", "OK"]
    assert found["waived"].tolist() == [False, True, False, False, False]
    again = checked(desk_with(*reversed(rows)))
    pd.testing.assert_frame_equal(found, again)
    assert set(found.columns) <= set(found.definitions)


def test_a_desk_without_limits_has_a_table_without_rows(prices):
    desk = rp.desk_from_tables(POSITIONS, prices, settings=SETTINGS)
    found = checked(desk)
    assert len(found) == 0
    assert found.columns[0] == "metric"
    assert str(found["status"].dtype) == "str"


def test_values_computed_elsewhere_are_judged_alike(desk_with):
    desk = desk_with(row("gross"))
    limits = [
        Limit(metric_named("gross"), "", "", "", 60.0, 80.0, "base", upper=True),
        Limit(metric_named("net"), "book", "semis", "", 0.1, 0.2, "nav", upper=True),
    ]
    values = [Value(100.0), Value(3_000.0)]
    found = standing_of(desk, limits, values).judged
    assert found.status.tolist() == ["BREACH", "WARN"]
    assert found.value.tolist() == [100.0, 0.15]
    shown = standing_table(desk, limits, values)
    assert shown["status"].tolist() == ["BREACH", "WARN"]


def test_a_desk_of_some_books_is_held_against_their_limits_alone(desk_with):
    desk = desk_with(
        row("gross"), row("gross", "book:semis"), row("net", "tier:memory")
    )
    assert checked(rp.with_positions(desk, "semis"))["scope"].tolist() == ["book:semis"]
    other = rp.with_positions(desk, POSITIONS.iloc[:1])
    found = checked(other).set_index(["metric", "scope"])["value"]
    assert found["gross", "total"] == pytest.approx(10_000)
    assert len(found) == 3
