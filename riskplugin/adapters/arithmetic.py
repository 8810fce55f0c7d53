"""How this process rounds, in a word: where it differs, last bits of figures do."""

import hashlib

import numpy as np

from riskplugin._threads import one_blas_thread

COUNT = 257  # no multiple of any vector's lanes


@one_blas_thread
def arithmetic() -> str:
    """Return a digest of functions, products and sums whose last bits vary by machine.

    The kernels of numpy and BLAS are chosen by processor; two that agree on these
    numbers may be taken to agree on a run's.
    """
    x = np.linspace(-3.0, 3.0, COUNT * COUNT).reshape(COUNT, COUNT)
    found = (
        np.exp(x),
        np.expm1(x),
        np.log1p(np.exp(x)),
        np.sqrt(np.abs(x)),
        np.abs(x) ** 0.7,
        x @ x.T,
        x @ x[0],
        x.sum(axis=0),
        np.linalg.solve(np.eye(COUNT) + 0.01 * np.sin(x), x[1]),
    )
    return hashlib.sha256(b"".join(part.tobytes() for part in found)).hexdigest()
