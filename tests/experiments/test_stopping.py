"""Replications until a measure is known well enough; what becomes of failures."""

import io
import math

import jax
import pandas as pd
import pytest
from rich.console import Console

from experiments.config import ConfigError, load
from experiments.run import run
from experiments.stopping import wanted
from experiments.study import Stop

STUDY = """\
name = "trial"
title = "Until it is known"
n = 40
replications = 20

[roles]
treatment = "drug_a"
outcome = "clot"
adjust = []

[worlds.drug]
simulator = "simpson_drug"

[estimands.ate]
kind = "ATE"
treatment = "drug_a"
outcome = "clot"

[methods.crude]
estimator = "difference_in_means"

[stop]
measure = "bias"
error = 0.012
most = 1_000
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "trial.toml").write_text(STUDY)
    return load(tmp_path / "trial.toml")


def test_it_goes_on_until_the_error_is_small_enough(study, tmp_path):
    with jax.enable_x64(True):
        run(study, console=Console(file=io.StringIO()), out=tmp_path)
    estimates = pd.read_parquet(tmp_path / "trial" / "estimates.parquet")
    values = estimates[estimates.estimand == ""].value  # a stop rule asks nothing of baselines
    assert values.std() / math.sqrt(len(values)) <= 0.012
    assert 20 < len(values) < 1_000
    # the sd of a difference of two shares among 40 is near 0.13: some 120 data sets; it is taken
    # from 20 first, so that there may be twice as many
    assert len(values) < 2 * (values.std() / 0.012) ** 2


def test_the_rule_by_hand(study):
    summary = pd.DataFrame(
        {"measure": ["bias", "bias", "coverage"], "method": ["a", "b", "a"],
         "mcse": [0.024, 0.05, 9.0]}
    )  # fmt: skip
    assert wanted(study, summary) == math.ceil(1.05 * 20 * (0.05 / 0.012) ** 2)
    one = study.model_copy(update={"stop": study.stop.model_copy(update={"methods": ("a",)})})
    assert wanted(one, summary) == math.ceil(1.05 * 20 * 4)
    assert wanted(study.model_copy(update={"replications": 1_000}), summary) is None
    few = study.model_copy(update={"stop": study.stop.model_copy(update={"most": 30})})
    assert wanted(few, summary) == 30
    assert wanted(study.model_copy(update={"stop": None}), summary) is None
    wrong = study.model_copy(update={"stop": Stop(measure="bais", error=1, most=5)})
    with pytest.raises(ValueError, match="there is no measure 'bais'"):
        wanted(wrong, summary)


def test_policies_are_of_the_file(tmp_path):
    (tmp_path / "trial.toml").write_text(STUDY.replace("n = 40", 'n = 40\nfailures = "listwize"'))
    with pytest.raises(ConfigError, match='did you mean "listwise"'):
        load(tmp_path / "trial.toml")
