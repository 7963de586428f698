"""Noise identity: which noises a model has, under which laws, and that no name means two things."""

from __future__ import annotations

import weakref
from typing import Any

import jax

from scm.core.errors import ModelError
from scm.core.leaves import unflatten
from scm.core.marks import Coupling
from scm.core.mechanism import Mechanism
from scm.core.structure import Structure
from scm.noise.address import name_words
from scm.noise.coupling import coupled
from scm.noise.laws import Law, law_of
from scm.noise.source import Address, Place

__all__ = ["check_noises", "drawn_law", "noise_names", "static_law"]


def static_law(distribution: Any) -> Law:
    """The law of a distribution whose parameters may be shapes only."""
    known = _STATIC.get(id(distribution))
    if known is None or known[0]() is not distribution:
        found = _statically(law_of, distribution)
        forget = lambda _, key=id(distribution): _STATIC.pop(key, None)
        known = (weakref.ref(distribution, forget), found)
        _STATIC[id(distribution)] = known
    return known[1]


_DRAWN: weakref.WeakKeyDictionary[Mechanism, dict[Coupling | None, Law]]
_DRAWN = weakref.WeakKeyDictionary()
_STATIC: dict[int, tuple[weakref.ref, Law]] = {}
_NAMES: weakref.WeakKeyDictionary[Structure, dict[Address, Place]] = weakref.WeakKeyDictionary()


def drawn_law(name: str, mechanism: Mechanism, coupling: Coupling | None) -> Law | None:
    """The law of the distribution that a mechanism returns, under its coupling; None if none.

    A coupling named on the assignment binds; one named for the whole model binds where the values
    are finitely many or unordered, and leaves other laws alone.
    """
    if mechanism.law is None or mechanism.jaxpr is None:
        return None
    known = _DRAWN.setdefault(mechanism, {})
    if coupling not in known:
        known[coupling] = _coupled_law(name, mechanism, coupling)
    return known[coupling]


def _coupled_law(name: str, mechanism: Mechanism, coupling: Coupling | None) -> Law:
    assert mechanism.jaxpr is not None
    shapes = [each.aval for each in mechanism.jaxpr.jaxpr.outvars]
    parameters = [jax.ShapeDtypeStruct(each.shape, each.dtype) for each in shapes]
    returned = unflatten(mechanism.law, parameters)
    own = mechanism.assignment.coupling
    if own is not None:
        return _statically(lambda d: coupled(name, d, own), returned)
    if coupling == "gumbel_max":
        try:
            return _statically(lambda d: coupled(name, d, coupling), returned)
        except ModelError:
            return static_law(returned)
    if coupling == "inverse_cdf" and returned.is_discrete:
        return _statically(lambda d: coupled(name, d, coupling), returned)
    return static_law(returned)


def _statically(read: Any, distribution: Any) -> Law:
    """What ``read`` says of a distribution, in a trace that computes nothing."""
    found: list[Law] = []
    leaves, structure = jax.tree.flatten(distribution)
    jax.eval_shape(lambda leaves: found.append(read(jax.tree.unflatten(structure, leaves))), leaves)
    return found[0]


def noise_names(structure: Structure) -> dict[Address, Place]:
    """Every noise of a model: its address, and the topmost layer that has it."""
    if structure not in _NAMES:
        found: dict[Address, Place] = {}
        for name in structure.order:
            for depth, mechanism in enumerate(structure.mechanisms[name]):
                for noise in mechanism.assignment.noise:
                    found[name, noise] = (name, depth, noise)
                if mechanism.law is not None:
                    fresh = mechanism.assignment.fresh
                    found[name, fresh] = (name, depth, fresh)
        _NAMES[structure] = found
    return _NAMES[structure]


def check_noises(structure: Structure, coupling: Coupling | None) -> None:
    """Refuses one noise name with two families, and two noises with one address."""
    places: dict[tuple[int, int], tuple[str, str]] = {}
    for name in structure.variables:
        families: dict[str, tuple[str, int]] = {}
        for depth, mechanism in enumerate(structure.mechanisms[name]):
            for noise, family in _families(name, mechanism, coupling):
                before, where = families.setdefault(noise, (family, depth))
                if before != family:
                    raise ModelError(_changed(name, noise, before, where, family))
                other = places.setdefault(name_words(name, noise), (name, noise))
                if other != (name, noise):
                    raise ModelError(
                        f"the noises {other} and {(name, noise)} have the same 64-bit address; "
                        f"rename the variable {name}"
                    )


def _families(name: str, mechanism: Mechanism, coupling: Coupling | None) -> list[tuple[str, str]]:
    assignment = mechanism.assignment
    named = [(each, _kind(static_law(law))) for each, law in assignment.noise.items()]
    drawn = drawn_law(name, mechanism, coupling)
    if drawn is None:
        return named
    if assignment.fresh in assignment.noise:
        raise ModelError(
            f"{name}: its function returns a distribution, whose canonical noise is called "
            f"{assignment.fresh!r}, and also declares a noise of that name; rename the declared one"
        )
    return [*named, (assignment.fresh, _kind(drawn))]


def _kind(law: Law) -> str:
    """What must stay under one noise name: the family, and the kind of score it is made from."""
    usual = "gumbel" if law.family == "Categorical" else "quantile"
    return law.family if law.kind in (usual, "score", "sampler") else f"{law.family} by {law.kind}"


def _changed(name: str, noise: str, before: str, where: int, after: str) -> str:
    origin = "in the model" if where == 0 else "in an earlier do"
    return (
        f"do({name}=...): the noise {noise!r} of {name} is {before} {origin}, given {after}; "
        f"under one name a unit keeps its noise, so the family must stay: write {noise}={before}"
        f"(...) with other parameters, or give fresh noise another name, such as {noise}_new"
    )
