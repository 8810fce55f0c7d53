"""Whatever stands in the tables: a desk or an InputError, and no money is lost.

A small sound desk is spoilt in up to four ways and given as files or as DataFrames.
What comes out is compared, row by row, with a second reading of the tables: every row
of positions is held or left out, once, at what it is worth.

RISKPLUGIN_FUZZ=10000 runs as many examples, other ones each time; else they are few and
the same. --hypothesis-show-statistics tells how many were refused, partial and whole.
"""

import csv
import datetime as dt
import io
import math
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

import riskplugin as rp

ASKED = os.environ.get("RISKPLUGIN_FUZZ")
EXAMPLES = int(ASKED or 300)
FUZZ = settings(
    max_examples=EXAMPLES // 2,
    derandomize=ASKED is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)

# --- a sound desk --------------------------------------------------------------------

DATES = [str(d.date()) for d in pd.bdate_range(end="2026-05-29", periods=4)]
POSITIONS = [
    ["book", "instrument", "quantity", "price", "account", "locked_until"],
    ["semis", "MU", "100", "", "a", ""],
    ["semis", "MU", "100", "", "a", ""],
    ["semis", "000660.KS", "10", "", "", "2026-06-30"],
    ["tokens", "BTC", "-0.5", "", "b", ""],
    ["tokens", "FUT", "2", "61000.5", "b", ""],
    ["tokens", "RNDR", "1000", "", "", ""],
    ["cash", "WON", "-125000", "", "", ""],
    ["cash", "Nobody", "3", "7.25", "", ""],
]
INSTRUMENTS = [
    ["instrument", "tier", "asset_class", "kind", "currency", "multiplier", "aliases"],
    ["FUT", "crypto_benchmark", "crypto", "future", "USD", "10", "BTC fut;BF"],
    ["WON", "own tier", "cash", "cash", "KRW", "", ""],
    ["MU", "memory", "equity", "spot", "", "", "Micron"],
]
CLOSES = {"MU": 100.0, "000660.KS": 250_000.0, "BTC": 60_000.0, "RENDER": 5.0}
RATES = {"USDKRW": 1250.0, "EURUSD": 1.25}


def wide(last):
    """Return a table of dates with a column per name, rising to `last`."""
    rows = [
        [date, *(repr(round(c * (1 - 0.01 * (len(DATES) - 1 - i)), 6)) for c in last)]
        for last in [tuple(last.values())]
        for i, date in enumerate(DATES)
    ]
    return [["date", *last], *rows]


def long(grid, key, value):
    """Return a wide table with a row per date and name."""
    rows = [
        [row[0], name, cell]
        for row in grid[1:]
        for name, cell in zip(grid[0][1:], row[1:], strict=True)
    ]
    return [["date", key, value], *rows]


def sound_desk(*, as_long):
    """Return the sound tables, each a list of rows, the header first."""
    prices, fx = wide(CLOSES), wide(RATES)
    return {
        "positions": POSITIONS,
        "instruments": INSTRUMENTS,
        "prices": long(prices, "instrument", "close") if as_long else prices,
        "fx": long(fx, "pair", "rate") if as_long else fx,
    }


MORE = {
    "volumes": long(wide({"MU": 1e6}), "instrument", "volume"),
    "limits": [
        [
            *("metric", "scope", "soft", "hard", "unit", "direction"),
            *("waiver_until", "reason"),
        ],
        ["gross", "total", "1e6", "2e6", "base", "max", "2026-12-31", "agreed"],
    ],
}


# --- ways to spoil it ----------------------------------------------------------------

