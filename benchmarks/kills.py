"""Fifty kills of `scm run` as it is typed, at random moments: what they cost, and that they lose
nothing.

The process group is killed by SIGKILL after a random time of up to what the whole run takes, and
the same command given again; where a run ends by itself, the next begins in an empty folder. After
each kill every finished part is as it was; after each run that ends, the results have the bytes of
one that nobody disturbed. In the tests the same is done to forks, which begin at once.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from rich.table import Table

KILLS = 50
CODE = """\
from numpyro.distributions import Bernoulli, Normal
from scm import SCM

def world():
    return SCM(drug_a=Bernoulli(0.5), clot=lambda drug_a, u=Normal(0, 1): drug_a + u > 0.5)

def difference(data, roles):
    treated = data[roles.treatment] == 1
    return data[roles.outcome][treated].mean() - data[roles.outcome][~treated].mean()
"""
STUDY = """\
name = "killed"
title = "A run that is killed"
precision = "float64"
n = 60
replications = 400

[roles]
treatment = "drug_a"
outcome = "clot"
adjust = []

[worlds.drug]
simulator = "simpson_drug"

[worlds.mine]
simulator = "killed_world:world"

[estimands.ate]
kind = "ATE"
treatment = "drug_a"
outcome = "clot"

[methods.crude]
estimator = "difference_in_means"

[methods.own]
estimator = "killed_world:difference"
"""
RESULTS = ("estimates.parquet", "truths.parquet")
_SCM = "import sys; from experiments.cli import main; sys.exit(main())"


def run() -> Iterator[Table]:
    """A table of the kills, by what the run was at. Raises AssertionError if anything is lost."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "killed.toml").write_text(STUDY)
        (folder / "killed_world.py").write_text(CODE)
        _ended(folder, "compiled")  # the next finds its programs in the cache, as all that follow
        begun = time.perf_counter()
        _ended(folder, "whole")
        yield _killed(folder, time.perf_counter() - begun)


def _killed(folder: Path, lasts: float) -> Table:
    moment, at = random.Random(50), dict.fromkeys(_STAGES, 0)
    out, whole, ended, before = folder / "out", folder / "whole", 0, {}
    begun = time.perf_counter()
    while sum(at.values()) < KILLS:
        if _ended(folder, "out", moment.uniform(0, lasts)):
            assert (_results(out), _names(out)) == (_results(whole), _names(whole))
            shutil.rmtree(out)
            ended, before = ended + 1, {}
            continue
        at[_stage(out)] += 1
        after = {path: path.read_bytes() for path in out.glob("killed/parts/*/*/[0-9]*.parquet")}
        assert before.items() <= after.items(), "a finished part was changed or lost"
        assert all(len(pd.read_parquet(path)) == 50 for path in after)
        before = after
    assert _ended(folder, "out")
    assert (_results(out), _names(out)) == (_results(whole), _names(whole))
    took = time.perf_counter() - begun
    table = Table(title=f"{KILLS} kills of a run of {lasts:.1f} s, in {took:.0f} s: nothing lost")
    table.add_column("killed while")
    table.add_column("times", justify="right")
    for stage, times in at.items():
        table.add_row(stage, str(times))
    table.add_row("(runs that ended before their moment)", str(ended))
    return table


_STAGES = (
    "nothing was there yet", "before the first part", "some parts were there",
    "all parts were there", "results were written",
)  # fmt: skip


def _stage(out: Path) -> str:
    """What a run was at that has been killed."""
    if [*out.glob("killed/.unfinished-*")]:
        return _STAGES[4]
    if not (out / "killed" / "parts" / "config.toml").exists():
        return _STAGES[0]
    there = len([*out.glob("killed/parts/*/*/[0-9]*.parquet")])
    every = len([*(out.parent / "whole").glob("killed/parts/*/*/[0-9]*.parquet")])
    return _STAGES[1] if not there else _STAGES[2] if there < every else _STAGES[3]


def _ended(folder: Path, out: str, seconds: float | None = None) -> bool:
    """Whether a run ends by itself before it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", _SCM, "run", "killed.toml", "--out", out],
        cwd=folder, start_new_session=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    ) as process:  # fmt: skip
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return False
    assert status == 0
    return True


def _results(out: Path) -> dict[str, bytes]:
    return {name: (out / "killed" / name).read_bytes() for name in RESULTS}


def _names(out: Path) -> set[str]:
    return {str(path.relative_to(out)) for path in out.rglob("*")}
