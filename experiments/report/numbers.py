"""Numbers as people read them: no more digits than their errors allow."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Shown", "aligned", "paired", "plain", "seconds", "share", "typeset"]

_MOST_DECIMALS = 7


class Shown(NamedTuple):
    """A value and its error as text; the error is ``""`` where there is none to show."""

    value: str
    error: str = ""


def paired(value: float, error: float, *, at_least: int = 0) -> Shown:
    """A value to the two leading digits of its error, with at least so many decimals.

    >>> paired(0.0567891, 0.00021)
    Shown(value='0.05679', error='0.00021')
    >>> paired(1234.5, 99.7)
    Shown(value='1234', error='100')
    >>> paired(0.0960682, float("nan"))
    Shown(value='0.0961', error='')
    """
    if not math.isfinite(value):
        return Shown("")
    if abs(error) <= 1e-12 * abs(value):
        error = 0.0  # rounding, not variation
    if error == 0:
        return Shown(plain(value), "0")
    if not math.isfinite(error):
        return Shown(plain(value, 3))
    decimals = max(at_least, 1 - _exponent(error))
    if decimals > _MOST_DECIMALS or abs(value) >= 1e7:
        digits = min(max(0, _exponent(value) - _exponent(error) + 1), 5) if value else 1
        return Shown(f"{value:.{digits}e}", f"{error:.1e}")
    decimals = max(0, decimals)
    return Shown(_unsigned_zero(f"{value:.{decimals}f}"), f"{error:.{decimals}f}")


def plain(value: float, digits: int = 6) -> str:
    """A number without an error: six significant digits, no trailing zeros.

    >>> plain(-13 / 240), plain(1995), plain(3_010_000), plain(0.0)
    ('-0.0541667', '1995', '3010000', '0')
    """
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.{digits}g}"


def share(value: float, error: float) -> Shown:
    """A share between 0 and 1, and its error, in per cent.

    >>> share(0.948, 0.00702)
    Shown(value='94.80', error='0.70')
    """
    return paired(100 * value, 100 * error)


def seconds(value: float) -> str:
    """A time to two digits, whole from ten seconds on.

    >>> seconds(0.4567), seconds(3.21), seconds(75.2), seconds(0.0)
    ('0.46', '3.2', '75', '0')
    """
    if not math.isfinite(value):
        return ""
    if value <= 0 or value >= 10:
        return f"{value:.0f}"
    return f"{value:.{max(0, 1 - _exponent(value))}f}"


def aligned(texts: Sequence[str], *, digit: str = " ", point: str = " ") -> list[str]:
    """The texts padded on the right so that, set flush right, their decimal points agree.

    Texts that are not numbers are left alone. ``digit`` and ``point`` are blanks of these widths.

    >>> aligned(["1.25", "0.5", "12", "not run"])
    ['1.25', '0.5 ', '12   ', 'not run']
    """
    numbers = [text for text in texts if _is_number(text)]
    longest = max((len(text.partition(".")[2]) for text in numbers), default=0)
    padded = []
    for text in texts:
        missing = longest - len(text.partition(".")[2]) if _is_number(text) else 0
        blank = point * (missing > 0 and "." not in text)
        padded.append(text + blank + digit * missing)
    return padded


def typeset(text: str) -> str:
    """The text with true minus signs before numbers; for the page, not for the terminal.

    >>> typeset("-0.3 to -infinity (quasi-exact)")
    '−0.3 to −infinity (quasi-exact)'
    """
    return re.sub(r"(?<!\w)-(?=[\d.]|infinity)", "−", text)


def _exponent(value: float) -> int:
    """The power of ten of the leading digit once the number is rounded to two digits."""
    return int(f"{abs(value):.1e}".partition("e")[2])


def _unsigned_zero(text: str) -> str:
    return text.lstrip("-") if float(text) == 0 else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "e" not in text