NASTY_TEXT = [
    *("", " ", "\t", "ten", "1,5", "1,234", "1.234,5", "5%", "nan", "NaN", "inf"),
    *("-inf", "1e309", "1e308", "-1e308", "1e-320", "-", "+", ".", "1.", ".5", "+5"),
    *("0", "-0", "-3", "1 234", "1\u00a0234", "1_000", "(5)", "0x1A", "1d5", "12e"),
    *("١٢", "\uff11\uff12", "1\u200b", "\u200b", "\u200bMU", "MU\u00a0", "mu"),
    *("5\ufeff", "\u00bd", "∞", "\u22125", "1\x005", "\x00", "MU\x00", "\x1f5"),
    *("=1+1", "=HYPERLINK(1)", "@x", "#N/A", "#REF!", "None", "NULL", "NA", "TRUE"),
    *("2026-05-29", "29.05.2026", "05/29/2026", "2026-5-9", "2026-02-30", "2026-05"),
    *("46171", "46171.0", "0001-01-01", "9999-12-31", "2026-05-29T25:00", "today"),
    *("2026-05-29T00:00:00+14:00", "2026-05-29 junk", "20260529", "1e5", "99999"),
    *("BF", "BTC fut", "BTC\u00a0 fut", "Bitcoin", "AI", "QQQ", "KRW", " Micron "),
    *("option", "cash", "inverse"),
    *("quantity", "book", "instrument", "date", "close", "Unnamed: 3", "MU", "USDKRW"),
    *('"', '"MU"', 'a"b', "'", "a\nb", "a\r\nb", ";", "a;b", "😀", "하이닉스"),
    "x" * 40_000,
    "9" * 400,
    "0." + "3" * 5_000,
]
NASTY_OBJECTS = [
    *(None, float("nan"), math.inf, -math.inf, True, False, 0, -3, 10**400, 2**64),
    *(1.5, 1e308, -0.0, 5e-324, np.float64(2.5), np.float32(1.5), np.int8(-4), 1 + 2j),
    *(Decimal("1.5"), Decimal("NaN"), Decimal("1e400"), b"5", b"\xff", pd.NA, pd.NaT),
    *(dt.date(2026, 5, 29), dt.date(1, 1, 1), dt.time(12), dt.timedelta(3)),
    *(pd.Timestamp("2026-05-29"), pd.Timestamp("2026-05-29", tz="Asia/Seoul")),
    *(np.datetime64("2026-05-29"), np.datetime64("NaT"), pd.Period("2026-05", "M")),
    *(pd.Timedelta("1D"), [1, 2], (1,), {"a": 1}, frozenset({1}), object, "\ud800"),
    *([], np.array([1.0, 2.0]), pd.Interval(0, 1), pd.Series([1.0])),
]
DTYPES = [
    *("str", "object", "category", "Int64", "Float64", "float32", "boolean"),
    *("string[python]", "string[pyarrow]", "datetime64[s]", "complex128"),
    "datetime64[ns, UTC]",
]


def put(grid, i, j, cell):
    """Return a table with another cell at row i, column j."""
    return [*grid[:i], [*grid[i][:j], cell, *grid[i][j + 1 :]], *grid[i + 1 :]]


def misspelt(grid, i, j, _):
    """Return a table with a header that is nearly as it was."""
    name = str(grid[0][j])
    ways = [name.upper(), f" {name} ", name[:-1], f"{name}x", "\ufeff" + name]
    return put(grid, 0, j, ways[i % len(ways)])


def swapped(grid, i, j, _):
    """Return a table with two columns in each other's place."""
    order = list(range(len(grid[0])))
    k = i % len(order)
    order[j], order[k] = k, j
    return [[row[c] for c in order if c < len(row)] for row in grid]


def scaled(grid, i, j, _):
    """Return a table with a column as an export in hundreds would have it."""
    return grid[:1] + [
        put([r], 0, j, f"{r[j]}00")[0] if j < len(r) else r for r in grid[1:]
    ]


