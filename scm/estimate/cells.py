"""Rows that share their values make a cell, and what is summed over a cell is told to its rows.

So no array here has a length that only the data know: each has one entry a row, and passes through
``jit``, ``vmap`` and ``lax.map``. Rows of weight 0 lie in cells too, and count in none.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.ops import segment_sum

__all__ = ["first_rows", "in_order", "mean_in", "numbered", "positive", "total_in"]


def in_order(columns: Array) -> tuple[Array, Array]:
    """An order of the rows that brings each cell together, and the cells' numbers in that order.

    Arguments:
        columns: (N, k) what tells cells apart; with k = 0 all rows lie in one.

    Returns ``order`` (N,) and ``number`` (N,) int32, not decreasing: row ``order[i]`` lies in cell
    ``number[i]``.
    """
    rows = len(columns)
    if not columns.shape[1]:
        return jnp.arange(rows), jnp.zeros(rows, jnp.int32)
    order = jnp.lexsort(tuple(columns.T))
    ordered = columns[order]
    begins = jnp.any(ordered[1:] != ordered[:-1], axis=1)
    return order, jnp.concatenate([jnp.zeros(1, jnp.int32), jnp.cumsum(begins, dtype=jnp.int32)])


def numbered(columns: Array) -> Array:
    """(N,) int32: the number of the cell in which each row of the columns (N, k) lies.

    >>> numbered(jnp.array([[5.0, 1.0], [2.0, 0.0], [5.0, 1.0]])).tolist()
    [1, 0, 1]
    """
    order, number = in_order(columns)
    return jnp.zeros_like(number).at[order].set(number)


def total_in(cell: Array, x: Array) -> Array:
    """(N,) for each row, the sum of x (N,) over the rows of its cell.

    >>> total_in(jnp.array([1, 0, 1]), jnp.array([10.0, 20.0, 30.0])).tolist()
    [40.0, 20.0, 40.0]
    """
    return segment_sum(x, cell, num_segments=len(cell))[cell]


def mean_in(cell: Array, x: Array, weights: Array) -> tuple[Array, Array]:
    """(N,) and (N,): for each row, the weight of its cell and the weighted mean of x there.

    The mean of a cell without weight is 0.
    """
    size = total_in(cell, weights)
    mean = total_in(cell, weights * x) / positive(size)
    mean = mean + total_in(cell, weights * (x - mean)) / positive(size)  # for float32
    return size, jnp.where(size > 0, mean, 0)


def first_rows(cell: Array, weights: Array) -> Array:
    """(N,) whether a row is the first that counts of its cell: one True a cell that holds any.

    >>> first_rows(jnp.array([1, 0, 1, 0]), jnp.array([0.0, 1.0, 1.0, 3.0])).tolist()
    [False, True, True, False]
    """
    row = jnp.where(weights > 0, jnp.arange(len(cell)), len(cell))
    first = jnp.full_like(row, len(cell)).at[cell].min(row)
    return (weights > 0) & (row == first[cell])


def positive(size: Array) -> Array:
    """The size, and 1 where it is 0: a divisor for sums that are 0 there as well."""
    return jnp.where(size > 0, size, 1)
