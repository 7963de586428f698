"""Laws of the beta kind: tails by quadrature, quantiles by Halley's method in the log-odds."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.nn import log_sigmoid, sigmoid
from jax.scipy.special import gammaln
from numpyro import distributions as dist

from scm.noise.laws.gamma import quadrature, stirling
from scm.noise.laws.inverse import halley, inverse, targets
from scm.noise.laws.registry import law
from scm.noise.laws.scores import LogScore, log_one_minus, real
from scm.noise.score import Score

__all__ = ["log_beta_quantile", "log_beta_tails"]

_LOG_2PI = float(np.log(2 * np.pi))


def _log_beta(a: jax.Array, b: jax.Array) -> jax.Array:
    """log B(a, b) for min(a, b) < 10, without cancelling where the other is large."""
    small, large = jnp.minimum(a, b), jnp.maximum(a, b)
    total = a + b
    safe = jnp.maximum(large, 10.0)
    ratio = (
        -small * jnp.log(small + safe)
        - (safe - 0.5) * jnp.log1p(small / safe)
        + small
        + stirling(safe)
        - stirling(small + safe)
    )
    direct = gammaln(large) - gammaln(total)
    return gammaln(small) + jnp.where(large < 10, direct, ratio)


def _log_density(t: jax.Array, a: jax.Array, b: jax.Array) -> jax.Array:
    """log of x^a y^b / B(a, b), the density of the log-odds, t the log-odds above log(a / b)."""
    w = t + jnp.log(a / b)
    small = a * log_sigmoid(w) + b * log_sigmoid(-w) - _log_beta(a, b)
    p, q = a / (a + b), b / (a + b)
    near = jnp.clip(t, -1.0, 1.0)
    log_x = jnp.where(t == near, -jnp.log1p(q * jnp.expm1(-near)), log_sigmoid(w) - jnp.log(p))
    log_y = jnp.where(t == near, -jnp.log1p(p * jnp.expm1(near)), log_sigmoid(-w) - jnp.log(q))
    scale = (jnp.log(a * q) - _LOG_2PI) / 2
    large = a * log_x + b * log_y + scale + stirling(a + b) - stirling(a) - stirling(b)
    return jnp.where(jnp.minimum(a, b) < 10, small, large)


def log_beta_tails(t: jax.Array, a: jax.Array, b: jax.Array) -> tuple[jax.Array, jax.Array]:
    """log I_x(a, b) and log I_y(b, a), y = 1 - x, at log(x / y) = t + log(a / b).

    With D = x^a y^b / B(a, b), the tail below x is D (1 + (a + b) x I) / a, where ::

        I = integral over s > 0 of exp(-(a + 1) s) (1 + x (e^-s - 1))^-(a + b + 1)

    if x < (a + 1) / (a + b + 2); the tail above is the same with a, x and b, y exchanged. The
    integrand falls from 1, log-concave; see `log_gamma_tails`.
    """
    t, a, b = jnp.broadcast_arrays(t, a, b)
    w = t + jnp.log(a / b)
    left = sigmoid(w) < (a + 1) / (a + b + 2)
    near, far = jnp.where(left, a, b), jnp.where(left, b, a)
    side = jnp.where(left, w, -w)
    integral = _integral(side, near + 1, far)
    term = _log_density(t, a, b) - jnp.log(near)
    tail = term + jnp.log1p((a + b) * sigmoid(side) * integral)
    tail = jnp.minimum(tail, -jnp.finfo(w.dtype).tiny)
    rest = log_one_minus(tail)
    return jnp.where(left, tail, rest), jnp.where(left, rest, tail)


def _integral(w: jax.Array, a: jax.Array, b: jax.Array) -> jax.Array:
    """The integral of the tail left of log-odds w, over its integrand at w.

    1 + x (e^-s - 1) is taken from whichever of x and y is small, so that nothing cancels.
    """
    nodes, weights, folds = quadrature(w.dtype)
    x, y = sigmoid(w), sigmoid(-w)
    end = lax.stop_gradient(_end(w, a, b, folds))
    small = x < 0.5
    sign, part = jnp.where(small, -1.0, 1.0), jnp.where(small, x, y)
    rate = jnp.where(small, -a, b)
    s = end[..., None] * nodes
    growth = jnp.log1p(part[..., None] * jnp.expm1(sign[..., None] * s))
    exponent = rate[..., None] * s - (a + b)[..., None] * growth
    return end * jnp.sum(jnp.exp(exponent) * weights, axis=-1)


def _end(w: jax.Array, a: jax.Array, b: jax.Array, folds: float) -> jax.Array:
    """Where the integrand has fallen by so many e-folds: bounds, and two steps of Newton's.

    The fall is convex in s: slope a y - b x at 0, slope a at the end, curvature at least that of
    (a + b) x y e^-s; so Newton's steps from above stay above.
    """
    x, y = sigmoid(w), sigmoid(-w)
    tiny = jnp.finfo(w.dtype).tiny
    slope = folds / jnp.maximum(a * y - b * x, tiny)
    k = folds / jnp.maximum((a + b) * x * y, tiny)
    bend = (k + jnp.sqrt(k * (k + 8))) / 2
    last = (folds - (a + b) * log_sigmoid(-w)) / a
    end = jnp.minimum(jnp.minimum(slope, bend), last)
    for _ in range(2):
        fall = a * end + (a + b) * (jnp.logaddexp(log_sigmoid(-w), log_sigmoid(w) - end))
        rate = a - (a + b) * sigmoid(w - end)
        end = end - jnp.maximum(fall - folds, 0) / jnp.maximum(rate, tiny)
    return end


def _find(
    below: jax.Array, above: jax.Array, normal: jax.Array, a: jax.Array, b: jax.Array
) -> jax.Array:
    """log(x / y) - log(a / b): its density is log-concave, so Halley's method is safe."""
    below, above, normal, a, b = jnp.broadcast_arrays(below, above, normal, a, b)
    lower = below < above

    def step(t: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        log_tail = jnp.where(lower, *log_beta_tails(t, a, b))
        hazard = jnp.exp(_log_density(t, a, b) - log_tail)
        excess = log_tail - jnp.where(lower, below, above)
        newton = jnp.where(lower, -excess, excess) / hazard
        w = t + jnp.log(a / b)
        bend = a * sigmoid(-w) - b * sigmoid(w)
        return excess, newton, jnp.where(lower, bend - hazard, bend + hazard)

    return halley(step, _start(below, above, normal, a, b))


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
    power = jnp.where(
        below < low - both, log_x - log_one_minus(log_x), log_one_minus(log_y) - log_y
    )
    return jnp.where((a > 1) & (b > 1), bulk, power - jnp.log(a / b))


log_beta_quantile = inverse(log_beta_tails, _find)


def _beta_place(d: Any, value: jax.Array) -> Score:
    a, b = real(d.concentration1), real(d.concentration0)
    return LogScore(*log_beta_tails(jnp.log(b * value) - jnp.log(a * (1 - value)), a, b))


@law("Beta", dist.Beta, place=_beta_place)
def _beta(d: Any, score: Score) -> jax.Array:
    a, b = real(d.concentration1), real(d.concentration0)
    value = sigmoid(log_beta_quantile(*targets(score), a, b) + jnp.log(a / b))
    limits = jnp.finfo(value.dtype)
    return jnp.clip(value, limits.tiny, 1 - limits.epsneg)
