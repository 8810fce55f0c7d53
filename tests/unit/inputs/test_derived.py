"""A desk that holds something else in the same market."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin import estimates

SAMPLES = Path(__file__).parents[3] / "samples"
BY = ("scenario", "book", "tier")


@pytest.fixture(scope="module")
def desk():
    return rp.load_desk(SAMPLES / "desk.toml")


@pytest.fixture(scope="module")
def positions():
    return pd.read_csv(SAMPLES / "positions.csv", dtype=str)


def test_the_same_positions_give_the_same_numbers(desk, positions):
    again = rp.with_positions(desk, positions.sample(frac=1, random_state=1))
    assert rp.stress(again, by=BY).equals(rp.stress(desk, by=BY))
    assert rp.exposures(again, ("book", "tier")).equals(
        rp.exposures(desk, ("book", "tier"))
    )
    assert rp.positions(again).equals(rp.positions(desk))


def test_a_book_by_name_is_its_rows(desk, positions):
    named = rp.with_positions(desk, "crypto_infra")
    rows = rp.with_positions(desk, positions[positions["book"] == "crypto_infra"])
    assert rp.stress(named, by=BY).equals(rp.stress(rows, by=BY))
    assert rp.positions(named).equals(rp.positions(rows))
    whole = rp.stress(desk, by=("scenario", "book"))
    of_desk = whole[whole["book"] == "crypto_infra"]["pnl"].to_numpy()
    assert rp.stress(named, by="scenario")["pnl"].to_numpy() == pytest.approx(
        of_desk, rel=1e-12
    )


def test_several_books_are_a_desk_of_them(desk):
    two = rp.with_positions(desk, ["crypto_infra", "memory_semis"])
    assert sorted(set(rp.positions(two)["book"])) == ["crypto_infra", "memory_semis"]
    assert rp.exposures(two, ())["pct_nav"].item() == pytest.approx(
        rp.exposures(two, ())["net"].item() / 310e6
    )


def test_the_estimate_is_shared_unless_something_new_is_held(desk, monkeypatch):
    lot = pd.DataFrame({"book": ["x"], "instrument": ["MU"], "quantity": [1.0]})
    estimates.model_of(desk)
    with monkeypatch.context() as frozen:
        frozen.setattr(estimates, "fit_with_contracts", None)
        known = estimates.model_of(rp.with_positions(desk, lot))
    ours = known.loadings[known.instruments.index("MU")]
    theirs = estimates.model_of(desk).loadings
    assert (ours == theirs[estimates.model_of(desk).instruments.index("MU")]).all()
    new = rp.with_positions(desk, lot.assign(instrument="Nobody", price=2.0))
    assert estimates.model_of(new) is not estimates.model_of(desk)
    ours = estimates.model_of(new)
    assert set(ours.instruments) == {*known.instruments, "Nobody"}
    nobody = rp.shocks(new, {"memory": -0.4}).set_index("instrument").loc["Nobody"]
    assert nobody["provenance"] == "assumed"


def test_a_price_of_its_own_values_the_position_and_leaves_the_model(desk):
    lot = pd.DataFrame({"book": ["x"], "instrument": ["MU"], "quantity": [10.0]})
    market = rp.with_positions(desk, lot)
    own = rp.with_positions(desk, lot.assign(price=50.0))
    assert rp.positions(own)["market_value"].tolist() == [500.0]
    ratio = 500.0 / rp.positions(market)["market_value"].item()
    pnl = [rp.stress(d, by="scenario")["pnl"].to_numpy() for d in (own, market)]
    assert pnl[0] == pytest.approx(ratio * pnl[1], rel=1e-12)


def test_columns_are_mapped(desk):
    theirs = pd.DataFrame({"Fund": ["x"], "Ticker": ["MU"], "Qty": ["10"]})
    columns = {"book": "Fund", "instrument": "Ticker", "quantity": "Qty"}
    found = rp.with_positions(desk, theirs, columns=columns)
    assert rp.positions(found)[["book", "quantity"]].to_numpy().tolist() == [
        ["x", 10.0]
    ]


def test_bad_rows_stop_it_or_are_left_out(desk):
    lots = pd.DataFrame(
        {
            "book": ["x", "x"],
            "instrument": ["MU", "NVDA"],
            "quantity": ["1", "1,5"],
            "price": ["100", "200"],
        }
    )
    with pytest.raises(rp.InputError, match="positions row 1, quantity: found '1,5'"):
        rp.with_positions(desk, lots)
    part = rp.with_positions(desk, lots, on_error="quarantine")
    assert rp.positions(part)["instrument"].tolist() == ["MU"]
    assert part.left_out[["instrument", "row"]].to_numpy().tolist() == [["NVDA", 1]]
    assert np.isnan(part.left_out["market_value"]).all()
    assert rp.run(part).status == "partial"


def test_issues_of_the_market_stay_and_those_of_the_first_positions_go():
    frames = {
        "positions": pd.DataFrame(
            {"book": ["a", "a"], "instrument": ["MU", "Odd"], "quantity": [1, 2]}
        ).assign(price=[None, 3.0]),
        "prices": pd.DataFrame(
            {"date": pd.bdate_range(end="2026-05-29", periods=5), "MU": 100.0}
        ),
    }
    desk = rp.desk_from_tables(**frames)
    lot = pd.DataFrame({"book": ["b"], "instrument": ["MU"], "quantity": [1]})
    found = rp.with_positions(desk, lot)
    codes = [i.code for i in found.issues]
    assert "unknown-instrument" in [i.code for i in desk.issues]
    assert "unknown-instrument" not in codes
    assert "driver-without-prices" in codes
    assert [i.where.column for i in found.issues if i.code == "no-nav"] == ["b"]


def test_an_empty_table_is_an_error(desk):
    empty = pd.DataFrame({"book": [], "instrument": [], "quantity": []})
    with pytest.raises(rp.InputError, match="the book is empty"):
        rp.with_positions(desk, empty, on_error="quarantine")


def test_what_cannot_be_asked_is_said(desk):
    with pytest.raises(rp.UsageError, match="no book 'crypto'; did you mean 'crypto_i"):
        rp.with_positions(desk, "crypto")
    with pytest.raises(rp.UsageError, match="on_error is 'ignore'; give 'stop' or"):
        rp.with_positions(desk, "crypto_infra", on_error="ignore")
