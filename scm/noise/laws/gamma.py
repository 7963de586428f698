"""Laws of the gamma kind: tails by quadrature, quantiles by Halley's method in log x."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import gammaln
from numpyro import distributions as dist

from scm.noise.laws.inverse import halley, inverse, targets
from scm.noise.laws.registry import law
from scm.noise.laws.scores import LogScore, flipped, log_one_minus, real
from scm.noise.score import Score

__all__ = ["log_gamma_tails", "quadrature", "stirling"]

_LOG_2PI = float(np.log(2 * np.pi))


def quadrature(dtype: Any) -> tuple[np.ndarray, np.ndarray, float]:
    """Gauss-Legendre nodes and weights on (0, 1), and how many e-folds of an integrand matter."""
    single = jnp.finfo(dtype).bits <= 32
    nodes, weights = np.polynomial.legendre.leggauss(16 if single else 32)
    kind = np.dtype(dtype)
    return ((nodes + 1) / 2).astype(kind), (weights / 2).astype(kind), 18.0 if single else 38.0


def stirling(a: jax.Array) -> jax.Array:
    """gammaln(a) - [(a - 1/2) log a - a + log(2 pi)/2], for a >= 10."""
    a = jnp.where(a < 10, 10.0, a)  # not the maximum, whose slope is halved at 10
    series = jnp.zeros_like(a)
    for coefficient in (-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12):
        series = series / a**2 + coefficient
    return series / a


def _constant(a: jax.Array) -> jax.Array:
    """log of a^a e^-a / Gamma(a + 1), without cancellation where a is large."""
    small = jnp.minimum(a, 10.0)
    direct = small * jnp.log(small) - small - gammaln(small + 1)
    return jnp.where(a < 10, direct, -(_LOG_2PI + jnp.log(a)) / 2 - stirling(a))


def log_gamma_tails(t: jax.Array, a: jax.Array) -> tuple[jax.Array, jax.Array]:
    """log P(a, x) and log Q(a, x), the regularised incomplete gamma functions at x = a e^t.

    With T = x^a e^-x / Gamma(a + 1), P = T (1 + x I) for x < a and Q = T a I otherwise, where ::

        I = integral of exp(-(a + 1) s - x (e^-s - 1)) ds      (left of x, shape a + 1)
        I = integral of exp(a s - x (e^s - 1)) ds              (right of x, shape a)

    over s > 0. Either integrand falls from 1, log-concave, without a scale of its own: sixteen
    Gauss-Legendre nodes (float64: thirty-two) up to where it ends give 1e-7 (1e-12) for every a,
    with nothing cancelling, and derivatives in x and a as good as the values.
    """
    t, a = jnp.broadcast_arrays(t, a)
    _, left, side = _side(t, a, _constant(a))
    rest = log_one_minus(side)
    return jnp.where(left, side, rest), jnp.where(left, rest, side)


def _side(
    t: jax.Array, a: jax.Array, constant: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """log T, whether x < a, and the log of the tail on that side; ``constant`` is `_constant`."""
    growth = jnp.expm1(t)
    x = a + a * growth  # where x is lost beside a it does not count
    nodes, weights, folds = quadrature(x.dtype)
    left = t < 0
    rate = jnp.where(left, a + 1, a)
    end = lax.stop_gradient(_end(left, a, x, folds))
    s = jnp.where(left, -end, end)[..., None] * nodes
    exponent = rate[..., None] * s - x[..., None] * jnp.expm1(s)
    integral = end * jnp.sum(jnp.exp(exponent) * weights, axis=-1)
    term = constant - a * (growth - t)
    side = term + jnp.log(jnp.where(left, 1 + x * integral, a * integral))
    return term, left, jnp.minimum(side, -jnp.finfo(x.dtype).tiny)


def _end(left: jax.Array, a: jax.Array, x: jax.Array, folds: float) -> jax.Array:
    """Bounds on where the integrand has fallen by so many e-folds, the smaller of two.

    By its slope, and by its curvature: e^-s - 1 + s >= s^2 / (2 + s), e^s - 1 - s >= s^2 / 2.
    """
    tiny = jnp.finfo(x.dtype).tiny
    slope = folds / jnp.maximum(jnp.where(left, a + 1 - x, x - a), tiny)
    k = folds / jnp.maximum(jnp.where(left, a + 1, x), tiny)
    leftward = (k + jnp.sqrt(k * (k + 8))) / 2
    rightward = jnp.log1p(k + jnp.log1p(k + jnp.sqrt(2 * k)))
    return jnp.minimum(slope, jnp.where(left, leftward, rightward))


def _find(below: jax.Array, above: jax.Array, normal: jax.Array, a: jax.Array) -> jax.Array:
    """log(x / a): its density is log-concave, so Halley's method on the log of a tail is safe."""
    below, above, normal, a = jnp.broadcast_arrays(below, above, normal, a)
    constant, lower = _constant(a), below < above
    start = _start(below, above, normal, a, constant)
    return halley(_step, start, a, constant, lower, jnp.where(lower, below, above))


def _step(
    t: jax.Array, a: jax.Array, constant: jax.Array, lower: jax.Array, target: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    term, left, side = _side(t, a, constant)
    log_tail = jnp.where(left == lower, side, jnp.log(-jnp.expm1(side)))
    hazard = a * jnp.exp(term - log_tail)
    excess = log_tail - target
    newton = jnp.where(lower, -excess, excess) / hazard
    bend = -a * jnp.expm1(t)
    return excess, newton, jnp.where(lower, bend - hazard, bend + hazard)


def _start(
    below: jax.Array, above: jax.Array, normal: jax.Array, a: jax.Array, constant: jax.Array
) -> jax.Array:
    """Wilson and Hilferty's cube for a > 1, the power of x near 0, the exponential tail else."""
    power = (below - constant) / a - 1
    spread = 1 / (3 * jnp.sqrt(a))
    cube = 3 * jnp.log1p(jnp.maximum(normal * spread - spread**2, -0.999))
    bulk = jnp.where(a < 1, 1 - a * (0.253 + 0.12 * a), 0.5)
    tail = jnp.log(1 + jnp.maximum(jnp.log1p(-bulk) - above, 0)) - jnp.log(a)
    small = jnp.where(below < jnp.log(bulk), (below - jnp.log(bulk)) / a - jnp.log(a), tail)
    return jnp.where(a < 1, small, jnp.maximum(cube, power))


def _log_density(t: jax.Array, a: jax.Array) -> jax.Array:
    return _constant(a) - a * (jnp.expm1(t) - t) + jnp.log(a)


_quantile = inverse(log_gamma_tails, _find, _log_density)


def _gamma_place(d: Any, value: jax.Array) -> Score:
    a = real(d.concentration)
    return LogScore(*log_gamma_tails(jnp.log(value * real(d.rate) / a), a))


@law("Gamma", dist.Gamma, place=_gamma_place)
def _gamma(d: Any, score: Score) -> jax.Array:
    a = real(d.concentration)
    value = a / d.rate * jnp.exp(_quantile(*targets(score), a))
    return jnp.maximum(value, jnp.finfo(value.dtype).tiny)


def _inverse_gamma_place(d: Any, value: jax.Array) -> Score:
    return flipped(_gamma_place(d, 1 / value))


@law("InverseGamma", dist.InverseGamma, place=_inverse_gamma_place)
def _inverse_gamma(d: Any, score: Score) -> jax.Array:
    a = real(d.concentration)
    return d.rate / a * jnp.exp(-_quantile(*targets(flipped(score)), a))
