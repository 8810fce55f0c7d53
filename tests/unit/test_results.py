"""Results are labelled, say what they mean, and do not change."""

import pickle

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.results import table

AS_OF = np.datetime64("2026-05-29")


@pytest.fixture
def made():
    return table("exposures", AS_OF, {"tier": ["a", "b"], "net": [1.5, np.nan]})


@pytest.fixture(scope="module")
def desk():
    """A desk of three priced names over 120 sessions, two of them drivers."""
    draw = np.random.default_rng(3)
    dates = pd.bdate_range(end="2026-05-29", periods=120)
    walk = np.cumsum(draw.normal(0, 0.02, (120, 3)), axis=0)
    prices = pd.DataFrame(100 * np.exp(walk), columns=["MU", "BTC", "NVDA"])
    held = {"book": ["a", "a", "b"], "instrument": ["MU", "BTC", "NVDA"]}
    return rp.desk_from_tables(
        positions=pd.DataFrame({**held, "quantity": [10.0, -5.0, 3.0]}),
        prices=prices.assign(date=dates),
    )


@pytest.fixture(scope="module")
def report(desk):
    return rp.run(desk)


def test_table_knows_its_name_and_date(made):
    assert (made.title, made.as_of) == ("exposures", "2026-05-29")
    assert list(made.index) == [0, 1]
    assert list(made.columns) == ["tier", "net"]


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.__setitem__("net", 0.0),
        lambda t: t.__delitem__("net"),
        lambda t: t.insert(0, "new", 0.0),
        lambda t: t.pop("net"),
    ],
    ids=["item", "del", "insert", "pop"],
)
def test_change_is_refused_with_what_to_do_instead(made, change):
    with pytest.raises(TypeError, match=r"'exposures' is a result; use to_frame\(\)"):
        change(made)
    assert list(made.columns) == ["tier", "net"]


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.loc.__setitem__((0, "net"), 7.0),
        lambda t: t.iloc.__setitem__((0, 1), 7.0),
        lambda t: t.at.__setitem__((0, "net"), 7.0),
        lambda t: t.iat.__setitem__((0, 1), 7.0),
    ],
    ids=["loc", "iloc", "at", "iat"],
)
@pytest.mark.filterwarnings("ignore::pandas.errors.ChainedAssignmentError")
def test_change_of_a_cell_does_not_reach_the_table(made, change):
    """Pandas warns of it, for it knows that it wrote to a copy."""
    change(made)
    assert made["net"].tolist()[0] == 1.5


def test_rows_and_cells_are_read_as_ever(made):
    assert made.loc[0, "net"] == 1.5
    assert made.iloc[1].tolist()[0] == "b"


def test_to_frame_is_independent(made):
    frame = made.to_frame()
    assert type(frame) is pd.DataFrame
    frame["net"] = 7.0
    frame.loc[0, "tier"] = "z"
    assert made["net"].tolist()[0] == 1.5
    assert made["tier"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    "derive",
    [
        lambda t: t[["net"]],
        lambda t: t[t["net"] > 0],
        lambda t: t.sort_values("tier"),
        lambda t: t.merge(t, on="tier"),
        lambda t: t.assign(x=1),
        lambda t: t.head(1),
    ],
)
def test_what_is_derived_is_an_ordinary_frame(made, derive):
    derived = derive(made)
    assert type(derived) is pd.DataFrame
    derived["mine"] = 1
    assert "mine" not in made.columns


def test_table_survives_pickling(made):
    after = pickle.loads(pickle.dumps(made))
    assert (type(after), after.title, after.as_of) == (
        rp.Table,
        "exposures",
        "2026-05-29",
    )
    pd.testing.assert_frame_equal(after, made, check_exact=True)
    with pytest.raises(TypeError, match="is a result"):
        after["net"] = 0.0


def test_definitions_are_those_of_the_columns(made):
    assert list(made.definitions) == ["tier", "net"]
    assert "base currency" in made.definitions["net"]


def test_every_column_of_every_result_is_defined(report):
    for name, found in report.tables.items():
        assert list(found.definitions) == list(found.columns), name
        assert [c for c, text in found.definitions.items() if not text] == [], name


def test_definition_of_a_loading_names_its_driver(report):
    definitions = report.tables["loadings"].definitions
    assert "memory" in definitions["loading_memory"]


def test_no_word_means_two_things(report):
    """How bad a finding is has another name than how severe a scenario is."""
    assert "severity" not in report.tables["issues"].columns
    assert set(report.tables["issues"]["level"]) <= {"error", "warning"}


def test_report_names_its_tables(report):
    assert list(report.tables) == [
        "limits",
        "exposures",
        "exposures_by_book",
        "exposures_by_link",
        "exposures_by_currency",
        "stress_total",
        "stress",
        "stress_by_book",
        "stress_by_position",
        "plausibility",
        "regimes",
        "reverse_stress",
        "reverse_curve",
        "stress_path_summary",
        "replays",
        "claims",
        "doctor",
        "cycle",
        "cycle_turns",
        "cycle_record",
        "liquidity",
        "unwinding",
        "greeks",
        "liquidations",
        "look_through",
        "accounts",
        "measures",
        "measures_by_book",
        "measures_by_position",
        "factor_risk",
        "samples",
        "shocks",
        "loadings",
        "positions",
        "scenarios",
        "issues",
        "left_out",
    ]
    (lacking,) = (i for i in report.issues if i.code == "table-left-out")
    assert lacking.where.column == "measures_in_reversal"
    assert "no fall of 'memory'" in lacking.message
    for name in ("exposures", "stress", "shocks", "left_out"):
        assert getattr(report, name) is report.tables[name]
    assert {t.as_of for t in report.tables.values()} == {"2026-05-29"}


def test_run_id_is_twelve_hex_digits(report):
    assert len(report.run_id) == 12
    assert int(report.run_id, 16) >= 0


def test_sums_over_finer_tables_are_those_of_coarser_ones(report):
    total = report.tables["stress_total"].set_index("scenario")["pnl"]
    for name in ("stress", "stress_by_book", "stress_by_position"):
        by_scenario = report.tables[name].groupby("scenario")["pnl"].sum()
        pd.testing.assert_series_equal(
            by_scenario[total.index], total, rtol=1e-12, check_names=False
        )
    parts = ["direct", "propagated", "overshoot", "convexity", "liquidity"]
    gross = report.exposures["gross"].sum()
    gap = report.stress["pnl"] - report.stress[parts].sum(axis=1)
    assert gap.abs().max() <= 1e-12 * gross


def test_keys_come_first_in_the_order_asked_for(report):
    assert list(report.tables["stress_by_position"].columns[:5]) == [
        "scenario",
        "position",
        "book",
        "instrument",
        "tier",
    ]


def test_complete_run_left_nothing_out(report):
    assert (report.status, len(report.left_out)) == ("complete", 0)
