"""What users pass to a model: right-hand sides by name, numbers of units, first units."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from scm.core.errors import ModelError

__all__ = ["count", "first_unit", "named_rhs"]


def named_rhs(functions: tuple[Any, ...], rhs: Mapping[str, Any]) -> dict[str, Any]:
    """All right-hand sides by name, in order of writing."""
    named: dict[str, Any] = {}
    for each in functions:
        if isinstance(each, Mapping):
            new = dict(each)
        elif callable(each) and getattr(each, "__name__", "<lambda>").isidentifier():
            new = {each.__name__: each}
        else:
            raise ModelError(
                f"SCM(...): by position a function under its own name or a dict is wanted, given "
                f"{each!r}; write name={'lambda ...' if callable(each) else repr(each)}"
            )
        _check_new(named, new)
        named |= new
    _check_new(named, rhs)
    named |= rhs
    for name in named:
        if not isinstance(name, str) or not name:
            raise ModelError(f"SCM(...): a variable's name is a string, given {name!r}")
    return named


def _check_new(named: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    twice = [name for name in new if name in named]
    if twice:
        raise ModelError(f"SCM(...): {twice[0]} is given twice; a variable has one assignment")


def count(what: str, n: Any) -> int:
    """A number of units, at least 1, from what was given; refused by the name of ``what``."""
    if isinstance(n, float) and n.is_integer():
        n = int(n)
    try:
        count = operator.index(n)
    except TypeError:
        raise ModelError(f"{what} = {n!r}: a whole number of units is wanted, at least 1") from None
    if isinstance(n, bool | np.bool_) or count < 1:
        raise ModelError(f"{what} = {n}: at least 1 unit is wanted")
    return count


def first_unit(unit: int) -> np.ndarray:
    """The number of a run's first unit as its two words."""
    return np.array([unit >> 32, unit & 0xFFFFFFFF], np.uint32)
