"""What somebody may have meant by a value that is not what is wanted: "3" for 3, "5%" for 0.05."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["mended"]


def mended(value: Any, ok: Callable[[Any], bool], units: Mapping[str, float] | None = None) -> str:
    """``"; write 3"``: what is ``ok`` and may have been meant by ``value``; "" where nothing is.

    >>> mended("3", lambda x: x == 3), mended("3", lambda x: x == 4)
    ('; write 3', '')
    """
    found = next((each for each in _mendings(value, units or {}) if ok(each)), None)
    if found is None:
        return ""
    return f"; write {found:.12g}" if isinstance(found, float) else f"; write {found}"


def _mendings(value: Any, units: Mapping[str, float]) -> list[Any]:
    """What somebody who wrote ``value`` may have meant: "3" for 3, 1e3 for 1000, "5%" for 0.05."""
    mended: list[Any] = []
    if isinstance(value, float) and value.is_integer():
        mended.append(int(value))
    if type(value) in (int, float) and value > 1 and "%" in units:
        mended.append(value * units["%"])
    if not isinstance(value, str):
        return mended
    sized = re.fullmatch(r"(-?\d+(?:\.\d+)?) *([A-Za-z%]+)", value.strip())
    if sized and sized[2] in (known := {"%": 0.01, **units}):
        value = f"{float(sized[1]) * known[sized[2]]:.12g}"
    for read in (int, float):
        try:
            mended.append(read(value))
        except ValueError:
            continue
    return mended
