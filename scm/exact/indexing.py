"""Reading arrays at computed places, in NumPy: JAX's gather and dynamic_slice, state by state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.lax import GatherScatterMode

__all__ = ["dynamic_slice", "gather"]


def dynamic_slice(
    arrays: Sequence[np.ndarray], params: Any, out: Any, real: bool
) -> list[np.ndarray] | None:
    """The slice of a size that starts at a computed place, moved inside where it would not fit."""
    operand, *starts = arrays
    sizes = params["slice_sizes"]
    if len(starts) != len(sizes):
        return None
    last = [have - size for have, size in zip(operand.shape[1:], sizes, strict=True)]
    begin = [np.clip(start, 0, most) for start, most in zip(starts, last, strict=True)]
    rank = len(sizes)
    index = [
        start.astype(np.int64).reshape(-1, *(1,) * rank) + _along(size, axis, rank)
        for axis, (start, size) in enumerate(zip(begin, sizes, strict=True))
    ]
    return [operand[(_states(operand, rank), *index)]]


def gather(
    arrays: Sequence[np.ndarray], params: Any, out: Any, real: bool
) -> list[np.ndarray] | None:
    """Slices of an operand, one for each index: `jax.lax.gather`. None for what has no use here."""
    operand, indices = arrays
    numbers, sizes = params["dimension_numbers"], params["slice_sizes"]
    if numbers.operand_batching_dims:
        return None
    batch = indices.shape[1:-1]
    offsets = [axis for axis in range(len(sizes)) if axis not in numbers.collapsed_slice_dims]
    shape = (*batch, *(sizes[axis] for axis in offsets))
    start, inside = _starts(operand, indices.astype(np.int64), numbers, sizes)
    if params["mode"] == GatherScatterMode.PROMISE_IN_BOUNDS and not inside.all():
        return None
    rank, places = len(shape), []
    for axis, size in enumerate(sizes):
        place = start[axis].reshape(-1, *batch, *(1,) * len(offsets))
        if axis in offsets:
            place = place + _along(size, len(batch) + offsets.index(axis), rank)
        places.append(place)
    found = operand[(_states(operand, rank), *places)]
    found = np.broadcast_to(found, (len(found), *shape))
    if params["mode"] == GatherScatterMode.FILL_OR_DROP and not inside.all():
        fill = _filling(params["fill_value"], found.dtype)
        if fill is None or real:
            return None
        found = np.where(inside.reshape(-1, *batch, *(1,) * len(offsets)), found, fill)
    order = _order(numbers.offset_dims, len(shape), len(batch))
    return [found.transpose(0, *(axis + 1 for axis in order))]


def _starts(
    operand: np.ndarray, indices: np.ndarray, numbers: Any, sizes: Any
) -> tuple[list[np.ndarray], np.ndarray]:
    """Where each slice begins on each axis, moved inside; and which were inside."""
    begin = [np.zeros(indices.shape[:-1], np.int64) for _ in sizes]
    inside = np.ones(indices.shape[:-1], bool)
    for column, axis in enumerate(numbers.start_index_map):
        most = operand.shape[axis + 1] - sizes[axis]
        wanted = indices[..., column]
        begin[axis] = np.clip(wanted, 0, most)
        inside &= (wanted >= 0) & (wanted <= most)
    return begin, inside


def _filling(fill: Any, kind: np.dtype) -> Any:
    """What stands for a value that is not there: not-a-number, or the least whole number."""
    if fill is not None:
        return fill
    if kind.kind == "f":
        return np.nan
    return np.iinfo(kind).min if kind.kind == "i" else None


def _order(offset_dims: Sequence[int], rank: int, batch: int) -> list[int]:
    """Axes in the order of the output: offsets at their places, batch axes in between."""
    batches, offsets = iter(range(batch)), iter(range(batch, rank))
    return [next(offsets) if axis in offset_dims else next(batches) for axis in range(rank)]


def _along(size: int, axis: int, rank: int) -> np.ndarray:
    """0, 1, ..., size - 1 along one axis behind that of the states."""
    return np.arange(size).reshape(1, *(size if i == axis else 1 for i in range(rank)))


def _states(operand: np.ndarray, rank: int) -> np.ndarray:
    """The index along the axis of states: each reads its own operand, or all the only one."""
    return np.arange(len(operand)).reshape(-1, *(1,) * rank)
