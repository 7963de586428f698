"""Timing: the contenders take turns, so that whatever else the machine does hits all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
from rich.table import Table

__all__ = ["Seconds", "compare", "medians"]


class Seconds(NamedTuple):
    """Medians of what a contender took: on the clock, and of all processors together."""

    wall: float
    cpu: float


def medians(contenders: Mapping[str, Callable[[], object]], runs: int = 9) -> dict[str, Seconds]:
    """Median seconds of each, after one run that warms it up; results are waited for."""
    took: dict[str, list[Seconds]] = {name: [] for name in contenders}
    for contender in contenders.values():
        jax.block_until_ready(contender())
    for _ in range(runs):
        for name, contender in contenders.items():
            wall, cpu = time.perf_counter(), time.process_time()
            jax.block_until_ready(contender())
            took[name].append(Seconds(time.perf_counter() - wall, time.process_time() - cpu))
    return {
        name: Seconds(*map(statistics.median, zip(*t, strict=True))) for name, t in took.items()
    }


def compare(
    title: str,
    contenders: Mapping[str, Callable[[], object]],
    *,
    n: int,
    what: str = "ns a unit",
    scale: float = 1e9,
    runs: int = 9,
) -> Table:
    """A table of what the contenders took for each of ``n``, and in times the first of them."""
    seconds = medians(contenders, runs)
    ours = next(iter(seconds.values()))
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for heading in (what, "times", f"of processors, {what}", "times "):
        table.add_column(heading, justify="right")
    for name, each in seconds.items():
        table.add_row(
            name,
            f"{each.wall / n * scale:,.1f}",
            f"{each.wall / ours.wall:.2f}",
            f"{each.cpu / n * scale:,.1f}",
            f"{each.cpu / ours.cpu:.2f}",
        )
    return table
