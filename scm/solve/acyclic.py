"""Pushing noise through a model: every variable once, or with its loop, causes first."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.errors import ModelError
from scm.core.leaves import unflatten
from scm.core.mechanism import Mechanism, noise_shape
from scm.core.structure import Structure, System
from scm.noise.identity import drawn_law, static_law
from scm.noise.laws import Law
from scm.noise.laws.domain import valid
from scm.noise.source import Address, Drawn, Source
from scm.noise.stock import stocked
from scm.solve.equilibrium import balanced, taken_apart
from scm.solve.jumps import undifferentiated, watched
from scm.solve.protocol import Columns, Solved

__all__ = ["all_finite", "all_lawful", "layer_value", "needed", "push", "split", "varies"]

_STOCKED = 3  # noises, from which on it pays to draw them ahead
_OWN, _MANY = 6, 1 << 18  # noises, units
_LONG = 16  # components of a vector noise


def push(
    system: System,
    source: Source,
    carried: Columns,
    wanted: frozenset[str],
) -> Solved:
    """Push noise through the assignments in topological order: a `Solver`."""
    columns, structure = dict(carried), system.structure
    fine: dict[str, Any] = {}
    unique: dict[str, Any] = {}
    asked = needed(structure, carried, wanted)
    if isinstance(source, Drawn):
        laws = _stocked_laws(system, asked)
        # a few noises of many units are worth their own code: it runs on all threads
        own = len(laws) < _STOCKED or (len(laws) <= _OWN and source.units.n >= _MANY)
        source = source if own else stocked(source, laws)
    for name in structure.order:
        if name not in asked or name in fine:
            continue
        if name in structure.loops:
            unique |= _loop(system, source, columns, fine, structure.loops[name])
        else:
            columns[name], fine[name] = _value(system, source, columns, name)
    return Solved({name: columns[name] for name in structure.order if name in wanted}, fine, unique)


def _value(system: System, source: Source, columns: Columns, name: str) -> tuple[Any, Any]:
    """A variable's value, and whether every law it draws from is defined: as `layer_value`."""
    value, lawful = None, jnp.asarray(True)
    for depth in system.structure.variables[name].live:
        value, defined = layer_value(system, source, columns, name, depth, value)
        lawful = lawful & defined
    return value, lawful


def _loop(
    system: System,
    source: Source,
    columns: dict[str, Any],
    fine: dict[str, Any],
    loop: tuple[str, ...],
) -> dict[str, Any]:
    """Put the values of a loop, save for those that are there, into the columns, and whether laws
    are defined; whether its solution is unique."""
    apart = taken_apart(system, loop)
    known = {name: columns[name] for name in loop if name in columns}
    forms = {}
    for name in loop:
        if name not in known:
            forms[name], fine[name] = _value(apart, source, columns, name)
    found = balanced(loop, forms, known)
    columns.update(found.values)
    return {loop[0]: found.unique}


def needed(structure: Structure, carried: Collection[str], wanted: frozenset[str]) -> set[str]:
    """The variables that must be computed: wanted ones and their ancestors, up to carried ones."""
    found = set(wanted) - set(carried)
    for name in reversed(structure.order):
        if name in found:
            found.update(p for p in structure.reads(name) if p not in carried)
    return found


def _stocked_laws(system: System, needed: set[str]) -> dict[Address, Law]:
    """The laws of the noises that these variables draw on, by address; long vectors left out."""
    found: dict[Address, Law] = {}
    for name in system.structure.order:
        for depth in system.structure.variables[name].live if name in needed else ():
            mechanism = system.structure.mechanisms[name][depth]
            assignment = mechanism.assignment
            found |= {(name, each): static_law(law) for each, law in assignment.noise.items()}
            drawn = drawn_law(name, mechanism, system.coupling)
            if drawn is not None:
                found[name, assignment.fresh] = drawn
    return {
        address: law
        for address, law in found.items()
        if math.prod(law.shape) <= _LONG and law.kind != "sampler"
    }