# of a table, a row, a column and a nasty cell
WAYS = {
    "cell": put,
    "column": lambda t, _, j, new: t[:1] + [put([r], 0, j, new)[0] for r in t[1:]],
    "header": lambda t, _, j, new: put(t, 0, j, new),
    "misspell": misspelt,
    "swap": swapped,
    "scale": scaled,
    "drop column": lambda t, _, j, __: [row[:j] + row[j + 1 :] for row in t],
    "double column": lambda t, _, j, __: [row[: j + 1] + row[j:] for row in t],
    "blank column": lambda t, _, j, __: [[*row[:j], "", *row[j:]] for row in t],
    "drop row": lambda t, i, *_: t[:i] + t[i + 1 :],
    "double row": lambda t, i, *_: [*t, t[i]],
    "rotate rows": lambda t, i, *_: [t[0], *t[i + 1 :], *t[1 : i + 1]],
    "blank row": lambda t, i, *_: [*t[: i + 1], [""] * len(t[0]), *t[i + 1 :]],
    "surplus cell": lambda t, i, _, new: [*t[:i], [*t[i], new], *t[i + 1 :]],
    "short row": lambda t, i, j, _: [*t[:i], t[i][:j], *t[i + 1 :]],
    "no rows": lambda t, *_: t[:1],
    "nothing": lambda *_: [],
}


def spoilt(draw, grid, cells):
    """Return a table spoilt in one way, most often by a cell."""
    if not grid or not grid[0]:
        return grid
    way = draw(st.sampled_from([*["cell"] * 20, *WAYS]))
    event(way)
    i = draw(st.integers(0, len(grid) - 1))
    j = draw(st.integers(0, len(grid[0]) - 1))
    return WAYS[way](grid, i, j, cells[draw(st.integers(0, len(cells) - 1))])


@st.composite
def spoilt_desks(draw, *, objects):
    """Return the tables of a desk, spoilt in up to four ways."""
    tables = sound_desk(as_long=draw(st.booleans()))
    cells = NASTY_TEXT + NASTY_OBJECTS * objects
    names = ["positions", "positions", *tables, *MORE]
    for _ in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from(names))
        tables[name] = spoilt(draw, tables.get(name, MORE.get(name)), cells)
    return tables


# --- a second reading ----------------------------------------------------------------
#
# Cell by cell, from the reference pages; it shares no code with the package, and takes
# nothing of the desk that it is compared with.

PLAIN = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?", re.ASCII)
FAILED = {"#N/A", "#REF!"}  # those of NASTY_TEXT
KINDS = {"spot", "etf", "leveraged_etf", "perpetual", "future", "forward", "swap"}
KINDS |= {"option", "cash", ""}
CLASSES = {"equity", "crypto", "fx", "rate", "cash"}
UNIVERSE = Path(rp.__file__).with_name("data") / "universe.csv"


