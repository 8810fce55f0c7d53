"""How often the data doctor finds planted faults, and how often it is wrong.

    python -m tests.benchmarks.diagnosis [--data DIR] [--trials 1000] [--seed 92000]

Faults go one at a time, at random instruments, places and sizes, into the closes of
the sample desk; with --data also into real ones, whose own days are no cleaner than
days are, so that no bar holds there. A fault counts as found if a finding names its
code and its instrument and reaches its dates. A label shift must have the right sign,
and its repair must bring the beta back.

Rules were set while looking at the samples and at other seeds than these. The rates are
held out: markets drawn by other seeds, with other volatilities, tails, sizes and gaps,
that no rule has seen; intervals are Wilson's at 95 %. A seed of one's own draws others.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import pandas as pd

import riskplugin as rp
from riskplugin.cycle.record import rate_interval
from riskplugin.desk import Desk
from riskplugin.diagnosis.finding import Finding
from riskplugin.diagnosis.prices import Patient, price_findings
from riskplugin.diagnosis.references import sessions_of
from riskplugin.market import Market
from riskplugin.tables.doctor import findings_of
from tests.benchmarks import make_evidence_desk as raw
from tests.benchmarks.faults import EDGE, FAULTS, Planted, Site
from tests.benchmarks.ratios import Line, Skipped, rendered
from tests.benchmarks.unseen import TAILS, drawn_desk

SAMPLES = Path(__file__).parents[2] / "samples" / "desk.toml"
MISSED_BAR = 0.05
FALSE_BAR = 1 / 50
SECONDS_BAR = 10.0
Z95 = 1.959963984540054
HELD = ", held out"
SEED = 92_000  # first of those that no rule was set by
MARKETS = 8  # that faults go into
CLEAN = 500  # from the first seed to that of the first clean market
NEWS = (4.0, 4.0)
NOTED = {"short_history", "dead"}  # facts of the samples, not faults


def diagnose(
    data: Path | None, trials: int, instruments: int, years: int, seed: int = SEED
) -> list[Line | Skipped]:
    """Print rates on the samples, speed, and what real data give."""
    desk = rp.load_desk(SAMPLES)
    unseen = [drawn_desk(seed + i) for i in range(min(MARKETS, trials))]
    lines: list[Line | Skipped] = [
        missed([desk], name, trials, seed) for name in FAULTS
    ]
    lines += [missed(unseen, name, trials, seed, HELD) for name in FAULTS]
    lines.append(false_findings(desk))
    lines.append(false_on_clean(max(trials // 20, 2), np.random.default_rng(seed)))
    clean = range(seed + CLEAN, seed + CLEAN + max(trials // 10, 2))
    lines.append(false_on_unseen(clean))
    lines.append(false_on_unseen(clean, NEWS))
    lines.append(speed(desk, instruments, years, np.random.default_rng(seed)))
    if data is None:
        how = "--data DIR of raw prices (equities_us_theme.csv.gz, …)"
        return [*lines, Skipped("doctor, real data", f"needs {how}")]
    return [*lines, *on_real_data(data, max(trials // 4, 2), seed)]


def missed(
    desks: Sequence[Desk],
    fault: str,
    trials: int,
    seed: int,
    where: str = "",
    bar: float | None = MISSED_BAR,
) -> Line:
    """Return the share of planted faults that are not found, with its interval."""
    draw = np.random.default_rng([seed, *fault.encode()])
    lost = 0
    for trial in range(trials):
        desk = desks[trial % len(desks)]
        site = somewhere(desk, draw, foreign=fault == "currency")
        planted = FAULTS[fault](site)
        lost += not is_found(with_close(desk, planted), planted, site)
    what, note = f"doctor, missed{where}: {fault}", f"{lost} of {trials}"
    return Line(
        what, lost / trials, "share", bar=bar, note=note + between(lost, trials)
    )


def between(count: int, of: int) -> str:
    """Return Wilson's 95 % interval of a rate, in words."""
    low, high = rate_interval(count, of, Z95)
    return f", {low:.1%} to {high:.1%}"


def somewhere(desk: Desk, draw: np.random.Generator, *, foreign: bool) -> Site:
    """Return a random instrument with enough closes; with FX if `foreign`."""
    market = desk.market
    known = (~np.isnan(market.close)).sum(axis=0) > 3 * EDGE
    rates = usd_rates(desk)
    listed = np.isin(market.instruments, list(desk.universe.instruments))
    allowed = np.flatnonzero(known & listed)  # a market that is known
    columns = [i for i in allowed if not foreign or i in rates]
    column = int(draw.choice(columns))
    return Site(market.dates, np.array(market.close), column, rates, draw)


def usd_rates(desk: Desk) -> dict[int, np.ndarray]:
    """Return USD per unit of its currency by column, for those not in USD.

    Only where it is known on all days of the column: without a rate a quote in another
    currency is no more than a jump.
    """
    market, known = desk.market, desk.universe.instruments
    rates: dict[int, np.ndarray] = {}
    for i, name in enumerate(market.instruments):
        currency = known[name].currency if name in known else ""
        if currency in market.currencies:
            rate = market.usd_per[:, market.currencies.index(currency)]
            last = np.maximum.accumulate(
                np.where(np.isnan(rate), 0, np.arange(len(rate)))
            )
            if not np.isnan(rate[last][~np.isnan(market.close[:, i])]).any():
                rates[i] = rate[last]
    return rates


