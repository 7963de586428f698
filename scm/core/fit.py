"""What may stand in for a variable: an intervention keeps its shape and loses no values."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.assignment import Assignment
from scm.core.errors import ModelError
from scm.core.mechanism import Mechanism, Shape

__all__ = ["fitted", "fitted_constant", "real_number"]


def fitted(where: str, mechanism: Mechanism, target: Shape) -> Mechanism:
    """The intervention's mechanism, its values converted to the variable's own dtype."""
    given = mechanism.out
    if given.shape != target.shape:
        raise ModelError(
            f"{where}: the variable has shape {target.shape}, the intervention makes shape "
            f"{given.shape}"
        )
    if mechanism.assignment.call is not None and not _holds(given.dtype, target.dtype):
        wanted = _kind(target.dtype)
        raise ModelError(
            f"{where}: the variable holds {target.dtype}, the intervention makes {given.dtype}, "
            "some of which would be lost; "
            + ("return x.astype(int)" if wanted != "b" else "return a comparison, such as x > 0")
            + ", or make the variable a float in the model"
        )
    return dataclasses.replace(mechanism, out=target)


def real_number(name: str, mechanism: Mechanism) -> Mechanism:
    """The mechanism of a variable on a loop, which is one real number in the present precision;
    refused if it makes anything else."""
    given = mechanism.out
    if mechanism.law is not None:
        raise ModelError(
            f"{name} stands on a loop, and its function returns a distribution, whose noise is in "
            f"no equation; declare the noise: {name}=equilibrium(lambda ..., u=Normal(0, 1): "
            "mean + sd * u)"
        )
    if given.shape != () or not jnp.issubdtype(given.dtype, jnp.floating):
        raise ModelError(
            f"{name} stands on a loop, where one real number is wanted, and its function makes "
            f"{given.dtype} of shape {given.shape}; write one variable for each number"
        )
    return dataclasses.replace(mechanism, out=Shape((), jnp.result_type(float)))


def fitted_constant(name: str, assignment: Assignment, target: Shape) -> Assignment:
    """A constant of the variable's shape, or one for each unit, checked to lose nothing.

    One value for each unit is an array with a leading axis of units.
    """
    value = assignment.numbers[0]
    shape = np.shape(value)
    if shape == target.shape:
        form = assignment.form
    elif len(shape) == len(target.shape) + 1 and shape[1:] == target.shape:
        form = "per unit"
    else:
        units = ", ".join(("units", *map(str, target.shape)))
        raise ModelError(
            f"do({name}=...): {name} has shape {target.shape}, given shape {shape}; a constant of "
            f"that shape is wanted, or an array of shape ({units}), one value for each unit"
        )
    _check_holds(name, value, target.dtype)
    return dataclasses.replace(assignment, form=form)


def _check_holds(name: str, value: Any, dtype: Any) -> None:
    """Refuses fractions for an integer variable, and integers too large for a float."""
    kind, wanted = _kind(value.dtype), _kind(dtype)
    if isinstance(value, jax.core.Tracer):
        if not _holds(value.dtype, dtype):
            raise ModelError(
                f"do({name}=...): {name} holds {dtype}, given a traced {value.dtype}, some of "
                f"whose values might be lost; pass value.astype({np.dtype(dtype).name!r})"
            )
        return
    array = np.asarray(value)
    with np.errstate(all="ignore"):
        held = array.astype(dtype)
    if kind == "f" and wanted == "f":
        lost = ~np.isfinite(held)
    else:
        lost = held.astype(array.dtype) != array
    if lost.any():
        first = array[lost].flat[0].item()
        raise ModelError(
            f"do({name}={first!r}): {name} holds {dtype}, which cannot hold {first!r}; "
            f"give a value that it can hold, or write {name} as a float in the model"
        )


def _holds(given: Any, target: Any) -> bool:
    """Whether every value of one dtype is one of another, up to the rounding of floats."""
    kind, wanted = _kind(given), _kind(target)
    if wanted == "f":
        return True
    return kind != "f" and np.can_cast(given, target, "safe")


def _kind(dtype: Any) -> str:
    kind = np.dtype(dtype).kind
    return kind if kind in "buif" else "f"  # bfloat16 and its kin have kind V
