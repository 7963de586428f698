"""The kinds of value that a study's keys hold, each with the words that refuse what is not one.

Pydantic looks after tables and keys; a value is taken as it is or refused, never converted
(``true`` is not 1, ``"3010"`` is not a number), and the refusal shows the corrected value where
there is an obvious one.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from experiments.mistakes import nearest, shown

__all__ = [
    "Changes",
    "Condition",
    "Count",
    "Edges",
    "EngineKind",
    "FailurePolicy",
    "Grid",
    "Levels",
    "Name",
    "Number",
    "Plain",
    "Positive",
    "Precision",
    "Seed",
    "Share",
    "SomeLevels",
    "SomeTexts",
    "Step",
    "Table",
    "Text",
    "Texts",
    "Words",
    "a_list",
    "some",
]


class Table(BaseModel):
    """A table of the file: a value that nobody changes, in which a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _refuse(wanted: str, given: str, hint: str = "") -> PydanticCustomError:
    """The error whose whole message is ``... is wanted, given ...``."""
    message = f"{wanted} is wanted, given {given}{hint}"
    return PydanticCustomError("refused", "{message}", {"message": message})


def _leaf(wanted: str, ok: Callable[[Any], bool], choices: Sequence[str] = ()) -> PlainValidator:
    """A value for which ``ok`` holds; ``wanted`` names such a value, article and all."""

    def check(value: Any) -> Any:
        if ok(value):
            return tuple(value) if isinstance(value, list) else value
        if near := nearest(str(value), choices):
            raise _refuse(wanted, shown(value), f'; did you mean "{near}"?')
        mended = next((each for each in _mendings(value) if ok(each)), None)
        raise _refuse(wanted, shown(value), "" if mended is None else f"; write {mended}")

    return PlainValidator(check)


def _mendings(value: Any) -> list[Any]:
    """What somebody who wrote ``value`` may have meant: "3" for 3, 1e3 for 1000."""
    if isinstance(value, float) and value.is_integer():
        return [int(value)]
    if not isinstance(value, str):
        return []
    mended: list[Any] = []
    for read in (int, float):
        try:
            mended.append(read(value))
        except ValueError:
            continue
    return mended


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_edges(value: Any) -> bool:
    listed = isinstance(value, list | tuple) and len(value) > 0
    return listed and all(map(_is_edge, value))


def _is_edge(value: Any) -> bool:
    pair = isinstance(value, list | tuple) and len(value) == 2
    return pair and all(map(_is_text, value))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]*", value) is not None


def _is_integer(value: Any, low: int) -> bool:
    return type(value) is int and low <= value < 2**64


def _is_number(value: Any) -> bool:
    return (type(value) is float and math.isfinite(value)) or _is_integer(value, -(2**64))


def _is_levels(value: Any) -> bool:
    pair = isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_number, value))
    return pair and value[0] != value[1]


def _is_rising(value: Any, least: int) -> bool:
    """Numbers in increasing order, at least so many."""
    if not isinstance(value, list | tuple) or not all(map(_is_number, value)):
        return False
    return len(value) >= least and all(a < b for a, b in itertools.pairwise(value))


def _is_condition(value: Any) -> bool:
    return _is_number(value) or (_is_rising(value, 2) and len(value) == 2)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return isinstance(value, str | bool) or _is_number(value)


def a_list(of: str, least: int = 0) -> BeforeValidator:
    """Refuses what is no list of so many; its items are pydantic's business."""

    def check(value: Any) -> Any:
        if isinstance(value, list | tuple) and len(value) >= least:
            return value
        hint = f"; write [{json.dumps(value, ensure_ascii=False)}]" if _is_text(value) else ""
        raise _refuse(f"a list of {of}", shown(value), hint)

    return BeforeValidator(check)


def some(wanted: str) -> BeforeValidator:
    """Refuses what is no table, and an empty one."""

    def check(value: Any) -> Any:
        if isinstance(value, dict) and value:
            return value
        raise _refuse(wanted, shown(value))

    return BeforeValidator(check)


def _json(of: str | list[str], **more: Any) -> WithJsonSchema:
    """What an editor is told of a value: as much as JSON Schema can say."""
    return WithJsonSchema({"type": of, **more})


