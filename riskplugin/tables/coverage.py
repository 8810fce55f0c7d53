"""How far the desk's data reaches: per dataset, and per series of one."""

from collections.abc import Mapping, Sequence

import numpy as np

from riskplugin._typing import Codes, Dates, Matrix
from riskplugin.desk import Desk
from riskplugin.errors import UsageError, did_you_mean
from riskplugin.results import Table, table

KEY_OF = {
    "prices_second": "instrument",
    "volumes": "instrument",
    "rates": "currency",
    "vols": "instrument",
    "indicators": "series",
}


def status_table(desk: Desk, dataset: str | None) -> Table:
    """Return first and last date, age and count per dataset, or per series of one.

    Raises
    ------
    UsageError
        If the desk has no such dataset.
    """
    found = datasets(desk)
    most = desk.settings.max_stale_sessions
    if dataset is None:
        rows = [summary(s, desk.as_of, most) for s in found.values()]
        columns: dict[str, object] = {"dataset": list(found)}
        columns |= {k: [row[k] for row in rows] for k in (rows[0] if rows else {})}
        return table("data_status", desk.as_of, columns)
    if dataset not in found:
        raise UsageError(
            f"there is no dataset {dataset!r}; {did_you_mean(dataset, found)}"
        )
    series = found[dataset]
    columns = {
        "series": list(series.names),
        "first": series.first,
        "last": series.last,
        "sessions_old": series.age(desk.as_of),
        "values": series.count,
        "stale": series.age(desk.as_of) > most,
    }
    return table(f"data_status_{dataset}", desk.as_of, columns)


class Reach:
    """First and last date and number of values of each series of a dataset."""

    def __init__(
        self, names: Sequence[str], first: Dates, last: Dates, count: Codes
    ) -> None:
        self.names, self.first, self.last, self.count = names, first, last, count

    def age(self, as_of: np.datetime64) -> Codes:
        """Return the weekdays since the last value of each series."""
        age: Codes = np.busday_count(self.last, as_of).astype(np.int64)
        return age


def summary(reach: Reach, as_of: np.datetime64, most: int) -> dict[str, object]:
    """Return the row of a dataset among all."""
    age = reach.age(as_of)
    return {
        "names": len(reach.names),
        "first": reach.first.min(),
        "last": reach.last.max(),
        "sessions_old": int(age.min()),
        "stale_names": int((age > most).sum()),
    }


def datasets(desk: Desk) -> Mapping[str, Reach]:
    """Return the reach of every dataset of dated values that holds any."""
    market = desk.market
    found = {
        "prices": of_grid(market.dates, market.instruments, market.close),
        "fx": of_grid(market.dates, market.currencies, market.usd_per),
    }
    for name, key in KEY_OF.items():
        if name in desk.tables:
            frame = desk.tables[name].to_frame()
            dates = frame["date"].to_numpy().astype("datetime64[D]")
            past = dates <= desk.as_of
            labels = frame[key].to_numpy(dtype=str)[past]
            found[name] = of_rows(dates[past], labels)
    return {name: reach for name, reach in found.items() if len(reach.names)}


def of_grid(dates: Dates, names: Sequence[str], values: Matrix) -> Reach:
    """Return the reach of the columns of `values` (T, N) that hold any."""
    there = ~np.isnan(values)
    held = np.flatnonzero(there.any(axis=0))
    there = there[:, held]
    if not len(held):
        none = dates[:0]
        return Reach([], none, none, np.zeros(0, dtype=np.int64))
    first = dates[there.argmax(axis=0)]
    last = dates[len(dates) - 1 - there[::-1].argmax(axis=0)]
    return Reach([names[int(i)] for i in held], first, last, there.sum(axis=0))


def of_rows(dates: Dates, labels: np.ndarray[tuple[int], np.dtype[np.str_]]) -> Reach:
    """Return the reach of long rows by their label."""
    names, code, count = np.unique(labels, return_inverse=True, return_counts=True)
    first = np.full(len(names), np.datetime64("9999-12-31", "D"))
    last = np.full(len(names), np.datetime64("0001-01-01", "D"))
    np.minimum.at(first, code, dates)
    np.maximum.at(last, code, dates)
    return Reach(names.tolist(), first, last, count.astype(np.int64))
