"""The noises of a model on their own: their laws, and their values for the units of a source."""

from __future__ import annotations

import weakref
from typing import Any

import jax
import jax.numpy as jnp

from scm.compile.programs import kept, traced
from scm.core.mechanism import Mechanism, noise_shape
from scm.core.structure import System
from scm.noise.coupling import exposed
from scm.noise.given import Given
from scm.noise.identity import drawn_law, noise_names
from scm.noise.source import Address, Picked, Place, Run, Source
from scm.solve.acyclic import split

__all__ = ["Origin", "drawn_noise", "laws_of", "source_for"]

Origin = Run | Picked | Given
"""What a world remembers of where its units have their noise from."""


_DECLARED: weakref.WeakKeyDictionary[Mechanism, tuple[list[Any], bool, dict[str, Any]]] = (
    weakref.WeakKeyDictionary()
)
_LAWS: weakref.WeakKeyDictionary[System, dict[Place, Any]] = weakref.WeakKeyDictionary()


def source_for(system: System, origin: Origin) -> Source:
    """What a program of this model draws on, for the units of an origin."""
    if isinstance(origin, Given):
        return origin.source(laws_of(system))
    return origin.source(noise_names(system.structure))


def laws_of(system: System) -> dict[Place, Any]:
    """Every noise's law, its numbers filled in; None for the canonical noise of returned ones."""
    if system in _LAWS:
        return _LAWS[system]
    laws: dict[Place, Any] = {}
    for name in system.structure.order:
        for depth, mechanism in enumerate(system.structure.mechanisms[name]):
            declared = _declared(mechanism, system.numbers[name][depth])
            laws |= {(name, depth, noise): law for noise, law in declared.items()}
            if mechanism.law is not None:
                laws[name, depth, mechanism.assignment.fresh] = None
    if not traced(system.numbers):
        _LAWS[system] = laws
    return laws


def _declared(mechanism: Mechanism, numbers: list[Any]) -> dict[str, Any]:
    """The laws of a mechanism's noises: the same objects for as long as its numbers are the same,
    which they are in all models that `do` makes of one."""
    if not mechanism.assignment.noise:
        return {}
    precision = jax.config.jax_enable_x64  # type: ignore[attr-defined]
    before = _DECLARED.get(mechanism)
    if before is not None and before[0] is numbers and before[1] == precision:
        return before[2]
    laws = split(numbers, mechanism)[2]
    if not traced(numbers):
        _DECLARED[mechanism] = numbers, precision, laws
    return laws


def drawn_noise(system: System, origin: Run | Picked, address: Address) -> jax.Array:
    """One noise for the units of an origin: a program of its own, the same whoever asks."""
    place = noise_names(system.structure)[address]
    name, depth, noise = place
    mechanism = system.structure.mechanisms[name][depth]
    _, _, declared = split(system.numbers[name][depth], mechanism)
    source, law = origin.source([address]), declared.get(noise)
    drawn = drawn_law(name, mechanism, system.coupling) if law is None else None

    def job(source: Source, law: Any) -> jax.Array:
        if drawn is not None:
            return exposed(drawn, source.scores(place, drawn))
        return source.values(place, law).astype(noise_shape(law).dtype)

    if traced((source, law)):
        return job(source, law)
    what = None if drawn is None else (drawn.family, drawn.kind, drawn.shape)
    return kept(("noise", place, what, jnp.result_type(float)), lambda: job)(source, law)
