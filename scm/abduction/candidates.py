"""Strategies that may find the noises of a block, best first."""

from __future__ import annotations

import jax.numpy as jnp

from scm.abduction.composed import Block
from scm.abduction.enumeration import by_enumeration
from scm.abduction.gumbel import by_gumbel
from scm.abduction.inverse import by_declaration, by_inversion
from scm.abduction.inverses import NotInvertibleError
from scm.abduction.quantile import by_quantile
from scm.abduction.search import by_search
from scm.abduction.strategy import Found, Strategy, Unit, agrees

__all__ = ["candidates"]


def candidates(block: Block) -> list[Strategy]:
    """The strategies for a block, those that apply to it, in order of preference."""
    if not block.noises:
        return [_checked(block)]
    found: list[Strategy | None] = [by_declaration(block), by_quantile(block)]
    if not any(found):
        try:
            found.append(by_inversion(block))
        except (NotInvertibleError, NotImplementedError):
            found += [by_gumbel(block), by_enumeration(block)]
    found.append(by_search(block))
    return [each for each in found if each is not None]


def _checked(block: Block) -> Strategy:
    """Nothing is to be found: what was seen only has to be what follows."""

    def solve(unit: Unit) -> Found:
        fine = agrees(block, unit, [])
        log = jnp.where(fine, 0.0, -jnp.inf)
        return Found([], log, fine, jnp.zeros((), bool), ~fine)

    return Strategy(block, "set", None, solve, certain=True)
