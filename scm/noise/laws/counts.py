"""Counts: the smallest k whose cumulative probability reaches the score.

The lower tail is compared where it is the smaller one, the upper tail otherwise, both by their
logs. The search starts from a normal approximation corrected for skewness.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.nn import log_sigmoid
from jax.scipy.special import betaln
from numpyro import distributions as dist

from scm.noise.laws.beta import log_beta_tails
from scm.noise.laws.gamma import log_gamma_tails
from scm.noise.laws.inverse import anywhere, smallest
from scm.noise.laws.registry import law
from scm.noise.laws.scores import LogScore, log_one_minus, log_tails, log_upper, real
from scm.noise.score import Score

__all__ = ["reaching", "whole"]

_NEVER = -jnp.inf
Tails = Callable[[Any, jax.Array], tuple[jax.Array, jax.Array]]


def whole(value: jax.Array, high: Any = None) -> jax.Array:
    """A number as a whole one, held within what the integer type can hold."""
    kind = jnp.iinfo(jnp.result_type(int))
    limit = float(kind.max) * (1 - float(jnp.finfo(value.dtype).eps))
    return jnp.clip(value, -limit, limit).astype(kind.dtype)


def reaching(
    score: Score, tails: Tails, d: Any, start: Any, low: Any, high: Any = None
) -> jax.Array:
    """The smallest k from ``low`` to ``high`` with P(X <= k) >= lower, which is P(X > k) <= upper.

    ``tails(d, k)`` gives the logs of P(X <= k) and P(X > k).
    """
    below, above, start = jnp.broadcast_arrays(*log_tails(score), start)
    lower = below < above
    # no count beyond 2^30 (2^62) is looked for, so that a doubled step cannot overflow
    high = jnp.iinfo(jnp.result_type(int)).max // 2 if high is None else high

    def reaches(k: jax.Array, d: Any, lower: jax.Array, target: jax.Array) -> jax.Array:
        to_k, past_k = tails(d, k)
        return jnp.where(lower, to_k >= target, past_k <= target)

    held = d, lower, jnp.where(lower, below, above)
    return smallest(reaches, whole(start), low, high, held)


def _skewed(score: Score, mean: Any, variance: Any, skewness: Any) -> jax.Array:
    """Cornish and Fisher's quantile to second order, rounded as counts are."""
    z = score.normal
    value = mean + jnp.sqrt(variance) * (z + skewness * (z**2 - 1) / 6)
    return jnp.ceil(value - 0.5)


def _ends(k: jax.Array, tails: tuple[jax.Array, jax.Array], high: Any = None) -> Any:
    """The tails of counts from 0 to ``high``, put right outside."""
    to_k, past_k = tails
    over = False if high is None else k >= high
    to_k = jnp.where(k < 0, _NEVER, jnp.where(over, 0.0, to_k))
    return to_k, jnp.where(k < 0, 0.0, jnp.where(over, _NEVER, past_k))


def _poisson_tails(d: Any, k: jax.Array) -> tuple[jax.Array, jax.Array]:
    """P(X <= k) = Q(k + 1, rate)."""
    a = jnp.maximum(real(k), 0) + 1
    rate = jnp.maximum(real(d.rate), jnp.finfo(a.dtype).tiny)
    t = jnp.where(jnp.abs(rate - a) < a / 2, jnp.log1p((rate - a) / a), jnp.log(rate / a))
    past_k, to_k = log_gamma_tails(t, a)
    return _ends(k, (to_k, past_k))


@law("Poisson", dist.Poisson, place=lambda d, k: LogScore(*_poisson_tails(d, k)))
def _poisson(d: Any, score: Score) -> jax.Array:
    rate = real(d.rate)
    skewness = 1 / jnp.sqrt(jnp.maximum(rate, 1e-3))
    start = _skewed(score, rate, rate, skewness)
    return reaching(score, _poisson_tails, d, start, 0)


def _binomial_tails(d: Any, k: jax.Array) -> tuple[jax.Array, jax.Array]:
    """P(X <= k) = I_q(n - k, k + 1)."""
    n = real(d.total_count)
    b = jnp.clip(real(k), 0, jnp.maximum(n - 1, 0)) + 1
    a = jnp.maximum(n - b + 1, 1)
    t = -_logit(d) - jnp.log(a / b)
    return _ends(k, log_beta_tails(t, a, b), d.total_count)


def _logit(d: Any) -> jax.Array:
    """The log-odds of success, kept finite."""
    if isinstance(d, dist.BinomialLogits | dist.GeometricLogits | dist.NegativeBinomialLogits):
        logit = real(d.logits)
    else:
        logit = jnp.log(real(d.probs)) - jnp.log1p(-real(d.probs))
    return jnp.clip(logit, -200.0, 200.0)


