"""Tickers that name a listed option: what they say, and the row that is missing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from riskplugin.universe import UNCLASSIFIED, Universe

MONTHS = [
    *("JAN", "FEB", "MAR", "APR", "MAY", "JUN"),
    *("JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
]
NAMED = rf"\d{{1,2}}(?:{'|'.join(MONTHS)})\d{{2}}(?:\d{{2}})?"
NUMBER = r"\d+(?:\.\d+)?"
SIDE = "C(?:ALL)?|P(?:UT)?"
OCC = re.compile(r"([A-Z]{1,5}\d?)\s*(\d{6})([CP])(\d{8})")
COIN = re.compile(rf"([A-Z0-9_]+)-({NAMED}|\d{{6}})-(\d+(?:[.D]\d+)?)-([CP])")
SLASHED = re.compile(
    r"([A-Z0-9./]+(?: [A-Z]{2})?) (\d{1,2}/\d{1,2}/\d{2}(?:\d{2})?) "
    rf"({SIDE}) ?({NUMBER})(?: (?:EQUITY|INDEX|COMDTY|CURNCY))?"
)
WRITTEN = re.compile(
    rf"([A-Z0-9./]+(?: [A-Z]{{2}})?) ({NAMED}|\d{{4}}-\d{{2}}-\d{{2}}|\d{{6}}) "
    rf"({NUMBER}) ?({SIDE})"
)
THOUSANDTHS = 1000.0
CENTURY = 2000
SHARES = 100.0  # of a listed contract on a share, unless it was adjusted


@dataclass(frozen=True, slots=True)
class OptionTicker:
    """What the ticker of an option says.

    `expiry` is an ISO date, "" if it says no day that exists; `on_coin` is of an
    exchange of tokens.
    """

    underlying: str
    expiry: str
    option_type: str
    strike: float
    on_coin: bool = False


def option_ticker(name: str) -> OptionTicker | None:
    """Return what `name` says if it has the form of an option's ticker, else None.

    OCC (root, yymmdd, C or P, strike in thousandths), Bloomberg's (MU US 09/18/26 P340
    Equity), those of exchanges of tokens (BTC-26JUN26-90000-C) and written ones
    (MU 18SEP26 340 P).
    """
    text = " ".join(name.upper().split())
    if found := OCC.fullmatch(text):
        root, day, side, strike = found.groups()
        money = float(strike) / THOUSANDTHS
        return OptionTicker(root, iso_of(day), TYPES[side], money)
    if found := COIN.fullmatch(text):
        root, day, strike, side = found.groups()
        money = float(strike.replace("D", "."))
        return OptionTicker(root, iso_of(day), TYPES[side], money, on_coin=True)
    if found := SLASHED.fullmatch(text):
        root, day, side, strike = found.groups()
    elif found := WRITTEN.fullmatch(text):
        root, day, strike, side = found.groups()
    else:
        return None
    return OptionTicker(root, iso_of(day), TYPES[side[0]], float(strike))


TYPES: Mapping[str, str] = {"C": "call", "P": "put"}


def iso_of(day: str) -> str:
    """Return a day as 2026-09-18, "" if there is none.

    260918 is yymmdd, 09/18/26 the month first unless it can only be the day, as
    18/09/26.
    """
    if "/" in day:
        first, second, year = map(int, day.split("/"))
        month, number = (first, second) if first <= len(MONTHS) else (second, first)
    elif day[2:5] in MONTHS or day[1:4] in MONTHS:
        at = 2 if day[2:5] in MONTHS else 1
        number, month, year = int(day[:at]), MONTHS.index(day[at : at + 3]) + 1, 0
        year = int(day[at + 3 :])
    else:
        bare = day.replace("-", "")
        year, month, number = int(bare[:-4]), int(bare[-4:-2]), int(bare[-2:])
    try:
        return date(year + CENTURY * (year < CENTURY), month, number).isoformat()
    except ValueError:
        return ""


def row_of_instruments(name: str, said: OptionTicker, universe: Universe) -> str:
    """Return the header and the row that instruments lack for the option `name`.

    Style and multiplier are those that are usual.
    """
    own = universe.resolve(said.underlying)
    under = universe.instruments.get(own)
    coin = said.on_coin or (under is not None and under.asset_class == "crypto")
    row = {
        "instrument": f'"{name}"' if "," in name else name,
        "tier": UNCLASSIFIED if under is None else under.tier,
        "asset_class": "crypto" if coin else "equity",
        "kind": "option",
        "currency": "USD" if under is None else under.currency,
        "multiplier": "1" if coin else f"{SHARES:g}",
        "underlying": own,
        "option_type": said.option_type,
        "style": "european" if coin else "american",
        "strike": f"{said.strike:.10g}",
        "expiry": said.expiry or "YYYY-MM-DD",
    }
    return f"{','.join(row)} / {','.join(row.values())}"
