"""Closes beside those of a second source: labels, levels and single days that differ.

The ratio of two feeds of one instrument is constant where both are right. A step in it
is a split, a unit or a currency, a drift an adjustment for dividends, one day off it a
wrong close; and if it is quiet only against the closes of a session before or after,
one of the feeds is dated a session off.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Dates, Flags, Matrix, Vector
from riskplugin.diagnosis.between_regions import by_sessions
from riskplugin.diagnosis.displacements import same_sign
from riskplugin.diagnosis.feeds import beta_effect
from riskplugin.diagnosis.finding import Concern, Effect, Finding
from riskplugin.diagnosis.jumps import NEAR, SPLITS, UNITS
from riskplugin.diagnosis.labels import SAME
from riskplugin.diagnosis.moves import Feeds
from riskplugin.diagnosis.ratio import (
    STEP,
    Step,
    level_of,
    mismatches,
    quiet_lags,
    ratios_at,
    stands_out,
    steps,
)
from riskplugin.diagnosis.regions import Region
from riskplugin.diagnosis.right_feed import SURE, Told, told_apart
from riskplugin.mending import Repair, RepairKind

FEWEST = 20  # closes in common without which nothing is compared
BLOCK = 63  # closes over which a feed's labels are taken to be alike
NAMED, DATES = 10, 4  # names and dates that a finding lists
WHOLE = 0.9  # share of its closes from which an instrument counts as compared
DRIFT = 0.005  # log ratio that a difference of adjustments has at least
JUMPS: Mapping[bool | None, str] = {  # by whether it is the own closes that do
    True: "; the jump is in the prices",
    False: "; the jump is in the second source",
    None: ", throughout",
}
CHANGING = 0.0  # a ratio that is another one every day
TWICE = 2.0  # times that a close stands out more than the other source's


@dataclass(frozen=True, eq=False, slots=True)
class Sources:
    """Closes of two sources on the same dates.

    Attributes
    ----------
    feeds : Feeds
        The prices that everything is computed from, on T dates.
    other : ndarray of shape (T, N)
        The second source's; NaN where it has none.
    currencies : tuple of N str
    usd_per : Mapping of str to ndarray of shape (T,)
        By currency: USD per unit, the last known; NaN before the first.
    """

    feeds: Feeds
    other: Matrix
    currencies: tuple[str, ...]
    usd_per: Mapping[str, Vector]


@dataclass(frozen=True, eq=False, slots=True)
class Beside:
    """One instrument's known log ratios, aligned, with the closes of both sources.

    Arrays of shape (n,): dates and closes are the own ones, `other` those of the second
    source that they stand against.
    """

    name: str
    dates: Dates
    ratio: Vector
    own: Vector
    other: Vector

    def day(self, place: int) -> np.datetime64:
        """Return the date of a place."""
        found: np.datetime64 = self.dates[place]
        return found


def source_findings(sources: Sources) -> Iterator[Finding]:
    """Yield where the two sources differ, and what is not compared."""
    for column in range(len(sources.feeds.names)):
        yield from compared(sources, column)
    yield from coverage_findings(sources)


def compared(sources: Sources, column: int) -> Iterator[Finding]:
    """Yield where the sources of one instrument differ."""
    feeds = sources.feeds
    own = np.flatnonzero(~np.isnan(feeds.close[:, column]))
    other = np.flatnonzero(~np.isnan(sources.other[:, column]))
    if min(len(own), len(other)) < FEWEST:
        return
    ratios = ratios_at(
        feeds.dates[own],
        feeds.close[own, column],
        feeds.dates[other],
        sources.other[other, column],
        days=feeds.regions[column] is Region.CLOCK,
    )
    lags = quiet_lags(ratios, BLOCK, FEWEST)
    for first, last, late in same_sign(lags):
        yield shift_finding(sources, column, own[first : last + 1], late)
    ratio = ratios[lags + SAME, np.arange(len(own))]
    for row in np.flatnonzero(np.diff(lags)):  # where labels change no day is sure
        ratio[max(row - 1, 0) : row + 3] = np.nan
    known = np.flatnonzero(~np.isnan(ratio))
    if len(known) < FEWEST:
        return
    close = feeds.close[own[known], column]
    beside = Beside(
        feeds.names[column],
        feeds.dates[own[known]],
        ratio[known],
        np.log(close),
        np.log(close) - ratio[known],
    )
    yield from level_findings(beside, wrong_quotes(sources, column, own[known]))
    yield from mismatch_findings(beside)


# --- labels --------------------------------------------------------------------------


def shift_finding(sources: Sources, column: int, rows: Codes, late: int) -> Finding:
    """Return that the sources are dated `late` sessions apart on `rows`, and why."""
    feeds = sources.feeds
    own = np.flatnonzero(~np.isnan(feeds.close[:, column]))
    covered: Flags = np.zeros(len(feeds.dates), bool)
    covered[rows[0] : rows[-1] + 1] = True
    told = told_apart(feeds, sources.other[:, column], column, covered)
    wrong = told is not None and told.apart <= -SURE
    first, last = feeds.dates[rows[0]], feeds.dates[rows[-1]]
    repair = Repair(
        (feeds.names[column],),
        RepairKind.SHIFT,
        "" if rows[0] == own[0] else str(first),
        "" if rows[-1] == own[-1] else str(last),
        float(-late),
    )
    return Finding(
        "source_shift",
        Concern.HIGH if wrong or told is None else Concern.MEDIUM,
        (feeds.names[column],),
        first,
        last,
        f"dated {by_sessions(late)} against the second source, whose closes it has "
        f"then; {told_in_words(told)}",
        (repair,) if wrong else (),
        shift_advice(told),
        beta_effect(feeds, column, repair) if wrong else Effect(),
    )


def told_in_words(told: Told | None) -> str:
    """Return what a driver says of the two feeds."""
    if told is None:
        return "no driver of another region has returns to tell which"
    return (
        f"correlation with {told.driver} {told.own:.2f}, of the second source "
        f"{told.other:.2f}"
    )


def shift_advice(told: Told | None) -> str:
    """Return what to do about two feeds that are dated apart."""
    if told is None or abs(told.apart) < SURE:
        return "find out which of the two is dated wrongly: prices do not tell"
    if told.apart > 0:
        return "mend the second source: its dates are likely the wrong ones"
    return "move the dates: those of the prices are likely the wrong ones"


# --- levels --------------------------------------------------------------------------


def wrong_quotes(sources: Sources, column: int, rows: Codes) -> dict[str, Vector]:
    """Return the log ratio that a quote in each other currency has to the right one."""
    own = sources.usd_per.get(sources.currencies[column])
    if own is None:
        return {}
    return {
        code: np.log(own[rows] / rate[rows])
        for code, rate in sources.usd_per.items()
        if code != sources.currencies[column]
    }


def level_findings(beside: Beside, rates: Mapping[str, Vector]) -> Iterator[Finding]:
    """Yield the stretches at another level, or how far the sources drift apart."""
    found = steps(beside.ratio)
    far = [step for step in found if abs(step.level) >= STEP]
    for step in far:
        yield level_finding(beside, step, rates)
    level = level_of(beside.ratio)
    widest = float(np.abs(level).max())
    if not far and widest >= DRIFT:
        lowest, highest = np.exp(level.min()), np.exp(level.max())
        yield Finding(
            "source_level",
            Concern.LOW,
            (beside.name,),
            beside.day(0),
            beside.day(-1),
            f"{lowest:.4g} to {highest:.4g} times the second source",
            advice="see whether both are adjusted for dividends in the same way",
        )


def level_finding(beside: Beside, step: Step, rates: Mapping[str, Vector]) -> Finding:
    """Return a stretch in which one source is a multiple of the other."""
    begins, ends = step.first > 0, step.last < len(beside.ratio) - 1
    like, size = nearest(beside, step, rates)
    own_jumped = jumped(beside, step)
    repairs: tuple[Repair, ...] = ()
    advice = "find out which is right: a custodian's value of the position tells"
    if own_jumped and size != CHANGING:
        span = (str(beside.day(step.first)) if begins else "",
                str(beside.day(step.last)) if ends else "")  # fmt: skip
        factor = float(np.exp(-step.level)) if size is None else 1 / size
        repairs = (Repair((beside.name,), RepairKind.SCALE, *span, factor),)
        advice = "scale the closes: it is they that jump, not the second source"
    elif own_jumped is False:
        advice = "mend the second source: it is there that the level jumps"
    return Finding(
        "source_level",
        Concern.MEDIUM if size is None else Concern.HIGH,
        (beside.name,),
        beside.day(step.first),
        beside.day(step.last),
        f"{np.exp(step.level):.5g} times the second source, {like}{JUMPS[own_jumped]}",
        repairs,
        advice,
    )


def jumped(beside: Beside, step: Step) -> bool | None:
    """Return whether the own closes jump at the ends of a level, None if none ends.

    By the moves into and out of it, of the source that moves more.
    """
    places = [
        edge for edge in (step.first, step.last + 1) if 0 < edge < len(beside.ratio)
    ]
    if not places:
        return None
    own, other = (
        sum(abs(float(price[p] - price[p - 1])) for p in places)
        for price in (beside.own, beside.other)
    )
    return own > other


def nearest(
    beside: Beside, step: Step, rates: Mapping[str, Vector]
) -> tuple[str, float | None]:
    """Return what a level is like in words, and the ratio that it is; None if none.

    That of a quote in another currency is `CHANGING`.
    """
    ratio = beside.ratio[step.first : step.last + 1]
    for code, rate in rates.items():
        for sign, where in ((1, "the prices are"), (-1, "the second source is")):
            apart = np.abs(ratio - sign * rate[step.first : step.last + 1])
            if float(np.median(apart)) <= NEAR:
                return f"as if {where} quoted in {code}", CHANGING
    for what, sizes in (("a unit", UNITS), ("a split", SPLITS)):
        for size in sizes:
            if abs(abs(step.level) - np.log(size)) <= NEAR:
                way = "times" if step.level > 0 else "divided by"
                words = f"near {what} ({way} {size:g})"
                return words, size if step.level > 0 else 1 / size
    return "near no unit, split or exchange rate", None


# --- single days ---------------------------------------------------------------------


def mismatch_findings(beside: Beside) -> Iterator[Finding]:
    """Yield the days on which the sources differ from their usual ratio."""
    places = np.flatnonzero(mismatches(beside.ratio))
    if not len(places):
        return
    apart = beside.ratio[places] - level_of(beside.ratio)[places]
    own = np.array([stands_out(beside.own, int(p)) for p in places])
    other = np.array([stands_out(beside.other, int(p)) for p in places])
    odd = places[own >= TWICE * other]
    listed = ", ".join(
        f"{beside.day(int(p))} {np.expm1(by):+.1%}"
        for p, by in zip(places[:DATES], apart[:DATES], strict=True)
    )
    more = f" and {len(places) - DATES} more" if len(places) > DATES else ""
    days = [str(beside.day(int(p))) for p in odd]
    yield Finding(
        "source_mismatch",
        Concern.MEDIUM,
        (beside.name,),
        beside.day(int(places[0])),
        beside.day(int(places[-1])),
        f"{len(places)} closes off the second source: {listed}{more}; on {len(odd)} of "
        "them it is the price that stands out from its neighbours",
        tuple(Repair((beside.name,), RepairKind.BLANK, d, d) for d in days)
        if 0 < len(days) <= DATES
        else (),
        "take the prices that stand out away, once a third source says so",
    )


# --- what is not compared ------------------------------------------------------------


def coverage_findings(sources: Sources) -> Iterator[Finding]:
    """Yield the instruments that the second source lacks, or has in part only."""
    feeds = sources.feeds
    own, other = ~np.isnan(feeds.close), ~np.isnan(sources.other)
    common = (own & other).sum(axis=0)
    share = common / np.maximum(own.sum(axis=0), 1)
    lacking = np.flatnonzero(common < FEWEST)
    partly = np.flatnonzero((common >= FEWEST) & (share < WHOLE))
    if len(lacking):
        what = f"fewer than {FEWEST} closes in common with the second source"
        yield coverage(feeds, lacking, f"{what}, of {len(lacking)} of {len(share)}")
    if len(partly):
        least = int(partly[share[partly].argmin()])
        what = "in the second source for part of their closes, the least is "
        yield coverage(
            feeds, partly, f"{what}{feeds.names[least]} with {share[least]:.0%}"
        )


def coverage(feeds: Feeds, columns: Sequence[int] | Codes, evidence: str) -> Finding:
    """Return that some instruments are not compared, or not over all dates."""
    names = [feeds.names[int(c)] for c in columns]
    more = f", and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return Finding(
        "source_overlap",
        Concern.LOW,
        tuple(names[:NAMED]),
        feeds.dates[0],
        feeds.dates[-1],
        evidence + more,
        advice="nothing is said of them where only one source has a close",
    )
