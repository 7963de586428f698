"""How much of a step happens: 0 leaves the data as they are, 1 is the step as it is written."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

__all__ = ["checked", "share"]


def checked(severity: Any, who: str, most: float = 1.0) -> Any:
    """A severity, in [0, most]; traced ones are taken on trust. Raises ValueError."""
    if not isinstance(severity, jax.core.Tracer) and not 0 <= severity <= most:
        bound = f"0 to {most:g}" if np.isfinite(most) else "0 or more"
        raise ValueError(f"{who}: severity={severity!r}: a number from {bound} is wanted")
    return severity


def share(value: Any, who: str, name: str) -> Any:
    """A probability, where it is a number that can be looked at. Raises ValueError."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and not 0 <= value <= 1:
        raise ValueError(f"{who}: {name}={value!r} is a probability, from 0 to 1")
    return value
