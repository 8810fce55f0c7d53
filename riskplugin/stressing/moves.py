"""What the shocks of scenarios do to the underlyings of what is held."""

from riskplugin._typing import Codes
from riskplugin.pricing.contracts import Moves
from riskplugin.stressing.shock import ShockGrid


def moves_of(grid: ShockGrid, names: Codes) -> Moves:
    """Return the moves of some instruments, overshoot in, over each horizon."""
    return Moves(
        grid.multiplier[:, names] * grid.local[:, names],
        grid.fx[:, names],
        grid.volatility[:, names],
        grid.horizon,
    )
