"""Mechanisms in words: a jaxpr written back as the formula a person would write."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Jaxpr, Literal

from scm.core.assignment import Variable
from scm.core.leaves import unflatten
from scm.core.mechanism import Mechanism

__all__ = ["equation", "law_text"]

_LONGEST = 600

# How tightly each binds, as in Python, save that operands of & and | are bracketed if compared.
_INFIX = {
    "add": ("+", 4), "add_any": ("+", 4), "sub": ("-", 4), "mul": ("*", 5), "div": ("/", 5),
    "pow": ("**", 7), "lt": ("<", 3), "le": ("<=", 3), "gt": (">", 3),
    "ge": (">=", 3), "eq": ("==", 3), "ne": ("!=", 3), "and": ("&", 2), "or": ("|", 1),
}  # fmt: skip
_SAME = frozenset({
    "broadcast_in_dim", "reshape", "squeeze", "copy", "stop_gradient", "expand_dims", "pvary",
    "copy_p",
})  # fmt: skip
_CALLS = frozenset({"jit", "pjit", "closed_call", "custom_jvp_call", "custom_vjp_call", "remat",
                    "checkpoint"})  # fmt: skip
_RENAMED = {
    "logistic": "sigmoid", "reduce_sum": "sum", "reduce_max": "max", "reduce_min": "min",
    "reduce_and": "all", "reduce_or": "any", "erf_inv": "erfinv", "dot_general": "dot",
}  # fmt: skip
_ATOM, _CALL, _NEGATIVE = 9, 8, 6


class Expression(NamedTuple):
    """Text, how tightly it binds, and its value where that is a number known now."""

    text: str
    binding: int
    value: Any = None


def _constant(value: Any) -> Expression:
    text = _number(value)
    return Expression(text, _NEGATIVE if text.startswith("-") else _ATOM, value)


def equation(
    variable: Variable, mechanisms: Sequence[Mechanism], numbers: Sequence[Sequence[Any]]
) -> str:
    """The equation of a variable as it stands: its mechanism, or what was done to it.

    ``education := 12 + 0.8 * near_college + ability + u,  u ~ Normal(0, 1)``
    """
    lines = []
    for depth in variable.live:
        mechanism, intervened = mechanisms[depth], depth > 0
        notes = ["do"] if intervened else [variable.role] if variable.role != "observed" else []
        notes += ["equilibrium"] if mechanism.assignment.equilibrium else []
        note = f"  ({', '.join(notes)})" if notes else ""
        lines.append(f"{variable.name} {_right_hand_side(mechanism, numbers[depth])}{note}")
    return "\n".join(lines)


def _right_hand_side(mechanism: Mechanism, numbers: Sequence[Any]) -> str:
    assignment, taken = mechanism.assignment, len(mechanism.captured)
    captured, rest = numbers[:taken], numbers[taken:]
    own, parameters = rest[: len(assignment.numbers)], rest[len(assignment.numbers) :]
    names = sorted(assignment.noise)
    structure = jax.tree.structure([assignment.noise[each] for each in names])
    laws = dict(zip(names, unflatten(structure, parameters), strict=True))
    if assignment.form == "per unit":
        return f":= one value for each of {len(own[0])} units"
    if assignment.form == "constant":
        return f":= {_number(own[0])}"
    if assignment.form == "law":
        return f"~ {law_text(laws[assignment.fresh])}"
    noises = "".join(f",  {each} ~ {law_text(laws[each])}" for each in assignment.noise)
    formula = _formula(mechanism, captured, own)
    return f"{'~' if mechanism.law is not None else ':='} {formula}{noises}"


def law_text(law: Any, shown: Callable[[Any], str] | None = None) -> str:
    """A distribution as it would be typed: ``Normal(0, 0.4)``; ``shown`` writes a parameter."""
    shown, shape = shown or _number, law.event_shape
    while type(law).__name__ in ("Independent", "ExpandedDistribution", "MaskedDistribution"):
        law = law.base_dist
    name, names = type(law).__name__, [each for each in law.arg_constraints if each in law.__dict__]
    if not names or hasattr(law, "base_dist"):
        text = f"{name}(...)"
    elif name in ("BernoulliProbs", "CategoricalProbs") or not name.endswith(("Probs", "Logits")):
        typed = [each for each in inspect.signature(type(law)).parameters if each in names]
        plain = typed == names
        each = [f"{'' if plain else n + '='}{shown(law.__dict__[n])}" for n in names]
        text = f"{name.removesuffix('Probs')}({', '.join(each)})"
    else:
        each = [f"{n}={shown(law.__dict__[n])}" for n in names]
        text = f"{name.removesuffix('Probs').removesuffix('Logits')}({', '.join(each)})"
    return f"{text}.shape{shape}" if shape else text


def _number(value: Any) -> str:
    if isinstance(value, jax.core.Tracer):
        return "?"
    array = np.asarray(value)
    if array.ndim == 0:
        return repr(array.item()) if array.dtype.kind != "f" else f"{array.item():.6g}"
    if array.size <= 6:
        return np.array2string(array, separator=", ", formatter={"float": lambda x: f"{x:.6g}"})
    return f"<{array.dtype.name}{list(array.shape)}>"


def _formula(mechanism: Mechanism, captured: Sequence[Any], own: Sequence[Any]) -> str:
    """The jaxpr's outputs as text; ``f(parents, noise)`` where that would be no help."""
    assignment = mechanism.assignment
    numbers = [
        _constant(value) if np.size(value) == 1 else Expression(name, _ATOM, value)
        for name, value in zip(assignment.number_names, own, strict=True)
    ]
    named = [Expression(name, _ATOM) for name in (*sorted(assignment.noise), *assignment.parents)]
    inputs = [*map(_constant, captured), *numbers, *named]
    assert mechanism.jaxpr is not None
    outputs = [each.text for each in _written(mechanism.jaxpr.jaxpr, inputs)]
    short = f"f({', '.join([*assignment.parents, *assignment.noise])})"
    if mechanism.law is None:
        return outputs[0] if len(outputs[0]) <= _LONGEST else short
    shapes = [each.aval for each in mechanism.jaxpr.jaxpr.outvars]
    law = unflatten(
        mechanism.law, [_Text(t, s.shape) for t, s in zip(outputs, shapes, strict=True)]
    )
    text = law_text(law, str)
    return text if len(text) <= _LONGEST else f"{text.partition('(')[0]}({short})"


