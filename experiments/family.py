"""A family of worlds: one table of a study, and as many members as one of its parameters counts.

``[worlds.any]`` with ``family = { seed = 50 }`` is fifty worlds, ``any #0`` with ``seed = 0`` to
``any #49``: each with its own truth and its own data, all of them one place in what is reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from experiments.mistakes import shown

__all__ = ["Family", "family_of", "member", "number_of"]

_MARK = " #"


def member(name: str, number: int) -> str:
    """What a member of a family is called.

    >>> member("any", 7), family_of("any #7"), number_of("any #7"), number_of("any")
    ('any #7', 'any', 7, None)
    """
    return f"{name}{_MARK}{number}"


def family_of(world: str) -> str:
    """The table of a study that a world is written in."""
    return world.partition(_MARK)[0]


def number_of(world: str) -> int | None:
    """Which member of its family a world is; None for one that is no member."""
    number = world.partition(_MARK)[2].partition(" ")[0]  # in a cell its label follows
    return int(number) if number else None


def _family(value: Any) -> Any:
    if isinstance(value, Mapping) and len(value) == 1:
        ((key, count),) = value.items()
        if isinstance(key, str) and key and type(count) is int and 2 <= count <= 100_000:
            return {key: count}
    message = (
        "a parameter and how many members there are, 2 or more, like { seed = 50 }, are wanted, "
        f"given {shown(value)}"
    )
    raise PydanticCustomError("refused", "{message}", {"message": message})


Family = Annotated[
    Mapping[str, int],
    PlainValidator(_family),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": "integer", "minimum": 2},
        }
    ),
]
