"""Laws with finitely many values, as noises that can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpyro import distributions as dist
from scipy import special

from scm.core.leaves import unflatten
from scm.core.mechanism import Shape
from scm.exact.noises import Noise, by_law
from scm.exact.states import MOST_STATES, States
from scm.exact.values import Address, NotExactError, Value
from scm.noise.laws import Law
from scm.noise.laws.domain import valid
from scm.noise.laws.finite import probabilities, support_of

__all__ = ["finite_noise", "finite_vector"]

_MOST_SUPPORTS = 4096
_BERNOULLI = (dist.BernoulliProbs, dist.BernoulliLogits)


def finite_noise(
    states: States,
    structure: Any,
    parameters: Sequence[Value],
    law: Law,
    out: Shape,
    address: Address,
) -> Value | None:
    """A scalar law with known parameters; None if its values are not finitely many."""
    arrays = [each.const for each in parameters]
    support = _support(structure, arrays)
    if support is None or len(support) > MOST_STATES:
        return None
    chances = _chances(structure, arrays, support)
    noise = Noise(address, law.kind == "quantile", None, support.astype(out.dtype), chances)
    return _entered(states, [noise], out)


def finite_vector(
    states: States, base: Any, law: Law, out: Shape, addresses: list[Address]
) -> Value | None:
    """Independent Bernoulli components; None for other laws."""
    if type(base) not in _BERNOULLI or law.kind != "quantile":
        return None
    given = base.probs if type(base) is dist.BernoulliProbs else base.logits
    chance = given.const if type(base) is dist.BernoulliProbs else special.expit(given.const)
    more = (1,) * (len(out.shape) - len(given.shape))
    chance = chance.reshape(len(chance), *more, *given.shape)
    flat = np.broadcast_to(chance, (len(chance), *out.shape)).reshape(len(chance), -1)
    support = np.arange(2).astype(out.dtype)
    return _entered(
        states,
        [
            Noise(address, True, None, support, _checked(np.stack([1 - p, p], axis=1)))
            for address, p in zip(addresses, flat.T, strict=True)
        ],
        out,
    )


def _entered(states: States, noises: list[Noise], out: Shape) -> Value:
    """The value that has these noises for components."""
    numbers = [states.entered(noise) for noise in noises]
    size = len(numbers)
    loads = np.eye(size).reshape(1, size, *out.shape)
    kind = np.dtype(out.dtype)
    frame = {"": Value(np.zeros((1, *out.shape)), kind, tuple(numbers), loads)}
    states.frames.append(frame)
    taken = [n for n in numbers if states.noise(n).taken is not None]
    certain = [n for n, noise in zip(numbers, noises, strict=True) if len(noise.support) == 1]  # type: ignore[arg-type]
    wanted = numbers if states.eager else [*taken, *certain]
    if wanted and not states.all_taken(wanted):
        raise NotExactError
    states.frames.pop()
    return frame[""]


def _support(structure: Any, arrays: list[np.ndarray]) -> np.ndarray | None:
    """All values that a law has in some state; its bounds are whole numbers."""
    first = [each[0] for each in arrays]
    found = support_of(unflatten(structure, first))
    varying = [at for at, x in enumerate(arrays) if len(x) > 1 and x.dtype.kind in "iu"]
    if found is None or not varying:
        return found
    states = len(arrays[varying[0]])
    rows = np.concatenate([arrays[at].reshape(states, -1) for at in varying], axis=1)
    _, some = np.unique(rows, axis=0, return_index=True)
    if len(some) > _MOST_SUPPORTS:
        return None
    supports = []
    for state in some:
        given = [x[state] if at in varying else x[0] for at, x in enumerate(arrays)]
        supports.append(support_of(unflatten(structure, given)))
    return np.unique(np.concatenate(supports))  # type: ignore[arg-type]


def _chances(structure: Any, arrays: list[np.ndarray], support: np.ndarray) -> np.ndarray:
    """The probability of each value in each state, (states or 1, values)."""
    law = unflatten(structure, arrays)
    if type(law) is dist.BernoulliProbs:
        return _checked(np.stack([1 - law.probs, law.probs], axis=1))
    if type(law) is dist.CategoricalProbs:
        return _checked(law.probs)

    def one(support: Any, *leaves: Any) -> Any:
        law = unflatten(structure, leaves)
        return valid(law), probabilities(law, support)

    fine, chances = by_law("chances", structure, one, [support[None], *arrays])
    if not fine.all():
        raise NotExactError
    return _checked(chances)


def _checked(chances: np.ndarray) -> np.ndarray:
    total = chances.sum(axis=1, keepdims=True)
    if not (chances >= 0).all() or not (np.abs(total - 1) < 1e-6).all():
        raise NotExactError
    return chances / total if (total != 1).any() else chances
