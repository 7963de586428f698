"""What a solver is: it finds the values that satisfy all of a model's assignments at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from scm.core.marks import Coupling
from scm.core.structure import Structure
from scm.noise.source import Source

__all__ = ["Columns", "Numbers", "Solver"]

Columns = Mapping[str, Any]
"""Values by variable: (n, *shape), or (*shape) where they are the same for all units."""

Numbers = Mapping[str, list[list[Any]]]
"""The numbers of a model as `Structure.numbers` gives them."""


class Solver(Protocol):
    """Solves a structure for the units of a source. Pure, and traceable by JAX."""

    def __call__(
        self,
        structure: Structure,
        coupling: Coupling | None,
        numbers: Numbers,
        source: Source,
        carried: Columns,
        wanted: frozenset[str],
    ) -> dict[str, Any]:
        """Values of the ``wanted`` variables, given the ``carried`` ones, which stay."""
        ...
