"""What stands in where an instrument's own history is too short."""

from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Cube, Flags, Matrix, Vector
from riskplugin.factors.loadings import spread
from riskplugin.factors.series import Series
from riskplugin.universe import NO_LINK, UNCLASSIFIED

OWN, SHRUNK, PROXIED, ASSUMED = "own", "shrunk", "proxied", "assumed"
UPPER_QUARTILE = 0.75


@dataclass(slots=True)
class Estimates:
    """Loadings (M, J), their errors (M, J, J), volatility (M,) and provenance (M,)."""

    loadings: Matrix
    errors: Cube
    volatility: Vector
    provenance: list[str]


def proxy(series: Series, measured: Flags, into: Estimates) -> None:
    """Give instruments without a measurement the mean of their peers.

    Peers are those of the tier (``proxied``), else of the link, the asset class, or
    all (``assumed``). The error is the spread among the peers plus their own; the
    residual volatility is the peers' upper quartile.
    """
    count = len(series.instruments)
    for row in np.flatnonzero(~measured[:count] & ~series.still[:count]):
        into.provenance[row], peers = peers_of(series, measured, int(row))
        if not len(peers):
            continue
        among = into.loadings[peers]
        into.loadings[row] = among.mean(axis=0)
        into.errors[row] = into.errors[peers].mean(axis=0) + spread(among)
        into.volatility[row] = np.quantile(into.volatility[peers], UPPER_QUARTILE)


def peers_of(series: Series, measured: Flags, row: int) -> tuple[str, Codes]:
    """Return the provenance and the measured peers of an unmeasured instrument."""
    me = series.known[row]
    alike = (
        [p.tier == me.tier != UNCLASSIFIED for p in series.known],
        [p.link == me.link != NO_LINK for p in series.known],
        [p.asset_class == me.asset_class for p in series.known],
        [True] * len(series.known),
    )
    for level, same in enumerate(alike):
        peers = np.flatnonzero(np.array(same) & measured[: len(same)])
        if len(peers):
            return (PROXIED if level == 0 else ASSUMED), peers
    return ASSUMED, np.array([], dtype=np.int64)


def hold_still(series: Series, into: Estimates) -> None:
    """Fix what cannot move, and currencies whose history is too short to say.

    The latter are ``assumed`` still; loading the desk has warned of them.
    """
    short = np.isnan(into.volatility)
    short[: len(series.instruments)] = False
    for row in np.flatnonzero(series.still | short):
        into.loadings[row], into.errors[row], into.volatility[row] = 0.0, 0.0, 0.0
        into.provenance[row] = OWN if series.still[row] else ASSUMED
