"""Parameters as exact numbers, so that answers which are rational come out as fractions."""

from fractions import Fraction

__all__ = ["exactly"]


def exactly(number: float) -> Fraction:
    """The decimal number that somebody typed, not its binary neighbour.

    >>> exactly(0.1), exactly(-5)
    (Fraction(1, 10), Fraction(-5, 1))
    """
    return Fraction(str(number))
