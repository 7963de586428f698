"""Whether what is asked is a smooth function of its noises: proved from the jaxprs, or not at all.

Every value is *fixed* (no noise in question has a part in it), *smooth* (an analytic function of
them, save for isolated poles and branch points, which show as slow convergence) or *rough* (it may
jump or bend anywhere).
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from scm.compile.fingerprint import jaxpr_text
from scm.noise.identity import drawn_law, static_law
from scm.noise.laws import Law
from scm.noise.source import Address
from scm.truth.batches import Asked
from scm.truth.behind import live_layers
from scm.truth.links import place

__all__ = ["Grade", "graded", "smooth_in"]


class Grade(enum.IntEnum):
    """How a value depends on the noises in question."""

    FIXED = 0
    SMOOTH = 1
    ROUGH = 2


# Laws whose quantile function is analytic in the normal score and in the parameters.
_LAWS = frozenset({
    "Normal", "LogNormal", "Uniform", "LogUniform", "Exponential", "Weibull", "Gompertz", "Pareto",
    "Logistic", "Gumbel", "Cauchy", "HalfNormal", "HalfCauchy", "Kumaraswamy", "StudentT", "Gamma",
    "InverseGamma", "Beta", "MultivariateNormal", "MatrixNormal", "GaussianRandomWalk",
})  # fmt: skip
# Of what chooses among values: booleans and whole numbers are never smooth, so it is fixed.
_ANALYTIC = frozenset({
    "add", "add_any", "sub", "mul", "div", "neg", "square", "integer_pow", "pow", "sqrt", "rsqrt",
    "cbrt", "exp", "exp2", "expm1", "log", "log1p", "logistic", "tanh", "sin", "cos", "tan",
    "asin", "acos", "atan", "atan2", "sinh", "cosh", "asinh", "acosh", "atanh",
    "erf", "erfc", "erf_inv", "lgamma", "digamma", "dot_general", "reduce_sum", "reduce_prod",
    "cumsum", "cumprod", "cumlogsumexp", "cholesky", "triangular_solve", "conv_general_dilated",
    "broadcast_in_dim", "concatenate", "copy", "copy_p", "expand_dims", "reshape", "rev", "slice",
    "split", "squeeze", "stack", "stop_gradient", "tile", "transpose", "unstack", "pad",
    "convert_element_type", "select_n", "gather", "dynamic_slice",
})  # fmt: skip
_CALLS = frozenset({"jit", "pjit", "closed_call", "core_call", "custom_jvp_call",
                    "custom_vjp_call", "remat", "checkpoint"})  # fmt: skip


def smooth_in(asked: Asked, noises: Collection[Address]) -> bool:
    """Whether every statistic is the mean of a smooth function of the normal scores of these
    noises, whatever the others are."""
    grades: dict[tuple[str, str], Grade] = {}
    for world, name, depth in live_layers(asked):
        grades[world, name] = _layer(asked, noises, grades, world, name, depth)
    for each in asked.values:
        inputs = [Grade.FIXED] * len(each.consts) + [grades[at] for at in each.reads]
        if Grade.ROUGH in graded(each.jaxpr, inputs):
            return False
    return True


def _layer(
    asked: Asked,
    noises: Collection[Address],
    grades: dict[tuple[str, str], Grade],
    world: str,
    name: str,
    depth: int,
) -> Grade:
    system = asked.systems[world]
    mechanism = system.structure.mechanisms[name][depth]
    assignment = mechanism.assignment
    if mechanism.jaxpr is None:
        return Grade.FIXED
    noise = [
        _of_law(static_law(assignment.noise[each])) if (name, each) in noises else Grade.FIXED
        for each in sorted(assignment.noise)
    ]
    read = [place(asked.links, world, name, each) for each in assignment.parents]
    parents = [grades.get(each, Grade.ROUGH) for each in read]  # a loop may have poles
    numbers = len(mechanism.captured) + len(assignment.numbers)
    outputs = graded(mechanism.jaxpr.jaxpr, [Grade.FIXED] * numbers + noise + parents)
    drawn = drawn_law(name, mechanism, system.coupling)
    if drawn is not None:
        outputs = [*outputs, _of_law(drawn)]
    grade = max(outputs, default=Grade.FIXED)
    return grade if grade == Grade.FIXED or _wide(mechanism.out.dtype) else Grade.ROUGH


def _of_law(law: Law) -> Grade:
    smooth = law.kind in ("quantile", "score") and law.family.partition("[")[0] in _LAWS
    return Grade.SMOOTH if smooth else Grade.ROUGH


def graded(jaxpr: Jaxpr, inputs: Sequence[Grade]) -> list[Grade]:
    """The grades of a jaxpr's outputs, from those of its inputs."""
    held: dict[Any, Grade] = dict(zip(jaxpr.invars, inputs, strict=True))

    def read(variable: Any) -> Grade:
        return Grade.FIXED if isinstance(variable, Literal) else held.get(variable, Grade.FIXED)

    for equation in jaxpr.eqns:
        grades = [read(each) for each in equation.invars]
        if max(grades, default=Grade.FIXED) == Grade.FIXED:
            outputs = [Grade.FIXED] * len(equation.outvars)
        else:
            outputs = _applied(equation, grades)
        held.update(zip(equation.outvars, outputs, strict=True))
    return [read(each) for each in jaxpr.outvars]


def _applied(equation: Any, grades: list[Grade]) -> list[Grade]:
    """The grades of the outputs of an equation that reads something which is not fixed."""
    name, params = equation.primitive.name, equation.params
    if name in _CALLS and not _is_logaddexp(equation):
        inner = params.get("jaxpr", params.get("call_jaxpr"))
        return graded(inner.jaxpr if isinstance(inner, ClosedJaxpr) else inner, grades)
    smooth = Grade.ROUGH not in grades and (name in _ANALYTIC or name in _CALLS)
    wide = all(_wide(each.aval.dtype) for each in equation.outvars)
    return [Grade.SMOOTH if smooth and wide else Grade.ROUGH] * len(equation.outvars)


def _is_logaddexp(equation: Any) -> bool:
    """Whether a call is ``logaddexp``, which is written with maxima but is smooth; softplus is one
    of it."""
    if equation.primitive.name != "custom_jvp_call":
        return False
    shapes = [each.aval for each in equation.invars]
    if len(shapes) != 2 or shapes[0].shape != shapes[1].shape:
        return False
    made = jax.make_jaxpr(jnp.logaddexp)(
        *(jax.ShapeDtypeStruct(x.shape, x.dtype, weak_type=x.weak_type) for x in shapes)
    )
    if len(made.eqns) != 1 or "call_jaxpr" not in made.eqns[0].params:
        return False
    ours, known = (each.params["call_jaxpr"].jaxpr for each in (equation, made.eqns[0]))
    return list(jaxpr_text(ours)) == list(jaxpr_text(known))


def _wide(dtype: Any) -> bool:
    """Whether a dtype holds reals to the present precision; a narrower one rounds in steps."""
    return bool(jnp.issubdtype(dtype, jnp.floating)) and dtype == jnp.result_type(float)
