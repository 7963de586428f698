"""Truncated laws: the base's quantile, between the places of the ends."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from numpyro import distributions as dist

from scm.noise.laws.registry import Law, read, read_by, sampler
from scm.noise.laws.scores import LogScore, log_lower, log_one_minus, log_tails, log_upper, real
from scm.noise.score import Score

__all__: list[str] = []


@read_by(
    dist.LeftTruncatedDistribution,
    dist.RightTruncatedDistribution,
    dist.TwoSidedTruncatedDistribution,
    dist.LeftTruncatedGamma,
    dist.RightTruncatedGamma,
    dist.TwoSidedTruncatedGamma,
)
def _truncated(d: Any) -> Law:
    base = read(d.base_dist)
    family = f"Truncated({base.family})"
    if base.kind != "quantile" or base.place is None:
        return sampler(family)
    return Law(family, "quantile", d.batch_shape, _value, _place)


def _ends(d: Any) -> tuple[Score | None, Score | None]:
    """Where the ends stand in the base law; None for an end that is not cut."""
    place = read(d.base_dist).place
    assert place is not None
    low, high = getattr(d, "low", None), getattr(d, "high", None)
    return (
        None if low is None else place(d.base_dist, real(low)),
        None if high is None else place(d.base_dist, real(high)),
    )


def _value(d: Any, score: Score) -> jax.Array:
    """Both tails in the base are mixtures of those of the ends, so neither loses anything.

    lower = lower(low) upper + lower(high) lower, and the same for the upper tail.
    """
    low, high = _ends(d)
    below, above = log_tails(score)
    if low is None:
        assert high is not None
        to_high, past_high = log_tails(high)
        inner = LogScore(below + to_high, jnp.logaddexp(above, below + past_high))
    elif high is None:
        to_low, past_low = log_tails(low)
        inner = LogScore(jnp.logaddexp(below, above + to_low), above + past_low)
    else:
        (to_low, past_low), (to_high, past_high) = log_tails(low), log_tails(high)
        inner = LogScore(
            jnp.logaddexp(above + to_low, below + to_high),
            jnp.logaddexp(above + past_low, below + past_high),
        )
    value = read(d.base_dist).value(d.base_dist, inner)
    value = value if low is None else jnp.maximum(value, d.low)
    return value if high is None else jnp.minimum(value, d.high)


def _place(d: Any, value: jax.Array) -> Score:
    place = read(d.base_dist).place
    assert place is not None
    low, high = _ends(d)
    here = place(d.base_dist, value)
    total = _log_between(low, high)
    return LogScore(_log_between(low, here) - total, _log_between(here, high) - total)


def _log_between(start: Score | None, end: Score | None) -> jax.Array:
    """The log probability between two places, by the tails that are the smaller ones there."""
    if start is None:
        assert end is not None
        return log_lower(end)
    if end is None:
        return log_upper(start)
    (to_start, past_start), (to_end, past_end) = log_tails(start), log_tails(end)
    return jnp.where(
        to_end < past_start,
        to_end + log_one_minus(to_start - to_end),
        past_start + log_one_minus(past_end - past_start),
    )
