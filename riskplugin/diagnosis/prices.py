"""Everything that is looked at in the closes of one instrument after another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Dates, Flags, Matrix, Vector
from riskplugin.diagnosis.finding import Concern, Effect, Finding
from riskplugin.diagnosis.jumps import Jump, JumpKind, level_changes
from riskplugin.diagnosis.references import local_scale, own_returns, peer_moves
from riskplugin.diagnosis.runs import missing_runs, repeated_blocks, stale_runs
from riskplugin.mending import Repair, RepairKind

FEWEST = 20  # closes without which nothing is judged
FILLED = 4  # sessions in a row that a fill bridges
SMALL_GAP = 2  # missing sessions in a row that are worth a line
MONTH = 21  # closes on both sides whose volume is compared
AROUND = 252  # closes on both sides over which an effect is measured
SESSIONS_A_YEAR = 252


@dataclass(frozen=True, eq=False, slots=True)
class Patient:
    """Closes of a market, and what is known of their instruments.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (T,)
    names : tuple of N str
    close : ndarray of shape (T, N)
        Positive, local currency; NaN where there is none.
    groups : ndarray of int, shape (N,)
        Instruments that move together: those of one number are each other's peers.
    session : ndarray of bool, shape (T, N)
        Days on which the market of each is open.
    around_the_clock : ndarray of bool, shape (N,)
    currencies : tuple of N str
    usd_per : Mapping of str to ndarray of shape (T,)
        By currency: USD per unit, the last known; NaN before the first.
    volume : ndarray of shape (T, N)
        Units traded; NaN where unknown.
    """

    dates: Dates
    names: tuple[str, ...]
    close: Matrix
    groups: Codes
    session: Flags
    around_the_clock: Flags
    currencies: tuple[str, ...]
    usd_per: Mapping[str, Vector]
    volume: Matrix


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """The closes that one instrument has, with what its peers did meanwhile."""

    name: str
    dates: Dates
    price: Vector
    residual: Vector
    scale: Vector
    volume: Vector

    def day(self, place: int) -> np.datetime64:
        """Return the date of a place."""
        found: np.datetime64 = self.dates[place]
        return found

    def mend(
        self, kind: RepairKind, first: int, last: int, amount: float = 0.0
    ) -> Repair:
        """Return the repair of the closes from `first` to `last`."""
        start, end = str(self.day(first)), str(self.day(last))
        return Repair((self.name,), kind, start, end, amount)


def price_findings(patient: Patient) -> Iterator[Finding]:
    """Yield what is found in each instrument's own closes, one after another."""
    log = np.log(patient.close)
    returns = own_returns(log)
    moves = np.cumsum(peer_moves(returns, patient.groups), axis=0)
    for i, name in enumerate(patient.names):
        rows = np.flatnonzero(~np.isnan(log[:, i]))
        yield from session_findings(patient, i, rows)
        if len(rows) < FEWEST:
            continue
        move = np.diff(moves[rows, i], prepend=moves[rows[0], i])
        residual = np.nan_to_num(returns[rows, i]) - move
        residual[0] = 0.0
        series = Series(
            name,
            patient.dates[rows],
            patient.close[rows, i],
            residual,
            local_scale(residual),
            patient.volume[rows, i],
        )
        rates = wrong_quotes(patient, i, rows)
        yield from jump_findings(series, rates)
        yield from run_findings(series)


def wrong_quotes(patient: Patient, column: int, rows: Codes) -> dict[str, Vector]:
    """Return the log ratio that a quote in each other currency has to the right one."""
    own = patient.usd_per.get(patient.currencies[column])
    if own is None:
        return {}
    pairs = ("USD",) if patient.currencies[column] != "USD" else patient.usd_per
    return {
        c: np.log(own[rows] / patient.usd_per[c][rows])
        for c in pairs
        if c != patient.currencies[column]
    }


# --- levels --------------------------------------------------------------------------


