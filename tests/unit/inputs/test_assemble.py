"""All issues at once; what is left out, in money; what must not matter."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp

QUARANTINE = {"on_error": "quarantine"}

# --- a desk with a dozen faults ------------------------------------------------------


@pytest.fixture
def faulty(positions, prices, fx):
    """Tables with fourteen faults, every one of another kind or place."""
    more = pd.DataFrame(
        [
            ["", "MU", 1.0],  # 4 blank book
            ["semis", "MU", "1,234"],  # 5 a thousands separator
            ["semis", "MU", 1.0],  # 6 price below zero, beside
            ["semis", "MU", 1.0],  # 7 an Excel serial, beside
            ["semis", "NOWHERE", 1.0],  # 8 no price
            ["semis", "OPT", 1.0],  # 9 a kind that is not priced
            ["semis", "YEN", 1.0],  # 10 no rate
            ["semis", "OLD", 1.0],  # 11 a stale price
            ["semis", "BOTH", 1.0],  # 12 an alias of two
        ],
        columns=positions.columns,
    )
    rows = pd.concat([positions.astype(object), more.astype(object)], ignore_index=True)
    rows["price"] = [None] * 6 + [-1.0] + [None] * 6
    rows["locked_until"] = [""] * 7 + ["46171"] + [""] * 5
    instruments = pd.DataFrame(
        [
            ["OPT", "memory", "equity", "option", "USD", ""],
            ["YEN", "memory", "equity", "spot", "JPY", "BOTH"],
            ["OLD", "memory", "equity", "spot", "USD", "both"],
            ["BAD", "memory", "bond", "spot", "USD", ""],  # 3 no such asset class
            ["OPT", "memory", "equity", "option", "USD", ""],  # 4 stands twice
        ],
        columns=["instrument", "tier", "asset_class", "kind", "currency", "aliases"],
    )
    closes = prices.assign(OPT=1.0, YEN=1.0, OLD=1.0).astype({"BTC": object})
    closes.loc[3:, "OLD"] = np.nan
    closes.loc[2, "BTC"] = "#N/A"
    closes.loc[5, "RENDER"] = -5.0
    rates = fx.drop(columns="USDJPY").assign(USDUSD=1.0)
    limits = pd.DataFrame(
        [["gross", "total", 1.0, 2.0, "dollars", "max"]],
        columns=["metric", "scope", "soft", "hard", "unit", "direction"],
    )
    return {
        "positions": rows,
        "instruments": instruments,
        "prices": closes,
        "fx": rates,
        "limits": limits,
    }


FAULTS = {
    ("positions", 4, "book", "missing-value"),
    ("positions", 5, "quantity", "bad-number"),
    ("positions", 6, "price", "bad-range"),
    ("positions", 7, "locked_until", "bad-date"),
    ("positions", 8, "instrument", "no-price"),
    ("positions", 9, "instrument", "kind-not-priced"),
    ("positions", 10, "instrument", "missing-fx"),
    ("positions", 11, "instrument", "stale-price"),
    ("positions", 12, "instrument", "ambiguous-instrument"),
    ("instruments", 3, "asset_class", "bad-choice"),
    ("instruments", 4, "instrument", "duplicate-row"),
    ("prices", 2, "BTC", "bad-number"),
    ("prices", 5, "RENDER", "bad-range"),
    ("fx", None, "USDUSD", "bad-pair"),
    ("limits", 0, "unit", "bad-choice"),
}


def test_every_fault_of_every_table_is_raised_at_once(refused, faulty):
    issues = refused("fx, USDUSD: not a pair", **faulty)
    errors = {
        (i.where.source, i.where.row, i.where.column, i.code)
        for i in issues
        if i.severity == "error"
    }
    assert errors == FAULTS


def test_every_fault_says_what_to_do(refused, faulty):
    issues = refused("fx, USDUSD: not a pair", **faulty)
    assert [str(i) for i in issues if not i.hint] == []


def test_message_shows_place_finding_hint_and_code(load, faulty):
    expected = (
        r"15 errors, \d+ warnings\n(.*\n)*"
        r"  error: positions row 5, quantity: found '1,234' "
        r"\(write it without thousands separators and with a decimal point\) "
        r"\[bad-number\]"
    )
    with pytest.raises(rp.InputError, match=expected):
        load(**faulty)


def test_quarantine_leaves_out_the_same_rows_and_runs(load, faulty):
    desk = load(**faulty, settings=QUARANTINE)
    reasons = dict(zip(desk.left_out["row"], desk.left_out["reason"], strict=True))
    assert reasons == {
        row: code for source, row, _, code in FAULTS if source == "positions"
    }
    assert len(rp.positions(desk)) == 4
    assert len(rp.exposures(desk)) > 0


def test_money_in_is_money_kept_and_money_left_out(load, faulty):
    """Out: one MU is 100 USD, the stale share and the option 1; others are unknown.

    Kept: 10,000 + 2,000 - 30,000 + 5,000.
    """
    desk = load(**faulty, settings=QUARANTINE)
    out = desk.left_out.set_index("row")["market_value"]
    sound = out.drop(6).dropna()
    assert sound.to_dict() == {4: 100.0, 7: 100.0, 9: 1.0, 11: 1.0}
    assert rp.positions(desk)["market_value"].sum() == -13_000.0


def test_refused_price_values_nothing(load, positions):
    """Minus one dollar is no price: the row is worth the market's, or unknown."""
    bad = positions.assign(price=[-1.0, np.nan, np.nan, np.nan])
    out = load(positions=bad, settings=QUARANTINE).left_out
    assert out["row"].tolist() == [0]
    assert np.isnan(out["market_value"][0]) or out["market_value"][0] == 10_000.0


