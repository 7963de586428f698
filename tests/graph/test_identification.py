"""Identification against the truth by enumeration, hedges by definition, and a rank test."""

import dataclasses
import itertools
import json
import random
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scm.graph import Graph
from scm.graph.formulas.formula import Variable

CASES = [
    json.loads(line)
    for name in ("identification", "identification_random")
    for line in (Path(__file__).parent / "cases" / f"{name}.jsonl").read_text().splitlines()
]


def graph_of(case):
    return Graph(map(tuple, case["directed"]), map(tuple, case["bidirected"]), nodes=case["nodes"])


def check_formula(found, model):
    """The formula gives the truth at all values."""
    truth = model.effect(found.outcome, found.do, found.given)
    table = found.evaluate(model.frame())
    assert list(table.columns) == [*found.do, *found.given, *found.outcome, "p"]
    np.testing.assert_allclose(table["p"].to_numpy().reshape(truth.shape), truth, atol=1e-10)


def check_hedge(hedge, graph):
    """Definition 6 of Shpitser and Pearl (2006), with networkx."""
    directed, arcs = nx.DiGraph(graph.directed), nx.Graph(graph.bidirected)
    directed.add_nodes_from(graph.nodes)
    for forest in (hedge.outer, hedge.inner):
        assert all(directed.has_edge(*edge) for edge in forest.directed)
        assert all(arcs.has_edge(*arc) for arc in forest.bidirected)
        held = nx.Graph(forest.bidirected)
        held.add_nodes_from(forest.nodes)
        assert nx.is_connected(held)
        within = nx.DiGraph(forest.directed)
        within.add_nodes_from(forest.nodes)
        assert max(degree for _, degree in within.out_degree()) <= 1
        assert {name for name, degree in within.out_degree() if not degree} == set(hedge.roots)
    assert set(hedge.inner.nodes) <= set(hedge.outer.nodes)
    assert set(hedge.inner.directed) <= set(hedge.outer.directed)
    assert set(hedge.inner.bidirected) <= set(hedge.outer.bidirected)
    assert set(hedge.outer.nodes) & set(hedge.do)
    assert not set(hedge.inner.nodes) & set(hedge.do)
    directed.remove_edges_from([edge for edge in graph.directed if edge[1] in hedge.do])
    above = set(hedge.outcome).union(*(nx.ancestors(directed, name) for name in hedge.outcome))
    assert set(hedge.roots) <= above


def check_refusal(found, asked):
    """It names a hedge of this effect, or of one that rule 2 makes of it."""
    assert found.formula is None
    assert not found
    hedge = found.hedge
    check_hedge(hedge, found.graph)
    assert hedge.verify(found.graph)
    assert str(hedge) in found.reason
    # Conditions became interventions, or went to the side of the outcome.
    assert set(asked["do"]) <= set(hedge.do) <= set(asked["do"]) | set(asked["given"])
    assert set(hedge.do) | set(hedge.outcome) == {name for part in asked.values() for name in part}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_every_case_is_answered(case, finite_model):
    graph = graph_of(case)
    asked = {"outcome": case["outcome"], "do": case["treatment"], "given": case["given"]}
    found = graph.identify(**asked)
    assert found.identified == bool(found) == case["identifiable"]
    if found:
        assert found.hedge is None
        check_formula(found, finite_model(graph, seed=1))
    else:
        check_refusal(found, asked)


def random_question(seed):
    rng = random.Random(seed)
    names = [f"V{i}" for i in range(rng.randint(4, 6))]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    directed = [pair for pair in pairs if rng.random() < 0.45]
    bidirected = [pair for pair in pairs if rng.random() < 0.25]
    mixed = rng.sample(names, len(names))
    cut = rng.randint(1, 2)
    outcome, do = mixed[:cut], mixed[cut : cut + rng.randint(1, 2)]
    rest = mixed[cut + len(do) :]
    rng.shuffle(names)
    graph = Graph(directed, bidirected, nodes=names)
    return graph, {"outcome": outcome, "do": do, "given": rest[: rng.choice([0, 0, 1, 2])]}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 10**9))
