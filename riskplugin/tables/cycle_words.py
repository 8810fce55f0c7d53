"""What the signals of the cycle rest on, in words."""

import numpy as np

from riskplugin.cycle.signals import FEWEST_VALUES, QUARTER, SHORT, Persistence
from riskplugin.cycle.watched import INDICATORS, Watched


def persistence_in_words(found: Persistence) -> str:
    """Return what the leaders do."""
    if np.isnan(found.above_long[-1]):
        return "fewer than 200 sessions of prices of the memory basket"
    above = np.expm1(found.above_long[-1])
    side = "above" if found.held[-1] else "below"
    since = int(found.held[-1] or found.below_short[-1])
    return (
        f"memory {above:+.0%} from its 200-session mean, {side} its 50-session mean "
        f"for {since} sessions, {found.drawdown[-1]:.0%} from the year's high; "
        f"{found.up_share[-1]:.0%} of the last 21 sessions rose"
    )


def expectations_in_words(watch: Watched) -> str:
    """Return what is expected of memory prices."""
    last = {n: float(watch.of.indicators[n][-1]) for n in INDICATORS}
    known = {n: value for n, value in last.items() if not np.isnan(value)}
    if not known:
        return f"no series: give {', '.join(INDICATORS)} in the indicators table"
    words = [f"{n.replace('_', ' ')} {value:g}" for n, value in known.items()]
    gap = last["memory_spot"] / last["memory_contract"] - 1
    words += [] if np.isnan(gap) else [f"spot {gap:+.0%} from the contract"]
    change = watch.signals["price_expectations"].reading[-1]
    told = "unknown" if np.isnan(change) else f"{change:+.0%}"
    return f"{', '.join(words)}; change over 63 sessions {told}"


def breadth_in_words(watch: Watched) -> str:
    """Return how broad the theme is, among the names that have a mean."""
    level = watch.of.log_price
    names = int((~np.isnan(level[-SHORT:])).all(axis=0).sum())
    spread = watch.spread[-1]
    told = "unknown" if np.isnan(spread) else f"{spread:.0%}"
    share = watch.signals["breadth"].reading[-1]
    above = "unknown how many" if np.isnan(share) else f"{share:.0%}"
    return (
        f"{above} of {names} names above their 50-session mean; spread over 21 "
        f"sessions {told}"
    )


def backing_in_words(watch: Watched) -> str:
    """Return what stands behind the tokens' moves."""
    tokens = watch.of.tokens
    value = watch.of.value[-QUARTER:, tokens]
    known = int(((value > 0).sum(axis=0) >= FEWEST_VALUES).sum())
    if not known:
        return (
            f"no volumes of tokens on one venue for {FEWEST_VALUES} of the last "
            f"{QUARTER} sessions: give them in the volumes table"
        )
    return (
        f"traded value on rising over that on falling sessions, {known} tokens, 63 "
        "sessions"
    )
