"""Days to sell and costs of a whole desk, from its tables, by hand."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.errors import UsageError
from riskplugin.estimates import model_of
from riskplugin.manifest import manifest_of
from riskplugin.tables.liquidity import (
    AROUND_THE_CLOCK,
    liquidity_table,
    session_volatility,
)
from riskplugin.tables.volumes import volume_issues, volume_table, volumes_of

DAYS = pd.bdate_range("2025-06-02", "2026-05-29")
ALL_DAYS = pd.date_range("2026-04-01", "2026-05-29")
POSITIONS = [
    # book, instrument, quantity, locked until
    ("a", "MU", 12_000.0, None),
    ("b", "MU", -2_000.0, None),
    ("a", "NVDA", 500.0, None),
    ("b", "TAO", 100.0, "2026-06-09"),
    ("b", "TAO", 50.0, None),
    ("b", "CASH_USD", 7_000.0, None),
    ("b", "FET", 400.0, None),
]
INSTRUMENTS = pd.DataFrame(
    [
        ("MU", "memory", "equity", "spot", 0.001, ""),
        ("NVDA", "gpu", "equity", "spot", None, ""),
        ("TAO", "crypto_compute_storage", "crypto", "spot", 0.004, "Binance"),
        ("FET", "crypto_agents", "crypto", "spot", 0.004, ""),
        ("CASH_USD", "unclassified", "cash", "cash", None, ""),
    ],
    columns=[
        "instrument",
        "tier",
        "asset_class",
        "kind",
        "half_spread",
        "volume_venue",
    ],
)
LAST = {"MU": 100.0, "NVDA": 200.0, "TAO": 400.0, "FET": 2.0}
SETTINGS = {
    "drivers": {"memory": ["MU"], "ai_compute": [], "crypto": [], "equity": []},
    "participation": 0.2,
    "volume_stress": 0.5,
}


@pytest.fixture(scope="module")
def prices():
    drawn = np.random.default_rng(11)
    noise = drawn.normal(0, 0.02, (len(DAYS), len(LAST))).cumsum(axis=0)
    paths = np.exp(noise - noise[-1]) * np.array(list(LAST.values()))
    return pd.DataFrame(paths, index=DAYS, columns=list(LAST)).rename_axis("date")


def volumes():
    """MU 10,000 a day, NVDA 1,000 by an alias; TAO 25 on one venue, 9e9 on another."""
    shares = DAYS[-30:]
    return pd.concat(
        [
            pd.DataFrame({"date": shares, "instrument": "MU", "volume": 10_000.0}),
            pd.DataFrame({"date": shares, "instrument": "NVDA US", "volume": 1_000.0}),
            pd.DataFrame(
                {
                    "date": ALL_DAYS,
                    "instrument": "TAO",
                    "volume": 25.0,
                    "venue": "binance",
                }
            ),
            pd.DataFrame(
                {
                    "date": ALL_DAYS,
                    "instrument": "TAO",
                    "volume": 9e9,
                    "venue": "elsewhere",
                }
            ),
        ]
    )


def desk_of(prices, rows=POSITIONS, **given):
    positions = pd.DataFrame(
        rows, columns=["book", "instrument", "quantity", "locked_until"]
    )
    tables = {"volumes": volumes(), "instruments": INSTRUMENTS, "settings": SETTINGS}
    return rp.desk_from_tables(positions, prices, **{**tables, **given})


@pytest.fixture(scope="module")
def desk(prices):
    return desk_of(prices)


def liquidity(desk, by, *args):
    return liquidity_table(desk, model_of(desk), by, *args)


def row(found, **keys):
    chosen = found
    for key, value in keys.items():
        chosen = chosen[chosen[key] == value]
    (index,) = chosen.index
    return chosen.loc[index]


def test_a_name_is_netted_across_the_desk(desk):
    # 10,000 net of 10,000 a day: a fifth, then a tenth of it a session
    found = row(liquidity(desk, "instrument"), instrument="MU")
    assert found["gross"] == pytest.approx(1_400_000)
    assert found["netted_gross"] == pytest.approx(1_000_000)
    assert found["days"] == pytest.approx(5)
    assert found["days_stressed"] == found["mean_days_stressed"] == pytest.approx(10)
    shares = [found[f"within_{n}"] for n in (1, 5, 10, 21)]
    assert shares == pytest.approx([0.1, 0.5, 1, 1])


def test_a_book_sells_its_own_as_if_alone(desk):
    found = liquidity(desk, ("book", "instrument"))
    assert row(found, book="a", instrument="MU")["days"] == pytest.approx(6)
    assert row(found, book="b", instrument="MU")["days"] == pytest.approx(1)


def test_tier_is_as_slow_as_its_slowest_and_means_by_value(desk):
    found = liquidity(desk, ()).iloc[0]
    # TAO: 50 free at 5 a calendar day are sold by the 10th, when 100 more have come
    # free; at 2.5 a day all 150 take 60
    assert found["days"] == pytest.approx(30)
    assert found["days_stressed"] == pytest.approx(60)
    # MU 1,000,000 in 10; NVDA 100,000 in 5; TAO 60,000 in 60; cash 7,000 in 0
    known = 1_000_000 + 100_000 + 60_000 + 7_000
    mean = (1e7 + 5e5 + 3.6e6) / known
    assert found["mean_days_stressed"] == pytest.approx(mean)
    # within a session: a tenth of MU, a fifth of NVDA, 2.5 TAO, all of the cash; FET
    # counts as not sold
    sold = 100_000 + 20_000 + 1_000 + 7_000
    assert found["within_1"] == pytest.approx(sold / (known + 800))
    assert found["unknown_gross"] == pytest.approx(800)


def test_locked_tokens_wait(desk):
    found = liquidity(desk, "position")
    held = rp.positions(desk)
    tokens = held[held["instrument"] == "TAO"].set_index("quantity")["position"]
    # free on 9 June, ten calendar days after the first session, 30 May
    late = row(found, position=tokens[100.0])
    assert (late["days"], late["days_stressed"]) == pytest.approx((30, 50))
    assert late["locked"] == pytest.approx(40_000)
    assert row(found, position=tokens[50.0])["locked"] == 0
    free = row(found, position=tokens[50.0])
    assert (free["days"], free["days_stressed"]) == pytest.approx((10, 20))


def test_an_unknown_volume_is_no_number_of_days(desk):
    found = row(liquidity(desk, "tier"), tier="crypto_agents")
    for column in ("days", "days_stressed", "mean_days_stressed", "within_21", "cost"):
        assert np.isnan(found[column]), column
    assert found["unknown_gross"] == found["uncosted_gross"] == pytest.approx(800)


def test_cash_takes_no_time_and_costs_nothing(desk):
    found = row(liquidity(desk, "kind"), kind="cash")
    assert (found["days"], found["cost"], found["unknown_gross"]) == (0, 0, 0)
    assert found["within_1"] == 1


def test_cash_beside_what_is_unknown_is_not_sold_at_once(prices):
    rows = [("a", "FET", 400.0, None), ("a", "CASH_USD", 7_000.0, None)]
    found = row(liquidity(desk_of(prices, rows), "book"), book="a")
    assert np.isnan([found["days"], found["mean_days_stressed"]]).all()
    assert found["unknown_gross"] == pytest.approx(800)


def test_cost_by_hand(desk):
    model = model_of(desk)
    sigma = dict(zip(model.instruments, session_volatility(model), strict=True))
    found = liquidity(desk, "instrument")
    # 10,000 of 5,000 a day under stress: the root of 2
    share = 0.001 + sigma["MU"] * 2**0.5
    mu = row(found, instrument="MU")
    assert mu["cost"] == pytest.approx(1_000_000 * share)
    assert mu["cost_pct_gross"] == pytest.approx(share)
    # no spread of NVDA is known: neither is its cost
    nvda = row(found, instrument="NVDA")
    assert np.isnan(nvda["cost"])
    assert np.isnan(nvda["cost_pct_gross"])
    assert nvda["uncosted_gross"] == pytest.approx(100_000)
    whole = liquidity(desk, ()).iloc[0]
    tao = 60_000 * min(1, 0.004 + sigma["TAO"] * (150 / 12.5) ** 0.5)
    assert whole["cost"] == pytest.approx(mu["cost"] + tao)
    assert whole["uncosted_gross"] == pytest.approx(100_800)
    assert whole["cost_pct_gross"] == pytest.approx(whole["cost"] / 1_067_000)


def test_volatility_is_that_of_the_prices(desk, prices):
    """A driver alone in its basket has no residual: its volatility is the driver's."""
    model = model_of(desk)
    found = dict(zip(model.instruments, session_volatility(model), strict=True))
    assert found["MU"] == pytest.approx(model.covariance[0, 0] ** 0.5)
    plain = np.log(prices).diff().std()
    assert found["MU"] == pytest.approx(plain["MU"], rel=0.25)
    assert found["NVDA"] == pytest.approx(plain["NVDA"], rel=0.25)


