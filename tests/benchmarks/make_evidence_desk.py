"""Turn the raw market data of the evidence exercise into a desk.

    python tests/benchmarks/make_evidence_desk.py --data DIR --out DIR

The raw files are real prices that are not ours to give away, so the desk is written
outside the repository and stays there. It holds 60 names in three books, at sizes that
this script makes up from the prices; its README says what is data and what is assumed.
"""

import argparse
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from riskplugin.inputs.shipped import shipped_universe
from riskplugin.universe import Instrument

CHECKOUT = Path(__file__).resolve().parents[2]
FIRST = "1996-01-01"
AS_OF = "2026-03-19"  # the last day on which the data price every name of the book
USDTWD = 32.0  # not in the data: a round figure, assumed; --usdtwd says another

RISK = 3_000_000.0  # annual volatility in USD that every position is sized to, ...
SMALLEST, LARGEST = 2_000_000.0, 10_000_000.0  # ... within these values
VOLATILITY_SESSIONS, FEWEST_SESSIONS = 252, 20
SESSIONS_A_YEAR = 252
STALE = 5  # weekdays; the default of max_stale_sessions

NEUTRAL = "market_neutral"
NAV = {"memory_semis": 250e6, "crypto_infra": 60e6, NEUTRAL: 120e6}
LOT = {"XKRX": 10, "XTKS": 100, "XTAI": 1000, "24/7": 0}  # 0: three digits
US_LOT = 100
BOOKS = """
memory_semis   memory     prime_a     + MU 000660.KS 005930.KS SNDK WDC STX
memory_semis   memory     prime_a     + 285A.T 2408.TW
memory_semis   ai_compute prime_b     + NVDA AMD AVGO TSM 2330.TW MRVL ARM
memory_semis   equipment  prime_a     + ASML LRCX AMAT KLAC TER
memory_semis   equipment  prime_a     + 8035.T 6857.T 6146.T 6920.T
memory_semis   build_out  prime_b     + ANET CRDO ALAB VRT GEV
memory_semis   hedge      prime_b     - SMH QQQ
crypto_infra   compute    exchange_a  + TAO RENDER AKT FIL AR
crypto_infra   data       exchange_a  + ICP NEAR LINK GRASS
crypto_infra   agents     exchange_b  + FET VIRTUAL WLD
crypto_infra   core       exchange_b  + BTC SOL
crypto_infra   hedge      exchange_b  - ETH
market_neutral pairs      prime_a     + MU 005930.KS NVDA COHR CIEN LITE ENTG
market_neutral pairs      prime_a     + CEG ETN PWR
market_neutral pairs      prime_a     - WDC 2408.TW CSCO ONTO MKSI EME VST NRG AMD SPY
market_neutral tokens     exchange_a  + TAO LINK
market_neutral tokens     exchange_a  - FET WLD
"""


class Source(NamedTuple):
    """A raw file and its columns."""

    file: str
    key: str
    value: str


EQUITIES_US = Source("equities_us_theme.csv.gz", "ticker", "adj_close")
EQUITIES_ASIA = Source("equities_asia_indices.csv.gz", "ticker", "close")
TOKENS = Source("crypto_daily.csv.gz", "asset", "close")
EXCHANGE = Source("fx_daily.csv.gz", "pair", "rate")


class Lot(NamedTuple):
    """A position before it has a size."""

    book: str
    strategy: str
    account: str
    side: int
    instrument: str


class Sized(NamedTuple):
    """The positions, and what could not be held or is stale on the day."""

    positions: pd.DataFrame
    unsized: list[str]
    stale: list[str]


