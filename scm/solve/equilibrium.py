"""Solving loops: variables that cause each other, found together.

On a loop every assignment is affine in the other variables of the loop, ``x = c + b x``, where c
and b are functions of noise, params and parents from outside. So a loop is taken apart: in place of
each assignment stands the one that makes its numbers (c, b), which reads nothing of the loop and
is a mechanism as any other. What these numbers come to is balanced by elimination.
"""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import jaxpr_as_fun

from scm.core.errors import ModelError
from scm.core.mechanism import Mechanism, Shape
from scm.core.structure import Structure, System
from scm.solve.elimination import eliminated
from scm.solve.flat import flat
from scm.solve.steps import affine

__all__ = ["Balanced", "balanced", "check_affine", "slopes", "taken_apart"]

_APART: weakref.WeakKeyDictionary[Structure, dict[tuple[str, ...], Structure]]
_APART = weakref.WeakKeyDictionary()


class Balanced(NamedTuple):
    """What the equations of a loop come to.

    Attributes:
      values: by variable; not a number where they are not the only solution.
      volume: the absolute value of the determinant of I - B.
      unique: whether that is not zero to rounding.
    """

    values: dict[str, Any]
    volume: Any
    unique: Any


def balanced(
    loop: Sequence[str], forms: Mapping[str, Any], known: Mapping[str, Any] | None = None
) -> Balanced:
    """The values at which the equations of a loop hold at once.

    Arguments:
      loop: its variables.
      forms: by variable the numbers (c, b) of its equation, (..., 1 + variables of the loop).
      known: variables of the loop that have a value already, and keep it.
    """
    known = known or {}
    sought = [name for name in loop if name not in known]
    slope = lambda name, other: forms[name][..., 1 + loop.index(other)]
    rest = []
    for name in sought:
        total = forms[name][..., 0]
        for other, value in known.items():
            total = total + slope(name, other) * value
        rest.append(total)
    among = [[slope(name, other) for other in sought] for name in sought]
    found, pivots, unique = eliminated(among, rest)
    volume = jnp.asarray(1.0)
    for each in pivots:
        volume = volume * jnp.abs(each)
    values = [jnp.where(unique, each, jnp.nan) for each in found]
    return Balanced(dict(zip(sought, values, strict=True)), volume, unique)


def taken_apart(system: System, loop: tuple[str, ...]) -> System:
    """The system in which each variable on a loop is the numbers (c, b) of its equation."""
    known = _APART.setdefault(system.structure, {})
    if loop not in known:
        mechanisms = {**system.structure.mechanisms, **_forms(system.structure, loop, True)}
        known[loop] = dataclasses.replace(system.structure, mechanisms=mechanisms, loops={})
    return dataclasses.replace(system, structure=known[loop])


def slopes(structure: Structure, loop: tuple[str, ...]) -> dict[str, tuple[Mechanism, ...]]:
    """By variable on a loop its layers, as mechanisms that make the slopes b alone: what these
    depend on is what their inputs say."""
    return _forms(structure, loop, False)


def _forms(
    structure: Structure, loop: tuple[str, ...], constant: bool
) -> dict[str, tuple[Mechanism, ...]]:
    found = {}
    for name in loop:
        layers = list(structure.mechanisms[name])
        for depth in structure.variables[name].live:
            layers[depth] = _form(name, layers[depth], loop, constant)
        found[name] = tuple(layers)
    return found


def _form(name: str, mechanism: Mechanism, loop: tuple[str, ...], constant: bool) -> Mechanism:
    """The mechanism that makes the numbers of one layer of a variable on a loop: the constant, if
    it is wanted, and a slope for each variable of the loop.

    It reads the parents from outside; and where it names itself, these numbers of the layer below.
    """
    assert mechanism.jaxpr is not None
    call, reads = jaxpr_as_fun(mechanism.jaxpr), mechanism.assignment.parents
    shapes = [Shape(v.aval.shape, v.aval.dtype) for v in mechanism.jaxpr.jaxpr.invars]
    heads, given = shapes[: len(shapes) - len(reads)], shapes[len(shapes) - len(reads) :]
    outside = tuple(p for p in reads if p not in loop or p == name)
    real = mechanism.out.dtype
    out = Shape((constant + len(loop),), real)

    def form(*inputs: Any) -> Any:
        zero, one = jnp.zeros((), real), jnp.ones((), real)
        fixed, held = inputs[: len(heads)], dict(zip(outside, inputs[len(heads) :], strict=True))
        below = held.pop(name, None)

        def value(inside: Mapping[str, Any]) -> Any:
            read = {**held, **inside}
            typed = [read[p].astype(s.dtype) for p, s in zip(reads, given, strict=True)]
            return call(*fixed, *typed)[0].astype(real)

        at = {p: zero for p in reads if p in loop}
        if below is not None and constant:
            at[name] = below[0]
        numbers = [value(at)] if constant else []
        for number, other in enumerate(loop):
            along = {p: one if p == other else zero for p in at}
            if below is not None:
                along[name] = below[constant + number]
            moves = other in at or below is not None
            numbers.append(jax.jvp(value, (at,), (along,))[1] if moves else zero)
        return jnp.stack(numbers)

    inputs = dict(zip(reads, given, strict=True)) | {name: out}
    closed = jax.make_jaxpr(form)(*heads, *(inputs[p] for p in outside))
    assert not closed.consts
    assignment = dataclasses.replace(mechanism.assignment, parents=outside)
    return dataclasses.replace(mechanism, assignment=assignment, out=out, jaxpr=closed)


def check_affine(structure: Structure) -> None:
    """Refuse a loop on which an assignment is not affine in the variables of the loop."""
    for name, loop in structure.loops.items():
        for depth in structure.variables[name].live:
            mechanism = structure.mechanisms[name][depth]
            assert mechanism.jaxpr is not None
            closed, reads = flat(mechanism.jaxpr).jaxpr, mechanism.assignment.parents
            first = len(closed.invars) - len(reads)
            inputs: list[Any] = [0] * first + [int(p in loop) for p in reads]
            kinds = affine(closed, inputs)
            if any(not hasattr(v, "val") and kinds[v] == 2 for v in closed.outvars):
                inside = " and ".join(p for p in reads if p in loop)
                where = f"do({name}=...)" if depth else name
                raise ModelError(
                    f"{where}: its function is not affine in {inside}, with which it stands on a "
                    "loop; only equations c + b * x are solved, where c and b may depend on "
                    "params, noise and parents outside of the loop. Let its function be affine "
                    f"in {inside}, or cut the loop: leave {inside} out of its parameters"
                )
