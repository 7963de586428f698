"""Timing: the median of several runs, the contenders taking turns so that drift hits all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import jax


def medians(contenders: Mapping[str, Callable[[], object]], runs: int = 9) -> dict[str, float]:
    """Median wall seconds of each, after one run that warms it up; results are waited for."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for contender in contenders.values():
        jax.block_until_ready(contender())
    for _ in range(runs):
        for name, contender in contenders.items():
            begun = time.perf_counter()
            jax.block_until_ready(contender())
            seconds[name].append(time.perf_counter() - begun)
    return {name: statistics.median(each) for name, each in seconds.items()}
