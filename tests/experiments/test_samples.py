"""Effects in the sample: every replicate is judged by its own."""

import io

import jax
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from experiments.config import load
from experiments.findings import Method
from experiments.keys import replicate_keys
from experiments.measures import summarise
from experiments.run import run
from simulators import get

TRIAL = """\
name = "trial"
title = "Effects of samples"
n = 40
replications = 60

[roles]
treatment = "drug_a"
outcome = "clot"

[worlds.drug]
simulator = "simpson_drug"

[estimands.ate]
kind = "ATE"
treatment = "drug_a"
outcome = "clot"

[estimands.sate]
kind = "SATE"
label = "The sample's own"
treatment = "drug_a"
outcome = "clot"

[methods.crude]
estimator = "difference_in_means"
"""


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trial")
    (folder / "trial.toml").write_text(TRIAL)
    with jax.enable_x64(True):
        run(load(folder / "trial.toml"), console=Console(file=io.StringIO()), out=folder)
    return folder / "trial"


def of_methods(folder):
    """The estimates of a run, without those of the baselines."""
    estimates = pd.read_parquet(folder / "estimates.parquet")
    return estimates[estimates.estimand == ""]


def test_each_replicate_has_the_effect_among_its_own_units(trial, x64):
    estimates = of_methods(trial)
    own = estimates.truth_sate.to_numpy()
    model = get("simpson_drug").build()
    for number in (0, 7, 59):
        world = model.sample(replicate_keys(0, "drug", number, 1)[0], 40)
        both = [np.asarray(world.do(drug_a=level)["clot"], float).mean() for level in (0, 1)]
        assert own[number] == pytest.approx(both[1] - both[0], abs=1e-12)
    assert own.std() > 0.01


def test_measures_are_of_errors_about_ones_own_truth(trial):
    estimates = of_methods(trial)
    good = estimates[estimates.failure == ""]
    errors = good.value - good.truth_sate
    table = pd.read_csv(trial / "summary.csv").query("method == 'crude'").set_index("estimand")
    assert table.bias["sate"] == pytest.approx(errors.mean(), abs=1e-12)
    assert table.rmse["sate"] == pytest.approx(np.sqrt((errors**2).mean()), rel=1e-9)
    held = (good.low <= good.truth_sate) & (good.truth_sate <= good.high)
    assert table.coverage["sate"] == pytest.approx(held.mean())
    truths = pd.read_parquet(trial / "truths.parquet").set_index("estimand")
    assert truths.value["sate"] == pytest.approx(estimates.truth_sate.mean())
    assert truths.method["ate"] == "exact"
    assert table.bias["ate"] == pytest.approx(good.value.mean() - truths.value["ate"], abs=1e-12)


def test_the_report_says_that_it_is_of_the_sample(trial):
    text = (trial / "report.html").read_text()
    assert "sample ATE: " in text
    assert "each sample its own, shown is their mean" in text


def test_a_sample_without_such_units_is_a_failure_of_its_own():
    runs = pd.DataFrame({
        "world": "w", "method": "m", "replicate": range(8), "value": np.arange(8.0), "se": 1.0,
        "low": np.arange(8.0) - 1, "high": np.arange(8.0) + 1, "failure": "",
        "truth_satt": [np.nan, *np.arange(1.0, 8.0)],
    })  # fmt: skip
    truths = pd.DataFrame({"world": ["w"], "estimand": ["satt"], "value": [4.0], "se": [0.0]})
    table = summarise(runs, truths, [Method("m", "M", estimands=("satt",))]).set_index("measure")
    assert table.value["bias"] == 0
    assert table.value["coverage"] == 1
    assert table.value["failures"] == 1 / 8
    assert "no such units in the sample" in table.note["failures"]


def test_places_that_ask_for_different_things_stand_in_one_table(tmp_path, x64):
    text = TRIAL.replace("replications = 60", "replications = 10")
    text = text.replace('kind = "SATE"', 'kind = "SATE"\nworlds = ["drug"]')
    text = text.replace(
        "[estimands.ate]", '[worlds.other]\nsimulator = "simpson_drug"\n\n[estimands.ate]'
    )
    (tmp_path / "trial.toml").write_text(text)
    run(load(tmp_path / "trial.toml"), console=Console(file=io.StringIO()), out=tmp_path)
    estimates = of_methods(tmp_path / "trial")
    has = estimates.groupby("world").truth_sate.count()
    assert has.to_dict() == {"drug": 10, "other": 0}
