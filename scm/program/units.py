"""Functions written for one unit, applied to arrays with axes of units and of whatever else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["over_units"]


def over_units(fn: Callable[[Any], Any], inputs: Any, ranks: Any) -> Any:
    """``fn`` of a pytree of one unit's arrays, over all axes that the arrays have more than that.

    NumPyro puts axes in front of that of the units: an outer plate's, or those of a discrete site
    that it enumerates, along which the units have one value in common. They broadcast.

    Arguments:
      inputs: a pytree of arrays, each of shape (*batch, *shape).
      ranks: by array, how many axes ``shape`` has.

    Returns what ``fn`` returns, every leaf with the broadcast ``batch`` in front.

    >>> over_units(lambda x: x.sum(), jnp.ones((4, 3)), 1)
    Array([3., 3., 3., 3.], dtype=float32)
    """
    leaves, structure = jax.tree.flatten(inputs)
    arrays = [jnp.asarray(each) for each in leaves]
    ends = [x.ndim - rank for x, rank in zip(arrays, jax.tree.leaves(ranks), strict=True)]
    batch = jnp.broadcast_shapes(*(x.shape[:end] for x, end in zip(arrays, ends, strict=True)))
    if not batch:
        return fn(inputs)
    flat = [
        jnp.broadcast_to(x, (*batch, *x.shape[end:])).reshape(-1, *x.shape[end:])
        for x, end in zip(arrays, ends, strict=True)
    ]
    found = jax.vmap(lambda *unit: fn(jax.tree.unflatten(structure, unit)))(*flat)
    return jax.tree.map(lambda x: x.reshape(*batch, *x.shape[1:]), found)
