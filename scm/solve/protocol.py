"""What a solver is: it finds the values that satisfy all of a model's assignments at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from scm.core.structure import System
from scm.noise.source import Source

__all__ = ["Columns", "Solver"]

Columns = Mapping[str, Any]
"""Values by variable: (n, *shape), or (*shape) where they are the same for all units."""


class Solver(Protocol):
    """Solves a system for the units of a source. Pure, and traceable by JAX."""

    def __call__(
        self,
        system: System,
        source: Source,
        carried: Columns,
        wanted: frozenset[str],
    ) -> dict[str, Any]:
        """Values of the ``wanted`` variables, given the ``carried`` ones, which stay."""
        ...
