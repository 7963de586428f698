"""Killed at any moment and begun again, a run loses nothing that was finished, and ends the same.

A process takes seconds to begin, most of them to import and compile; here one that has run the
study already is forked for each attempt, and the fork is killed: at a random moment of the clock,
and at a random touch of its folder, so that the short moments are met in which files are moved.
`python -m benchmarks kills` does the same to commands as they are typed, 50 times.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from experiments.lock import locked

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
n = 20
replications = 120

[roles]
treatment = "drug_a"
outcome = "clot"
adjust = []

[worlds.drug]
simulator = "simpson_drug"

[worlds.mine]
simulator = "killed_world_of_a_test:world"

[estimands.ate]
kind = "ATE"
treatment = "drug_a"
outcome = "clot"

[methods.crude]
estimator = "difference_in_means"

[methods.own]
estimator = "killed_world_of_a_test:difference"
"""
NURSERY = """\
import os, sys, traceback, warnings

# A fork has none of the threads that it was forked from: nothing may wait for them.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["SCM_CACHE_DIR"] = "off"
warnings.filterwarnings("ignore", "os.fork")
import jax

jax.config.update("jax_cpu_enable_async_dispatch", False)
from experiments.cli import main

answer, sys.stdout = sys.stdout, open(os.devnull, "w")
touches = [0, 0, ""]  # so many there were, the one that is the last, and of which paths


def touched(event, arguments):
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir") and any(
        isinstance(each, (str, bytes, os.PathLike)) and touches[2] in os.fsdecode(each)
        for each in arguments[:2]
    ):
        touches[0] += 1
        if touches[0] == touches[1]:
            os.kill(os.getpid(), 9)


def run(out):
    return main(["run", "killed.toml", "--out", out])


assert run("warm") == 0
sys.addaudithook(touched)
print("ready", file=answer, flush=True)
for line in sys.stdin:
    out, last, place = line.split()
    child = os.fork()
    if not child:
        touches[:] = 0, int(last), place
        try:
            status = run(out)
        except BaseException:
            traceback.print_exc()
            status = 70
        os._exit(status)  # at once: what a fork has not, it cannot take down
    print(child, file=answer, flush=True)
    print(os.waitpid(child, 0)[1], file=answer, flush=True)
"""
RESULTS = ("estimates.parquet", "truths.parquet")


class Nursery:
    """A process that forks runs of the study."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        assert self._line() == "ready"

    def run(self, out: Path, seconds: float | None = None, last: int = 0, place: str = "-") -> bool:
        """Whether a run ends by itself, before so many seconds, and before its last touch of paths
        with ``place`` in them."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{out} {last} {place}\n")
        child = int(self._line())
        if seconds is not None:
            time.sleep(seconds)
            with contextlib.suppress(ProcessLookupError):  # it has ended
                os.kill(child, signal.SIGKILL)
        status = int(self._line())
        assert status in (0, signal.SIGKILL)
        return status == 0

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        with self.process:
            self.process.kill()


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nursery")
    (folder / "killed.toml").write_text(STUDY)
    (folder / "killed_world_of_a_test.py").write_text(CODE)
    nursery = Nursery(folder)
    yield folder / "warm", nursery
    nursery.close()


def finished(out: Path) -> dict[Path, bytes]:
    """The parts that are there, every one of which can be read."""
    parts = {path: path.read_bytes() for path in out.glob("killed/parts/*/*/[0-9]*.parquet")}
    for path in parts:
        assert len(pd.read_parquet(path)) == 50
    return parts


def results(out: Path) -> dict[str, bytes]:
    return {name: (out / "killed" / name).read_bytes() for name in RESULTS}


def names(out: Path) -> set[str]:
    return {str(path.relative_to(out)) for path in out.rglob("*")}


def checked(out: Path, before: dict[Path, bytes]) -> dict[Path, bytes]:
    """What was finished is as it was, what there is of results can be read, and nobody is there."""
    after = finished(out)
    assert before.items() <= after.items()
    for name in RESULTS:
        if (out / "killed" / name).exists():
            assert len(pd.read_parquet(out / "killed" / name)) > 0
    if (out / "killed").exists():
        with locked(out / "killed"):
            pass
    return after


def killed(nursery: Nursery, whole: Path, out: Path, kills: int, moment) -> int:
    """Kill runs until so many are dead, beginning again in an empty folder where one has ended;
    how many ended."""
    ended, before = 0, {}
    while kills:
        if nursery.run(out, **moment()):
            assert (results(out), names(out)) == (results(whole), names(whole))
            shutil.rmtree(out)
            ended, before = ended + 1, {}
        else:
            kills, before = kills - 1, checked(out, before)
    assert nursery.run(out)
    assert (results(out), names(out)) == (results(whole), names(whole))
    assert checked(out, before).keys() >= before.keys()
    return ended


def test_killed_at_moments_of_the_clock(nursery, tmp_path):
    whole, process = nursery
    begun = time.perf_counter()
    assert process.run(tmp_path / "timed")
    lasts = time.perf_counter() - begun
    clock = random.Random(6)
    killed(process, whole, tmp_path / "out", 6, lambda: {"seconds": clock.uniform(0, lasts)})


@pytest.mark.parametrize(("place", "most"), [("killed/parts", 60), (".unfinished", 28)])
def test_killed_at_touches_of_the_folder(nursery, tmp_path, place, most):
    """While parts are made and moved, and while results are."""
    whole, process = nursery
    count = random.Random(7)
    moment = lambda: {"last": count.randint(1, most), "place": place}
    killed(process, whole, tmp_path / "out", 7, moment)
