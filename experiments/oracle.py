"""The oracle: an estimand among the very units of each data set, by both their potential outcomes.

No analyst sees these. For a population estimand it is what perfect identification leaves of the
error at this number of units: a mean of unit effects, with the standard error of one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from experiments.keys import replicate_keys
from experiments.replicate import NOT_FINITE, Chunk
from experiments.world import World
from scm.arguments import first_unit
from scm.estimands import Estimand
from scm.noise.source import Run
from scm.noise.words import stream_of
from scm.solve.draws import Origin, source_for
from scm.truth.batches import asked
from scm.truth.links import columns_of
from scm.truth.monte_carlo import batch_statistic
from scm.truth.question import Quantile, Question

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["of_units", "oracle_rows"]

_LEVEL = 0.95
_PROGRAMS: dict[Any, Any] = {}


def oracle_rows(
    name: str, world: World, estimand: Estimand, seed: int, chunk: Chunk, cell: str = ""
) -> tuple[pd.DataFrame, float, float]:
    """The oracle's rows for a chunk of data sets of a world, its seconds, and those of compiling.

    The replicates are made again from their keys, by a program of their own, so that what they are
    does not depend on what else is asked of them. A data set without units to average over, as
    without treated ones, is a failure of that name; how many are selected is nothing to it.
    """
    import pandas as pd

    size = len(chunk.codes)
    keys = replicate_keys(seed, name, chunk.start, size, cell)
    program, compiling = _compiled(estimand, world.n, world.model, keys)
    begun = time.perf_counter()
    found = jax.device_get(program(world.model, keys))
    ran = time.perf_counter() - begun
    value, se, rounding, lawful = (np.asarray(each) for each in found)
    bad = (chunk.codes == NOT_FINITE) | ~lawful
    none = ~bad & ~np.isfinite(value)
    failure = np.where(bad, "world not finite", np.where(none, "no such units in the sample", ""))
    fine = failure == ""
    value, se, rounding = (np.where(fine, each, np.nan) for each in (value, se, rounding))
    reach = stats.t.ppf((1 + _LEVEL) / 2, world.n - 1) if world.n > 1 else np.nan
    same = se <= rounding  # all units have one effect: there is nothing to err about
    half = np.where(same, rounding, reach * np.hypot(se, rounding))
    se = np.where(same, 0.0, np.hypot(se, rounding))
    frame = pd.DataFrame(
        {"replicate": chunk.replicates, "value": value, "se": se,
         "low": value - half, "high": value + half, "n": float(world.n), "failure": failure,
         "detail": "", "key": chunk.keys_of(~fine)}
    )  # fmt: skip
    return frame, ran, compiling


def _compiled(estimand: Estimand, n: int, model: Any, keys: Any) -> tuple[Any, float]:
    """The program of an estimand for models like this one, and what compiling it took now."""
    leaves, tree = jax.tree.flatten((model, keys))
    shapes = tuple(map(jax.typeof, leaves))
    key = repr(estimand), n, tree, shapes
    if key in _PROGRAMS:
        return _PROGRAMS[key], 0.0

    def seen(model: Any, keys: Any) -> Any:
        def one(key: Any) -> Any:
            units = Run(stream_of(key), first_unit(0), n)  # those of `SCM.sample`
            return of_units(estimand.question(model), units, n)

        return jax.lax.map(one, keys)

    begun = time.perf_counter()
    _PROGRAMS[key] = jax.jit(seen).lower(model, keys).compile()
    return _PROGRAMS[key], time.perf_counter() - begun


def of_units(question: Question, origin: Origin, n: int) -> tuple[Any, Any, Any, Any]:
    """The formula of the statistics of n units, its standard error, what rounding may have added,
    and whether all laws were defined. Traceable.

    The error is that of the delta method: the formula's linearisation at each unit's own values,
    ``se^2 = sum_i (sum_k d_k (x_ik - mean_k))^2 / (n (n - 1))``. NaN where the formula has a
    quantile, which has no values of units to linearise in.
    """
    ready = asked(question)
    source = lambda system: source_for(system, origin)
    columns, lawful = columns_of(ready.systems, ready.links, ready.read, source)
    values, events = ready.evaluated(columns, n)
    each = zip(ready.statistics, values, events, strict=True)
    means = tuple(batch_statistic(*one) for one in each)
    value = question.combine(*means)
    linear = lambda *changes: jax.jvp(question.combine, means, changes)[1]
    if any(isinstance(one, Quantile) for one in ready.statistics):
        se = jnp.full_like(value, jnp.nan)
    else:
        influence = jax.vmap(linear)(*(x - mean for x, mean in zip(values, means, strict=True)))
        se = jnp.sqrt(jnp.sum(influence**2) / (n * max(n - 1, 1)))
    # A difference of large outcomes is only known to what these are rounded to.
    still = tuple(jnp.zeros_like(mean) for mean in means)
    sizes = [jnp.abs(x).mean(axis=0) for x in values]
    parts = [jnp.abs(linear(*still[:k], x, *still[k + 1 :])) for k, x in enumerate(sizes)]
    rounding = 4 * jnp.finfo(value.dtype).eps * sum(parts)
    return value, se, rounding, jnp.asarray(lawful)
