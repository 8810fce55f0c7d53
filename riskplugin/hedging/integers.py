"""Integer programmes by HiGHS: 0-1 variables, and one that is not whole.

By highspy and not by scipy's own copy, whose version prints to the standard output
whatever it is told, and takes no tolerance for what it calls kept.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from riskplugin._typing import Matrix, Vector

OPTIONS = {
    "output_flag": False,
    "log_to_console": False,
    "threads": 1,
    "mip_rel_gap": 1e-3,  # of the optimum that the search may stop at
    "mip_max_nodes": 2_000,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
}


@dataclass(frozen=True, eq=False, slots=True)
class Programme:
    """Minimise ``aim v`` with ``table v >= least``, v of J zeros and ones, and t last.

    Attributes
    ----------
    aim : ndarray of shape (J + 1,)
    table : ndarray of shape (R, J + 1)
    least : ndarray of shape (R,)
    ends : (float, float)
        Least and most of t.
    """

    aim: Vector
    table: Matrix
    least: Vector
    ends: tuple[float, float]


def integer_optimum(programme: Programme) -> Vector | None:
    """Return the best v (J + 1,) that was found; None if there is none."""
    import highspy  # noqa: PLC0415 - only for hedges

    made: Any = highspy
    solver = made.Highs.__base__()  # the class itself greets on the standard output
    for name, value in OPTIONS.items():
        solver.setOptionValue(name, value)
    solver.passModel(model_of(made, programme))
    solver.run()
    if solver.getInfo().primal_solution_status != FEASIBLE:
        return None
    return np.array(solver.getSolution().col_value)


FEASIBLE = 2  # HiGHS' number of a solution that keeps every row


def model_of(highspy: Any, programme: Programme) -> Any:  # noqa: ANN401 - its classes
    """Return the programme as HiGHS takes it, by rows."""
    rows, columns = programme.table.shape
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = columns, rows
    model.col_cost_ = programme.aim
    least, most = programme.ends
    model.col_lower_ = np.append(np.zeros(columns - 1), least)
    model.col_upper_ = np.append(np.ones(columns - 1), most)
    model.row_lower_ = programme.least
    model.row_upper_ = np.full(rows, np.inf)
    kept = programme.table != 0
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.append(0, np.cumsum(kept.sum(axis=1)))
    model.a_matrix_.index_ = np.nonzero(kept)[1]
    model.a_matrix_.value_ = programme.table[kept]
    whole = highspy.HighsVarType.kInteger
    model.integrality_ = [whole] * (columns - 1) + [highspy.HighsVarType.kContinuous]
    return model
