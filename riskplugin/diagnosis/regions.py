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

# Lags at which a region may move with America without a fault. It closes before New
# York does: what happens there after the close comes in its next session.
USUAL: Mapping[Region, tuple[int, ...]] = {
    Region.ASIA: (0, 1),
    Region.EUROPE: (0, 1),
    Region.AMERICA: (0,),
    Region.CLOCK: (0,),
    Region.OTHER: (-1, 0, 1),
}


def region_of(calendar: str, asset_class: str) -> Region:
    """Return where an instrument trades."""
    for region, markets in MARKETS.items():
        if calendar in markets:
            return region
    return Region.CLOCK if asset_class == "crypto" else Region.OTHER
