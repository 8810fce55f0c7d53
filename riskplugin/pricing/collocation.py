"""The exercise boundary of American options, by collocation.

L. Andersen, M. Lake and D. Offengenden, High performance American option pricing
(Journal of Computational Finance 20(1), 2016): the boundary solves an integral
equation, here their fixed point B; with the start of M. Li, Analytical approximations
for the critical stock prices of American options (2009).

Everything is told for a put per unit of strike; a call is a put with spot and strike,
and rate and dividend yield, exchanged (R. McDonald and M. Schroder, 1998). With x the
log of the boundary and e its value just before expiry, ``(x - e)^2`` is a polynomial in
the root of the time left, held by its values at Chebyshev's nodes. Integrals over the
time left T run over an angle p, ``s = T sin(p)^2`` and ``u = T cos(p)^2``: the
integrand is smooth in the roots of both s and u = T - s, so Gauss and Legendre's few
points are enough.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import ndtr

from riskplugin._typing import Flags, Matrix, Vector

LEAP = 1.0  # the most that a step moves the log boundary
DENSITY = 1 / np.sqrt(2 * np.pi)


@dataclass(frozen=True, eq=False, slots=True)
class Puts:
    """N puts per unit of strike, each of positive time and volatility.

    `earned` is what exercise earns (a put's rate), `forgone` what it gives up (its
    dividend yield); `edge` the log boundary just before expiry; all of shape (N,).
    """

    earned: Vector
    forgone: Vector
    years: Vector
    volatility: Vector
    edge: Vector


@dataclass(frozen=True, slots=True)
class Scheme:
    """How finely a boundary is solved for, and integrated along.

    `nodes` besides expiry; `points` of the integrals of the equation; `steps` of
    Newton's method that finds the start; `sweeps` of the fixed point; `angles` of the
    integral that prices.
    """

    nodes: int
    points: int
    steps: int
    sweeps: int
    angles: int


PLAIN = Scheme(nodes=5, points=5, steps=4, sweeps=2, angles=12)
LASTING = Scheme(nodes=7, points=7, steps=4, sweeps=3, angles=12)  # for less time too
FINE = Scheme(nodes=10, points=16, steps=6, sweeps=6, angles=32)
HELD = FINE.nodes  # that boundaries of either scheme are held at
STEEP, WIDE = 1.5, 2.5


def needs_care(earned: Vector, forgone: Vector, years: Vector, sd: Vector) -> Flags:
    """Whether the boundary bends too much for few nodes.

    As where rates (over `years`) outweigh the deviation `sd` of the log spot at expiry,
    or where that is wide itself.
    """
    with np.errstate(invalid="ignore"):
        flags: Flags = np.maximum(earned, forgone) * years > STEEP * sd
        return flags | (sd > WIDE)


def edges(earned: Vector, forgone: Vector) -> Vector:
    """Return ``min(0, ln(earned / forgone))``, 0 where nothing is forgone."""
    with np.errstate(all="ignore"):
        limited = (forgone > earned) & (earned > 0)
        edge: Vector = np.where(limited, np.log(earned / forgone), 0.0)
    return edge


def has_one_boundary(earned: Vector, forgone: Vector) -> Flags:
    """Whether exercise pays, and below one boundary only."""
    flags: Flags = (earned > 0) | ((earned == 0) & (forgone < 0))
    return flags


def has_two_boundaries(earned: Vector, forgone: Vector) -> Flags:
    """Whether exercise pays only between two boundaries: ``forgone < earned < 0``."""
    flags: Flags = (forgone < earned) & (earned < 0)
    return flags


def solve(puts: Puts, scheme: Scheme) -> Matrix:
    """Return ``(x - e)^2`` at the nodes but expiry's, shape (HELD, N)."""
    log_boundary = start(puts, scheme)
    for _ in range(scheme.sweeps):
        log_boundary = np.minimum(sweep(puts, log_boundary, scheme), puts.edge)
    bends: Matrix = (log_boundary - puts.edge) ** 2
    if scheme.nodes != HELD:
        bends = interpolated(interpolation(scheme.nodes, tuple(nodes(HELD))), bends)
    return np.maximum(bends, 0.0)


