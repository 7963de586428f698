"""Laws of the beta kind: tails by quadrature, quantiles by Halley's method in the log-odds."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.nn import sigmoid
from jax.scipy.special import gammaln
from numpyro import distributions as dist

from scm.noise.laws.gamma import quadrature, stirling
from scm.noise.laws.inverse import halley, inverse, targets
from scm.noise.laws.registry import law
from scm.noise.laws.scores import LogScore, log_one_minus, real
from scm.noise.score import Score

__all__ = ["log_beta_quantile", "log_beta_tails"]

_LOG_2PI = float(np.log(2 * np.pi))


def _constant(a: jax.Array, b: jax.Array) -> jax.Array:
    """log of p^a q^b / B(a, b), p = a / (a + b) = 1 - q, without cancellation.

    By log-gamma functions where a and b are below 10, by their Stirling series where the larger
    one is not, by those of all three where neither is.
    """
    small, large = jnp.where(a > b, b, a), jnp.where(a > b, a, b)
    three = jnp.stack([small, large, small + large])  # one copy of either function, not three
    of_small, of_large, of_both = gammaln(three)
    rest_small, rest_large, rest_both = stirling(three)
    log_p, log_q = -jnp.log1p(large / small), -jnp.log1p(small / large)
    log_sum = jnp.log(small + large)
    skewed = of_small - small * log_sum + (large - 0.5) * log_q + small + rest_large - rest_both
    log_beta = jnp.where(large < 10, of_small + of_large - of_both, skewed)
    plain = small * log_p + large * log_q - log_beta
    bulk = (jnp.log(small) + log_q - _LOG_2PI) / 2 + rest_both - rest_small - rest_large
    return jnp.where(small < 10, plain, bulk)


def log_beta_tails(t: jax.Array, a: jax.Array, b: jax.Array) -> tuple[jax.Array, jax.Array]:
    """log I_x(a, b) and log I_y(b, a), y = 1 - x, at log(x / y) = t + log(a / b).

    With D = x^a y^b / B(a, b), the tail below x is D (1 + (a + b) x I) / a, where ::

        I = integral over s > 0 of exp(-(a + 1) s) (1 + x (e^-s - 1))^-(a + b + 1)

    if x < (a + 1) / (a + b + 2); the tail above is the same with a, x and b, y exchanged. The
    integrand falls from 1, log-concave; see `log_gamma_tails`.
    """
    t, a, b = jnp.broadcast_arrays(t, a, b)
    _, left, side, _ = _side(t, a, b, jnp.log(a / b), _constant(a, b))
    rest = log_one_minus(side)
    return jnp.where(left, side, rest), jnp.where(left, rest, side)


def _side(
    t: jax.Array, a: jax.Array, b: jax.Array, centre: jax.Array, constant: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """log D, which side is meant, the log of the tail there, and x.

    ``centre`` is log(a / b), ``constant`` is `_constant`.
    """
    log_density = _log_power(t, a, b) + constant
    x, y = sigmoid(t + centre), sigmoid(-t - centre)
    left = (a + b + 2) * x < a + 1
    near, far = jnp.where(left, a, b), jnp.where(left, b, a)
    start, rest = jnp.where(left, x, y), jnp.where(left, y, x)
    integral = _integral(start, rest, near + 1, far)
    tail = log_density + jnp.log((1 + (a + b) * start * integral) / near)
    return log_density, left, jnp.minimum(tail, -jnp.finfo(t.dtype).tiny), x


def _log_power(t: jax.Array, a: jax.Array, b: jax.Array) -> jax.Array:
    """a log(x / p) + b log(y / q) = a t - (a + b) log(1 + p (e^t - 1)), p = a / (a + b) = 1 - q.

    Or by the other end, where q is the smaller: -b t - (a + b) log(1 + q (e^-t - 1)).
    """
    flip = a > b
    small, s = jnp.where(flip, b, a), jnp.where(flip, -t, t)
    near = jnp.log1p(small / (a + b) * jnp.expm1(jnp.minimum(s, 80.0)))
    return small * s - (a + b) * (near + jnp.maximum(s - 80, 0))


def _integral(x: jax.Array, y: jax.Array, a: jax.Array, b: jax.Array) -> jax.Array:
    """The integral of the tail below x = 1 - y, over its integrand at x.

    1 + x (e^-s - 1) is taken from whichever of x and y is small, so that nothing cancels.
    """
    nodes, weights, folds = quadrature(x.dtype)
    end = lax.stop_gradient(_end(x, y, a, b, folds))
    small = x < 0.5
    rate, part = jnp.where(small, a, b), jnp.where(small, x, y)
    s = jnp.where(small, -end, end)[..., None] * nodes
    growth = jnp.log1p(part[..., None] * jnp.expm1(s))
    exponent = rate[..., None] * s - (a + b)[..., None] * growth
    return end * jnp.sum(jnp.exp(exponent) * weights, axis=-1)


def _end(x: jax.Array, y: jax.Array, a: jax.Array, b: jax.Array, folds: float) -> jax.Array:
    """Where the integrand has fallen by so many e-folds, or a little beyond.

    The fall is convex in s: its slope is a y - b x at 0 and a at the end, its curvature at least
    (a + b) x y e^-s. Where y is small it is (a + b) log(1 + y (e^s - 1)) - b s, and the s at which
    its first part is enough for a bound on the second is a closer bound.
    """
    tiny = jnp.finfo(x.dtype).tiny
    slope = folds / jnp.maximum(a * y - b * x, tiny)
    k = folds / jnp.maximum((a + b) * x * y, tiny)
    bend = (k + jnp.sqrt(k * (k + 8))) / 2
    last = (folds - (a + b) * jnp.log(jnp.maximum(y, tiny))) / a
    end = jnp.minimum(jnp.minimum(slope, bend), last)
    for _ in range(2):
        enough = jnp.minimum((folds + b * end) / (a + b), 80.0)
        closer = jnp.log1p(jnp.expm1(enough) / jnp.maximum(y, tiny))
        end = jnp.where(x < 0.5, end, jnp.minimum(end, closer))
    return end


def _find(
    below: jax.Array, above: jax.Array, normal: jax.Array, a: jax.Array, b: jax.Array
) -> jax.Array:
    """log(x / y) - log(a / b): its density is log-concave, so Halley's method is safe."""
    below, above, normal, a, b = jnp.broadcast_arrays(below, above, normal, a, b)
    lower, centre, start = below < above, jnp.log(a / b), _start(below, above, normal, a, b)
    target = jnp.where(lower, below, above)
    return halley(_step, start, a, b, centre, _constant(a, b), lower, target)


