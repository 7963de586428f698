"""A study whose methods are told of mediators: women take drug A more often; what is through it?"""

from fractions import Fraction

import pandas as pd
import pytest

from experiments.config import ConfigError, load
from experiments.plan import plan
from experiments.replicate import drawn, estimated

pytestmark = pytest.mark.usefixtures("x64")

STUDY = """
name = "through_the_drug"
title = "How much of the women's clots is drug A?"
precision = "float64"
n = 400
replications = 300

[roles]
treatment = "female"
outcome = "clot"
adjust = []
mediators = ["drug_a"]

[worlds.all]
simulator = "simpson_drug"

[estimands.nde]
kind = "NDE"
treatment = "female"
outcome = "clot"
mediators = ["drug_a"]

[estimands.nie]
kind = "NIE"
treatment = "female"
outcome = "clot"
mediators = ["drug_a"]

[methods.direct]
estimator = "mediation"
options = { effect = "NDE", levels = [0, 1] }
estimands = ["nde"]

[methods.indirect]
estimator = "mediation"
estimands = ["nie"]

[methods.lines]
estimator = "product_of_coefficients"
estimands = ["nie"]

[methods.door]
estimator = "front_door"
estimands = ["nie"]
"""
ON_A = [Fraction(42, 122), Fraction(80, 122)]
CLOTS = [[Fraction(6, 80), Fraction(3, 42)], [Fraction(17, 42), Fraction(24, 80)]]


@pytest.fixture
def written(tmp_path):
    def write(text: str):
        path = tmp_path / "through.toml"
        path.write_text(text)
        return load(path)

    return write


def test_methods_read_mediators_and_find_the_natural_effects(written):
    planned = plan(written(STUDY))
    methods = planned.methods_in("all")
    assert methods["direct"].columns == ("female", "clot", "drug_a")
    assert methods["direct"].options == {"effect": "NDE", "levels": (0, 1)}
    assert set(planned.broken()) == {("all", "door")}  # sex moves the clots past the drug as well

    def mean(woman: int, drug_of: int) -> Fraction:
        share = ON_A[drug_of]
        return share * CLOTS[woman][1] + (1 - share) * CLOTS[woman][0]

    exact = {"direct": mean(1, 0) - mean(0, 0), "indirect": mean(0, 1) - mean(0, 0)}
    chunks = [drawn("all", planned.worlds["all"], 0, start) for start in range(0, 300, 50)]
    for name, truth in exact.items():
        value = pd.concat([estimated(methods[name], chunk)[0] for chunk in chunks]).value
        assert len(value) == 300
        assert abs(value.mean() - truth) < 4 * value.sem(), name


def test_a_method_without_its_mediators_is_refused_by_name(written):
    with pytest.raises(
        ConfigError, match=r"methods\.direct: mediation needs mediators, and there are"
    ):
        plan(written(STUDY.replace('mediators = ["drug_a"]\n\n[worlds', "\n[worlds")))


def test_a_mediator_that_is_the_outcome_is_refused(written):
    with pytest.raises(ConfigError, match="'clot' is the outcome: it cannot be in mediators"):
        written(STUDY.replace('mediators = ["drug_a"]\n\n[worlds', 'mediators = ["clot"]\n[worlds'))
