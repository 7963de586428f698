"""Levels of a treatment: two to compare, or one that units take by nature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from scm.compile.programs import traced
from scm.core.errors import ModelError
from scm.estimands.values import discrete

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["seen", "several_levels", "takes", "two_levels"]


def two_levels(name: str, levels: Any) -> tuple[Any, Any]:
    """The reference level and the other one; refused if they are not two."""
    try:
        low, high = levels
    except (TypeError, ValueError):
        raise ModelError(
            f"{name}: levels={levels!r}: two levels of the treatment are wanted, the reference "
            "first: levels=(0, 1)"
        ) from None
    return low, high


def several_levels(name: str, levels: Any) -> tuple[Any, ...]:
    """Two levels or more, as a tuple; refused if they are not."""
    try:
        found = tuple(levels)
    except TypeError:
        found = ()
    if len(found) < 2:
        raise ModelError(
            f"{name}: levels={levels!r}: a list of levels of the treatment is wanted, at least "
            "two: levels=(0, 1, 2)"
        )
    return found


def takes(name: str, model: SCM, treatment: str, level: Any) -> None:
    """Refuse a treatment of which no share of the units takes one level by nature.

    Whole and boolean variables have such levels, and floats that are made of comparisons. Any other
    float has them where units really take them, which is seen in a sample: a dose that is 0.0 for
    many and drawn for the others.
    """
    out = model.structure.out(treatment)
    if out.shape != ():
        raise ModelError(f"{name}: the treatment has shape {out.shape}; a scalar is wanted")
    if discrete(model, treatment):
        return
    values = seen(model, treatment)
    if values is not None and not (values == np.asarray(level, values.dtype)).any():
        raise ModelError(
            f"{name}: {treatment} is continuous: none of 4,096 units takes {level!r} by nature, so "
            "there are no such units to average over; name levels that are taken, make it a whole "
            f"number (x.astype(int)), or ask for the TotalEffect of a step"
        )


def seen(model: SCM, name: str) -> np.ndarray | None:
    """A variable in 4,096 units, whatever is being traced; None for a model of traced numbers."""
    if traced(model.numbers):
        return None
    with jax.ensure_compile_time_eval():
        return np.asarray(model.sample(0, 4096)[name])