def test_random_questions_get_the_truth_or_a_hedge(finite_model, seed):
    graph, asked = random_question(seed)
    found = graph.identify(**asked)
    if found:
        check_formula(found, finite_model(graph, seed=seed))
    else:
        check_refusal(found, asked)


def moves(model, outcome, do, condition):
    """How far the effect moves along parameters that leave all that is seen where it is.

    The derivatives of the observed joint and of the effect by the logits of all tables (complex
    steps, exact to rounding), the second less their projection on the row space of the first.
    """
    logits = {name: np.log(table) for name, table in model.tables.items()}
    rows = []
    for name, values in logits.items():
        for place in np.ndindex(values.shape):
            step = values.astype(complex)
            step[place] += 1e-20j
            odds = np.exp(step)
            tables = {**model.tables, name: odds / odds.sum(axis=-1, keepdims=True)}
            seen = model.forced((), tables).imag.ravel() / 1e-20
            effect = model.effect(outcome, do, condition, tables).imag.ravel() / 1e-20
            rows.append((seen, effect))
    seen, effect = (np.array(part).T for part in zip(*rows, strict=True))
    _, size, basis = np.linalg.svd(seen, full_matrices=False)
    basis = basis[size > 1e-9 * size[0]]
    return np.abs(effect - effect @ basis.T @ basis).max()


SMALL = [case for case in CASES if len(case["nodes"]) <= 4]


@pytest.mark.parametrize(
    "case",
    [c for c in SMALL if not c["identifiable"]] + [c for c in SMALL if c["identifiable"]][:20],
    ids=lambda case: case["id"],
)
def test_a_rank_test_agrees(case, finite_model):
    model = finite_model(graph_of(case), seed=3)
    moved = moves(model, case["outcome"], case["treatment"], case["given"])
    assert moved < 1e-10 if case["identifiable"] else moved > 1e-3


SMALL_QUESTIONS = [
    seed
    for seed in range(150)
    if len((graph := random_question(seed)[0]).nodes) == 4 and len(graph.bidirected) <= 3
]


@pytest.mark.parametrize("seed", SMALL_QUESTIONS)
def test_a_rank_test_agrees_on_random_questions(seed, finite_model):
    graph, asked = random_question(seed)
    moved = moves(finite_model(graph, seed), *asked.values())
    assert moved < 1e-10 if graph.identify(**asked) else moved > 1e-5


def large_graph(seed, nodes=60, directed=160, bidirected=40):
    rng = random.Random(seed)
    names = [f"V{i}" for i in range(nodes)]
    pairs = list(itertools.combinations(names, 2))
    graph = Graph(rng.sample(pairs, directed), rng.sample(pairs, bidirected), nodes=names)
    outcome = rng.choice([name for name in names if len(graph.ancestors(name)) > 20])
    above = [name for name in graph.ancestors(outcome) if name != outcome]
    do = rng.sample(above, rng.choice([1, 2, 5, 8]))
    rest = [name for name in names if name not in (outcome, *do)]
    return graph, {"outcome": [outcome], "do": do, "given": rng.sample(rest, rng.choice([0, 2]))}


@pytest.mark.parametrize("seed", range(20))
def test_large_graphs_have_short_formulas_or_hedges(seed):
    graph, asked = large_graph(seed)
    found = graph.identify(**asked)
    if found:
        assert found.formula.size <= 100
        assert found.formula.free >= {Variable(asked["outcome"][0])}
    else:
        check_refusal(found, asked)


def test_long_chains_of_causes_are_walked_without_recursion():
    chain = [(f"V{i}", f"V{i + 1}") for i in range(1500)]
    assert str(Graph(chain).identify("V1500", do="V0").formula) == "P(V1500 | V0)"
    ends = Graph(chain[:200], [("V0", "V200")]).identify("V200", do="V0")
    assert str(ends.formula) == "sum_{V199} P(V199 | V0) sum_{V0'} P(V200 | V199, V0') P(V0')"


