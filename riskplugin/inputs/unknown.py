"""Held names that no table knows, and currencies that positions state."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskplugin._typing import Codes, Vector, Words
from riskplugin.errors import Issue, Place, Severity, did_you_mean, listing
from riskplugin.inputs.cells import blank
from riskplugin.inputs.option_tickers import option_ticker, row_of_instruments
from riskplugin.inputs.reading import CheckedTable, Findings, RawTable, with_header
from riskplugin.inputs.tables import POSITIONS
from riskplugin.inputs.valuation import Valuation
from riskplugin.universe import Universe

CONTRADICTED = "contradicting-currency"
LIKE_OPTION = "looks-like-option"
UNKNOWN = "unknown-instrument"


@dataclass(frozen=True, eq=False, slots=True)
class Ignored:
    """A column of currencies that is not read: its header, its cells by position.

    `cells` is an ndarray of str, shape (P,), "" where blank or without such a column.
    """

    header: str
    cells: Words


@dataclass(frozen=True, eq=False, slots=True)
class Strangers:
    """Names that no table knows, in the universe that holds them as unclassified.

    `drivers` are the members of the drivers' baskets.
    """

    names: Sequence[str]
    universe: Universe
    drivers: Collection[str] = ()

    def hint(self, name: str) -> str:
        """Return the nearest name that a table knows, or what else to do."""
        known = [n for n in self.universe.known_names() if n not in self.names]
        near = did_you_mean(name, known)
        return near if near.startswith("did you") else "add it to instruments"

    def undriven(self, held: Collection[str]) -> Iterator[Issue]:
        """Warn of the drivers' members that no table knows and that are not held."""
        for name in filter(None, self.names):
            if name not in held and name in self.drivers:
                currency = self.universe.instruments[name].currency
                message = f"no table knows {name!r}: unclassified, taken to be quoted "
                place = Place("drivers", column=name)
                yield warning(place, f"{message}in {currency}", self.hint(name))


@dataclass(frozen=True, eq=False, slots=True)
class Held:
    """Positions with the canonical names of their instruments."""

    positions: CheckedTable
    names: Sequence[str]
    ignored: Ignored

    @classmethod
    def of(cls, positions: CheckedTable, names: Sequence[str], raw: RawTable) -> "Held":
        """Return positions with what `raw`, their table as it came, says besides."""
        return cls(positions, names, ignored_currencies(raw, positions))


def currency_code(cell: str) -> str:
    """Return a cell as a currency: usd is USD; GBp, pence, stays what it is."""
    text = cell.strip()
    return text.upper() if text.islower() else text


def ignored_currencies(raw: RawTable, positions: CheckedTable) -> Ignored:
    """Return the column of `raw` that reads like currencies and is mapped to none."""
    column = POSITIONS.column("currency")
    frame = with_header(raw).frame
    headers = [str(header).casefold() for header in frame.columns]
    wanted = raw.columns.get(column.name, column.name).strip().casefold()
    found = [i for i, header in enumerate(headers) if header in column.synonyms]
    if wanted in headers or not found:
        return Ignored("", np.full(len(positions.lines), "", dtype="U40"))
    cells = frame.iloc[:, found[0]].iloc[positions.lines - raw.first_row]
    empty = blank(cells)
    texts = [
        "" if e else currency_code(str(c)) for c, e in zip(cells, empty, strict=True)
    ]
    return Ignored(str(frame.columns[found[0]]), np.array(texts, dtype="U40"))


def stated_currencies(
    positions: CheckedTable, names: Sequence[str]
) -> dict[str, list[str]]:
    """Return the currencies that positions state of each instrument, as they come."""
    stated: dict[str, list[str]] = {}
    for name, cell in zip(names, positions.frame["currency"], strict=True):
        code = currency_code(cell)
        if name and code and code not in stated.setdefault(name, []):
            stated[name].append(code)
    return stated


def quote_currencies(
    positions: CheckedTable, names: Sequence[str]
) -> Mapping[str, str]:
    """Return the currency that positions state of an instrument, where they do."""
    return {n: codes[0] for n, codes in stated_currencies(positions, names).items()}


def without_contradicted(
    positions: CheckedTable,
    names: Sequence[str],
    universe: Universe,
    findings: Findings,
) -> list[str]:
    """Return `names`, "" in rows whose currency is not that of their instrument.

    Of what no table knows, all rows go if they state several. The rows are marked.
    """
    kept, at = list(names), np.array(names, dtype=object)
    codes = np.array([currency_code(c) for c in positions.frame["currency"]], "U40")
    for name, stated in stated_currencies(positions, names).items():
        known = universe.instruments.get(name)
        if known is None:
            rows = np.flatnonzero((at == name) & (len(stated) > 1))
            against = f"positions say {listing(stated)}; it has one currency"
        else:
            other = (codes != "") & (codes != known.currency)
            rows = np.flatnonzero((at == name) & other)
            wrong = listing(c for c in stated if c != known.currency)
            against = f"positions say {wrong}, instruments say {known.currency}"
        if len(rows):
            place = Place(positions.source, int(positions.lines[rows[0]]), "currency")
            message = f"{name}{also(positions, rows)}: {against}"
            hint = "correct the one that is wrong, and see that the price is in it"
            findings.add([Issue(CONTRADICTED, place, message, hint)])
        for row in rows:
            kept[row] = ""
            positions.reason[row] = positions.reason[row] or CONTRADICTED
    return kept


