"""Running strategies: every block of a plan for all units of a group, by one kept program."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from numpyro.distributions import Normal

from scm.abduction.composed import Block, unit_values
from scm.abduction.strategy import Found, Strategy, Unit
from scm.compile.fingerprint import identity
from scm.compile.programs import kept, traced
from scm.core.structure import Numbers, System
from scm.noise.laws import law_of
from scm.noise.score import Score
from scm.noise.source import Address, Drawn, Picked

__all__ = ["Draws", "Solved", "chances", "followed", "solved"]

_CHOICE = "choice of what was not told"
_PLAIN = law_of(Normal(0.0, 1.0))  # one score


@dataclasses.dataclass(frozen=True, eq=False)
class Draws:
    """Whose noise is drawn: so many draws of each of some units."""

    root: Any
    draws: int
    rows: Any
    units: int

    def source(self, addresses: Sequence[Address]) -> Drawn:
        """The source of noises for all draws of the units: draw d of unit i is number d n + i."""
        rows = jnp.asarray(self.rows, jnp.uint32)
        low = (jnp.arange(self.draws, dtype=jnp.uint32)[:, None] * self.units + rows).reshape(-1)
        return Picked(self.root, jnp.zeros_like(low), low).source(addresses)


def followed(
    system: System, names: Sequence[str], known: Mapping[str, Any], n: int
) -> dict[str, Any]:
    """The variables that follow from known ones, for all units: (n, *shape)."""
    per_unit = {
        name: system.numbers[name][-1][0]
        for name in names
        if system.structure.variables[name].layers[-1].form == "per unit"
    }
    names = [name for name in names if name not in per_unit]
    if not names:
        return per_unit
    known = {**known, **per_unit}

    def one(known: Mapping[str, Any]) -> dict[str, Any]:
        found = unit_values(system, names, {}, {}, known)
        return {name: found[name] for name in names}

    reads = {p for name in names for p in system.structure.variables[name].parents} - set(names)
    held = {name: known[name] for name in sorted(reads) if name in known}
    return {**per_unit, **jax.vmap(one, axis_size=n)(held)}


class Solved(NamedTuple):
    """What strategies found of some units.

    Attributes:
      found: by strategy, every leaf of shape (draws, units, ...); of a certain strategy, which has
        one draw whatever their number, (units, ...).
      follows: the variables that follow from what was seen, (units, *shape).
      flags: by strategy, whether there was trouble in any unit, and whether draws may differ in
        any: all that is looked at if all went well.
    """

    found: list[Found]
    follows: dict[str, Any]
    flags: Any


def solved(
    system: System,
    strategies: Sequence[Strategy],
    follows: Sequence[str],
    low: Mapping[str, Any],
    high: Mapping[str, Any],
    draws: Draws,
    judging: bool,
) -> Solved:
    """What each strategy finds of all units, by one program; no densities without ``judging``."""
    addresses = _addresses(strategies)
    source = draws.source(addresses) if addresses else None
    exact = {name: low[name] for name in low if high[name] is low[name]}
    rows = len(draws.rows)

    def job(numbers: Numbers, source: Any, low: Any, high: Any, exact: Any) -> Solved:
        inside = system.given(numbers)
        n = len(next(iter(low.values()))) if low else rows  # it serves any number of units
        known = {**exact, **followed(inside, follows, exact, n)}
        found = [_run(each, numbers, known, low, high, source, draws.draws) for each in strategies]
        flags = [jnp.stack([each.trouble.any(), each.spread.any()]) for each in found]
        return Solved(
            found if judging else [each._replace(log_weight=None) for each in found],
            {name: known[name] for name in follows},
            jnp.stack(flags) if flags else jnp.zeros((0, 2), bool),
        )

    arguments = (system.numbers, source, dict(low), dict(high), exact)
    if traced(arguments):
        return job(*arguments)
    key = (
        *identity(system),
        tuple((s.block.names, s.block.seen, s.block.exact, s.method, s.key) for s in strategies),
        tuple(follows),
        draws.draws,
        rows if not low else None,
        judging,
    )
    return kept(("abduct", key), lambda: job)(*arguments)


def _addresses(strategies: Sequence[Strategy]) -> list[Address]:
    found: list[Address] = []
    for each in strategies:
        if not each.certain:
            found += [noise.address for noise in each.block.noises if noise.law.kind != "sampler"]
            found.append((each.block.names[-1], _CHOICE))
    return found


def chances(block: Block, source: Drawn, draws: int) -> dict[str, Score]:
    """Scores for every noise of a block, and one for a choice: (draws, units, *shape)."""
    found: dict[str, Score] = {}
    for noise in block.noises:
        if noise.law.kind != "sampler":
            found[noise.key] = source.scores((noise.address[0], 0, noise.address[1]), noise.law)
    found["choice"] = source.scores((block.names[-1], 0, _CHOICE), _PLAIN)
    split = lambda x: x.reshape(draws, -1, *x.shape[1:])
    return {key: jax.tree.map(split, score) for key, score in found.items()}


def _run(
    strategy: Strategy,
    numbers: Numbers,
    known: Mapping[str, Any],
    low: Mapping[str, Any],
    high: Mapping[str, Any],
    source: Any,
    draws: int,
) -> Found:
    block = strategy.block
    reads = {name: known[name] for name in block.reads}
    least, most = ({name: each[name] for name in block.seen} for each in (low, high))

    def solve(reads: Any, low: Any, high: Any, chance: Any) -> Found:
        return strategy.solve(Unit(numbers, reads, low, high, chance))

    if strategy.certain:
        return jax.vmap(lambda r, a, b: solve(r, a, b, {}))(reads, least, most)
    chance = chances(block, source, draws)
    over_units = jax.vmap(solve, (0, 0, 0, 0))
    return jax.vmap(over_units, (None, None, None, 0))(reads, least, most, chance)
