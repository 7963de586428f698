"""The sites of a model for some units: one for each variable, and one for each declared noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
from numpyro.distributions import Distribution, Gumbel, Normal

from scm.abduction.composed import (
    Block,
    Noise,
    block_of,
    declared_law,
    live_noises,
    returned_by,
    unit_values,
)
from scm.abduction.strategy import Unit, agrees
from scm.compile.programs import traced
from scm.core.structure import System
from scm.noise.laws.domain import valid
from scm.noise.score import NormalScore
from scm.program.laws import batched, sampled
from scm.program.likelihood import Likelihood, elimination, seen_under, weighed
from scm.program.refusals import (
    check_follows,
    check_support,
    not_eliminated,
    only_sampled,
    without_noise,
)
from scm.program.units import over_units

__all__ = ["Sites"]


class Sites:
    """Makes the sites of one run of a program, causes first.

    Arguments:
      system: the model.
      seen: by variable, what was seen of all units, (n, *shape) in its own dtype.
      n: the number of units.
    """

    def __init__(self, system: System, seen: Mapping[str, Any], n: int) -> None:
        self.system, self.seen, self.n = system, seen, n
        self.values: dict[str, Any] = {}
        self._open: set[str] = set()  # what depends on sites that are sampled, and continuous

    def made(self) -> dict[str, Any]:
        """Every variable's value: (n, *shape), or with more axes in front."""
        variables = self.system.structure.variables
        for name in self.system.structure.order:
            self.values[name] = self._value(name)
        return {
            name: self._spread(name, self.values[name])
            for name, variable in variables.items()
            if variable.role != "param"
        }

    def _value(self, name: str) -> Any:
        noises = live_noises(self.system, name)
        if self._is_drawn(name):
            return self._drawn(name, noises)
        if name not in self.seen:
            return self._computed(name, noises)
        return self._eliminated(name, noises) if noises else self._checked(name)

    def _is_drawn(self, name: str) -> bool:
        """Whether the variable's value is that of a law: no intervention goes on from there."""
        depth, *above = self.system.structure.variables[name].live
        mechanism = self.system.structure.mechanisms[name][depth]
        root = mechanism.assignment.form == "law"
        return not above and (root or mechanism.law is not None)

    # -------------------------------------------------------------------- inputs of one variable

    def _over(self, name: str, fn: Any, held: Mapping[str, Any], ranks: Mapping[str, int]) -> Any:
        """``fn(system, parents, held)`` of one unit, over all units.

        ``held`` are further arrays. What an intervention set, one for each unit, is in the system
        as that unit's number.
        """
        structure = self.system.structure
        parents = {p: self.values[p] for p in structure.variables[name].parents}
        shapes = {p: len(self.system.out(p).shape) for p in parents}
        rows = {str(d): self.system.numbers[name][d][0] for d in self._per_unit(name)}
        own = {d: len(self.system.out(name).shape) for d in rows}

        def unit(each: Any) -> Any:
            parents, held, rows = each
            return fn(_with_rows(self.system, name, rows), parents, held)

        return over_units(unit, (parents, dict(held), rows), (shapes, dict(ranks), own))

    def _per_unit(self, name: str) -> list[int]:
        variable = self.system.structure.variables[name]
        return [depth for depth in variable.live if variable.layers[depth].form == "per unit"]

    def _hears(self, name: str, noises: Sequence[Noise]) -> bool:
        """Whether a variable depends on something continuous that is sampled."""
        parents = self.system.structure.variables[name].parents
        real = any(jnp.issubdtype(each.shape.dtype, jnp.floating) for each in noises)
        return real or not self._open.isdisjoint(parents)

    # ------------------------------------------------------------------------------ unseen

    def _computed(self, name: str, noises: Sequence[Noise]) -> Any:
        """From noises that are sampled, or from parents alone."""
        held = {each.key: self._noise(each) for each in noises}
        ranks = {each.key: len(each.shape.shape) for each in noises}
        by_address = {each.address: each for each in noises}

        def unit(system: System, parents: Any, held: Any) -> Any:
            held = {each.address: held[each.key] for each in noises}
            return unit_values(system, [name], by_address, held, parents)[name]

        value = self._over(name, unit, held, ranks)
        if self._hears(name, noises):
            self._open.add(name)
        if self.system.structure.variables[name].role == "param":
            return value  # the name is for whoever gives the param a prior
        return numpyro.deterministic(name, self._spread(name, value))

    def _noise(self, noise: Noise) -> Any:
        """A noise's site: the value of a declared one, else the scores that canonical noise is."""
        if noise.declared:
            law = declared_law(self.system, noise)
        elif noise.law.kind == "sampler":
            raise only_sampled(noise)
        else:
            base = Gumbel(0.0, 1.0) if noise.law.kind == "gumbel" else Normal(0.0, 1.0)
            shape = noise.shape.shape
            law = base.expand(shape).to_event(len(shape))
        return sampled(noise.key, law).astype(noise.shape.dtype)

    def _spread(self, name: str, value: Any) -> Any:
        """With an axis of units at least."""
        shape = self.system.out(name).shape
        batch = jnp.shape(value)[: jnp.ndim(value) - len(shape)]
        return jnp.broadcast_to(value, (*jnp.broadcast_shapes(batch, (self.n,)), *shape))

    # ------------------------------------------------------------------------ returned laws

    def _drawn(self, name: str, noises: Sequence[Noise]) -> Any:
        law, batch = self._law(name, noises)
        rank, out = len(batch), self.system.out(name)
        ranks = jax.tree.map(lambda x: jnp.ndim(x) - rank, law)
        if name in self.seen:
            value = self.seen[name]
            check_support(name, law, value)
            density = lambda value: over_units(
                lambda each: seen_under(*each), (law, value), (ranks, len(out.shape))
            )
            whole = jnp.broadcast_shapes(batch, (self.n,))
            numpyro.sample(name, Likelihood(density, out, whole), obs=value)
            return value
        with jax.ensure_compile_time_eval():  # numbers that are known are known inside jit, too
            defined = over_units(valid, law, ranks)
            all_defined = jnp.all(defined)
        if traced(all_defined) or not bool(all_defined):
            numpyro.factor(f"{name}/defined", jnp.where(defined, 0.0, -jnp.inf))
        value = sampled(name, batched(law, batch))
        if jnp.issubdtype(value.dtype, jnp.floating) or self._hears(name, ()):
            self._open.add(name)
        return value.astype(out.dtype)

    def _law(self, name: str, noises: Sequence[Noise]) -> tuple[Distribution, tuple[int, ...]]:
        """The law of each unit's value, and the axes that its parameters have in front."""
        (depth,) = self.system.structure.variables[name].live
        if self.system.structure.mechanisms[name][depth].law is None:
            with jax.ensure_compile_time_eval():
                return declared_law(self.system, noises[0]), ()
        declared = [each for each in noises if each.declared]
        held = {each.key: self._noise(each) for each in declared}
        ranks = {each.key: len(each.shape.shape) for each in declared}

        def unit(system: System, parents: Any, held: Any) -> Any:
            held = {each.address[1]: held[each.key] for each in declared}
            law = returned_by(system, name, depth, held, parents)
            return law, jnp.zeros(())

        law, marks = self._over(name, unit, held, ranks)
        return law, marks.shape

    # ---------------------------------------------------------------- seen, from noise or without

    def _eliminated(self, name: str, noises: Sequence[Noise]) -> Any:
        """The noises are what the value tells of them; the density is that of the value."""
        found = elimination(self._block(name))
        if isinstance(found, str):
            why = f"has no inverse that is read off ({found})"
            raise not_eliminated(name, self.system.out(name), noises, why)
        if not found.told and not self._open.isdisjoint(
            self.system.structure.variables[name].parents
        ):
            why = "jumps in what is sampled"
            raise not_eliminated(name, self.system.out(name), noises, why)
        value, out = self.seen[name], self.system.out(name)
        held = {each.key: self._noise(each) for each in found.free}
        ranks = {each.key: len(each.shape.shape) for each in found.free}
        chance = {"choice": NormalScore(jnp.zeros(()))}  # of noise that is not asked for

        def solved(value: Any) -> Any:
            def unit(system: System, parents: Any, held: Any) -> Any:
                seen = {name: held.pop(name)}
                told = found.way.solve(
                    Unit(system.numbers, {**parents, **held}, seen, seen, chance)
                )
                return weighed(told), told.held

            inputs, shapes = {**held, name: value}, {**ranks, name: len(out.shape)}
            return self._over(name, unit, inputs, shapes)

        log, told = solved(value)
        law = Likelihood(lambda value: solved(value)[0], out, log.shape)
        numpyro.sample(name, law, obs=value)
        for noise, each in zip(found.told, told, strict=False):
            numpyro.deterministic(noise.key, each)
        return value

    def _checked(self, name: str) -> Any:
        """Nothing is random: what was seen has to be what follows."""
        if self._hears(name, ()):
            raise without_noise(name)
        value, out = self.seen[name], self.system.out(name)
        block = self._block(name)

        def unit(system: System, parents: Any, held: Any) -> Any:
            fine = agrees(block, Unit(system.numbers, parents, held, held, {}), [])
            return jnp.where(fine, 0.0, -jnp.inf)

        density = lambda value: self._over(name, unit, {name: value}, {name: len(out.shape)})
        log = density(value)
        roles = self.system.structure.variables
        behind = self.system.structure.ancestors(frozenset([name]))
        if not traced(log) and not any(roles[each].role == "param" for each in behind):
            check_follows(name, np.asarray(log), value)
        numpyro.sample(name, Likelihood(density, out, log.shape), obs=value)
        return value

    def _block(self, name: str) -> Block:
        """A variable on its own, for one unit."""
        rows = {str(d): self.system.numbers[name][d][0][0] for d in self._per_unit(name)}
        system = _with_rows(self.system, name, rows)
        return block_of(system, [name], [name], frozenset([name]))


def _with_rows(system: System, name: str, rows: Mapping[str, Any]) -> System:
    """The system with one unit's number where a variable was set one by one."""
    if not rows:
        return system
    layers = list(system.numbers[name])
    for depth, number in rows.items():
        layers[int(depth)] = [number]
    return system.given({**system.numbers, name: layers})