def without_options(
    positions: CheckedTable,
    names: Sequence[str],
    universe: Universe,
    findings: Findings,
) -> list[str]:
    """Return `names`, "" where no table knows one that reads like an option's.

    A price a share times contracts is not what such a position is worth. The rows are
    marked.
    """
    at = np.array(names, dtype=object)
    for name in dict.fromkeys(names):
        said = None if name in universe.instruments else option_ticker(name)
        if said is None:
            continue
        rows = np.flatnonzero(at == name)
        place = Place(positions.source, int(positions.lines[rows[0]]), "instrument")
        what = f"{said.underlying} {said.option_type} {said.strike:.10g}"
        day = f" of {said.expiry}" if said.expiry else ""
        message = f"no table knows {name!r}{also(positions, rows)}: it reads like an "
        message += f"option ({what}{day}), and is not booked as a share"
        hint = "add its row to instruments, style and multiplier checked: "
        hint += row_of_instruments(name, said, universe)
        findings.add([Issue(LIKE_OPTION, place, message, hint)])
        positions.reason[rows[positions.reason[rows] == ""]] = LIKE_OPTION
        at[rows] = ""
    return [str(name) for name in at]


def also(positions: CheckedTable, rows: Codes) -> str:
    """Return the lines of several rows in brackets, "" of one."""
    lines = listing(str(positions.lines[row]) for row in rows)
    return f" (rows {lines})" if len(rows) > 1 else ""


@dataclass(frozen=True, eq=False, slots=True)
class Stakes:
    """What each position is worth in size, base currency; 0 where it is unknown.

    `size` is an ndarray of shape (P,), `gross` its sum over the usable positions.
    """

    size: Vector
    gross: float
    currency: str

    def words(self, rows: Codes) -> str:
        """Return how much money stands in `rows`."""
        money = float(self.size[rows].sum())
        if not money:
            return "its market value is not known"
        share = f", {100 * money / self.gross:.1f} % of gross" if self.gross else ""
        return f"{money:,.0f} {self.currency} of market value{share}"


def stakes_of(
    positions: CheckedTable, valuation: Valuation, base_currency: str
) -> Stakes:
    """Return what each position is worth in size."""
    usable = (positions.reason == "") & (valuation.reason == "")
    size = np.nan_to_num(np.abs(valuation.market_value))
    return Stakes(size, float(size[usable].sum()), base_currency)


def with_strangers(
    held: Held,
    strangers: Strangers,
    valuation: Valuation,
    base_currency: str,
    findings: Findings,
) -> Valuation:
    """Report what no table knows, the largest first; return the valuation with that.

    A stranger of which an ignored column says another currency is an error: its rows
    are marked and their money is unknown.
    """
    positions, at = held.positions, np.array(held.names, dtype=object)
    stakes = stakes_of(positions, valuation, base_currency)
    rows_of = {n: np.flatnonzero(at == n) for n in strangers.names if n}
    order = sorted(
        (n for n, rows in rows_of.items() if len(rows)),
        key=lambda n: -float(stakes.size[rows_of[n]].sum()),
    )
    money = valuation.market_value.copy()
    for name in order:
        rows = rows_of[name]
        issue = stranger(name, rows, held, strangers, stakes)
        findings.add([issue])
        if issue.severity is Severity.ERROR:
            money[rows] = np.nan
            positions.reason[rows[positions.reason[rows] == ""]] = UNKNOWN
    findings.add(strangers.undriven(held.names))
    return replace(valuation, market_value=money)


def stranger(
    name: str, rows: Codes, held: Held, strangers: Strangers, stakes: Stakes
) -> Issue:
    """Return the issue of a held name that no table knows."""
    positions, ignored = held.positions, held.ignored
    currency = strangers.universe.instruments[name].currency
    place = Place(positions.source, int(positions.lines[rows[0]]), "instrument")
    what = f"no table knows {name!r}: unclassified, "
    said = dict.fromkeys(map(str, ignored.cells[rows]))
    other = [code for code in said if code not in ("", currency)]
    stated = (positions.frame["currency"].iloc[rows] != "").any()
    hint = strangers.hint(name)
    if other:
        what += f"taken to be quoted in {currency}, while {ignored.header} says "
        what += f"{listing(other)} and is not read; {stakes.words(rows)} if it were "
        hint = f"map it: currency = {ignored.header!r}; or {hint}"
        return Issue(UNKNOWN, place, what + currency, hint)
    how = f"quoted in {currency} as positions say"
    what += how if stated else f"taken to be quoted in {currency}"
    return warning(place, f"{what}; {stakes.words(rows)}", hint)


def warning(place: Place, message: str, hint: str) -> Issue:
    """Return the warning of a name that no table knows."""
    return Issue(UNKNOWN, place, message, hint, Severity.WARNING)
