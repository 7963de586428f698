"""Noises with finitely many values: every combination tried, those that fit drawn among."""

from __future__ import annotations

import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.abduction.composed import Block, Noise, declared_law
from scm.abduction.strategy import Found, Strategy, Unit
from scm.core.structure import System
from scm.noise.laws.domain import valid
from scm.noise.laws.finite import probabilities, support_of

__all__ = ["by_enumeration"]

_MOST = 4096


def by_enumeration(block: Block) -> Strategy | None:
    """The strategy, if all noises of the block are declared scalars with finitely many values, and
    not too many combinations."""
    supports = []
    for noise in block.noises:
        if not noise.declared or noise.shape.shape != () or noise.shared:
            return None
        support = support_of(declared_law(block.system, noise))
        if support is None:
            return None
        supports.append(support)
    if not supports or math.prod(map(len, supports)) > _MOST:
        return None
    table = np.array(list(itertools.product(*(range(len(s)) for s in supports))), int)
    key = tuple(tuple(each.tolist()) for each in supports)
    solve = lambda unit: _solved(block, unit, supports, table)
    return Strategy(block, "enumeration", key, solve)


def _solved(block: Block, unit: Unit, supports: list[np.ndarray], table: np.ndarray) -> Found:
    system = block.system.given(unit.numbers)
    columns = [
        jnp.asarray(support[table[:, at]], noise.shape.dtype)
        for at, (noise, support) in enumerate(zip(block.noises, supports, strict=True))
    ]
    logs, lawful = _logs(system, block.noises, supports, table)
    outputs = jax.vmap(lambda *held: block.outputs(unit.numbers, unit.known, list(held)))(*columns)
    fits = jnp.ones(len(table), bool)
    for name, value in zip(block.seen, outputs, strict=True):
        fits &= _fits(value, unit.low[name], unit.high[name])
    weights = jnp.where(fits, jnp.exp(logs), 0.0)
    total = weights.sum()
    running = jnp.cumsum(weights)
    at = jnp.minimum(jnp.sum(running <= unit.chance["choice"].lower * total), len(table) - 1)
    # rounding may step onto one that does not fit
    at = jnp.where(weights[at] > 0, at, jnp.argmax(weights))
    fine = (total > 0) & lawful
    spread = jnp.sum(weights > 0) > 1
    return Found([each[at] for each in columns], jnp.log(total), fine, spread, ~fine)


def _fits(value: Any, low: Any, high: Any) -> Any:
    """Which combinations give what was seen; floats up to rounding."""
    if jnp.issubdtype(value.dtype, jnp.floating):
        slack = 64 * jnp.finfo(value.dtype).eps * jnp.max(jnp.abs(value))
        low, high = low - slack, high + slack
    inside = (value >= low) & (value <= high)
    return inside.reshape(len(value), -1).all(axis=1)


def _logs(
    system: System, noises: tuple[Noise, ...], supports: list[np.ndarray], table: np.ndarray
) -> tuple[Any, Any]:
    """The log probability of every combination, and whether the laws are defined."""
    total, lawful = jnp.zeros(len(table)), jnp.asarray(True)
    for at, (noise, support) in enumerate(zip(noises, supports, strict=True)):
        law = declared_law(system, noise)
        lawful &= valid(law)
        total = total + jnp.log(probabilities(law, support))[table[:, at]]
    return total, lawful
