"""What estimators assume of their roles, judged in graphs; formulas held against the truth."""

import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Categorical, Normal

from scm import SCM, ModelError, equilibrium, latent
from scm.estimate import ESTIMATORS, Roles, difference_in_means, front_door, mediation, ols, tsls
from scm.graph import Graph
from scm.identify import assumption, verify, with_adjustment

BACK = Graph.parse("X -> T -> Y; X -> Y; W -> Y")
FRONT = Graph.parse("T -> M -> Y; T <-> Y")
IV = Graph.parse("V -> Z -> T -> Y; T <-> Y; V -> Y")


@pytest.mark.parametrize(
    ("graph", "estimator", "roles", "holds"),
    [
        (BACK, ols, Roles("T", "Y", adjust="X"), True),
        (BACK, ols, Roles("T", "Y"), False),
        # it ignores what it is told to adjust for
        (BACK, difference_in_means, Roles("T", "Y", adjust="X"), False),
        (BACK, difference_in_means, Roles("W", "Y"), True),
        (FRONT, front_door, Roles("T", "Y", mediators="M"), True),
        (FRONT, ols, Roles("T", "Y"), False),
        (IV, tsls, Roles("T", "Y", instruments="Z", adjust="V"), True),
        (IV, tsls, Roles("T", "Y", instruments="Z"), False),
        (BACK, mediation, Roles("T", "Y", mediators="W"), False),
    ],
)
def test_criteria(graph, estimator, roles, holds):
    found = assumption(graph, estimator, roles)
    assert bool(found) is holds
    assert found.reason


def test_every_estimator_of_a_causal_target_declares_its_criterion():
    declared = {name for name, each in ESTIMATORS.items() if each.criterion}
    assert set(ESTIMATORS) - declared == {"plug_in"}  # what it assumes is the graph it is given


def test_mediation_with_covariates():
    graph = Graph.parse("X -> T -> M -> Y; X -> M; X -> Y; T -> Y")
    assert assumption(graph, mediation, Roles("T", "Y", adjust="X", mediators="M"))
    assert not assumption(graph, mediation, Roles("T", "Y", mediators="M"))
    after = Graph.parse("T -> L -> M -> Y; L -> Y; T -> M; T -> Y")
    found = assumption(after, mediation, Roles("T", "Y", adjust="L", mediators="M"))
    assert "comes after T" in found.reason


def test_the_best_adjustment_set_is_found_or_its_absence_told():
    assert with_adjustment(BACK, Roles("T", "Y")).adjust == ("X", "W")
    assert with_adjustment(Graph.parse("T -> Y"), Roles("T", "Y")).adjust == ()
    with pytest.raises(ModelError, match="T <-> Y is open"):
        with_adjustment(Graph.parse("T -> Y; T <-> Y"), Roles("T", "Y"))
    with pytest.raises(ModelError, match="'t' is no node"):
        with_adjustment(BACK, Roles("t", "Y"))


NAPKIN = SCM(
    A=latent(Categorical(np.array([0.2, 0.3, 0.5]))),
    B=latent(Categorical(np.array([0.4, 0.4, 0.2]))),
    W=lambda A, B, u=Bernoulli(0.3): ((A + B) % 2) ^ u,
    Z=lambda W, u=Bernoulli(0.25): W ^ u,
    T=lambda Z, A, u=Bernoulli(0.2): (Z & (A > 0)) ^ u,
    Y=lambda T, B, u=Normal(0, 1): (u > 1.0 - T - 0.5 * B).astype(int),
)


def test_a_formula_gives_the_truth_of_its_own_model_and_not_with_another_graph():
    right = verify(NAPKIN, NAPKIN.graph.identify("Y", do="T"))
    assert len(right) == 4
    np.testing.assert_allclose(right.formula, right.truth, atol=1e-6)  # laws' numbers are float32
    wrong = verify(NAPKIN, Graph.parse("W -> Z -> T -> Y").identify("Y", do="T"))
    assert np.abs(wrong.difference).max() > 3e-4


def test_conditional_effects_are_verified_too():
    model = SCM(
        X=Bernoulli(0.4),
        T=lambda X, u=Bernoulli(0.3): X ^ u,
        Y=lambda T, X, u=Bernoulli(0.2): (T ^ X) | u,
    )
    found = verify(model, model.graph.identify("Y", do="T", given="X"))
    by_hand = {(t, x): 1.0 if t ^ x else 0.2 for t in (0, 1) for x in (0, 1)}
    for row in found.itertuples():
        chance = by_hand[row.T, row.X] if row.Y else 1 - by_hand[row.T, row.X]
        assert row.formula == pytest.approx(chance, abs=1e-6)
        assert row.truth == pytest.approx(chance, abs=1e-6)


def test_no_criterion_holds_of_what_stands_on_a_loop():
    loop = SCM(
        X=equilibrium(lambda Y, u=Normal(0, 1): u - 0.5 * Y),
        Y=equilibrium(lambda X, u=Normal(0, 1): 0.5 * X + u),
    )
    told = assumption(loop, ols, Roles("X", "Y"))
    assert not told
    assert str(told) == (
        "backdoor does not hold: X and Y stand on a loop, and the criterion is of graphs without "
        "loops"
    )