class _Text:
    """Text in the place of a parameter."""

    def __init__(self, text: str, shape: tuple[int, ...]) -> None:
        self.text, self.shape = text, shape

    def __str__(self) -> str:
        return self.text


def _written(jaxpr: Jaxpr, inputs: Sequence[Expression]) -> list[Expression]:
    known: dict[Any, Expression] = dict(zip(jaxpr.invars, inputs, strict=True))

    def read(variable: Any) -> Expression:
        return _constant(variable.val) if isinstance(variable, Literal) else known[variable]

    for each in jaxpr.eqns:
        arguments = [read(variable) for variable in each.invars]
        for variable, found in zip(each.outvars, _applied(each, arguments), strict=True):
            # what is too long would only grow: its formula is given up
            long = len(found.text) > _LONGEST
            known[variable] = Expression("." * (_LONGEST + 1), _ATOM) if long else found
    return [read(variable) for variable in jaxpr.outvars]


def _applied(equation: Any, arguments: list[Expression]) -> list[Expression]:
    """The text of one primitive applied; one for each output."""
    name, params = equation.primitive.name, equation.params
    inner = params.get("jaxpr", params.get("call_jaxpr"))
    if name in _CALLS and inner is not None:
        jaxpr, consts = getattr(inner, "jaxpr", inner), getattr(inner, "consts", [])
        opened = jaxpr.replace(invars=[*jaxpr.constvars, *jaxpr.invars], constvars=[])
        return _written(opened, [*map(_constant, consts), *arguments])
    values = [each.value for each in arguments]
    if name in _PICKS and not any(each is None or _abstract(each) for each in values):
        return [_constant(equation.primitive.bind(*map(jnp.asarray, values), **params))]
    text = _one_text(equation, name, arguments)
    return [text] * len(equation.outvars)


_PICKS = frozenset({"slice", "squeeze", "reshape", "dynamic_slice", "broadcast_in_dim"})
"""What takes a number out of an array of numbers; its result is shown instead."""


def _abstract(value: Any) -> bool:
    return isinstance(value, jax.core.Tracer)


