"""Posteriors in studies: their draws are kept, judged by the truth, and given back for ArviZ."""

import io
import math

import jax
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from experiments.config import load
from experiments.draws import DrawsError, inference_data, read_draws, summarised
from experiments.measures.pits import WITHIN, miscalibration
from experiments.own_estimators import OwnEstimator
from experiments.run import run
from scm.estimate import Roles

CODE = """\
import numpy as np
from numpyro.distributions import Normal
from scm import SCM


def line():
    return SCM(T=Normal(0, 1), Y=lambda T, u=Normal(0, 1): 2 * T + u)


def _posterior(data, width, count):
    t, y = data["T"] - data["T"].mean(), data["Y"] - data["Y"].mean()
    b = (t * y).sum() / (t * t).sum()
    se = np.sqrt(((y - b * t) ** 2).sum() / (len(t) - 2) / (t * t).sum())
    random = np.random.default_rng(int(abs(b) * 1e9))
    return b + width * se * random.standard_t(len(t) - 2, size=count)


def narrow(data, roles):
    return {"draws": _posterior(data, 0.4, 99)}


def ragged(data, roles):
    b = data["T"].cov(data["Y"])
    if b < 1.7:
        raise ValueError("too flat")
    return {"draws": _posterior(data, 1, 50 + int(b * 1000) % 7), "se": 7.0}
"""

