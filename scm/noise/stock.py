"""Noise drawn into stock: all noises of a program by one loop, ahead of their use.

Written where it is used, the code that makes a noise is compiled once for every noise, and that is
most of what a program takes to compile. Drawn ahead it is compiled once, at the price of a pass
through memory for each noise. Which it is changes no bit of the noise.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from scm.core.pytree import pytree
from scm.noise.address import component_streams
from scm.noise.laws import Law
from scm.noise.score import NormalScore, Score, WordScore
from scm.noise.source import Address, Drawn, Place, Source, by_scores
from scm.noise.words import words

__all__ = ["Stocked", "stocked"]


@pytree
class Stocked(Source):
    """A source some of whose noises are in stock."""

    drawn: Drawn
    scored: Mapping[Address, Score]

    def scores(self, place: Place, law: Law) -> Score:
        address = (place[0], place[2])
        if address in self.scored:
            return self.scored[address]
        return self.drawn.scores(place, law)

    def values(self, place: Place, distribution: Any) -> jax.Array:
        return by_scores(self, place, distribution)


def stocked(drawn: Drawn, laws: Mapping[Address, Law]) -> Stocked:
    """The source with these noises in stock; traceable.

    Scalar normal noise is kept as normal scores, all other as words, component by component: a
    loop over long rows, where the components side by side would be many short ones.
    """
    normal = [each for each, law in laws.items() if law.family == "Normal" and law.shape == ()]
    other = [each for each in laws if each not in normal]
    scored: dict[Address, Score] = {}

    def score(stream: Any) -> WordScore:
        return WordScore(*words(stream, drawn.units.numbers))

    def stack(addresses: Sequence[Address]) -> Any:
        return jnp.stack([drawn.streams[each] for each in addresses])

    if normal:
        # made before it is stored, so that several threads may make it
        make = lambda stream: jax.lax.optimization_barrier(score(stream).normal)
        made = jax.lax.map(make, stack(normal))
        for at, each in enumerate(normal):
            scored[each] = NormalScore(made[at])  # all that a normal law reads
    if other:
        sizes = [math.prod(laws[each].shape) for each in other]
        streams = [_components(drawn.streams[a], laws[a]) for a in other]
        make = lambda stream: jax.lax.optimization_barrier(score(stream))
        kept = jax.lax.map(make, jnp.concatenate(streams))
        for each, end, size in zip(other, itertools.accumulate(sizes), sizes, strict=True):
            shape = laws[each].shape
            scored[each] = jax.tree.map(
                lambda words, end=end, size=size, shape=shape: words[end - size : end].T.reshape(
                    -1, *shape
                ),
                kept,
            )
    return Stocked(drawn, scored)


def _components(stream: Any, law: Law) -> Any:
    """The streams of a noise's components, one below the other; its own if it is a scalar."""
    if law.shape == ():
        return jnp.asarray(stream)[None]
    return component_streams(stream, math.prod(law.shape)).T
