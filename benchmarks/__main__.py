"""Run every benchmark, or those that are named, and print its tables."""

import importlib
import os
import platform
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does

import jax
from rich.console import Console

NAMES = ("linear", "nonlinear", "discrete", "many", "study", "counterfactuals", "importing")

console = Console(width=110)
for name in sys.argv[1:] or NAMES:
    for shown in importlib.import_module(f"benchmarks.{name}").run():
        console.print(shown, markup=False)
        console.print(
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
            f"jax {jax.__version__} on {jax.devices()[0].platform}; medians; load "
            f"{os.getloadavg()[0]:.1f}\n",
            style="dim",
        )