class DataError(Exception):
    """The raw data cannot be used; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the desk; 0, or 2 with a message if it cannot be written."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of raw files")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder to write, not in the checkout"
    )
    parser.add_argument(
        "--as-of",
        type=date.fromisoformat,
        default=date.fromisoformat(AS_OF),
        metavar="DATE",
        help=f"valuation date, {AS_OF} by default: most tokens end there, and on a "
        "later date they are stale and the desk quarantines them",
    )
    parser.add_argument(
        "--usdtwd",
        type=positive,
        default=USDTWD,
        metavar="RATE",
        help="TWD per USD that sizes and values the Taiwanese positions. The data have "
        f"no such rate: {USDTWD:g} by default is an ASSUMPTION, a round figure. "
        "It is written for the valuation date alone, so nothing is estimated from it",
    )
    given = parser.parse_args(arguments)
    if given.out.resolve().is_relative_to(CHECKOUT):
        parser.error(f"--out {given.out} is inside the checkout: the data must not be")
    if given.out.resolve() == given.data.resolve():
        parser.error("--out is --data: the raw files stay as they are")
    try:
        said = write_desk(given.data, given.out, given.as_of, given.usdtwd)
    except DataError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"cannot write {given.out}: {error}")
    sys.stdout.write(said)
    return 0


def positive(text: str) -> float:
    """Return a finite number above 0."""
    value = float(text)
    if not 0 < value < np.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def write_desk(data: Path, out: Path, as_of: date, usdtwd: float) -> str:
    """Write the desk to `out` and return what there is to say about it.

    Parameters
    ----------
    data, out : path
    as_of : date
        Valuation date; the positions are sized at its prices.
    usdtwd : float
        The assumed rate of that date.

    Returns
    -------
    str
        A few lines for the terminal.

    Raises
    ------
    DataError
        If a raw file is missing or not as expected, or prices nothing on `as_of`.
    """
    if not data.is_dir():
        raise DataError(f"no folder {data}")
    known = shipped_universe().instruments
    day = pd.Timestamp(as_of)
    prices = all_prices(data, known)
    first, last = (pd.Timestamp(prices.index[i]) for i in (0, -1))
    if not first <= day <= last:
        ends = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
        raise DataError(f"--as-of {as_of} is outside the data, {ends}")
    fx = exchange_rates(data, day, usdtwd)
    sized = positions(prices, fx, known, day)
    if sized.positions.empty:
        raise DataError(f"no position can be sized on {as_of}")
    notes = remarks(sized, sorted(set(known) - set(prices)), as_of, usdtwd)
    out.mkdir(parents=True, exist_ok=True)
    prices.reset_index().to_parquet(out / "prices.parquet", index=False)
    fx.reset_index().to_parquet(out / "fx.parquet", index=False)
    texts = {
        "positions.csv": sized.positions.to_csv(index=False, lineterminator="\n"),
        "desk.toml": desk_toml(as_of, quarantine=bool(sized.stale)),
        "README.md": readme(prices, sized, as_of, notes),
    }
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8", newline="\n")
    held = sized.positions["instrument"].nunique()
    head = f"{out}: {held} names, {len(sized.positions)} positions, as of {as_of}\n"
    return head + "".join(f"- {note}\n" for note in notes)


def long_table(data: Path, source: Source, extra: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a raw file as it stands, with the columns date, key, value and `extra`.

    Raises
    ------
    DataError
        If it is missing, broken, or has two rows for a date and key.
    """
    path = data / source.file
    if not path.is_file():
        raise DataError(f"no file {path}; --data needs {', '.join(FILES)}")
    columns = ["date", source.key, source.value, *extra]
    try:
        table = pd.read_csv(path, usecols=columns, parse_dates=["date"])
        table = table.astype({source.value: float, source.key: "str"})
    except (OSError, EOFError, zlib.error, ValueError, TypeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if table.duplicated(["date", source.key]).any():
        raise DataError(f"{path}: two rows for one date and {source.key}")
    if table.empty or not (table[source.value] > 0).all():
        raise DataError(f"{path}: no rows, or a {source.value} that is not above 0")
    return table


FILES = tuple(s.file for s in (EQUITIES_US, EQUITIES_ASIA, TOKENS, EXCHANGE))


def wide(table: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return one column per key by ascending date, from 1996."""
    recent = table[table["date"] >= FIRST]
    return recent.pivot_table(
        index="date", columns=source.key, values=source.value, aggfunc="last"
    )


def all_prices(data: Path, known: Mapping[str, Instrument]) -> pd.DataFrame:
    """Return the closes of the shipped universe in local currency, date by instrument.

    Raises
    ------
    DataError
        If the data quote a name in another currency than the universe.
    """
    asia = long_table(data, EQUITIES_ASIA, ("ccy",))
    quoted = asia[asia["ticker"].isin(list(known))]
    pairs = quoted[["ticker", "ccy"]].drop_duplicates().itertuples(index=False)
    wrong = [f"{t} in {c}" for t, c in pairs if known[str(t)].currency != c]
    if wrong:
        found = ", ".join(wrong)
        raise DataError(f"{EQUITIES_ASIA.file}: unexpected currency, {found}")
    parts = [
        wide(long_table(data, EQUITIES_US), EQUITIES_US),
        wide(asia, EQUITIES_ASIA),
        wide(long_table(data, TOKENS), TOKENS),
    ]
    together = pd.concat(parts, axis=1, sort=True)
    kept = together[[name for name in known if name in together]]
    return kept.dropna(how="all").rename_axis(columns=None)


def exchange_rates(data: Path, day: pd.Timestamp, usdtwd: float) -> pd.DataFrame:
    """Return the pairs by date, and the assumed USDTWD on `day` alone."""
    pairs = wide(long_table(data, EXCHANGE), EXCHANGE)
    rates = pairs.reindex(pairs.index.union([day])).rename_axis(index="date")
    rates.loc[day, "USDTWD"] = usdtwd
    return rates.rename_axis(columns=None)


def lots() -> Iterator[Lot]:
    """Yield the positions of `BOOKS`."""
    for line in BOOKS.strip().splitlines():
        book, strategy, account, sign, *names = line.split()
        side = 1 if sign == "+" else -1
        yield from (Lot(book, strategy, account, side, name) for name in names)


def positions(
    prices: pd.DataFrame,
    fx: pd.DataFrame,
    known: Mapping[str, Instrument],
    day: pd.Timestamp,
) -> Sized:
    """Size every position at the prices of `day`.

    A position is worth what has an annual volatility of `RISK`, within `SMALLEST` and
    `LARGEST`, in round lots; the shorts of the market-neutral book are then scaled to
    the value of its longs. A name without a price or rate by `day` is not held.

    Parameters
    ----------
    prices : DataFrame
        Date by instrument, local currency.
    fx : DataFrame
        Date by pair.
    known : mapping
        The universe.
    day : Timestamp
    """
    wanted = list(lots())
    names = list(dict.fromkeys(lot.instrument for lot in wanted))
    seen = prices.loc[:day].reindex(columns=names)
    rates = fx.loc[:day].ffill().iloc[-1]
    usd = {n: 1 / float(rates.get(f"USD{known[n].currency}", np.nan)) for n in names}
    usd |= {n: 1.0 for n in names if known[n].currency == "USD"}
    unit = seen.ffill().iloc[-1] * pd.Series(usd)
    held = [lot for lot in wanted if np.isfinite(unit[lot.instrument])]
    money = pd.Series([lot.side * target(seen[lot.instrument]) for lot in held])
    neutral = pd.Series([lot.book == NEUTRAL for lot in held], dtype=bool)
    longs = money[neutral & (money > 0)].sum()
    shorts = -money[neutral & (money < 0)].sum()
    if longs > 0 and shorts > 0:
        money[neutral & (money < 0)] *= longs / shorts
    rows = [
        (
            lot.book,
            lot.instrument,
            in_lots(value / unit[lot.instrument], known[lot.instrument].calendar),
            lot.strategy,
            lot.account,
        )
        for lot, value in zip(held, money, strict=True)
    ]
    columns = ["book", "instrument", "quantity", "strategy", "account"]
    priced = [n for n in names if np.isfinite(unit[n])]
    return Sized(
        pd.DataFrame(rows, columns=columns),
        [n for n in names if n not in priced],
        [n for n in priced if weekdays_old(seen[n], day) > STALE],
    )


def target(closes: pd.Series) -> float:
    """Return the value in USD of a position with these `closes`."""
    weekdays = closes[pd.DatetimeIndex(closes.index).day_of_week < 5].dropna()
    moves = np.log(weekdays.iloc[-VOLATILITY_SESSIONS - 1 :]).diff().dropna()
    if len(moves) < FEWEST_SESSIONS:
        return SMALLEST
    volatility = moves.std() * np.sqrt(SESSIONS_A_YEAR)
    return float(np.clip(RISK / volatility, SMALLEST, LARGEST))


def weekdays_old(closes: pd.Series, day: pd.Timestamp) -> int:
    """Return the weekdays since the last close."""
    last = closes.dropna().index[-1]
    return int(np.busday_count(last.date(), day.date()))


def in_lots(quantity: float, calendar: str) -> str:
    """Return a quantity in round lots, tokens to three digits, as text."""
    lot = LOT.get(calendar, US_LOT)
    if lot:
        return str(lot * round(quantity / lot))
    decimals = 2 - int(np.floor(np.log10(abs(quantity))))
    return f"{round(quantity, decimals):.{max(decimals, 0)}f}"


def desk_toml(as_of: date, *, quarantine: bool) -> str:
    """Return desk.toml."""
    nav = "\n".join(f"{book} = {value / 1e6:.0f}e6" for book, value in NAV.items())
    return f"""\
# Written by tests/benchmarks/make_evidence_desk.py; see README.md beside this file.
as_of = {as_of}
base_currency = "USD"
on_error = "{"quarantine" if quarantine else "stop"}"

[tables]
positions = "positions.csv"
prices = "prices.parquet"
fx = "fx.parquet"

[nav]
{nav}
"""


def remarks(
    sized: Sized, missing: Sequence[str], as_of: date, usdtwd: float
) -> list[str]:
    """Return what a reader must know before believing a number."""
    notes = [
        f"USDTWD is not in the data: {usdtwd:g} on {as_of} alone is an ASSUMPTION "
        "(--usdtwd). It values the Taiwanese positions; TWD is held still in every "
        "stress that does not name it.",
    ]
    if missing:
        notes.append(f"In the universe but not in the data: {', '.join(missing)}.")
    if sized.unsized:
        notes.append(
            f"Not held, no price or rate by {as_of}: {', '.join(sized.unsized)}."
        )
    if sized.stale:
        notes.append(
            f'Stale on {as_of}, left out by on_error = "quarantine": '
            f"{', '.join(sized.stale)}."
        )
    return notes


def readme(
    prices: pd.DataFrame, sized: Sized, as_of: date, notes: Sequence[str]
) -> str:
    """Return README.md of the desk."""
    held = sized.positions["instrument"].nunique()
    first, last = (str(prices.index[i])[:10] for i in (0, -1))
    listed = "\n".join(f"* {note}" for note in notes)
    return f"""\
# The evidence desk, as of {as_of}

Real prices gathered for evaluation: **not ours to give away. Keep this folder out of
the repository and of every package.** Positions, sizes and NAV are made up.

{listed}

* `prices.parquet`: {prices.shape[1]} names of the shipped universe, {first} to {last},
  local currency, as in the raw files: nothing filled, nothing repaired.
* `fx.parquet`: USDKRW, USDJPY and EURUSD as in the raw files; USDTWD on {as_of} alone.
* `positions.csv`: {len(sized.positions)} positions in {held} names, each of about
  {RISK / 1e6:g} million USD annual volatility within {SMALLEST / 1e6:g} to \
{LARGEST / 1e6:g} million USD, in round lots;
  the market-neutral book's shorts are scaled to the value of its longs.
* `desk.toml` names them: `riskplugin run desk.toml --out DIR`. For a book on another
  date, make the desk again with `--as-of`: sizes and USDTWD belong to this one.

Of the prices:

* US closes are total-return adjusted up to the day the data were gathered, so a price
  is below the one that traded by the dividends since. Korean closes are adjusted for
  dividends from March 2025, Taiwanese ones from October 2025, Japanese for splits only.
* Tokens: close of the UTC day. All but BTC, ETH and SOL end on {AS_OF}.
* The names are those alive in 2026 (survivorship).
"""


if __name__ == "__main__":
    sys.exit(main())
