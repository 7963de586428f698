"""Noises behind a truth: what is known of the law of each, in every state."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.leaves import unflatten
from scm.exact.families import FAMILIES, log_odds
from scm.exact.primitives import padded
from scm.exact.values import Address, NotExactError
from scm.noise.laws import law_of
from scm.noise.laws.scores import log_tails

__all__ = ["Noise", "by_law"]


@dataclasses.dataclass(frozen=True, eq=False)
class Noise:
    """A scalar noise under one law; another law at the same address is of the same score.

    Attributes:
      shared: whether it is increasing in a score, as any other law at its address then is.
      family: the standard family that it is of, by the name in `scm.exact.families`.
      support: its values, if they are finitely many, ascending.
      chances: the probability of each, (states or 1, values).
      taken: which of them it has, (states or 1), once its states are told apart.
      law: the structure of a general law; ``leaves`` are its numbers, (states or 1, ...) each.
      mean, variance: of a general law, (states or 1), None where there is none.
      discrete: whether its values are whole numbers.
    """

    address: Address
    shared: bool
    family: str | None = None
    support: np.ndarray | None = None
    chances: np.ndarray | None = None
    taken: np.ndarray | None = None
    law: Any = None
    leaves: tuple[np.ndarray, ...] = ()
    mean: np.ndarray | None = None
    variance: np.ndarray | None = None
    discrete: bool = False

    @property
    def values(self) -> np.ndarray:
        """Its value in each state, where that is told apart."""
        assert self.support is not None
        assert self.taken is not None
        return self.support[self.taken]

    @property
    def arrays(self) -> list[np.ndarray]:
        """All that may differ by state."""
        each = [self.chances, self.taken, *self.leaves, self.mean, self.variance]
        return [x for x in each if x is not None]

    def picked(self, parent: np.ndarray) -> Noise:
        """The noise in new states, each of which was part of the state ``parent``."""
        pick = lambda x: x if x is None or len(x) == 1 else x[parent]
        return dataclasses.replace(
            self,
            chances=pick(self.chances),
            taken=pick(self.taken),
            leaves=tuple(map(pick, self.leaves)),
            mean=pick(self.mean),
            variance=pick(self.variance),
        )

    def same_law(self, other: Noise) -> bool:
        """Whether two noises of one address are one and the same."""
        if (self.family, self.law) != (other.family, other.law):
            return False
        if (self.support is None) != (other.support is None):
            return False
        if self.support is not None:
            return _equal([self.support, self.chances], [other.support, other.chances])
        return _equal(self.leaves, other.leaves)

    @property
    def cuts(self) -> np.ndarray:
        """The places between which its values stand, (states or 1, values - 1)."""
        assert self.chances is not None
        below = np.cumsum(self.chances, axis=1)[:, :-1]
        above = np.cumsum(self.chances[:, ::-1], axis=1)[:, ::-1][:, 1:]
        return log_odds(below, above)

    def places(self, values: np.ndarray) -> np.ndarray | None:
        """The places of values, (states or 1, n): of whole numbers, the last that has them."""
        if self.family is not None:
            return FAMILIES[self.family].place(values)
        structure = self.law
        if structure is None:
            return None

        def one(values: Any, *leaves: Any) -> Any:
            d = unflatten(structure, leaves)
            place = law_of(d).place
            if place is None:
                return None
            support = d.support
            return (
                jax.vmap(lambda v: log_tails(place(d, v)))(values),
                values <= getattr(support, "lower_bound", -jnp.inf),
                values >= getattr(support, "upper_bound", jnp.inf),
            )

        found = by_law("places", structure, one, [values, *self.leaves])
        if found is None:
            return None
        (below, above), under, over = found
        inside = below - above
        if self.discrete:
            return inside
        return np.where(under, -np.inf, np.where(over, np.inf, inside))


def by_law(purpose: str, structure: Any, one: Any, arrays: list[np.ndarray]) -> Any:
    """What a function of a law says in all states, by a kept program."""
    try:
        hash(structure)
    except TypeError:
        raise NotExactError from None
    return padded((purpose, structure), one, arrays)


def _equal(some: Any, others: Any) -> bool:
    """Whether arrays are equal in every state."""
    if len(some) != len(others):
        return False
    for x, y in zip(some, others, strict=True):
        if x.shape[1:] != y.shape[1:] or not bool((x == y).all()):
            return False
    return True
