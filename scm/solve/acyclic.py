"""Solving without feedback: every variable once, causes first."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from scm.core.mechanism import noise_shape
from scm.core.structure import Structure, System
from scm.noise.identity import drawn_law
from scm.noise.source import Source
from scm.solve.protocol import Columns

__all__ = ["layer_value", "push", "split", "varies"]


def push(
    system: System,
    source: Source,
    carried: Columns,
    wanted: frozenset[str],
) -> dict[str, Any]:
    """Push noise through the assignments in topological order: a `Solver`."""
    columns, structure = dict(carried), system.structure
    needed = _needed(structure, carried, wanted)
    for name in structure.order:
        if name in needed:
            value = None
            for depth in structure.variables[name].live:
                value = layer_value(system, source, columns, name, depth, value)
            columns[name] = value
    return {name: columns[name] for name in structure.order if name in wanted}


def _needed(structure: Structure, carried: Columns, wanted: frozenset[str]) -> set[str]:
    """The variables that must be computed: wanted ones and their ancestors, up to carried ones."""
    needed = set(wanted) - set(carried)
    for name in reversed(structure.order):
        if name in needed:
            needed.update(p for p in structure.variables[name].parents if p not in carried)
    return needed


def layer_value(
    system: System,
    source: Source,
    columns: Columns,
    name: str,
    depth: int,
    below: Any,
) -> Any:
    """One layer of one variable: (n, *shape), or (*shape) if it is the same for all units.

    ``below`` is the value of the layer below, which a function that names its own variable reads.
    """
    mechanism = system.structure.mechanisms[name][depth]
    assignment = mechanism.assignment
    captured, own, laws = split(system.numbers[name][depth], mechanism)
    if mechanism.jaxpr is None:
        return jnp.asarray(own[0]).astype(mechanism.out.dtype)
    noise = {
        each: source.values((name, depth, each), law).astype(noise_shape(law).dtype)
        for each, law in laws.items()
    }
    parents = [below if p == name else columns[p] for p in assignment.parents]
    shapes = [system.out(p).shape for p in assignment.parents]
    axes = [0 if varies(p, shape) else None for p, shape in zip(parents, shapes, strict=True)]
    law = drawn_law(name, mechanism, system.coupling)
    if law is None:
        if not noise and not any(axis == 0 for axis in axes):
            return mechanism(captured, own, noise, parents)
        unit = lambda noise, parents: mechanism(captured, own, noise, parents)
        return jax.vmap(unit, (0, axes))(noise, parents)

    def draw(noise: Any, parents: Any, score: Any) -> Any:
        returned = mechanism(captured, own, noise, parents)
        return law.value(returned, score).astype(mechanism.out.dtype)

    scores = source.scores((name, depth, assignment.fresh), law)
    return jax.vmap(draw, (0, axes, 0))(noise, parents, scores)


def split(numbers: list[Any], mechanism: Any) -> tuple[list[Any], list[Any], dict[str, Any]]:
    """A layer's numbers as captured arrays, the assignment's own, and its noise laws."""
    assignment = mechanism.assignment
    ends = len(mechanism.captured), len(mechanism.captured) + len(assignment.numbers)
    names = sorted(assignment.noise)
    structure = jax.tree.structure([assignment.noise[each] for each in names])
    laws = jax.tree.unflatten(structure, [_narrowed(each) for each in numbers[ends[1] :]])
    return numbers[: ends[0]], numbers[ends[0] : ends[1]], dict(zip(names, laws, strict=True))


def _narrowed(parameter: Any) -> Any:
    """A law's parameter in the present precision; a float32 one among float64 is widened."""
    array = jnp.asarray(parameter)
    wide = jnp.issubdtype(array.dtype, jnp.floating)
    return array.astype(jnp.result_type(float)) if wide else array


def varies(value: Any, shape: tuple[int, ...]) -> bool:
    """Whether a value of a variable of this shape has an axis of units."""
    return jnp.ndim(value) > len(shape)