def jump_findings(series: Series, rates: Mapping[str, Vector]) -> Iterator[Finding]:
    """Yield what the moves that no peer shares look like."""
    for jump in level_changes(series.residual, series.scale, rates):
        yield jump_finding(series, jump)


def jump_finding(series: Series, jump: Jump) -> Finding:
    """Return a jump in words, with its repair."""
    repairs, advice = jump_repair(series, jump)
    before = series.price[max(jump.first - 1, 0)]
    found = (
        f"{before:g} to {series.price[jump.first]:g}, a factor of "
        f"{np.exp(jump.log_move):.4g} against its peers and {jump.scales:.0f} of its "
        "robust standard deviations"
    )
    traded, concern = volume_says(series, jump), Concern.MEDIUM
    if jump.kind in (JumpKind.UNIT, JumpKind.CURRENCY) or traded > 0:
        concern = Concern.HIGH
    elif traded < 0:
        concern = Concern.LOW
    return Finding(
        CODES[jump.kind],
        concern,
        (series.name,),
        series.day(jump.first),
        series.day(jump.last if not jump.stays else jump.first),
        f"{found}; {nearest(jump)}{way_back(jump)}" + VOLUME_SAYS[traded],
        repairs,
        advice,
        jump_effect(series, jump),
    )


CODES: Mapping[JumpKind, str] = {
    JumpKind.UNIT: "unit",
    JumpKind.CURRENCY: "currency",
    JumpKind.SPLIT: "missed_split",
    JumpKind.SPIKE: "spike",
    JumpKind.UNKNOWN: "jump",
}


VOLUME_SAYS: Mapping[int, str] = {
    -1: "; volume does not move the other way",
    0: "",
    1: "; volume moves the other way",
}


def volume_says(series: Series, jump: Jump) -> int:
    """Return 1 if volume moves against a split as units do, -1 if not, 0 if unknown.

    By the medians of the month before and after: more than half the ratio, in logs.
    """
    near = series.volume[max(jump.first - MONTH, 0) : jump.first + MONTH]
    if jump.kind is not JumpKind.SPLIT or np.isnan(near).any() or (near <= 0).any():
        return 0
    before, after = series.volume[: jump.first], series.volume[jump.first :]
    moved = np.log(np.median(after[:MONTH]) / np.median(before[-MONTH:]))
    return 1 if -moved / np.log(jump.ratio) > 0.5 else -1


def way_back(jump: Jump) -> str:
    """Return by what factor the closes leave a level again; "" if they do not."""
    if jump.stays:
        return ""
    by = "" if np.isnan(jump.back) else f" by {np.exp(jump.back):.4g}"
    return f", and back{by}"


def nearest(jump: Jump) -> str:
    """Return what the ratio of a jump is nearest to."""
    times = jump.ratio if jump.ratio >= 1 else 1 / jump.ratio
    way = "times" if jump.ratio >= 1 else "divided by"
    if jump.kind is JumpKind.CURRENCY:
        return f"as a quote in {jump.currency} has, {way} {times:.5g}"
    if jump.kind is JumpKind.UNKNOWN:
        return "near no split, unit or exchange rate"
    if jump.kind is JumpKind.SPIKE:
        return "one close"
    return f"near {way} {times:g}"


def jump_repair(series: Series, jump: Jump) -> tuple[tuple[Repair, ...], str]:
    """Return the repair of a jump, and in words what to look at first."""
    first, last = jump.first, jump.last
    repairs: tuple[Repair, ...] = (series.mend(RepairKind.BLANK, first, last),)
    match jump.kind:
        case JumpKind.SPIKE:
            advice = "take the close away if no other source has it"
        case JumpKind.CURRENCY if not jump.stays:
            advice = "take the closes away, or ask for them in one currency"
        case JumpKind.CURRENCY:
            repairs, advice = (), "ask for the whole history in one currency"
        case JumpKind.UNKNOWN if jump.stays:
            repairs = ()
            advice = "look for a spin-off, a special dividend or news on that day"
        case JumpKind.UNKNOWN:
            advice = "compare the closes with another source"
        case JumpKind.SPLIT if jump.stays:
            repairs = (series.mend(RepairKind.SCALE, 0, first - 1, jump.ratio),)
            advice = "adjust the closes before, if there was a split"
        case _:
            repairs = (series.mend(RepairKind.SCALE, first, last, 1 / jump.ratio),)
            advice = "scale the closes, once it is sure which level is wrong"
    return repairs, advice


