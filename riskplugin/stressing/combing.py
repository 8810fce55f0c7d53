"""A search that needs no slope: an ever finer fan of rays about a place.

Where a P&L has corners (the strike of an option at its expiry, a loss that is capped),
the nearest place that loses so much may be one of them, and a descent by slopes stops
short of it.
"""

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.stressing.rays import Field, design
from riskplugin.stressing.reverse import closed_in

WIDEST, FINEST = 0.5, 1e-4  # of the distance, that the fan reaches to the side
NEARER = np.array([1e-5, 1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.2])  # by which it looks
ROUNDS = 80
GAINED = 1e-9  # of the P&L, by a step


def combed(of: Field, place: Vector, group: int, loss: float) -> Vector:
    """Return the nearest place that loses as much, by fans of rays about `place`.

    Parameters
    ----------
    of : Field
    place : ndarray of shape (K,)
        On the surface of the loss of the group.
    group : int
    loss : float
        Above 0, base currency.
    """
    sides, reach, u = design(len(place)), WIDEST, place
    for _ in range(ROUNDS):
        if reach < FINEST:
            break
        nearer = nearer_on(of, u, u + reach * np.linalg.norm(u) * sides, (group, loss))
        if nearer is None:
            reach /= 2
        else:
            u = nearer
    return u


def deepened(of: Field, place: Vector, group: int, radius: float) -> Vector:
    """Return the place that loses most within a radius, by fans of points about it."""
    sides, reach, u = design(len(place)), WIDEST, place
    pnl = float(of.value(u[None], np.array([group]))[0])
    for _ in range(ROUNDS):
        if reach < FINEST:
            break
        about = u + reach * radius * sides
        size = np.linalg.norm(about, axis=1, keepdims=True)
        about *= np.minimum(1.0, radius / np.maximum(size, radius))
        made = of.value(about, np.full(len(about), group))
        best = int(np.argmin(made))
        if made[best] < pnl - GAINED * abs(pnl):
            u, pnl = about[best], float(made[best])
        else:
            reach /= 2
    return u


def nearer_on(
    of: Field, u: Vector, towards: Matrix, asked: tuple[int, float]
) -> Vector | None:
    """Return a place on rays through `towards` (D, K) that is nearer than u, or None.

    Of the nearest that is seen, closed in on along its ray.
    """
    group, loss = asked
    size = float(np.linalg.norm(u))
    ahead = towards / np.linalg.norm(towards, axis=1, keepdims=True)
    radii = size * (1 - NEARER)
    places = (radii[:, None, None] * ahead).reshape(-1, len(u))
    lost = of.value(places, np.full(len(places), group)) <= -loss
    lost &= (of.within(places) == places).all(axis=1)
    if not lost.any():
        return None
    step, ray = divmod(int(np.flatnonzero(lost)[-1]), len(ahead))
    further = radii[step + 1] if step + 1 < len(radii) else 0.0

    def excess(radius: Vector, _: object) -> Vector:
        at = radius[:, None] * ahead[ray]
        return of.value(at, np.full(len(at), group)) / loss + 1.0

    radius = closed_in(excess, np.array([further]), radii[[step]])[0]
    nearer: Vector = radius * ahead[ray]
    return nearer
