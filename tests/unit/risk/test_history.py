from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.errors import ModelError
from riskplugin.estimates import model_of
from riskplugin.factors.model import fit
from riskplugin.risk.history import history

YOUNG = 90


def completed(desk, sessions=1, rows=2520, **more):
    return history(
        desk,
        model_of(desk),
        sessions,
        rows=rows,
        generator=np.random.default_rng(1),
        **more,
    )


def column(desk, name):
    return model_of(desk).instruments.index(name)


def test_nobody_is_cut_to_the_youngest(long_desk, long_prices):
    found = completed(long_desk)
    assert len(found) == 2520
    memory = np.log(long_prices["MU"]).diff().to_numpy()[-2520:]
    assert found.series[:, column(long_desk, "MU")] == pytest.approx(memory)
    assert found.own[:, column(long_desk, "MU")].all()


def test_young_token_has_a_tail_and_says_what_is_its_own(long_desk, long_prices):
    found = completed(long_desk)
    token = column(long_desk, "VIRTUAL")
    assert found.own[:, token].sum() == YOUNG - 1
    own = np.log(long_prices["VIRTUAL"]).diff().to_numpy()[-(YOUNG - 1) :]
    assert found.series[-(YOUNG - 1) :, token] == pytest.approx(own)
    drawn = found.series[: -(YOUNG - 1), token]
    expected = found.drivers @ model_of(long_desk).loadings[token]
    left = drawn - expected[: -(YOUNG - 1)]
    assert left.std() == pytest.approx((own - expected[-(YOUNG - 1) :]).std(), rel=0.05)
    assert np.quantile(drawn, 0.01) < 1.2 * np.quantile(expected, 0.01)


def test_windows_of_several_sessions_overlap(long_desk, long_prices):
    found = completed(long_desk, sessions=21)
    level = np.log(long_prices["SNDK"]).to_numpy()
    expected = (level[21:] - level[:-21])[-2520:]
    assert found.series[:, column(long_desk, "SNDK")] == pytest.approx(expected)
    assert found.ends[-1] == np.datetime64("2026-05-29")


def test_all_of_history_by_default(long_desk, long_prices):
    assert len(completed(long_desk, rows=None)) == len(long_prices) - 1


def test_same_seed_same_history(long_desk):
    first, second = completed(long_desk), completed(long_desk)
    assert np.array_equal(first.series, second.series)


def test_residuals_later_than_the_model_are_not_drawn(long_desk, long_prices):
    model = model_of(long_desk)
    until = np.datetime64("2026-04-30")
    earlier = fit(long_desk, until)
    found = history(
        replace(long_desk, settings=replace(long_desk.settings, min_overlap=40)),
        earlier,
        1,
        rows=1000,
        generator=np.random.default_rng(1),
        as_of=model.as_of,
    )
    token = earlier.instruments.index("VIRTUAL")
    expected = found.drivers @ earlier.loadings[token]
    left = (found.series[:, token] - expected)[~found.own[:, token]]
    past = found.own[:, token] & (found.ends <= until)
    lent = (found.series[:, token] - expected)[past]
    lent = lent - lent.mean()
    assert np.isin(np.round(left, 10), np.round(lent, 10)).all()


def test_dates_without_any_driver_are_no_scenarios(long_desk):
    with pytest.raises(ModelError, match="no window of 5 sessions up to 2016-01-04"):
        completed(long_desk, sessions=5, as_of=np.datetime64("2016-01-04"))


def test_gap_of_a_driver_is_completed_by_the_others(long_prices):
    close = long_prices.copy()
    close.loc[: pd.Timestamp("2020-12-31"), ["BTC", "TAO"]] = np.nan
    desk = rp.desk_from_tables(
        pd.DataFrame({"book": ["a"], "instrument": ["TAO"], "quantity": [1.0]}),
        close,
        settings={
            "drivers": {
                "memory": ["MU"],
                "crypto": ["BTC"],
                "ai_compute": [],
                "equity": [],
            }
        },
    )
    found = completed(desk)
    early = found.ends < np.datetime64("2020-12-31")
    assert np.isfinite(found.drivers).all()
    model = model_of(desk)
    slope = model.covariance[1, 0] / model.covariance[0, 0]
    left = found.drivers[early, 1] - slope * found.drivers[early, 0]
    assert left.std() == pytest.approx(
        (found.drivers[~early, 1] - slope * found.drivers[~early, 0]).std(), rel=0.1
    )
    assert not found.own[early, model.instruments.index("TAO")].any()
