"""How well the approximate parts of a posterior were drawn."""

from __future__ import annotations

import dataclasses
from typing import Any

__all__ = ["AbductionWarning", "Diagnosis", "Poor"]


class AbductionWarning(UserWarning):
    """Draws that are few, or that have not mixed: the message names the unit and the noise."""


@dataclasses.dataclass(frozen=True)
class Poor:
    """One noise drawn by approximation: the worst of its figures over all units.

    Attributes:
      ess: the effective number of draws.
      unit: the unit that has the least.
      rhat: of chains; None where draws are weighted.
      divergences: of chains, over all units.
    """

    noise: str
    method: str
    ess: float
    unit: int
    rhat: float | None = None
    divergences: int | None = None


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """The figures of every noise that was drawn by approximation.

    Attributes:
      chains: how many chains the draws come from, one after the other.
    """

    figures: tuple[Poor, ...] = ()
    chains: int = 1

    def frame(self) -> Any:
        """A data frame with a row for each noise."""
        import pandas as pd

        names = [each.name for each in dataclasses.fields(Poor)]
        rows = [dataclasses.astuple(each) for each in self.figures]
        return pd.DataFrame(rows, columns=names).set_index("noise")
