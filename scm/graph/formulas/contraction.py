"""Products of tables summed over variables, one variable at a time."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any

import numpy as np

from scm.graph.formulas.formula import Variable
from scm.graph.formulas.table import check_size

# Values with an axis for each of the variables.
Operand = tuple[tuple[Variable, ...], np.ndarray]


def contract(operands: Iterable[Operand], over: Sequence[Variable]) -> np.ndarray:
    """The product of the operands, with the axes `over`, summed over all other variables.

    The variable that makes the smallest table goes first, so that the whole product is never made.

    Source: Koller and Friedman (2009), Probabilistic graphical models, section 9.3.

    >>> t, y = Variable("T"), Variable("Y")
    >>> contract([((y, t), np.ones((2, 3))), ((t,), np.arange(3.0))], [y])
    array([3., 3.])
    """
    pool = list(operands)
    size = sizes_of(pool)
    while True:
        # In the order of appearance, of which `min` takes the first: the same in every process.
        tables = {v: _joined(pool, v) for have, _ in pool for v in have if v not in over}
        if not tables:
            return _einsum(pool, over, size)
        out = min(tables, key=lambda v: prod(size[w] for w in tables[v]))
        left = tuple(v for v in tables[out] if v != out)
        made = _einsum([operand for operand in pool if out in operand[0]], left, size)
        pool = [*(operand for operand in pool if out not in operand[0]), (left, made)]


def sizes_of(operands: Iterable[Operand]) -> dict[Variable, int]:
    """How long the axis of each variable is."""
    return {v: n for over, array in operands for v, n in zip(over, array.shape, strict=True)}


def _joined(pool: Iterable[Operand], variable: Variable) -> tuple[Variable, ...]:
    """The variables of all tables that have this one."""
    having = (over for over, _ in pool if variable in over)
    return tuple(dict.fromkeys(chain.from_iterable(having)))


def _einsum(
    operands: Sequence[Operand], out: Sequence[Variable], size: Mapping[Variable, int]
) -> np.ndarray:
    if not operands:
        return np.ones(())
    check_size(prod(size[v] for v in out), out)
    # Numbered afresh: einsum has few indices, a large formula many variables.
    number = {v: i for i, v in enumerate(dict.fromkeys(v for over, _ in operands for v in over))}
    told: Iterable[Any] = chain.from_iterable(
        (array, [number[v] for v in over]) for over, array in operands
    )
    return np.einsum(*told, [number[v] for v in out])
