"""Monte Carlo over coupled worlds: every world is the same units with the same noise, so that what
worlds share cancels in each unit before anything is averaged."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.noise.source import Drawn, Run
from scm.noise.words import stream_of
from scm.truth.batches import Asked, estimate, gathered
from scm.truth.question import Mean, Quantile, Statistic
from scm.truth.result import Truth

__all__ = ["batch_statistic", "monte_carlo"]

_MEANS, _QUANTILES = 256, 64  # batches
_FEW_UNITS = 256  # of which the spread of a quantile is not yet that of many
_TOGETHER = 16  # batches made by one call of a program
_LARGEST = 1 << 16


def monte_carlo(asked: Asked, key: Any, *, tolerance: float | None, budget: int) -> Truth:
    """The answer from independent batches of units.

    Without a tolerance ``budget`` units are drawn; with one, batches until the standard error is
    below it, or until the budget is spent. At least 2 batches, of at least one unit.
    """
    fewest = _fewest(asked, budget)
    size = max(min(_LARGEST, budget // fewest), 1)
    if tolerance is not None:
        size = max(size // 4, 1)
    most = max(budget // size, 2)
    run = asked.program("monte carlo", lambda: _job(asked))
    inputs = jax.device_put(asked.inputs)
    source = Run(stream_of(key), np.zeros(2, np.uint32), size).source(asked.addresses)
    batches: list[Any] = []
    while len(batches) < most:
        together = min(_TOGETHER, most - len(batches))
        starts = [size * (len(batches) + at) for at in range(together)]
        words = np.array([(start >> 32, start & 0xFFFFFFFF) for start in starts], np.uint32)
        found, finite, lawful = jax.device_get(run(inputs, source, words))
        asked.judge(finite.all(), lawful.all())
        batches += [[each[at] for each in found] for at in range(together)]
        if tolerance is None or len(batches) < min(fewest, most):
            continue
        _, se = estimate(asked.question, batches, pooled=True)
        # no spread at all in what was drawn so far is no evidence of none
        if np.all(se <= tolerance) and np.all(se > 0):
            break
    value, se = estimate(asked.question, batches, pooled=True)
    return Truth(value, se, "monte carlo", size * len(batches))


def _fewest(asked: Asked, budget: int) -> int:
    """How many batches the units are split into: a power of two."""
    quantiles = any(isinstance(each, Quantile) for each in asked.statistics)
    most = min(budget // _FEW_UNITS, _QUANTILES) if quantiles else min(budget // 16, _MEANS)
    least = min(_QUANTILES // 8, budget // 2) if quantiles else 2
    return 1 << (max(most, least).bit_length() - 1)


def _job(asked: Asked) -> Any:
    def one(inputs: Any, source: Drawn) -> Any:
        values, events, lawful = asked.per_unit(inputs, source, source.units.n)
        return *gathered(asked, values, events), lawful

    def job(inputs: Any, source: Drawn, starts: Any) -> Any:
        assert isinstance(source.units, Run)
        units = lambda start: dataclasses.replace(source.units, start=start)
        batch = lambda start: one(inputs, dataclasses.replace(source, units=units(start)))
        return jax.lax.map(batch, starts)

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
