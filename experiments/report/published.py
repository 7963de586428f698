"""The estimators on the data as they came, line by line, beside what others have printed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from experiments.findings import Findings
from experiments.report.numbers import paired, plain

__all__ = ["Line", "published"]

_KNOWN = {
    "method", "label", "value", "se", "low", "high", "failure", "source",
    "published_value", "published_se",
}  # fmt: skip
_NAMES = {"first_stage_f": "first-stage F"}


@dataclass(frozen=True)
class Line:
    """A line of the table: an estimate or, indented, one of its diagnostics."""

    label: str
    here: str
    interval: str = ""
    published: str = ""
    source: str = ""
    indented: bool = False
    failed: bool = False


def published(findings: Findings) -> list[Line]:
    """A line per method, and under it a line for each of its diagnostics."""
    if findings.real is None:
        return []
    rows = findings.real.to_dict("records")
    printed = [_number(row.get("published_value")) for row in rows]
    decimals = max(
        (len(plain(value).partition(".")[2]) for value in printed if math.isfinite(value)),
        default=0,
    )
    return [line for row in rows for line in _lines(row, decimals)]


def _lines(row: dict[Any, Any], decimals: int) -> Iterator[Line]:
    """``decimals`` is what others have printed: as many at least are shown of everything."""
    label, theirs = str(row["label"]), _text(row.get("source"))
    there = _estimate(
        _number(row.get("published_value")), _number(row.get("published_se")), decimals
    )
    if failure := _text(row.get("failure")):
        yield Line(label, f"failed: {failure}", "", there, theirs, failed=True)
        return
    here = _estimate(_number(row["value"]), _number(row["se"]), decimals)
    low, high = _number(row.get("low")), _number(row.get("high"))
    digits = max(len(here.partition(" ")[0].partition(".")[2]), decimals, 3)
    unknown = math.isnan(low) or math.isnan(high)
    interval = "" if unknown else f"{_end(low, digits)} to {_end(high, digits)}"
    yield Line(label, here or "no estimate", interval, there, theirs)
    for name in row:
        if name in _KNOWN or str(name).startswith("published_"):
            continue
        ours, others = _number(row[name]), _number(row.get(f"published_{name}"))
        if not (math.isnan(ours) and math.isnan(others)):
            named = _NAMES.get(name, str(name).replace("_", " "))
            yield Line(named, _diagnostic(ours), "", _diagnostic(others), indented=True)


def _estimate(value: float, se: float, decimals: int) -> str:
    """An estimate and its se, to as many decimals as were printed at least."""
    if math.isnan(value):
        return ""
    if math.isnan(se):
        return f"{value:.{decimals}f}" if decimals else plain(value, 4)
    shown = paired(value, se, at_least=decimals)
    return f"{shown.value} ({shown.error})"


def _diagnostic(value: float) -> str:
    return "" if math.isnan(value) else plain(value, 4)


def _end(value: float, decimals: int) -> str:
    if math.isfinite(value):
        return f"{value:.{decimals}f}"
    return "-infinity" if value < 0 else "infinity"


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
