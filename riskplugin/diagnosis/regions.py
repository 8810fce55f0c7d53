"""Where instruments trade: markets whose closes lie within a few hours."""

from collections.abc import Mapping
from enum import StrEnum


class Region(StrEnum):
    """Markets whose closes lie within a few hours of each other."""

    ASIA = "Asia"
    EUROPE = "Europe"
    AMERICA = "America"
    CLOCK = "around the clock"
    OTHER = "elsewhere"


MARKETS: Mapping[Region, tuple[str, ...]] = {
    Region.ASIA: (
        "XKRX", "XKOS", "XTKS", "XTAI", "XHKG", "XSHG", "XSHE", "XSES", "XASX", "XBOM",
    ),
    Region.EUROPE: (
        "XLON", "XETR", "XFRA", "XPAR", "XAMS", "XBRU", "XLIS", "XMAD", "XMIL", "XSWX",
        "XSTO", "XHEL", "XCSE", "XOSL", "XWBO", "XDUB", "XWAR",
    ),
    Region.AMERICA: (
        "XNYS", "XNAS", "ARCX", "BATS", "XASE", "XTSE", "BVMF", "XMEX", "XCBF", "CMES",
    ),
    Region.CLOCK: ("24/7",),
}  # fmt: skip

# What closes earlier moves a session after what happens once it has closed. Tokens are
# dated by UTC days, which end hours after New York does: taken to close together.
CLOSES: Mapping[Region, int] = {
    Region.ASIA: 0,
    Region.EUROPE: 1,
    Region.AMERICA: 2,
    Region.CLOCK: 2,
}


def usual_lags(one: Region, other: Region) -> tuple[int, ...]:
    """Return the sessions by which `one` may be behind `other` without a fault."""
    if Region.OTHER in (one, other):
        return (-1, 0, 1)
    earlier = CLOSES[other] - CLOSES[one]
    return (0,) if not earlier else (0, 1 if earlier > 0 else -1)


def region_of(calendar: str, asset_class: str) -> Region:
    """Return where an instrument trades."""
    for region, markets in MARKETS.items():
        if calendar in markets:
            return region
    return Region.CLOCK if asset_class == "crypto" else Region.OTHER
