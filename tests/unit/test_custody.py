"""Accounts and their failure, on the page."""

from dataclasses import replace

import numpy as np

from riskplugin.book import Labels, grouped
from riskplugin.custody import account_figures, default_pnl, locked
from tests.conftest import AS_OF, MEMORY, TOKENS, book_from

NAN = float("nan")
ROWS = (
    # account, kind, locked until, margin, row
    (
        "prime",
        "spot",
        "NaT",
        NAN,
        ("a", "MU", MEMORY, "", "equity", "USD", 100, 100, 1),
    ),
    ("prime", "spot", "NaT", NAN, ("a", "X", MEMORY, "", "equity", "USD", -40, 100, 1)),
    ("prime", "cash", "NaT", NAN, ("a", "U", MEMORY, "", "cash", "USD", -1000, 1, 1)),
    (
        "venue",
        "spot",
        "2026-07-01",
        NAN,
        ("b", "TAO", TOKENS, "", "", "USD", 5, 400, 1),
    ),
    ("venue", "perpetual", "NaT", 900.0, ("b", "P", TOKENS, "", "", "USD", -9, 400, 1)),
    ("venue", "perpetual", "NaT", NAN, ("b", "Q", TOKENS, "", "", "USD", 50, 10, 1)),
    ("venue", "cash", "2026-05-29", NAN, ("b", "C", TOKENS, "", "", "USD", 300, 1, 1)),
)


def book():
    rows = [tuple(float(x) if isinstance(x, int) else x for x in r[4]) for r in ROWS]
    made = book_from(rows)
    labels = {
        **made.labels,
        "account": Labels.of([r[0] for r in ROWS]),
        "kind": Labels.of([r[1] for r in ROWS]),
    }
    return replace(
        made,
        labels=labels,
        locked_until=np.array([r[2] for r in ROWS], dtype="datetime64[D]"),
        margin_posted=np.array([r[3] for r in ROWS]),
    )


def test_what_stands_in_each_account():
    held = book()
    found = account_figures(held, grouped(held, ("account",)), AS_OF)
    expected = {
        "long": [10_000, 2_000 + 500 + 300],
        "short": [-5_000, -3_600],
        "gross": [15_000, 6_400],
        "net": [5_000, -800],
        "cash": [-1_000, 300],
        "notional": [0, 4_100],
        "margin_posted": [0, 900],
        "unknown_margin": [0, 500],
        "locked": [0, 2_000],
        # held long and margin: 10,000; 2,000 + 300 + 900
        "default_pnl": [-10_000, -3_200],
        # the shorts and the debit balance set off at the prime broker
        "default_pnl_set_off": [-5_000, -3_200],
    }
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, err_msg=name)


def test_failure_of_one_keeper_by_position():
    held = book()
    account = held.labels["account"]
    failed = account.codes == account.names.index("venue")
    np.testing.assert_array_equal(
        default_pnl(held, failed), [0, 0, 0, -2_000, -900, 0, -300]
    )
    assert not np.signbit(default_pnl(held, failed)[0])


def test_what_is_owed_beyond_what_is_held_is_no_gain():
    short = replace(book(), market_value=-np.abs(book().market_value))
    found = account_figures(short, grouped(short, ("account",)), AS_OF)
    np.testing.assert_array_equal(found["default_pnl_set_off"], [0, 0])
    np.testing.assert_array_equal(found["default_pnl"], [0, -900])


def test_locked_is_what_is_free_after_the_valuation_date():
    assert locked(book(), AS_OF).tolist() == [0, 0, 0, 1, 0, 0, 0]
    assert not locked(book(), np.datetime64("2026-07-01")).any()
