"""The table of laws: from a numpyro distribution to the way its values are made from scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

import jax
from numpyro.distributions import Distribution

from scm.noise.score import Score, WordScore

__all__ = ["Kind", "Law", "law", "law_of", "read_by"]

Kind = Literal["quantile", "score", "gumbel", "sampler"]
"""How a law reads its scores.

``quantile``: one score a component, through the quantile function: increasing in the score.
``score``: standard normal scores, mixed linearly (a multivariate normal through its Cholesky root).
``gumbel``: one score a category; the largest of log-probability plus Gumbel noise wins.
``sampler``: the law has no such form here; its own sampler is called with the unit's random words.
"""


@dataclasses.dataclass(frozen=True)
class Law:
    """How one distribution makes values: ``value(distribution, score)`` for one unit.

    ``family`` is the name under which noises are the same thing with other parameters: two laws
    of one family, under one noise name, act on the same score. ``shape`` is the shape of the
    score of one unit: ``()`` for a scalar, ``(categories,)`` for ``gumbel``.
    """

    family: str
    kind: Kind
    shape: tuple[int, ...]
    value: Callable[[Any, Score], jax.Array]


_READERS: dict[type, Callable[[Any], Law]] = {}


def read_by(*families: type) -> Callable[[Callable[[Any], Law]], Callable[[Any], Law]]:
    """Register a function that reads a distribution of these types (or subtypes) as a `Law`."""

    def register(reader: Callable[[Any], Law]) -> Callable[[Any], Law]:
        for family in families:
            _READERS[family] = reader
        return reader

    return register


def law(name: str, *families: type) -> Callable:
    """Register ``value(distribution, score)`` as the quantile law of these scalar families."""

    def register(value: Callable[[Any, Score], jax.Array]) -> Callable:
        read_by(*families)(lambda _: Law(name, "quantile", (), value))
        return value

    return register


def law_of(distribution: Distribution) -> Law:
    """The law of a distribution: its own, its nearest registered ancestor's, or its sampler.

    >>> from numpyro.distributions import Dirichlet, Normal
    >>> law_of(Normal(0, 1)).kind
    'quantile'
    >>> law_of(Dirichlet([1.0, 1.0])).kind
    'sampler'
    """
    for ancestor in type(distribution).__mro__:
        if ancestor in _READERS:
            return _READERS[ancestor](distribution)
    if type(distribution).icdf is not Distribution.icdf and distribution.event_shape == ():
        return Law(type(distribution).__name__, "quantile", (), _numpyro_quantile)
    return Law(type(distribution).__name__, "sampler", (), _sample)


def _numpyro_quantile(distribution: Any, score: Score) -> jax.Array:
    """numpyro's own quantile function: as exact as it is, save that it sees no upper tail."""
    return distribution.icdf(score.lower)


def _sample(distribution: Any, score: Score) -> jax.Array:
    if not isinstance(score, WordScore):
        raise TypeError(
            f"{type(distribution).__name__} has no quantile function here, only a sampler; "
            "its value cannot be found from a score"
        )
    key = jax.random.wrap_key_data(
        jax.numpy.stack([score.first, score.second]), impl="threefry2x32"
    )
    return distribution.sample(key)
