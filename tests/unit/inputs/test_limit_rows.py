"""The table of limits: every mistake at once, each with where, what and what to do."""

import pandas as pd
import pytest

COLUMNS = [
    *("metric", "scope", "soft", "hard", "unit", "direction", "scenario"),
    *("waiver_until", "reason"),
]


def row(metric="gross", scope="total", soft=1e6, hard=2e6, unit="base", **more):
    given = {"direction": "max", "scenario": "", "waiver_until": "", "reason": ""}
    levels = {"soft": soft, "hard": hard}
    return {**given, "metric": metric, "scope": scope, "unit": unit, **levels, **more}


def table(*rows):
    return pd.DataFrame(list(rows), columns=COLUMNS)


STRESS = {"metric": "stress_loss", "scenario": "inventory_build"}


@pytest.mark.parametrize(
    ("faulty", "place", "match"),
    [
        (row("gros"), ("metric", "unknown-metric"), "did you mean 'gross'"),
        (row(scope="teir:memory"), ("scope", "unknown-scope"), "did you mean 'tier:…'"),
        (
            row(scope="tier:memroy"),
            ("scope", "unknown-scope"),
            r"there is no tier 'memroy' \(did you mean 'memory'",
        ),
        (
            row(scope="book:semi"),
            ("scope", "unknown-scope"),
            r"did you mean 'semis'\?; take the limit out if it is closed",
        ),
        (row(scope="instrument:MUU"), ("scope", "unknown-scope"), "did you mean 'MU'"),
        (
            row(unit="days"),
            ("unit", "bad-unit"),
            r"gross is not limited in 'days' \(use base, nav\)",
        ),
        (row("days", soft=1, hard=2), ("unit", "bad-unit"), "use days"),
        (row("largest", soft=0.1, hard=0.2), ("unit", "bad-unit"), "use ratio"),
        (
            row(soft=2e6, hard=1e6),
            ("hard", "limit-order"),
            r"the hard limit 1e\+06 comes before the soft one 2e\+06 \(of a max the "
            "soft level is below",
        ),
        (
            row("net", soft=-2e6, hard=-1e6, direction="min"),
            ("hard", "limit-order"),
            "of a min the soft level is above",
        ),
        (
            row("short", soft=1e6, hard=2e6),
            ("soft", "idle-limit"),
            "short is never above 1e.06: the limit cannot be broken",
        ),
        (
            row("gross", soft=0.0, hard=-1.0, direction="min"),
            ("soft", "idle-limit"),
            "gross is never below 0",
        ),
        (row("stress_loss"), ("scenario", "missing-scenario"), "or worst:FAMILY"),
        (
            row(**{**STRESS, "scenario": "inventory_biuld"}),
            ("scenario", "unknown-scenario"),
            "did you mean 'inventory_build'",
        ),
        (
            row(**{**STRESS, "scenario": "worst:cycle"}),
            ("scenario", "unknown-scenario"),
            "did you mean 'worst:cycle_reversal'",
        ),
        (
            row(scenario="inventory_build"),
            ("scenario", "needless-scenario"),
            "gross is of no scenario",
        ),
        (
            row(waiver_until="2026-06-30"),
            ("reason", "waiver-without-reason"),
            r"waived until 2026-06-30 without a reason \(say why",
        ),
        (
            row(waiver_until="30/06/2026", reason="agreed"),
            ("waiver_until", "bad-date"),
            "30/06/2026",
        ),
    ],
)
def test_each_mistake_has_its_place_and_hint(refused, faults, faulty, place, match):
    issues = refused(match, limits=table(row("net"), faulty))
    column, code = place
    assert faults(issues) == [(code, 1, column)]
    assert {i.where.source for i in issues if i.code == code} == {"limits"}


