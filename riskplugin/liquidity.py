"""What it costs to sell."""

import numpy as np

from riskplugin._typing import Vector


def unwind_cost(half_spread: Vector, unwind_share: float) -> Vector:
    """Return the cost of unwinding per unit of gross value, shape as `half_spread`.

    ``unwind_share x half_spread``, >= 0. Where nothing is unwound nothing is paid,
    known spread or not; otherwise an unknown spread is an unknown cost (NaN).
    """
    return np.where(unwind_share > 0, unwind_share * half_spread, 0.0)