def shown(cell):
    """Return a cell as text, "" where it is blank."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return ""
    if isinstance(cell, float | np.floating | Decimal) and math.isnan(cell):
        return ""
    if isinstance(cell, np.datetime64) and np.isnat(cell):
        return ""
    whole = isinstance(cell, float) and cell.is_integer()
    text = " ".join((str(int(cell)) if whole else str(cell)).split())
    return text.encode("utf-8", "backslashreplace").decode()


def plain(cell):
    """Return a plain number, nan where blank, None where it is anything else."""
    text = shown(cell)
    if not text:
        return math.nan
    if isinstance(cell, bool) or not PLAIN.fullmatch(text):
        return None
    number = float(cell) if isinstance(cell, np.floating) else float(text)
    return number if number == 0 or 1e-18 <= abs(number) <= 1e18 else None


def positive(cell):
    """Return a number above 0, nan where blank, None where it is anything else."""
    number = plain(cell)
    return None if number is None or number <= 0 else number


def day(cell):
    """Return the day of an ISO date, "" where it is none."""
    text = shown(cell)
    with suppress(ValueError):
        if DAY.fullmatch(text) and dt.datetime.fromisoformat(text):
            return text[:10] if "1900" <= text[:4] <= "2199" else ""
    return ""


def headers_of(grid):
    """Return the headers of a table as names are compared."""
    return [shown(h).lstrip("\ufeff").casefold() for h in grid[0]]


def records(grid, *names, first_line=0):
    """Yield the line and the cells of `names` of each row that has any."""
    headers = headers_of(grid)
    assert all(headers.count(name) < 2 for name in names), "one of two was chosen"
    place = {name: headers.index(name) for name in names if name in headers}
    for line, row in enumerate(grid[1:], start=first_line):
        cells = {n: row[j] for n, j in place.items() if j < len(row)}
        if any(map(shown, cells.values())):
            yield line, dict.fromkeys(names) | cells


def split(aliases):
    """Return aliases as names are compared."""
    return {" ".join(a.split()).casefold() for a in aliases.split(";")} - {""}


class Known:
    """What is known of instruments: currency, kind and multiplier by small letters."""

    def __init__(self, grid):
        with UNIVERSE.open(encoding="utf-8") as file:
            shipped = list(csv.DictReader(file))
        self.facts = {
            row["instrument"].casefold(): (row["currency"], row["kind"], 1.0)
            for row in shipped
        }
        self.aliases, self.spoilt, own = {}, set(), set()
        for row in shipped:
            self.name(row["instrument"], row["aliases"])
        columns = ["instrument", "tier", "asset_class", "kind", "currency", "aliases"]
        wrong = set()
        for _, row in records(grid, *columns, "multiplier") if grid else ():
            units = positive(row.pop("multiplier"))
            name, tier, group, kind, currency, aliases = map(shown, row.values())
            fit = name and tier and group.casefold() in CLASSES
            fit = fit and kind.casefold() in KINDS and units is not None
            if not fit or FAILED & {name, tier, currency, aliases}:
                self.spoilt |= {name.casefold()} - {"", *map(str.casefold, FAILED)}
                wrong |= split(aliases) - set(map(str.casefold, FAILED))
            elif name.casefold() not in own:
                own.add(name.casefold())
                old = self.facts.get(name.casefold(), ("USD", "spot", 1.0))
                new = currency, kind.casefold(), 0 if math.isnan(units) else units
                self.facts[name.casefold()] = tuple(
                    n or o for n, o in zip(new, old, strict=True)
                )
                self.name(name, aliases)
        self.spoilt |= wrong - self.facts.keys()

    def name(self, instrument, aliases):
        """Take the aliases of an instrument."""
        for alias in split(aliases):
            self.aliases.setdefault(alias, set()).add(instrument.casefold())

    def meant(self, name):
        """Return the instrument that a name stands for, "" where that is not known."""
        small = name.casefold()
        found = {small} if small in self.facts else self.aliases.get(small, {name})
        doubtful = len(found) > 1 or not self.spoilt.isdisjoint({small, *found})
        return "" if doubtful else next(iter(found))


def history(grid, key, value):
    """Return the number, or nan, of each day and name of a table, long or wide."""
    found = {}
    if key in headers_of(grid):
        for _, row in records(grid, "date", key, value):
            date, name, number = day(row["date"]), shown(row[key]), positive(row[value])
            if date and name and name not in FAILED and number is not None:
                found.setdefault((date, name), number)
        return found
    headers = headers_of(grid)
    assert headers.count("date") == 1
    for row in grid[1:]:
        cells = [*row, *[None] * (len(headers) - len(row))]
        date = day(cells[headers.index("date")])
        for header, small, cell in zip(grid[0], headers, cells, strict=False):
            if date and small != "date":
                name = shown(header).lstrip("\ufeff")
                found.setdefault((date, name), positive(cell) or math.nan)
    return found


def last(table, as_of):
    """Return the last number of each name up to a day."""
    past = sorted(i for i in table.items() if i[0][0] <= as_of and i[1] == i[1])
    return {name: number for (_, name), number in past}


@dataclass
class Lot:
    """A row of positions: None is no number, and worth is nan where it is unknown."""

    name: str
    quantity: float | None
    price: float | None
    worth: float


def lots_of(tables, as_of, first_line):
    """Return the rows of positions by line."""
    known = Known(tables.get("instruments"))
    closes = last(history(tables["prices"], "instrument", "close"), as_of)
    closes = {known.meant(name): close for name, close in closes.items()}
    pairs = last(history(tables["fx"], "pair", "rate"), as_of)
    rates = {name.upper(): rate for name, rate in pairs.items()}
    value = {"USD": 1.0, "EUR": rates.get("EURUSD", math.nan)}
    value["KRW"] = 1 / rates.get("USDKRW", math.nan)
    columns = ["book", "instrument", "quantity", "price", *OPTIONAL]
    found = {}
    for line, row in records(tables["positions"], *columns, first_line=first_line):
        name, quantity = known.meant(shown(row["instrument"])), plain(row["quantity"])
        if shown(row["instrument"]) in FAILED:
            name = ""
        currency, kind, units = known.facts.get(name.casefold(), ("USD", "spot", 1.0))
        given = positive(row["price"])
        price = given or math.nan
        if math.isnan(price):
            price = closes.get(name, 1.0 if kind == "cash" else math.nan)
        worth = price * units * value.get(currency, math.nan)
        worth *= quantity if name and quantity is not None else math.nan
        found[line] = Lot(name, quantity, given, worth)
    return found


OPTIONAL = ["strategy", "account", "entry_price", "margin_posted", "liquidation_price"]
OPTIONAL += ["locked_until"]


def assert_no_money_is_lost(desk, tables, first_line):
    """Every row is kept or left out, once, at what it is worth."""
    as_of = max(date for date, _ in history(tables["prices"], "instrument", "close"))
    assert str(desk.as_of) == as_of
    lots = lots_of(tables, as_of, first_line)
    out = dict(zip(desk.left_out["row"], desk.left_out["market_value"], strict=True))
    assert len(out) == len(desk.left_out)
    assert set(out) <= set(lots)
    for line, money in out.items():
        assert money == pytest.approx(lots[line].worth, rel=1e-12, nan_ok=True)
    kept = [lot for line, lot in lots.items() if line not in out]
    assert all(lot.name and lot.price is not None for lot in kept)
    held = rp.positions(desk)
    known = Known(tables.get("instruments"))
    got = zip(map(known.meant, held["instrument"]), held["quantity"], strict=True)
    got = sorted((*g, m) for g, m in zip(got, held["market_value"], strict=True))
    due = sorted((lot.name, lot.quantity, lot.worth) for lot in kept)
    assert [g[:2] for g in got] == [d[:2] for d in due]
    assert [g[2] for g in got] == pytest.approx([d[2] for d in due], rel=1e-12)
    for amount in (float, abs):
        given = [lot.worth for lot in lots.values() if not math.isnan(lot.worth)]
        parts = [*held["market_value"], *(m for m in out.values() if not math.isnan(m))]
        whole = math.fsum(map(amount, given))
        assert math.fsum(map(amount, parts)) == pytest.approx(whole, rel=1e-9, abs=1e-9)


def outcome(load, tables, first_line):
    """Load a desk; check the one that comes out, or that it is refused in words.

    `tables` is None where what stands in them is not known.
    """
    desk, refusal = None, None
    try:
        desk = load()
    except rp.InputError as error:
        refusal = error
    if refusal is not None:
        event("refused")
        assert any(i.severity == "error" for i in refusal.issues)
        assert all(i.message and str(i.where) for i in refusal.issues)
    else:
        event("partial" if len(desk.left_out) else "whole")
        if tables is not None:
            assert_no_money_is_lost(desk, tables, first_line)


# --- through files -------------------------------------------------------------------


def as_csv(grid, end, mark, quoting):
    """Return a table as CSV."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=quoting).writerows(grid)
    return (mark + out.getvalue()).encode()


