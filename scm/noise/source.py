"""Where units have their noise from, and what a program then draws on.

A world remembers an *origin*: a run of units under a key, any units under a key, or noise that was
given. For one model an origin becomes a *source*, which a program asks by place (variable, layer,
noise name) without knowing which it has. The streams of all the noises are found then, at once and
outside the program: their addresses are its inputs, so that programs know nothing of names.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.errors import ModelError
from scm.core.pytree import pytree, static
from scm.noise.address import component_streams, name_words
from scm.noise.coupling import imposed
from scm.noise.laws import Law, law_of
from scm.noise.score import Score, WordScore
from scm.noise.words import Stream, Units, span, threefry, words

__all__ = ["Address", "Drawn", "Picked", "Place", "Placed", "Run", "Source", "by_scores"]

Address = tuple[str, str]
"""Variable and noise name."""

Place = tuple[str, int, str]
"""Variable, layer and noise name. Layers share their noises: the layer is no part of an address."""


class Source(abc.ABC):
    """Noise for the units of one program."""

    @abc.abstractmethod
    def scores(self, place: Place, law: Law) -> Score:
        """Scores of shape (n, *law.shape), for the canonical noise of a returned distribution."""

    @abc.abstractmethod
    def values(self, place: Place, distribution: Any) -> jax.Array:
        """Values of shape (n, *event_shape), of a declared noise under its law."""


@pytree
class Drawn(Source):
    """Noise made from its address."""

    streams: dict[Address, Stream]
    units: Run | Picked

    def scores(self, place: Place, law: Law) -> WordScore:
        variable, _, noise = place
        stream = self.streams[variable, noise]
        high, low = self.units.numbers
        if law.shape == ():
            return WordScore(*words(stream, (high, low)))
        streams = component_streams(stream, math.prod(law.shape))
        first, second = words(streams, (high[:, None], low[:, None]))
        return WordScore(*(each.reshape(-1, *law.shape) for each in (first, second)))

    def values(self, place: Place, distribution: Any) -> jax.Array:
        return by_scores(self, place, distribution)


def by_scores(source: Source, place: Place, distribution: Any) -> jax.Array:
    """The values of a declared noise of a source that has its scores."""
    law = law_of(distribution)
    return jax.vmap(law.value, (None, 0))(distribution, source.scores(place, law))


@pytree
class Placed(Source):
    """Noise held as values, an array for each place, each with a leading axis of units; what is
    not held is drawn, if there is anything to draw on."""

    held: Mapping[Place, jax.Array]
    drawn: Drawn | None = None

    def scores(self, place: Place, law: Law) -> Score:
        if place not in self.held and self.drawn is not None:
            return self.drawn.scores(place, law)
        return imposed(law, self._at(place))

    def values(self, place: Place, distribution: Any) -> jax.Array:
        if place not in self.held and self.drawn is not None:
            return self.drawn.values(place, distribution)
        return self._at(place)

    def _at(self, place: Place) -> jax.Array:
        if place not in self.held:
            variable, _, noise = place
            raise ModelError(
                f"the noise {noise!r} of {variable} is wanted here, but this world was made from "
                f"given noise, and that was not given; add ({variable!r}, {noise!r}) to it"
            )
        return jnp.asarray(self.held[place])


@pytree
class Run:
    """The units ``start, ..., start + n - 1`` under a root stream; ``start`` is two words."""

    root: Stream
    start: Any
    n: int = static()

    @property
    def numbers(self) -> Units:
        """The numbers of the units."""
        return span(self.start, self.n)

    def source(self, addresses: Iterable[Address]) -> Drawn:
        """The source of these noises for these units."""
        return Drawn(_streams(self.root, tuple(addresses)), self)


@pytree
class Picked:
    """Any units under a root stream, by the two words of their numbers."""

    root: Stream
    high: jax.Array
    low: jax.Array

    @property
    def n(self) -> int:
        """The number of units."""
        return self.low.shape[0]

    @property
    def numbers(self) -> Units:
        """The numbers of the units."""
        return self.high, self.low

    def source(self, addresses: Iterable[Address]) -> Drawn:
        """The source of these noises for these units."""
        return Drawn(_streams(self.root, tuple(addresses)), self)


def _streams(root: Stream, addresses: tuple[Address, ...]) -> dict[Address, Stream]:
    """The stream of every address, by one permutation of all their hashes together.

    In NumPy where the root is concrete: a hundred small operations that need no compiler.
    """
    hashes = np.array([name_words(*address) for address in addresses], np.uint32).reshape(-1, 2)
    if not isinstance(root, jax.core.Tracer):
        root = np.asarray(root)
    streams: Any = threefry(root, hashes[:, 0], hashes[:, 1])
    stacked = (np if isinstance(root, np.ndarray) else jnp).stack(streams, axis=-1)
    return {address: stacked[at] for at, address in enumerate(addresses)}
