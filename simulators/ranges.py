"""Parameters that a world can have, and the error that names one it cannot."""

import math

__all__ = ["between"]


def between(world: str, low: float, high: float = math.inf, /, **values: float) -> None:
    """Refuse values that are not more than ``low`` and less than ``high``, by their names.

    >>> between("hiring", 2, 10, threshold=12)
    Traceback (most recent call last):
    ValueError: hiring: threshold=12: more than 2 and less than 10 is wanted
    """
    for name, value in values.items():
        if not low < value < high:
            less = "" if high == math.inf else f" and less than {high:g}"
            raise ValueError(f"{world}: {name}={value!r}: more than {low:g}{less} is wanted")
