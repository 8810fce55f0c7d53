"""Forecasts of past nights: what they see, and what they are."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp

ONLY = {"drivers": {"memory": ["MU"], "crypto": [], "ai_compute": [], "equity": []}}
DAYS = pd.bdate_range("2021-01-04", periods=700)


def desk_of(close, held, **settings):
    rows = [{"book": b, "instrument": i, "quantity": q} for b, i, q in held]
    return rp.desk_from_tables(
        pd.DataFrame(rows), close.rename_axis("date"), settings=ONLY | settings
    )


def prices(seed=1, scale=None):
    drawn = np.random.default_rng(seed)
    scale = np.ones(len(DAYS)) if scale is None else scale
    memory = drawn.normal(0, 0.02, len(DAYS)) * scale
    other = 0.5 * memory + drawn.normal(0, 0.02, len(DAYS)) * scale
    moves = pd.DataFrame({"MU": memory, "SNDK": other}, index=DAYS)
    return 100 * np.exp(moves.cumsum())


@pytest.fixture(scope="module")
def close():
    return prices()


@pytest.fixture(scope="module")
def desk(close):
    return desk_of(close, [("a", "MU", 1000.0), ("b", "SNDK", -500.0)])


def whole_pnl(desk, close, sessions=1):
    held = rp.positions(desk)
    moves = close.pct_change(sessions).iloc[sessions:]
    return sum(moves[i] * v for i, v in held[["instrument", "market_value"]].to_numpy())


@pytest.mark.parametrize("sessions", [1, 10])
def test_historical_forecast_is_the_tail_of_the_windows_that_ended_before(
    desk, close, sessions
):
    nights = rp.backtest(desk, nights=150, window=200, horizon_sessions=sessions).nights
    pnl = whole_pnl(desk, close, sessions)
    assert nights["night"].tolist() == DAYS[-150 - sessions : -sessions].tolist()
    assert nights["pnl"].to_numpy() == pytest.approx(pnl.iloc[-150:].to_numpy())
    for row in (0, 77, 149):
        night = nights["night"].iloc[row]
        before = np.sort(pnl[pnl.index <= night].to_numpy()[-200:])
        assert nights["value_at_risk"].iloc[row] == pytest.approx(-before[1])
        assert nights["expected_shortfall"].iloc[row] == pytest.approx(
            -before[:2].mean()
        )
    assert (nights["covered"] == 1).all()


def test_age_weighted_forecast_by_hand(desk, close):
    nights = rp.backtest(desk, nights=50, window=300, method="age_weighted").nights
    pnl = whole_pnl(desk, close)
    before = pnl[pnl.index <= nights["night"].iloc[20]].to_numpy()[-300:]
    weights = 0.5 ** (np.arange(300)[::-1] / 252)
    weights /= weights.sum()
    order = np.argsort(before)
    at = (np.cumsum(weights[order]) >= 0.01).argmax()
    assert nights["value_at_risk"].iloc[20] == pytest.approx(-before[order][at])


def test_filtered_forecast_by_hand(desk, close):
    nights = rp.backtest(desk, nights=50, window=100, method="filtered").nights
    night = nights["night"].iloc[30]
    log = np.log(close).diff().iloc[1:]
    # 0.94 into the past, over the sessions that the block's history holds
    square = (log[log.index <= night] ** 2).to_numpy()
    weight = 0.94 ** np.arange(len(square))[::-1]

    def volatility(rows):
        w = weight[-rows:]
        return np.sqrt((w[:, None] * square[:rows]).sum(axis=0) / w.sum())

    today = volatility(len(square))
    moves = [
        np.expm1(log.to_numpy()[row] * today / volatility(row))
        for row in range(len(square) - 100, len(square))
    ]
    held = rp.positions(desk).set_index("instrument")["market_value"]
    pnl = np.sort(np.array(moves) @ held[["MU", "SNDK"]].to_numpy())
    assert nights["value_at_risk"].iloc[30] == pytest.approx(-pnl[0], rel=1e-3)


@pytest.mark.parametrize("method", ["historical", "age_weighted", "filtered"])
def test_nothing_later_than_a_night_is_seen(close, method):
    """Cutting the future away leaves every earlier forecast as it was."""
    held = [("a", "MU", 1.0), ("b", "SNDK", -1.0)]
    cut = close.iloc[:-63]  # three blocks of nights
    whole, part = (
        rp.backtest(
            rp.desk_from_tables(
                pd.DataFrame(
                    [
                        # the same money, whatever the last price is
                        {
                            "book": b,
                            "instrument": i,
                            "quantity": q * 1e4 / p.iloc[-1][i],
                        }
                        for b, i, q in held
                    ]
                ),
                p.rename_axis("date"),
                settings=ONLY,
            ),
            nights=n,
            window=200,
            method=method,
        ).nights
        for p, n in ((close, 126), (cut, 63))
    )
    shared = whole.merge(part, on="night", suffixes=("", "_cut"))
    assert len(shared) == 63
    for column in ("pnl", "value_at_risk", "expected_shortfall"):
        assert shared[column].to_numpy() == pytest.approx(
            shared[column + "_cut"].to_numpy(), rel=1e-9
        )


def test_name_that_was_not_there_yet_is_neither_forecast_nor_realised(close):
    young = close.copy()
    young.loc[young.index[:-100], "SNDK"] = np.nan
    desk = desk_of(young, [("a", "MU", 1000.0), ("b", "SNDK", -500.0)])
    alone = desk_of(young, [("a", "MU", 1000.0)])
    nights = rp.backtest(desk, nights=300, window=200).nights
    only = rp.backtest(alone, nights=300, window=200).nights
    before = nights["covered"] < 1
    assert before.sum() > 190
    assert not before.iloc[-60:].any()
    for column in ("pnl", "value_at_risk"):
        assert nights.loc[before, column].to_numpy() == pytest.approx(
            only.loc[before, column].to_numpy()
        )


def test_group_without_any_price_has_no_night(close):
    young = close.copy()
    young.loc[young.index[:-100], "SNDK"] = np.nan
    desk = desk_of(young, [("a", "MU", 1000.0), ("b", "SNDK", -500.0)])
    found = rp.backtest(desk, by="book", nights=300, window=200)
    counts = found.groupby("book")["nights"].first()
    assert counts["a"] == 300
    assert 60 <= counts["b"] < 100
    of_b = found.nights[found.nights["book"] == "b"]
    assert of_b["pnl"].isna().sum() == 300 - counts["b"]


def test_right_model_passes_and_a_wrong_one_fails():
    calm = desk_of(prices(3), [("a", "MU", 1000.0)])
    kupiec = rp.backtest(calm, nights=400, window=250).set_index("test").loc["Kupiec"]
    assert kupiec["verdict"] == "not rejected at 5 %"
    scale = np.where(np.arange(len(DAYS)) < 350, 1.0, 3.0)
    storm = desk_of(prices(3, scale), [("a", "MU", 1000.0)])
    found = rp.backtest(storm, nights=345, window=340).set_index("test")
    assert found.loc["Kupiec", "verdict"] == "rejected at 5 %"
    assert found.loc["traffic light", "verdict"] == "red"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"method": "reversal"}, "is a regime, not a forecast"),
        ({"method": "garch"}, "method is 'garch'; known:"),
        ({"confidence": 0.3}, "confidence is 0.3"),
        ({"horizon_sessions": 3}, "horizon_sessions is 3"),
        ({"nights": 0}, "nights is 0, at least 1"),
        ({"window": 0}, "window is 0, at least 20"),
    ],
)
def test_what_cannot_be_backtested_is_said(desk, given, said):
    with pytest.raises(rp.UsageError, match=said):
        rp.backtest(desk, **given)


def test_history_too_short_for_a_night_is_said(desk):
    with pytest.raises(rp.ModelError, match="699 windows of history, 702 are needed"):
        rp.backtest(desk, window=700)


def test_window_is_half_of_a_short_history_by_default(desk, close):
    found = rp.backtest(desk, nights=10)
    given = rp.backtest(desk, nights=10, window=349)
    assert found.nights.equals(given.nights)
    short = desk_of(close.iloc[-30:], [("a", "MU", 1.0)], min_overlap=20)
    with pytest.raises(rp.ModelError, match="too few to backtest: at least 40"):
        rp.backtest(short)


def test_shorter_history_gives_fewer_nights(desk):
    assert len(rp.backtest(desk, nights=10_000, window=500).nights) == 198


def test_filtered_forecast_waits_for_a_volatility(close):
    """Its earliest window begins after twenty sessions, as in today's scenarios."""
    few = close.iloc[:330]
    desk = desk_of(few, [("a", "SNDK", 1.0)])
    done = rp.backtest(desk, nights=1000, window=100, method="filtered").nights
    plain = rp.backtest(desk, nights=1000, window=100).nights
    assert done["night"].iloc[0] == plain["night"].iloc[20]


def test_a_night_without_an_exchange_rate_is_not_covered(close):
    rate = pd.DataFrame({"date": DAYS[-300:], "pair": "USDKRW", "rate": 1300.0})
    noise = np.random.default_rng(5).normal(0, 0.005, 300)
    rate["rate"] *= np.exp(noise.cumsum())
    known = pd.DataFrame(
        [
            {
                "instrument": "KK",
                "tier": "memory",
                "asset_class": "equity",
                "currency": "KRW",
            }
        ]
    )
    desk = rp.desk_from_tables(
        pd.DataFrame([{"book": "a", "instrument": "KK", "quantity": 1.0}]),
        close.assign(KK=1000 * close["SNDK"]).rename_axis("date"),
        fx=rate,
        instruments=known,
        settings=ONLY,
    )
    nights = rp.backtest(desk, nights=400, window=200).nights
    covered = nights["covered"].to_numpy()
    assert covered[0] == 0
    assert np.isnan(nights["pnl"].iloc[0])
    assert covered[-1] == 1
    own = rp.measures(desk, "CVaR", by=())["own_history"].iloc[0]
    assert own == pytest.approx(299 / 699)
