"""Exact means: finite noise enumerated, all other noise passed through affine assignments.

The units are split into *states*, one for each combination of the finite noises that must be
told apart. In each state every variable is known, or known to be affine in what is random, so
that its conditional mean follows from its parents' means. Only noise that enters somewhere
otherwise than linearly is enumerated; a linear model has one state, a finite model as many as it
has configurations.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.leaves import unflatten
from scm.core.mechanism import Mechanism
from scm.core.structure import System
from scm.noise.laws.domain import bounded_leaves, mean_of, valid
from scm.noise.laws.finite import probabilities, support_of
from scm.solve.acyclic import split
from scm.truth.affine import Part, means
from scm.truth.batches import Asked
from scm.truth.question import Mean
from scm.truth.result import Truth

__all__ = ["exact"]

_MOST_STATES = 1 << 21

Origin = tuple[str, int, str]
"""A finite noise: variable, layer, noise name."""


@dataclasses.dataclass(frozen=True)
class _Value:
    """A variable, state by state: (states, *shape) or (*shape), and the finite noises behind it
    that were left random."""

    part: Part
    varies: bool
    behind: frozenset[Origin]


class _NeedsStatesError(Exception):
    """Noises that must be enumerated for the mean to be exact."""

    def __init__(self, origins: frozenset[Origin]) -> None:
        super().__init__()
        self.origins = origins


def exact(asked: Asked) -> Truth | None:
    """The answer to a question, or None where it is not to be had exactly."""
    found = []
    for statistic, each in zip(asked.statistics, asked.values, strict=True):
        bare = len(each.reads) == 1 and not each.jaxpr.eqns and not each.consts
        if not isinstance(statistic, Mean) or not bare:
            return None
        ((world, name),) = each.reads
        found.append(_exact_mean(asked.systems[world], name))
    means = [each[0] for each in found if each is not None]
    if len(means) < len(found):
        return None
    value = asked.question.combine(*means)
    return Truth(value, 0.0 * value, "exact", max(each[1] for each in found if each))


def _exact_mean(system: System, outcome: str) -> tuple[float, int] | None:
    """E[outcome] and the number of states, or None where it is not to be had exactly."""
    structure = system.structure
    needed = [n for n in structure.order if n in structure.ancestors(frozenset({outcome}))]
    told_apart: frozenset[Origin] = frozenset()
    while True:
        try:
            return _Enumeration(system, told_apart).mean(needed, outcome)
        except _NeedsStatesError as finding:
            if finding.origins <= told_apart:
                return None
            told_apart |= finding.origins
        except _NotExactError:
            return None


class _NotExactError(Exception):
    """Too many states, or a law without a mean."""


class _Enumeration:
    """One walk through the variables, with a given set of noises enumerated."""

    def __init__(self, system: System, told_apart: frozenset[Origin]) -> None:
        self.structure, self.numbers = system.structure, system.numbers
        self.told_apart = told_apart
        self.weights = jnp.ones(1)
        self.entered: set[tuple[str, str]] = set()
        self.values: dict[str, _Value] = {}
        self.noises: dict[tuple[str, str], _Value] = {}

    def mean(self, needed: list[str], outcome: str) -> tuple[float, int]:
        for name in needed:
            for depth in self.structure.variables[name].live:
                self.values[name] = self._layer(name, depth)
        value = self.values[outcome]
        column = jnp.asarray(value.part.value, jnp.result_type(float))
        total = float((self.weights * column).sum() if value.varies else column)
        if not np.isfinite(total):
            raise _NotExactError
        return total, len(self.weights)

    def _layer(self, name: str, depth: int) -> _Value:
        mechanism = self.structure.mechanisms[name][depth]
        captured, own, laws = split(self.numbers[name][depth], mechanism)
        if mechanism.jaxpr is None:
            value = jnp.asarray(own[0]).astype(mechanism.out.dtype)
            return _Value(Part(value, False), False, frozenset())
        for each, law in laws.items():
            self._enter((name, depth, each), law)
        # looked up only now: enumerating a noise splits the states of all that came before
        inputs = [self.noises[name, each] for each in sorted(laws)]
        inputs += [self.values[parent] for parent in mechanism.assignment.parents]
        fixed = [Part(jnp.asarray(each), False) for each in (*captured, *own)]
        outputs = self._applied(mechanism, fixed, inputs)
        if mechanism.law is None:
            return _kept(outputs[0])
        origin = (name, depth, mechanism.assignment.fresh)
        return self._drawn(mechanism, outputs, origin)

    def _applied(
        self, mechanism: Mechanism, fixed: list[Part], inputs: list[_Value]
    ) -> list[_Value]:
        assert mechanism.jaxpr is not None
        jaxpr = mechanism.jaxpr.jaxpr
        kinds = [v.aval.dtype for v in jaxpr.invars]
        constants = [
            Part(part.value.astype(kind), False) for part, kind in zip(fixed, kinds, strict=False)
        ]

        def read(parts: list[Part]) -> list[Part]:
            typed = [
                part if part.random else Part(jnp.asarray(part.value).astype(kind), False)
                for part, kind in zip(parts, kinds[len(constants) :], strict=True)
            ]
            return means(jaxpr, [*constants, *typed])

        return self._over_states(read, inputs)

    def _over_states(
        self, read: Callable[[list[Part]], list[Part]], inputs: list[_Value]
    ) -> list[_Value]:
        """Apply a reading of parts in every state; which parts are random is the same in all."""
        behind = frozenset().union(*(each.behind for each in inputs)) if inputs else frozenset()
        flags: list[tuple[bool, bool]] = []

        def one(values: list[Any]) -> list[Any]:
            parts = [Part(v, *each.part[1:]) for v, each in zip(values, inputs, strict=True)]
            outputs = read(parts)
            flags[:] = [(part.random, part.lost) for part in outputs]
            return [jnp.asarray(part.value) for part in outputs]

        values = [each.part.value for each in inputs]
        axes = [0 if each.varies else None for each in inputs]
        varies = any(each.varies for each in inputs)
        outputs = jax.vmap(one, (axes,))(values) if varies else one(values)
        return [
            _Value(Part(value, *flag), varies, behind if flag[0] else frozenset())
            for value, flag in zip(outputs, flags, strict=True)
        ]

    def _enter(self, origin: Origin, law: Any) -> None:
        """A declared noise: its states, or its mean."""
        address = self._address(origin)
        support = support_of(law)
        if support is not None and origin in self.told_apart:
            self.noises[address] = self._split(support, probabilities(law, support)[None])
        else:
            behind = frozenset({origin}) if support is not None else frozenset()
            mean = _mean_of(law)
            if mean is None:
                raise self._without_mean(origin, support)
            self.noises[address] = _Value(Part(mean, True), False, behind)

    def _address(self, origin: Origin) -> tuple[str, str]:
        """The address of a noise, which no other live layer may share: they would be dependent."""
        address = (origin[0], origin[2])
        if address in self.entered:
            raise _NotExactError
        self.entered.add(address)
        return address

    def _drawn(self, mechanism: Mechanism, parameters: list[_Value], origin: Origin) -> _Value:
        """The value of a returned distribution: enumerated, or its mean if that is affine."""

        self._address(origin)

        def law(leaves: list[Any]) -> Any:
            return unflatten(mechanism.law, leaves)

        values = [each.part.value for each in parameters]
        axes = [0 if each.varies else None for each in parameters]
        varies = any(each.varies for each in parameters)
        support = _common_support(law, parameters)
        if origin in self.told_apart:
            if support is None or any(each.part.random for each in parameters):
                raise _NeedsStatesError(frozenset().union(*(each.behind for each in parameters)))
            self._check_domain(law, parameters, axes, [True] * len(parameters))
            chances_of = lambda leaves: probabilities(law(leaves), support)
            chances = jax.vmap(chances_of, (axes,))(values) if varies else chances_of(values)[None]
            return self._split(support.astype(mechanism.out.dtype), chances)
        first = [jnp.shape(v)[1:] if each.varies else jnp.shape(v)
                 for v, each in zip(values, parameters, strict=True)]  # fmt: skip
        shapes = [
            jax.ShapeDtypeStruct(shape, jnp.asarray(v).dtype)
            for shape, v in zip(first, values, strict=True)
        ]
        try:
            closed = jax.make_jaxpr(lambda leaves: mean_of(law(leaves)))(shapes)
        except NotImplementedError:
            raise self._without_mean(origin, support) from None
        consts = [Part(each, False) for each in closed.consts]
        opened = closed.jaxpr.replace(
            invars=[*closed.jaxpr.constvars, *closed.jaxpr.invars], constvars=[]
        )
        reads = {id(v) for eqn in opened.eqns for v in eqn.invars} | {id(v) for v in opened.outvars}
        used = [id(v) in reads for v in opened.invars[len(consts) :]]
        self._check_domain(law, parameters, axes, used)
        (mean,) = self._over_states(lambda parts: means(opened, [*consts, *parts]), parameters)
        mean = _kept(mean)
        if not bool(jnp.isfinite(mean.part.value).all()):
            raise self._without_mean(origin, support)
        own = frozenset({origin}) if support is not None else frozenset()
        return _Value(Part(mean.part.value, True), mean.varies, mean.behind | own)

    def _check_domain(
        self, law: Any, parameters: list[_Value], axes: list[int | None], used: list[bool]
    ) -> None:
        """Parameters that are known must be in bounds in every state; one that is random and must
        stay in bounds is not passed through by its mean, which does not tell whether it does."""
        if not any(each.part.random for each in parameters):
            values = [each.part.value for each in parameters]
            check = lambda leaves: valid(law(leaves))
            fine = jax.vmap(check, (axes,))(values) if 0 in axes else check(values)
            if not bool(fine.all()):
                raise _NotExactError
            return
        shapes = [
            jax.ShapeDtypeStruct(
                jnp.shape(p.part.value)[p.varies :], jnp.asarray(p.part.value).dtype
            )
            for p in parameters
        ]
        bounded = bounded_leaves(law(shapes))
        behind = [
            p.behind
            for p, bound, use in zip(parameters, bounded, used, strict=True)
            if bound and use and p.part.random
        ]
        if behind:
            raise _NeedsStatesError(frozenset().union(*behind))

    def _without_mean(self, origin: Origin, support: Any) -> Exception:
        return _NotExactError() if support is None else _NeedsStatesError(frozenset({origin}))

    def _split(self, support: np.ndarray, chances: jax.Array) -> _Value:
        """Split every state by the values of a finite noise, (states or 1, values) of chances."""
        states, size = len(self.weights), len(support)
        chances_sum = bool((jnp.abs(chances.sum(axis=1) - 1) < 1e-6).all())
        if states * size > _MOST_STATES or not chances_sum or bool((chances < 0).any()):
            raise _NotExactError
        self.weights = (self.weights[:, None] * chances).reshape(-1)
        repeated = lambda each: dataclasses.replace(
            each, part=Part(jnp.repeat(each.part.value, size, axis=0), each.part.random)
        )
        self.values = {k: repeated(v) if v.varies else v for k, v in self.values.items()}
        self.noises = {k: repeated(v) if v.varies else v for k, v in self.noises.items()}
        return _Value(Part(jnp.tile(jnp.asarray(support), states), False), True, frozenset())


def _kept(value: _Value) -> _Value:
    """The value, unless it is lost: then what was left random behind it must be told apart."""
    if value.part.lost:
        raise _NeedsStatesError(value.behind)
    return value


def _common_support(law: Any, parameters: list[_Value]) -> np.ndarray | None:
    """The values of a returned law, if they are the same in all states."""
    found: list[Any] = []
    concrete = [each.part.value for each in parameters if not each.varies]

    def read(varying: list[Any]) -> None:
        still, moving = iter(concrete), iter(varying)
        found.append(support_of(law([next(moving if p.varies else still) for p in parameters])))

    varying = [each.part.value[0] for each in parameters if each.varies]
    jax.eval_shape(read, varying)  # what varies by state is a tracer here, and tells no support
    return found[0]


def _mean_of(law: Any) -> Any:
    """The mean of a declared noise's law, or None."""
    try:
        mean = mean_of(law)
    except NotImplementedError:
        return None
    return mean if bool(jnp.isfinite(mean).all()) else None
