"""What a night proposes: where a limit on losses of the whole desk is broken."""

import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.proposals.nightly import loss_limits, proposal
from riskplugin.store.summary import summary
from tests.hedge_desk import hedge_desk, hedges

MENU = hedges(("SOXX", "sell"), ("NVDA", "sell"), daily_volume=2e6)
BLANK = {"waiver_until": None, "reason": ""}


def limit(metric, hard, scenario="worst", **more):
    row = {"metric": metric, "scope": "total", "soft": hard, "hard": hard,
           "unit": "base", "direction": "max", "scenario": scenario}  # fmt: skip
    return {**row, **BLANK, **more}


def desk_with(*limits, menu=MENU):
    return hedge_desk(hedges=menu, limits=pd.DataFrame(list(limits)))


def test_a_broken_limit_is_answered_by_a_hedge_that_keeps_it():
    desk = desk_with(limit("stress_loss", 1e6))
    found = proposal(desk)
    assert found.outcome == "met"
    by_hand = rp.hedge(
        desk, max_loss=dict.fromkeys(("fall", "slow", "rise", "broad"), 1000000.0)
    )
    pd.testing.assert_frame_equal(found.to_frame(), by_hand.to_frame())


def test_limits_that_are_kept_need_none():
    assert proposal(desk_with(limit("stress_loss", 1e9))) is None


@pytest.mark.parametrize(
    ("row", "most"),
    [
        (limit("stress_loss", 5e5, "fall"), 5e5),
        (limit("stress_pnl", -5e5, "fall", direction="min"), 5e5),
        (limit("stress_loss", 0.02, "fall", unit="nav"), 0.02 * 50e6),
        (limit("stress_loss", 7e5, "worst"), 7e5),
    ],
    ids=["loss", "pnl", "nav", "worst"],
)
def test_a_limit_is_money_of_loss_whatever_it_is_written_in(row, most):
    found = loss_limits(desk_with(row))
    assert found.most["fall"] == most
    assert set(found.most) == (
        {"fall", "slow", "rise", "broad"} if row["scenario"] == "worst" else {"fall"}
    )
    assert found.broken
    assert not found.robust


def test_the_tightest_of_several_counts():
    found = loss_limits(
        desk_with(limit("stress_loss", 5e5, "fall"), limit("stress_loss", 9e5, "worst"))
    )
    assert found.most == {"fall": 5e5, "slow": 9e5, "rise": 9e5, "broad": 9e5}


def test_a_limit_on_the_low_end_makes_it_robust():
    desk = desk_with(limit("stress_low_loss", 1.5e6, "fall"))
    assert loss_limits(desk).robust
    found = proposal(desk)
    assert found.scenarios["low_after"].iloc[0] >= -1.5e6 - 1


def test_what_is_waived_or_of_a_part_is_not_hedged():
    waived = limit("stress_loss", 5e5, "fall", waiver_until="2026-12-31", reason="told")
    part = limit("stress_loss", 1e5, "slow", scope="tier:memory")
    other = limit("gross", 1.0, "")
    found = loss_limits(desk_with(waived, part, other))
    assert found.most == {}
    assert not found.broken


def test_a_run_holds_the_proposal_and_says_it_first():
    report = rp.run(desk_with(limit("stress_loss", 1e6)))
    row = report.tables["proposals"].iloc[0]
    trades = report.tables["proposal_trades"]
    assert row["outcome"] == "met"
    assert row["trades"] == len(trades)
    assert row["trade_cost"] == pytest.approx(trades["trade_cost"].sum())
    assert (report.tables["proposal_scenarios"]["met"] == "yes").all()
    page = summary(report)
    assert "## Proposed hedge (met)" in page
    assert f"* {len(trades)} trades at a cost of {row['trade_cost']:,.0f} USD: " in page
    assert "A proposal, not an order" in page
    assert (
        f"* sell {-trades['quantity'].iloc[0]:,.0f} {trades['instrument'].iloc[0]}"
        in page
    )
    assert page.index("Proposed hedge") < page.index("## Worst scenarios")


def test_a_run_inside_its_limits_proposes_nothing():
    report = rp.run(desk_with(limit("stress_loss", 1e9)))
    assert len(report.tables["proposals"]) == 0
    assert len(report.tables["proposal_trades"]) == 0
    assert "Proposed hedge" not in summary(report)


def test_a_run_without_hedges_has_no_such_tables():
    report = rp.run(hedge_desk(limits=pd.DataFrame([limit("stress_loss", 1e6)])))
    assert "proposals" not in report.tables


def test_a_table_that_cannot_be_used_does_not_stop_the_night():
    wrong = hedges(("SOX", "sell"))
    report = rp.run(desk_with(limit("stress_loss", 1e6), menu=wrong))
    assert "proposals" not in report.tables
    said = [i for i in report.issues if i.code == "table-left-out"]
    assert any("no table knows 'SOX'" in i.message for i in said)
    assert len(report.tables["stress_total"])
