"""Least squares and the instrument on the college data in a loop over DoWhy, in another process.

DoWhy need not be installed beside JAX: SCM_PEERS_PYTHON may name a Python that has it. In that
process this file is a program, which imports nothing of ours: it reads data sets, and prints what
each part took.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

__all__ = ["by_dowhy"]

DATA_SETS = 4  # the first of which warms it up
_ROLES = {"treatment": "educ", "outcome": "lwage", "instruments": ["nearc4"]}
_PARTS = {
    "model": "CausalModel, identify_effect",
    "ols": "backdoor.linear_regression, its standard error",
    "iv": "iv.instrumental_variable",
}


def by_dowhy(n: int, ours: float) -> Any:
    """A table of milliseconds a data set of n men, ours being known; a line if it is not there."""
    from rich.table import Table

    from benchmarks.study_by_hand import drawer

    python = os.environ.get("SCM_PEERS_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import dowhy"], capture_output=True).returncode:
        return (
            "DoWhy: skipped, for dowhy is not installed; pip install '.[peers]', or name a Python "
            "that has it in SCM_PEERS_PYTHON"
        )
    draw = drawer(n)
    with tempfile.TemporaryDirectory() as folder:
        for at in range(DATA_SETS):
            columns = {name: each.tolist() for name, each in draw().items()}
            (Path(folder) / f"{at}.json").write_text(json.dumps(columns))
        done = subprocess.run(
            [python, __file__, folder], capture_output=True, text=True, check=True, cwd=folder
        )
    took = json.loads(done.stdout.splitlines()[-1])
    title = f"Drawing, least squares and the instrument, n = {n:,}"
    table = Table(title=title, title_justify="left")
    for heading in ("", "ms", "times"):
        table.add_column(heading, justify="right" if heading else "left")
    rows = {"scm: drawing, ols, tsls": ours}
    rows |= {f"DoWhy {took['version']}: {told}": 1e3 * took[p] for p, told in _PARTS.items()}
    rows["DoWhy: all of it, without drawing"] = sum(1e3 * took[part] for part in _PARTS)
    for told, each in rows.items():
        table.add_row(told, f"{each:,.2f}", f"{each / ours:,.1f}")
    table.caption = (
        f"Processor time a data set; DoWhy's medians of {DATA_SETS - 1}, ours of many; its "
        "instrument is Wald's ratio, without controls or a standard error"
    )
    return table


def _main(folder: Path) -> None:
    """Print the medians of the seconds of each part, over the data sets in a folder, as JSON."""
    import logging
    import statistics
    import warnings

    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    import dowhy  # type: ignore[import-not-found]
    import pandas as pd

    took: dict[str, list[float]] = {part: [] for part in _PARTS}
    for path in sorted(folder.glob("*.json")):
        frame = pd.DataFrame(json.loads(path.read_text()))
        used = {_ROLES["treatment"], _ROLES["outcome"], *_ROLES["instruments"], "age", "agesq"}
        controls = [name for name in frame if name not in used]
        moments = [time.process_time()]
        model = dowhy.CausalModel(frame, common_causes=controls, **_ROLES)
        asked = model.identify_effect(proceed_when_unidentifiable=True)
        moments.append(time.process_time())
        model.estimate_effect(asked, method_name="backdoor.linear_regression").get_standard_error()
        moments.append(time.process_time())
        model.estimate_effect(asked, method_name="iv.instrumental_variable")
        moments.append(time.process_time())
        for part, begun, ended in zip(took, moments, moments[1:], strict=False):
            took[part].append(ended - begun)
    medians = {part: statistics.median(each[1:]) for part, each in took.items()}
    print(json.dumps({**medians, "version": dowhy.__version__}))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
