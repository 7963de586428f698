"""The chart of a board as a figure: estimates, bias and coverage of every method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.findings import Findings
from experiments.report import charts
from experiments.report.axis import Scale
from experiments.report.cells import FLAG
from experiments.report.density import outline
from experiments.report.figure import Figure
from experiments.report.marks import reach
from experiments.report.strips import Strip, Truth
from experiments.report.svg import Drawing

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["board_chart", "reading"]

_COLUMNS = ["panel", "method", "label", "mark", "at", "value", "mcse", "low", "high", "flagged"]
_QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)


def reading(attempts: int) -> str:
    """How to read the chart: what every mark and every bar is."""
    return (
        f"their density over {attempts:,} data sets, each curve to its own height; the dot is "
        "their median, the thick line their middle half, the thin line their middle 95%. The "
        "vertical line is the truth, in a band of 1.96 of its errors to each side if it has any. "
        "Bias: ● of the mean, ◆ of the median where no mean exists; its bar is the 95% Monte "
        "Carlo interval, 1.96 Monte Carlo standard errors to each side. Coverage: likewise, in a "
        "band of what chance allows a method that covers as it should. "
        f"{FLAG} is more than 3 Monte Carlo errors away."
    )


def board_chart(
    findings: Findings, name: str, title: str, rows: Sequence[Strip], truth: Truth
) -> tuple[Figure, list[Drawing]]:
    """The figure, and the same as panels for a phone."""
    attempts = max(row.attempts for row in rows)
    wide, narrow = charts.chart(rows, truth, findings.level, attempts)
    numbers = _numbers(rows, truth, findings.level)
    return Figure(name, title, f"Estimates: {reading(attempts)}", [wide], numbers), narrow


def _numbers(rows: Sequence[Strip], truth: Truth, level: float) -> pd.DataFrame:
    """A row per mark: ``at`` is where it stands if its ``value`` is how high, or which quantile."""
    import pandas as pd

    scale = charts.scale_of_estimates(rows, truth)
    made: list[dict[str, Any]] = [
        {"panel": "estimates", "mark": "truth", "value": truth.value, "mcse": truth.se},
        {"panel": "coverage", "mark": "level", "value": level},
    ]
    for row in rows:
        who = {"method": row.name, "label": row.label}
        made += [{"panel": "estimates", **who, **mark} for mark in _distribution(row, scale)]
        for panel, found, extent in (
            ("bias", row.bias, (-np.inf, np.inf)),
            ("coverage", row.coverage, (0.0, 1.0)),
        ):
            mark = "median bias" if panel == "bias" and row.by_median else panel
            low = max(found.value - reach(found.mcse), extent[0])
            high = min(found.value + reach(found.mcse), extent[1])
            if not np.isnan(found.value):
                made.append(
                    {"panel": panel, **who, "mark": mark, "value": found.value, "mcse": found.mcse,
                     "low": low, "high": high, "flagged": found.flagged}
                )  # fmt: skip
    return pd.DataFrame(made, columns=_COLUMNS)


def _distribution(row: Strip, scale: Scale) -> Iterator[dict[str, Any]]:
    """The density where it is drawn, to the height of its peak, and what is drawn on it."""
    if not len(row.values):
        return
    for x, height in outline(row.values, scale):
        yield {"mark": "density", "at": scale.value(x), "value": height}
    for share, value in zip(_QUANTILES, np.quantile(row.values, _QUANTILES), strict=True):
        yield {"mark": "quantile", "at": share, "value": float(value)}
    yield {"mark": "count below the axis", "value": int((row.values < scale.low).sum())}
    yield {"mark": "count above the axis", "value": int((row.values > scale.high).sum())}
