"""Result codes: what went wrong, from where nothing can be raised (inside jit, vmap, grad)."""

from __future__ import annotations

import enum

__all__ = ["Code", "message"]


class Code(enum.IntEnum):
    """What became of a world, or of one variable of it. Zero is good; the highest code is shown."""

    OK = 0
    NON_FINITE = 1
    UNDEFINED_LAW = 2
    UNTOLD_NOISE = 3
    UNSOLVABLE = 4


_MESSAGES = {
    Code.OK: "all is well",
    Code.NON_FINITE: "some variable has an infinite value or one that is not a number",
    Code.UNDEFINED_LAW: "some law is given a parameter outside its domain, as a probability of 1.4",
    Code.UNTOLD_NOISE: "some noise was not found from the evidence: it is impossible, or does not "
    "tell the noise",
    Code.UNSOLVABLE: "the equations on some loop have no solution, or more than one",
}


def message(code: int) -> str:
    """A code in words.

    >>> message(1)
    'some variable has an infinite value or one that is not a number'
    """
    return _MESSAGES[Code(int(code))]
