"""Laws of what-ifs: full revaluation, nothing, there and back, order, one by one."""

from dataclasses import asdict, dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskplugin as rp

LAST = "2026-05-29"
LAWS = settings(max_examples=15, deadline=None)
LINEAR = ("MU", "000660.KS", "NVDA", "TAO", "BTC", "SPY")
NAMES = (*LINEAR, "PERP", "INVERSE", "PUT", "CALL", "TWICE", "CASH")
NOT_HELD = ("AMD", "FET", "PUT_LOW")  # may be added
BOOKS = ("one", "two")
KEYS = ["pnl", "direct", "propagated", "overshoot", "convexity", "liquidity"]
FRAME = ["book", "instrument", "account", "strategy", "quantity", "price",
         "margin_posted", "liquidation_price", "locked_until"]  # fmt: skip


def instruments():
    option = {"kind": "option", "underlying": "MU", "style": "european",
              "expiry": "2026-11-20", "multiplier": 100.0, "tier": "memory",
              "asset_class": "equity"}  # fmt: skip
    coin = {"kind": "perpetual", "underlying": "BTC", "tier": "crypto_benchmark",
            "asset_class": "crypto", "funding_rate": 1e-4, "funding_hours": 8.0,
            "maintenance_margin": 0.05}  # fmt: skip
    rows = [
        {"instrument": "PUT", **option, "option_type": "put", "strike": 90.0},
        {"instrument": "CALL", **option, "option_type": "call", "strike": 120.0},
        {"instrument": "PUT_LOW", **option, "option_type": "put", "strike": 70.0},
        {"instrument": "PERP", **coin},
        {"instrument": "INVERSE", **coin, "settlement": "inverse", "multiplier": 100.0},
        {"instrument": "TWICE", "kind": "leveraged_etf", "underlying": "NVDA",
         "leverage": 2.0, "tier": "gpu", "asset_class": "equity"},
        {"instrument": "CASH", "kind": "cash", "tier": "unclassified",
         "asset_class": "cash"},
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(currency="USD", half_spread=0.002)


def prices():
    rng = np.random.default_rng(7)
    days = pd.bdate_range(end=LAST, periods=260, name="date")
    names = ["MU", "000660.KS", "005930.KS", "NVDA", "AMD", "AVGO", "TAO", "FET",
             "BTC", "ETH", "SPY"]  # fmt: skip
    common = 0.012 * rng.standard_normal((260, 1))
    own = 0.02 * rng.standard_normal((260, len(names)))
    wide = pd.DataFrame(100 * np.exp(np.cumsum(common + own, axis=0)), days, names)
    return (wide * 100 / wide.iloc[-1]).assign(TWICE=40.0)


def spreads():
    """Return rows of the shipped names with a spread, for what unwinding costs."""
    tiers = {"MU": "memory", "000660.KS": "memory", "NVDA": "gpu", "AMD": "gpu",
             "TAO": "crypto_compute_storage", "FET": "crypto_agents",
             "BTC": "crypto_benchmark", "SPY": "equity_benchmark"}  # fmt: skip
    rows = [
        {"instrument": n, "tier": t, "half_spread": 0.001,
         "asset_class": "crypto" if "crypto" in t else "equity"}
        for n, t in tiers.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


VOLS = pd.DataFrame(
    {"date": [LAST], "instrument": ["MU"], "implied_volatility": [0.55]}
)
FX = pd.DataFrame(
    {"date": pd.bdate_range(end=LAST, periods=260), "USDKRW": 1400.0
     + np.sin(np.arange(260))}
)  # fmt: skip
RATES = pd.DataFrame(
    {"date": [LAST], "currency": ["USD"], "tenor_days": [90.0], "rate": [0.04]}
)
SCENARIOS = (
    rp.Scenario(
        name="slow", core={"memory": -0.4}, horizon_sessions=60,
        overshoot={"crypto_agents": 1.5}, fx={"KRW": -0.1}, volatility={"memory": 0.2},
    ),
    rp.Scenario(
        name="fast", core={"crypto": -0.5, "memory": 0.0}, tiers={"gpu": -0.2},
        horizon_sessions=5,
    ),
)  # fmt: skip


def lot(book, instrument, quantity, **more):
    blank = {"account": "", "strategy": "", "price": np.nan, "margin_posted": np.nan,
             "liquidation_price": np.nan, "locked_until": None}  # fmt: skip
    return {
        **blank,
        "book": book,
        "instrument": instrument,
        "quantity": quantity,
        **more,
    }


HELD = [
    lot("one", "MU", 1000.0, account="a"),
    lot("one", "MU", 500.0, account="b", locked_until="2026-12-01"),
    lot("one", "000660.KS", 300.0),
    lot("one", "NVDA", -400.0),
    lot("one", "PUT", 20.0),
    lot("one", "CALL", -10.0),
    lot("one", "TWICE", 200.0),
    lot("one", "CASH", 50_000.0),
    lot("two", "MU", -200.0, strategy="s"),
    lot("two", "TAO", 800.0),
    lot("two", "BTC", 30.0),
    lot("two", "PERP", 150.0, margin_posted=6_000.0),
    lot("two", "INVERSE", -100.0, liquidation_price=150.0),
    lot("two", "SPY", -250.0),
]


@cache
def the_desk():
    """Return the desk, made once; too large to be an argument that is printed."""
    made = rp.desk_from_tables(
        pd.DataFrame(HELD, columns=FRAME),
        prices(),
        pd.concat([instruments(), spreads()], ignore_index=True),
        FX,
        vols=VOLS,
        rates=RATES,
        scenarios=SCENARIOS,
        settings={
            "nav": {"one": 1e6, "two": 5e5},
            "unwind_share": 0.5,
            "history_sessions": 200,
        },
    )
    assert made.settings.unwind_share == 0.5
    return made


@dataclass(frozen=True)
class Row:
    book: str
    instrument: str
    account: str = ""
    quantity: float = np.nan
    pct: float = np.nan
    tier: str = ""

    @property
    def given(self):
        return {k: v for k, v in asdict(self).items() if v not in ("",)}


quantities = st.floats(-2_000, 2_000).map(lambda q: round(q, 1)).filter(bool)
orders = st.builds(
    Row,
    st.sampled_from(BOOKS),
    st.sampled_from((*NAMES, *NOT_HELD)),
    st.sampled_from(["", "", "a"]),
    quantities,
)
trades = st.lists(orders, max_size=5)


def frame_of(rows):
    columns = ["book", "instrument", "account", "quantity", "pct", "tier"]
    return pd.DataFrame([asdict(row) for row in rows], columns=columns)


def lots_after(rows):
    """Return the lots after orders, one order after the other, written out plainly.

    What names an account is taken first, all of one place together, from what was held
    before.
    """
    lots = [dict(one) for one in HELD]
    places = sorted({(r.account == "", r.book, r.instrument, r.account) for r in rows})
    for anywhere, book, name, account in places:
        left = sum(
            r.quantity for r in rows
            if (r.book, r.instrument, r.account) == (book, name, account)
        )  # fmt: skip
        own = [
            one for one in lots
            if (one["book"], one["instrument"]) == (book, name)
            and (anywhere or one["account"] == account)
            and not one.get("bought")
        ]  # fmt: skip
        accounts = {one["account"] for one in own}
        for is_locked in (False, True):
            other = [
                one for one in own
                if one["quantity"] * left < 0
                and (one["locked_until"] is not None) is is_locked
            ]  # fmt: skip
            there = sum(abs(one["quantity"]) for one in other)
            share = min(1.0, abs(left) / there) if there else 0.0
            for one in other:
                left += share * one["quantity"]
                one["margin_posted"] *= 1 - share
                one["quantity"] *= 1 - share
        if abs(left) > 1e-9:
            into = account or (accounts.pop() if len(accounts) == 1 else "")
            lots.append(lot(book, name, left, account=into, bought=True))
    kept = [one for one in lots if abs(one["quantity"]) > 1e-12]
    return pd.DataFrame(kept, columns=FRAME)


def at(table, stage):
    rows = table.to_frame()
    return rows[rows["stage"] == stage].drop(columns="stage").reset_index(drop=True)


def same(ours, full, keys, scale=1.0):
    """Whether two tables say the same of every row; of a row without lots, nothing."""
    columns = [c for c in full.columns if c not in keys]
    both = ours.merge(full.to_frame(), "left", keys, suffixes=("", "_full"))
    there = both[f"{columns[0]}_full"].notna()
    assert there.sum() == len(full)
    for column in columns:
        found, wanted = (
            both.loc[there, c].to_numpy(np.float64) for c in (column, f"{column}_full")
        )
        size = scale if np.nanmax(np.abs(wanted), initial=0.0) > 100.0 else 1.0
        np.testing.assert_allclose(
            found, wanted, rtol=1e-9, atol=1e-9 * size, err_msg=column
        )
        gone = both.loc[~there, column].to_numpy(np.float64)
        assert ((gone == 0) | np.isnan(gone)).all()


def agrees(done, full):
    gross = float(rp.exposures(full, ())["gross"].iloc[0])
    same(at(done.stress, "after"), rp.stress(full, by="scenario"), ["scenario"], gross)
    by = ["scenario", "book", "tier"]
    same(at(done.stress_by, "after"), rp.stress(full, by=by), by, gross)
    same(at(done.exposures, "after"), rp.exposures(full, by[1:]), by[1:], gross)


@LAWS
@given(rows=trades)
def test_it_is_the_full_revaluation_of_the_positions_afterwards(rows):
    done = rp.what_if(the_desk(), frame_of(rows), ("book", "tier"))
    agrees(done, rp.with_positions(the_desk(), lots_after(rows)))


@settings(LAWS, max_examples=8)
@given(rows=trades)
def test_measures_are_those_of_the_positions_afterwards(rows):
    done = rp.what_if(
        the_desk(), frame_of(rows), "tier", measures=["CVaR", "volatility"]
    )
    full = rp.with_positions(the_desk(), lots_after(rows))
    wanted = rp.measures(full, ["CVaR", "volatility"], by="tier")
    columns = ["tier", "measure", "total", "component", "standalone"]
    found = at(done.measures, "after")[columns]
    size = float(wanted["total"].max())
    both = found.merge(
        wanted[columns], "inner", ["tier", "measure"], suffixes=("", "_f")
    )
    assert len(both) == len(wanted)
    for column in columns[2:]:
        np.testing.assert_allclose(
            both[column], both[column + "_f"], rtol=1e-9, atol=1e-9 * size
        )


@LAWS
@given(rows=trades)
def test_the_desk_it_gives_holds_what_there_is_afterwards(rows):
    done = rp.what_if(the_desk(), frame_of(rows), ("book", "tier"))
    agrees(done, done.desk)
    held = rp.positions(done.desk).groupby(["book", "instrument"])["quantity"].sum()
    wanted = lots_after(rows).groupby(["book", "instrument"])["quantity"].sum()
    both = pd.concat([held, wanted], axis=1).fillna(0.0)
    np.testing.assert_allclose(*both.to_numpy().T, rtol=1e-9, atol=1e-6)


def no_change(done):
    for table in (done, done.exposures, done.stress, done.stress_by):
        if "stage" in table.columns:
            change = at(table, "change").select_dtypes("number")
        else:
            change = table.loc[~table["metric"].str.startswith("trade:"), ["change"]]
        assert (change.fillna(0.0) == 0.0).all(axis=None)


def test_no_trades_are_exactly_no_change():
    done = rp.what_if(the_desk(), frame_of([]), ("book", "tier"))
    no_change(done)
    assert len(done.trades) == 0
    assert rp.what_if(the_desk(), {}, book="one")["change"].fillna(0.0).eq(0.0).all()


@LAWS
@given(rows=trades)
def test_a_trade_and_its_reverse_are_exactly_no_change(rows):
    back = [replace(row, quantity=-row.quantity) for row in rows]
    no_change(rp.what_if(the_desk(), frame_of([*rows, *back]), ("book", "tier")))


@LAWS
@given(rows=trades)
def test_the_reverse_on_the_desk_it_gives_leads_back(rows):
    done = rp.what_if(the_desk(), frame_of(rows))
    net = lots_after(rows).groupby(["book", "instrument"])["quantity"].sum()
    was = pd.DataFrame(HELD).groupby(["book", "instrument"])["quantity"].sum()
    targets = (
        was.reindex(net.index.union(was.index)).fillna(0.0).rename("target_quantity")
    )
    again = rp.what_if(done.desk, targets.reset_index())
    linear = ["net", "delta_equivalent", "memory_beta_exposure"]
    back, first = (
        at(t.exposures, stage).groupby("tier")[linear].sum()
        for t, stage in ((again, "after"), (done, "before"))
    )
    both = back.join(first.add_suffix("_f"), how="outer").fillna(0.0)
    for column in linear:
        np.testing.assert_allclose(both[column], both[column + "_f"], atol=1e-3)


@LAWS
@given(rows=trades, data=st.data())
def test_the_order_of_trades_does_not_matter(rows, data):
    shuffled = data.draw(st.permutations(rows))
    first, second = (
        rp.what_if(the_desk(), frame_of(r), "tier") for r in (rows, shuffled)
    )
    assert at(first.stress, "after").equals(at(second.stress, "after"))
    keys = ["book", "instrument", "account", "strategy"]
    one, two = (
        t.trades.sort_values(keys).reset_index(drop=True) for t in (first, second)
    )
    pd.testing.assert_frame_equal(one, two, check_exact=True)


cuts = st.lists(
    st.tuples(
        st.sampled_from(["memory", "gpu", "crypto_benchmark", "equity_benchmark"]),
        st.floats(-1.0, 1.0).map(lambda p: round(p, 3)).filter(bool),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda cut: cut[0],
)


@LAWS
@given(cut=cuts)
def test_cuts_scale_what_is_held_of_a_scope(cut):
    rows = pd.DataFrame(cut, columns=["tier", "pct"])
    done = rp.what_if(the_desk(), rows, ("book", "tier"))
    tier = {n: the_desk().universe.instruments[n].tier for n in NAMES}
    shares = {t: 1 + pct for t, pct in cut}
    lots = pd.DataFrame(HELD, columns=FRAME)
    share = lots["instrument"].map(tier).map(shares).fillna(1.0)
    lots = lots.assign(
        quantity=lots["quantity"] * share, margin_posted=lots["margin_posted"] * share
    )
    agrees(done, rp.with_positions(the_desk(), lots[share != 0]))


@LAWS
@given(ideas=st.lists(trades.filter(bool), min_size=1, max_size=6))
def test_each_idea_ranked_is_the_what_if_of_it_alone(ideas):
    named = [frame_of(rows).assign(idea=f"i{k}") for k, rows in enumerate(ideas)]
    ranking = rp.rank_trades(the_desk(), pd.concat(named, ignore_index=True))
    assert sorted(ranking["idea"]) == sorted(f"i{k}" for k in range(len(ideas)))
    gross = float(rp.exposures(the_desk(), ())["gross"].iloc[0])
    for k, rows in enumerate(ideas):
        alone = rp.what_if(the_desk(), frame_of(rows))
        pnl = at(alone.stress, "after").set_index("scenario")["pnl"]
        mine = ranking.stress[ranking.stress["idea"] == f"i{k}"].set_index("scenario")
        size = gross + float(alone.trades["traded"].abs().sum())
        np.testing.assert_allclose(mine["after"], pnl, rtol=1e-9, atol=1e-11 * size)
        row = ranking[ranking["idea"] == f"i{k}"].iloc[0]
        assert row["worst_after"] == pytest.approx(
            pnl.min(), rel=1e-9, abs=1e-11 * size
        )
        assert row["orders"] == len(alone.trades)
        np.testing.assert_allclose(
            row["traded"], alone.trades["traded"].abs().sum(), rtol=1e-9
        )
