"""Sources: where a program gets the noise of its units from.

`Run` and `Picked` make it from its address, for units in a row or for any units; `Placed` holds
it as values. A program asks a source by (variable, layer, noise) and never knows which it has.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from scm.core.errors import ModelError
from scm.noise.address import component_streams, stream_at
from scm.noise.coupling import imposed
from scm.noise.laws import Law, law_of
from scm.noise.score import Score, WordScore
from scm.noise.words import Stream, Units, span, words

__all__ = ["Addressed", "Picked", "Place", "Placed", "Run", "Source"]

Place = tuple[str, int, str]
"""Variable, layer and noise name."""


class Source(eqx.Module):
    """Noise for n units: what a program draws on."""

    @abc.abstractmethod
    def scores(self, place: Place, law: Law) -> Score:
        """Scores of shape (n, *law.shape), for the canonical noise of a returned distribution."""

    @abc.abstractmethod
    def values(self, place: Place, distribution: Any) -> jax.Array:
        """Values of shape (n, *event_shape), of a declared noise under its law."""


class Addressed(Source):
    """Noise made from its address; the layer is no part of it, so layers share their noises."""

    @property
    @abc.abstractmethod
    def root(self) -> Stream:
        """The stream of the key."""

    @property
    @abc.abstractmethod
    def units(self) -> Units:
        """The numbers of the units."""

    def scores(self, place: Place, law: Law) -> WordScore:
        variable, _, noise = place
        stream = stream_at(self.root, variable, noise)
        if law.shape == ():
            return WordScore(*words(stream, self.units))
        size = math.prod(law.shape)
        high, low = (each[:, None] for each in self.units)
        first, second = words(component_streams(stream, size), (high, low))
        return WordScore(*(each.reshape(-1, *law.shape) for each in (first, second)))

    def values(self, place: Place, distribution: Any) -> jax.Array:
        law = law_of(distribution)
        return jax.vmap(law.value, (None, 0))(distribution, self.scores(place, law))


class Run(Addressed):
    """The units ``start, ..., start + n - 1``; ``start`` is two uint32 words."""

    stream: Stream
    start: Any
    n: int = eqx.field(static=True)

    @property
    def root(self) -> Stream:
        return self.stream

    @property
    def units(self) -> Units:
        return span(self.start, self.n)


class Picked(Addressed):
    """Any units, by the two words of their numbers."""

    stream: Stream
    high: jax.Array
    low: jax.Array

    @property
    def root(self) -> Stream:
        return self.stream

    @property
    def n(self) -> int:
        """The number of units."""
        return self.low.shape[0]

    @property
    def units(self) -> Units:
        return self.high, self.low


class Placed(Source):
    """Noise held as values, an array for each place, each with a leading axis of n units."""

    held: Mapping[Place, jax.Array]
    n: int = eqx.field(static=True)

    def scores(self, place: Place, law: Law) -> Score:
        return imposed(law, self._at(place))

    def values(self, place: Place, distribution: Any) -> jax.Array:
        return self._at(place)

    def _at(self, place: Place) -> jax.Array:
        if place not in self.held:
            variable, _, noise = place
            raise ModelError(
                f"the noise {noise!r} of {variable} is wanted here, but this world was made from "
                f"given noise, and that was not given; add ({variable!r}, {noise!r}) to it"
            )
        return jnp.asarray(self.held[place])
