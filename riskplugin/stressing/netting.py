"""Holdings netted by group and instrument, in blocks that have nothing in common.

Groups by book and tier hold only the instruments of their tier, so the table of groups
by instruments falls apart into dense blocks (the connected components of who holds
what). A product with it costs what is held, at the speed of a dense product.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.stressing.shock import full_lanes

TABLE = 250_000  # array elements that stay in a core's cache
WEIGHTS = 4_000_000  # and that are held at once
MANY_NAMES = 100  # past which pairs are no gain


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Some groups and all the instruments that any of them holds.

    `values` (g, n) is the net market value, `costs` what unwinding it costs; `held`
    whether there is any position, one netted to zero included. Rows of zeros follow,
    to full lanes: see `ShockGrid.padded`.
    """

    groups: Codes
    instruments: Codes
    values: Matrix
    costs: Matrix
    held: Flags

    def gain(self, per_name: Matrix) -> Matrix | None:
        """Return the sum over names of values x `per_name` (S, N): shape (g, S).

        None if no name moves.
        """
        own = per_name[:, self.instruments]
        if not own.any():
            return None
        total: Matrix = self.values @ own.T
        return total

    def unwinding(self, growth: Matrix) -> Matrix | None:
        """Return minus the cost of unwinding at `growth` (S, N), shape (g, S).

        None if nothing is paid.
        """
        if not self.costs.any():
            return None
        return -self.costs @ growth[:, self.instruments].T

    def quadratic(self, slopes: Matrix, correlation: Matrix) -> Matrix:
        """Return ``u' R u`` with ``u = values x slopes``, shape (g, S)."""
        own = np.ascontiguousarray(slopes[:, self.instruments])
        among = correlation[np.ix_(self.instruments, self.instruments)]
        if self.values.shape[1] > MANY_NAMES:
            return quadratic_by_group(self.values, own, among, len(self.groups))
        return quadratic_by_pairs(self.values, own, among)


def quadratic_by_group(
    values: Matrix, slopes: Matrix, correlation: Matrix, count: int
) -> Matrix:
    """Return ``u' R u`` of g groups in S scenarios as it is written, 0 past `count`."""
    out = np.zeros((len(values), len(slopes)))
    for groups in slices(count, TABLE // slopes.size):
        u = values[groups, None, :] * slopes
        np.einsum("gsn,gsn->gs", u @ correlation, u, out=out[groups])
    return out


def quadratic_by_pairs(values: Matrix, slopes: Matrix, correlation: Matrix) -> Matrix:
    """Return ``u' R u`` in half the work where many groups share a few names.

    ``sum_ij w_i w_j R_ij a_i a_j`` is one product of a table of pairs by groups with
    one of pairs by scenarios.
    """
    by_group, by_scenario = (np.ascontiguousarray(m.T) for m in (values, slopes))
    pairs = pairs_of(correlation)
    out = np.empty((len(values), len(slopes)))
    for groups in slices(len(values), WEIGHTS // len(pairs)):
        weight = products_of_pairs(by_group[:, groups])
        weight *= pairs[:, None]
        for scenarios in slices(len(slopes), full_lanes(TABLE // len(pairs))):
            table = products_of_pairs(by_scenario[:, scenarios])
            out[groups, scenarios] = weight.T @ table
    return out


def slices(count: int, step: int) -> Iterator[slice]:
    """Yield slices of `step`, at least 1, that make up ``range(count)``."""
    for start in range(0, count, max(1, step)):
        yield slice(start, min(start + max(1, step), count))


def pairs_of(correlation: Matrix) -> Vector:
    """Return the weight of every pair i <= j in a quadratic form: R_ii, or 2 R_ij."""
    both = 2 * correlation
    np.fill_diagonal(both, np.diag(correlation))
    return both[np.triu_indices(len(both))]


def products_of_pairs(rows: Matrix) -> Matrix:
    """Return the products of all pairs i <= j of the n `rows`, (n (n + 1) / 2, S)."""
    count = len(rows)
    products = np.empty((count * (count + 1) // 2, rows.shape[1]))
    end = 0
    for i in range(count):
        start, end = end, end + count - i
        np.multiply(rows[i], rows[i:], out=products[start:end])
    return products


def netted(
    groups: Codes,
    instruments: Codes,
    values: Vector,
    costs: Vector,
    shape: tuple[int, int],
) -> tuple[Block, ...]:
    """Return P positions netted by group and instrument.

    Parameters
    ----------
    groups, instruments : ndarray of int, shape (P,)
        Group in [0, G) and instrument in [0, N) of each position.
    values, costs : ndarray of shape (P,)
        Market value, and what unwinding it costs.
    shape : (G, N)
    """
    cell = groups * shape[1] + instruments
    order = np.argsort(cell, kind="stable")
    cell = cell[order]
    first = np.flatnonzero(np.diff(cell, prepend=-1))
    net, paid = (np.add.reduceat(v[order], first) for v in (values, costs))
    row, column = np.divmod(cell[first], shape[1])
    nodes = shape[0] + shape[1]
    graph = coo_array((np.ones(len(row)), (row, column + shape[0])), (nodes, nodes))
    count, found = connected_components(graph.tocsr(), directed=False)
    label = found.astype(np.int64)
    of_node, of_pair = members(label, count), members(label[row], count)
    blocks = []
    for own, pairs in zip(of_node, of_pair, strict=True):
        if len(pairs):
            end = int(np.searchsorted(own, shape[0]))
            names = own[end:] - shape[0]
            at_row = np.searchsorted(own[:end], row[pairs])
            at_column = np.searchsorted(names, column[pairs])
            table = np.zeros((3, full_lanes(end), len(names)))
            table[0, at_row, at_column] = net[pairs]
            table[1, at_row, at_column] = paid[pairs]
            table[2, at_row, at_column] = 1.0
            blocks.append(Block(own[:end], names, table[0], table[1], table[2] > 0))
    return tuple(blocks)


def members(label: Codes, count: int) -> list[Codes]:
    """Return the ascending places of each label in [0, count)."""
    order = np.argsort(label, kind="stable")
    cuts = np.searchsorted(label[order], np.arange(1, count))
    return np.split(order, cuts)