def start(puts: Puts, scheme: Scheme) -> Matrix:
    """Return a first log boundary at the scheme's nodes, shape (nodes, N).

    Newton's method on Li's equation "QD+" for a spot S of d+ = d, from the closed form
    of P. Bjerksund and G. Stensland (1993): with p the European put's price and t its
    theta, ``(1 - e^-qT N(-d)) S - b (1 - S - p) + a t = 0``.
    """
    rate, dividend, variance = puts.earned, puts.forgone, puts.volatility**2
    years = nodes(scheme.nodes)[:, None] ** 2 * puts.years
    deviation = puts.volatility * np.sqrt(years)
    b, root = powers(puts, years)
    a = -2 / (variance * root)
    half = variance / (2 * deviation)
    kept, owed = np.exp(-dividend * years), np.exp(-rate * years)
    of_given = kept * (1 + b + a * dividend)
    of_due = owed * (b + a * rate)
    of_density = kept * DENSITY * a * half
    level = kept * DENSITY * ((1 + a * (dividend - rate)) / deviation - a * half)
    tilt = of_density / deviation
    drift = (rate - dividend) * years / deviation + deviation / 2
    log_spot = closed_form(puts, years)
    for _ in range(scheme.steps):
        spot = np.exp(log_spot)
        upper = log_spot / deviation + drift
        density = np.exp(-0.5 * upper**2)
        common = 1 + b - of_given * ndtr(-upper)
        gap = spot * (common - of_density * density)
        gap += of_due * ndtr(deviation - upper) - b
        slope = spot * (common + density * (level + tilt * upper))
        with np.errstate(all="ignore"):
            step = np.nan_to_num(np.clip(gap / slope, -LEAP, LEAP))
        log_spot = np.minimum(log_spot - step, puts.edge)
    return log_spot


def powers(puts: Puts, years: Matrix) -> tuple[Matrix, Matrix]:
    """Return Li's b and the root of his quadratic equation, each of shape (R, N)."""
    rate, variance = puts.earned, puts.volatility**2
    accrued = rate * years
    with np.errstate(all="ignore"):
        hazard = np.where(accrued > 1e-9, rate / -np.expm1(-accrued), 1 / years)
    tilt = 2 * (rate - puts.forgone) / variance - 1
    root = np.sqrt(tilt**2 + 8 * hazard / variance)
    slope = 2 * hazard**2 / (variance * root)
    alpha = -2 * np.exp(-accrued) / (variance * root)
    return alpha * (hazard - slope / root) + (tilt + root) / 2, root


def closed_form(puts: Puts, years: Matrix) -> Matrix:
    """Return Bjerksund and Stensland's log boundary with `years` (R, N) left."""
    variance = puts.volatility**2
    tilt = 0.5 - (puts.earned - puts.forgone) / variance
    power = tilt - np.sqrt(tilt**2 + 2 * puts.earned / variance)  # of the perpetual put
    ever = power / (power - 1)
    spread = ever / np.maximum(np.exp(puts.edge) - ever, 1e-12)
    spread = np.maximum(spread, 1e-12)
    drift = (puts.forgone - puts.earned) * years
    wait = np.maximum(drift + 2 * puts.volatility * np.sqrt(years), 0.0)
    return puts.edge - np.log1p(-np.expm1(-wait * spread) / spread)