def jump_effect(series: Series, jump: Jump) -> Effect:
    """Return the volatility around a jump with its moves and without them."""
    a, b = max(jump.first - AROUND, 1), min(jump.first + AROUND, len(series.price))
    moves = np.diff(np.log(series.price))[a - 1 : b - 1]
    places = np.arange(a, b)
    left = np.isin(places, [jump.first, jump.last + 1])
    year = np.sqrt(SESSIONS_A_YEAR)
    with_it, without = moves.std() * year, moves[~left].std() * year
    return Effect("annual volatility around it", float(with_it), float(without))


# --- runs ----------------------------------------------------------------------------


def run_findings(series: Series) -> Iterator[Finding]:
    """Yield stale runs and repeated blocks."""
    for first, last, expected in stale_runs(series.price):
        yield Finding(
            "stale",
            Concern.MEDIUM,
            (series.name,),
            series.day(first),
            series.day(last),
            f"{last - first + 1} closes in a row repeat {series.price[first]:g}; by "
            f"its own habit {expected:.2g} such runs in its whole history",
            (series.mend(RepairKind.BLANK, first, last),),
            "take the repeated closes away",
        )
    for first, last, before in repeated_blocks(series.price):
        source = f"{series.day(first - before)} to {series.day(last - before)}"
        yield Finding(
            "repeated_block",
            Concern.HIGH,
            (series.name,),
            series.day(first),
            series.day(last),
            f"{last - first + 1} closes are exactly those of {source}",
            (series.mend(RepairKind.BLANK, first, last),),
            "take the copy away, if it is not the earlier ones that are wrong",
        )


def session_findings(patient: Patient, column: int, rows: Codes) -> Iterator[Finding]:
    """Yield sessions without a close, and closes on days without a session."""
    name, dates = patient.names[column], patient.dates
    there = np.zeros(len(dates), bool)
    there[rows] = True
    session = patient.session[:, column]
    for first, last, _ in missing_runs(there, session):
        missing = int((session[first : last + 1] & ~there[first : last + 1]).sum())
        if missing < SMALL_GAP:
            continue
        lost = missing > FILLED
        yield Finding(
            "gap",
            Concern.MEDIUM if lost else Concern.LOW,
            (name,),
            dates[first],
            dates[last],
            f"no close on {missing} days in a row on which its market was open",
            advice="give the closes; "
            + ("returns across it are left out" if lost else "the last one is used"),
        )
    if patient.around_the_clock[column]:
        return
    weekend = rows[~np.is_busday(dates[rows])]
    if len(weekend):
        yield weekend_finding(name, dates, weekend)


def weekend_finding(name: str, dates: Dates, weekend: Codes) -> Finding:
    """Return closes of an exchange's instrument on Saturdays and Sundays."""
    saturdays = int((np.mod(dates[weekend].astype(np.int64), 7) == 2).sum())
    sundays = len(weekend) - saturdays
    days: Sequence[str] = [str(dates[i]) for i in weekend]
    repairs = tuple(
        Repair((name,), RepairKind.BLANK, day, day) for day in days[:FILLED]
    )
    return Finding(
        "weekend",
        Concern.LOW,
        (name,),
        dates[weekend[0]],
        dates[weekend[-1]],
        f"{len(weekend)} closes at weekends, {saturdays} on Saturdays and {sundays} on "
        f"Sundays, {', '.join(days[:3])}{' …' if len(days) > 3 else ''}",
        repairs if len(weekend) <= FILLED else (),
        "many Saturdays and no Mondays are labels a day late, Sundays and no Fridays a "
        "day early",
    )
