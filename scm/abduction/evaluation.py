"""A block whose noises are not all told, evaluated for one draw: how well it fits what was seen.

Each variable that was seen takes what it can of its own noise: given its parents, a strategy finds
that noise, and the density of what was seen. A variable that has no noise of its own takes a
*pivot* among the noises behind its parents. What then is left of the noises is drawn or searched
freely; the product of the densities is the weight of the draw.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp

from scm.abduction.candidates import candidates
from scm.abduction.composed import Block, Noise, block_of, live_noises, unit_values
from scm.abduction.inverse import by_inversion
from scm.abduction.inverses import NotInvertibleError
from scm.abduction.strategy import Strategy, Unit, agrees, value_at, within
from scm.core.structure import System
from scm.noise.source import Address

__all__ = ["Evaluation", "Fit", "evaluation_of"]

_TRIES = 64


class Fit(NamedTuple):
    """One draw of a unit: noises by key (values of declared ones, else scores), and its weight."""

    held: dict[str, Any]
    log_weight: Any


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluation:
    """How a block is evaluated.

    Attributes:
      own: for each variable that finds its own noises, how.
      pivot: how the pivots of the other variables are found together; None if there are none.
      pivots: these noises.
      free: the noises that are drawn.
      judged: variables of which it is only asked whether the draw is within bounds.
    """

    block: Block
    own: Mapping[str, Strategy]
    pivot: Strategy | None
    pivots: tuple[Noise, ...]
    free: tuple[Noise, ...]
    judged: tuple[str, ...]

    def fit(self, unit: Unit, drawn: Mapping[str, Any]) -> Fit:
        """A draw: ``drawn`` are the free noises by key, ``unit.chance`` what is random in the rest.

        Units have in ``low`` and ``high`` what was seen, and may have more: the variables that are
        taken as if they had been seen.
        """
        system = self.block.system.given(unit.numbers)
        held = dict(drawn)
        for noise in self.pivots:
            held[noise.key] = jnp.zeros(noise.shape.shape, noise.shape.dtype)
        if self.pivot is not None:
            _, held = self._pass(system, unit, held, jnp.zeros(()))
            seen = {name: unit.low[name] for name in self.block.exact}
            found = self.pivot.solve(unit._replace(known={**unit.known, **seen, **held}))
            solved = zip(self.pivots, found.held, strict=True)
            held |= {noise.key: value for noise, value in solved}
            start = jnp.where(found.fine, found.log_weight, -jnp.inf)
        else:
            start = jnp.zeros(())
        log, held = self._pass(system, unit, held, start)
        return Fit(held, log)

    def _pass(
        self, system: System, unit: Unit, held: Mapping[str, Any], log: Any
    ) -> tuple[Any, dict[str, Any]]:
        """All variables in order, each that was seen finding its noises."""
        held, values = dict(held), dict(unit.known)
        noises = self.block.by_address
        for name in self.block.names:
            if name in self.own:
                way = self.own[name]
                found = way.solve(self._alone(way, name, unit, values))
                log = log + jnp.where(found.fine, found.log_weight, -jnp.inf)
                for noise, value in zip(way.block.noises, found.held, strict=True):
                    scored = noise.address in way.scored
                    held[noise.key] = value_at(system, noise, value) if scored else value
                if name in self.block.exact or name not in self.block.seen:
                    values[name] = unit.low[name]
                    continue
            by_address: dict[Address, Any] = {
                noise.address: held[noise.key] for noise in live_noises(system, name)
            }
            values = unit_values(system, [name], noises, by_address, values)
            if name in self.judged:
                inside = within(values[name], unit.low[name], unit.high[name], _hair(values[name]))
                log = log + jnp.where(inside, 0.0, -jnp.inf)
        return log, held

    def _alone(self, way: Strategy, name: str, unit: Unit, values: Mapping[str, Any]) -> Unit:
        """The unit as the strategy of one variable sees it: all its parents are known."""
        known = {p: values[p] for p in way.block.reads}
        return Unit(
            unit.numbers,
            known,
            {name: unit.low[name]},
            {name: unit.high[name]},
            {**unit.chance, "choice": unit.chance[f"choice/{name}"]},
        )

    def checked(self, unit: Unit, fit: Fit) -> Any:
        """Whether a draw gives back what was seen."""
        return agrees(self.block, unit, [fit.held[noise.key] for noise in self.block.noises])


def evaluation_of(block: Block, more: Sequence[str] = ()) -> Evaluation:
    """How a block is evaluated; ``more`` are variables to be taken as if they had been seen."""
    system, own = block.system, {}
    left: list[str] = []
    for name in block.names:
        if name not in block.seen and name not in more:
            continue
        exact = frozenset([name]) if name in block.exact or name in more else frozenset()
        alone = block_of(system, [name], [name], exact)
        way = candidates(alone).get(0) if alone.noises else None
        if way is not None and not way.note:
            own[name] = way
        else:
            left.append(name)
    taken = {noise.address for way in own.values() for noise in way.block.noises}
    floats = lambda name: jnp.issubdtype(system.out(name).dtype, jnp.floating)
    real = [name for name in left if name in block.exact and floats(name)]
    pivot, pivots = _pivoted(block, real, taken) if real else (None, ())
    used = taken | {noise.address for noise in pivots}
    free = tuple(noise for noise in block.noises if noise.address not in used)
    judged = tuple(name for name in left if name not in real or pivot is None)
    return Evaluation(block, own, pivot, pivots, free, judged)


def _pivoted(
    block: Block, names: Sequence[str], taken: set[Address]
) -> tuple[Strategy | None, tuple[Noise, ...]]:
    """Noises that real variables without a noise of their own to find can be solved for."""
    behind, waiting = set(names), list(names)
    while waiting:  # what was seen by value cuts off what is behind it
        for parent in block.system.structure.variables[waiting.pop()].parents:
            if parent in block.names and parent not in behind and parent not in block.exact:
                behind.add(parent)
                waiting.append(parent)
    inside = [name for name in block.names if name in behind]
    part = block_of(block.system, inside, names, frozenset(names))
    open_ = [noise for noise in reversed(part.noises) if noise.address not in taken]
    for chosen in itertools.islice(itertools.combinations(open_, len(names)), _TRIES):
        ordered = [noise for noise in part.noises if noise in chosen]
        try:
            return by_inversion(part, ordered), tuple(ordered)
        except (NotInvertibleError, NotImplementedError, TypeError):
            continue
    return None, ()


def _hair(value: Any) -> Any:
    """The scale that allows a value to be off by a few roundings: what is judged takes separate
    values, or is met by no draw at all."""
    return jnp.max(jnp.abs(value * 1.0)) * (1 / 8)
