"""Strategies that may find the noises of a block, best first."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp

from scm.abduction.composed import Block
from scm.abduction.enumeration import by_enumeration
from scm.abduction.gumbel import by_gumbel
from scm.abduction.inverse import by_declaration, by_inversion
from scm.abduction.inverses import NotInvertibleError
from scm.abduction.quantile import by_quantile
from scm.abduction.search import by_search
from scm.abduction.strategy import Found, Strategy, Unit, agrees

__all__ = ["Candidates", "candidates"]


class Candidates:
    """The strategies that apply to a block, in order of preference; made when they are asked for:
    most blocks never need the second."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self._found: list[Strategy] = []
        self._next = iter(_makers(block))

    def get(self, at: int) -> Strategy | None:
        """The strategy at a place in the order; None past the last."""
        while len(self._found) <= at:
            maker = next(self._next, None)
            if maker is None:
                return None
            made = maker(self.block)
            if made is not None:
                self._found.append(made)
        return self._found[at]


def candidates(block: Block) -> Candidates:
    """The strategies for a block."""
    return Candidates(block)


def _makers(block: Block) -> list[Callable[[Block], Strategy | None]]:
    if not block.noises:
        return [_checked]
    return [
        by_declaration, by_quantile, _inverted, by_gumbel, by_enumeration, by_search
    ]  # fmt: skip


def _inverted(block: Block) -> Strategy | None:
    try:
        return by_inversion(block)
    except (NotInvertibleError, NotImplementedError):
        return None


def _checked(block: Block) -> Strategy:
    """Nothing is to be found: what was seen only has to be what follows."""

    def solve(unit: Unit) -> Found:
        fine = agrees(block, unit, [])
        log = jnp.where(fine, 0.0, -jnp.inf)
        return Found([], log, fine, jnp.zeros((), bool), ~fine)

    return Strategy(block, "set", None, solve, certain=True)
