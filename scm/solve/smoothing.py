"""Derivatives of expectations, through jumps too: what jumps is integrated out.

The derivative of a unit's value along smooth assignments says nothing of jumps: a coin that comes
up heads with probability p is flat in p wherever it does not leap. Its mean is not flat. For every
jump between what is varied and what is asked, a term is added that is exact in the mean:

  a law with values k of probability p_k:       sum over k of  dp_k f_k
  a law with too many values, drawn x:          d(log p(x)) (f - mean of the other units' f)
  a threshold that turns where a gap g is 0:    dg rho(0) (f_above - f_below)

where f_k is the function in the world in which this variable is set to k, all other noise of the
unit being what it is; rho is the density of the gap given everything but one noise in which it is
affine (Leibniz's rule); and dp, dg are derivatives along smooth assignments, jumps upstream having
terms of their own. Two worlds for each threshold and one for each value: their number is the sum
over jumps, not the product. Cf. Glynn (1987) and Fu and Hu (1997) on smoothed perturbation
analysis.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from scm.core.mechanism import Shape
from scm.core.structure import Structure, System
from scm.noise.laws import law_of
from scm.noise.laws.finite import probabilities, support_of
from scm.noise.source import Place, Source
from scm.solve.acyclic import push, split, varies
from scm.solve.flat import evaluated, flat
from scm.solve.imposing import Imposed, inputs_of, replaced
from scm.solve.steps import held, imposed
from scm.solve.varied import Jump

__all__ = ["Smoothing"]

_MANY = 32  # values, beyond which a law is sampled and scored

Columns = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Smoothing:
    """The terms that jumps add to the derivative of a mean, for the units of one source.

    Attributes:
      system: with the numbers that are varied; ``still``: the same held still.
      settled: as ``system``, what jumps being held still; what solves it can be differentiated.
      asked: the variable whose mean it is; ``mean`` that mean, held still.
      columns, fixed: all the variables that matter, varied and held still.
    """

    system: System
    still: System
    settled: System
    source: Source
    n: int
    asked: str
    mean: Any
    columns: Columns
    fixed: Columns

    @property
    def _structure(self) -> Structure:
        return self.still.structure

    def term(self, jump: Jump, place: Place | None) -> Any:
        """A quantity, (*shape, 2), whose derivative is what this jump adds to that of the sums
        over units of the value and of its square about the mean. Its own value means nothing."""
        smooth, worth = self._law(jump) if place is None else self._threshold(jump, place)
        return jnp.einsum("im,im...->...", smooth, lax.stop_gradient(worth))

    # ---------------------------------------------------------------------------------- worlds

    def _asked_of(self, system: System, source: Source, jump_at: str, columns: Columns) -> Any:
        """What is asked of, (n, *shape), where everything downstream of a variable is made anew."""
        moved = self._structure.descendants(frozenset({jump_at}))
        carried = {name: value for name, value in columns.items() if name not in moved}
        return self._worth(system, source, carried)

    def _made(self, system: System, source: Source, carried: Columns, name: str) -> Any:
        value = push(system, source, carried, frozenset({name})).columns[name]
        shape = system.out(name).shape
        value = value if varies(value, shape) else jnp.broadcast_to(value, (self.n, *shape))
        return value.astype(jnp.result_type(float, value.dtype))

    def _worth(self, system: System, source: Source, carried: Columns) -> Any:
        """What is asked of, and its square about the mean: (n, *shape, 2)."""
        return self._both(self._made(system, source, carried, self.asked))

    def _both(self, value: Any) -> Any:
        return jnp.stack([value, jnp.square(value - self.mean)], axis=-1)

    def _with(self, jump: Jump, value: Any) -> Any:
        """What is asked of, in the world in which a noise has, or a variable is, this value."""
        place = (jump.name, jump.depth, jump.noise)
        if jump.declared:
            source = Imposed(self.source, place, value)
            return self._asked_of(self.still, source, jump.name, self.fixed)
        carried = {**self.fixed, jump.name: value}
        moved = self._structure.descendants(frozenset({jump.name})) - {jump.name}
        carried = {name: each for name, each in carried.items() if name not in moved}
        return self._worth(self.still, self.source, carried)

    # ------------------------------------------------------------------------------------ laws

    def _law(self, jump: Jump) -> Any:
        of_unit, own = self._distribution(self.system, self.columns, jump)
        shape = self._noise_shape(jump)
        values = support_of(of_unit(jax.tree.map(lambda x: x[0], own)))
        if values is not None and len(values) <= _MANY:
            chances = jax.vmap(lambda each: probabilities(of_unit(each), values))(own)
            worth = lax.map(
                lambda k: self._with(jump, jnp.full((self.n,), k, shape.dtype)),
                jnp.asarray(values),
            )
            return chances, jnp.moveaxis(worth, 0, 1)
        logs = jax.vmap(lambda each, x: of_unit(each).log_prob(x).sum())(own, self._drawn(jump))
        natural = self._both(self.fixed[self.asked])
        if self.n > 1:  # about the mean of the other units, which their noise knows nothing of
            natural = (natural - natural.mean(axis=0)) * (self.n / (self.n - 1))
        return logs[:, None], natural[:, None]

    def _noise_shape(self, jump: Jump) -> Shape:
        if not jump.declared:
            return self.system.out(jump.name)
        law = self._structure.mechanisms[jump.name][jump.depth].assignment.noise[jump.noise]
        discrete = law.support is not None and law.support.is_discrete
        return Shape(law.event_shape, jnp.result_type(int if discrete else float))

    def _drawn(self, jump: Jump) -> Any:
        """The values that a noise or a variable has in this world."""
        if not jump.declared:
            return self.fixed[jump.name]
        mechanism = self._structure.mechanisms[jump.name][jump.depth]
        _, _, laws = split(self.still.numbers[jump.name][jump.depth], mechanism)
        place = (jump.name, jump.depth, jump.noise)
        return self.source.values(place, laws[jump.noise])

    def _distribution(self, system: System, columns: Columns, jump: Jump) -> Any:
        """A function that rebuilds one unit's law from its inputs, and the inputs of all units."""
        mechanism = self._structure.mechanisms[jump.name][jump.depth]
        captured, own, laws = split(system.numbers[jump.name][jump.depth], mechanism)
        if jump.declared:
            rebuild = lambda _: laws[jump.noise]
            return rebuild, jnp.zeros(self.n)
        noise = {
            each: self.source.values((jump.name, jump.depth, each), law)
            for each, law in laws.items()
        }
        parents = []
        for parent in mechanism.assignment.parents:
            value, shape = columns[parent], system.out(parent).shape
            whole = (self.n, *shape)
            parents.append(value if varies(value, shape) else jnp.broadcast_to(value, whole))
        rebuild = lambda each: mechanism(captured, own, *each)
        return rebuild, (noise, parents)

    # ------------------------------------------------------------------------------ thresholds

    def _threshold(self, jump: Jump, place: Place) -> Any:
        """At u = v - g(v) / slope the gap is zero; its density is that of u there, over |slope|."""
        origin, layer, noise = place
        mechanism = self._structure.mechanisms[origin][layer]
        declared = noise in mechanism.assignment.noise
        words = "its noise" if declared else "it is"
        at = Jump(origin, layer, noise, None, words)
        rebuild, own = self._distribution(self.system, self.columns, at)
        still, fixed_own = self._distribution(self.still, self.fixed, at)
        drawn = self._drawn(at)

        def gap(system: System, columns: Columns, value: Any) -> Any:
            return self._gap(system, columns, jump, at, value)

        found, slope = jax.jvp(
            lambda value: gap(self.still, self.fixed, value), (drawn,), (jnp.ones_like(drawn),)
        )
        size = found.shape[1]

        def boundary(which: Any) -> tuple[Any, Any]:
            steep = slope[:, which]
            crossing = drawn - found[:, which] / jnp.where(steep == 0, 1, steep)
            inside = jax.vmap(lambda each, x: _inside(still(each), x))(fixed_own, crossing)
            inside = inside & (steep != 0) & jnp.isfinite(crossing)
            crossing = jnp.where(inside, crossing, drawn)
            log = jax.vmap(lambda each, x: still(each).log_prob(x))(fixed_own, crossing)
            density = jnp.where(inside, jnp.exp(log) / jnp.where(inside, jnp.abs(steep), 1), 0)
            # a hair to either side, half and half: of two thresholds that turn at the same place
            # each then finds the other turned in one half of its worth, and their sum is right
            size_of = jnp.maximum(jnp.abs(crossing), jnp.abs(drawn))
            hair = jnp.where(inside, 8 * jnp.finfo(crossing.dtype).eps ** 0.75 * size_of, 0)

            def side(shift: Any) -> Any:
                told = lambda up: self._told(jump, at, which, jnp.asarray(up), crossing + shift)
                return told(True) - told(False)

            worth = lax.map(side, jnp.stack([hair, -hair])).mean(axis=0)
            return crossing, worth * density.reshape(-1, *(1 for _ in worth.shape[1:]))

        crossings, worth = lax.map(boundary, jnp.arange(size))
        value_at = self._kept_score(at, rebuild, own, still, fixed_own)
        gaps = [
            gap(self.settled, self.columns, value_at(crossings[which]))[:, which]
            for which in range(size)
        ]
        return jnp.stack(gaps, axis=1), jnp.moveaxis(worth, 0, 1)

    def _kept_score(self, at: Jump, rebuild: Any, own: Any, still: Any, fixed: Any) -> Callable:
        """The value at which a noise stands, moving with its law's parameters at a fixed score."""

        def moved(value: Any) -> Any:
            def one(each: Any, fixed_each: Any, x: Any) -> Any:
                law = law_of(still(fixed_each))
                if law.place is None:
                    return x
                score = lax.stop_gradient(law.place(still(fixed_each), x))
                shift = law.value(rebuild(each), score)
                return x + (shift - lax.stop_gradient(shift))

            return jax.vmap(one)(own, fixed, value)

        return moved

    def _gap(self, system: System, columns: Columns, jump: Jump, at: Jump, value: Any) -> Any:
        """The gap of a threshold, (n, m), where a noise is what it is told to be."""
        assert jump.step is not None
        step, name, depth = jump.step.at, jump.name, jump.depth
        mechanism = self._structure.mechanisms[name][depth]
        closed = flat(mechanism.jaxpr)  # type: ignore[arg-type]
        still = held(closed.jaxpr, range(len(closed.jaxpr.eqns)))

        def compared(*inputs: Any) -> Any:
            found: list[Any] = []

            def hook(place: int, equation: Any, values: list[Any]) -> Any:
                if place == step:
                    found[:] = values
                return still(place, equation, values)

            evaluated(closed.jaxpr, inputs, hook)
            left, right = found[0], found[1] if len(found) > 1 else jnp.zeros_like(found[0])
            return jnp.ravel(left - right)

        jaxpr = jax.make_jaxpr(compared)(*inputs_of(closed))
        shape = Shape(jaxpr.out_avals[0].shape, jaxpr.out_avals[0].dtype)
        probe = dataclasses.replace(mechanism, jaxpr=jaxpr, law=None, out=shape)
        probed = replaced(system, name, depth, probe)
        source, carried = self._told_source(at, value, columns)
        moved = self._structure.descendants(frozenset({at.name}))
        kept = {each: held for each, held in carried.items() if each not in moved}
        if not at.declared:
            kept[at.name] = value
        kept.pop(name, None)
        parents = mechanism.assignment.parents
        read = {id(v) for equation in flat(jaxpr).jaxpr.eqns for v in equation.invars}
        of_flat = flat(jaxpr).jaxpr.invars[len(jaxpr.jaxpr.invars) - len(parents) :]
        unread = [p for p, v in zip(parents, of_flat, strict=True) if id(v) not in read]
        kept |= {parent: columns[parent] for parent in unread}  # not to be made for nothing
        return self._made(probed, source, kept, name)

    def _told_source(self, at: Jump, value: Any, columns: Columns) -> tuple[Source, Columns]:
        if at.declared:
            return Imposed(self.source, (at.name, at.depth, at.noise), value), columns
        return self.source, {**columns, at.name: value}

    def _told(self, jump: Jump, at: Jump, which: Any, above: Any, value: Any) -> Any:
        """What is asked of, in the world in which a noise has this value and a threshold comes out
        as told."""
        assert jump.step is not None
        step, name, depth = jump.step.at, jump.name, jump.depth
        mechanism = self._structure.mechanisms[name][depth]
        closed = flat(mechanism.jaxpr)  # type: ignore[arg-type]
        shape = closed.jaxpr.eqns[step].outvars[0].aval.shape

        def told(which: Any, above: Any, *inputs: Any) -> Any:
            size = max(1, int(jnp.size(jnp.zeros(shape))))
            mask = jnp.arange(size).reshape(shape) == which
            return evaluated(closed.jaxpr, inputs, imposed(closed.jaxpr, step, mask, above))

        heads = [Shape((), which.dtype), Shape((), jnp.dtype(bool))]
        jaxpr = jax.make_jaxpr(told)(*heads, *inputs_of(closed))
        captured = (0, False, *mechanism.captured)
        changed = dataclasses.replace(mechanism, jaxpr=jaxpr, captured=captured)
        system = replaced(self.still, name, depth, changed, (which, above))
        source, columns = self._told_source(at, value, self.fixed)
        moved = self._structure.descendants(frozenset({at.name}))
        kept = {each: held for each, held in columns.items() if each not in moved}
        if not at.declared:
            kept[at.name] = value
        return self._worth(system, source, kept)


def _inside(law: Any, value: Any) -> Any:
    return jnp.asarray(True) if law.support is None else law.support(value)
