"""The table of laws: from a numpyro distribution to the way its values are made from scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
from numpyro.distributions import Distribution

from scm.noise.score import Score, WordScore

__all__ = ["Kind", "Law", "law", "law_of", "read", "read_by", "sampler"]

Kind = Literal["quantile", "score", "gumbel", "sampler"]
"""How a law reads its scores.

``quantile``: one score a component, through the quantile function: increasing in the score.
``score``: standard normal scores, mixed linearly (a multivariate normal through its Cholesky root,
a Gaussian copula through its marginals' quantiles after that).
``gumbel``: one score a category; the largest of log-probability plus Gumbel noise wins.
``sampler``: the law has no such form here; its own sampler is called with the unit's random words.
"""

Value = Callable[[Any, Score], jax.Array]
Place = Callable[[Any, jax.Array], Score]


@dataclasses.dataclass(frozen=True)
class Law:
    """How one distribution makes values: ``value(distribution, score)`` for one unit.

    ``family`` is the name under which noises are the same thing with other parameters: two laws
    of one family, under one noise name, act on the same score. ``shape`` is the shape of the
    score of one unit: ``()`` for a scalar, ``(categories,)`` for ``gumbel``.

    ``place(distribution, value)`` is the way back, where there is one: the score at which a
    continuous law has this value; for a discrete one the last score that has it, ``lower`` the
    probability of this value or a smaller one.
    """

    family: str
    kind: Kind
    shape: tuple[int, ...]
    value: Value
    place: Place | None = None

    @property
    def account(self) -> str:
        """How values are made from noise, and what that allows, in one line.

        >>> from numpyro.distributions import Dirichlet, Normal
        >>> print(law_of(Normal(0, 1)).account)
        Normal: by its quantile function; a unit keeps its place in the law
        >>> print(law_of(Dirichlet(jax.numpy.ones(2))).account)
        Dirichlet[2]: sampler only; a unit's value cannot be found from a score, nor kept under
        other parameters
        """
        return f"{self.family}: {_ACCOUNTS[self.kind]}"


_ACCOUNTS = {
    "quantile": "by its quantile function; a unit keeps its place in the law",
    "score": "by standard normal scores; a unit keeps its scores",
    "gumbel": "by Gumbel noise for each category, the largest wins; a unit keeps that noise",
    "sampler": "sampler only; a unit's value cannot be found from a score, nor kept under "
    "other parameters",
}


_READERS: dict[type, Callable[[Any], Law]] = {}


def read_by(*families: type) -> Callable[[Callable[[Any], Law]], Callable[[Any], Law]]:
    """Register a function that reads a distribution of these types (or subtypes) as a `Law`."""

    def register(reader: Callable[[Any], Law]) -> Callable[[Any], Law]:
        for family in families:
            _READERS[family] = reader
        return reader

    return register


def law(name: str, *families: type, place: Place | None = None) -> Callable[[Value], Value]:
    """Register ``value(distribution, score)`` as the quantile law of these scalar families.

    ``value`` and ``place`` work componentwise, on parameters and scores of any shapes that fit.
    """

    def register(value: Value) -> Value:
        read_by(*families)(lambda d: Law(name, "quantile", d.batch_shape, value, place))
        return value

    return register


def law_of(distribution: Distribution) -> Law:
    """The law of a distribution: its own, its nearest registered ancestor's, or its sampler.

    >>> from numpyro.distributions import Dirichlet, Normal
    >>> law_of(Normal(0, 1)).kind
    'quantile'
    >>> law_of(Normal(0, 1).expand([3]).to_event(1)).family
    'Normal[3]'
    >>> law_of(Dirichlet(jax.numpy.ones(2))).kind
    'sampler'
    """
    found = read(distribution)
    if distribution.event_shape == ():
        return found
    shape = ",".join(map(str, distribution.event_shape))
    return dataclasses.replace(found, family=f"{found.family}[{shape}]")


def read(distribution: Distribution) -> Law:
    """As `law_of`, of a distribution that may have a batch shape; its family without a shape."""
    for ancestor in type(distribution).__mro__:
        if ancestor in _READERS:
            return _READERS[ancestor](distribution)
    name = type(distribution).__name__
    if type(distribution).icdf is not Distribution.icdf and distribution.event_shape == ():
        return Law(name, "quantile", distribution.batch_shape, _numpyro_quantile)
    return sampler(name)


def sampler(family: str) -> Law:
    """The law of a distribution that can only be sampled."""
    return Law(family, "sampler", (), _sample)


def _numpyro_quantile(distribution: Any, score: Score) -> jax.Array:
    """numpyro's own quantile function: as exact as it is, save that it sees no upper tail."""
    return distribution.icdf(score.lower)


def _sample(distribution: Any, score: Score) -> jax.Array:
    if not isinstance(score, WordScore):
        raise TypeError(
            f"{type(distribution).__name__} has no quantile function here, only a sampler; "
            "its value cannot be found from a score"
        )
    words = jnp.stack([score.first, score.second])
    return distribution.sample(jax.random.wrap_key_data(words, impl="threefry2x32"))
