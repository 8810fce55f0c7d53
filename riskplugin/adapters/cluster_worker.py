"""What a Dask worker holds and does; it imports Dask, so only a run on one imports it.

The desk goes to workers as a plugin, which the scheduler hands to every worker that
joins, one that was started again included.
"""

import pickle
from collections.abc import Mapping
from threading import Lock
from typing import Any

from distributed import WorkerPlugin

from riskplugin._version import __version__
from riskplugin.adapters.arithmetic import arithmetic
from riskplugin.errors import AdapterError
from riskplugin.pipeline import Stage
from riskplugin.store.executors import Given, plan_of
from riskplugin.store.pieces import Made, Piece, computed

_held: dict[str, "Holder"] = {}
_plans: dict[str, Mapping[str, Stage]] = {}
_one_at_a_time = Lock()  # the caches of a desk are not made for threads


class Holder(WorkerPlugin):
    """The desk of a run, its model and plans, packed until a piece needs them."""

    def __init__(self, run: str, given: Given, rounding: str) -> None:
        self.run, self.rounding, self.version = run, rounding, __version__
        self.content = pickle.dumps(given)

    def setup(self, worker: Any) -> None:  # noqa: ANN401 - Dask's
        """Keep it in this process."""
        _held[self.run] = self

    def teardown(self, worker: Any) -> None:  # noqa: ANN401 - Dask's
        """Let it go."""
        _held.pop(self.run, None)
        _plans.pop(self.run, None)


def in_cluster(run: str, piece: Piece) -> tuple[Made, ...]:
    """Compute a piece of a run in this worker, one at a time.

    Raises
    ------
    AdapterError
        If this worker is not as the process that began the run.
    """
    with _one_at_a_time:
        if run not in _plans:
            held = _held[run]
            refuse_other(held)
            _plans[run] = plan_of(pickle.loads(held.content))
        return computed(_plans[run], piece)


def refuse_other(held: Holder) -> None:
    """Refuse to compute for a run that began with other code or another processor.

    Raises
    ------
    AdapterError
        If this worker would give other figures.
    """
    if __version__ != held.version:
        raise AdapterError(
            f"a worker runs riskplugin {__version__}, and the run began with "
            f"{held.version}; install the same version everywhere"
        )
    if arithmetic() != held.rounding:
        raise AdapterError(OTHER)


OTHER = (
    "a worker rounds otherwise than the process that began the run: its processor or "
    "BLAS is of another kind. Use machines of one kind, or set OPENBLAS_CORETYPE and "
    "NPY_DISABLE_CPU_FEATURES alike on all of them"
)
