"""Scores: what every noise is made of, a number in (0, 1) known with full precision at both ends.

A score says where in its law a unit stands: ``lower`` is the probability below it, ``upper`` the
probability above it, ``normal`` the standard normal quantile. In float32 no single number carries
both tails (1 - 2**-32 rounds to 1), so each is made from the random word, or from the normal
score, on its own. Laws read whichever suits them: an exponential -log(upper), a Bernoulli
``upper < p``.
"""

from __future__ import annotations

import abc

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr, ndtri

from scm.core.pytree import pytree

__all__ = ["NormalScore", "Score", "WordScore"]


class Score(abc.ABC):
    """Places in (0, 1), any shape; ``lower + upper = 1``, ``normal = ndtri(lower)``."""

    @property
    @abc.abstractmethod
    def lower(self) -> jax.Array:
        """The probability below: in (0, 1), exact near 0."""

    @property
    @abc.abstractmethod
    def upper(self) -> jax.Array:
        """The probability above: in (0, 1), exact near 0."""

    @property
    @abc.abstractmethod
    def normal(self) -> jax.Array:
        """The standard normal score: finite, exact in both tails."""


@pytree
class WordScore(Score):
    """The score of random words: uniform on the midpoints of 2**32 (float64: 2**64) cells.

    The first word decides; in float64 the second refines it, so that float64 noise rounds to the
    float32 noise of the same address.
    """

    first: jax.Array
    second: jax.Array

    @property
    def lower(self) -> jax.Array:
        return _probability(self.first, self.second)

    @property
    def upper(self) -> jax.Array:
        return _probability(~self.first, ~self.second)

    @property
    def normal(self) -> jax.Array:
        above = self.first >= np.uint32(2**31)
        flip = jnp.where(above, np.uint32(0xFFFFFFFF), np.uint32(0))
        tail = _probability(self.first ^ flip, self.second ^ flip)
        size = _giles(tail) if tail.dtype == jnp.float32 else -ndtri(tail)
        return jnp.where(above, size, -size)


@pytree
class NormalScore(Score):
    """The score of standard normal values: what evidence and given noise come as."""

    value: jax.Array

    @property
    def lower(self) -> jax.Array:
        return ndtr(self.value)

    @property
    def upper(self) -> jax.Array:
        return ndtr(-self.value)

    @property
    def normal(self) -> jax.Array:
        return self.value


def _probability(first: jax.Array, second: jax.Array) -> jax.Array:
    """The midpoint of a word's cell, kept below 1, which the largest words would round to."""
    if jnp.result_type(float) == jnp.float32:
        value = (first.astype(jnp.float32) + np.float32(0.5)) * np.float32(2.0**-32)
        return jnp.minimum(value, np.float32(1 - 2.0**-24))
    value = first.astype(jnp.float64) * 2.0**-32 + (second.astype(jnp.float64) + 0.5) * 2.0**-64
    return jnp.minimum(value, 1 - 2.0**-53)


# erfinv(x) / x as a polynomial in w - 2.5, w = -log(1 - x^2) < 5: Giles (2010), "Approximating
# the erfinv function", single precision. His second branch ends where float32 can no longer tell x
# from 1 (tail 2**-25); ours, in sqrt(w) - 3, is a minimax fit (relative error 9e-8) that goes on
# to the last tail there is, 2**-33.
_CENTRE = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_TAIL = (
    4.5273384e-05, -0.00018006911, -1.0272064e-05, 0.001316071488, -0.0035907123,
    0.0057597761, -0.0076435711, 0.00943461992, 1.00167536735, 2.83297705650,
)  # fmt: skip


def _giles(tail: jax.Array) -> jax.Array:
    """The positive normal score with probability ``tail`` in (0, 1/2) above it, in float32.

    erfinv(x) at x = 1 - 2 tail. Its argument log(1 - x^2) is taken from the tail itself, so
    nothing is lost as x nears 1.
    """
    w = -jnp.log(4 * tail * (1 - tail))
    ratio = jnp.where(w < 5, _polynomial(_CENTRE, w - 2.5), _polynomial(_TAIL, jnp.sqrt(w) - 3))
    return np.float32(np.sqrt(2)) * (1 - 2 * tail) * ratio


def _polynomial(coefficients: tuple[float, ...], x: jax.Array) -> jax.Array:
    value = jnp.full_like(x, np.float32(coefficients[0]))
    for coefficient in coefficients[1:]:
        value = value * x + np.float32(coefficient)
    return value
