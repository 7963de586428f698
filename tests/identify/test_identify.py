"""Which strategies a graph allows: textbook verdicts, and estimands in models with known truths."""

import jax
import numpy as np
import pandas as pd
import pytest
from numpyro.distributions import Bernoulli, Normal

from scm import SCM, ModelError, latent
from scm import estimands as e
from scm.estimate import Roles
from scm.graph import Graph
from scm.identify import identify
from scm.truth import joint

BACK = "X -> T -> Y; X -> Y; W -> Y"
FRONT = "T -> M -> Y; T <-> Y"
IV = "Z -> T -> Y; T <-> Y"
MEDIATED = "X -> T -> M -> Y; X -> M; X -> Y; T -> Y"


def _adjusted(graph: str, estimand: e.Estimand) -> list[tuple[str, ...]]:
    return [s.roles.adjust for s in identify(Graph.parse(graph), estimand).of("backdoor")]


@pytest.mark.parametrize("kind", [e.ATE, e.RiskRatio, e.OddsRatio, e.QTE, e.DoseResponse])
def test_functions_of_the_interventional_law_share_their_strategies(kind):
    answer = identify(Graph.parse(BACK), kind("T", "Y"))
    assert answer
    # Henckel, Perkovic and Maathuis: the parents of the causal nodes that are not forbidden
    assert answer.of("backdoor")[0].roles.adjust == ("X", "W")
    assert answer.of("backdoor")[0].optimal
    assert ("X",) in _adjusted(BACK, kind("T", "Y"))
    assert answer.of("formula")


def test_the_front_door():
    answer = identify(Graph.parse(FRONT), e.ATE("T", "Y"))
    assert answer
    assert [s.kind for s in answer.strategies] == ["frontdoor", "formula"]
    assert answer.of("frontdoor")[0].roles == Roles("T", "Y", mediators="M")
    assert "sum_{M} P(M | T)" in answer.of("formula")[0].formula


def test_an_instrument_needs_more_than_the_graph():
    answer = identify(Graph.parse(IV), e.ATE("T", "Y"))
    assert not answer
    assert "hedge" in answer.reason
    (strategy,) = answer.strategies
    assert strategy.roles == Roles("T", "Y", instruments="Z")
    assert "linear" in strategy.assumes[0]
    (strategy,) = identify(Graph.parse(IV), e.LATE("T", "Y", "Z")).strategies
    assert "other way" in strategy.assumes[0]
    assert not identify(Graph.parse("Z -> T -> Y; Z -> Y"), e.LATE("T", "Y", "Z")).strategies


def test_effects_among_some_and_with_variables_held():
    assert _adjusted(BACK, e.ATT("T", "Y"))[0] == ("X", "W")
    assert not identify(Graph.parse("T -> Y; T <-> Y"), e.ATT("T", "Y"))
    held = identify(Graph.parse(MEDIATED), e.CDE("T", "Y", at={"M": 0}))
    assert held.of("backdoor")[0].roles.adjust == ("X", "M")
    for strategy in identify(Graph.parse(BACK), e.CATE("T", "Y", given={"W": 1})).of("backdoor"):
        assert {"X", "W"} <= set(strategy.roles.adjust)


def test_effects_on_the_treated_by_the_front_door_need_two_levels():
    """E[Y(0) | T=1] from P(Y | do(T=0)), against the model's own truth."""
    answer = identify(Graph.parse(FRONT), e.ATT("T", "Y"))
    assert not answer
    (strategy,) = answer.strategies
    assert strategy.assumes == ("the treatment has two levels",)
    assert strategy.formula.startswith(
        "P(Y(T=t) | T != t) = (P(Y | do(T=t)) - P(Y, T=t)) / P(T != t), P(Y | do(T)) = sum_{M}"
    )
    model = SCM(
        U=latent(Bernoulli(0.5)),
        T=lambda U, u=Bernoulli(0.25): U ^ u,
        M=lambda T, u=Bernoulli(0.25): T ^ u,
        Y=lambda M, U, u=Bernoulli(0.125): (M & U) ^ u,
    )
    seen = joint(model, ["T", "M", "Y"])
    done = model.graph.identify("Y", do="T").evaluate(seen, at={"T": 0, "Y": 1})["p"].item()
    both = seen[(seen["T"] == 0) & (seen["Y"] == 1)]["p"].sum()
    treated = seen[seen["T"] == 1]
    untreated = (done - both) / treated["p"].sum()
    effect = (treated["Y"] * treated["p"]).sum() / treated["p"].sum() - untreated
    assert effect == pytest.approx(e.ATT("T", "Y").truth(model).value, abs=1e-5)


@pytest.mark.parametrize("kind", [e.NDE, e.NIE, e.TDE, e.TIE])
def test_natural_effects(kind):
    (first, *_) = identify(Graph.parse(MEDIATED), kind("T", "Y", "M")).strategies
    assert first.roles == Roles("T", "Y", adjust="X", mediators="M")
    hidden = Graph.parse(MEDIATED + "; M <-> Y")
    assert not identify(hidden, kind("T", "Y", "M")).strategies
    # a covariate of mediator and outcome that the treatment moves: Pearl (2014), Avin et al. (2005)
    after = Graph.parse("T -> L -> M -> Y; L -> Y; T -> M; T -> Y")
    assert not identify(after, kind("T", "Y", "M")).strategies


