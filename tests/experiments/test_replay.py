"""A data set of a run made again: the same data, the same estimates, and what is said of them."""

import io
import shutil

import jax
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from experiments.cli import main
from experiments.config import load
from experiments.keys import replicate_keys
from experiments.looking import kept_config
from experiments.replay import ReplayError, replayed
from experiments.run import run
from simulators import SIMULATORS

pytestmark = pytest.mark.usefixtures("x64")

STUDY = """\
name = "trial"
title = "A small trial"
n = 12
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

[methods.crude]
estimator = "difference_in_means"
adjust = []

[methods.stratified]
estimator = "stratification"

[[grids]]
n = [8, 12]
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The folder of a tiny run, its study as it is kept there, and its estimates."""
    folder = tmp_path_factory.mktemp("replay")
    (folder / "trial.toml").write_text(STUDY)
    with jax.enable_x64(True):
        run(load(folder / "trial.toml"), console=Console(file=io.StringIO()), out=folder)
    kept = folder / "trial"
    return kept, load(kept_config(kept)), pd.read_parquet(kept / "estimates.parquet")


def replay(ran, *words, **options):
    with jax.enable_x64(True):
        return replayed(ran[1], ran[0], *words, **options)


def told(again):
    written = io.StringIO()
    Console(file=written, width=200).print(again)
    return written.getvalue()


def test_it_is_the_data_set_of_its_key_and_its_estimates_are_those_that_are_kept(ran, tmp_path):
    again = replay(ran, 53, cell="n=8")  # of the second chunk
    with jax.enable_x64(True):
        key = replicate_keys(0, "drug", 53, 1, '{"n": 8}')[0]
        world = SIMULATORS["simpson_drug"].build().sample(key, 8)
        assert all((again.data[name] == np.asarray(world[name])).all() for name in again.data)
    treated = again.data.drug_a == 1
    crude = again.data.clot[treated].mean() - again.data.clot[~treated].mean()
    np.testing.assert_allclose(again.estimates["crude"]["value"], crude, rtol=1e-12)
    assert again.same
    assert set(again.kept) == {"crude", "stratified"}
    assert told(again).count("equal to what is kept") == 2
    again.write(tmp_path / "data.csv")
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "data.csv"), again.data, check_dtype=False, check_exact=True
    )
    with pytest.raises(ReplayError, match=r"\.csv is wanted"):
        again.write(tmp_path / "data.xls")


def test_a_failure_has_its_sentence(ran):
    frame = ran[2]
    failed = frame[(frame.method == "stratified") & (frame.failure == "empty_stratum")].iloc[0]
    cell = failed.world.removeprefix("drug [").removesuffix("]")
    again = replay(ran, int(failed.replicate), cell=cell, method="stratified")
    assert "failed: empty_stratum. Positivity fails: in some stratum all" in told(again)
    assert again.same


def test_what_is_kept_otherwise_is_told(ran, tmp_path):
    frame = ran[2].copy()
    frame.loc[(frame.replicate == 3) & (frame.method == "crude"), "value"] += 1
    frame.to_parquet(tmp_path / "estimates.parquet")
    again = replay((tmp_path, ran[1]), 3, cell="n=12")
    assert not again.same
    assert again.unlike("stratified") == []
    assert "DIFFERS from what is kept: value is" in told(again)
    beyond = replay(ran, 60, cell="n=12", method="crude")  # one that the run did not make
    assert beyond.same
    assert "not kept by the run" in told(beyond)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "--cell: which of 2 cells is wanted"),
        ({"cell": "n=9"}, "there is no cell 'n=9'; did you mean 'n=8'"),
        ({"cell": "n=8", "world": "drag"}, "there is no world 'drag'; did you mean 'drug'"),
        ({"cell": "n=8", "method": "curde"}, "there is no method 'curde'; did you mean 'crude'"),
    ],
)
def test_names_that_are_not_there(ran, options, message):
    with pytest.raises(ReplayError, match=message):
        replay(ran, 0, **options)


def test_the_command_says_by_its_status_what_it_found(ran, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("experiments.device.prepare", lambda precision: None)
    words = ["replay", str(ran[0]), "--replicate", "3", "--cell", "n=12"]
    with jax.enable_x64(True):
        assert main([*words, "--data", str(tmp_path / "one.csv")]) == 0
        assert len(pd.read_csv(tmp_path / "one.csv")) == 12
        assert main([*words[:4], "--cell", "n=7"]) == 2
        shutil.copytree(ran[0], tmp_path / "run")
        frame = ran[2].assign(value=0.123)
        frame.to_parquet(tmp_path / "run" / "estimates.parquet")
        assert main(["replay", str(tmp_path / "run"), *words[2:]]) == 1
    assert "there is no cell 'n=7'" in capsys.readouterr().err