def test_latents_are_projected_first(finite_model):
    graph = Graph([("U", "T"), ("U", "V"), ("V", "Y"), ("T", "M"), ("M", "Y")], latent=["U", "V"])
    found = graph.identify("Y", do="T")
    assert found.graph == graph.latent_projection()
    check_formula(found, finite_model(graph, seed=7))
    assert found == graph.latent_projection().identify("Y", do="T")


def test_a_conditional_of_what_is_seen_needs_no_intervention(finite_model):
    graph = Graph([("T", "M"), ("M", "Y")], [("T", "Y")])
    found = graph.identify(["Y", "M"], do=(), given="T")
    assert str(found) == "P(Y, M | T) = P(M, Y | T)"
    check_formula(found, finite_model(graph, seed=8))
    assert str(graph.identify("Y", do=[])) == "P(Y) = P(Y)"


def test_given_sets_are_read_as_any_iterable():
    graph = Graph([("Z", "T"), ("Z", "Y"), ("T", "Y"), ("W", "Y")])
    for given_ in ({"W", "Z"}, ("Z", "W"), ["W", "Z", "W"], iter(["W", "Z"])):
        assert str(graph.identify("Y", do={"T"}, given=given_).formula) == "P(Y | Z, T, W)"


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"outcome": "Y", "do": "Y"}, "identify: Y is in outcome and in do; a node has one role"),
        ({"outcome": "Y", "do": "T", "given": "T"}, "identify: T is in do and in given"),
        ({"outcome": "Y", "do": "T", "given": ["Y"]}, "identify: Y is in outcome and in given"),
        ({"outcome": [], "do": "T"}, "identify: outcome is empty"),
        ({"outcome": "Y", "do": "Tt"}, r"identify\(do\): 'Tt' is no node .* did you mean"),
        ({"outcome": "Y", "do": "Uu", "given": ()}, r"identify\(do\): Uu is latent"),
        ({"outcome": "Y", "do": "T", "given": "Uu"}, r"identify\(given\): Uu is latent"),
        ({"outcome": "Uu", "do": "T"}, r"identify\(outcome\): Uu is latent"),
    ],
)
def test_improper_questions_are_refused(asked, match):
    graph = Graph([("T", "Y"), ("Uu", "T"), ("Uu", "Y")], latent=["Uu"])
    with pytest.raises(ValueError, match=match):
        graph.identify(**asked)


def test_a_hedge_that_is_tampered_with_is_none():
    graph = Graph([("T", "M"), ("M", "Y")], [("T", "M"), ("T", "Y")])
    hedge = graph.identify("Y", do="T").hedge
    assert hedge.verify()
    assert hedge.verify(graph)
    assert not hedge.verify(Graph(graph.directed, [("T", "Y")]))
    assert not hedge.verify(Graph([("T", "M")], graph.bidirected, nodes=["T", "M", "Y"]))
    for change in (
        {"do": ("Y",)},
        {"do": ()},
        {"outcome": ()},
        {"roots": ("T",)},
        {"inner": hedge.outer},
        {"outer": hedge.inner},
        {"outer": Graph(hedge.outer.directed, nodes=hedge.outer.nodes)},
    ):
        assert not dataclasses.replace(hedge, **change).verify(graph)


def test_a_hedge_is_drawn_in_its_graph():
    graph = Graph([("Z", "T"), ("T", "Y")], [("T", "Y")])
    patches = {patch.get_gid(): patch for patch in graph.identify("Y", do="T").hedge.draw().patches}
    assert {"node:Z", "node:T", "node:Y", "edge:T<->Y"} <= set(patches)
    pale = {name for name, patch in patches.items() if patch.get_alpha() is not None}
    assert pale == {"node:Z", "edge:Z->T"}
    assert patches["node:Y"].get_linewidth() > patches["node:T"].get_linewidth()
