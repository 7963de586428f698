"""What a solver is: it finds the values that satisfy all of a model's assignments at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from scm.core.structure import System
from scm.noise.source import Source

__all__ = ["Columns", "Solved", "Solver"]

Columns = Mapping[str, Any]
"""Values by variable: (n, *shape), or (*shape) where they are the same for all units."""


class Solved(NamedTuple):
    """What a solver found.

    Attributes:
      lawful: by variable, whether every law drawn from was defined (its parameters within its
        domain), for each unit or for all at once.
      unique: by loop, under its first variable, whether it has exactly one solution.
    """

    columns: dict[str, Any]
    lawful: dict[str, Any]
    unique: dict[str, Any]


class Solver(Protocol):
    """Solves a system for the units of a source. Pure, and traceable by JAX."""

    def __call__(
        self,
        system: System,
        source: Source,
        carried: Columns,
        wanted: frozenset[str],
    ) -> Solved:
        """Values of the ``wanted`` variables, given the ``carried`` ones, which stay."""
        ...
