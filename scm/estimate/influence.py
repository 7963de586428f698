"""From an influence function to an estimate."""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp
from jax import Array

from scm.estimate.least_squares import product
from scm.estimate.protocol import Estimate, conclude
from scm.estimate.quantiles import normal_quantile
from scm.estimate.sample import Sample

__all__ = ["conclude_by_influence"]


def conclude_by_influence(
    sample: Sample,
    value: Array,
    influence: Array,
    unit: Array,
    level: float,
    *,
    failures: Mapping[str, Array],
    diagnostics: Mapping[str, Array],
) -> Estimate:
    """The estimate of which each row moves the value by ``influence / n``; the interval is normal.

    ``se**2 = mean(influence**2) / n``, which is exact in large samples.

    Arguments:
        influence: (N,), and ``value``, both in multiples of ``unit``, in which squares of the
            influence neither vanish nor overflow.
        failures, diagnostics: as for ``conclude``.
    """
    n = jnp.where(sample.n > 0, sample.n, 1)
    se = jnp.sqrt(product(sample.weights, influence**2)) / n * unit
    value, half = value * unit, normal_quantile(level) * se
    interval = (value - half, value + half)
    return conclude(sample, value, se, interval, failures=failures, diagnostics=diagnostics)