def _one_text(equation: Any, name: str, arguments: list[Expression]) -> Expression:
    first = arguments[0] if arguments else Expression("", _ATOM)
    whole = jnp.issubdtype(equation.outvars[0].aval.dtype, jnp.integer)
    if name == "broadcast_in_dim" and not _scalar(equation):
        return Expression(f"broadcast({first.text})", _CALL)
    if name in _SAME:
        return first
    if name == "convert_element_type":
        return _converted(equation, first)
    if name in _INFIX and len(arguments) == 2 and not (name == "div" and whole):
        return _infix(name, *arguments)
    if name in ("integer_pow", "square"):
        power = equation.params.get("y", 2)
        return Expression(f"{_bracketed(first, 8)}**{power}", 7)
    if name == "neg":
        return Expression(f"-{_bracketed(first, _NEGATIVE)}", _NEGATIVE)
    if name == "not":
        return Expression(f"~{_bracketed(first, _CALL)}", _CALL)
    if name == "select_n" and len(arguments) == 3:
        return _chosen(*arguments)
    if name in ("gather", "dynamic_slice"):
        starts = [_index(each.text) for each in arguments[1:]]
        if name == "dynamic_slice":  # where whole rows are taken: a[i], not a[i, 0]
            sizes, shape = equation.params["slice_sizes"], equation.invars[0].aval.shape
            while len(starts) > 1 and sizes[len(starts) - 1] == shape[len(starts) - 1]:
                starts.pop()
        return Expression(f"{_bracketed(first, _CALL)}[{', '.join(starts)}]", _CALL)
    if name == "slice":
        starts, limits = equation.params["start_indices"], equation.params["limit_indices"]
        ends = zip(starts, limits, strict=True)
        index = ", ".join(str(a) if b == a + 1 else f"{a}:{b}" for a, b in ends)
        return Expression(f"{_bracketed(first, _CALL)}[{index}]", _CALL)
    shown = ", ".join(each.text for each in arguments)
    axes = equation.params.get("axes")
    if name.startswith("reduce_") and axes and len(axes) < len(equation.invars[0].aval.shape):
        shown += f", axis={axes[0] if len(axes) == 1 else axes}"
    return Expression(f"{_RENAMED.get(name, name)}({shown})", _CALL)


def _scalar(equation: Any) -> bool:
    """Whether what is broadcast is one number, or keeps its shape but for axes of size 1."""
    before, after = equation.invars[0].aval.shape, equation.outvars[0].aval.shape
    return int(np.prod(before)) == 1 or tuple(s for s in after if s > 1) == before


def _infix(name: str, left: Expression, right: Expression) -> Expression:
    symbol, binding = _INFIX[name]
    low = 4 if binding <= 3 else binding  # comparisons do not chain, & and | want brackets
    shown = _bracketed(left, low + (name == "pow"))
    other = _bracketed(right, low + (name in ("sub", "div")))
    if name in ("add", "add_any") and other.startswith("-"):
        return Expression(f"{shown} - {other[1:]}", binding)
    return Expression(f"{shown} {symbol} {other}", binding)


def _converted(equation: Any, argument: Expression) -> Expression:
    """A change of dtype is shown where it changes values."""
    before, after = equation.invars[0].aval.dtype, equation.outvars[0].aval.dtype
    if after == jnp.bool_ and before != jnp.bool_:
        return Expression(f"bool({argument.text})", _CALL)
    whole = jnp.issubdtype(after, jnp.integer)
    if whole and (before == jnp.bool_ or jnp.issubdtype(before, jnp.floating)):
        return Expression(f"int({argument.text})", _CALL)
    return argument


def _chosen(condition: Expression, no: Expression, yes: Expression) -> Expression:
    return Expression(f"where({condition.text}, {yes.text}, {no.text})", _CALL)


_WRAPPED = re.compile(r"where\((.+) < 0, \1 \+ \d+, (.+)\)")


def _index(text: str) -> str:
    """An index without the wrapping of negative values that JAX writes out."""
    found = _WRAPPED.fullmatch(text)
    if found and found[1] in (found[2], f"({found[2]})"):
        return found[2]
    return text


def _bracketed(expression: Expression, binding: int) -> str:
    return expression.text if expression.binding >= binding else f"({expression.text})"
