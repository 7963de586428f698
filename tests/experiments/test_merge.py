"""Runs of one study that were made apart are put together, and are the run made in one place."""

import io
import shutil
from pathlib import Path

import jax
import pandas as pd
import pytest
from rich.console import Console

from experiments.cli import main
from experiments.config import load
from experiments.merge import MergeError, merged
from experiments.parts import Parts
from experiments.run import run

STUDY = """\
name = "trial"
title = "A small trial"
n = 60
replications = 60

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
"""
WORLD = '[worlds.other]\nsimulator = "simpson_drug"\n'
METHOD = '[methods.ols]\nestimator = "ols"\n'
HERE, ELSEWHERE = STUDY + METHOD, STUDY.replace("= 60\n\n", "= 30\n\n") + WORLD


def done(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(text)
    return again(folder / "study.toml", folder)


def again(config: Path, folder: Path) -> Path:
    with jax.enable_x64(True):
        run(load(config), console=Console(file=io.StringIO()), out=folder)
    return folder / "trial"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run with another method, one of fewer replications with another world, and one of all."""
    folder = tmp_path_factory.mktemp("runs")
    texts = {"here": HERE, "elsewhere": ELSEWHERE, "whole": STUDY + WORLD + METHOD}
    return {name: done(folder / name, text) for name, text in texts.items()}


def stamps(run: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (run / "parts").glob("*/*/*.parquet")}


def names(run: Path) -> set[Path]:
    return {path.relative_to(run) for path in stamps(run)}


def test_what_is_put_together_is_the_run_of_one_place(runs, tmp_path, capsys):
    words = ["merge", str(runs["here"]), str(runs["elsewhere"]), "--out", str(tmp_path)]
    assert main(words) == 0
    config = tmp_path / "trial.toml"
    assert f"scm run {config} --out {tmp_path} ends it" in capsys.readouterr().out
    before = stamps(tmp_path / "trial")
    assert len(before) > len(stamps(runs["here"]))
    again(config, tmp_path)
    after = stamps(tmp_path / "trial")
    assert before.items() <= after.items()  # nothing that was there is made again
    assert names(tmp_path / "trial") == names(runs["whole"])
    keys = {
        "estimates.parquet": ["world", "method", "replicate"],
        "truths.parquet": ["world", "estimand"],
    }
    for name, by in keys.items():
        one, two = (
            pd.read_parquet(folder / name).sort_values(by, ignore_index=True)
            for folder in (tmp_path / "trial", runs["whole"])
        )
        pd.testing.assert_frame_equal(one[list(two)], two, check_exact=True)
    assert main(words) == 0  # once more changes nothing
    assert ", 0 of them new" in capsys.readouterr().out


def test_seconds_are_those_of_the_parts_that_are_taken(runs, tmp_path):
    twin = tmp_path / "twin"
    shutil.copytree(runs["here"], twin)
    merged([runs["here"], twin], tmp_path / "out")
    took = Parts(tmp_path / "out/trial/parts").seconds()
    assert took == Parts(runs["here"] / "parts").seconds()  # not twice


def test_parts_of_one_name_whose_bytes_differ_are_refused_and_nothing_is_copied(runs, tmp_path):
    twin = tmp_path / "twin"
    shutil.copytree(runs["here"], twin)
    part = sorted(stamps(twin))[1]
    part.write_bytes(part.read_bytes() + b"?")
    with pytest.raises(MergeError, match=f"{part}: the same part, and its bytes differ"):
        merged([runs["here"], twin], tmp_path / "out")
    assert not stamps(tmp_path / "out" / "trial")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('name = "trial"', 'name = "other"'), "a run of the study 'other'"),
        (("n = 60", "n = 61"), "n was 61 in the run that is kept, and is 60 now"),
        (('"ols"', '"stratification"'), "methods.ols.estimator was"),
        (("[roles]", "[[grids]]\nn = [50]\n[roles]"), "one has grids and the other none"),
    ],
)
def test_studies_that_differ_in_a_number_are_refused(runs, tmp_path, change, message):
    other = tmp_path / "other" / "parts"
    other.mkdir(parents=True)
    (other / "config.toml").write_text(HERE.replace(*change, 1))
    with pytest.raises(MergeError, match=message):
        merged([runs["here"], other.parent], tmp_path / "out")


def test_cells_of_both_are_cells_of_the_union(tmp_path):
    for name, levels in (("one", "[40, 50]"), ("two", "[50, 70]")):
        (tmp_path / name / "parts").mkdir(parents=True)
        text = STUDY + f"[[grids]]\nn = {levels}\n"
        (tmp_path / name / "parts" / "config.toml").write_text(text)
    study = load(merged([tmp_path / "one", tmp_path / "two"], tmp_path / "out").config)
    assert [study.within(cell).worlds["drug"].n for cell in study.cells()] == [40, 50, 70]


def test_what_is_no_two_runs_is_refused(runs, tmp_path):
    with pytest.raises(MergeError, match="two runs or more"):
        merged([runs["here"], runs["here"]], tmp_path)
    with pytest.raises(MergeError, match="no such folder"):
        merged([runs["here"], tmp_path / "nowhere"], tmp_path)
    (tmp_path / "trial.toml").write_text(STUDY)
    with pytest.raises(MergeError, match="is there already"):
        merged([runs["here"], runs["elsewhere"]], tmp_path)
    assert (tmp_path / "trial.toml").read_text() == STUDY
