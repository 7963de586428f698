"""Truths of samples: what an estimand is among the very units of each replicated data set.

An estimate of a sample's own effect is judged against that sample's own effect, which is another
number for every replicate. The replicates are made again from their keys, so that what they are
does not depend on what is asked of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import jax
import numpy as np

from experiments.keys import replicate_keys
from experiments.measures.own import own_truth
from experiments.plan import Plan, World
from scm.estimands import InSample

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["METHOD", "sample_truths", "with_own_truths"]

METHOD = "each sample its own, shown is their mean"
_CHUNK = 50


def sample_truths(
    name: str, world: World, estimands: Mapping[str, InSample], seed: int, replications: int
) -> pd.DataFrame:
    """The truths of every replicate of a world: ``world, replicate``, a column for each estimand.

    NaN where a sample has no such units, as treated ones.
    """
    import pandas as pd

    def one(key: jax.Array) -> dict[str, jax.Array]:
        drawn = world.model.sample(key, world.n)
        return {each: estimand.of(drawn) for each, estimand in estimands.items()}

    program = jax.jit(lambda keys: jax.lax.map(one, keys))
    parts = [
        jax.device_get(program(replicate_keys(seed, name, start, _CHUNK)))
        for start in range(0, replications, _CHUNK)
    ]
    columns = {
        own_truth(each): np.concatenate([part[each] for part in parts])[:replications]
        for each in estimands
    }
    return pd.DataFrame({"world": name, "replicate": np.arange(replications), **columns})


def with_own_truths(
    planned: Plan, estimates: pd.DataFrame, truths: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimates with a column for every estimand of samples, and truths with the means of these.

    Raises `ValueError` for an estimand of which no sample of a world has any units.
    """
    import pandas as pd

    study, frames, rows = planned.study, [], []
    for name, world in planned.worlds.items():
        asked = planned.in_samples(name)
        if not asked:
            continue
        frame = sample_truths(name, world, asked, study.seed, study.replications)
        frames.append(frame)
        for each in asked:
            values = frame[own_truth(each)].dropna()
            if values.empty:
                raise ValueError(
                    f"estimands.{each}: no sample of {world.n:,} units from the world {name!r} has "
                    f"units to average over: {asked[each].definition}"
                )
            rows.append((name, each, float(values.mean()), 0.0, METHOD, len(values)))
    if not frames:
        return estimates, truths
    own = pd.concat(frames, ignore_index=True)
    means = pd.DataFrame(rows, columns=truths.columns)
    whole = pd.concat([truths, means], ignore_index=True) if len(truths) else means
    return estimates.merge(own, on=["world", "replicate"], how="left"), whole