def with_close(desk: Desk, planted: Planted) -> Desk:
    """Return the desk with other closes."""
    return replace(desk, market=replace(desk.market, close=planted.close))


def is_found(desk: Desk, planted: Planted, site: Site) -> bool:
    """Whether a finding has the code, the instrument and the dates."""
    name = desk.market.instruments[site.column]
    return any(
        f.code in planted.codes
        and name in f.instruments
        and f.start <= planted.last
        and f.end >= planted.first
        for f in findings_of(desk)
    )


def false_findings(desk: Desk) -> Line:
    """Return the findings per instrument on the samples as they are."""
    found = [f for f in findings_of(desk) if f.code not in NOTED]
    count = len(desk.market.instruments)
    what, note = "doctor, false findings: samples", f"{len(found)} of {count} names"
    return Line(what, len(found) / count, "a name", bar=FALSE_BAR, note=note)


def false_on_clean(markets: int, draw: np.random.Generator) -> Line:
    """Return the findings per instrument on clean closes drawn anew."""
    desk, found, names = rp.load_desk(SAMPLES), 0, 0
    for _ in range(markets):
        clean = redrawn(desk, draw)
        found += sum(f.code not in NOTED for f in findings_of(clean))
        names += len(clean.market.instruments)
    what, note = "doctor, false findings: redrawn", f"{found} of {names} names"
    note += between(min(found, names), names)
    return Line(what, found / names, "a name", bar=FALSE_BAR, note=note)


