"""Values of which only bounds are known: intervals, and numbers that were rounded."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from scm.core.errors import ModelError

__all__ = ["Interval", "Rounded"]


@dataclasses.dataclass(frozen=True)
class Interval:
    """All numbers from ``low`` to ``high``, both included; either may be infinite.

    As evidence of many units the bounds may be columns.

    >>> 40.0 in Interval(40, 50)
    True
    >>> Interval(50, 40)
    Traceback (most recent call last):
    scm.core.errors.ModelError: Interval(50, 40): low is above high; write Interval(40, 50)
    """

    low: Any
    high: Any

    def __post_init__(self) -> None:
        if np.isnan(self.low).any() or np.isnan(self.high).any():
            raise ModelError(f"Interval({self.low}, {self.high}): a bound is not a number")
        if np.any(np.asarray(self.low) > np.asarray(self.high)):
            raise ModelError(
                f"Interval({self.low}, {self.high}): low is above high; "
                f"write Interval({self.high}, {self.low})"
            )

    def __contains__(self, value: float) -> bool:
        return bool(self.low <= value <= self.high)


@dataclasses.dataclass(frozen=True, eq=False)
class Rounded:
    """Numbers that were rounded to so many decimals, as they are in a file.

    The value written stands for all that round to it: from ``value - 10**-decimals / 2`` to
    ``value + 10**-decimals / 2``, both included. ``value`` is a number, or a column of them.

    >>> Rounded(2.9, 1).interval
    Interval(low=2.85, high=2.95)
    """

    value: Any
    decimals: int

    def __post_init__(self) -> None:
        if isinstance(self.decimals, bool) or not isinstance(self.decimals, int | np.integer):
            raise ModelError(
                f"Rounded(..., decimals={self.decimals!r}): a whole number of decimals is wanted, "
                "as in Rounded(2.9, 1)"
            )

    @property
    def bounds(self) -> tuple[Any, Any]:
        """The least and the greatest number that are written so, of the shape of ``value``."""
        value, half = np.asarray(self.value, float), 0.5 * 10.0**-self.decimals
        digits = max(self.decimals + 2, 0)
        return np.round(value - half, digits), np.round(value + half, digits)

    @property
    def interval(self) -> Interval:
        """The interval that one number stands for."""
        low, high = self.bounds
        return Interval(float(low), float(high))
