"""The two values of a treatment that are compared."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["two_levels"]


def two_levels(option: str, given: Any) -> tuple[float, float]:
    """The levels (t0, t1) that an option holds. Errors: ValueError for what is not two numbers.

    >>> two_levels("levels", [0, 16])
    (0.0, 16.0)
    """
    try:
        levels = () if isinstance(given, str) else tuple(map(float, given))
    except (TypeError, ValueError):  # no numbers
        levels = ()
    if len(levels) != 2 or levels[0] == levels[1] or not all(map(math.isfinite, levels)):
        raise ValueError(
            f"{option}: the two different numbers that the treatment is to be compared at are "
            f"wanted, given {given!r}; write {option}=(0, 1)"
        )
    return levels[0], levels[1]
