"""Noise whose scores were chosen: points of a grid, or of the unit cube, instead of chance."""

from __future__ import annotations

import math
from collections.abc import Mapping

import jax
import jax.numpy as jnp

from scm.core.pytree import pytree
from scm.noise.laws import Law
from scm.noise.score import Score
from scm.noise.source import Address, Place, Source, by_scores

__all__ = ["Scored"]


@pytree
class Scored(Source):
    """A source of given scores.

    Attributes:
      held: by address, scores of shape (n, components); a law with fewer components reads the
        first of them. Laws that only have a sampler cannot be fed from scores, save from words.
      listed: by address, values of shape (n,) of a declared noise whose values are listed instead.
    """

    held: Mapping[Address, Score]
    listed: Mapping[Address, jax.Array]

    def scores(self, place: Place, law: Law) -> Score:
        score, size = self.held[place[0], place[2]], math.prod(law.shape)
        return jax.tree.map(lambda part: part[:, :size].reshape(-1, *law.shape), score)

    def values(self, place: Place, distribution: object) -> jax.Array:
        address = (place[0], place[2])
        if address in self.listed:
            return jnp.asarray(self.listed[address])
        return by_scores(self, place, distribution)
