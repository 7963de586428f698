"""Scales and ticks: where a number stands on a line, and which numbers are written under it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from experiments.report.numbers import typeset

__all__ = ["Scale", "spanning"]

_LETTER, _GAP = 6.8, 14.0  # pixels: the widest digit of a tick, the least space between two


@dataclass(frozen=True)
class Scale:
    """A line from ``left`` to ``right``, in pixels, that stands for ``low`` to ``high``."""

    low: float
    high: float
    left: float
    right: float

    def __call__(self, value: float) -> float:
        """Where the value stands; beyond the ends, at the end.

        >>> Scale(0, 10, 100, 200)(2.5)
        125.0
        """
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / (self.high - self.low)
        return self.left + share * (self.right - self.left)

    def value(self, place: float) -> float:
        """What a place stands for.

        >>> Scale(0, 10, 100, 200).value(125)
        2.5
        """
        return self.low + (place - self.left) / (self.right - self.left) * (self.high - self.low)

    def within(self, left: float, right: float) -> Scale:
        """The same numbers on another line."""
        return Scale(self.low, self.high, left, right)

    def ticks(self, *, times: float = 1.0) -> list[tuple[float, str]]:
        """Round numbers on the scale, as many as can be written under it, and how to write them.

        ``times`` multiplies what is written, not where it stands: 100 for per cent.

        >>> Scale(-0.03, 0.26, 0, 300).ticks()
        [(0.0, '0'), (0.1, '0.1'), (0.2, '0.2')]
        """
        extent = (self.high - self.low) * times
        width = self.right - self.left
        most = max(1, round(width / 60), min(4, round(width / 36)))
        for count in range(most, 0, -1):
            step = _round_step(extent / count)
            ticks = _multiples(step, self.low * times, self.high * times)
            texts = _written(ticks)
            apart = step / extent * width
            if apart >= _GAP + _LETTER * max(map(len, texts), default=0):
                break
        return [(tick / times, text) for tick, text in zip(ticks, texts, strict=True)]


def spanning(values: Iterable[float], *, margin: float = 0.05) -> Scale:
    """A scale of no place yet that holds all finite values and a margin on both sides.

    >>> spanning([0.0, 10.0])
    Scale(low=-0.5, high=10.5, left=0.0, right=1.0)
    """
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    spread = (high - low) or abs(high) or 1.0
    return Scale(low - margin * spread, high + margin * spread, 0.0, 1.0)


def _written(ticks: Sequence[float]) -> list[str]:
    """All ticks to the decimals of the finest."""
    if any("e" in f"{tick:.10g}" for tick in ticks):
        return [f"{tick:g}" for tick in ticks]
    decimals = max((len(f"{tick:.10g}".partition(".")[2]) for tick in ticks), default=0)
    return ["0" if tick == 0 else typeset(f"{tick:.{decimals}f}") for tick in ticks]


def _multiples(step: float, low: float, high: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    decimals = max(0, 1 - math.floor(math.log10(step)))
    return [round(i * step, decimals) for i in range(first, last + 1)]


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not less."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
