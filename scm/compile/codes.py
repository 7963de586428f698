"""Result codes: what went wrong, from where nothing can be raised (inside jit, vmap, grad)."""

from __future__ import annotations

import enum

__all__ = ["Code", "message"]


class Code(enum.IntEnum):
    """What became of a world. Zero is good."""

    OK = 0
    NON_FINITE = 1


_MESSAGES = {
    Code.OK: "all is well",
    Code.NON_FINITE: "some variable has an infinite value or one that is not a number",
}


def message(code: int) -> str:
    """A code in words.

    >>> message(1)
    'some variable has an infinite value or one that is not a number'
    """
    return _MESSAGES[Code(int(code))]
