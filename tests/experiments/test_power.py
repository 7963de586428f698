"""The search for a sample size, on powers that are known by a formula and on a study."""

import io
import math
from statistics import NormalDist

import jax
import pytest
from rich.console import Console

from experiments.cli import main
from experiments.config import load
from experiments.power import Asked, Power, PowerError, search, searched

NORMAL = NormalDist()
STUDY = """\
name = "sized"
title = "How many people?"
n = 40
replications = 100
precision = "float64"

[roles]
treatment = "T"
outcome = "Y"
adjust = []

[worlds.mine]
simulator = "sized_world_of_a_test:world"
parameters = { effect = 1.0 }

[estimands.ate]
kind = "ATE"
treatment = "T"
outcome = "Y"

[methods.crude]
estimator = "difference_in_means"

[methods.no_interval]
estimator = "sized_world_of_a_test:mean"
"""
CODE = """\
from numpyro.distributions import Bernoulli, Normal
from scm import SCM

def world(effect=1.0):
    return SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(0, 1), effect=effect: effect * T + u)

def mean(data, roles):
    return data[roles.outcome].mean()
"""


def two_means(n: float, effect: float = 0.5, level: float = 0.05) -> float:
    """Power of the test of two means of n / 2 each, of unit variance."""
    shift = effect * math.sqrt(n) / 2
    reach = NORMAL.inv_cdf(1 - level / 2)
    return NORMAL.cdf(shift - reach) + NORMAL.cdf(-shift - reach)


@pytest.mark.parametrize("start", [10, 126, 2_000])
@pytest.mark.parametrize("target", [0.3, 0.8, 0.99])
def test_a_power_without_error_is_found_to_one_rung(start, target):
    right = next(n for n in range(4, 10_000) if two_means(n) >= target)
    found = search(lambda n: Power(n, two_means(n), 0.0, 10**12), target, start)
    assert right <= found.n <= 1.06 * right + 1
    assert found.low < right
    assert found.high == found.n
    assert "surely too few" in found.why


def test_no_n_is_tried_twice_and_few_are():
    tried = []

    def power(n):
        tried.append(n)
        return Power(n, two_means(n), 0.0, 10**12)

    search(power, 0.8, 20)
    assert len(tried) == len(set(tried)) <= 10


def test_monte_carlo_error_that_leaves_it_open_is_said():
    found = search(lambda n: Power(n, two_means(n), 0.04, 100), 0.8, 100)
    assert "Monte Carlo error leaves it open" in found.why
    assert found.low < 126 < found.high  # 4 (1.96 + 0.84)^2 / 0.5^2
    assert two_means(found.low) < 0.73
    assert two_means(found.high) > 0.87


def test_where_there_is_no_answer_it_is_said():
    flat = search(lambda n: Power(n, 0.05, 0.0, 10**6), 0.8, 100, most=1_000)
    assert (flat.n, flat.low, flat.high) == (None, 1_000, None)
    assert "n = 1,000, the largest" in flat.why
    sure = search(lambda n: Power(n, 1.0, 0.0, 10**6), 0.8, 100)
    assert sure.n == 4
    assert "smallest" in sure.why


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sized")
    (folder / "sized_world_of_a_test.py").write_text(CODE)
    (folder / "sized.toml").write_text(STUDY)
    return load(folder / "sized.toml")


def test_a_study_is_searched_and_goes_on_where_it_was(study, tmp_path, x64):
    console = Console(file=io.StringIO())
    found = searched(study, Asked(method="crude"), tmp_path, console)
    # the t test of two means needs 34 people for this, and the rung above and below are near
    assert found.low < 34 < found.high
    for each in found.tries:
        assert abs(each.value - two_means(each.n, 1.0)) < 0.08 + 4 * math.sqrt(0.16 / 100)
    parts = {p: p.stat().st_mtime_ns for p in (tmp_path / "sized/parts").glob("*/*/*.parquet")}
    assert len(parts) == 2 * len(found.tries)
    assert searched(study, Asked(method="crude"), tmp_path, console) == found
    assert parts == {p: p.stat().st_mtime_ns for p in parts}
    console.print(found)
    assert "power 0.8 at about n =" in console.file.getvalue()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Asked(), "--method: which one is wanted\\? There are: crude, no_interval"),
        (Asked(method="cruel"), "did you mean 'crude'"),
        (Asked(target=0.01), "0 < level < target < 1"),
        (Asked(method="crude", most=10), "begins at the world's n, 40"),
        (Asked(method="no_interval"), "it gives no intervals"),
    ],
)
def test_mistakes_are_one_line(study, tmp_path, x64, asked, message):
    with pytest.raises(PowerError, match=message):
        searched(study, asked, tmp_path, Console(file=io.StringIO()))


def test_the_command_line(study, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("experiments.device.prepare", lambda precision: None)
    words = ["power", str(study.path), "--out", str(tmp_path), "--method", "crude"]
    with jax.enable_x64(True):
        assert main([*words, "--most", "40", "--target", "0.999"]) == 1
    assert "the largest that is tried" in capsys.readouterr().out
    assert main([*words, "--world", "yours"]) == 2
    assert "--world: there is no world 'yours'" in capsys.readouterr().err
