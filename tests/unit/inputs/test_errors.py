"""Errors cross processes whole and say each finding."""

import pickle

import pytest

import riskplugin as rp
from riskplugin.errors import Place, Severity, did_you_mean, input_error, listing

ISSUES = (
    rp.Issue("bad-number", Place("p.csv", 7, "quantity"), "found 'x'", "write 1.5"),
    rp.Issue("no-nav", Place("nav", column="semis"), "no NAV", "", Severity.WARNING),
)


@pytest.mark.parametrize(
    "error",
    [rp.InputError, rp.SchemaError, rp.CoverageError, rp.ConfigError],
)
def test_input_errors_survive_pickling(error):
    before = error(iter(ISSUES))
    after = pickle.loads(pickle.dumps(before))
    assert type(after) is error
    assert after.issues == ISSUES
    assert str(after) == str(before)


@pytest.mark.parametrize(
    "error", [rp.UsageError, rp.ScenarioError, rp.ModelError, rp.AdapterError]
)
def test_other_errors_survive_pickling(error):
    after = pickle.loads(pickle.dumps(error("what was wrong")))
    assert type(after) is error
    assert str(after) == "what was wrong"


def test_error_of_a_real_desk_survives_pickling(load, positions):
    with pytest.raises(rp.InputError, match="bad-number") as caught:
        load(positions=positions.assign(quantity="x"))
    after = pickle.loads(pickle.dumps(caught.value))
    assert after.issues == caught.value.issues
    assert str(after) == str(caught.value)


def test_issue_says_where_what_what_to_do_and_its_code():
    assert [str(issue) for issue in ISSUES] == [
        "error: p.csv row 7, quantity: found 'x' (write 1.5) [bad-number]",
        "warning: nav, semis: no NAV [no-nav]",
    ]


def test_input_error_counts_and_lists():
    assert str(rp.InputError(ISSUES)).splitlines() == [
        "1 error, 1 warning",
        f"  {ISSUES[0]}",
        f"  {ISSUES[1]}",
    ]
    assert str(rp.InputError(ISSUES[:1] * 2)).startswith("2 errors\n")


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        (["unknown-key"], rp.ConfigError),
        (["no-price", "missing-fx"], rp.CoverageError),
        (["bad-number", "missing-column"], rp.SchemaError),
        (["bad-number", "no-price"], rp.InputError),
        (["bad-number", "bad-scenario"], rp.InputError),
    ],
)
def test_warnings_do_not_widen_the_class_of_an_error(codes, error):
    issues = [rp.Issue(code, Place("t"), "m") for code in codes]
    assert type(input_error(issues)) is error
    assert type(input_error([*issues, ISSUES[1]])) is error


def test_every_error_is_a_risk_plugin_error():
    for name in rp.__all__:
        if name.endswith("Error"):
            assert issubclass(getattr(rp, name), rp.RiskPluginError)
    assert issubclass(rp.UsageError, ValueError)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("quantty", "did you mean 'quantity'?"),
        ("QUANTITY", "did you mean 'quantity'?"),
        ("zzz", "known: book, quantity"),
    ],
)
def test_hint_names_the_nearest_or_lists_the_known(name, hint):
    assert did_you_mean(name, ["book", "quantity"]) == hint


def test_listing_stops_at_ten():
    names = [str(i) for i in range(13)]
    assert listing(names) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more"
    assert listing(names[:2]) == "0, 1"
