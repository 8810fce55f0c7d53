"""Metrics by name, and how measures are written."""

import pytest

from riskplugin.columns.meanings import COLUMNS
from riskplugin.errors import UsageError
from riskplugin.limits.definition import scope_of
from riskplugin.limits.metrics import METRICS, HowMeasured, Source, metric_named
from riskplugin.risk.measure import Measure
from riskplugin.risk.sampling import Method


def test_every_metric_is_a_column_that_has_a_definition():
    assert {m.column for m in METRICS.values()} <= COLUMNS.keys()
    assert {m.source for m in METRICS.values()} == set(Source) - {Source.MEASURES}


def test_losses_have_the_other_sign_of_their_column():
    turned = {name for name, metric in METRICS.items() if metric.sign < 0}
    assert turned == {"stress_loss", "stress_low_loss", "path_loss"}


@pytest.mark.parametrize(
    ("text", "name", "how"),
    [
        ("CVaR", "CVaR", HowMeasured(Measure.CVAR)),
        ("cvar alpha=0.05", "CVaR", HowMeasured(Measure.CVAR)),
        ("VaR  alpha = 0.010", "VaR alpha=0.01", HowMeasured(Measure.VAR, 0.01)),
        ("expected shortfall", "CVaR", HowMeasured(Measure.CVAR)),
        ("volatility", "volatility", HowMeasured(Measure.VOLATILITY)),
        ("MDD", "MDD", HowMeasured(Measure.MDD)),
        (
            "expected shortfall method=reversal horizon=21 alpha=0.1",
            "CVaR alpha=0.1 horizon=21 method=reversal",
            HowMeasured(Measure.CVAR, 0.1, 21, Method.REVERSAL),
        ),
    ],
)
def test_a_measure_is_written_with_what_differs_from_its_defaults(text, name, how):
    found = metric_named(text)
    assert (found.name, found.how) == (name, how)
    assert metric_named(found.name) == found


@pytest.mark.parametrize("text", ["Gross", "gross", "GROSS"])
def test_case_does_not_count(text):
    assert metric_named(text) is METRICS["gross"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("gros", r"there is no metric 'gros'; did you mean 'gross'"),
        ("stres_loss", "did you mean 'stress_loss'"),
        ("gross alpha=0.01", "gross takes no options"),
        ("CVaR alhpa=0.01", "CVaR: there is no option 'alhpa'; did you mean 'alpha'"),
        ("CVaR alpha=5%", "alpha is 5%, a tail between 0 and 1"),
        ("CVaR alpha=1", "alpha is 1, a tail between 0 and 1"),
        ("volatility alpha=0.01", "volatility has no tail"),
        ("CVaR horizon=7", "horizon is 7; known: 1, 5, 10, 21"),
        ("MDD horizon=5", "MDD: a drawdown runs along single sessions"),
        ("CVaR method=reversed", "method is reversed; did you mean 'reversal'"),
        ("CVaR alpha=0.01 and more", "cannot read 'CVaR alpha=0.01 and more'"),
        ("=0.01", "cannot read '=0.01'"),
    ],
)
def test_what_is_no_metric_is_refused_with_the_nearest(text, match):
    with pytest.raises(UsageError, match=match):
        metric_named(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("total", ("", "")),
        (" Total ", ("", "")),
        ("tier:memory", ("tier", "memory")),
        ("Book: semis", ("book", "semis")),
        ("account:desk:2", ("account", "desk:2")),
    ],
)
def test_scope_is_a_key_and_a_label(text, expected):
    assert scope_of(text) == expected


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("teir:memory", "there is no scope 'teir:memory'; did you mean 'tier:…'"),
        ("position:3", "there is no scope 'position:3'"),
        ("memory", "there is no scope 'memory'"),
        ("total:memory", "there is no scope 'total:memory'"),
        ("tier:", "no scope 'tier:': write tier:NAME"),
    ],
)
def test_what_is_no_scope_is_refused(text, match):
    with pytest.raises(UsageError, match=match):
        scope_of(text)
