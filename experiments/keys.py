"""Keys of replicates: each is a function of the study's seed, the world's name and its number.

In a study with factors the world's name has with it what of the cell acts on its data. So a
replicate alone is the replicate it is in any batch, and another world, cell or method or more
replications leave it as it is. All methods of a world see the same replicates.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.noise.address import name_words
from scm.noise.words import fold, stream_of

__all__ = ["replicate_keys", "truth_key"]


def replicate_keys(seed: int, world: str, start: Any, count: int, cell: str = "") -> jax.Array:
    """The typed keys of replicates ``start, ..., start + count - 1``, shape (count,).

    ``cell`` is `experiments.factors.Cell.of_data` of the world.

    >>> one = replicate_keys(1995, "life", 7, 1)
    >>> many = replicate_keys(1995, "life", 0, 10)
    >>> bool((jax.random.key_data(one[0]) == jax.random.key_data(many[7])).all())
    True
    """
    words = np.array(name_words(_placed(world, cell), "replicate"), np.uint32)
    data = _replicates(stream_of(seed), words, np.uint32(start), count)
    return jax.random.wrap_key_data(data, impl="threefry2x32")


@functools.partial(jax.jit, static_argnums=3)
def _replicates(root: jax.Array, words: jax.Array, start: jax.Array, count: int) -> jax.Array:
    """The words of the keys, (count, 2)."""
    stream = fold(root, words[0], words[1])
    numbers = start + jnp.arange(count, dtype=jnp.uint32)
    return jax.vmap(lambda number: fold(stream, 0, number))(numbers)


def truth_key(seed: int, world: str, estimand: str, cell: str = "") -> jax.Array:
    """The typed key of a truth that has to be sampled."""
    stream = fold(stream_of(seed), *name_words(f"{_placed(world, cell)}/{estimand}", "truth"))
    return jax.random.wrap_key_data(stream, impl="threefry2x32")


def _placed(world: str, cell: str) -> str:
    return f"{world} {cell}" if cell else world
