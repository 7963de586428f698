"""A method's own target as a truth: against sums written out here."""

import io
import math

import numpy as np
import pandas as pd
import pytest
from numpyro.distributions import Bernoulli, Normal
from rich.console import Console

from experiments.config import load
from experiments.method import Method
from experiments.run import run
from experiments.targets import Unknown, target_of
from scm import SCM
from scm import estimands as kinds
from scm.estimate import Roles, aipw, ols, stratification, tsls

pytestmark = pytest.mark.usefixtures("x64")

STRATA = SCM(  # a third of variance in the one stratum, more than twice the effect in the other
    X=Bernoulli(0.5),
    Z=Bernoulli(0.5),
    T=lambda X: Bernoulli(0.5 + 0.4 * X),
    M=lambda T: T + 0,
    Y=lambda X, T, u=Normal(0, 1): T * (1 + 2 * X) + X + u,
)
ATE = kinds.ATE("T", "Y")


def method(estimator, adjust=(), instruments=(), **options):
    return Method("m", estimator, Roles("T", "Y", adjust, instruments), options, ("e",))


def test_least_squares_targets_the_variance_weighted_slope():
    target = target_of(method(ols, ["X"]), ATE, STRATA)
    found = target.truth(STRATA)
    weights = np.array([0.5 * 0.5, 0.9 * 0.1])  # of the variance of T in each stratum
    assert found.value == pytest.approx(weights @ [1, 3] / weights.sum(), abs=1e-9)
    assert ATE.truth(STRATA).value == pytest.approx(2)


def test_a_weighting_targets_what_its_option_says():
    assert target_of(method(aipw, ["X"]), kinds.ATT("T", "Y"), STRATA) == ATE
    att = target_of(method(stratification, ["X"], target="ATT"), ATE, STRATA)
    treated = np.array([0.5, 0.9])
    assert att.truth(STRATA).value == pytest.approx(treated @ [1, 3] / treated.sum(), abs=1e-9)


def test_two_stages_target_those_whom_the_instrument_moves():
    model = SCM(  # compliers: u between 0.2 and 0.6, whose effect is 1 + u on the average 1.4
        Z=Bernoulli(0.5),
        u=Normal(0, 1),
        T=lambda Z, u: (u < -1 + Z).astype(int),
        Y=lambda T, u: T * (1 + u),
    )
    target = target_of(method(tsls, instruments=["Z"]), ATE, model)
    assert isinstance(target, kinds.LATE)
    found = target.truth(model)
    density = lambda x: math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    between = 0.5 - 0.15865525393145707
    expected = 1 + (density(-1) - density(0)) / between
    assert abs(found.value - expected) < 4 * found.se + 1e-6


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (method(ols, ["M"]), "it adjusts for M, which the treatment acts on"),
        (method(tsls, ["X"], ["Z"]), "with covariates it weights the LATEs of their strata"),
        (method(tsls, [], ["Z", "X"]), "that of one instrument, and it has 2"),
    ],
)
def test_a_target_without_a_definition_says_so(made, why):
    found = target_of(made, ATE, STRATA)
    assert isinstance(found, Unknown)
    assert why in found.why


CODE = """\
from numpyro.distributions import Bernoulli, Normal
from scm import SCM


def strata():
    return SCM(
        X=Bernoulli(0.5),
        T=lambda X: Bernoulli(0.5 + 0.4 * X),
        Y=lambda X, T, u=Normal(0, 1): T * (1 + 2 * X) + X + u,
    )


def silent(data, roles):
    return data.Y.mean(), 1.0


def mine(data, roles):
    return data.Y.mean(), 1.0


mine.target = "the mean"
"""

STUDY = """\
name = "strata"
title = "Strata"
n = 400
replications = 100
roles = { treatment = "T", outcome = "Y", adjust = ["X"] }
worlds.strata = { simulator = "targets_own_code:strata" }
estimands.ate = { kind = "ATE", treatment = "T", outcome = "Y" }
estimands.sate = { kind = "SATE", treatment = "T", outcome = "Y" }
methods.ols = { estimator = "ols" }
methods.stratified = { estimator = "stratification" }
methods.silent = { estimator = "targets_own_code:silent" }
methods.mine = { estimator = "targets_own_code:mine" }
"""


def test_a_study_judges_methods_by_what_they_aim_at(tmp_path):
    (tmp_path / "targets_own_code.py").write_text(CODE)
    (tmp_path / "strata.toml").write_text(STUDY)
    console = Console(width=110, record=True, file=io.StringIO())
    run(load(tmp_path / "strata.toml"), console=console, out=tmp_path)
    table = pd.read_csv(tmp_path / "strata" / "summary.csv").set_index(["estimand", "method"])
    least = table.loc[("ate", "ols")]
    slope = (0.25 * 1 + 0.09 * 3) / 0.34
    assert least.bias + 2 == pytest.approx(least.bias_own + slope, abs=1e-9)
    assert abs(least.bias_own) < 4 * least.bias_own_mcse
    assert least.coverage < 0.5
    assert abs(least.coverage_own - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 100)
    assert "bias_own: E[R (Y - Y(0))] / E[R^2], R = T - L[T | 1, X] = 1.52941" in least.notes
    for estimand in ("ate", "sate"):  # the sample's own effect is what who aims at the ATE aims at
        assert "coverage_own: what is asked is its target" in table.notes[estimand, "stratified"]
    assert "coverage_own: it declares no target" in table.notes["ate", "silent"]
    assert "its target, the mean, is none of scm.estimands" in table.notes["ate", "mine"]
    # by its own target it is the same number, whichever truth is asked for
    assert table.coverage_own["sate", "ols"] == least.coverage_own
    text = " ".join(console.export_text().split())
    assert "bias covers for target target %" in text
    assert "ols: its own target, E[R (Y - Y(0))]" in text
    assert "silent: its own target is not known here: it declares no target" in text
