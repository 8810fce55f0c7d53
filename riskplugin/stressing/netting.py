"""Holdings netted by group and instrument, in blocks that have nothing in common.

Groups by book and tier hold only the instruments of their tier, so the table of groups
by instruments falls apart into dense blocks (the connected components of who holds
what). A product with it costs what is held, at the speed of a dense product.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from riskplugin._typing import Codes, Flags, Matrix, Vector

CHUNK = 250_000  # array elements held at once


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Some groups and all the instruments that any of them holds.

    `values` (g, n) is the net market value; `held` whether there is any position, one
    netted to zero included.
    """

    groups: Codes
    instruments: Codes
    values: Matrix
    held: Flags

    def quadratic(self, slopes: Matrix, correlation: Matrix) -> Matrix:
        """Return ``u' R u`` with ``u = values x slopes``, shape (g, S).

        By pairs of names: ``sum_ij w_i w_j R_ij a_i a_j`` is one product of a table by
        groups with one by scenarios, for slopes a of shape (S, N).
        """
        out = np.empty((len(self.groups), len(slopes)))
        i, j = np.triu_indices(len(self.instruments))
        pair = correlation[self.instruments[i], self.instruments[j]]
        weight = self.values[:, i] * self.values[:, j]
        weight *= pair * np.where(i == j, 1, 2)
        step = max(1, CHUNK // len(i))
        for start in range(0, len(slopes), step):
            own = np.ascontiguousarray(slopes[start : start + step, self.instruments].T)
            out[:, start : start + step] = weight @ products_of_pairs(own)
        return out


def products_of_pairs(rows: Matrix) -> Matrix:
    """Return the products of all pairs i <= j of the n `rows`, (n (n + 1) / 2, S)."""
    count = len(rows)
    products = np.empty((count * (count + 1) // 2, rows.shape[1]))
    end = 0
    for i in range(count):
        start, end = end, end + count - i
        np.multiply(rows[i], rows[i:], out=products[start:end])
    return products


@dataclass(frozen=True, eq=False, slots=True)
class Netted:
    """Net market value by group and instrument, shape (G, N), base currency."""

    shape: tuple[int, int]
    blocks: tuple[Block, ...]

    def total(self, per_name: Matrix) -> Matrix:
        """Return the sum over names of holdings x `per_name` (S, N): shape (G, S)."""
        out = np.zeros((self.shape[0], len(per_name)))
        for block in self.blocks:
            values = per_name[:, block.instruments]
            moving = np.flatnonzero(values.any(axis=0))
            if len(moving):
                out[block.groups] = block.values[:, moving] @ values[:, moving].T
        return out

    def touched(self) -> Flags:
        """Whether any group holds the instrument, shape (N,)."""
        found = np.zeros(self.shape[1], dtype=bool)
        for block in self.blocks:
            found[block.instruments] = True
        return found


def netted(
    groups: Codes, instruments: Codes, values: Vector, shape: tuple[int, int]
) -> Netted:
    """Return positions of `values` (P,) netted by group and instrument.

    Parameters
    ----------
    groups, instruments : ndarray of int, shape (P,)
        Group in [0, G) and instrument in [0, N) of each position.
    values : ndarray of shape (P,)
    shape : (G, N)
    """
    table = csr_array((values, (groups, instruments)), shape=shape)
    table.sum_duplicates()
    pairs = table.tocoo()
    row, column = pairs.coords
    nodes = shape[0] + shape[1]
    graph = coo_array((np.ones(len(row)), (row, column + shape[0])), (nodes, nodes))
    count, found = connected_components(graph.tocsr(), directed=False)
    label = found.astype(np.int64)
    blocks = []
    for own, of_pair in zip(
        members(label, count), members(label[row], count), strict=True
    ):
        own_groups, own_names = own[own < shape[0]], own[own >= shape[0]] - shape[0]
        if not len(of_pair):
            continue
        where = (
            np.searchsorted(own_groups, row[of_pair]),
            np.searchsorted(own_names, column[of_pair]),
        )
        net = np.zeros((len(own_groups), len(own_names)))
        held = np.zeros(net.shape, dtype=bool)
        net[where], held[where] = pairs.data[of_pair], True
        blocks.append(Block(own_groups, own_names, net, held))
    return Netted(shape, tuple(blocks))


def members(label: Codes, count: int) -> list[Codes]:
    """Return the ascending places of each label in [0, count)."""
    order = np.argsort(label, kind="stable")
    cuts = np.searchsorted(label[order], np.arange(1, count))
    return np.split(order, cuts)
