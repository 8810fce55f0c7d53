"""Two feeds of one instrument, with faults planted in one of them."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.diagnosis.ratio import (
    LATE,
    mismatches,
    quiet_lags,
    ratios_at,
    stands_out,
    steps,
)
from riskplugin.diagnosis.right_feed import at_lag
from riskplugin.tables.doctor import diagnosis_table

DAYS = pd.bdate_range("2023-01-02", "2026-05-29")
NAMES = ["MU", "NVDA", "AMD", "AVGO", "SPY"]
TOKENS = ["BTC", "ETH", "LINK", "TAO"]


def closes():
    draw = np.random.default_rng(6)
    world = draw.normal(0, 0.012, (len(DAYS), 1))
    moves = world + draw.normal(0, 0.008, (len(DAYS), len(NAMES) + len(TOKENS)))
    return pd.DataFrame(100 * np.exp(moves.cumsum(0)), DAYS, NAMES + TOKENS)


def found(prices, second, **more):
    held = pd.DataFrame({"book": "b", "instrument": ["MU"], "quantity": [1.0]})
    as_table = [f.rename_axis("date").reset_index() for f in (prices, second)]
    desk = rp.desk_from_tables(held, as_table[0], prices_second=as_table[1], **more)
    rows = diagnosis_table(desk).to_frame()
    return rows[rows["code"].astype(str).str.startswith("source")]


def late(series, first=0):
    moved = series.copy()
    moved.iloc[first + 1 :] = series.to_numpy()[first:-1]
    moved.iloc[first] = np.nan
    return moved


def test_two_feeds_that_agree_give_nothing():
    assert found(closes(), closes()).empty
    near = closes() * np.exp(np.random.default_rng(1).normal(0, 5e-4, closes().shape))
    assert found(closes(), near).empty  # venues differ by a few basis points


@pytest.mark.parametrize("own", [True, False])
def test_the_feed_that_the_drivers_do_not_know_is_named(own):
    right, off = closes(), closes().assign(LINK=late(closes()["LINK"]))
    (row,) = found(*((off, right) if own else (right, off))).itertuples()
    assert (row.code, row.instrument) == ("source_shift", "LINK")
    assert f"dated 1 session {'late' if own else 'early'}" in row.evidence
    if own:
        assert "sessions = -1" in row.repair
        assert abs(row.effect_after) > abs(row.effect_before)
    else:
        assert row.repair == ""
        assert "mend the second source" in row.advice


def test_a_feed_that_changed_its_habit_has_the_day():
    off = closes().assign(LINK=late(closes()["LINK"], 500))
    (row,) = found(off, closes()).itertuples()
    assert row.code == "source_shift"
    assert abs(DAYS.get_loc(pd.Timestamp(row.start)) - 500) <= 3
    assert f"start = {row.start}" in row.repair


@pytest.mark.parametrize(
    ("factor", "words", "concern"),
    [
        (100, "near a unit (divided by 100)", "high"),
        (0.5, "near a split (times 2)", "high"),
        (1.7, "near no unit", "medium"),
    ],
)
def test_another_level_throughout_is_seen_though_nothing_jumps(factor, words, concern):
    (row,) = found(closes(), closes().assign(AMD=factor * closes()["AMD"])).itertuples()
    assert (row.code, row.instrument, row.concern) == ("source_level", "AMD", concern)
    assert words in row.evidence
    assert row.evidence.endswith("throughout")
    assert row.repair == ""  # which of them is right, prices do not tell


def test_a_quote_in_another_currency_follows_the_rate():
    won = 1350 * np.exp(np.random.default_rng(2).normal(0, 0.004, len(DAYS)).cumsum())
    prices = closes().rename(columns={"AMD": "000660.KS"})
    fx = pd.DataFrame({"date": DAYS, "pair": "USDKRW", "rate": won})
    in_usd = prices.assign(**{"000660.KS": prices["000660.KS"] / won})
    (row,) = found(prices, in_usd, fx=fx).itertuples()
    assert (row.code, row.concern) == ("source_level", "high")
    assert "as if the second source is quoted in USD" in row.evidence


@pytest.mark.parametrize("own", [True, False])
def test_a_split_that_one_feed_misses(own):
    right = closes()
    off = right.assign(AMD=right["AMD"].where(DAYS[400] <= DAYS, 2 * right["AMD"]))
    (row,) = found(*((off, right) if own else (right, off))).itertuples()
    assert (row.code, row.end) == ("source_level", f"{DAYS[399]:%Y-%m-%d}")
    where = "the prices" if own else "the second source"
    assert f"the jump is in {where}" in row.evidence
    assert ("factor = 0.5\n" in row.repair) is own


def test_single_days_are_listed_with_the_close_that_stands_out():
    off = closes()
    off.iloc[300, 2] *= 1.1
    second = closes()
    second.iloc[500, 2] *= 0.93
    (row,) = found(off, second).itertuples()
    assert (row.code, row.instrument) == ("source_mismatch", "AMD")
    assert f"{DAYS[300]:%Y-%m-%d} +10.0%" in row.evidence
    assert f"{DAYS[500]:%Y-%m-%d} +7.5%" in row.evidence
    assert "on 1 of them it is the price that stands out" in row.evidence
    assert f"start = {DAYS[300]:%Y-%m-%d}" in row.repair
    assert row.repair.count("[[repairs]]") == 1


def test_dividends_are_a_drift_of_low_concern():
    paid = np.exp(np.linspace(-0.06, 0, len(DAYS)))
    (row,) = found(closes(), closes().assign(AMD=closes()["AMD"] / paid)).itertuples()
    assert (row.code, row.concern) == ("source_level", "low")
    assert "dividends" in row.advice


def test_what_is_not_compared_is_said():
    second = closes().drop(columns=["AMD"])
    second.iloc[:700, 0] = np.nan
    rows = found(closes(), second)
    assert rows["code"].tolist() == ["source_overlap", "source_overlap"]
    lacking, partly = rows.itertuples()
    assert lacking.instrument == "AMD"
    assert "fewer than 20 closes in common" in lacking.evidence
    assert partly.instrument == "MU"
    assert "the least is MU with 21%" in partly.evidence


# --- inputs --------------------------------------------------------------------------


def test_long_and_wide_are_the_same_and_aliases_resolve():
    wide = closes().assign(LINK=late(closes()["LINK"]))
    long = wide.rename_axis("date").reset_index()
    long = long.melt("date", var_name="instrument", value_name="close")
    long["instrument"] = long["instrument"].replace({"MU": "MU US Equity"})
    held = pd.DataFrame({"book": "b", "instrument": ["MU"], "quantity": [1.0]})
    prices = closes().rename_axis("date").reset_index()
    tables = [
        diagnosis_table(rp.desk_from_tables(held, prices, prices_second=second))
        for second in (long, wide.rename_axis("date").reset_index())
    ]
    pd.testing.assert_frame_equal(tables[0].to_frame(), tables[1].to_frame())


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: t.assign(MU=-1.0), "above 0"),
        (lambda t: t.assign(MU="n/a"), "prices_second row 0, MU"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "stands twice"),
        (lambda t: t.assign(**{"MU US Equity": 1.0}), "stands in several columns"),
        (lambda t: t.drop(columns="date"), "column is missing"),
    ],
)
def test_it_is_checked_as_prices_are(change, match):
    held = pd.DataFrame({"book": "b", "instrument": ["MU"], "quantity": [1.0]})
    prices = closes().rename_axis("date").reset_index()
    with pytest.raises(rp.InputError, match=match):
        rp.desk_from_tables(held, prices, prices_second=change(prices))


def test_a_name_without_prices_is_a_warning():
    held = pd.DataFrame({"book": "b", "instrument": ["MU"], "quantity": [1.0]})
    prices = closes().rename_axis("date").reset_index()
    second = prices.rename(columns={"NVDA": "NVDX"})
    desk = rp.desk_from_tables(held, prices, prices_second=second)
    (issue,) = [i for i in desk.issues if i.code == "second-source-alone"]
    assert issue.where.column == "NVDX"
    assert "NVDA" in issue.hint


# --- kernels -------------------------------------------------------------------------


def test_ratios_stand_against_the_session_before():
    days = np.array(["2026-01-02", "2026-01-05", "2026-01-06"], "datetime64[D]")
    own, other = np.array([1.0, 2.0, 4.0]), np.array([2.0, 4.0, 8.0])
    at = dict(zip(LATE.tolist(), ratios_at(days, own, days, other, days=False),
                  strict=True))  # fmt: skip
    assert np.exp(at[0]) == pytest.approx([0.5, 0.5, 0.5])
    assert np.exp(at[1]) == pytest.approx([np.nan, 1.0, 1.0], nan_ok=True)
    assert np.exp(at[-1]) == pytest.approx([0.25, 0.25, np.nan], nan_ok=True)
    saturday = days + np.array([0, -2, 0], "timedelta64[D]")  # Monday's, two days early
    early = ratios_at(days, own, saturday, other, days=False)[LATE.tolist().index(1)]
    assert np.exp(early[1]) == pytest.approx(0.5)


def test_ratios_of_tokens_go_by_days():
    days = np.array(["2026-01-02", "2026-01-04"], "datetime64[D]")
    one = np.ones(2)
    at = ratios_at(days, one, days, one, days=True)
    assert np.isnan(at[LATE.tolist().index(1)]).all()
    assert np.isnan(at[LATE.tolist().index(2)]).tolist() == [True, False]


def test_lags_steps_and_days_by_hand():
    draw = np.random.default_rng(3)
    noisy, quiet = draw.normal(0, 0.02, (2, 200)).cumsum(1), np.zeros(200)
    ratios = np.stack([noisy[0], noisy[1], noisy[0], quiet, noisy[1]])
    assert set(quiet_lags(ratios, 50, 20).tolist()) == {1}
    assert set(quiet_lags(ratios[[0, 1, 3, 2, 4]], 50, 20).tolist()) == {0}
    stepped = np.where(np.arange(60) < 25, 0.7, 0.0)
    assert [(s.first, s.last, s.level) for s in steps(stepped)] == [
        (0, 24, 0.7), (25, 59, 0.0)
    ]  # fmt: skip
    stepped[40] = 0.03
    assert np.flatnonzero(mismatches(stepped)).tolist() == [40]
    assert stands_out(np.array([1.0, 3.0, 2.0]), 1) == pytest.approx(1.5)
    assert stands_out(np.array([1.0, 3.0, 2.0]), 0) == pytest.approx(2.0)


def test_returns_move_by_their_lag():
    moved = at_lag(np.array([1.0, 2.0, 3.0]), 1)
    assert moved == pytest.approx([2.0, 3.0, np.nan], nan_ok=True)
    back = at_lag(np.array([1.0, 2.0, 3.0]), -1)
    assert back == pytest.approx([np.nan, 1.0, 2.0], nan_ok=True)
