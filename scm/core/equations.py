"""Mechanisms in words: a jaxpr written back as the formula a person would write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.extend.core import Jaxpr, Literal

from scm.core.assignment import Variable
from scm.core.mechanism import Mechanism

__all__ = ["equation", "law_text"]

_LONGEST = 160

_INFIX = {
    "add": ("+", 4), "add_any": ("+", 4), "sub": ("-", 4), "mul": ("*", 5), "div": ("/", 5),
    "rem": ("%", 5), "pow": ("**", 7), "lt": ("<", 3), "le": ("<=", 3), "gt": (">", 3),
    "ge": (">=", 3), "eq": ("==", 3), "ne": ("!=", 3), "and": ("&", 2), "or": ("|", 1),
    "dot_general": ("@", 5),
}  # fmt: skip
_SAME = frozenset({
    "convert_element_type", "broadcast_in_dim", "reshape", "squeeze", "copy", "stop_gradient",
    "expand_dims", "pvary", "copy_p",
})  # fmt: skip
_RENAMED = {
    "logistic": "sigmoid", "reduce_sum": "sum", "reduce_max": "max", "reduce_min": "min",
    "reduce_and": "all", "reduce_or": "any", "erf_inv": "erfinv",
}  # fmt: skip
_ATOM = 9

Expression = tuple[str, int]
"""Text and how tightly it binds."""


def equation(variable: Variable, mechanisms: Sequence[Mechanism]) -> str:
    """The equation of a variable as it stands: its mechanism, or what was done to it.

    ``education := 12 + 0.8 * near_college + ability + u,  u ~ Normal(0, 1)``
    """
    lines = []
    for depth in variable.live:
        mechanism, intervened = mechanisms[depth], depth > 0
        note = "  (do)" if intervened else {"observed": "", "latent": "  (latent)"}.get(
            variable.role, "  (param)"
        )  # fmt: skip
        lines.append(f"{variable.name} {_right_hand_side(mechanism)}{note}")
    return "\n".join(lines)


def _right_hand_side(mechanism: Mechanism) -> str:
    assignment = mechanism.assignment
    if assignment.form == "per unit":
        return f":= one value for each of {len(assignment.numbers[0])} units"
    if assignment.form == "constant":
        return f":= {_number(assignment.numbers[0])}"
    if assignment.form == "law":
        return f"~ {law_text(assignment.noise[assignment.fresh])}"
    noises = "".join(f",  {each} ~ {law_text(assignment.noise[each])}" for each in assignment.noise)
    formula = _formula(mechanism)
    return f"{'~' if mechanism.law is not None else ':='} {formula}{noises}"


def law_text(law: Any) -> str:
    """A distribution as it would be typed: ``Normal(0, 0.4)``."""
    while type(law).__name__ in ("Independent", "ExpandedDistribution"):
        law = law.base_dist
    name = type(law).__name__.removesuffix("Probs").removesuffix("Logits")
    values = [getattr(law, each, None) for each in _parameter_names(law)]
    shown = ", ".join(_number(each) for each in values if each is not None)
    return f"{name}({shown})" + (f".shape{law.event_shape}" if law.event_shape else "")


def _parameter_names(law: Any) -> list[str]:
    return [each for each in law.arg_constraints if each in law.__dict__]


def _number(value: Any) -> str:
    if isinstance(value, jax.core.Tracer):
        return "?"
    array = np.asarray(value)
    if array.ndim == 0:
        return repr(array.item()) if array.dtype.kind != "f" else f"{array.item():.6g}"
    if array.size <= 6:
        return np.array2string(array, separator=", ", formatter={"float": lambda x: f"{x:.6g}"})
    return f"<{array.dtype.name}{list(array.shape)}>"


def _formula(mechanism: Mechanism) -> str:
    """The jaxpr's outputs as text; ``f(parents, noise)`` where that would be no help."""
    assignment = mechanism.assignment
    noise = sorted(assignment.noise)
    numbers = [
        _number(value) if np.size(value) == 1 else name
        for name, value in zip(assignment.number_names, assignment.numbers, strict=True)
    ]
    captured = [
        _number(each) if np.size(each) == 1 else f"<{each.dtype.name}{list(each.shape)}>"
        for each in mechanism.captured
    ]
    atoms = [*captured, *numbers, *noise, *assignment.parents]
    named = f"f({', '.join([*assignment.parents, *assignment.noise])})"
    assert mechanism.jaxpr is not None
    inputs = [(text, 6 if text.startswith("-") else _ATOM) for text in atoms]
    outputs = [text for text, _ in _written(mechanism.jaxpr.jaxpr, inputs)]
    if mechanism.law is not None:
        law = jax.tree.unflatten(mechanism.law, [_Text(each) for each in outputs])
        shown = ", ".join(
            str(getattr(law, each)) for each in _parameter_names(law)
            if isinstance(getattr(law, each, None), _Text)
        )  # fmt: skip
        name = type(law).__name__.removesuffix("Probs").removesuffix("Logits")
        text = f"{name}({shown})"
        return text if len(text) <= _LONGEST else f"{name}({named})"
    return outputs[0] if len(outputs[0]) <= _LONGEST else named


