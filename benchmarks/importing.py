"""What `import scm` adds to importing JAX and numpyro's distributions, and what --help costs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.table import Table

_IMPORT = """
import time, jax, numpyro.distributions
begun = time.perf_counter()
import scm
print(time.perf_counter() - begun)
"""


def run(runs: int = 5) -> Iterator[Table]:
    """A table of seconds, each in a process of its own."""
    imports = [
        float(
            subprocess.run([sys.executable, "-c", _IMPORT], capture_output=True, check=True).stdout
        )
        for _ in range(runs)
    ]
    helps = []
    for _ in range(runs):
        begun = time.perf_counter()
        command = [Path(sys.executable).with_name("scm"), "--help"]
        subprocess.run(command, capture_output=True, check=True)
        helps.append(time.perf_counter() - begun)
    table = Table(title="Start-up, seconds")
    table.add_column("")
    table.add_column("median", justify="right")
    table.add_row(
        "import scm, after jax and numpyro.distributions", f"{statistics.median(imports):.3f}"
    )
    table.add_row("scm --help, whole process", f"{statistics.median(helps):.3f}")
    yield table
