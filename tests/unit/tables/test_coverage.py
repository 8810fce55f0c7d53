"""How far the data reaches, counted by hand."""

import datetime as dt

import pandas as pd
import pytest

import riskplugin as rp

DAYS = ["2026-05-20", "2026-05-21", "2026-05-22", "2026-05-25", "2026-05-29"]


@pytest.fixture(scope="module")
def desk():
    """MU to the last day, NVDA to the Thursday a week before, volumes of one name."""
    prices = pd.DataFrame(
        {
            "date": DAYS,
            "MU": [None, 101.0, 102.0, 103.0, 104.0],
            "NVDA": [50.0, 51.0, None, None, None],
        }
    )
    volumes = pd.DataFrame(
        {
            "date": ["2026-05-21", "2026-05-22", "2026-06-02"],
            "instrument": ["MU", "MU", "MU"],
            "volume": [1e6, 2e6, 3e6],
        }
    )
    return rp.desk_from_tables(
        positions=pd.DataFrame({"book": ["a"], "instrument": ["MU"], "quantity": [1]}),
        prices=prices,
        volumes=volumes,
        as_of="2026-05-29",
    )


def day(text):
    return dt.datetime.fromisoformat(text)


def test_a_row_per_dataset_that_holds_any(desk):
    found = rp.data_status(desk)
    assert found.to_numpy().tolist() == [
        ["prices", 2, day("2026-05-20"), day("2026-05-29"), 0, 1],
        ["volumes", 1, day("2026-05-21"), day("2026-05-22"), 5, 0],
    ]
    assert (found.title, found.as_of) == ("data_status", "2026-05-29")
    assert set(found.definitions) == set(found.columns)


def test_a_row_per_series_of_one(desk):
    found = rp.data_status(desk, "prices")
    assert found.to_numpy().tolist() == [
        ["MU", day("2026-05-21"), day("2026-05-29"), 0, 4, False],
        ["NVDA", day("2026-05-20"), day("2026-05-21"), 6, 2, True],
    ]
    assert set(found.definitions) == set(found.columns)


def test_an_unknown_dataset_is_named(desk):
    with pytest.raises(rp.UsageError, match="no dataset 'price'; did you mean"):
        rp.data_status(desk, "price")
