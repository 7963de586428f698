"""Truths of samples: what an estimand is among the very units of each replicated data set.

An estimate of a sample's own effect is judged against that sample's own effect, which is another
number for every replicate. The replicates are made again from their keys, so that what they are
does not depend on what is asked of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from experiments.keys import replicate_keys
from experiments.parts import chunk_size
from experiments.world import World
from scm.estimands import InSample

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["METHOD", "own_truths"]

METHOD = "each sample its own, shown is their mean"
_PROGRAMS: dict[Any, Any] = {}


def own_truths(
    name: str, world: World, estimand: InSample, seed: int, start: int, cell: str = ""
) -> pd.DataFrame:
    """The truths of a chunk of replicates of a world: ``replicate, value``.

    NaN where a sample has no such units, as treated ones.
    """
    import pandas as pd

    size = chunk_size(world.n, len(world.columns))
    keys = replicate_keys(seed, name, start, size, cell)
    values = jax.device_get(_program(estimand, world.n)(world.model, keys))
    return pd.DataFrame({"replicate": np.arange(start, start + size), "value": values})


def _program(estimand: InSample, n: int) -> Any:
    key = repr(estimand), n
    if key not in _PROGRAMS:

        def truths(model: Any, keys: Any) -> Any:
            return jax.lax.map(lambda key: estimand.of(model.sample(key, n)), keys)

        _PROGRAMS[key] = jax.jit(truths)
    return _PROGRAMS[key]
