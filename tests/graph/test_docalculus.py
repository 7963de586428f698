"""The rules of do-calculus: every case, and equality in numbers wherever one holds."""

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

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "cases" / "docalculus.jsonl").read_text().splitlines()
]


def ask(graph, rule, **sets):
    return getattr(graph, f"rule{rule}")(**sets)


def gap(model, rule, y, do, z, w):
    """How far the two sides of the equation are apart, at most, over all values."""
    left = {1: (do, [*z, *w]), 2: ([*do, *z], w), 3: ([*do, *z], w)}[rule]
    right = {1: (do, w), 2: (do, [*z, *w]), 3: (do, w)}[rule]
    sides = []
    for forced, seen in (left, right):
        values = model.effect(y, forced, seen)
        axes = [*forced, *seen, *y]
        order = [name for name in (*do, *z, *w, *y) if name in axes]
        lacking = [i for i, name in enumerate((*do, *z, *w, *y)) if name not in axes]
        values = values.transpose([axes.index(name) for name in order])
        sides.append(np.expand_dims(values, tuple(lacking)))
    return np.abs(sides[0] - sides[1]).max()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_every_case_is_answered(case, finite_model):
    graph = Graph(map(tuple, case["directed"]), map(tuple, case["bidirected"]))
    sets = {"y": case["y"], "do": case["x"], "z": case["z"], "w": case["w"]}
    rule = ask(graph, case["rule"], **sets)
    assert rule.holds == bool(rule) == case["applies"]
    apart = gap(finite_model(graph, seed=2), case["rule"], **sets)
    assert apart < 1e-12 if case["equality_holds"] else apart > 1e-6


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 10**9))
def test_where_a_rule_holds_the_sides_are_equal_and_else_they_differ(finite_model, seed):
    """The rules are complete one by one in this sense: where one fails some model tells."""
    rng = random.Random(seed)
    names = ["A", "B", "C", "D", "E"]
    pairs = list(itertools.combinations(names, 2))
    directed = [pair for pair in pairs if rng.random() < 0.5]
    graph = Graph(directed, [p for p in pairs if rng.random() < 0.2], nodes=names)
    y, z, *rest = rng.sample(names, 5)
    cut = rng.randint(0, 2)
    sets = {"y": [y], "do": rest[:cut], "z": [z], "w": rest[cut : cut + rng.randint(0, 2)]}
    number = rng.choice([1, 2, 3])
    if ask(graph, number, **sets):
        assert gap(finite_model(graph, seed=seed), number, **sets) < 1e-12


def test_surgery_is_that_of_the_theorem():
    graph = Graph([("X", "Z"), ("Z", "W"), ("Z", "Y"), ("V", "Z")], [("X", "Y"), ("Z", "Y")])
    assert graph.rule1("Y", do="Z", z="X").graph == graph.cut(into="Z")
    assert graph.rule2("Y", do="X", z="Z").graph == graph.cut(into="X", out_of="Z")
    assert graph.rule3("Y", do="X", z="Z").graph == graph.cut(into=["X", "Z"])
    # Z is an ancestor of W: an intervention on it can be told from W, and it is not cut.
    assert graph.rule3("Y", do="X", z="Z", w="W").graph == graph.cut(into="X")
    # An ancestor only by way of what is cut is none.
    chain = Graph([("Z", "X"), ("X", "W"), ("X", "Y")])
    assert chain.rule3("Y", do="X", z="Z", w="W").graph == chain.cut(into=["X", "Z"])


def test_latents_are_nodes_like_others():
    graph = Graph([("U", "T"), ("U", "Y"), ("T", "Y")], latent=["U"])
    assert not graph.rule2("Y", do=(), z="T")
    assert graph.rule2("Y", do=(), z="T", w="U")
    assert (
        graph.rule2("Y", do=(), z="T").holds == graph.latent_projection().rule2("Y", (), "T").holds
    )


def test_it_says_why():
    graph = Graph([("Z", "T"), ("Z", "Y"), ("T", "Y")])
    no = graph.rule2("Y", do=(), z="T")
    assert no.equation == "P(Y | do(T)) = P(Y | T)"
    assert no.latex() == r"P(Y \mid \operatorname{do}(T)) = P(Y \mid T)"
    assert "T <- Z -> Y is open" in no.reason
    assert "without the edges out of T" in no.reason
    assert str(no).startswith("rule 2 (exchanges seeing for doing) does not apply")
    yes = graph.rule2("Y", do=(), z="T", w="Z")
    assert yes.equation == "P(Y | do(T), Z) = P(Y | Z, T)"
    assert "blocked: at Z (given)" in yes.reason
    assert yes == graph.rule2(["Y"], (), ["T"], ["Z"])


@pytest.mark.parametrize("rule", [1, 2, 3])
def test_improper_questions_are_refused(rule):
    graph = Graph([("Z", "T"), ("T", "Y")])
    with pytest.raises(ValueError, match="T is in z and in do"):
        ask(graph, rule, y="Y", do="T", z="T")
    with pytest.raises(ValueError, match="z is empty"):
        ask(graph, rule, y="Y", do="T", z=())
    with pytest.raises(ValueError, match="y is empty"):
        ask(graph, rule, y=[], do="T", z="Z")
    with pytest.raises(ValueError, match=rf"rule{rule}\(w\): 'Q' is no node"):
        ask(graph, rule, y="Y", do="T", z="Z", w="Q")


def test_rules_agree_with_d_separation_of_networkx_in_dags():
    rng = random.Random(5)
    names = list("ABCDEF")
    for _ in range(60):
        pairs = itertools.combinations(names, 2)
        graph = Graph([pair for pair in pairs if rng.random() < 0.4], nodes=names)
        y, z, x, w = rng.sample(names, 4)
        dag = nx.DiGraph(graph.directed)
        dag.add_nodes_from(names)
        no_x = dag.copy()
        no_x.remove_edges_from(list(dag.in_edges(x)))
        assert bool(graph.rule1(y, x, z, w)) == nx.is_d_separator(no_x, {y}, {z}, {x, w})
        no_z = no_x.copy()
        no_z.remove_edges_from(list(no_x.out_edges(z)))
        assert bool(graph.rule2(y, x, z, w)) == nx.is_d_separator(no_z, {y}, {z}, {x, w})
        if z not in nx.ancestors(no_x, w):
            no_x.remove_edges_from(list(no_x.in_edges(z)))
        assert bool(graph.rule3(y, x, z, w)) == nx.is_d_separator(no_x, {y}, {z}, {x, w})
