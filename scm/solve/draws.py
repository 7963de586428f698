"""The noises of a model on their own: their laws, and their values for the units of a source."""

from __future__ import annotations

from typing import Any

import jax

from scm.compile.programs import kept, traced
from scm.core.marks import Coupling
from scm.core.mechanism import noise_shape
from scm.core.structure import Structure
from scm.noise.coupling import exposed
from scm.noise.identity import drawn_law
from scm.noise.source import Addressed, Place
from scm.solve.acyclic import split
from scm.solve.protocol import Numbers

__all__ = ["drawn_noise", "laws_of"]


def laws_of(structure: Structure, numbers: Numbers) -> dict[Place, Any]:
    """Every noise's law, its numbers filled in; None for the canonical noise of returned ones."""
    laws: dict[Place, Any] = {}
    for name in structure.order:
        for depth, mechanism in enumerate(structure.mechanisms[name]):
            _, _, declared = split(numbers[name][depth], mechanism)
            laws |= {(name, depth, noise): law for noise, law in declared.items()}
            if mechanism.law is not None:
                laws[name, depth, mechanism.assignment.fresh] = None
    return laws


def drawn_noise(
    structure: Structure,
    coupling: Coupling | None,
    numbers: Numbers,
    source: Addressed,
    place: Place,
) -> jax.Array:
    """One noise for the units of a source: a program of its own, the same whoever asks."""
    name, depth, noise = place
    mechanism = structure.mechanisms[name][depth]
    _, _, declared = split(numbers[name][depth], mechanism)
    if noise in declared:
        law = declared[noise]
        job: Any = lambda source, law: source.values(place, law).astype(noise_shape(law).dtype)
        arguments: tuple[Any, ...] = (source, law)
    else:
        drawn = drawn_law(name, mechanism, coupling)
        assert drawn is not None
        job = lambda source: exposed(drawn, source.scores(place, drawn))
        arguments = (source,)
        law = drawn
    if traced(arguments):
        return job(*arguments)
    kind = (law.family, law.kind, law.shape) if noise not in declared else None
    return kept(("noise", (name, noise), kind), lambda: job)(*arguments)