def test_all_mistakes_of_all_rows_are_said_at_once(refused, faults):
    limits = table(
        row("gros", "tier:memroy", waiver_until="2026-06-30"),
        row("stress_loss", unit="days", soft=2, hard=1),
    )
    assert faults(refused("4 errors|6 errors", limits=limits)) == [
        ("bad-unit", 1, "unit"),
        ("limit-order", 1, "hard"),
        ("missing-scenario", 1, "scenario"),
        ("unknown-metric", 0, "metric"),
        ("unknown-scope", 0, "scope"),
        ("waiver-without-reason", 0, "reason"),
    ]


def test_the_same_limit_twice_is_refused_whatever_it_is_called(refused, faults):
    limits = table(
        row(scope="instrument:MU"), row("Gross", scope="instrument:Micron Technology")
    )
    issues = refused("the same limit as row 0", limits=limits)
    assert faults(issues) == [("duplicate-row", 1, "metric")]


def test_other_levels_on_the_same_are_a_conflict(refused, faults):
    limits = table(row(), row(soft=1e6, hard=3e6))
    issues = refused(r"row 0 has other levels: 1e\+06 and 2e\+06", limits=limits)
    assert faults(issues) == [("conflicting-limits", 1, "metric")]


def test_a_max_below_a_min_is_a_conflict(refused, faults):
    limits = table(
        row("net", soft=1e5, hard=2e5),
        row("net", soft=4e5, hard=3e5, direction="min"),
    )
    issues = refused("a min of 300000 and a max of 200000 clash", limits=limits)
    assert faults(issues) == [("conflicting-limits", 1, "hard")]


def test_a_band_and_another_unit_are_no_conflict(load):
    limits = table(
        row("net", soft=1e5, hard=2e5),
        row("net", soft=-1e5, hard=-2e5, direction="min"),
        row("net", soft=1, hard=2, unit="nav"),
        row("net", scope="book:semis"),
        row("stress_loss", scenario="worst"),
        row("stress_loss", scenario="worst:cycle_reversal"),
    )
    assert len(load(limits=limits).tables["limits"]) == 6


def test_names_are_kept_as_the_desk_knows_them(load):
    limits = table(
        row("GROSS", "Tier:Memory"),
        row("expected shortfall alpha = 0.01", "instrument:Micron Technology"),
    )
    kept = load(limits=limits).tables["limits"]
    assert kept["metric"].tolist() == ["gross", "CVaR alpha=0.01"]
    assert kept["scope"].tolist() == ["tier:memory", "instrument:MU"]


def test_a_book_of_the_nav_table_alone_is_known(load):
    limits = table(row(scope="book:closed"))
    assert len(load(limits=limits, settings={"nav": {"closed": 1e6}}).tables["limits"])


def test_accounts_and_strategies_are_those_of_the_positions(load, refused, positions):
    held = positions.assign(account="prime", strategy="core")
    limits = table(row(scope="account:prime"), row(scope="strategy:core"))
    assert len(load(positions=held, limits=limits).tables["limits"]) == 2
    refused("there is no account 'prime'", limits=limits)


def test_bad_limits_are_left_out_and_said_if_the_desk_wants_that(load, of_code):
    limits = table(row(), row("gros"))
    desk = load(limits=limits, settings={"on_error": "quarantine"})
    assert desk.tables["limits"]["metric"].tolist() == ["gross"]
    (issue,) = of_code(desk.issues, "unknown-metric")
    assert (issue.severity, issue.where.row) == ("error", 1)


def test_a_limit_that_asks_for_a_profit_is_warned_of(load, of_code):
    limits = table(
        row("stress_pnl", direction="min", soft=2e6, hard=1e6, scenario="worst")
    )
    (issue,) = of_code(load(limits=limits).issues, "limit-sign")
    assert issue.severity == "warning"
    assert "stress_pnl min 1e+06 asks for a profit" in issue.message


def test_a_table_of_limits_is_used(load, of_code):
    assert not of_code(load(limits=table(row())).issues, "unused-table")
    assert not len(load(limits=table(row()).iloc[:0]).tables["limits"])
