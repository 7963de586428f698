"""A mechanism: an assignment traced once, for one unit, into a jaxpr.

Everything that follows reads the jaxpr, never the function: sampling, fingerprints, equations,
exact truths. A model is therefore a value; what its functions' globals become later is no part
of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from numpyro.distributions import Distribution

from scm.core.assignment import Assignment
from scm.core.errors import ModelError
from scm.core.leaves import flatten, unflatten

__all__ = ["Mechanism", "Shape", "noise_shape", "shape_of", "trace"]

Shape = jax.ShapeDtypeStruct

_UNTRACEABLE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.NonConcreteBooleanIndexError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)


@dataclasses.dataclass(frozen=True, eq=False)
class Mechanism:
    """An assignment's jaxpr and what it returns.

    The jaxpr's inputs are, in order: captured arrays, numbers, noises (by sorted name), parents.

    Attributes:
      out: shape and dtype of the variable, for one unit.
      jaxpr: None for a constant.
      captured: arrays that the function closed over; inputs, like the numbers.
      law: the structure of the distribution that the function returns, or None if it returns a
        value; the jaxpr's outputs are then the distribution's parameters.
      given: shapes and dtypes of the parents, for which it was traced.
    """

    assignment: Assignment
    out: Shape
    jaxpr: ClosedJaxpr | None
    captured: tuple[Any, ...] = ()
    law: Any = None
    given: tuple[Shape, ...] = ()

    def __call__(
        self,
        captured: Sequence[Any],
        numbers: Sequence[Any],
        noise: Mapping[str, Any],
        parents: Sequence[Any],
    ) -> Any:
        """One unit's value, or the distribution it is to be drawn from."""
        if self.jaxpr is None:
            return jnp.asarray(numbers[0]).astype(self.out.dtype)
        noises = [noise[each] for each in sorted(self.assignment.noise)]
        arguments = [*captured, *numbers, *noises, *parents]
        typed = [
            jnp.asarray(x).astype(v.aval.dtype)
            for x, v in zip(arguments, self.jaxpr.jaxpr.invars, strict=True)
        ]
        for x, v in zip(typed, self.jaxpr.jaxpr.invars, strict=True):
            if x.shape != v.aval.shape:
                raise ModelError(
                    f"a number of shape {x.shape} stands where the model was written with shape "
                    f"{v.aval.shape}; a stack of models goes through jax.vmap"
                )
        outputs = jaxpr_as_fun(self.jaxpr)(*typed)
        if self.law is not None:
            return unflatten(self.law, outputs)
        return outputs[0].astype(self.out.dtype)


def shape_of(value: Any) -> Shape:
    """Shape and dtype of a number as programs see it, in the present precision."""
    dtype = jax.dtypes.canonicalize_dtype(np.result_type(getattr(value, "dtype", type(value))))
    return Shape(np.shape(value), dtype)


def noise_shape(law: Distribution) -> Shape:
    """Shape and dtype of one unit's value of a law: integers if discrete, floats otherwise."""
    support = law.support  # None in some numpyro laws, such as Levy's, which are all continuous
    discrete = support is not None and support.is_discrete
    return Shape(law.event_shape, jnp.result_type(int if discrete else float))


def trace(name: str, assignment: Assignment, parents: Sequence[Shape]) -> Mechanism:
    """The mechanism of ``name := assignment``, given its parents' shapes for one unit."""
    _check_width(name, assignment)
    if assignment.call is None:
        out = shape_of(assignment.numbers[0])
        if assignment.form == "per unit":
            out = Shape(out.shape[1:], out.dtype)
        return Mechanism(assignment, out, None)
    numbers = tuple(shape_of(each) for each in assignment.numbers)
    noises = {each: noise_shape(law) for each, law in assignment.noise.items()}
    ordered = [noises[each] for each in sorted(noises)]

    def flat(numbers, noise_values, parent_values):
        noise = dict(zip(sorted(noises), noise_values, strict=True))
        return _checked(name, assignment.call(numbers, noise, parent_values))  # type: ignore[misc]

    try:
        closed, returned = jax.make_jaxpr(flat, return_shape=True)(numbers, ordered, list(parents))
    except _UNTRACEABLE as error:
        raise ModelError(_explained(name, error)) from error
    except ModelError:
        raise
    except Exception as error:  # the user's own, whatever it is: it goes on with one word more
        error.add_note(f"(in the assignment of {name})")
        raise
    jaxpr = closed.jaxpr
    opened = jaxpr.replace(invars=[*jaxpr.constvars, *jaxpr.invars], constvars=[])
    law, out = None, returned
    if isinstance(returned, Distribution):
        law, out = jax.tree.structure(returned), noise_shape(returned)
        parameters, _ = flatten(jax.tree.unflatten(law, opened.outvars))
        opened = opened.replace(outvars=parameters)
    return Mechanism(
        assignment,
        Shape(out.shape, out.dtype),
        ClosedJaxpr(opened, []),
        tuple(closed.consts),
        law,
        tuple(parents),
    )


def _check_width(name: str, assignment: Assignment) -> None:
    """Refuses whole numbers that do not fit the integers of the present precision."""
    laws = jax.tree.leaves([assignment.noise[each] for each in sorted(assignment.noise)])
    for number in (*assignment.numbers, *laws):
        if isinstance(number, jax.Array) or number.dtype.kind not in "iu" or not number.size:
            continue
        held = np.iinfo(jax.dtypes.canonicalize_dtype(number.dtype))
        if number.min() < held.min or number.max() > held.max:
            raise ModelError(
                f"{name}: the whole number {number.max()} does not fit {held.dtype}; write it as a "
                "float, or compute in 64 bits: jax.config.update('jax_enable_x64', True)"
            )


def _checked(name: str, value: Any) -> Any:
    """The value with a dtype of its own, or the distribution; anything else is refused."""
    if isinstance(value, Distribution):
        if value.batch_shape:
            raise ModelError(
                f"{name}: its function returns {type(value).__name__} with batch_shape "
                f"{value.batch_shape} for one unit; a vector is one event: "
                f"return {type(value).__name__}(...).to_event({len(value.batch_shape)})"
            )
        return jax.tree.map(jnp.asarray, value)
    if value is None:
        raise ModelError(f"{name}: its function returns None; is a `return` missing?")
    if isinstance(value, list | tuple | Mapping) or (
        not np.isscalar(value) and not hasattr(value, "dtype")
    ):
        raise ModelError(
            f"{name}: its function returns {type(value).__name__}, which is no array; a variable "
            "is one number or array: return jnp.stack([...]), or split it into several variables"
        )
    array = jnp.asarray(value)
    if jnp.iscomplexobj(array):
        raise ModelError(
            f"{name}: its function returns complex numbers; a variable is real: return "
            "jnp.stack([z.real, z.imag])"
        )
    return jax.lax.convert_element_type(array, jax.dtypes.canonicalize_dtype(array.dtype))


def _explained(name: str, error: Exception) -> str:
    traced = "a traced value (a parent, a noise, or a number given as default)"
    if isinstance(error, jax.errors.TracerBoolConversionError):
        return (
            f"{name}: its function branches in Python (if, while, and, or, not) on {traced}; write "
            "jnp.where(condition, value_if_true, value_if_false), and &, |, ~ for and, or, not"
        )
    return (
        f"{name}: its function turns {traced} into a Python or NumPy number; use jax.numpy "
        "(jnp.exp for math.exp or np.exp, x.astype(int) for int(x), jnp.where for a boolean "
        "index), and close over a number that must stay one, as in range(k). JAX says: "
        f"{str(error).splitlines()[0]}"
    )