@pytest.mark.parametrize("seed", range(5))
def test_money_in_is_money_out_whatever_is_quarantined(load, positions, seed):
    """A blank book spoils a row but not its value: nothing may get lost."""
    draw = np.random.default_rng(seed)
    rows = positions.iloc[draw.integers(0, 4, 50)].reset_index(drop=True)
    rows["quantity"] = draw.integers(-100, 100, 50) / 4
    spoilt = rows.assign(book=rows["book"].mask(draw.random(50) < 0.3, ""))
    desk = load(positions=spoilt, settings=QUARANTINE)
    whole = rp.positions(load(positions=rows))["market_value"]
    assert 0 < len(desk.left_out) < 50
    kept, out = rp.positions(desk)["market_value"], desk.left_out["market_value"]
    assert kept.sum() + out.sum() == pytest.approx(whole.sum(), abs=1e-9)
    assert kept.abs().sum() + out.abs().sum() == pytest.approx(whole.abs().sum())


def test_stop_is_the_default(load, positions):
    with pytest.raises(rp.SchemaError, match="missing-value"):
        load(positions=positions.assign(book=["", "a", "a", "a"]))


@pytest.mark.parametrize("on_error", ["stop", "quarantine"])
def test_missing_column_stops_the_run_whatever_the_desk_chose(
    load, positions, on_error
):
    with pytest.raises(rp.SchemaError, match="missing-column"):
        load(
            positions=positions.drop(columns="quantity"),
            settings={"on_error": on_error},
        )


@pytest.mark.parametrize(
    ("tables", "error"),
    [
        ({"fx": None}, rp.CoverageError),
        ({"prices": pd.DataFrame({"date": [], "MU": []})}, rp.CoverageError),
        ({"positions": pd.DataFrame({"book": ["a"]})}, rp.SchemaError),
    ],
)
def test_error_is_of_the_narrowest_class(load, tables, error):
    with pytest.raises(error, match="error") as caught:
        load(**tables)
    assert type(caught.value) is error


# --- empty -----------------------------------------------------------------------


def test_empty_book_is_refused(refused, positions, faults):
    issues = refused("the book is empty", positions=positions.iloc[:0])
    assert faults(issues) == [("empty-book", -1, "")]


def test_book_of_which_no_row_is_usable_is_refused_in_quarantine(load, positions):
    with pytest.raises(rp.InputError, match="no position can be used"):
        load(positions=positions.assign(quantity="x"), settings=QUARANTINE)


@pytest.mark.parametrize("rows", [0, 1])
def test_prices_without_a_close_are_refused(load, prices, rows):
    empty = prices.iloc[:rows].assign(**dict.fromkeys(prices.columns[1:], np.nan))
    with pytest.raises(rp.InputError, match=r"prices, date: no price"):
        load(prices=empty)


def test_desk_without_history_runs_a_scenario_that_propagates_nothing(load):
    """Ten sessions make no driver; shares named one by one need none."""
    fixed = dict.fromkeys(("MU", "000660.KS", "BTC", "RENDER"), -0.5)
    halved = rp.Scenario(name="halved", instruments=fixed)
    found = rp.stress(load(scenarios=[halved]), "halved", "book").set_index("book")
    assert found["pnl"].to_dict() == pytest.approx({"semis": -6_000, "tokens": 12_500})


