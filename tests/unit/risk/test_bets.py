import numpy as np
import pytest

from riskplugin.risk.bets import effective_bets, session_covariance


def test_many_names_that_share_one_move_are_one_bet():
    covariance = np.full((20, 20), 0.9) + 0.1 * np.eye(20)
    assert effective_bets(covariance, np.ones((20, 1))) == pytest.approx([1.0])


def test_equal_uncorrelated_bets_count_one_each():
    covariance = np.diag([1.0, 4.0, 9.0])
    values = np.array([[6.0, 6.0], [3.0, 0.0], [2.0, 0.0]])
    assert effective_bets(covariance, values) == pytest.approx([3.0, 1.0])


def test_one_name_is_one_bet_whatever_else_there_is():
    covariance = np.full((5, 5), 0.5) + 0.5 * np.eye(5)
    values = np.zeros((5, 1))
    values[2] = 3.0
    assert effective_bets(covariance, values) == pytest.approx([1.0])


def test_two_names_by_hand():
    # eigenvalues 1 +- r on (1, 1) and (1, -1): for values (3, 1) the two bets weigh
    # 1.5 * 16 / 2 = 12 and 0.5 * 4 / 2 = 1
    covariance = np.array([[1.0, 0.5], [0.5, 1.0]])
    share = np.array([12.0, 1.0]) / 13
    expected = np.exp(-(share * np.log(share)).sum())
    assert effective_bets(covariance, np.array([[3.0], [1.0]])) == pytest.approx(
        [expected]
    )


def test_book_without_risk_has_no_number():
    assert np.isnan(effective_bets(np.eye(2), np.zeros((2, 1)))).all()


def test_covariance_of_names_by_hand(hand_model):
    # 000660.KS in dollars: loadings 1.2 + 0.1, residual 0.02^2 + 0.005^2 - 2 x 0.2 x
    # 0.02 x 0.005; MU loads 1, residuals correlate 0.3
    found = session_covariance(hand_model)
    korea = 1.3**2 * 4e-4 + 4e-4 + 2.5e-5 - 4e-5
    assert found[1, 1] == pytest.approx(korea)
    assert found[0, 1] == pytest.approx(1.3 * 4e-4 + 0.3 * 0.01 * 0.02)
    assert found[2, 2] == pytest.approx(0.25 * 4e-4 + 9e-4 + 2 * 0.5e-4 + 0.04**2)
