"""How far the losses are that a desk limits: as `reverse_stress` and `stress` say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.errors import ModelError
from riskplugin.estimates import model_of
from riskplugin.reporting.reaching import reach_in_words
from riskplugin.scenarios.definition import Scenario
from riskplugin.tables.reaching import first_curve, in_order, reaching_table
from tests.hedge_desk import hedge_desk

MINUS = "\N{MINUS SIGN}"
BLANK = {"waiver_until": None, "reason": ""}
TWO_BOOKS = pd.DataFrame(
    {
        "book": ["fund", "fund", "side", "side"],
        "instrument": ["MU", "LRCX", "000660.KS", "TAO"],
        "quantity": [40_000.0, 8_000.0, 12_000.0, 20_000.0],
    }
)


def limit(hard, scenario="fall", metric="stress_loss", **more):
    row = {"metric": metric, "scope": "total", "soft": hard / 2, "hard": hard,
           "unit": "base", "direction": "max", "scenario": scenario}  # fmt: skip
    return {**row, **BLANK, **more}


def desk_with(*limits, **more):
    given = {"limits": pd.DataFrame(list(limits))} if limits else {}
    return hedge_desk(**given, **more)


def reached(desk):
    return reaching_table(desk, model_of(desk)).to_frame()


@pytest.fixture(scope="module")
def desk():
    """Two books; limits in base and NAV, one of a book, one waived, one of a tier."""
    whole = desk_with(
        limit(2e6, "worst"),
        limit(0.1, unit="nav"),
        limit(1e5, "slow", scope="book:side"),
        limit(9e5, "rise", waiver_until="2026-12-31", reason="told"),
        limit(1e5, scope="tier:memory"),
        settings={
            "base_currency": "USD",
            "nav": {"fund": 8e6, "side": 4e6},
            "scenario_library": "replace",
        },
    )
    return rp.with_positions(whole, TWO_BOOKS)


@pytest.fixture(scope="module")
def found(desk):
    return reached(desk)


def test_losses_are_those_of_limits_in_money(found):
    rows = found.drop_duplicates(["scope", "scenario", "limit"])
    said = list(zip(rows.scope, rows.scenario, rows.limit, rows.loss, strict=True))
    assert said == [
        ("total", "fall", "soft", 0.05 * 12e6),
        ("total", "worst", "soft", 1e6),
        ("total", "fall", "hard", 0.1 * 12e6),
        ("total", "worst", "hard", 2e6),
        ("book:side", "slow", "soft", 5e4),
        ("book:side", "slow", "hard", 1e5),
    ]


def test_drivers_come_one_at_a_time_memory_first_then_all(desk, found):
    whole = found[(found.scope == "total") & (found.loss == 2e6)]
    order = list(dict.fromkeys(whole.driver))
    assert order == [*model_of(desk).drivers, "all together"]
    assert order[0] == "memory"
    assert set(found.driver[found.scope != "total"]) == {"memory"}


def test_answers_are_those_of_reverse_stress_to_the_last_bit(desk, found):
    """Several losses are searched together, each as if it were alone."""
    for (scope, driver, loss), rows in found.groupby(
        ["scope", "driver", "loss"], sort=False
    ):
        one = None if driver == "all together" else driver
        book = scope.partition(":")[2]
        alone = rp.reverse_stress(
            desk, {book: loss} if book else loss, one, "book" if book else None
        ).to_frame()
        alone = alone.drop(columns="book", errors="ignore")
        mine = rows[list(alone.columns)].reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, alone, check_exact=True, check_dtype=False)


def test_moving_the_driver_by_the_answer_loses_the_loss(desk, found):
    """Full revaluation by `stress`."""
    answers = found[found.answer > 0]
    assert len(answers) >= 10
    for row in answers.to_dict("records"):
        core = {row["driver"]: row["move"]}
        if row["driver"] == "all together":
            core = {d: row[f"move_{d}"] for d in model_of(desk).drivers}
        scenario = Scenario(name="found", core=core, horizon_sessions=60)
        done = rp.stress(desk, scenario, by=("scenario", "book"))
        book = row["scope"].partition(":")[2]
        pnl = done["pnl"][done["book"] == book] if book else done["pnl"]
        assert pnl.sum() == pytest.approx(-row["loss"], rel=1e-6)


@pytest.mark.parametrize(
    ("nav", "unit", "name"),
    [({"fund": 50e6}, lambda _: 50e6, "NAV"),
     ({}, lambda d: rp.exposures(d)["gross"].sum(), "gross"),
     ({"other": 1e6}, lambda d: rp.exposures(d)["gross"].sum(), "gross")],
    ids=["nav", "none", "of another book"],
)  # fmt: skip
def test_without_limits_shares_are_asked_for(nav, unit, name):
    settings = {"base_currency": "USD", "scenario_library": "replace", "nav": nav}
    desk = desk_with(settings=settings)
    rows = reached(desk).drop_duplicates("limit")
    assert list(rows["limit"]) == [f"{s}% of {name}" for s in (10, 20, 30)]
    assert rows["loss"].tolist() == pytest.approx(
        [s * unit(desk) for s in (0.1, 0.2, 0.3)], rel=1e-12
    )
    assert set(rows["metric"]) == {""}


def test_a_limit_in_a_nav_that_is_not_known_is_none():
    settings = {"base_currency": "USD", "scenario_library": "replace"}
    desk = desk_with(limit(0.1, unit="nav"), settings=settings)
    assert set(reached(desk)["limit"]) == {f"{s}% of gross" for s in (10, 20, 30)}


def test_a_limit_on_a_profit_is_a_loss_of_as_much():
    row = limit(-3e6, metric="stress_pnl", direction="min")
    assert set(reached(desk_with(row))["loss"]) == {1.5e6, 3e6}


def test_curve_passes_the_loss_where_memory_makes_it(desk, found):
    curve = first_curve(desk, model_of(desk)).to_frame()
    falling = curve[curve.move <= 0]
    row = found[(found.driver == "memory") & (found.loss == 2e6)].iloc[0]
    order = np.argsort(falling["move"].to_numpy())
    between = np.interp(row["move"], falling.move.iloc[order], falling.pnl.iloc[order])
    assert between == pytest.approx(-2e6, rel=5e-3)
    pd.testing.assert_frame_equal(curve, rp.reverse_curve(desk).to_frame())


def test_without_a_driver_there_is_no_answer(desk):
    model = replace(model_of(desk), drivers=())
    with pytest.raises(ModelError, match="no driver has prices"):
        in_order(model)


# --- the sentence --------------------------------------------------------------------


def said(desk):
    return list(reach_in_words(rp.run(desk)))


def share(move):
    return f"{abs(move):.1%}"


def test_the_tightest_hard_limit_is_told():
    desk = desk_with(limit(9e6, "worst"), limit(0.1, unit="nav"))
    move = rp.reverse_stress(desk, 5e6)["move"][0]
    first, others, together = said(desk)
    assert first.startswith(
        f"Memory must fall {share(move)} from here over 60 sessions, the other drivers "
        "following, for the loss to reach the hard limit of USD 5.0m (stress loss "
        "under fall); "
    )
    assert first.endswith("windows of the history used moved as far.")
    assert others.startswith("Named in its place, ")
    moves = rp.reverse_stress(desk, 5e6, None)
    assert f"memory {MINUS}{share(moves['move_memory'][0])}" in together
    assert f"{moves['distance'][0]:.1f} standard deviations away." in together


def test_a_limit_that_is_broken_is_told_first():
    desk = desk_with(limit(1e6, "worst"))
    pnl = rp.stress(desk, by="scenario").set_index("scenario")["pnl"]
    beyond = pnl[pnl < -1e6].sort_values().index
    assert said(desk)[0].startswith(
        "The desk is already beyond the hard limit of USD 1.0m (stress loss under "
        f"worst) in {beyond[0]}"
    )
    assert "rise" not in said(desk)[0].partition(") in ")[2]


def test_a_loss_that_no_move_makes_is_told_with_the_worst():
    desk = desk_with(limit(1e9))
    lowest = rp.reverse_stress(desk, 1e9)["lowest_pnl"][0]
    first, others, together = said(desk)
    assert first == (
        "No move of memory reaches the hard limit of USD 1.0bn (stress loss under "
        "fall), the other drivers following: the worst P&L is USD "
        f"{MINUS}{-lowest / 1e6:.1f}m, where it falls 95.0%."
    )
    assert others == (
        "Named in its place, no move of ai_compute or crypto or equity does."
    )
    assert together == "No move of all of them together was found that does."


def test_a_short_book_is_told_to_fear_a_rise():
    held = {"book": ["fund"], "instrument": ["MU"], "quantity": [-40_000.0]}
    desk = rp.with_positions(desk_with(limit(1e6)), pd.DataFrame(held))
    move = rp.reverse_stress(desk, 1e6)["move"][0]
    assert move > 0
    assert said(desk)[0].startswith(f"Memory must rise {share(move)} from here")


def test_a_limit_on_the_low_end_says_that_it_is_sooner():
    for loss in (5e6, 5e7):
        desk = desk_with(limit(loss, metric="stress_low_loss"))
        words = "; the low end, which is limited, lies lower."
        assert next(s for s in said(desk) if "emory" in s[:20]).endswith(words)


def test_without_a_limit_shares_are_told():
    settings = {"base_currency": "USD", "scenario_library": "replace"}
    desk = desk_with(settings={**settings, "nav": {"fund": 25e6}})
    (sentence,) = said(desk)
    moves = [rp.reverse_stress(desk, s * 25e6)["move"][0] for s in (0.1, 0.2)]
    assert sentence.startswith(
        "There is no limit on the desk's loss to measure by. Over 60 sessions, the "
        f"other drivers following, memory must fall {share(moves[0])} for a loss of "
        f"10% of NAV (USD 2.5m), memory must fall {share(moves[1])} for a loss of 20% "
        "of NAV (USD 5.0m) and "
    )
