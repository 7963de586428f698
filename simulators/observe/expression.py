"""Functions of columns written as text, as configs have to: ``"coding + cooperation >= 7"``.

A small, closed language: numbers, names, ``+ - * / **``, comparisons (chains too), ``and or not``,
``a if b else c``, and the functions of `FUNCTIONS`. Nothing else is ever evaluated.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from scm.core.errors import suggestion
from scm.core.pytree import pytree, static

__all__ = ["FUNCTIONS", "Expression", "ExpressionError", "expression"]

FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "abs": (jnp.abs, 1),
    "exp": (jnp.exp, 1),
    "log": (jnp.log, 1),
    "sqrt": (jnp.sqrt, 1),
    "sin": (jnp.sin, 1),
    "cos": (jnp.cos, 1),
    "tanh": (jnp.tanh, 1),
    "atan": (jnp.arctan, 1),
    "asin": (jnp.arcsin, 1),
    "atanh": (jnp.arctanh, 1),
    "expit": (jax.nn.sigmoid, 1),
    "phi": (jax.scipy.stats.norm.pdf, 1),
    "Phi": (jax.scipy.stats.norm.cdf, 1),
    "min": (jnp.minimum, 2),
    "max": (jnp.maximum, 2),
    "betainc": (jax.scipy.special.betainc, 3),
    "hyp1f1": (jax.scipy.special.hyp1f1, 3),
}
"""By name, a function of numbers and how many it takes; phi and Phi are the standard normal's,
betainc(a, b, x) is the distribution function of a beta law, hyp1f1 Kummer's function."""

_CONSTANTS = {"pi": jnp.pi}

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Mod: operator.mod,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_UNARY: dict[type, Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: jnp.logical_not,
}


class ExpressionError(ValueError):
    """A text that is no expression; the message says where and what was meant."""


@pytree
class Expression:
    """A function of columns: ``names`` are those it reads, in the order of its arguments.

    Its ``numbers`` are leaves of the pytree: other numbers under the same names compile nothing
    anew.
    """

    numbers: dict[str, Any]
    text: str = static()
    names: tuple[str, ...] = static()

    def __call__(self, *values: Any) -> Any:
        given = {**_CONSTANTS, **self.numbers, **dict(zip(self.names, values, strict=True))}
        try:
            return _evaluated(ast.parse(self.text, mode="eval").body, given)
        except ArithmeticError as error:  # of plain numbers; arrays have inf and nan
            raise ExpressionError(f"{self.text!r} has no value: {error.args[-1]}") from None

    def __str__(self) -> str:
        return self.text


def expression(text: str, numbers: Mapping[str, float] | None = None) -> Expression:
    """The function that a text stands for.

    Arguments:
      text: an expression; every name that is no function, ``pi``, or one of the numbers is a
        column.
      numbers: values of names, ``{"cut": 7.0}``.

    Raises ExpressionError for what is not of the language.

    >>> hired = expression("coding + cooperation >= cut", {"cut": 7.0})
    >>> hired.names
    ('coding', 'cooperation')
    >>> bool(hired(3, 4)), bool(hired(3, 3))
    (True, False)
    >>> expression("expt(X)")
    Traceback (most recent call last):
    simulators.observe.expression.ExpressionError: 'expt(X)': there is no function 'expt'; did you
    mean 'expit'?
    """
    numbers = dict(numbers or {})
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ExpressionError(
            f"{text!r} is no expression ({what}); write for example 'X + 2 * Y > 1'"
        ) from None
    names: dict[str, None] = {}
    _check(body, text, names)
    read = tuple(each for each in names if each not in numbers and each not in _CONSTANTS)
    unused = [each for each in numbers if each not in names]
    if unused:
        raise ExpressionError(f"{text!r} has no {unused[0]!r}{suggestion(unused[0], names)}")
    return Expression(numbers, text.strip(), read)


def _check(part: ast.AST, text: str, names: dict[str, None]) -> None:
    """Raise for what is not of the language; collect the names."""
    match part:
        case ast.Constant(value=bool() | int() | float()):
            return
        case ast.Name(id=name):
            names[name] = None
        case ast.BinOp(op=op) if type(op) in _BINARY:
            _check_all([part.left, part.right], text, names)
        case ast.UnaryOp(op=op) if type(op) in _UNARY:
            _check(part.operand, text, names)
        case ast.BoolOp(values=values):
            _check_all(values, text, names)
        case ast.Compare(ops=ops) if all(type(op) in _BINARY for op in ops):
            _check_all([part.left, *part.comparators], text, names)
        case ast.IfExp():
            _check_all([part.body, part.test, part.orelse], text, names)
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            _check_call(name, len(part.args), text)
            _check_all(part.args, text, names)
        case _:
            shown = ast.unparse(part) if isinstance(part, ast.expr) else type(part).__name__
            raise ExpressionError(
                f"{text!r}: {shown!r} is not of the language; it has numbers, names, + - * / **, "
                f"comparisons, and, or, not, if-else, and {', '.join(FUNCTIONS)}"
            )


def _check_all(parts: list[Any], text: str, names: dict[str, None]) -> None:
    for part in parts:
        _check(part, text, names)


def _check_call(name: str, given: int, text: str) -> None:
    if name not in FUNCTIONS:
        raise ExpressionError(
            f"{text!r}: there is no function {name!r}{suggestion(name, FUNCTIONS)}"
        )
    wanted = FUNCTIONS[name][1]
    if given != wanted:
        raise ExpressionError(
            f"{text!r}: {name} takes {wanted} argument{'s' * (wanted > 1)}, given {given}"
        )


def _evaluated(part: Any, given: Mapping[str, Any]) -> Any:
    of = lambda each: _evaluated(each, given)
    match part:
        case ast.Constant(value=bool(value)):
            return value
        case ast.Constant(value=int() | float() as value):
            return float(value)  # whole numbers to the power of others may have no end
        case ast.Name(id=name):
            return given[name]
        case ast.BinOp():
            return _BINARY[type(part.op)](of(part.left), of(part.right))
        case ast.UnaryOp():
            return _UNARY[type(part.op)](of(part.operand))
        case ast.BoolOp(op=op, values=values):
            join = jnp.logical_and if isinstance(op, ast.And) else jnp.logical_or
            found = of(values[0])
            for each in values[1:]:
                found = join(found, of(each))
            return found
        case ast.Compare():
            sides = [of(each) for each in [part.left, *part.comparators]]
            held = [
                _BINARY[type(op)](a, b)
                for op, a, b in zip(part.ops, sides, sides[1:], strict=False)
            ]
            found = held[0]
            for each in held[1:]:
                found = jnp.logical_and(found, each)
            return found
        case ast.IfExp():
            return jnp.where(of(part.test), of(part.body), of(part.orelse))
        case ast.Call(func=ast.Name(id=name)):
            return FUNCTIONS[name][0](*map(of, part.args))
    raise AssertionError("checked when it was read")