STUDY = """\
name = "draws"
title = "Posteriors"
n = 40
replications = 120
roles = { treatment = "T", outcome = "Y", adjust = [] }
worlds.line = { simulator = "draws_own_code:line" }
estimands.ate = { kind = "ATE", treatment = "T", outcome = "Y" }
estimands.sate = { kind = "SATE", treatment = "T", outcome = "Y" }
methods.bayes = { estimator = "bayesian_linear", options = { draws = 20 } }
methods.ols = { estimator = "ols" }
methods.narrow = { estimator = "draws_own_code:narrow" }
methods.ragged = { estimator = "draws_own_code:ragged" }
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("draws")
    (folder / "draws_own_code.py").write_text(CODE)
    (folder / "draws.toml").write_text(STUDY)
    with jax.enable_x64(True):
        run(load(folder / "draws.toml"), console=Console(file=io.StringIO()), out=folder)
    return folder / "draws"


def test_the_estimate_of_a_posterior_is_its_mean_deviation_and_central_interval(made):
    estimates = pd.read_parquet(made / "estimates.parquet")
    rows = estimates[estimates.method == "narrow"].set_index("replicate")
    draws = read_draws(made, "line", "narrow").set_index("replicate").draws
    assert len(draws) == 120
    for number in (0, 77):
        x = np.sort(draws[number])
        assert len(x) == 99
        assert rows.value[number] == pytest.approx(x.mean(), rel=1e-12)
        assert rows.se[number] == pytest.approx(x.std(ddof=1), rel=1e-12)
        # the quantiles of 99 numbers at 0.025 and 0.975: 2.45 places from either end
        assert rows.low[number] == pytest.approx(x[2] + 0.45 * (x[3] - x[2]), rel=1e-9)
        assert rows.high[number] == pytest.approx(x[96] - 0.45 * (x[96] - x[95]), rel=1e-9)
        share = (1 + (x < 2).sum()) / 100
        assert rows.pit_ate[number] == pytest.approx(share)
        assert rows.pit_sate[number] == pytest.approx(share)  # each unit's effect is 2
    assert set(rows.draws) == {99}
    assert estimates[estimates.method == "ols"][["draws", "pit_ate"]].isna().all(axis=None)


def test_what_is_given_besides_the_draws_stands(made):
    estimates = pd.read_parquet(made / "estimates.parquet")
    rows = estimates[estimates.method == "ragged"]
    failed = rows.failure != ""
    assert set(rows.se[~failed]) == {7.0}
    assert 0 < failed.sum() < 60
    assert rows[failed][["draws", "pit_ate"]].isna().all(axis=None)
    kept = read_draws(made, "line", "ragged")
    assert len(kept) == (~failed).sum()
    assert kept.draws.map(len).nunique() > 1


def test_the_native_posterior_is_least_squares_believed(made):
    estimates = pd.read_parquet(made / "estimates.parquet").set_index(["method", "replicate"])
    bayes, ols = estimates.loc["bayes"], estimates.loc["ols"]
    np.testing.assert_allclose(bayes[["low", "high"]], ols[["low", "high"]], rtol=1e-12)
    np.testing.assert_allclose(bayes.se, ols.se * math.sqrt(38 / 36), rtol=1e-9)
    draws = read_draws(made, "line", "bayes").draws
    np.testing.assert_allclose([each.mean() for each in draws], bayes.value, rtol=1e-9)


def test_calibration_is_a_measure_and_too_narrow_is_found(made):
    summary = pd.read_csv(made / "summary.csv").set_index(["estimand", "method"])
    for estimand in ("ate", "sate"):
        assert f"miscalibration: {WITHIN}" in summary.notes[estimand, "bayes"]
        assert (
            "miscalibration: posteriors are too narrow, beyond" in summary.notes[estimand, "narrow"]
        )
        assert math.isnan(summary.miscalibration[estimand, "ols"])
    estimates = pd.read_parquet(made / "estimates.parquet")
    u = np.sort(estimates[estimates.method == "narrow"].pit_ate)
    marks = np.unique(np.rint(np.arange(1, 100) / 100 * 100)) / 100
    distance = max(abs((u <= mark + 1e-9).mean() - mark) for mark in marks)
    assert summary.miscalibration["ate", "narrow"] == pytest.approx(distance, abs=1e-9)


def test_arviz_has_them(made):
    found = inference_data(made, "line", "bayes").posterior["effect"]
    assert found.dims == ("chain", "draw", "replicate")
    assert found.shape == (1, 20, 120)
    draws = read_draws(made, "line", "bayes").set_index("replicate").draws
    np.testing.assert_array_equal(found.sel(replicate=33, chain=0), draws[33])
    fewer = inference_data(made, "line", "bayes", draws=5).posterior["effect"]
    np.testing.assert_array_equal(fewer.sel(replicate=33, chain=0), draws[33][[0, 5, 10, 14, 19]])


@pytest.mark.parametrize(
    ("arguments", "draws", "said"),
    [
        (("line", "ols"), None, "no draws of 'ols' in 'line'; there are: line, bayes; "),
        (("line", "ragged"), None, "and ArviZ wants one number of all; take draws=50"),
        (("line", "bayes"), 21, "draws=21: from 1 to 20 are there"),
    ],
)
def test_what_there_is_not_is_said(made, arguments, draws, said):
    with pytest.raises(DrawsError, match=said):
        inference_data(made, *arguments, draws=draws)


def test_a_run_without_posteriors_keeps_none(made, tmp_path):
    with pytest.raises(DrawsError, match="no method of this run gives draws"):
        read_draws(tmp_path, "line", "ols")
    assert list(pd.read_parquet(made / "draws.parquet").columns) == [
        "world", "method", "replicate", "draws",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ({"draws": [1.0, math.nan, 2.0]}, "non-finite"),
        ({"draws": [1.0]}, "TypeError"),
        ({"draws": [[1.0, 2.0]]}, "TypeError"),
        ({"draw": [1.0, 2.0]}, "TypeError"),
        ({"draws": [1.0, 2.0], "value": math.inf}, "non-finite"),
    ],
)
def test_draws_that_are_none_are_a_failure(answer, failure):
    row = OwnEstimator("mine:f", lambda data, roles: answer).row(
        pd.DataFrame({"t": [0.0, 1], "y": [0.0, 1]}), Roles("t", "y")
    )
    assert row["failure"] == failure
    assert math.isnan(row["value"])
    assert row.get("draws") is None


def test_how_posteriors_are_wrong_is_named():
    u = (np.arange(400) + 0.5) / 400
    assert miscalibration(u).note == WITHIN
    assert miscalibration(0.3 + 0.4 * u).note == "posteriors are too wide"
    assert miscalibration(np.where(u < 0.5, u / 3, 1 - (1 - u) / 3)).note == (
        "posteriors are too narrow"
    )
    assert miscalibration(u**2).note == "posteriors lie too high"  # the truth is low among draws
    assert miscalibration(np.sqrt(u)).note == "posteriors lie too low"
    assert math.isnan(miscalibration(np.full(3, math.nan)).value)
    assert summarised([1, 3])["value"] == 2
