"""What every column means: all of them in one, with units and signs."""

from collections.abc import Mapping

from riskplugin.columns.core import CORE, OF_DRIVER
from riskplugin.columns.cycle import CYCLE
from riskplugin.columns.decisions import DECISIONS
from riskplugin.columns.hedged import HEDGED
from riskplugin.columns.held import HELD
from riskplugin.columns.limits import LIMITED
from riskplugin.columns.measured import MEASURED
from riskplugin.columns.past import PAST
from riskplugin.columns.stressed import STRESSED

COLUMNS: Mapping[str, str] = {
    **STRESSED,
    **MEASURED,
    **PAST,
    **CYCLE,
    **HELD,
    **HEDGED,
    **CORE,
    **DECISIONS,
    **LIMITED,
}

BETAS: Mapping[str, str] = {
    "total": "Sensitivity of the log return in base currency to the {} basket with "
    "every other driver, and the currency, following.",
    "local": "The same in the instrument's own currency.",
    "own": "What the instrument's own history alone says of the {} beta, own currency; "
    "NaN where it is too short.",
    "tier": "Mean of that over the tier.",
}


def definition(column: str) -> str:
    """Return what a column of a result means, with its unit and sign."""
    kind, _, rest = column.partition("_")
    if kind in BETAS and rest.endswith("_beta"):
        return BETAS[kind].format(rest.removesuffix("_beta"))
    for prefix, words in OF_DRIVER.items():
        if column.startswith(prefix):
            return words.format(column.removeprefix(prefix))
    return COLUMNS[column]
