"""What is wrong with a world: which variable, in how many units, the first of them, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import jax
import numpy as np

from scm.compile.codes import Code, message
from scm.core.errors import ModelError, NonFiniteError, UndefinedLawError, UnsolvableError
from scm.noise.given import Given
from scm.solve.acyclic import push
from scm.solve.draws import Origin, source_for

if TYPE_CHECKING:
    from scm.world import World

__all__ = ["check"]


def check(world: World) -> None:
    """Raise `NonFiniteError` or `UndefinedLawError` for a world with a code."""
    code = int(jax.device_get(world.code))
    if not code:
        return
    if code == Code.UNTOLD_NOISE:
        raise ModelError(
            f"{message(code)}; call abduct outside of jit, vmap and grad, where it says which"
        )
    if code == Code.UNSOLVABLE:
        _raise_unsolvable(world)
    name, bad = _culprit(world)  # the first in causal order; others may only inherit it
    reads = world.model.structure.variables[name].parents
    if bad is not None:
        raise UndefinedLawError(
            f"{name}: its law is given a parameter outside its domain in "
            f"{_first(world, reads, bad)}; keep a probability in (0, 1) by "
            "jax.nn.sigmoid, a scale or a rate positive by jnp.exp "
            f"or jax.nn.softplus, in the assignment of {name}"
        )
    values = np.asarray(world[name], float).reshape(world.n, -1)
    bad = ~np.isfinite(values).all(axis=1)
    value = values[bad][0][~np.isfinite(values[bad][0])][0]
    raise NonFiniteError(
        f"{name} is not finite in {_first(world, reads, bad, f'it is {value}')}; look for a "
        "division by zero, a log or root of a negative number, or an overflow in the assignment of "
        f"{name}"
    )


def _raise_unsolvable(world: World) -> None:
    structure = world.model.structure
    for loop in dict.fromkeys(structure.loops.values()):
        bad = ~np.isfinite(np.asarray(world[loop[0]], float))
        if bad.any():
            outside = [p for p in structure.reads(loop[0]) if p not in loop]
            raise UnsolvableError(
                f"the equations of {' and '.join(loop)} have no solution, or more than one, in "
                f"{_first(world, outside, bad)}; keep the product of the coefficients round the "
                f"loop away from 1, or cut it: do({loop[0]}=...)"
            )


def _first(world: World, reads: Sequence[str], bad: np.ndarray, value: str = "") -> str:
    """How many units, the number of the first, and what is read there."""
    row = int(np.flatnonzero(bad)[0])
    parents = {parent: np.asarray(world[parent][row]) for parent in reads}
    shown = [f"{p} = {v:.6g}" if v.ndim == 0 else p for p, v in parents.items()]
    facts = " and ".join(([value] if value else []) + shown)
    return f"{bad.sum():,} of {world.n:,} units; the first is unit {_number(world.origin, row)}" + (
        f", where {facts}" if facts else ""
    )


def _culprit(world: World) -> tuple[str, np.ndarray | None]:
    """The variable that is to blame, and the units in which its law is undefined; None where the
    law is defined and the value not finite."""
    for name in world.model.structure.order:
        lawful = _lawful(world, name)
        if not lawful.all():
            return name, ~lawful
        if not np.isfinite(np.asarray(world.columns[name], float)).all():
            return name, None
    raise AssertionError("a world with a code has a variable to blame")


def _lawful(world: World, name: str) -> np.ndarray:
    """For each unit, whether the laws of one variable were defined: worked out again, in line."""
    system = world.model.system
    carried = {each: value for each, value in world.columns.items() if each != name}
    source = source_for(system, world.origin)
    lawful = push(system, source, carried, frozenset({name})).lawful[name]
    return np.broadcast_to(np.asarray(lawful), (world.n,))


def _number(origin: Origin, row: int) -> int:
    """The number of the unit in a row: its place in the whole of a stream."""
    if isinstance(origin, Given):
        return int(row)
    high, low = origin.numbers
    return (int(high[row]) << 32) | int(low[row])
