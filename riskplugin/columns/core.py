"""What the columns of reverse stress, plausibility and regimes mean.

Some stand in other tables, too.
"""

from collections.abc import Mapping

LOADING, MOVE = "loading_", "move_"
OF_DRIVER: Mapping[str, str] = {
    LOADING: "Partial loading on {}, the other drivers held still.",
    MOVE: "Simple return of {}: named, or as it follows the core.",
}
CORE: Mapping[str, str] = {
    "windows": "Return windows that the instrument shares with the drivers; of a core "
    "move, how many windows of its horizon fit into the drivers' history without "
    "overlap.",
    "underlying": "Instrument whose shock, loadings and history the row shows, and by "
    "which it moves: that of an option, a leveraged or inverse fund, a perpetual, "
    "future, forward or swap. What the contract itself makes of them stands in stress. "
    "Blank where they are the row's own.",
    "reason": "Why the row was left out, or has no figures; of a limit also what else "
    "is to say, and the desk's own words.",
    "named_move": "Simple return of the driver that the scenario names.",
    "answer": "1 for the nearest move that loses so much, 2 for the next; 0 where "
    "there is none.",
    "loss": "Loss that is asked for, base currency, above 0.",
    "elsewhere": "P&L that the move makes outside the row's group, base currency.",
    "lowest_pnl": "Lowest P&L of the moves looked at, -95 % to +300 %, base currency.",
    "lowest_at": "Simple return of the driver that makes it.",
    "distance": "Mahalanobis distance of the core move over its horizon: 1 is a move "
    "of one standard deviation.",
    "drivers_named": "Number of drivers in that move, K. Distance and tails are of a "
    "move in K drivers: figures of different K do not compare.",
    "tail_normal": "Share of a normal in as many drivers (a chi-square of K) that lies "
    "as far out as the core move: its plausibility, not the probability of the "
    "scenario.",
    "tail_t": "The same of a Student t of the same covariance and the degrees of "
    "freedom of the drivers' history.",
    "degrees_of_freedom": "Of that Student t.",
    "at_least_as_bad": "The most windows without overlap that can be chosen in the "
    "drivers' history in each of which every driver moved at least as far.",
    "alone": "The same driver by driver, each in its own history.",
    "worst_windows": "The worst windows of that history, with dates and moves.",
    "regime": "History by which the core spreads: all of it (historical), hectic "
    "windows, or pooled ones that drift as the scenario does.",
    "hectic_share": "Share of hectic windows in the history of the core drivers.",
    "radius": "Largest Mahalanobis distance of the core moves that are looked at.",
    "linear_pnl": "Worst P&L within the radius if the P&L were linear in the drivers' "
    "log moves.",
}