def layer_value(
    system: System,
    source: Source,
    columns: Columns,
    name: str,
    depth: int,
    below: Any,
) -> tuple[Any, Any]:
    """One layer of one variable, and whether every law it draws from is defined.

    The value has shape (n, *shape), or (*shape) if it is the same for all units; the second is a
    boolean for each unit, or one for all. ``below`` is the value of the layer below, which a
    function that names its own variable reads.
    """
    mechanism = system.structure.mechanisms[name][depth]
    assignment = mechanism.assignment
    captured, own, declared = split(system.numbers[name][depth], mechanism)
    laws = {each: undifferentiated(name, law) for each, law in declared.items()}
    if mechanism.jaxpr is None:
        return _constant(name, own[0], mechanism), jnp.asarray(True)
    mechanism, law = watched(name, mechanism), drawn_law(name, mechanism, system.coupling)
    noise = {
        each: source.values((name, depth, each), law).astype(noise_shape(law).dtype)
        for each, law in laws.items()
    }
    lawful = jnp.asarray(True)
    for each in laws.values():
        lawful = lawful & valid(each)
    parents = [below if p == name else columns[p] for p in assignment.parents]
    shapes = [system.out(p).shape for p in assignment.parents]
    axes = [0 if varies(p, shape) else None for p, shape in zip(parents, shapes, strict=True)]
    if law is None:
        if not noise and 0 not in axes:
            return mechanism(captured, own, noise, parents), lawful
        unit = lambda noise, parents: mechanism(captured, own, noise, parents)
        return jax.vmap(unit, (0, axes))(noise, parents), lawful

    def draw(noise: Any, parents: Any, score: Any) -> tuple[Any, Any]:
        returned = undifferentiated(name, mechanism(captured, own, noise, parents))
        return law.value(returned, score).astype(mechanism.out.dtype), valid(returned)

    scores = source.scores((name, depth, assignment.fresh), law)
    value, defined = jax.vmap(draw, (0, axes, 0))(noise, parents, scores)
    return value, lawful & defined


def _constant(name: str, number: Any, mechanism: Mechanism) -> Any:
    """A constant, or one for each unit. Refuses numbers of a stack of models."""
    value = jnp.asarray(number).astype(mechanism.out.dtype)
    extra = 1 if mechanism.assignment.form == "per unit" else 0
    if value.shape[extra:] != mechanism.out.shape:
        raise ModelError(
            f"{name}: its number has shape {value.shape}, but {name} has shape "
            f"{mechanism.out.shape}; a stack of models goes through jax.vmap"
        )
    return value


def split(numbers: list[Any], mechanism: Any) -> tuple[list[Any], list[Any], dict[str, Any]]:
    """A layer's numbers as captured arrays, the assignment's own, and its noise laws."""
    assignment = mechanism.assignment
    ends = len(mechanism.captured), len(mechanism.captured) + len(assignment.numbers)
    names = sorted(assignment.noise)
    structure = jax.tree.structure([assignment.noise[each] for each in names])
    laws = unflatten(structure, [_narrowed(each) for each in numbers[ends[1] :]])
    return numbers[: ends[0]], numbers[ends[0] : ends[1]], dict(zip(names, laws, strict=True))


def _narrowed(parameter: Any) -> Any:
    """A law's parameter in the present precision; a float32 one among float64 is widened."""
    if isinstance(parameter, np.ndarray | np.generic):  # stays where it is: nothing to dispatch
        wide = parameter.dtype.kind == "f"
        dtype = jnp.result_type(float) if wide else jax.dtypes.canonicalize_dtype(parameter.dtype)
        return parameter.astype(dtype, copy=False)
    array = jnp.asarray(parameter)
    wide = jnp.issubdtype(array.dtype, jnp.floating)
    return array.astype(jnp.result_type(float)) if wide else array


def varies(value: Any, shape: tuple[int, ...]) -> bool:
    """Whether a value of a variable of this shape has an axis of units."""
    return jnp.ndim(value) > len(shape)


def all_lawful(lawful: dict[str, Any]) -> jax.Array:
    """Whether every law of every variable was defined in every unit."""
    fine = jnp.asarray(True)
    for each in lawful.values():
        fine = fine & jnp.all(each)
    return fine


def all_finite(values: Iterable[Any]) -> Any:
    """Whether every number is finite: one pass over all columns of a shape, not one over each."""
    by_shape: dict[tuple[int, ...], Any] = {}
    for value in values:
        if jnp.issubdtype(value.dtype, jnp.inexact):
            found = jnp.isfinite(value)
            by_shape[value.shape] = by_shape.get(value.shape, True) & found
    finite = jnp.asarray(True)
    for each in by_shape.values():
        finite = finite & each.all()
    return finite
