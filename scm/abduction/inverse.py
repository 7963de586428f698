"""Strategies 1 and 2: an inverse that was declared, or one that is read off the jaxpr."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from scm.abduction.composed import Block, Noise, declared_law, noise_range
from scm.abduction.inverses import NotInvertibleError
from scm.abduction.inversion import inverted
from scm.abduction.strategy import Found, Strategy, Unit, agrees, log_density
from scm.core.structure import System

__all__ = ["by_declaration", "by_inversion"]

_COARSE = 0.05  # normal scores that rounding of the value may move the noise by


def by_declaration(block: Block) -> Strategy | None:
    """The mechanism's own inverse, if the block is one variable that has one and one noise."""
    if len(block.names) != 1 or len(block.noises) != 1 or len(block.exact) != 1:
        return None
    (name,) = block.names
    live = block.system.structure.variables[name].live
    assignment = block.system.structure.variables[name].layers[live[0]]
    if len(live) != 1 or assignment.inverse is None or not block.noises[0].declared:
        return None
    inverse = assignment.inverse

    def back(unit: Unit, targets: list[Any]) -> list[Any]:
        found = jnp.asarray(inverse(*targets, *(unit.known[p] for p in assignment.parents)))
        return [found.astype(block.noises[0].shape.dtype)]

    solve = _solver(block, back, block.noises)
    return Strategy(block, "declared inverse", inverse, solve, certain=True)


def by_inversion(block: Block, pivots: Sequence[Noise] | None = None) -> Strategy:
    """The inverse read off the jaxpr.

    ``pivots`` are the noises that are asked for, all by default; the others are among what is
    known of the unit, by their keys.

    Raises `NotInvertibleError` saying where it was given up.
    """
    wanted = tuple(block.noises if pivots is None else pivots)
    if len(block.exact) != len(block.seen):
        raise NotInvertibleError("what was seen is not a value but bounds")
    for noise in wanted:
        if noise.law.kind in ("gumbel", "sampler") and not noise.declared:
            raise NotInvertibleError("categories, or a law that has only a sampler")
        if noise.shared and (noise.law.place is None or noise.shape.dtype.kind != "f"):
            raise NotInvertibleError("a noise that acts under two laws")
    closed, before = block.traced(block.numbers_of(block.system.numbers))
    ranges = {before + i: noise_range(block.system, n) for i, n in enumerate(block.noises)}
    asked = [at for at, noise in enumerate(block.noises) if noise in wanted]

    def back(unit: Unit, targets: list[Any]) -> list[Any]:
        known = {name: unit.known[name] for name in block.reads}
        leaves = jax.tree.leaves((known, block.numbers_of(unit.numbers)))
        given = dict(enumerate(leaves))
        given |= {
            before + at: unit.known[noise.key]
            for at, noise in enumerate(block.noises)
            if at not in asked
        }
        typed = {
            at: jnp.asarray(x).astype(_kind(closed.jaxpr.invars[at])) for at, x in given.items()
        }
        found = inverted(closed, typed, ranges, targets)
        return [found[before + at] for at in asked]

    kept = tuple(ranges.values()), tuple(asked)
    solve = _solver(block, back, wanted)
    strategy = Strategy(block, "inverse", kept, solve, certain=True)
    jax.eval_shape(strategy.solve, _like(block, wanted))  # raises where there is no inverse
    return strategy


def _kind(variable: Any) -> Any:
    return variable.aval.dtype


def _like(block: Block, wanted: Sequence[Noise]) -> Unit:
    """A unit in shapes only."""
    shape = lambda x: jax.ShapeDtypeStruct(jnp.shape(x), jnp.asarray(x).dtype)
    seen = {name: block.system.out(name) for name in block.seen}
    known = {name: block.system.out(name) for name in block.reads}
    known |= {noise.key: noise.shape for noise in block.noises if noise not in wanted}
    numbers = jax.tree.map(shape, block.numbers_of(block.system.numbers))
    return Unit(numbers, known, seen, seen, {})


def _solver(block: Block, back: Any, wanted: Sequence[Noise]) -> Any:
    """The noises of one unit, their density, and whether they are to be trusted."""

    def solve(unit: Unit) -> Found:
        system = block.system.given(unit.numbers)
        targets = [unit.low[name] for name in block.seen]
        held = back(unit, targets)
        density, possible = jnp.zeros(()), jnp.asarray(True)
        for noise, value in zip(wanted, held, strict=True):
            log, inside = log_density(system, noise, value)
            density, possible = density + log, possible & inside
        found = {noise.key: value for noise, value in zip(wanted, held, strict=True)}
        every = [found.get(n.key, unit.known.get(n.key)) for n in block.noises]
        fine = possible & agrees(block, unit, every)
        coarse = _coarse(wanted, system, unit, targets, back)
        log = density + _log_jacobian(unit, targets, back)
        return Found(held, log, fine, jnp.zeros((), bool), ~fine | coarse)

    return solve


def _log_jacobian(unit: Unit, targets: list[Any], back: Any) -> Any:
    """The log of the volume of noise behind a volume of values; of whole numbers there is none."""
    reals = [at for at, x in enumerate(targets) if jnp.issubdtype(x.dtype, jnp.floating)]
    size = sum(math.prod(targets[at].shape) for at in reals)
    if not size:
        return jnp.zeros(())

    def flat(values: Any) -> Any:
        moved, start = list(targets), 0
        for at in reals:
            count = math.prod(targets[at].shape)
            moved[at] = values[start : start + count].reshape(targets[at].shape)
            start += count
        held = [x for x in back(unit, moved) if jnp.issubdtype(x.dtype, jnp.floating)]
        if sum(x.size for x in held) != size:
            raise NotInvertibleError("value and noise have not the same number of real components")
        return jnp.concatenate([x.reshape(-1) for x in held])

    at = jnp.concatenate([targets[i].reshape(-1) for i in reals])
    if size == 1:
        slope = jax.jvp(flat, (at,), (jnp.ones_like(at),))[1]
        return jnp.log(jnp.abs(slope[0]))
    return jnp.linalg.slogdet(jax.jacfwd(flat)(at))[1]


def _coarse(
    wanted: Sequence[Noise], system: System, unit: Unit, targets: list[Any], back: Any
) -> Any:
    """Whether the rounding of the value alone moves the noise by much of its spread."""
    noise, value = wanted[0], targets[0]
    scalar = len(wanted) == len(targets) == 1 and value.shape == noise.shape.shape == ()
    real = jnp.issubdtype(value.dtype, jnp.floating) and noise.shape.dtype.kind == "f"
    if not scalar or not real or (noise.declared and noise.law.place is None):
        return jnp.zeros((), bool)
    score = lambda value: _score(system, noise, back(unit, [value])[0])
    step = jnp.finfo(value.dtype).eps * jnp.abs(value)
    _, moved = jax.jvp(score, (value,), (step,))
    return ~(jnp.abs(moved) < _COARSE)


def _score(system: System, noise: Noise, held: Any) -> Any:
    if not noise.declared:
        return held
    assert noise.law.place is not None
    return noise.law.place(declared_law(system, noise), held).normal