def _step(
    t: jax.Array,
    a: jax.Array,
    b: jax.Array,
    centre: jax.Array,
    constant: jax.Array,
    lower: jax.Array,
    target: jax.Array,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    log_density, left, side, x = _side(t, a, b, centre, constant)
    log_tail = jnp.where(left == lower, side, jnp.log(-jnp.expm1(side)))
    hazard = jnp.exp(log_density - log_tail)
    excess = log_tail - target
    newton = jnp.where(lower, -excess, excess) / hazard
    bend = a - (a + b) * x
    return excess, newton, jnp.where(lower, bend - hazard, bend + hazard)


def _start(
    below: jax.Array, above: jax.Array, normal: jax.Array, a: jax.Array, b: jax.Array
) -> jax.Array:
    """Abramowitz and Stegun 26.5.22 where a, b > 1, else the power of x or y at its end."""
    one, two = 1 / (2 * jnp.maximum(a, 1.0) - 1), 1 / (2 * jnp.maximum(b, 1.0) - 1)
    h = 2 / (one + two)
    bend = (normal**2 - 3) / 6
    bulk = 2 * (normal * jnp.sqrt(bend + h) / h + (two - one) * (bend + 5 / 6 - 2 / (3 * h)))
    log_p, log_q = -jnp.log1p(b / a), -jnp.log1p(a / b)
    low, high = a * log_p - jnp.log(a), b * log_q - jnp.log(b)
    both = jnp.logaddexp(low, high)
    log_x = jnp.minimum((below + jnp.log(a) + both) / a, -1e-6)
    log_y = jnp.minimum((above + jnp.log(b) + both) / b, -1e-6)
    left = below < low - both
    end = jnp.where(left, log_x, log_y)
    power = (end - log_one_minus(end)) * jnp.where(left, 1, -1)
    return jnp.where((a > 1) & (b > 1), bulk, power - jnp.log(a / b))


def _log_density(t: jax.Array, a: jax.Array, b: jax.Array) -> jax.Array:
    return _log_power(t, a, b) + _constant(a, b)


log_beta_quantile = inverse(log_beta_tails, _find, _log_density)


def _beta_place(d: Any, value: jax.Array) -> Score:
    a, b = real(d.concentration1), real(d.concentration0)
    return LogScore(*log_beta_tails(jnp.log(b * value) - jnp.log(a * (1 - value)), a, b))


@law("Beta", dist.Beta, place=_beta_place)
def _beta(d: Any, score: Score) -> jax.Array:
    a, b = real(d.concentration1), real(d.concentration0)
    value = sigmoid(log_beta_quantile(*targets(score), a, b) + jnp.log(a / b))
    limits = jnp.finfo(value.dtype)
    return jnp.clip(value, limits.tiny, 1 - limits.epsneg)
