"""Samples of P&L that several tests measure."""

import numpy as np

from riskplugin.risk.checks import equal_probabilities
from riskplugin.risk.measuring import measured, totals


def heavy_tailed(seed, scenarios, columns=1, scale=1e6):
    """Return P&L in money with fat tails, (T, G)."""
    rng = np.random.default_rng(seed)
    return scale * (0.05 + rng.standard_t(3, size=(scenarios, columns)))


def decaying(scenarios, half_life):
    """Return probabilities of which the last is the largest, (T,)."""
    weights = 0.5 ** (np.arange(scenarios)[::-1] / half_life)
    return weights / weights.sum()


def total_of(measure, pnl, alpha=0.05, probabilities=None):
    """Return the total of one column, by both functions that give it."""
    pnl = np.asarray(pnl, dtype=float)[:, None]
    if probabilities is None:
        probabilities = equal_probabilities(len(pnl))
    found = measured(measure, pnl, probabilities, alpha)
    (total,) = totals(measure, pnl, probabilities, alpha)
    np.testing.assert_allclose(found.total[0], total, rtol=1e-12, atol=1e-12)
    return total