def test_a_sale_costs_no_more_than_what_is_sold_but_buying_back_may(prices):
    rows = [("a", "MU", 1e9, None), ("b", "MU", -2e9, None)]
    found = liquidity(desk_of(prices, rows), "book")
    long, short = found["cost_pct_gross"]
    assert long == 1
    assert short > 1


def test_participation_and_stress_are_the_desk_s_unless_given(desk):
    given = liquidity(desk, "instrument", 0.1, 1.0)
    found = row(given, instrument="MU")
    assert found["days"] == found["days_stressed"] == pytest.approx(10)


@pytest.mark.parametrize("share", [0, -0.1, 1.5, float("nan")])
def test_participation_must_be_a_share(desk, share):
    with pytest.raises(UsageError, match=f"participation is {share}"):
        liquidity(desk, "tier", share)


@pytest.mark.parametrize("stress", [0, -1, float("nan"), float("inf")])
def test_stress_must_leave_a_volume(desk, stress):
    with pytest.raises(UsageError, match=f"volume_stress is {stress}"):
        liquidity(desk, "tier", None, stress)


def test_unknown_key(desk):
    with pytest.raises(UsageError, match="cannot group by 'teir'; did you mean 'tier'"):
        liquidity(desk, "teir")


def test_volumes_with_venue_window_and_reason(desk):
    found = volume_table(desk).set_index("instrument")
    assert found.loc["MU", "average_volume"] == 10_000
    assert found.loc["TAO", ["venue", "average_volume", "unknown"]].tolist() == [
        "binance",
        25,
        "",
    ]
    assert found.loc["TAO", "window_sessions"] == 21
    assert found.loc["FET", "unknown"] == "no volume"
    assert np.isnan(found.loc["FET", "average_volume"])
    assert "CASH_USD" not in found.index
    assert found.loc["MU", "last"] == pd.Timestamp("2026-05-29")


