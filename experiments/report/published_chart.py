"""The estimates from the real data, with their intervals, and under each what was published."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments.findings import Findings
from experiments.report import svg
from experiments.report.axis import Scale, spanning

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["charts", "drawn"]

_TOP, _FOOT, _ROW = 10.0, 26.0, 46.0
_Z = 1.96


@dataclass(frozen=True)
class Entry:
    """An estimate and its interval; NaN where there is none."""

    value: float
    low: float
    high: float


def charts(findings: Findings) -> list[svg.Drawing]:
    """Drawings for a wide page and for a phone, of which the page shows one; none without data."""
    if findings.real is None:
        return []
    rows = [(str(row["label"]), _here(row), _there(row))
            for row in findings.real.to_dict("records")]  # fmt: skip
    if not any(math.isfinite(x) for _, *pair in rows for one in pair for x in _ends(one)):
        return []
    return [_drawing(kind, rows) for kind in ("wide", "narrow")]


def drawn(findings: Findings) -> pd.DataFrame:
    """The numbers of the drawings: a row per estimate, ours and those that were published."""
    import pandas as pd

    assert findings.real is not None
    rows = []
    for row in findings.real.to_dict("records"):
        for source, entry in (("here", _here(row)), ("published", _there(row))):
            if not all(map(math.isnan, _ends(entry))):
                value, low, high = _ends(entry)
                rows.append((row["method"], row["label"], source, value, low, high))
    return pd.DataFrame(rows, columns=["method", "label", "source", "value", "low", "high"])


def _here(row: dict[Any, Any]) -> Entry:
    entry = _entry(row["value"], row["se"])
    low, high = _number(row.get("low")), _number(row.get("high"))
    return entry if math.isnan(low) or math.isnan(high) else Entry(entry.value, low, high)


def _there(row: dict[Any, Any]) -> Entry:
    return _entry(row.get("published_value"), row.get("published_se"))


def _entry(value: Any, se: Any) -> Entry:
    value, reach = _number(value), _Z * _number(se)
    return Entry(value, value - reach, value + reach)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _ends(entry: Entry) -> tuple[float, float, float]:
    return entry.value, entry.low, entry.high


def _drawing(kind: str, rows: Sequence[tuple[str, Entry, Entry]]) -> svg.Drawing:
    wide = kind == "wide"
    width, left, right, letters = (1000.0, 214.0, 986.0, 26) if wide else (340.0, 10.0, 330.0, 40)
    extent = spanning([x for _, *pair in rows for one in pair for x in _ends(one)] + [0.0])
    scale = extent.within(left, right)
    parts, top = [], _TOP
    for label, here, there in rows:
        lines = svg.wrapped(label, letters)
        words = 17.0 * len(lines)
        y = top + max(_ROW, words + 14) / 2 - 4 if wide else top + words + 20
        first = y - words / 2 + 16 if wide else top + 20
        parts += [svg.text("label", 0, first + 17 * i, text) for i, text in enumerate(lines)]
        parts.append(svg.line("guide", left, y, right, y))
        parts.append(svg.group(_mark("", here, scale, y), _say(label, here)))
        parts.append(svg.group(_mark(" other", there, scale, y + 10), _say("published", there)))
        top = top + max(_ROW, words + 14) if wide else y + 26
    said = [f"{_say(label, here)}, published {_say('', there)}" for label, here, there in rows]
    zero = svg.line("zero", scale(0), _TOP, scale(0), top)
    axis = [svg.line("axis", left, top, right, top), *_ticks(scale, top)]
    return svg.Drawing(
        kind, width, top + _FOOT, "Estimates from the real data", f"{'; '.join(said)}.",
        [zero, *axis, *parts],
    )  # fmt: skip


def _ticks(scale: Scale, y: float) -> list[str]:
    return [
        svg.line("tick", scale(tick), y, scale(tick), y + 4)
        + svg.text("number", scale(tick), y + 17, text, "middle")
        for tick, text in scale.ticks()
    ]


def _mark(kind: str, entry: Entry, scale: Scale, y: float) -> list[str]:
    """The interval as far as it goes, and the estimate on it: a disc, or a ring if published."""
    parts = []
    if not (math.isnan(entry.low) or math.isnan(entry.high)):
        parts.append(svg.line("error" + kind, scale(entry.low), y, scale(entry.high), y))
    if math.isfinite(entry.value):
        parts.append(svg.circle("dot" + kind, scale(entry.value), y, 4.2))
    return parts


def _say(name: str, entry: Entry) -> str:
    value = f"{entry.value:.4g}" if math.isfinite(entry.value) else "no estimate"
    if math.isnan(entry.low) or math.isnan(entry.high):
        return f"{name} {value}".strip()
    return f"{name} {value}, interval {entry.low:.4g} to {entry.high:.4g}".strip()
