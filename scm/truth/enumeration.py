"""States: finite noise enumerated, all other noise passed through affine assignments as means.

The units are split into *states*, one for each combination of the finite noises that must be
told apart. In each state every variable of every world is known, or known to be affine in what is
random, so that its conditional mean follows from its parents' means. Only noise that enters
somewhere otherwise than linearly is told apart; a linear model has one state, a finite model as
many as it has configurations.

Worlds share their noise. A declared noise is one value in all of them; the canonical noise of a
returned law is a place in (0, 1), of which each world's law has made cells: a state that has been
told apart in two worlds is an intersection of cells.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.leaves import unflatten
from scm.core.mechanism import Mechanism
from scm.core.structure import System
from scm.noise.identity import drawn_law
from scm.noise.laws.domain import bounded_leaves, mean_of, valid
from scm.noise.laws.finite import probabilities, support_of
from scm.noise.source import Address
from scm.solve.acyclic import split
from scm.truth.affine import Part, means
from scm.truth.question import Integrand

__all__ = ["Enumeration", "NeedsStatesError", "NotExactError"]

_MOST_STATES = 1 << 21

Node = tuple[str, str]
"""A variable of a world."""


@dataclasses.dataclass(frozen=True)
class _Value:
    """A variable, state by state: (states, *shape) or (*shape), and the finite noises behind it
    that were left random."""

    part: Part
    varies: bool
    behind: frozenset[Address]


class NeedsStatesError(Exception):
    """Noises that must be enumerated for the mean to be exact."""

    def __init__(self, origins: frozenset[Address]) -> None:
        super().__init__()
        self.origins = origins


class NotExactError(Exception):
    """Too many states, or a law without a mean."""


class Enumeration:
    """One walk through the variables of all worlds, with a given set of noises enumerated."""

    def __init__(self, systems: Mapping[str, System], told_apart: frozenset[Address]) -> None:
        self.systems, self.told_apart = systems, told_apart
        self.weights = jnp.ones(1)
        self.same: dict[Node, Node] = {}
        self.values: dict[Node, _Value] = {}
        self.noises: dict[Address, tuple[Any, _Value]] = {}
        self.spans: dict[Address, tuple[jax.Array, jax.Array]] = {}
        self.entered: dict[Address, set[Node]] = {}

    def mean(self, asked: Integrand) -> tuple[Any, int]:
        """The mean of a function of a unit in these worlds, and the number of states."""
        for world in dict.fromkeys(world for world, _ in asked.reads):
            self._walk(world, frozenset(name for each, name in asked.reads if each == world))
        inputs = [self.values[self.same[at]] for at in asked.reads]
        fixed = [Part(jnp.asarray(each), False) for each in asked.consts]
        (value,) = self._applied(asked.jaxpr, fixed, inputs)
        value = _kept(value)
        column = jnp.asarray(value.part.value, jnp.result_type(float))
        total = np.asarray(jnp.tensordot(self.weights, column, 1) if value.varies else column)
        if not np.isfinite(total).all():
            raise NotExactError
        return total, len(self.weights)

    def _walk(self, world: str, wanted: frozenset[str]) -> None:
        system = self.systems[world]
        needed = system.structure.ancestors(wanted)
        for name in system.structure.order:
            if name in needed:
                node = (world, name)
                self.same[node] = self._met_before(node) or node
                if self.same[node] == node:
                    for depth in system.structure.variables[name].live:
                        self.values[node] = self._layer(node, depth)

    def _met_before(self, node: Node) -> Node | None:
        """The same variable in a world before, if nothing tells the two apart."""
        world, name = node
        system = self.systems[world]
        variable = system.structure.variables[name]
        for other in self.systems:
            before = self.systems[other]
            if other == world or (other, name) not in self.same:
                continue
            twin = before.structure.variables[name]
            alike = [twin.layers[d] for d in twin.live] == [
                variable.layers[d] for d in variable.live
            ] and all(
                _equal(before.numbers[name][a], system.numbers[name][b])
                for a, b in zip(twin.live, variable.live, strict=True)
            )
            if alike and all(self.same[other, p] == self.same[world, p] for p in twin.parents):
                return self.same[other, name]
        return None

    def _layer(self, node: Node, depth: int) -> _Value:
        world, name = node
        system = self.systems[world]
        mechanism = system.structure.mechanisms[name][depth]
        captured, own, laws = split(system.numbers[name][depth], mechanism)
        if mechanism.jaxpr is None:
            value = jnp.asarray(own[0]).astype(mechanism.out.dtype)
            return _Value(Part(value, False), False, frozenset())
        for each, law in laws.items():
            self._enter((name, each), law)
        # looked up only now: enumerating a noise splits the states of all that came before
        inputs = [self.noises[name, each][1] for each in sorted(laws)]
        inputs += [
            self.values[node if p == name else self.same[world, p]]
            for p in mechanism.assignment.parents
        ]
        fixed = [Part(jnp.asarray(each), False) for each in (*captured, *own)]
        outputs = self._applied(mechanism.jaxpr.jaxpr, fixed, inputs)
        if mechanism.law is None:
            return _kept(outputs[0])
        address = (name, mechanism.assignment.fresh)
        drawn = drawn_law(name, mechanism, system.coupling)
        return self._drawn(node, mechanism, outputs, address, drawn.kind if drawn else "")

    def _applied(self, jaxpr: Any, fixed: list[Part], inputs: list[_Value]) -> list[_Value]:
        """The outputs of a jaxpr of constants and inputs, in every state."""
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

    def _enter(self, address: Address, law: Any) -> None:
        """A declared noise: its states, or its mean. Where it was met before, under the same law,
        it is the same noise; under another it would be a dependent one, which is not followed."""
        if address in self.noises:
            before = self.noises[address][0]
            structures: list[Any] = [jax.tree.structure(each) for each in (before, law)]
            if structures[0] != structures[1] or not _equal(
                jax.tree.leaves(before), jax.tree.leaves(law)
            ):
                raise NotExactError
            return
        if address in self.entered:
            raise NotExactError
        support = support_of(law)
        if support is not None and address in self.told_apart:
            value = self._split(support, probabilities(law, support)[None])
        else:
            behind = frozenset({address}) if support is not None else frozenset()
            mean = _mean_of(law)
            if mean is None:
                raise self._without_mean(address, support)
            value = _Value(Part(mean, True), False, behind)
        self.noises[address] = (law, value)

    def _drawn(
        self, node: Node, mechanism: Mechanism, parameters: list[_Value], origin: Address, kind: str
    ) -> _Value:
        """The value of a returned distribution: enumerated, or its mean if that is affine."""
        met = self.entered.setdefault(origin, set())
        if origin in self.noises or node in met:
            raise NotExactError  # layers of one variable, or a declared noise, share the score
        met.add(node)

        def law(leaves: list[Any]) -> Any:
            return unflatten(mechanism.law, leaves)

        values = [each.part.value for each in parameters]
        axes = [0 if each.varies else None for each in parameters]
        varies = any(each.varies for each in parameters)
        support = _common_support(law, parameters)
        if origin in self.told_apart:
            if support is None or any(each.part.random for each in parameters):
                raise NeedsStatesError(frozenset().union(*(each.behind for each in parameters)))
            self._check_domain(law, parameters, axes, [True] * len(parameters))
            chances_of = lambda leaves: probabilities(law(leaves), support)
            chances = jax.vmap(chances_of, (axes,))(values) if varies else chances_of(values)[None]
            if len(met) > 1 and kind != "quantile":
                raise NotExactError  # Gumbel noise: the joint law of two worlds is no table
            return self._split(support.astype(mechanism.out.dtype), chances, origin)
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
                raise NotExactError
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
            raise NeedsStatesError(frozenset().union(*behind))

    def _without_mean(self, origin: Address, support: Any) -> Exception:
        return NotExactError() if support is None else NeedsStatesError(frozenset({origin}))

    def _split(
        self, support: np.ndarray, chances: jax.Array, origin: Address | None = None
    ) -> _Value:
        """Split every state by the values of a finite noise, (states or 1, values) of chances.

        The noise at ``origin`` is a place in (0, 1): where it was told apart before, in another
        world, its states hold a span of places, and what counts is how the new cells cut it.
        """
        states, size = len(self.weights), len(support)
        chances_sum = bool((jnp.abs(chances.sum(axis=1) - 1) < 1e-6).all())
        if states * size > _MOST_STATES or not chances_sum or bool((chances < 0).any()):
            raise NotExactError
        span = None
        if origin is not None:
            ends = jnp.cumsum(jnp.broadcast_to(chances, (states, size)), axis=1)
            ends = jnp.concatenate([jnp.zeros((states, 1)), ends[:, :-1], jnp.ones((states, 1))], 1)
            low, high = self.spans.get(origin, (jnp.zeros(states), jnp.ones(states)))
            lows = jnp.maximum(low[:, None], ends[:, :-1])
            highs = jnp.maximum(jnp.minimum(high[:, None], ends[:, 1:]), lows)
            if origin in self.spans:
                width = (high - low)[:, None]
                chances = jnp.where(width > 0, (highs - lows) / jnp.where(width > 0, width, 1), 0)
            span = (lows.reshape(-1), highs.reshape(-1))
        self.weights = (self.weights[:, None] * chances).reshape(-1)
        repeat = lambda array: jnp.repeat(array, size, axis=0)
        repeated = lambda each: dataclasses.replace(
            each, part=Part(repeat(each.part.value), each.part.random)
        )
        self.values = {k: repeated(v) if v.varies else v for k, v in self.values.items()}
        self.noises = {
            k: (law, repeated(v) if v.varies else v) for k, (law, v) in self.noises.items()
        }
        self.spans = {k: (repeat(low), repeat(high)) for k, (low, high) in self.spans.items()}
        if origin is not None and span is not None:
            self.spans[origin] = span
        return _Value(Part(jnp.tile(jnp.asarray(support), states), False), True, frozenset())


def _equal(some: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether two lists hold equal numbers."""
    return len(some) == len(others) and all(
        a is b or np.array_equal(a, b) for a, b in zip(some, others, strict=True)
    )


def _kept(value: _Value) -> _Value:
    """The value, unless it is lost: then what was left random behind it must be told apart."""
    if value.part.lost:
        raise NeedsStatesError(value.behind)
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
