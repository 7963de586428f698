"""Loops in exact reading: their equations as layers, and whether they can be solved at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from scm.compile.programs import traced
from scm.core.cycles import path
from scm.core.errors import UnsolvableError
from scm.core.mechanism import Mechanism, Shape, noise_shape
from scm.core.structure import System
from scm.exact.layer import Layer
from scm.exact.reading import run
from scm.exact.states import States
from scm.exact.values import NotExactError, Value, known, lost
from scm.solve.elimination import eliminated
from scm.solve.equilibrium import balanced, slopes

__all__ = ["balance", "check_unique"]


def balance(name: str, loop: Sequence[str], forms: Sequence[Any], out: Shape) -> Layer:
    """The layer of a variable on a loop, which reads the numbers of the loop's equations.

    Arguments:
      forms: where these are, in the order of the loop.
      out: shape and dtype of the variable.
    """
    solve = lambda *forms: balanced(loop, dict(zip(loop, forms, strict=True))).values[name]
    shape = Shape((1 + len(loop),), out.dtype)
    closed = jax.make_jaxpr(solve)(*[shape] * len(loop))
    assert not closed.consts
    return Layer(name, closed.jaxpr, out, tuple(forms), ())


def check_unique(system: System) -> None:
    """Refuse a loop whose equations are known to have no solution, or more than one.

    They are known where slopes depend on params and constants only, and these are not traced.
    """
    structure = system.structure
    if traced(system.numbers):
        return
    for loop in dict.fromkeys(structure.loops.values()):
        makers = slopes(structure, loop)
        rows = [_slopes(system, name, makers[name]) for name in loop]
        if any(row is None for row in rows):
            continue
        with np.errstate(all="ignore"):
            _, _, unique = eliminated(rows, [np.zeros(())] * len(loop), np)  # type: ignore[arg-type]
        if not unique:
            reads = {name: structure.variables[name].parents for name in loop}
            raise UnsolvableError(
                f"the equations of {' and '.join(loop)} have no solution, or more than one: with "
                f"x = B x + c for {path(reads, loop, loop[0])}, the determinant of I - B is zero, "
                f"B being {_shown(rows)}; change a coefficient, or cut the loop: "
                f"do({loop[0]}=...)"
            )


def _slopes(system: System, name: str, makers: Sequence[Mechanism]) -> np.ndarray | None:
    """The slopes of a variable's equation, if they are known numbers."""
    structure, states = system.structure, States()
    below: Value | None = None
    for depth in structure.variables[name].live:
        mechanism = makers[depth]
        assignment, jaxpr = mechanism.assignment, mechanism.jaxpr
        assert jaxpr is not None
        end = len(mechanism.captured) + len(assignment.numbers)
        noises = [noise_shape(assignment.noise[each]) for each in sorted(assignment.noise)]
        inputs = [known(np.asarray(each)) for each in system.numbers[name][depth][:end]]
        inputs += map(_unknown, noises)
        inputs += [
            below if below and parent == name else _outside(system, parent)
            for parent in assignment.parents
        ]
        typed = [
            each if each.random else known(each.const[0].astype(v.aval.dtype))
            for each, v in zip(inputs, jaxpr.jaxpr.invars, strict=True)
        ]
        try:
            (below,) = run(states, jaxpr.jaxpr, typed)
        except NotExactError:
            return None
    assert below is not None
    return None if below.random or len(below.const) > 1 else below.const[0].astype(float)


def _outside(system: System, name: str) -> Value:
    """A parent from outside of a loop: known where it is a constant, a param most often."""
    variable, numbers = system.structure.variables[name], system.numbers[name]
    if variable.layers[-1].form == "constant":
        return known(np.asarray(numbers[-1][0]))
    return _unknown(system.out(name))


def _unknown(shape: Shape) -> Value:
    return lost(shape.shape, np.dtype(shape.dtype), frozenset())


def _shown(rows: Sequence[Any]) -> str:
    each = ["[" + ", ".join(f"{slope:.6g}" for slope in row) + "]" for row in rows]
    return f"[{', '.join(each)}]"
