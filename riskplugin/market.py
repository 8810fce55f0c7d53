"""The market: every price the desk gave, up to the valuation date."""

from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Dates, Matrix


@dataclass(frozen=True, eq=False, slots=True)
class Market:
    """Closes and currencies on the calendar dates on which any was given.

    Attributes
    ----------
    as_of : numpy.datetime64
        Valuation date; no later price is held.
    dates : ndarray of datetime64[D], shape (T,)
        Ascending, distinct.
    instruments : tuple of str
        Sorted identifiers, one per column of `close`.
    close : ndarray of shape (T, N)
        Split-adjusted closes, local currency; NaN where there is none.
    currencies : tuple of str
        Sorted codes other than USD, one per column of `usd_per`.
    usd_per : ndarray of shape (T, C)
        Value of one unit of the currency in USD; NaN where there is none.
    """

    as_of: np.datetime64
    dates: Dates
    instruments: tuple[str, ...]
    close: Matrix
    currencies: tuple[str, ...]
    usd_per: Matrix

    def __post_init__(self) -> None:
        for name in ("dates", "close", "usd_per"):
            array = np.array(getattr(self, name))
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        shapes = (
            (len(self.dates), len(self.instruments)),
            (len(self.dates), len(self.currencies)),
        )
        if (self.close.shape, self.usd_per.shape) != shapes:
            msg = f"expected {shapes}, got {self.close.shape}, {self.usd_per.shape}"
            raise ValueError(msg)

    def priced(self, as_of: np.datetime64) -> frozenset[str]:
        """Return the instruments with a close on or before `as_of`."""
        there = ~np.isnan(self.close[self.dates <= as_of])
        columns = np.flatnonzero(np.any(there, axis=0))
        return frozenset(self.instruments[int(i)] for i in columns)
