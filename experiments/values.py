"""The kinds of value that a study's keys hold, each with the words that refuse what is not one.

Pydantic looks after tables and keys; a value is taken as it is or refused, never converted
(``true`` is not 1, ``"3010"`` is not a number), and the refusal shows the corrected value where
there is an obvious one.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator

from experiments.leaves import (
    is_condition,
    is_edges,
    is_integer,
    is_levels,
    is_name,
    is_number,
    is_plain,
    is_rising,
    is_text,
    json_type,
    leaf,
    one_of,
    refuse,
)
from experiments.mistakes import shown

__all__ = [
    "Changes",
    "Condition",
    "Count",
    "Edges",
    "EngineKind",
    "FailurePolicy",
    "Formula",
    "Grid",
    "Levels",
    "Megabytes",
    "Missing",
    "Name",
    "NotNegative",
    "Number",
    "Plain",
    "Positive",
    "Precision",
    "Probability",
    "Rising",
    "Seconds",
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


def a_list(of: str, least: int = 0) -> BeforeValidator:
    """Refuses what is no list of so many; its items are pydantic's business."""

    def check(value: Any) -> Any:
        if isinstance(value, list | tuple) and len(value) >= least:
            return value
        hint = f"; write [{json.dumps(value, ensure_ascii=False)}]" if is_text(value) else ""
        raise refuse(f"a list of {of}", shown(value), hint)

    return BeforeValidator(check)


def some(wanted: str) -> BeforeValidator:
    """Refuses what is no table, and an empty one."""

    def check(value: Any) -> Any:
        if isinstance(value, dict) and value:
            return value
        raise refuse(wanted, shown(value))

    return BeforeValidator(check)


_PAIR = {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}

Text = Annotated[
    str, leaf("a string that is not empty", is_text), json_type("string", pattern=r"\S")
]
Words = Annotated[str, leaf("a string", lambda value: isinstance(value, str)), json_type("string")]
Texts = Annotated[tuple[Text, ...], a_list("strings")]
SomeTexts = Annotated[tuple[Text, ...], a_list("one string or more", least=1)]
Edges = Annotated[
    tuple[tuple[str, str], ...],
    leaf('a list of pairs like ["cause", "effect"]', is_edges),
    json_type("array", minItems=1, items=_PAIR),
]
Name = Annotated[
    str,
    leaf('a name of letters, digits, "_" and "-"', is_name),
    json_type("string", pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$"),
]
Count = Annotated[
    int,
    leaf("an integer of at least 1", lambda value: is_integer(value, 1)),
    json_type("integer", minimum=1),
]
Seed = Annotated[
    int,
    leaf("an integer from 0 to 2**64 - 1", lambda value: is_integer(value, 0)),
    json_type("integer", minimum=0),
]
Number = Annotated[int | float, leaf("a finite number", is_number), json_type("number")]
Positive = Annotated[
    int | float,
    leaf("a number above 0", lambda value: is_number(value) and value > 0),
    json_type("number", exclusiveMinimum=0),
]
Seconds = Annotated[
    int | float,
    leaf(
        "a number of seconds above 0",
        lambda value: is_number(value) and value > 0,
        units={"ms": 0.001, "s": 1, "sec": 1, "seconds": 1, "m": 60, "min": 60, "h": 3_600},
    ),
    json_type("number", exclusiveMinimum=0),
]
Megabytes = Annotated[
    int | float,
    leaf(
        "a number of megabytes, 1 or more,",
        lambda value: is_number(value) and value >= 1,
        units={"M": 1, "MB": 1, "G": 1_000, "GB": 1_000, "GiB": 1_024},
    ),
    json_type("number", minimum=1),
]
Step = Annotated[
    int | float,
    leaf("a number other than 0", lambda value: is_number(value) and value != 0),
    json_type("number"),
]
Levels = Annotated[
    tuple[int | float, int | float],
    leaf("a list of two different numbers", is_levels),
    json_type("array", items={"type": "number"}, minItems=2, maxItems=2),
]
SomeLevels = Annotated[
    tuple[int | float, ...],
    leaf("a list of two numbers or more, in increasing order", lambda v: is_rising(v, 2)),
    json_type("array", items={"type": "number"}, minItems=2),
]
Share = Annotated[
    int | float,
    leaf("a number between 0 and 1", lambda v: is_number(v) and 0 < v < 1, units={"%": 0.01}),
    json_type("number", exclusiveMinimum=0, exclusiveMaximum=1),
]
NotNegative = Annotated[
    int | float,
    leaf("a number of at least 0", lambda value: is_number(value) and value >= 0),
    json_type("number", minimum=0),
]
Probability = Annotated[
    int | float,
    leaf("a number from 0 to 1", lambda v: is_number(v) and 0 <= v <= 1, units={"%": 0.01}),
    json_type("number", minimum=0, maximum=1),
]
Rising = Annotated[
    tuple[int | float, ...],
    leaf("a list of numbers in increasing order", lambda v: is_rising(v, 1)),
    json_type("array", items={"type": "number"}, minItems=1),
]
Formula = Annotated[
    Any,
    leaf('a number, or a formula like "X + 2 * Y > 1",', lambda v: is_number(v) or is_text(v)),
    json_type(["number", "string"]),
]
Condition = Annotated[
    Any,
    leaf("a number, or a list of two, the ends of an interval in increasing order,", is_condition),
    json_type(["number", "array"], items={"type": "number"}, minItems=2, maxItems=2),
]
Precision = Annotated[str, *one_of("float32", "float64")]


def _changes(table: str, levels: bool) -> PlainValidator:
    """A table, ``table``, of tables whose ends are plain values, or lists of levels of such."""

    def check(value: Any, at: tuple[str, ...] = ()) -> Any:
        if not isinstance(value, dict) or not value:
            raise refuse(table, shown(value), at=at)
        for key, each in value.items():
            if isinstance(each, dict):
                check(each, (*at, key))
            elif levels and each == []:
                raise refuse("a list of one level or more", shown(each), at=(*at, key))
            elif not is_plain(each):
                raise refuse(_PLAIN, shown(each), at=(*at, key))
        return value

    return PlainValidator(lambda value: check(value))


_PLAIN = "a string, boolean, finite number, list or table of these"
Grid = Annotated[
    Any,
    _changes("a table of factors like { n = [100, 1000] }", levels=True),
    json_type("object", minProperties=1),
]
Changes = Annotated[
    Any,
    _changes("a table of changes like { n = 100 }", levels=False),
    json_type("object", minProperties=1),
]
FailurePolicy = Annotated[str, *one_of("report", "listwise", "bounds")]
Missing = Annotated[str, *one_of("refuse", "complete cases")]
EngineKind = Annotated[str, *one_of("in-process", "processes", "dask")]
Plain = Annotated[
    Any,
    leaf(_PLAIN, is_plain),
    json_type(["string", "boolean", "number", "array", "object"]),
]
