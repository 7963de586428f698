"""What inference of a block comes to."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from scm.abduction.diagnosis import Poor
from scm.noise.source import Address

__all__ = ["Inferred"]


@dataclasses.dataclass(frozen=True, eq=False)
class Inferred:
    """The noises of a block: arrays (draws, units, *shape), and whether they are scores.

    Attributes:
      log_weight: (units,), the log of the density or probability of what was seen.
      fine: (units,), whether the evidence is possible and reproduced.
    """

    held: dict[Address, tuple[Any, bool]]
    method: str
    log_weight: np.ndarray
    fine: np.ndarray
    spread: bool
    figures: tuple[Poor, ...] = ()
    chains: int = 1