class _Text:
    """Text in the place of a parameter."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


def _written(jaxpr: Jaxpr, inputs: Sequence[Expression]) -> list[Expression]:
    known: dict[Any, Expression] = dict(zip(jaxpr.invars, inputs, strict=True))

    def read(variable: Any) -> Expression:
        if isinstance(variable, Literal):
            text = _number(variable.val)
            return text, 6 if text.startswith("-") else _ATOM
        return known.get(variable, ("...", _ATOM))

    for each in jaxpr.eqns:
        arguments = [read(variable) for variable in each.invars]
        for variable, text in zip(each.outvars, _applied(each, arguments), strict=True):
            # what is longer than a line twice over would only grow: its formula is given up
            known[variable] = text if len(text[0]) <= 2 * _LONGEST else ("." * 1000, _ATOM)
    return [read(variable) for variable in jaxpr.outvars]


def _applied(equation: Any, arguments: list[Expression]) -> list[Expression]:
    """The text of one primitive applied; one for each output."""
    name, params = equation.primitive.name, equation.params
    inner = params.get("jaxpr", params.get("call_jaxpr"))
    if inner is not None and name in ("jit", "pjit", "closed_call", "custom_jvp_call",
                                      "custom_vjp_call", "remat", "checkpoint"):  # fmt: skip
        jaxpr = getattr(inner, "jaxpr", inner)
        consts = [(_number(each), _ATOM) for each in getattr(inner, "consts", [])]
        if len(jaxpr.invars) == len(arguments):
            opened = jaxpr.replace(invars=[*jaxpr.constvars, *jaxpr.invars], constvars=[])
            return _written(opened, [*consts, *arguments])
    if name in _SAME or (name == "transpose"):
        return [arguments[0]]
    if name in _INFIX and len(arguments) == 2:
        symbol, binding = _INFIX[name]
        left = _bracketed(arguments[0], binding)
        right = _bracketed(arguments[1], binding + (name in ("sub", "div", "rem", "pow")))
        return [(f"{left} {symbol} {right}", binding)]
    if name == "integer_pow":
        return [(f"{_bracketed(arguments[0], 8)}**{params['y']}", 7)]
    if name == "square":
        return [(f"{_bracketed(arguments[0], 8)}**2", 7)]
    if name == "neg":
        return [(f"-{_bracketed(arguments[0], 6)}", 6)]
    if name == "not":
        return [(f"~{_bracketed(arguments[0], 8)}", 8)]
    if name == "select_n" and len(arguments) == 3:
        return [_chosen(*arguments)]
    if name in ("gather", "dynamic_slice"):
        index = ", ".join(text for text, _ in arguments[1:])
        return [(f"{_bracketed(arguments[0], 8)}[{index}]", 8)]
    shown = ", ".join(text for text, _ in arguments)
    return [(f"{_RENAMED.get(name, name)}({shown})", 8)] * len(equation.outvars)


def _chosen(condition: Expression, no: Expression, yes: Expression) -> Expression:
    """A choice; the wrapping of negative indices, which JAX writes out, is read as the index."""
    if condition[0] == f"{_bracketed(no, 3)} < 0" and yes[0].startswith(f"{_bracketed(no, 4)} + "):
        return no
    return f"where({condition[0]}, {yes[0]}, {no[0]})", 8


def _bracketed(expression: Expression, binding: int) -> str:
    text, own = expression
    return text if own >= binding else f"({text})"