def with_numbers(grid):
    """Return a table with plain numbers as numbers, as a workbook holds them."""
    numbers = [[plain(cell) for cell in row] for row in grid[1:]]
    rows = zip(grid[1:], numbers, strict=True)
    return grid[:1] + [
        [c if n is None or math.isnan(n) else n for c, n in zip(*row, strict=True)]
        for row in rows
    ]


def as_xlsx(grid):
    """Return a table as a workbook."""
    out = io.BytesIO()
    kept = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, kept) as book:
        sheet = book.add_worksheet()
        for i, row in enumerate(grid):
            for j, cell in enumerate(row):
                put = (
                    sheet.write_string if isinstance(cell, str) else sheet.write_number
                )
                put(i, j, cell)
    return out.getvalue()


def fits_a_workbook(grid):
    """Whether Excel has room for every text of a table."""
    return all(len(cell) < 32_000 for row in grid for cell in row)


DAMAGE = (
    lambda content, at: content[:at],
    lambda content, at: content[:at] + b"\x00" + content[at:],
    lambda content, at: content[:at] + bytes([at % 256]) + content[at + 1 :],
    lambda content, at: content[:at] + b'"' + content[at:],
    lambda content, at: content[:at] + b"," + content[at:],
    lambda content, at: content[:at] + b"\r" + content[at:],
    lambda content, at: content[:at] + b"\n" + content[at:],
    lambda content, _: content.replace(b"\r", b"").replace(b"\n", b"\r"),
    lambda content, _: content.replace(b",", b";"),
    lambda content, _: content.replace(b",", b"\t"),
    lambda content, _: content.replace(b'"', b""),
    lambda content, _: content.decode("utf-8", "replace").encode("utf-16"),
    lambda content, _: content.decode("utf-8", "replace").encode("cp949", "replace"),
    lambda content, _: b"PK\x03\x04" + content,
    lambda content, _: content * 2,
)


