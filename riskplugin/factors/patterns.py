"""Which rows of flags are the same."""

import numpy as np

from riskplugin._typing import Codes, Flags


def patterns(flags: Flags) -> tuple[Flags, Codes]:
    """Return the rows that differ, in order, and which of them each row is.

    What `numpy.unique` returns of rows, of eight flags at a time: it compares every
    flag of a row apart.

    Parameters
    ----------
    flags : ndarray of bool, shape (N, T)

    Returns
    -------
    rows : ndarray of bool, shape (P, T)
        From the first that is False where another is True.
    which : ndarray of int, shape (N,)
    """
    if not flags.size:
        return np.unique(flags, axis=0, return_inverse=True)
    packed = np.ascontiguousarray(np.packbits(flags, axis=1))
    whole = packed.view(f"V{packed.shape[1]}")[:, 0]
    _, first, which = np.unique(whole, return_index=True, return_inverse=True)
    return np.ascontiguousarray(flags[first]), which
