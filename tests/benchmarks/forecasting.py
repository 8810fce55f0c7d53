"""Walk-forward forecasts, beside riskfolio called on every window."""

import numpy as np

from riskplugin.risk.forecasting import (
    age_weighted_forecasts,
    historical_forecasts,
    volatility_scaled_forecasts,
)
from tests.benchmarks.ratios import Line, in_turns, medians

CONFIDENCE, ALPHA, HALF_LIFE = 0.99, 0.01, 12.0


def forecast(rows: int, groups: int, window: int, repeats: int) -> list[Line]:
    """Compare value at risk and expected shortfall of every row and group.

    riskfolio has neither of the weighted methods: they stand beside its plain one.
    """
    import riskfolio  # noqa: PLC0415 - seconds, only where it is compared with

    pnl = np.random.default_rng(1).standard_t(4, (rows, groups)) * 1e5

    def peer() -> object:
        return [
            (
                riskfolio.VaR_Hist(pnl[row - window : row, group], ALPHA),
                riskfolio.CVaR_Hist(pnl[row - window : row, group], ALPHA),
            )
            for row in range(window, rows)
            for group in range(groups)
        ]

    took = medians(
        in_turns(
            {
                "peer": peer,
                "historical": lambda: historical_forecasts(pnl, window, CONFIDENCE),
                "age-weighted": lambda: age_weighted_forecasts(
                    pnl, window, CONFIDENCE, HALF_LIFE
                ),
                "volatility-scaled": lambda: volatility_scaled_forecasts(
                    pnl, window, CONFIDENCE, HALF_LIFE
                ),
            },
            repeats,
        )
    )
    shape = f"{rows:,} sessions x {groups} groups, window {window}"
    return [
        Line(
            f"forecasts, {name} / riskfolio", took[name], "ms", took["peer"], note=note
        )
        for name, note in (
            ("historical", shape),
            ("age-weighted", "riskfolio unweighted"),
            ("volatility-scaled", "riskfolio unscaled"),
        )
    ]