@st.composite
def files_of(draw, tables):
    """Return the tables as files, and as they read; None where one is damaged."""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    mark = draw(st.sampled_from(["", "\ufeff"]))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    files = {n: (f"{n}.csv", as_csv(g, end, mark, quoting)) for n, g in tables.items()}
    one = draw(st.sampled_from(list(tables)))
    if draw(st.integers(0, 3)) == 0 and fits_a_workbook(tables[one]):
        tables = tables | {one: with_numbers(tables[one])}
        files[one] = (f"{one}.xlsx", as_xlsx(tables[one]))
    if draw(st.integers(0, 7)) > 0:
        return files, tables
    name, content = files[one]
    at = len(content) * draw(st.integers(0, 1000)) // 1000
    files[one] = (name, draw(st.sampled_from(DAMAGE))(content, at))
    event("damaged file")
    return files, None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@FUZZ
@given(st.data())
def test_files_make_a_desk_or_an_input_error(folder, data):
    on_error = data.draw(st.sampled_from(["quarantine"] * 4 + ["stop"]))
    files, tables = data.draw(files_of(data.draw(spoilt_desks(objects=False))))
    lines = [f'on_error = "{on_error}"', "[tables]"]
    for table, (name, content) in files.items():
        (folder / name).write_bytes(content)
        lines.append(f'{table} = "{name}"')
    (folder / "desk.toml").write_text("\n".join(lines), "utf-8")
    outcome(lambda: rp.load_desk(folder / "desk.toml"), tables, 2)


# --- through DataFrames --------------------------------------------------------------


def columns_of(grid):
    """Return the columns of a table as they are, rows filled up with None."""
    width = max(map(len, grid), default=0)
    rows = [[*row, *[None] * (width - len(row))] for row in grid]
    columns = []
    for j in range(width):
        cells = np.empty(len(rows) - 1, dtype=object)
        for i, row in enumerate(rows[1:]):
            cells[i] = row[j]
        columns.append(pd.Series(cells, dtype=object))
    return columns, rows[0] if rows else []


