"""Inverses that people declare: `rule` gives a function an inverse, in the manner of custom_jvp."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import jax

from scm.core.errors import ModelError

__all__ = ["Rule", "declared", "rule"]

_NAME = "scm_rule_{}"
_NUMBERS = itertools.count()
_DECLARED: dict[str, Rule] = {}


class Rule:
    """A function with a declared inverse: what `rule` makes."""

    def __init__(self, fn: Callable) -> None:
        functools.update_wrapper(self, fn)
        self.fn = fn
        self.inverse: Callable | None = None
        name = _NAME.format(next(_NUMBERS))

        def named(*arguments: Any) -> Any:
            return fn(*arguments)

        named.__name__ = named.__qualname__ = name
        self._call = jax.jit(named)
        _DECLARED[name] = self

    def definverse(self, inverse: Callable) -> Callable:
        """Declare the inverse in the first argument: ``inverse(value, *others) -> first``."""
        self.inverse = inverse
        return inverse

    def __call__(self, *arguments: Any) -> Any:
        if self.inverse is None:
            raise ModelError(
                f"scm.abduction.rule: {getattr(self.fn, '__name__', self.fn)} has no inverse yet; "
                "declare it with @fn.definverse, before the function is used"
            )
        return self._call(*arguments)


def rule(fn: Callable) -> Rule:
    """A function whose inverse in its first argument is declared.

    Abduction inverts assignments by reading what they compute; where it reads no inverse, one can
    be declared. It is checked against the evidence like any other.

    >>> import jax.numpy as jnp
    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> @rule
    ... def bent(x, strength):
    ...     return strength * (x + x**3)
    >>> @bent.definverse
    ... def _(value, strength):  # Cardano's formula
    ...     half = value / strength / 2
    ...     root = jnp.sqrt(half**2 + 1 / 27)
    ...     return jnp.cbrt(half + root) + jnp.cbrt(half - root)
    >>> model = SCM(y=lambda u=Normal(0, 1): bent(u, 1.0))
    >>> found = model.abduct({"y": 10.0}, key=0).sample().noise["y", "u"]
    >>> bool(abs(found[0] - 2) < 1e-5)
    True
    """
    return Rule(fn)


def declared(equation: Any) -> Rule | None:
    """The rule that an equation of a jaxpr calls; None for any other equation."""
    return _DECLARED.get(equation.params.get("name", ""))
