"""Noise from points of the unit cube: one coordinate for each scalar component of each noise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from scm.core.pytree import pytree
from scm.noise.laws import Law
from scm.noise.score import WordScore
from scm.noise.source import Address, Place, Source, by_scores

__all__ = ["Pointed"]


@pytree
class Pointed(Source):
    """Noise whose random words were made elsewhere.

    Attributes:
      words: by address, the two words of every component of every unit: uint32 of shape
        (2, n, components).
    """

    words: Mapping[Address, jax.Array]

    def scores(self, place: Place, law: Law) -> WordScore:
        words = self.words[place[0], place[2]]
        shape = (words.shape[1], *law.shape)
        assert words.shape[2] == math.prod(law.shape)
        return WordScore(*(jnp.asarray(each).reshape(shape) for each in words))

    def values(self, place: Place, distribution: Any) -> jax.Array:
        return by_scores(self, place, distribution)