@law(
    "Binomial",
    dist.BinomialProbs,
    dist.BinomialLogits,
    place=lambda d, k: LogScore(*_binomial_tails(d, k)),
)
def _binomial(d: Any, score: Score) -> jax.Array:
    n = real(d.total_count)
    p, q = jax.nn.sigmoid(_logit(d)), jax.nn.sigmoid(-_logit(d))
    variance = jnp.maximum(n * p * q, 1e-3)
    start = _skewed(score, n * p, variance, (q - p) / jnp.sqrt(variance))
    return reaching(score, _binomial_tails, d, start, 0, d.total_count)


def _excess(d: Any) -> tuple[jax.Array, jax.Array]:
    """Shape of a negative binomial, and the log-odds of one more: mean = shape * odds."""
    if isinstance(d, dist.NegativeBinomialProbs | dist.NegativeBinomialLogits):
        return real(d.total_count), _logit(d)
    return real(d.concentration), jnp.clip(-jnp.log(real(d.rate)), -200.0, 200.0)


def _negative_binomial_tails(d: Any, k: jax.Array) -> tuple[jax.Array, jax.Array]:
    """P(X <= k) = I_q(shape, k + 1)."""
    shape, log_odds = _excess(d)
    b = jnp.maximum(real(k), 0) + 1
    return _ends(k, log_beta_tails(-log_odds - jnp.log(shape / b), shape, b))


@law(
    "NegativeBinomial",
    dist.GammaPoisson,
    place=lambda d, k: LogScore(*_negative_binomial_tails(d, k)),
)
def _negative_binomial(d: Any, score: Score) -> jax.Array:
    shape, log_odds = _excess(d)
    odds = jnp.exp(log_odds)
    variance = jnp.maximum(shape * odds * (1 + odds), 1e-3)
    start = _skewed(score, shape * odds, variance, (1 + 2 * odds) / jnp.sqrt(variance))
    return reaching(score, _negative_binomial_tails, d, start, 0)


def _log_failure(d: Any) -> jax.Array:
    """log(1 - p), below 0."""
    log = log_sigmoid(-real(d.logits)) if isinstance(d, dist.GeometricLogits) else None
    log = jnp.log1p(-real(d.probs)) if log is None else log
    return jnp.minimum(log, -jnp.finfo(log.dtype).tiny)


def _geometric_tails(d: Any, k: jax.Array) -> tuple[jax.Array, jax.Array]:
    past_k = (jnp.maximum(real(k), 0) + 1) * _log_failure(d)
    return _ends(k, (log_one_minus(past_k), past_k))


@law(
    "Geometric",
    dist.GeometricProbs,
    dist.GeometricLogits,
    place=lambda d, k: LogScore(*_geometric_tails(d, k)),
)
def _geometric(d: Any, score: Score) -> jax.Array:
    """The smallest k with (k + 1) log(1 - p) <= log upper."""
    return whole(jnp.maximum(jnp.ceil(log_upper(score) / _log_failure(d)) - 1, 0))


@law("BetaBinomial", dist.BetaBinomial)
def _beta_binomial(d: Any, score: Score) -> jax.Array:
    """From the nearer end the probabilities are added up until they reach the score.

    Counted from 0, k is how many j have P(X <= j) < lower; from the other end, n - k is how many
    j have P(n - X <= j) <= upper.
    """
    below, above = log_tails(score)
    lower = below < above
    target = jnp.where(lower, below, above)
    one, zero, n = real(d.concentration1), real(d.concentration0), real(d.total_count)
    a, b = jnp.where(lower, one, zero), jnp.where(lower, zero, one)
    first = betaln(a, b + n) - betaln(a, b)

    def counted(state: tuple) -> jax.Array:
        j, _, total = state
        short = jnp.where(lower, total < target, total <= target)
        return short & (j < n)

    def count(state: tuple) -> tuple:
        j, log, total = state
        going = counted(state)
        ratio = (n - j) * (a + j) / ((j + 1) * jnp.maximum(b + n - j - 1, 1e-30))
        log = jnp.where(going, log + jnp.log(jnp.where(going, ratio, 1.0)), log)
        return jnp.where(going, j + 1, j), log, jnp.where(going, jnp.logaddexp(total, log), total)

    start = jnp.broadcast_arrays(jnp.zeros_like(target), first, first)
    j = lax.while_loop(lambda state: anywhere(counted(state)), count, tuple(start))[0]
    return whole(jnp.where(lower, j, n - j))