def converted(column, dtype):
    """Return a column as another kind, itself where it cannot be."""
    with suppress(Exception):
        if dtype == "number":
            return pd.to_numeric(column)
        return column.infer_objects() if dtype == "inferred" else column.astype(dtype)
    return column


@st.composite
def frame_of(draw, grid):
    """Return a table as a DataFrame of one of the kinds that people have."""
    columns, headers = columns_of(grid)
    if not columns:
        return pd.DataFrame()
    kind = draw(st.sampled_from(["object", "number", "inferred", "one"]))
    if kind == "one":
        j = draw(st.integers(0, len(columns) - 1))
        columns[j] = converted(columns[j], draw(st.sampled_from(DTYPES)))
    else:
        columns = [converted(column, kind) for column in columns]
    frame = pd.concat(columns, axis=1)
    frame.columns = pd.Index(headers, dtype=object, tupleize_cols=False)
    if draw(st.integers(0, 3)) == 0:
        frame.index = draw(st.permutations(range(len(frame))))
    return frame


def grid_of(frame):
    """Return the cells of a DataFrame, the header first."""
    rows, columns = range(len(frame)), range(frame.shape[1])
    return [list(frame.columns), *([frame.iloc[i, j] for j in columns] for i in rows)]


@FUZZ
@given(st.data())
def test_frames_make_a_desk_or_an_input_error(data):
    tables = data.draw(spoilt_desks(objects=True))
    frames = {name: data.draw(frame_of(grid)) for name, grid in tables.items()}
    grids = {name: grid_of(frame) for name, frame in frames.items()}
    on_error = data.draw(st.sampled_from(["quarantine"] * 4 + ["stop"]))
    given = {"on_error": on_error}
    outcome(lambda: rp.desk_from_tables(**frames, settings=given), grids, 0)


# --- the check itself ----------------------------------------------------------------


@pytest.fixture(scope="module")
def partial():
    """A desk of the sound tables, one lot of which has no book."""
    tables = sound_desk(as_long=False)
    tables["positions"] = [list(row) for row in POSITIONS]
    tables["positions"][4][0] = ""
    frames = {n: pd.DataFrame(g[1:], columns=g[0]) for n, g in tables.items()}
    desk = rp.desk_from_tables(**frames, settings={"on_error": "quarantine"})
    return desk, tables


def test_the_sound_desk_loses_nothing(partial):
    desk, tables = partial
    assert_no_money_is_lost(desk, tables, 0)
    assert rp.positions(desk)["market_value"].tolist() == [
        21.75, -100.0, 2_000.0, 10_000.0, 10_000.0, 1_220_010.0, 5_000.0,
    ]  # fmt: skip
    assert desk.left_out["market_value"].tolist() == [-30_000.0]


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("positions", lambda grid: [*grid, grid[1]]),
        ("positions", lambda grid: grid[:-1]),
        ("positions", lambda grid: [*grid[:3], grid[4], grid[3], *grid[5:]]),
        ("positions", lambda grid: put(grid, 1, 1, "BTC")),
        ("positions", lambda grid: put(grid, 4, 2, "-0.6")),
        ("positions", lambda grid: put(grid, 5, 3, "61000")),
        ("positions", lambda grid: put(grid, 5, 3, "61,000")),
        ("instruments", lambda grid: put(grid, 1, 5, "1")),
        ("instruments", lambda grid: put(grid, 1, 5, "10x")),
        ("instruments", lambda grid: put(grid, 2, 4, "USD")),
        ("prices", lambda grid: put(grid, 4, 1, "")),
        ("prices", lambda grid: put(grid, 4, 0, "29.05.2026")),
        ("fx", lambda grid: put(grid, 4, 1, "1251")),
    ],
)
def test_the_check_can_fail(partial, table, change):
    desk, tables = partial
    with pytest.raises(AssertionError, match=r"assert|Error"):
        assert_no_money_is_lost(desk, tables | {table: change(tables[table])}, 0)
