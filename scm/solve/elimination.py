"""Linear equations of few unknowns, written out in plain arithmetic.

Every step is an operation on numbers, for one unit or for arrays of them, so that derivatives,
batches and exact readings (`scm.exact`) pass through it as through any formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

__all__ = ["eliminated"]

_ROUNDING = 32
"""A pivot that is no larger than so many roundings of what it is a difference of, is zero."""


def eliminated(
    slopes: Sequence[Sequence[Any]], rest: Sequence[Any], xp: Any = jnp
) -> tuple[list[Any], list[Any], Any]:
    """The solution of ``x = B x + c``, by elimination with row pivots.

    Arguments:
      slopes: B by rows, an array or a number each; nothing of x reads itself, so that its diagonal
        is zero and is not looked at.
      rest: c.
      xp: the library that computes, of arrays of its kind: ``jax.numpy`` or ``numpy``.

    Returns x, the pivots (whose product is the determinant of I - B up to its sign), and whether
    none of them is zero to rounding, that is, whether x is the only solution.

    >>> x, _, fine = eliminated([[0.0, -0.8], [0.5, 0.0]], [1.0, 2.0])
    >>> [round(float(each), 4) for each in x], bool(fine)
    ([-0.4286, 1.7857], True)
    """
    count = len(rest)
    rows = [
        [xp.asarray(1.0 if i == j else -slope) for j, slope in enumerate(row)]
        for i, row in enumerate(slopes)
    ]
    rest = list(rest)
    sizes = [list(map(xp.abs, row)) for row in rows]  # of the terms that each number sums
    slight = _ROUNDING * jnp.finfo(jnp.result_type(float)).eps
    pivots, fine = [], xp.asarray(True)
    for at in range(count):
        # of two equations the first pivot is 1; of more, one may come to nothing with I - B sound
        for below in range(at + 1, count) if count > 2 else ():
            _larger_first(rows, rest, sizes, at, below, xp)
        pivot = rows[at][at]
        pivots.append(pivot)
        fine = fine & (xp.abs(pivot) > slight * sizes[at][at])
        for below in range(at + 1, count):
            factor = rows[below][at] / pivot
            for column in range(at + 1, count):
                rows[below][column] = rows[below][column] - factor * rows[at][column]
                sizes[below][column] += xp.abs(factor) * sizes[at][column]
            rest[below] = rest[below] - factor * rest[at]
    found: list[Any] = [None] * count
    for at in reversed(range(count)):
        known = sum(rows[at][j] * found[j] for j in range(at + 1, count))
        found[at] = (rest[at] - known) / rows[at][at]
    return found, pivots, fine


def _larger_first(
    rows: list[list[Any]], rest: list[Any], sizes: list[list[Any]], at: int, below: int, xp: Any
) -> None:
    """Exchange two equations where the second has the larger coefficient."""
    turned = xp.abs(rows[below][at]) > xp.abs(rows[at][at])
    first = lambda x, y: xp.where(turned, y, x)
    for table in (rows, sizes):
        x, y = table[at], table[below]
        table[at], table[below] = list(map(first, x, y)), list(map(first, y, x))
    rest[at], rest[below] = first(rest[at], rest[below]), first(rest[below], rest[at])