_PAIR = {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}

Text = Annotated[str, _leaf("a string that is not empty", _is_text), _json("string", pattern=r"\S")]
Words = Annotated[str, _leaf("a string", lambda value: isinstance(value, str)), _json("string")]
Texts = Annotated[tuple[Text, ...], a_list("strings")]
SomeTexts = Annotated[tuple[Text, ...], a_list("one string or more", least=1)]
Edges = Annotated[
    tuple[tuple[str, str], ...],
    _leaf('a list of pairs like ["cause", "effect"]', _is_edges),
    _json("array", minItems=1, items=_PAIR),
]
Name = Annotated[
    str,
    _leaf('a name of letters, digits, "_" and "-"', _is_name),
    _json("string", pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$"),
]
Count = Annotated[
    int,
    _leaf("an integer of at least 1", lambda value: _is_integer(value, 1)),
    _json("integer", minimum=1),
]
Seed = Annotated[
    int,
    _leaf("an integer from 0 to 2**64 - 1", lambda value: _is_integer(value, 0)),
    _json("integer", minimum=0),
]
Number = Annotated[int | float, _leaf("a finite number", _is_number), _json("number")]
Positive = Annotated[
    int | float,
    _leaf("a number above 0", lambda value: _is_number(value) and value > 0),
    _json("number", exclusiveMinimum=0),
]
Step = Annotated[
    int | float,
    _leaf("a number other than 0", lambda value: _is_number(value) and value != 0),
    _json("number"),
]
Levels = Annotated[
    tuple[int | float, int | float],
    _leaf("a list of two different numbers", _is_levels),
    _json("array", items={"type": "number"}, minItems=2, maxItems=2),
]
SomeLevels = Annotated[
    tuple[int | float, ...],
    _leaf("a list of two numbers or more, in increasing order", lambda v: _is_rising(v, 2)),
    _json("array", items={"type": "number"}, minItems=2),
]
Share = Annotated[
    int | float,
    _leaf("a number between 0 and 1", lambda v: _is_number(v) and 0 < v < 1),
    _json("number", exclusiveMinimum=0, exclusiveMaximum=1),
]
Condition = Annotated[
    Any,
    _leaf("a number, or a list of the two ends of an interval", _is_condition),
    _json(["number", "array"], items={"type": "number"}, minItems=2, maxItems=2),
]
Precision = Annotated[
    str,
    _leaf(
        '"float32" or "float64"',
        lambda value: value in ("float32", "float64"),
        choices=("float32", "float64"),
    ),
    _json("string", enum=["float32", "float64"]),
]


def _is_grid(value: Any, levels: bool = True) -> bool:
    """A table of tables whose ends are lists of plain values, or plain values."""
    if not isinstance(value, dict) or not value:
        return False
    ends = [each for each in value.values() if not isinstance(each, dict)]
    inner = [each for each in value.values() if isinstance(each, dict)]
    wanted = lambda each: not levels or not isinstance(each, list | tuple) or len(each) > 0
    return all(_is_plain(x) and wanted(x) for x in ends) and all(_is_grid(x, levels) for x in inner)


Grid = Annotated[
    Any,
    _leaf("a table of factors like { n = [100, 1000] }, each a list of levels,", _is_grid),
    _json("object", minProperties=1),
]
Changes = Annotated[
    Any,
    _leaf("a table of changes like { n = 100 }", lambda value: _is_grid(value, False)),
    _json("object", minProperties=1),
]
FailurePolicy = Annotated[
    str,
    _leaf(
        '"report", "listwise" or "bounds"',
        lambda value: value in ("report", "listwise", "bounds"),
        choices=("report", "listwise", "bounds"),
    ),
    _json("string", enum=["report", "listwise", "bounds"]),
]
EngineKind = Annotated[
    str,
    _leaf(
        '"in-process", "processes" or "dask"',
        lambda value: value in ("in-process", "processes", "dask"),
        choices=("in-process", "processes", "dask"),
    ),
    _json("string", enum=["in-process", "processes", "dask"]),
]
Plain = Annotated[
    Any,
    _leaf("a string, boolean, finite number, list or table of these", _is_plain),
    _json(["string", "boolean", "number", "array", "object"]),
]
