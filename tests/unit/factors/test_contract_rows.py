"""Rows of the model that copy those of their underlyings."""

import numpy as np
import pytest

from riskplugin.contracts import joined
from riskplugin.factors.contract_rows import alone, series_rows, with_contracts
from tests.contract_terms import fund, option


@pytest.fixture
def wide(hand_model):
    terms = joined(
        option("CALL", "000660.KS", "call", 1.0, 0.5, 0.4), fund("INVERSE", "TAO", -1)
    )
    return with_contracts(hand_model, terms)


def test_a_contract_has_the_row_of_its_underlying(wide, hand_model):
    assert wide.instruments == ("MU", "000660.KS", "TAO", "CALL", "INVERSE")
    assert wide.tiers[3:] == (hand_model.tiers[1], hand_model.tiers[2])
    assert wide.currency.tolist() == [0, 1, 0, 1, 0]
    assert wide.source.tolist() == [0, 1, 2, 1, 2]
    assert wide.loadings[3].tolist() == [1.2, 0.0]
    assert wide.volatility[3:].tolist() == [0.02, 0.04, 0.0, 0.005]
    assert wide.correlation[1, 3] == 1.0
    assert wide.correlation[3, 6] == -0.2  # to the won, as 000660.KS
    assert wide.correlation[0, 3] == 0.3
    assert wide.provenance[3:5] == ("shrunk", "proxied")
    assert np.isnan(wide.own_loadings[3:5]).all()


def test_the_volatility_of_a_fund_is_all_of_its_underlying(wide):
    """TAO: 0.25 x 4e-4 + 2 x 0.5 x 1e-4 + 9e-4 of the drivers, 16e-4 of its own."""
    session = 0.25 * 4e-4 + 1e-4 + 9e-4 + 16e-4
    assert wide.contracts.volatility[4] == pytest.approx(np.sqrt(session * 252))
    assert wide.contracts.gamma[4] == 2.0  # l (l - 1)
    assert wide.contracts.theta[4] == pytest.approx(-session)


def test_alone_takes_the_contracts_away_again(wide, hand_model):
    back = alone(wide)
    assert back.instruments == hand_model.instruments
    np.testing.assert_array_equal(back.loadings, hand_model.loadings)
    np.testing.assert_array_equal(back.correlation, hand_model.correlation)
    assert series_rows(wide).tolist() == [0, 1, 2, 1, 2, 3, 4]
    assert alone(hand_model) is hand_model


def test_beta_of_a_unit_is_deltas_part_and_the_currency_that_is_borne(wide):
    """Total betas of memory: 1.2 of 000660.KS in won, 0.1 of the won, 0.75 of TAO."""
    call = wide.contracts
    expected = call.delta[3] * 1.2 + call.value[3] * 0.1
    beta = wide.unit_beta()
    assert beta[3] == pytest.approx(expected)
    assert beta[4] == pytest.approx(-0.75)
    assert beta[1] == pytest.approx(1.3)