def sweep(puts: Puts, log_boundary: Matrix, scheme: Scheme) -> Matrix:
    """Return the fixed point's next log boundary at the nodes, shape (nodes, N).

    ``B = e^-(r-q)t n / d``, ``n = N(d-(t, B)) + r I(e^(r u) N(d-(t-u, B / B(u))))``
    and d likewise with d+ and q; t the time left, I the integral over u from 0 to t.
    """
    roots = nodes(scheme.nodes)[:, None]
    whole = roots * (puts.volatility * np.sqrt(puts.years))
    rate = roots**2 * (puts.earned * puts.years)
    dividend = roots**2 * (puts.forgone * puts.years)
    drift = rate - dividend
    below = log_boundary - puts.edge
    bends = below**2
    owed = np.zeros_like(log_boundary)
    kept = np.zeros_like(log_boundary)
    sines, cosines, weights = angles(scheme.points)
    for sine, cosine, weight in zip(sines, cosines, weights, strict=True):
        matrix = interpolation(scheme.nodes, tuple(cosine * nodes(scheme.nodes)))
        distance = below + np.sqrt(np.maximum(interpolated(matrix, bends), 0.0))
        deviation = sine * whole
        lower = (distance + sine**2 * drift) / deviation - deviation / 2
        owed += weight * np.exp(cosine**2 * rate) * ndtr(lower)
        kept += weight * np.exp(cosine**2 * dividend) * ndtr(lower + deviation)
    lower = (log_boundary + drift) / whole - whole / 2
    numerator = ndtr(lower) + rate * owed
    denominator = ndtr(lower + whole) + dividend * kept
    with np.errstate(all="ignore"):
        found = np.log(numerator / denominator) - drift
    return np.where(np.isfinite(found), found, log_boundary)


@cache
def nodes(count: int) -> Vector:
    """Return Chebyshev's `count` nodes but the first, as roots of the share of time."""
    return 0.5 * (1 - np.cos(np.arange(1, count + 1) * np.pi / count))


@cache
def interpolation(count: int, at: tuple[float, ...]) -> Matrix:
    """Return the matrix from values at `nodes` to values at `at`, zero at expiry.

    Barycentric, with the weights of Chebyshev's points (Berrut and Trefethen 2004).
    """
    points = np.concatenate([[0.0], nodes(count)])
    weights = (-1.0) ** np.arange(count + 1)
    weights[[0, -1]] /= 2
    apart = np.asarray(at)[:, None] - points
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = weights / apart
        matrix = terms / terms.sum(axis=1, keepdims=True)
    hit = apart == 0
    matrix = np.where(hit.any(axis=1, keepdims=True), hit, matrix)
    return np.ascontiguousarray(matrix[:, 1:])


def interpolated(matrix: Matrix, values: Matrix) -> Matrix:
    """Return the product, to the same last bit whatever other columns there are."""
    total: Matrix = matrix[:, :1] * values[0]
    for column, row in zip(matrix.T[1:, :, None], values[1:], strict=True):
        total += column * row
    return total


def shortened(bends: Matrix, left: Vector) -> Matrix:
    """Return what `solve` returns, (HELD, N), with less time left.

    `left` (N,) is the root of the share of the time: at most 1, where nothing changes.
    A polynomial of the root u of the time left without a constant, whose coefficients
    of ``u^k`` become ``left^k`` times as large.
    """
    values, powers_of = vandermonde()
    coefficients = interpolated(powers_of, bends)
    power = np.ones_like(left)
    for k in range(HELD):
        power *= left
        coefficients[k] *= power
    shorter = np.maximum(interpolated(values, coefficients), 0.0)
    return np.where(left == 1.0, bends, shorter)


@cache
def vandermonde() -> tuple[Matrix, Matrix]:
    """Return the matrix from coefficients of ``u^1 …`` to values at nodes, and back."""
    values: Matrix = nodes(HELD)[:, None] ** np.arange(1, HELD + 1)
    return values, np.linalg.inv(values).astype(np.float64)


@cache
def angles(count: int, power: int = 1) -> tuple[Vector, Vector, Vector]:
    """Return sines and cosines of the integrals' angles, and the weights of T.

    A `power` above 1 puts more of the points near today.
    """
    points, weights = np.polynomial.legendre.leggauss(count)
    share = (points + 1) / 2
    angle = share**power * np.pi / 2
    weights = weights * share ** (power - 1) * (power * np.pi / 4)
    return np.sin(angle), np.cos(angle), weights * np.sin(2 * angle)
