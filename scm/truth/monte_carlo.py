"""Monte Carlo over coupled worlds: every world is the same units with the same noise, so that what
worlds share cancels in each unit before anything is averaged."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.noise.source import Drawn, Run
from scm.noise.words import stream_of
from scm.truth.batches import Asked, estimate
from scm.truth.question import Mean, Quantile, Statistic
from scm.truth.result import Truth

__all__ = ["batch_statistic", "monte_carlo"]

_MEANS, _QUANTILES = 256, 64  # batches; a quantile of few units is biased
_LARGEST = 1 << 16


def monte_carlo(asked: Asked, key: Any, *, tolerance: float | None, budget: int) -> Truth:
    """The answer from independent batches of units.

    Without a tolerance ``budget`` units are drawn; with one, batches until the standard error is
    below it, or until the budget is spent. At least 2 batches, of at least one unit.
    """
    quantiles = any(isinstance(each, Quantile) for each in asked.statistics)
    fewest = min(_QUANTILES if quantiles else _MEANS, max(budget // 16, 2))
    size = max(min(_LARGEST, budget // fewest), 1)
    if tolerance is not None:
        size = max(size // 4, 1)
    run = asked.program("monte carlo", lambda: _job(asked))
    inputs, root = asked.inputs, stream_of(key)
    batches: list[Any] = []
    while size * (len(batches) + 1) <= budget or len(batches) < 2:
        start = size * len(batches)
        words = np.array([start >> 32, start & 0xFFFFFFFF], np.uint32)
        source = Run(root, words, size).source(asked.addresses)
        found, lawful = jax.device_get(run(inputs, source))
        asked.check(found, lawful)
        batches.append(found)
        if tolerance is None or len(batches) < fewest or len(batches) % 16:
            continue
        _, se = estimate(asked.question, batches)
        # no spread at all in what was drawn so far is no evidence of none
        if np.all(se <= tolerance) and np.all(se > 0):
            break
    value, se = estimate(asked.question, batches)
    return Truth(value, se, "monte carlo", size * len(batches))


def _job(asked: Asked) -> Any:
    def job(inputs: Any, source: Drawn) -> tuple[list[Any], Any]:
        values, events, lawful = asked.per_unit(inputs, source, source.units.n)
        each = zip(asked.statistics, values, events, strict=True)
        return [batch_statistic(*one) for one in each], lawful

    return job


def batch_statistic(statistic: Statistic, value: Any, event: Any) -> Any:
    """A statistic of equally weighted units: the mean over axis 0, or the quantile."""
    match statistic:
        case Mean():
            return value.mean(axis=0)
        case Quantile(level=level):
            inside = jnp.ones_like(value, bool) if event is None else event
            return _quantile(jnp.where(inside, value, jnp.nan), inside.sum(), level)


def _quantile(value: Any, count: Any, level: float) -> Any:
    """The quantile of the ``count`` numbers among NaNs: the i-th smallest is that of (i - 1/2) / n,
    which is where evenly spread points stand (Hazen 1914); NaN if there are none."""
    ordered = jnp.sort(value)  # NaNs last
    place = jnp.clip(level * count - 0.5, 0, jnp.maximum(count - 1, 0))
    below = jnp.floor(place).astype(int)
    above = jnp.minimum(below + 1, jnp.maximum(count - 1, 0))
    part = place - below
    return ordered[below] * (1 - part) + ordered[above] * part
