"""Couplings: how canonical noise makes the value of a distribution that an assignment returns.

What is seen and what is done do not depend on the coupling; what would have been does. Under
``inverse_cdf`` a unit keeps its place in the law, under ``gumbel_max`` its Gumbel noise for each
category (Oberst and Sontag 2019).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri

from scm.core.errors import ModelError
from scm.core.marks import Coupling
from scm.core.pytree import pytree
from scm.noise.laws import Law, law_of
from scm.noise.laws.discrete import gumbel
from scm.noise.laws.finite import probabilities, support_of
from scm.noise.score import NormalScore, Score, WordScore

__all__ = ["coupled", "exposed", "imposed"]


def coupled(name: str, distribution: Any, coupling: Coupling | None) -> Law:
    """The law of a returned distribution under a coupling; None is the law's own.

    Raises `ModelError` for categories under ``inverse_cdf``, and for a law without finite support
    under ``gumbel_max``.
    """
    law = law_of(distribution)
    if coupling is None or (coupling == "gumbel_max" and law.kind == "gumbel"):
        return law
    if coupling == "inverse_cdf":
        if law.kind == "gumbel":
            raise ModelError(
                f"{name}: coupling='inverse_cdf' wants ordered values, but {law.family} is a law "
                f"of unordered categories; write coupling='gumbel_max', or return an ordered law "
                "(OrderedLogistic, Binomial), or compare a uniform noise with thresholds"
            )
        if law.kind == "sampler":
            raise ModelError(
                f"{name}: coupling='inverse_cdf' wants a quantile function, but {law.family} has "
                "only a sampler here; leave coupling out (its counterfactuals are then refused)"
            )
        return law
    values = support_of(distribution)
    if values is None:
        raise ModelError(
            f"{name}: coupling='gumbel_max' wants finitely many values, but {law.family} has no "
            "finite list of them; write coupling='inverse_cdf'"
        )
    return Law(law.family, "gumbel", (len(values),), _gumbel_max)


def _gumbel_max(distribution: Any, score: Score) -> jax.Array:
    values = support_of(distribution)
    scores = jnp.log(probabilities(distribution, values)) + gumbel(score)
    return jnp.asarray(values)[jnp.argmax(scores, axis=-1)]


@pytree
class _GumbelScore(Score):
    """The score of standard Gumbel values."""

    value: jax.Array

    @property
    def lower(self) -> jax.Array:
        return jnp.exp(-jnp.exp(-self.value))

    @property
    def upper(self) -> jax.Array:
        return -jnp.expm1(-jnp.exp(-self.value))

    @property
    def normal(self) -> jax.Array:
        return jnp.where(self.value < 0, ndtri(self.lower), -ndtri(self.upper))


def exposed(law: Law, score: Score) -> jax.Array:
    """A score as the value that a world shows for canonical noise.

    A standard normal score for ``inverse_cdf`` and multivariate normal laws, Gumbel values for
    ``gumbel_max``, and the unit's two random words for a law that only has a sampler.
    """
    if law.kind == "gumbel":
        return gumbel(score)
    if law.kind == "sampler":
        assert isinstance(score, WordScore)
        return jnp.stack([score.first, score.second], axis=-1)
    return score.normal


def imposed(law: Law, value: Any) -> Score:
    """The score that a value of canonical noise stands for: the inverse of `exposed`."""
    if law.kind == "gumbel":
        return _GumbelScore(jnp.asarray(value))
    if law.kind == "sampler":
        words = jnp.asarray(value, np.uint32)
        return WordScore(words[..., 0], words[..., 1])
    return NormalScore(jnp.asarray(value))