def test_unknown_volumes_are_said_in_money(desk):
    (issue,) = volume_issues(desk)
    assert issue.code == "unknown-volume"
    assert "unknown for 800 USD gross (no volume): FET" in issue.message


def test_several_venues_are_never_mixed(prices):
    open_choice = INSTRUMENTS.assign(volume_venue="")
    desk = desk_of(prices, instruments=open_choice)
    found = volume_table(desk).set_index("instrument")
    assert found.loc["TAO", "unknown"] == "several venues"
    said = {i.message.split(": ")[1]: i.hint for i in volume_issues(desk)}
    assert said["TAO"] == "name one as volume_venue in instruments"
    other = INSTRUMENTS.assign(volume_venue=["", "", "kraken", "", ""])
    found = volume_table(desk_of(prices, instruments=other)).set_index("instrument")
    assert found.loc["TAO", "unknown"] == "none of its venue"


def test_no_table_of_volumes_is_unknown_throughout(prices):
    desk = desk_of(prices, volumes=None)
    found = liquidity(desk, ()).iloc[0]
    # cash alone is known
    assert found["unknown_gross"] == pytest.approx(1_000_000 + 100_000 + 60_800)
    (issue,) = volume_issues(desk)
    assert "1,560,800 USD gross (no volume): MU, NVDA, TAO, FET" in issue.message


def test_volumes_are_no_unused_table(desk):
    assert "unused-table" not in [i.code for i in desk.issues]


def test_what_a_desk_derived_from_it_holds_is_measured_too(desk):
    table = pd.DataFrame(
        [("c", "NVDA", 100.0)], columns=["book", "instrument", "quantity"]
    )
    derived = rp.with_positions(desk, table)
    assert liquidity(derived, "book")["days"].tolist() == pytest.approx([0.5])
    assert liquidity(rp.with_positions(desk, "a"), ())["days"][0] == pytest.approx(6)


def test_desks_of_a_market_share_what_was_read(desk):
    assert volumes_of(rp.with_positions(desk, "a")) is volumes_of(desk)


def test_a_book_alone_keeps_its_locks(desk):
    alone = liquidity(rp.with_positions(desk, "b"), ())
    assert alone["locked"][0] == pytest.approx(40_000)


def test_lots_that_differ_by_their_lock_alone_have_one_order(prices):
    lots = [("a", "MU", 1.0, d) for d in ("2026-07-01", None, "2026-06-15")]
    a, b = (manifest_of(desk_of(prices, rows), ()) for rows in (lots, lots[::-1]))
    assert a["inputs"]["positions"] == b["inputs"]["positions"]


def test_every_column_says_what_it_means(desk):
    for found in (liquidity(desk, "tier"), volume_table(desk)):
        assert all(found.definitions.values())


def test_locks_and_margins_are_part_of_the_run(prices):
    plain = [("a", "MU", 1.0, None)]
    locked = [("a", "MU", 1.0, "2026-07-01")]
    a, b = (manifest_of(desk_of(prices, rows), ()) for rows in (plain, locked))
    assert a["inputs"]["positions"] != b["inputs"]["positions"]


def test_the_order_of_rows_does_not_matter(prices, desk):
    shuffled = desk_of(prices, POSITIONS[::-1], volumes=volumes().iloc[::-1])
    pd.testing.assert_frame_equal(
        liquidity(shuffled, ("book", "tier")).to_frame(),
        liquidity(desk, ("book", "tier")).to_frame(),
        rtol=1e-12,
    )


def test_shipped_tokens_trade_around_the_clock(desk):
    assert desk.universe.instruments["TAO"].calendar == AROUND_THE_CLOCK
    assert desk.universe.instruments["MU"].calendar != AROUND_THE_CLOCK
