"""Laws with extra zeros: zero-inflated counts, and hurdles (Cragg 1971, Mullahy 1986)."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.nn import log_sigmoid
from numpyro import distributions as dist
from numpyro.distributions import constraints

from scm.noise.laws.registry import Law, read, read_by, sampler
from scm.noise.laws.scores import LogScore, log_lower, log_one_minus, log_tails, log_upper, real
from scm.noise.score import Score

__all__: list[str] = []


def _log_gate(d: Any) -> tuple[jax.Array, jax.Array]:
    """The logs of the probability of an extra zero, and of none."""
    if isinstance(d, dist.ZeroInflatedLogits | dist.HurdleLogits):
        logits = real(d.gate_logits)
        return log_sigmoid(logits), log_sigmoid(-logits)
    return jnp.log(real(d.gate)), jnp.log1p(-real(d.gate))


def _by_lower(log: jax.Array) -> LogScore:
    """A score from a log of its lower tail that may be past the end."""
    log = jnp.minimum(log, -jnp.finfo(log.dtype).tiny)
    return LogScore(log, log_one_minus(log))


def _by_upper(log: jax.Array) -> LogScore:
    score = _by_lower(log)
    return LogScore(score.log_upper, score.log_lower)


@read_by(dist.ZeroInflatedProbs)
def _zero_inflated(d: Any) -> Law:
    base = read(d.base_dist)
    family = f"ZeroInflated({base.family})"
    if base.kind != "quantile":
        return sampler(family)
    place = None if base.place is None else _zero_inflated_place
    return Law(family, "quantile", d.batch_shape, _zero_inflated_value, place)


def _zero_inflated_value(d: Any, score: Score) -> jax.Array:
    """Below 0 the base at lower / (1 - gate), above 0 the base at upper / (1 - gate), else 0."""
    value = read(d.base_dist).value
    _, log_open = _log_gate(d)
    from_above = value(d.base_dist, _by_upper(log_upper(score) - log_open))
    counted = jnp.maximum(from_above, 0)
    if isinstance(d.base_dist.support, type(constraints.nonnegative_integer)):
        return counted
    from_below = value(d.base_dist, _by_lower(log_lower(score) - log_open))
    return jnp.where(from_below < 0, from_below, counted)


def _zero_inflated_place(d: Any, value: jax.Array) -> Score:
    place = read(d.base_dist).place
    assert place is not None
    here, (log_gate, log_open) = place(d.base_dist, value), _log_gate(d)
    below, above = (log_open + tail for tail in log_tails(here))
    return LogScore(
        jnp.where(value >= 0, jnp.logaddexp(below, log_gate), below),
        jnp.where(value < 0, jnp.logaddexp(above, log_gate), above),
    )


@read_by(dist.HurdleProbs)
def _hurdle(d: Any) -> Law:
    base = read(d.base_dist)
    family = f"Hurdle({base.family})"
    if base.kind != "quantile" or base.place is None:
        return sampler(family)
    return Law(family, "quantile", d.batch_shape, _hurdle_value, _hurdle_place)


def _log_positive(d: Any) -> Any:
    """The log of the base's probability above 0."""
    if not d.is_discrete:
        return 0.0
    place = read(d.base_dist).place
    assert place is not None
    return log_upper(place(d.base_dist, jnp.zeros((), jnp.result_type(int))))


def _hurdle_value(d: Any, score: Score) -> jax.Array:
    """0 for the lower ``gate`` of the scores; above, the base given that it is above 0."""
    _, log_open = _log_gate(d)
    above = log_upper(score)
    inner = _by_upper(above - log_open + _log_positive(d))
    value = read(d.base_dist).value(d.base_dist, inner)
    if d.is_discrete:
        value = jnp.maximum(value, 1)
    return jnp.where(above < log_open, value, jnp.zeros_like(value))


def _hurdle_place(d: Any, value: jax.Array) -> Score:
    place = read(d.base_dist).place
    assert place is not None
    _, log_open = _log_gate(d)
    positive = value > 0
    one = jnp.ones_like(value)
    here = log_upper(place(d.base_dist, jnp.where(positive, value, one)))
    above = jnp.where(positive, log_open + here - _log_positive(d), log_open)
    above = jnp.where(value < 0, 0.0, above)
    return LogScore(jnp.where(value < 0, -jnp.inf, log_one_minus(above)), above)
