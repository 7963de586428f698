"""What a step is told: a number, a law, or a function of the columns, read as in a model.

`Rule` makes any of them a pytree, so that steps go through jit and vmap: numbers and laws are
leaves, so that other numbers compile nothing anew; a function is part of the structure.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from numpyro.distributions import Distribution

from scm import node
from scm.core.pytree import pytree, static

__all__ = ["Rule", "parameters", "rule"]


@pytree
class Rule:
    """A right-hand side: ``leaf`` is a number, a law or a callable pytree, ``fn`` a function."""

    leaf: Any
    fn: Callable | None = static()
    reads: tuple[str, ...] = static()

    def rhs(self, nodes: Sequence[str]) -> Any:
        """What stands on the right in a model, when the names read are nodes called so there."""
        if isinstance(self.leaf, Distribution) or (self.fn is None and not callable(self.leaf)):
            return self.leaf
        return node(self.fn or self.leaf, parents=nodes)


def rule(rhs: Any) -> Rule:
    """A right-hand side as a rule."""
    if isinstance(rhs, Distribution) or not callable(rhs):
        return Rule(rhs, None, ())
    reads = parameters(rhs)
    return Rule(None, rhs, reads) if inspect.isroutine(rhs) else Rule(rhs, None, reads)


def parameters(fn: Callable) -> tuple[str, ...]:
    """The columns that a function reads: its parameters without a default."""
    named = getattr(fn, "names", None)  # an expression says so itself
    if named is not None:
        return tuple(named)
    known = inspect.signature(fn).parameters.values()
    return tuple(each.name for each in known if each.default is each.empty)