def test_causation_and_limits():
    for kind in (e.PN, e.PS, e.PNS):
        answer = identify(Graph.parse(BACK), kind("T", "Y"))
        assert not answer
        assert answer.of("monotone")[0].assumes
        assert not identify(Graph.parse("T -> Y; T <-> Y"), kind("T", "Y")).strategies
    assert identify(Graph.parse("T -> Y; T <-> Y"), e.OLSLimit("T", "Y"))
    assert identify(Graph.parse(BACK), e.VarianceWeightedSlope("T", "Y", adjust=("X",)))
    assert not identify(Graph.parse(BACK), e.VarianceWeightedSlope("T", "Y"))


def test_a_sample_version_is_identified_as_its_population_version_is():
    graph = Graph.parse(BACK)
    assert (
        identify(graph, e.SATE("T", "Y")).strategies == identify(graph, e.ATE("T", "Y")).strategies
    )


def test_a_model_hides_its_latents():
    model = SCM(
        U=latent(Normal(0, 1)),
        T=lambda U, u=Normal(0, 1): U + u,
        Y=lambda T, U, u=Normal(0, 1): T + U + u,
    )
    assert not identify(model, e.TotalEffect("T", "Y"))
    assert identify(model.do(T=Normal(0, 1)), e.TotalEffect("T", "Y"))
    with pytest.raises(ModelError, match="'U' is latent"):
        identify(model, e.ATE("U", "Y"))
    with pytest.raises(ModelError, match="'y' is not in the graph; did you mean 'Y'"):
        identify(model, e.ATE("T", "y"))
    with pytest.raises(ModelError, match="no graphical criterion is known here of Expectation"):
        identify(model, e.Expectation(lambda units: units["a"]["Y"], {"a": {}}))


# Response types of a randomised encouragement with everything hidden behind U: the ATE is known.
ENCOURAGED = SCM(
    U=latent(Bernoulli(0.3)),
    Z=Bernoulli(0.5),
    T=lambda Z, U, u=Bernoulli(0.4): Z & (u | U),
    Y=lambda T, U, u=Bernoulli(0.2): (T & (1 - u)) | (U & u),
)


def test_bounds_hold_the_truth_and_the_instrument_narrows_them():
    answer = identify(ENCOURAGED, e.ATE("T", "Y"))
    with jax.enable_x64(True):
        truth = float(e.ATE("T", "Y").truth(ENCOURAGED).value)
    found = answer.bounds(joint(ENCOURAGED))
    assert set(found) == {"no assumption", "Z"}
    wide, narrow = found["no assumption"].ate, found["Z"].ate
    assert wide.low <= narrow.low <= truth <= narrow.high <= wide.high
    assert wide.high - wide.low == pytest.approx(1.0, abs=1e-6)  # Manski: always one
    with pytest.raises(ModelError, match="of an ATE"):
        identify(ENCOURAGED, e.ATT("T", "Y")).bounds(pd.DataFrame())


def test_every_strategy_prints_itself():
    text = str(identify(Graph.parse(BACK), e.ATE("T", "Y")))
    assert text.splitlines()[1:3] == ["identified", "  backdoor: adjusting for {X, W} (optimal)"]
    assert "frontdoor: through {M}" in str(identify(Graph.parse(FRONT), e.ATE("T", "Y")))
    assert "instrument: by Z" in str(identify(Graph.parse(IV), e.ATE("T", "Y")))
    assert np.all([len(line) < 200 for line in text.splitlines()])


@pytest.mark.parametrize(
    "graph",
    [
        "Z -> T -> Y; T <-> Y; Z -> D",  # D is a sign of the instrument, and moves nobody
        "D <-> T; T -> Y; T <-> Y",
        "D -> T -> Y; D <-> T; T <-> Y",
    ],
)
def test_compliers_and_response_types_are_those_of_what_acts_and_is_randomised(graph):
    graph = Graph.parse(graph)
    assert not identify(graph, e.LATE("T", "Y", "D")).strategies
    for strategy in identify(graph, e.ATE("T", "Y")).of("instrument"):
        assert strategy.randomised == (strategy.roles.instruments == ("Z",))


def test_an_instrument_with_a_tie_to_the_treatment_bounds_nothing():
    """Z and T have a hidden cause V: types of T are not independent of Z, and the linear programme
    over types would leave the truth out."""
    model = SCM(
        V=latent(Bernoulli(0.5)),
        U=latent(Bernoulli(0.5)),
        Z=lambda V: V,
        T=lambda Z, V, U: (Z ^ V) | U,
        Y=lambda T, U: T & U,
    )
    answer = identify(model, e.ATE("T", "Y"))
    assert [s.roles.instruments for s in answer.of("instrument")] in ([], [("Z",)])
    assert set(answer.bounds(joint(model))) == {"no assumption"}
