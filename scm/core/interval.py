"""Intervals: a value of which only the bounds are known, or a range to look at."""

from __future__ import annotations

import dataclasses
import math

from scm.core.errors import ModelError

__all__ = ["Interval"]


@dataclasses.dataclass(frozen=True)
class Interval:
    """All numbers from ``low`` to ``high``, both included; either may be infinite.

    >>> 40.0 in Interval(40, 50)
    True
    >>> Interval(50, 40)
    Traceback (most recent call last):
    scm.core.errors.ModelError: Interval(50, 40): low is above high; write Interval(40, 50)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if math.isnan(self.low) or math.isnan(self.high):
            raise ModelError(f"Interval({self.low}, {self.high}): a bound is not a number")
        if self.low > self.high:
            raise ModelError(
                f"Interval({self.low}, {self.high}): low is above high; "
                f"write Interval({self.high}, {self.low})"
            )

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high
