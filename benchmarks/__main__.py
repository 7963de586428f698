"""Run every benchmark and print one table each."""

import os
import platform

import jax
from rich.console import Console

from benchmarks import importing, sampling

console = Console()
console.print(
    f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
    f"jax {jax.__version__} on {jax.devices()[0].platform}; medians, load {os.getloadavg()[0]:.1f}"
)
for benchmark in (sampling, importing):
    console.print(benchmark.run())
