"""What a value of a study's file is made of: what it takes, the words that refuse what it does not,
and what an editor is told of it.

A value is taken as it is or refused, never converted (``true`` is not 1, ``"3010"`` is not a
number), and the refusal shows the corrected value where there is an obvious one.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from experiments.mending import mended
from experiments.mistakes import nearest, shown

__all__ = [
    "is_condition", "is_edges", "is_integer", "is_levels", "is_name", "is_number", "is_plain",
    "is_rising", "is_text", "json_type", "leaf", "one_of", "refuse",
]  # fmt: skip


def refuse(wanted: str, given: str, hint: str = "", at: Sequence[str] = ()) -> PydanticCustomError:
    """The error whose whole message is ``... is wanted, given ...``; ``at`` are keys inside."""
    message = f"{wanted} is wanted, given {given}{hint}"
    return PydanticCustomError("refused", "{message}", {"message": message, "at": list(at)})


def leaf(
    wanted: str,
    ok: Callable[[Any], bool],
    choices: Sequence[str] = (),
    units: Mapping[str, float] | None = None,
) -> PlainValidator:
    """A value for which ``ok`` holds; ``wanted`` names such a value, article and all.

    ``units`` are those that a number may have been written with, each with its size in the one
    that is wanted.
    """

    def check(value: Any) -> Any:
        if ok(value):
            return tuple(value) if isinstance(value, list) else value
        if near := nearest(str(value), choices):
            raise refuse(wanted, shown(value), f'; did you mean "{near}"?')
        raise refuse(wanted, shown(value), mended(value, ok, units))

    return PlainValidator(check)


def is_text(value: Any) -> bool:
    """A string that is not empty."""
    return isinstance(value, str) and value.strip() != ""


def is_edges(value: Any) -> bool:
    """A list of pairs of names, at least one."""
    listed = isinstance(value, list | tuple) and len(value) > 0
    return listed and all(map(is_edge, value))


def is_edge(value: Any) -> bool:
    """A pair of names."""
    pair = isinstance(value, list | tuple) and len(value) == 2
    return pair and all(map(is_text, value))


def is_name(value: Any) -> bool:
    """Letters, digits, _ and -, beginning with a letter or digit."""
    return isinstance(value, str) and re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]*", value) is not None


def is_integer(value: Any, low: int) -> bool:
    """A whole number, no boolean, from ``low`` to what 64 bits hold."""
    return type(value) is int and low <= value < 2**64


def is_number(value: Any) -> bool:
    """A finite number, no boolean."""
    return (type(value) is float and math.isfinite(value)) or is_integer(value, -(2**64))


def is_levels(value: Any) -> bool:
    """Two different numbers."""
    pair = isinstance(value, list | tuple) and len(value) == 2 and all(map(is_number, value))
    return pair and value[0] != value[1]


def is_rising(value: Any, least: int) -> bool:
    """Numbers in increasing order, at least so many."""
    if not isinstance(value, list | tuple) or not all(map(is_number, value)):
        return False
    return len(value) >= least and all(a < b for a, b in itertools.pairwise(value))


def is_condition(value: Any) -> bool:
    """A number, or the two ends of an interval in increasing order."""
    return is_number(value) or (is_rising(value, 2) and len(value) == 2)


def is_plain(value: Any) -> bool:
    """What TOML can hold: strings, booleans, finite numbers, and lists and tables of these."""
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(map(is_plain, value.values()))
    return isinstance(value, str | bool) or is_number(value)


def json_type(of: str | list[str], **more: Any) -> WithJsonSchema:
    """What an editor is told of a value: as much as JSON Schema can say."""
    return WithJsonSchema({"type": of, **more})


def one_of(*choices: str) -> tuple[PlainValidator, WithJsonSchema]:
    """One of several words."""
    quoted = [f'"{each}"' for each in choices]
    wanted = f"{', '.join(quoted[:-1])} or {quoted[-1]}"
    is_one = lambda value: isinstance(value, str) and value in choices
    return leaf(wanted, is_one, choices), json_type("string", enum=[*choices])
