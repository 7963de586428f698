"""The same study on every engine, stopped and gone on with, grown: the same bytes."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import pandas as pd
import pytest
from rich.console import Console

from experiments.changes import changes
from experiments.cli import main
from experiments.config import load
from experiments.lock import LockedError, locked
from experiments.parts import Parts
from experiments.run import run
from experiments.store import StoreError
from experiments.study import Engine

pytestmark = pytest.mark.usefixtures("x64")

STUDY = """\
name = "trial"
title = "A small trial"
n = 60
replications = 120

[roles]
treatment = "drug_a"
outcome = "clot"
adjust = ["female"]

[worlds.drug]
simulator = "simpson_drug"

[estimands.ate]
kind = "ATE"
treatment = "drug_a"
outcome = "clot"

[estimands.sate]
kind = "SATE"
treatment = "drug_a"
outcome = "clot"

[methods.crude]
estimator = "difference_in_means"

[methods.ols]
estimator = "ols"

[[grids]]
n = [50, 60]
"""
RESULTS = ("estimates.parquet", "truths.parquet")


def study(folder: Path, text: str = STUDY):
    folder.mkdir(exist_ok=True)
    path = folder / "trial.toml"
    path.write_text(text)
    return load(path)


def done(folder: Path, study, **options) -> dict[str, bytes]:
    with jax.enable_x64(True):
        run(study, console=Console(file=io.StringIO()), out=folder, **options)
    summary = pd.read_csv(folder / "trial" / "summary.csv")
    timed = [name for name in summary.columns if "seconds" in name]
    kept = {name: (folder / "trial" / name).read_bytes() for name in RESULTS}
    return kept | {"summary": summary.drop(columns=timed).to_csv().encode()}


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serial")
    return folder, done(folder, study(folder))


def test_cells_are_places_of_their_own(serial):
    estimates = pd.read_parquet(serial[0] / "trial" / "estimates.parquet")
    assert set(estimates.world) == {"drug [n=50]", "drug [n=60]"}
    ours = estimates[estimates.method.isin(["crude", "ols"])]  # the rest are baselines
    assert (ours.groupby(["world", "method"]).size() == 120).all()
    by_n = estimates.groupby("world")["n"].unique()
    assert (list(by_n["drug [n=50]"]), list(by_n["drug [n=60]"])) == ([50.0], [60.0])


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_every_engine_gives_the_same_bytes(serial, tmp_path, kind):
    elsewhere = study(tmp_path).model_copy(update={"engine": Engine(kind=kind, workers=2)})
    assert done(tmp_path, elsewhere) == serial[1]


def test_going_on_does_only_what_is_missing_and_ends_in_the_same_bytes(serial, tmp_path):
    few = study(tmp_path).model_copy(update={"replications": 40})
    done(tmp_path, few)
    parts = sorted((tmp_path / "trial" / "parts").glob("*/*/*.parquet"))
    stamps = {path: path.stat().st_mtime_ns for path in parts}
    missing = parts[1]
    missing.unlink()
    assert done(tmp_path, study(tmp_path)) == serial[1]
    assert missing.exists()
    again = {path: path.stat().st_mtime_ns for path in parts if path != missing}
    assert again == {path: stamp for path, stamp in stamps.items() if path != missing}


def test_another_method_and_another_cell_change_nothing_that_is_there(serial, tmp_path):
    more = STUDY.replace("n = [50, 60]", "n = [40, 50, 60]")
    more += '\n[methods.stratified]\nestimator = "stratification"\n'
    done(tmp_path, study(tmp_path, more))
    old = pd.read_parquet(serial[0] / "trial" / "estimates.parquet")
    new = pd.read_parquet(tmp_path / "trial" / "estimates.parquet")
    kept = new[new.method.isin(old.method.unique()) & new.world.isin(old.world.unique())]
    pd.testing.assert_frame_equal(kept.reset_index(drop=True), old, check_exact=True)
    assert set(new.method) - set(old.method) == {"stratified"}


KILLED = """
import sys
from experiments.cli import main
sys.exit(main(["run", sys.argv[1], "--out", sys.argv[2]]))
"""


def test_kills_lose_nothing(serial, tmp_path):
    study(tmp_path)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "trial.toml"), str(tmp_path)]
    parts = tmp_path / "trial" / "parts"
    for enough in (1, 4):
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as running:
            while running.poll() is None and len([*parts.glob("*/*/[0-9]*.parquet")]) < enough:
                time.sleep(0.02)
            running.send_signal(signal.SIGKILL)
    (parts / "left" / "over").mkdir(parents=True)
    (parts / "left" / "over" / ".making-abc").write_text("half")
    assert done(tmp_path, study(tmp_path)) == serial[1]
    assert not [*parts.glob("*/*/.making-*")]


def test_two_runs_in_one_folder_are_refused(tmp_path):
    holding = (
        "import sys, time\nfrom pathlib import Path\nfrom experiments.lock import locked\n"
        "with locked(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=f"process {other.pid}"), locked(tmp_path):
            pass
        other.kill()
    with locked(tmp_path):  # who is gone holds nothing
        assert (tmp_path / ".lock").read_text() == str(os.getpid())


def test_a_changed_number_refuses_to_go_on_and_says_which(serial):
    folder = serial[0]
    other = study(folder, STUDY.replace('estimator = "ols"', 'estimator = "ols"\nadjust = []'))
    with pytest.raises(StoreError, match=r"methods.ols.adjust was the list \[\"female\"\]"):
        done(folder, other)
    study(folder)  # as it was


def test_the_command_line_goes_on_begins_again_and_refuses(serial, capsys, monkeypatch):
    monkeypatch.setattr("experiments.device.prepare", lambda precision: None)  # x64 is on here
    folder = serial[0]
    study(folder, STUDY.replace('estimator = "ols"', 'estimator = "ols"\nadjust = []'))
    words = ["run", str(folder / "trial.toml"), "--out", str(folder)]
    assert main([*words, "--engine", "proceses"]) == 2
    assert 'did you mean "processes"' in capsys.readouterr().err
    with locked(folder / "trial"):
        assert main(words) == 2
    assert "another run is at work" in capsys.readouterr().err
    assert main(words) == 2
    assert "To do it all again say --fresh" in capsys.readouterr().err
    assert main([*words, "--fresh", "--replications", "10"]) == 0
    estimates = pd.read_parquet(folder / "trial" / "estimates.parquet")
    assert estimates.method.isin(["crude", "ols"]).sum() == 2 * 2 * 10


def test_changes_tells_additions_from_changes(tmp_path):
    before = study(tmp_path)
    more = STUDY + '\n[methods.stratified]\nestimator = "stratification"\n'
    assert changes(before, study(tmp_path, more.replace("120", "500"))) == []
    assert changes(before, study(tmp_path, STUDY.replace("A small", "Another"))) == []
    (line,) = changes(before, study(tmp_path, STUDY.replace("n = 60\n", "n = 61\n", 1)))[:1]
    assert line == "n was 60 in the run that is kept, and is 61 now"


def test_seconds_add_up_over_runs(tmp_path):
    parts = Parts(tmp_path)
    assert parts.seconds() == {}
    parts.keep_seconds({("data", "job"): (1.0, 2.0)})
    assert parts.seconds() == {("data", "job"): (1.0, 2.0)}
    assert json.loads((tmp_path / "seconds.json").read_text()) == [["data", "job", 1.0, 2.0]]
