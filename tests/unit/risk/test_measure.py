"""What measures are called, and what is said of them."""

import pytest

from riskplugin.errors import UsageError
from riskplugin.risk.definitions import DEFINITIONS
from riskplugin.risk.measure import (
    ALSO_CALLED,
    MEASURE_OF,
    Measure,
    folded,
    measure_named,
)

RISKFOLIO = [
    *("MV", "MAD", "GMD", "MSV", "FLPM", "SLPM", "VaR", "CVaR", "TG", "EVaR", "RLVaR"),
    *("WR", "RG", "MDD", "ADD", "DaR", "CDaR", "EDaR", "RLDaR", "UCI"),
]


def test_riskfolio_codes_name_the_measures_in_their_order():
    assert [measure_named(code) for code in RISKFOLIO] == list(Measure)
    assert [DEFINITIONS[m].riskfolio for m in Measure] == RISKFOLIO


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("cvar", Measure.CVAR),
        ("expected_shortfall", Measure.CVAR),
        ("Expected Shortfall", Measure.CVAR),
        ("volatility", Measure.VOLATILITY),
        ("semi-deviation", Measure.SEMI_DEVIATION),
        ("worst_case", Measure.WORST_CASE),
        ("RANGE", Measure.RANGE),
        ("value at risk", Measure.VAR),
        ("max drawdown", Measure.MDD),
        (Measure.EVAR, Measure.EVAR),
    ],
)
def test_names_forgive_case_and_separators(name, measure):
    assert measure_named(name) is measure


def test_no_name_stands_for_two_measures():
    meant = [
        (folded(name), measure)
        for measure, names in ALSO_CALLED.items()
        for name in (measure, *names)
    ]
    assert len(set(meant)) == len(MEASURE_OF)


def test_unknown_name_says_the_nearest():
    with pytest.raises(UsageError, match=r"no measure is called 'CVaaR'.*'CVaR'"):
        measure_named("CVaaR")


def test_every_measure_has_a_definition_in_full():
    assert list(DEFINITIONS) == list(Measure)
    for definition in DEFINITIONS.values():
        assert definition.formula
        assert definition.source.endswith(")")
        assert definition.convention


def test_drawdowns_need_time_order_and_tails_alpha():
    ordered = {m for m in Measure if DEFINITIONS[m].in_time_order}
    assert ordered == set(list(Measure)[13:])
    tails = {m.value for m in Measure if DEFINITIONS[m].takes_alpha}
    assert tails == {
        *("VaR", "CVaR", "tail_gini", "EVaR", "RLVaR"),
        *("DaR", "CDaR", "EDaR", "RLDaR"),
    }
