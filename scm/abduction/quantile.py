"""The place of a value in a law that an assignment returned: exact, whatever the law's family.

A continuous law has the value at one score; a discrete one at all scores between two places.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from scm.abduction.composed import Block, returned_by
from scm.abduction.strategy import Found, Strategy, Unit, agrees, log_of
from scm.abduction.truncated import between, log_probability
from scm.noise.laws import law_of
from scm.noise.laws.domain import valid

__all__ = ["by_quantile"]


def by_quantile(block: Block) -> Strategy | None:
    """The strategy, if the block is one variable whose only noise is that of a law it returns."""
    if len(block.names) != 1 or len(block.noises) != 1:
        return None
    (name,), (noise,) = block.names, block.noises
    live = block.system.structure.variables[name].live
    if noise.declared or noise.law.place is None or len(live) != 1:
        return None
    out = block.system.out(name)
    discrete = not jnp.issubdtype(out.dtype, jnp.floating)
    if noise.law.kind not in ("quantile", "score"):
        return None
    if name not in block.exact and (out.shape != () or noise.law.kind != "quantile"):
        return None

    def solve(unit: Unit) -> Found:
        law = returned_by(block.system.given(unit.numbers), name, noise.depth, {}, {**unit.known})
        low, high = unit.low[name], unit.high[name]
        place = lambda value: law_of(law).place(law, value).normal  # type: ignore[misc]
        never = jnp.zeros((), bool)
        if name in block.exact and not discrete:
            z = place(low)
            log = log_of(law, low)
            fine = jnp.isfinite(z).all() & valid(law) & agrees(block, unit, [z])
            return Found([z], log, fine, never, ~fine)
        first = place(low - 1) if discrete else place(low)
        last = place(high)
        first, last = _ordered(first, last)
        chance = unit.chance[noise.key]
        z = between(first, last, chance.lower, chance.upper)
        middle = between(first, last, *(jnp.full(jnp.shape(z), 0.5, z.dtype),) * 2)
        held = jnp.where(agrees(block, unit, [z]), z, middle)
        log = jnp.sum(log_probability(first, last))
        if discrete and name in block.exact:
            log = log_of(law, low)
        fine = (log > -jnp.inf) & valid(law) & agrees(block, unit, [held])
        return Found([held], log, fine, ~never, ~fine)

    certain = name in block.exact and not discrete
    return Strategy(block, "quantile", None, solve, certain=certain)


def _ordered(first: Any, last: Any) -> tuple[Any, Any]:
    """The places of the ends, which are infinite where the law begins and ends."""
    return jnp.where(jnp.isnan(first), -jnp.inf, first), jnp.where(jnp.isnan(last), jnp.inf, last)
