"""Random worlds of confounding: their known answers, and that all of them are one program."""

import numpy as np
import pytest

from scm.estimands import ATE
from simulators import get
from simulators.random_confounding import drawn

WORLD = get("random_confounding")


@pytest.fixture(scope="module")
def worlds():
    return {seed: WORLD.build(seed=seed).sample(key=1, n=40_000).to_pandas() for seed in (0, 5)}


@pytest.mark.parametrize("seed", [0, 5])
def test_the_effect_is_the_known_one(seed):
    truth = ATE("T", "Y").truth(WORLD.build(seed=seed), budget=1 << 14)
    known = WORLD.known(seed=seed)["ATE(T -> Y)"].value
    assert known == drawn(4, seed).effect
    assert abs(truth.value - known) < 4 * truth.se + 1e-5


@pytest.mark.parametrize("seed", [0, 5])
def test_treatment_and_outcome_are_as_the_docstring_says(worlds, seed):
    frame, numbers = worlds[seed], drawn(4, seed)
    x = frame[["x0", "x1", "x2", "x3"]].to_numpy(float)
    logit = numbers.bias + numbers.strength * x @ numbers.direction
    share = 1 / (1 + np.exp(-logit))
    excess = frame["T"].to_numpy(float) - share  # of mean 0, whatever it is weighted by
    for weights in (np.ones(len(x)), *x.T):
        assert abs((weights * excess).mean()) < 4 * (weights * excess).std() / np.sqrt(len(x))
    mean = numbers.level + (numbers.rise * np.tanh(numbers.bend * x) + numbers.slope * x).sum(
        axis=1
    )
    noise = frame["Y"] - mean - frame["T"] * (numbers.effect + x @ numbers.tilt)
    assert abs(noise.mean()) < 4 / np.sqrt(len(x))
    assert abs(noise.var() - 1) < 4 * np.sqrt(2 / len(x))
    assert abs(logit.std() - numbers.strength) < 0.02 * numbers.strength
    assert (frame["group"] == (x[:, 0] > 0) + 2 * (x[:, 1] > 0)).all()


def test_worlds_of_all_seeds_are_built_alike():
    import jax

    one, other = (jax.tree.flatten(WORLD.build(seed=seed)) for seed in (0, 1))
    assert one[1] == other[1]
    assert [jax.typeof(each) for each in one[0]] == [jax.typeof(each) for each in other[0]]
    assert drawn(4, 0).effect != drawn(4, 1).effect


def test_overlap_differs_between_worlds():
    strengths = [drawn(4, seed).strength for seed in range(200)]
    assert min(strengths) < 0.1 < 1.9 < max(strengths) < 2


@pytest.mark.parametrize("wrong", [{"covariates": 1}, {"seed": -1}])
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match="at least 2 covariates and a seed of 0 or more"):
        WORLD.build(**wrong)
