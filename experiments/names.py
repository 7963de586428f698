"""Names that a study's own things may not have, for they are those of what is always there."""

from __future__ import annotations

from pydantic_core import PydanticCustomError

__all__ = ["BASELINES", "NAIVE", "ORACLE", "not_taken"]

NAIVE, ORACLE = "naive", "oracle"

BASELINES = (NAIVE, ORACLE)
"""The methods that every board has, named or not: `experiments.baselines`."""


def not_taken(name: str) -> str:
    """A method's name, refused where it is that of a baseline."""
    if name in BASELINES:
        message = (
            f"every board has a baseline of this name already, without any table; call it "
            f"{'crude' if name == NAIVE else 'best'!r}, or leave it out"
        )
        raise PydanticCustomError("refused", "{message}", {"message": message})
    return name
