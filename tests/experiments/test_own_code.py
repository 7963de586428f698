"""A person's own models and estimators in a study, their failures kept as rows."""

import dataclasses
import io
import math

import jax
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from experiments.cli import main
from experiments.config import ConfigError, load
from experiments.own_code import ChangedError, code_digest, own_world
from experiments.own_estimators import OwnEstimator
from experiments.parts import Parts
from experiments.plan import plan
from experiments.run import run
from experiments.running import places, tasks
from experiments.task import work
from scm.estimate import Roles

CODE = """\
from numpyro.distributions import Bernoulli, Normal
from scm import SCM

def world(effect=1.0):
    return SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(0, 1), effect=effect: effect * T + u)

def slope(data, roles):
    t, y = data[roles.treatment], data[roles.outcome]
    return y[t == 1].mean() - y[t == 0].mean()

def picky(data, roles, limit=2.5):
    if data[roles.outcome].max() > limit:
        raise ValueError("too large for me")
    return 1.0, 0.5

not_a_function = 3
"""
STUDY = """\
name = "own"
title = "My own code"
n = 40
replications = 60

[roles]
treatment = "T"
outcome = "Y"
adjust = []

[worlds.mine]
simulator = "own_code_of_a_test:world"
parameters = { effect = 2.0 }

[estimands.ate]
kind = "ATE"
treatment = "T"
outcome = "Y"

[methods.slope]
estimator = "own_code_of_a_test:slope"

[methods.native]
estimator = "difference_in_means"

[methods.picky]
estimator = "own_code_of_a_test:picky"
options = { limit = 3.5 }
"""


def study(folder, text=STUDY):
    (folder / "own_code_of_a_test.py").write_text(CODE)
    (folder / "own.toml").write_text(text)
    return load(folder / "own.toml")


def test_own_code_runs_beside_ours_and_failures_are_rows(tmp_path):
    with jax.enable_x64(True):
        run(study(tmp_path), console=Console(file=io.StringIO()), out=tmp_path)
    estimates = pd.read_parquet(tmp_path / "own" / "estimates.parquet")
    by = {name: frame.reset_index() for name, frame in estimates.groupby("method")}
    np.testing.assert_allclose(by["slope"].value, by["native"].value, rtol=1e-12)
    assert by["slope"].se.isna().all()
    truths = pd.read_parquet(tmp_path / "own" / "truths.parquet")
    assert truths.value.tolist() == [2.0]
    failed = by["picky"][by["picky"].failure != ""]
    assert 0 < len(failed) < 60
    assert set(failed.failure) == {"ValueError"}
    assert "too large for me" in failed.detail.iloc[0]
    good = by["picky"][by["picky"].failure == ""]
    np.testing.assert_allclose(good.high - good.low, 2 * 1.959964 * 0.5, rtol=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("test:world", "test:wold", "has no 'wold'; did you mean 'world'?"),
        ("own_code_of_a_test:world", "nowhere:world", "there is no module 'nowhere'"),
        ("{ effect = 2.0 }", "{ efect = 2.0 }", "has no argument 'efect'; did you mean 'effect'?"),
        ("test:slope", "test:not_a_function", "is 3, and a function is wanted"),
    ],
)
def test_own_code_that_is_not_there_is_one_line(tmp_path, old, new, message):
    with pytest.raises(ConfigError, match=r"own\.toml:") as caught:
        plan(study(tmp_path, STUDY.replace(old, new)))
    assert message in str(caught.value)


def test_code_that_is_changed_while_it_runs_is_one_line(tmp_path, monkeypatch, capsys):
    """An estimator that writes to its own file: what would be kept is of neither code."""
    (tmp_path / "own_code_that_changes.py").write_text(
        "from pathlib import Path\n"
        "def restless(data, roles):\n"
        "    Path(__file__).write_text(Path(__file__).read_text() + '#')\n"
        "    return 1.0\n"
    )
    text = STUDY.replace("own_code_of_a_test:slope", "own_code_that_changes:restless")
    text = text.replace('simulator = "own_code_of_a_test:world"', 'simulator = "simpson_drug"')
    text = text.replace("parameters = { effect = 2.0 }", "").replace('"T"', '"drug_a"')
    text = text.replace('"Y"', '"clot"').partition("[methods.native]")[0]
    (tmp_path / "own.toml").write_text(text)
    monkeypatch.setattr("experiments.device.prepare", lambda precision: None)
    with jax.enable_x64(True):
        assert main(["run", str(tmp_path / "own.toml"), "--out", str(tmp_path)]) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert "own_code_that_changes.py: was changed after" in line
    assert "run it again" in line


def test_a_worker_with_other_code_keeps_nothing(tmp_path):
    with jax.enable_x64(True):
        [place] = places(study(tmp_path))
        [one, *_] = tasks(place, Parts(tmp_path / "parts"), 60)
        other = dataclasses.replace(one, jobs={**one.jobs, "slope": "0" * 16})
        with pytest.raises(ChangedError, match="run it again"):
            work(other)
    assert not (tmp_path / "parts").exists()


def test_the_code_of_a_bare_model_is_its_module(tmp_path):
    (tmp_path / "bare_model_of_a_test.py").write_text(CODE + "made = world()\n")
    found = code_digest(own_world("bare_model_of_a_test:made", tmp_path).function)
    assert found == code_digest(own_world("bare_model_of_a_test:world", tmp_path).function)


DATA = pd.DataFrame({"T": [0, 1, 0, 1], "Y": [1.0, 2.0, 3.0, 4.0]})


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (2.0, {"value": 2.0, "failure": ""}),
        ((2.0, 1.0), {"value": 2.0, "se": 1.0, "failure": ""}),
        ({"value": 1, "low": 0, "high": 3}, {"value": 1.0, "low": 0.0, "high": 3.0}),
        (math.inf, {"failure": "non-finite"}),
        (None, {"failure": "TypeError"}),
        ({"estimate": 1}, {"failure": "TypeError"}),
        ((2.0, -1.0), {"failure": "negative standard error", "detail": "se -1"}),
        ({"value": 4, "low": 0, "high": 3}, {"failure": "value outside its interval"}),
        ({"value": 1, "low": 3, "high": 0}, {"failure": "value outside its interval"}),
        ({"draws": [1.0, 2.0], "value": 4}, {"failure": "value outside its interval"}),
        ({"draws": [0.0] * 99 + [1e9]}, {"value": 1e7, "failure": ""}),  # a mean may lie outside
    ],
)
def test_what_a_function_may_return(returned, expected):
    row = OwnEstimator("a:b", lambda data, roles: returned).row(DATA, Roles("T", "Y"))
    assert {key: row[key] for key in expected} == expected
    assert bool(row["detail"]) == bool(row["failure"])


def test_time_and_memory_are_limited():
    def endless(data, roles):
        while True:
            pass

    def greedy(data, roles):
        return float(np.ones(200_000_000).sum())

    roles = Roles("T", "Y")
    assert OwnEstimator("a:b", endless).row(DATA, roles, seconds=0.1)["failure"] == (
        "more than 0.1 s"
    )
    found = OwnEstimator("a:b", greedy).row(DATA, roles, megabytes=200)
    assert found["failure"] == "more than 200 MB"
    assert OwnEstimator("a:b", lambda data, roles: 1.0).row(DATA, roles, seconds=5)["value"] == 1.0