def redrawn(desk: Desk, draw: np.random.Generator) -> Desk:
    """Return a desk whose closes follow the samples' moves in another order.

    Blocks of a month of days are drawn with replacement, for all instruments alike, so
    that what moves together and volatility that clusters stay.
    """
    market = desk.market
    rows, there = len(market.dates), ~np.isnan(market.close)
    old = np.flatnonzero(there[:28].any(axis=0))
    there = there[:, old]
    filled = pd.DataFrame(np.log(market.close[:, old])).ffill().bfill().to_numpy()
    moves = np.diff(filled, axis=0)
    starts = draw.integers(0, (rows - 40) // 7, rows // 28 + 1) * 7
    order = np.concatenate([np.arange(s, s + 28) for s in starts])[: rows - 1]
    drawn = moves[order]
    for i, own in enumerate(moves.T):  # a holiday where the drawn day had none
        still = drawn[:, i] == 0
        drawn[still, i] = draw.choice(own[own != 0], int(still.sum()))
    path = filled[0] + np.vstack([np.zeros(len(old)), np.cumsum(drawn, axis=0)])
    close = np.where(there, np.exp(path), np.nan)
    names = tuple(market.instruments[i] for i in old)
    return replace(desk, market=replace(market, instruments=names, close=close))


def false_on_unseen(
    seeds: Iterable[int], tails: tuple[float, float] | None = None
) -> Line:
    """Return the findings per instrument on clean closes of unseen markets.

    With `tails` names have news of their own as heavy as those: no bar, as a share that
    halves on its results is like a split of 2 in closes alone.
    """
    found, names = 0, 0
    for seed in seeds:
        clean = drawn_desk(seed, tails or TAILS)
        found += sum(f.code not in NOTED for f in findings_of(clean))
        names += len(clean.market.instruments)
    news = "" if tails is None else ", with heavy news"
    what, bar = f"doctor, false findings{HELD}{news}", None if tails else FALSE_BAR
    note = f"{found} of {names} names{between(min(found, names), names)}"
    return Line(what, found / names, "a name", bar=bar, note=note)


def speed(desk: Desk, instruments: int, years: int, draw: np.random.Generator) -> Line:
    """Return the seconds for many instruments and years of random walks."""
    days = int(365.25 * years)
    dates = np.arange(desk.as_of - days + 1, desk.as_of + 1)
    dates = dates[np.is_busday(dates)]
    shape = (len(dates), instruments)
    common = draw.normal(0, 0.01, (len(dates), 1))
    close = 50 * np.exp(np.cumsum(common + draw.normal(0, 0.015, shape), axis=0))
    names = tuple(f"NAME{i:04d}" for i in range(instruments))
    america = replace(desk.universe.instruments["MU"], aliases=())
    listed = {n: replace(america, instrument=n) for n in names}
    universe = replace(
        desk.universe, instruments={**desk.universe.instruments, **listed}
    )
    market = Market(desk.as_of, dates, names, close, (), np.empty((len(dates), 0)))
    large = replace(desk, market=market, universe=universe)
    began = perf_counter()
    found = list(findings_of(large))
    took = perf_counter() - began
    note = f"{instruments} names x {years} years, {len(found)} findings"
    return Line("doctor, speed", took, "s", bar=SECONDS_BAR, note=note)


# --- real data -----------------------------------------------------------------------


def on_real_data(data: Path, trials: int, seed: int) -> Iterator[Line]:
    """Yield what real prices give: unshifted, with shifted labels, with any fault."""
    with TemporaryDirectory() as folder:
        made = Path(folder) / "desk"
        raw.write_desk(data, made, date.fromisoformat(raw.AS_OF), raw.USDTWD)
        desk = rp.load_desk(made / "desk.toml")
    plain = list(findings_of(desk))
    labels = [f for f in plain if f.code == "label_shift"]
    yield Line("doctor, real: label findings, unshifted", len(labels), "", bar=0)
    known = any(
        f.code == "gap" and f.instruments == ("RENDER",)
        and str(f.start) == "2024-07-21" and str(f.end) == "2024-07-25"
        for f in plain
    )  # fmt: skip
    yield Line("doctor, real: RENDER's days not found", not known, "", bar=0)
    yield wide_panel(data)
    tokens = [
        n for n in desk.market.instruments
        if desk.universe.instruments[n].asset_class == "crypto"
    ]  # fmt: skip
    wrong, worst = 0, 0.0
    cases = [(name,) for name in tokens] + [tuple(tokens)]
    for names in cases:
        for by in (-1, 1):
            right, off = after_shift(desk, names, by)
            wrong += not right
            worst = max(worst, off)
    count = 2 * len(cases)
    yield Line("doctor, real: shifts missed or of wrong sign", wrong, "", bar=0,
               note=f"of {count}: each token, and all of them")  # fmt: skip
    yield Line("doctor, real: beta after the repair, off by", worst, "", bar=0.02)
    for fault in FAULTS:
        yield missed([desk], fault, trials, seed, ", real", bar=None)


def wide_panel(data: Path) -> Line:
    """Return whether the spin-off of DHR is found in 518 constituents of indices."""
    frame = pd.read_csv(data / "sp500_ndx_adjclose_wide.csv.gz", index_col=0)
    close, count = frame.to_numpy(dtype=float), frame.shape[1]
    dates = np.array(frame.index, dtype="datetime64[D]")
    patient = Patient(
        dates=dates,
        names=tuple(frame.columns),
        close=close,
        groups=np.zeros(count, dtype=np.int64),
        session=sessions_of(~np.isnan(close)),
        around_the_clock=np.zeros(count, bool),
        currencies=("USD",) * count,
        usd_per={"USD": np.ones(len(dates))},
        volume=np.full(close.shape, np.nan),
    )
    found = list(price_findings(patient))
    there = any(
        (f.code, f.instruments, str(f.start)) == ("jump", ("DHR",), "2016-07-05")
        for f in found
    )
    note = f"{len(found)} findings in {count} names"
    return Line("doctor, real: DHR's jump not found", not there, "", bar=0, note=note)


def after_shift(desk: Desk, names: tuple[str, ...], by: int) -> tuple[bool, float]:
    """Return whether a shift in days is found whole, and how far off the beta is."""
    market = desk.market
    columns = [market.instruments.index(n) for n in names]
    dates = np.union1d(market.dates, market.dates + np.timedelta64(by, "D"))
    wide = np.full((len(dates), len(market.instruments)), np.nan)
    wide[np.searchsorted(dates, market.dates)] = market.close
    wide[:, columns] = np.nan
    late = np.searchsorted(dates, market.dates + np.timedelta64(by, "D"))
    wide[np.ix_(late, columns)] = market.close[:, columns]
    usd = np.full((len(dates), len(market.currencies)), np.nan)
    usd[np.searchsorted(dates, market.dates)] = market.usd_per
    keep = dates <= desk.as_of
    moved = replace(market, dates=dates[keep], close=wide[keep], usd_per=usd[keep])
    labels = [
        f for f in findings_of(replace(desk, market=moved)) if f.code == "label_shift"
    ]
    said = {n: r.amount for f in labels for r in f.repairs for n in f.instruments}
    right = said == dict.fromkeys(names, float(-by))
    return right, beta_off(labels, desk)


def beta_off(labels: list[Finding], desk: Desk) -> float:
    """Return how far the betas after repair are from those of the true labels."""
    worst = 0.0
    for finding in labels:
        name, _, driver = finding.effect.measure.partition(": same-day beta to ")
        if not driver:
            continue
        worst = max(worst, abs(finding.effect.after - true_beta(desk, name, driver)))
    return worst


def true_beta(desk: Desk, name: str, driver: str) -> float:
    """Return the same-day slope on the driver's basket by numpy's own least squares."""
    market = desk.market
    weekday = np.is_busday(market.dates)
    moves = np.diff(np.log(market.close[weekday]), axis=0)
    columns = [market.instruments.index(m) for m in desk.settings.drivers[driver]]
    x, y = moves[:, columns].mean(axis=1), moves[:, market.instruments.index(name)]
    both = ~np.isnan(x + y)
    return float(np.polyfit(x[both], y[both], 1)[0])


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.diagnosis")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=SEED, help="of the markets drawn")
    given = parser.parse_args()
    lines = diagnose(given.data, given.trials, 500, 25, given.seed)
    sys.stdout.write(rendered(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
