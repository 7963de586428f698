"""Noise that was given as values: put to work in a model, and in its interventions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.errors import ModelError, UnknownNameError, suggestion
from scm.core.marks import Coupling
from scm.core.mechanism import noise_shape
from scm.core.pytree import pytree, static
from scm.core.structure import Structure
from scm.noise.coupling import imposed
from scm.noise.identity import drawn_law, noise_names
from scm.noise.laws import law_of
from scm.noise.score import NormalScore, Score
from scm.noise.source import Address, Picked, Place, Placed, Run

__all__ = ["Given", "given"]


@pytree
class Given:
    """Noise by (variable, noise name): what was given of it, or found from evidence.

    Attributes:
      values: noise known by its values. Those of canonical noise are scores and belong to any law
        of the family; those of declared noise to the law in ``laws``.
      laws: the law that each of ``values`` was given under; None for canonical noise.
      scores: declared noise known by its standard normal scores, which belong to any law.
      code: the `scm.compile.codes.Code` of the noise itself: not 0 if it was to be found from
        evidence inside a trace, and was not.
      rest: units whose own noise is drawn where neither says anything; None where it is refused.
    """

    values: dict[Address, jax.Array]
    laws: dict[Address, Any]
    n: int = static()
    scores: dict[Address, jax.Array] = dataclasses.field(default_factory=dict)
    rest: Run | Picked | None = None
    code: Any = 0

    def source(self, laws: Mapping[Place, Any]) -> Placed:
        """The source of a model's noises, whose laws are given; under changed parameters a unit
        keeps its score."""
        held: dict[Place, jax.Array] = {}
        for place, law in laws.items():
            address = (place[0], place[2])
            if address in self.values:
                held[place] = self._under(address, law)
            elif address in self.scores:
                held[place] = _valued(law, NormalScore(self.scores[address]))
        missing = {(place[0], place[2]) for place in laws.keys() - held.keys()}
        drawn = self.rest.source(sorted(missing)) if self.rest is not None else None
        return Placed(held, drawn)

    def rows(self, rows: Any) -> Given:
        """The noise of some units."""
        rest = self.rest
        if rest is not None:
            high, low = rest.numbers
            rest = Picked(rest.root, high[rows], low[rows])
        picked = lambda held: {address: value[rows] for address, value in held.items()}
        return Given(
            picked(self.values), self.laws, len(rows), picked(self.scores), rest, self.code
        )

    def _under(self, address: Address, law: Any) -> jax.Array:
        """Values under the law they were given under, as values under another of the family.

        The law of canonical noise is None here; its values are scores.
        """
        value, before = self.values[address], self.laws[address]
        if (law is None and before is None) or _same(before, law):
            return value
        score = imposed(law_of(law), value) if before is None else _score(address, before, value)
        return score.normal if law is None else _valued(law, score)


def _valued(law: Any, score: Score) -> jax.Array:
    """The values of a law at scores, each with a leading axis of units; of canonical noise the
    scores themselves."""
    if law is None:
        return score.normal
    return jax.vmap(law_of(law).value, (None, 0))(law, score)


def _score(address: Address, law: Any, value: jax.Array) -> Score:
    """The score of values under a continuous law."""
    place = law_of(law).place
    if law.is_discrete or place is None:
        raise ModelError(
            f"the noise {address[1]!r} of {address[0]} is known by its values, and "
            f"{type(law).__name__} values do not tell the scores that other parameters act on; "
            "give the parameters it had, or a fresh noise under another name"
        )
    return jax.vmap(place, (None, 0))(law, value)


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    structures: list[Any] = [jax.tree.structure(each) for each in (one, other)]
    if structures[0] != structures[1]:
        return False
    leaves = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(
        a is b
        or (
            not isinstance(a, jax.core.Tracer)
            and not isinstance(b, jax.core.Tracer)
            and np.array_equal(a, b)
        )
        for a, b in leaves
    )


def given(
    structure: Structure,
    coupling: Coupling | None,
    laws: Mapping[Place, Any],
    noise: Mapping[Address, Any],
) -> Given:
    """Check noise values against a model and hold them.

    Raises `UnknownNameError` for a noise that the model does not have, `ModelError` for a wrong
    shape, values that are not finite, or unequal numbers of units.
    """
    known = noise_names(structure)
    values: dict[Address, jax.Array] = {}
    sizes: dict[Address, int] = {}
    for address, value in noise.items():
        if address not in known:
            shown = address if isinstance(address, str) else "/".join(map(str, address))
            raise UnknownNameError(
                f"evaluate: the model has no noise {shown!r}"
                + suggestion(shown, ["/".join(each) for each in known])
                + " (written (variable, noise): values)"
            )
        values[address] = _checked(structure, coupling, known[address], laws, value)
        sizes[address] = values[address].shape[0]
    if len(set(sizes.values())) > 1:
        shown = ", ".join(f"{v}/{n}: {size}" for (v, n), size in sizes.items())
        raise ModelError(f"evaluate: the noises have different numbers of units: {shown}")
    if not sizes:
        raise ModelError(f"evaluate: no noise is given; the model has {sorted(known)}")
    return Given(values, {a: laws[known[a]] for a in values}, next(iter(sizes.values())))


def _checked(
    structure: Structure, coupling: Coupling | None, place: Place, laws: Mapping, value: Any
) -> jax.Array:
    variable, depth, noise = place
    law = laws[place]
    if law is not None:
        shape, dtype = noise_shape(law).shape, noise_shape(law).dtype
    else:
        drawn = drawn_law(variable, structure.mechanisms[variable][depth], coupling)
        assert drawn is not None
        shape, dtype = drawn.shape, jnp.result_type(float)
        if drawn.kind == "sampler":
            shape, dtype = (2,), jnp.dtype(jnp.uint32)
    array = jnp.asarray(value)
    if array.shape[1:] != shape or array.ndim != len(shape) + 1:
        units = ", ".join(("units", *map(str, shape)))
        raise ModelError(
            f"evaluate: the noise {noise!r} of {variable} must have shape ({units}), "
            f"given {array.shape}"
        )
    if not isinstance(array, jax.core.Tracer) and not bool(jnp.isfinite(array).all()):
        raise ModelError(f"evaluate: the noise {noise!r} of {variable} has values not finite")
    if not array.shape[0]:
        raise ModelError(f"evaluate: the noise {noise!r} of {variable} is given for no unit")
    held = array.astype(dtype)
    if not isinstance(array, jax.core.Tracer) and not _possible(law, array, held):
        raise ModelError(
            f"evaluate: the noise {noise!r} of {variable} has values that "
            f"{type(law).__name__ if law is not None else 'it'} cannot take"
        )
    return held


def _possible(law: Any, given: jax.Array, held: jax.Array) -> bool:
    """Whether values are in a law's support, and kept as they are by its dtype."""
    if jnp.issubdtype(held.dtype, jnp.integer) and not bool((held == given).all()):
        return False
    return law is None or law.support is None or bool(jnp.all(law.support(held)))