def test_desk_without_history_runs_what_its_inputs_allow(load):
    """No driver, hence no scenario of the shipped ones: exposures are still known."""
    report = rp.run(load())
    assert len(report.stress) == 0
    assert report.exposures["net"].sum() == -13_000.0
    left = set(report.tables["issues"].query("code == 'scenario-left-out'")["column"])
    assert "inventory_build" in left


# --- what must not matter --------------------------------------------------------


def report(**tables):
    nav = {"a": 1e6, "b": 1e6, "c": 1e6}
    return rp.run(rp.desk_from_tables(**tables, settings={"nav": nav}))


@pytest.fixture(scope="module")
def plain(large):
    return report(**large)


def assert_same_bits(one, other):
    """Assert that two reports are one: every cell, bit by bit, and the run id.

    But for the places that issues point to: they are the files' own.
    """
    assert list(one.tables) == list(other.tables)
    for name, table in one.tables.items():
        against = other.tables[name]
        assert list(table.columns) == list(against.columns)
        for column in table.columns.drop(["source", "row"], errors="ignore"):
            mine, theirs = table[column].to_numpy(), against[column].to_numpy()
            if mine.dtype.kind == "f":
                mine, theirs = mine.view(np.int64), theirs.view(np.int64)
            assert mine.tolist() == theirs.tolist(), f"{name}.{column}"
    assert one.run_id == other.run_id


def test_the_large_desk_is_worth_permuting(plain):
    provenance = set(plain.shocks["provenance"])
    assert {"shrunk", "proxied"} <= provenance
    assert {"memory", "unclassified"} <= set(plain.exposures["tier"])
    assert plain.stress["propagated"].abs().sum() > 1e6


@pytest.mark.parametrize("seed", range(3))
def test_order_of_rows_and_columns_changes_no_bit(large, plain, seed):
    turned = {}
    for name, frame in large.items():
        columns = np.random.default_rng(seed).permutation(frame.columns)
        turned[name] = frame.sample(frac=1, random_state=seed)[columns]
    assert_same_bits(report(**turned), plain)


def test_long_prices_in_any_order_change_no_bit(large, plain):
    long = large["prices"].melt("date", var_name="instrument", value_name="close")
    shuffled = long.dropna().sample(frac=1, random_state=1)
    assert_same_bits(report(**{**large, "prices": shuffled}), plain)


def test_names_by_alias_change_no_bit(large, plain):
    names = {"RNDR": "RENDER", "000660 KS Equity": "000660.KS"}
    canonical = large["positions"].replace({"instrument": names})
    assert_same_bits(report(**{**large, "positions": canonical}), plain)


def test_numbers_as_text_change_no_bit(large, plain):
    as_text = {
        n: f.astype({c: str for c in f if c != "date"}) for n, f in large.items()
    }
    as_text["prices"] = as_text["prices"].replace("nan", "")
    assert_same_bits(report(**as_text), plain)


def test_every_kind_of_file_changes_no_bit(large, plain, tmp_path):
    """CSV, XLSX and Parquet, as the desk's own files."""
    for name, frame in large.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        frame.to_excel(tmp_path / f"{name}.xlsx", index=False)
        frame.to_parquet(tmp_path / f"{name}.parquet")
    for kind in ("csv", "xlsx", "parquet"):
        tables = "".join(f'{name} = "{name}.{kind}"\n' for name in large)
        desk = tmp_path / "desk.toml"
        desk.write_text(
            f"[tables]\n{tables}[nav]\na = 1e6\nb = 1e6\nc = 1e6\n", "utf-8"
        )
        assert_same_bits(rp.run(rp.load_desk(desk)), plain)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t["positions"].__setitem__(
            "quantity", t["positions"]["quantity"] + 1
        ),
        lambda t: t["positions"].__setitem__("strategy", "other"),
        lambda t: t["prices"].__setitem__("MU", t["prices"]["MU"] + 1e-9),
        lambda t: t["fx"].__setitem__("USDKRW", t["fx"]["USDKRW"] * (1 + 1e-12)),
    ],
    ids=["quantity", "strategy", "price", "rate"],
)
def test_every_input_moves_the_run_id(large, plain, change):
    tables = {name: frame.copy() for name, frame in large.items()}
    change(tables)
    assert report(**tables).run_id != plain.run_id
