"""Adjustment sets by definition: paths enumerated, subsets tried, variances computed."""

import itertools
import json
import random
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scm.graph import Graph
from scm.graph.covariates.separators import disjoint_paths

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "cases" / "adjustment.jsonl").read_text().splitlines()
]


def sets(listed):
    return {frozenset(one) for one in listed}


def distinct(found):
    """As a set, nothing having come twice."""
    listed = list(found)
    assert len(listed) == len(set(listed))
    return set(listed)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_cases(case):
    directed, bidirected = map(tuple, case["directed"]), map(tuple, case["bidirected"])
    graph = Graph(directed, bidirected, case["latent"], nodes=case["nodes"])
    asked = case["treatment"], case["outcome"]
    assert set(graph.forbidden(*asked)) == set(case["forbidden"])
    assert distinct(graph.adjustment_sets(*asked)) == sets(case["minimal_sets"])
    smallest = distinct(graph.adjustment_sets(*asked, kind="smallest"))
    assert smallest == sets(case["minimum_size_sets"])
    every = distinct(graph.adjustment_sets(*asked, kind="all"))
    assert len(every) == case["n_valid_sets"]
    assert case["valid_sets"] is None or every == sets(case["valid_sets"])
    assert all(graph.is_adjustment_set(*asked, one) for one in case["minimal_sets"])
    for one in case["invalid_examples"]:
        assert not graph.is_adjustment_set(*asked, one)
        assert frozenset(one) not in every
    canonical = graph.is_adjustment_set(*asked, case["canonical_set"])
    assert bool(canonical) == case["canonical_set_valid"]
    if "optimal_set" in case:
        best = case["optimal_set"]
        found = list(graph.adjustment_sets(*asked, kind="optimal"))
        assert found == ([] if best is None else [frozenset(best)])


# ------------------------------------------------------------------------ by definition


def draw_question(data, graph, most=2):
    """Treatments and outcomes among the observed nodes."""
    seen = [name for name in graph.nodes if name not in graph.latent]
    assume(len(seen) > 1)
    named = data.draw(st.permutations(seen), label="treatments, outcomes")
    first = data.draw(st.integers(1, min(most, len(seen) - 1)))
    second = data.draw(st.integers(1, min(most, len(seen) - first)))
    return named[:first], named[first : first + second]


def proper(graph, paths, x, y):
    """The paths from x to y that meet x only at their start."""
    every = paths(graph)
    found = [path for a in x for b in y for path in every.between(a, b)]
    return [path for path in found if not set(path[2::2]) & set(x)]


def by_definition(graph, paths, x, y):
    """The valid sets of the generalised adjustment criterion, and the forbidden nodes."""
    every, routes = paths(graph), proper(graph, paths, x, y)
    on_causal = {name for p in routes if every.is_causal(p) for name in p[2::2]}
    forbidden = set(graph.descendants(on_causal))
    free = [n for n in graph.nodes if n not in {*x, *y, *forbidden, *graph.latent}]
    subsets = [c for k in range(len(free) + 1) for c in itertools.combinations(free, k)]
    others = [path for path in routes if not every.is_causal(path)]
    valid = [z for z in subsets if not any(every.is_open(path, z) for path in others)]
    return [frozenset(z) for z in valid], forbidden - {*x, *y}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_sets_are_those_of_the_definition(data, draw_graph, paths):
    graph = draw_graph(data)
    x, y = draw_question(data, graph)
    valid, forbidden = by_definition(graph, paths, x, y)
    minimal = {z for z in valid if not any(other < z for other in valid)}
    fewest = min(map(len, valid), default=0)
    assert set(graph.forbidden(x, y)) == forbidden
    assert distinct(graph.adjustment_sets(x, y, kind="all")) == set(valid)
    assert distinct(graph.adjustment_sets(x, y)) == minimal
    smallest = distinct(graph.adjustment_sets(x, y, kind="smallest"))
    assert smallest == {z for z in valid if len(z) == fewest}
    assert set(graph.adjustment_sets(x, y, kind="optimal")) <= set(valid)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_set_is_judged_with_the_reason(data, draw_graph, paths):
    graph = draw_graph(data)
    x, y = draw_question(data, graph)
    rest = [name for name in graph.nodes if name not in {*x, *y}]
    z = data.draw(st.lists(st.sampled_from(rest), unique=True) if rest else st.just([]))
    valid, forbidden = by_definition(graph, paths, x, y)
    found = graph.is_adjustment_set(x, y, z)
    assert bool(found) == (frozenset(z) in valid)
    assert set(found.latent) == set(z) & set(graph.latent)
    if found.latent:
        return
    assert set(found.forbidden) == set(z) & forbidden
    assert bool(found.path) == (not found and not found.forbidden)
    if found.path:
        # The path runs from a treatment to an outcome, is there, is open and not causal.
        every = paths(graph)
        assert found.path in every.between(found.path[0], found.path[-1])
        assert found.path[0] in x
        assert found.path[-1] in y
        assert every.is_open(found.path, z)
        assert not every.is_causal(found.path)
        assert " ".join(found.path) in found.reason


@pytest.mark.parametrize("seed", range(8))
def test_the_smallest_have_the_size_of_a_minimum_cut(seed):
    """On larger graphs: networkx cuts the moral graph of the ancestors (van der Zander 2019)."""
    graph = random_graph(seed, nodes=25, arrows=45)
    x, y = next(
        (x, y)
        for x, y in itertools.permutations(graph.nodes, 2)
        if y in graph.descendants(x)
        and y not in graph.children(x)
        and any(True for _ in graph.adjustment_sets(x, y))
    )
    dag = nx.DiGraph(graph.directed)
    dag.add_nodes_from(graph.nodes)
    between = nx.descendants(dag, x) & (nx.ancestors(dag, y) | {y})
    dag.remove_edges_from([(x, child) for child in between if dag.has_edge(x, child)])
    dag = dag.subgraph(nx.ancestors(dag, x) | nx.ancestors(dag, y) | {x, y})
    moral, never = nx.moral_graph(dag), set(graph.forbidden(x, y))
    split = nx.DiGraph()
    for a in moral.nodes:
        split.add_edge((a, "in"), (a, "out"), **({} if a in never | {x, y} else {"capacity": 1}))
        split.add_edges_from(((a, "out"), (b, "in")) for b in moral.neighbors(a))
    size = nx.maximum_flow_value(split, (x, "out"), (y, "in"))
    found = list(itertools.islice(graph.adjustment_sets(x, y, kind="smallest"), 50))
    assert {len(z) for z in found} == {size}
    assert all(graph.is_adjustment_set(x, y, z) for z in found)


def test_disjoint_paths_are_counted_as_networkx_counts_them():
    for seed in range(150):
        rng = random.Random(seed)
        n = rng.randint(6, 16)
        other = nx.gnp_random_graph(n, rng.uniform(0.15, 0.5), seed=seed)
        other.remove_edges_from([(0, 1)])
        near = [sum(1 << j for j in other.neighbors(i)) for i in range(n)]
        told = nx.connectivity.local_node_connectivity(other, 0, 1)
        assert disjoint_paths(near, 1 << 0, 1 << 1) == told


# ------------------------------------------------------------------------ optimal sets


def random_graph(seed, nodes=60, arrows=160, arcs=0):
    rng = random.Random(seed)
    names = [f"n{i}" for i in range(nodes)]
    pairs = list(itertools.combinations(rng.sample(names, nodes), 2))
    return Graph(rng.sample(pairs, arrows), rng.sample(pairs, arcs), nodes=names)


class Linear:
    """A linear model of a graph with coefficients over several orders of magnitude."""

    def __init__(self, graph, seed):
        rng = np.random.default_rng(seed)
        self.place = {name: i for i, name in enumerate(graph.nodes)}
        n = len(graph.nodes)

        def some(size):
            return rng.choice([-1, 1], size) * np.exp(rng.normal(0, 1, size))

        direct, noise = np.zeros((n, n)), np.diag(np.exp(rng.normal(0, 1, n)))
        for cause, effect in graph.directed:
            direct[self.place[effect], self.place[cause]] = some(1)[0]
        for pair in graph.bidirected:
            shared = np.zeros(n)
            shared[[self.place[name] for name in pair]] = some(2)
            noise += np.outer(shared, shared)
        self.total = np.linalg.inv(np.eye(n) - direct)
        self.covariance = self.total @ noise @ self.total.T

    def regression(self, x, y, z):
        """Coefficient of x with z given, and n times its asymptotic variance."""
        regressors = [self.place[name] for name in (x, *z)]
        outcome = self.place[y]
        inverse = np.linalg.inv(self.covariance[np.ix_(regressors, regressors)])
        slopes = inverse @ self.covariance[regressors, outcome]
        left = self.covariance[outcome, outcome] - self.covariance[outcome, regressors] @ slopes
        return slopes[0], left * inverse[0, 0]


def least_varying(graph, x, y, valid, models):
    """The valid sets that no other valid set beats in any of the models."""
    best = list(valid)
    for model in models:
        variance = {z: model.regression(x, y, z)[1] for z in valid}
        least = min(variance.values()) * (1 + 1e-6)
        best = [z for z in best if variance[z] <= least]
    return best


def effect_question(data, graph):
    """A treatment and an outcome that it acts on, and their valid sets."""
    pairs = [
        (x, y)
        for x, y in itertools.permutations(graph.nodes, 2)
        if y in graph.descendants(x) and not {x, y} & set(graph.latent)
    ]
    assume(pairs)
    x, y = data.draw(st.sampled_from(pairs))
    return x, y, list(graph.adjustment_sets(x, y, kind="all"))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_adjustment_gives_the_total_effect(data, draw_graph):
    graph = draw_graph(data, latents=False)
    x, y, valid = effect_question(data, graph)
    model = Linear(graph, seed=len(valid))
    effect = model.total[model.place[y], model.place[x]]
    for z in valid:
        np.testing.assert_allclose(model.regression(x, y, z)[0], effect, rtol=1e-6, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_with_everything_observed_the_optimal_set_has_the_least_variance(data, draw_graph):
    drawn = draw_graph(data, latents=False)
    graph = Graph(drawn.directed, nodes=drawn.nodes)
    x, y, valid = effect_question(data, graph)
    (best,) = graph.adjustment_sets(x, y, kind="optimal")
    assert best in least_varying(graph, x, y, valid, [Linear(graph, seed) for seed in range(6)])


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_with_hidden_causes_no_valid_set_beats_one_that_is_offered(data, draw_graph):
    graph = draw_graph(data, latents=False)
    x, y, valid = effect_question(data, graph)
    offered = list(graph.adjustment_sets(x, y, kind="optimal"))
    if not offered:
        assert len(valid) != 1
        return
    (best,) = offered
    assert best in least_varying(graph, x, y, valid, [Linear(graph, seed) for seed in range(6)])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_valid_set_beats_the_one_offered_where_there_is_no_effect(data, draw_graph):
    graph = draw_graph(data, latents=False)
    x, y = data.draw(st.permutations(graph.nodes))[:2]
    assume(y not in graph.descendants(x))
    valid = list(graph.adjustment_sets(x, y, kind="all"))
    models = [Linear(graph, seed) for seed in range(6)]
    for best in graph.adjustment_sets(x, y, kind="optimal"):
        assert best in least_varying(graph, x, y, valid, models)


@pytest.mark.parametrize(
    ("directed", "bidirected"),
    [
        # {A} is valid. B and C foretell Y, and X too: it depends on which they do better.
        ([("X", "Y"), ("A", "X"), ("B", "X"), ("A", "B"), ("B", "C")], [("A", "Y"), ("A", "C")]),
        # D foretells Y, but can only be given along with C, which foretells X.
        ([("X", "Y"), ("X", "C"), ("C", "D")], [("D", "Y")]),
        # The empty set is valid. C foretells Y given D, and X by way of A.
        ([("X", "Y"), ("A", "X"), ("A", "C")], [("A", "C"), ("C", "D"), ("D", "Y")]),
    ],
)
def test_where_none_is_offered_every_set_is_beaten_in_some_model(directed, bidirected):
    graph = Graph(directed, bidirected)
    valid = list(graph.adjustment_sets("X", "Y", kind="all"))
    assert list(graph.adjustment_sets("X", "Y", kind="optimal")) == []
    left, seed = valid, 0
    while left and seed < 5_000:
        winners = least_varying(graph, "X", "Y", valid, [Linear(graph, seed)])
        left, seed = [z for z in left if z in winners], seed + 1
    assert left == []


def test_named_latents_count_as_bidirected_edges():
    arrows = [("T", "Y"), ("U", "B"), ("U", "Y"), ("P", "Y")]
    named = Graph(arrows, latent=["U"])
    (best,) = named.adjustment_sets("T", "Y", kind="optimal")
    assert best == {"B", "P"}  # B foretells Y through U and has nothing to do with T
    assert [best] == list(named.latent_projection().adjustment_sets("T", "Y", kind="optimal"))


# -------------------------------------------------------------- three answers, order, size


def test_none_the_empty_set_and_no_question_are_three_answers():
    bow = Graph([("T", "Y"), ("T", "C")], [("T", "Y")])
    free = Graph([("T", "Y"), ("U", "Y")], latent=["U"], nodes=["T", "Y", "U", "W"])
    for kind in ("minimal", "all", "smallest", "optimal"):
        assert list(bow.adjustment_sets("T", "Y", kind=kind)) == []
        assert next(free.adjustment_sets("T", "Y", kind=kind)) == frozenset()
    asked = [
        (("T", "Q"), {}, r"adjustment_sets\(outcome\): 'Q' is no node of this graph"),
        (("T", "T"), {}, "T is in treatment and in outcome; a node has one role"),
        (((), "Y"), {}, "treatment is empty; name at least one node"),
        (("U", "Y"), {}, r"adjustment_sets\(treatment\): U is latent, never in the data"),
        (("T", "Y"), {"kind": "best"}, "'best' is none of minimal, all, smallest, optimal"),
    ]
    for names, more, says in asked:
        with pytest.raises(ValueError, match=says):  # when asked, not when the first is taken
            free.adjustment_sets(*names, **more)
    with pytest.raises(ValueError, match="T is in treatment and in given"):
        free.is_adjustment_set("T", "Y", given="T")
    assert free.is_adjustment_set("T", "Y", given="U").latent == ("U",)


def test_many_sets_come_one_by_one():
    """Two to the thirtieth minimal sets; the first are there at once."""
    ladder = [("T", "Y")]
    for i in range(30):
        ladder += [(f"a{i}", "T"), (f"a{i}", f"b{i}"), (f"b{i}", "Y")]
    graph = Graph(ladder)
    for kind in ("minimal", "all", "smallest"):
        for found in itertools.islice(graph.adjustment_sets("T", "Y", kind=kind), 20):
            assert graph.is_adjustment_set("T", "Y", found)
    (best,) = graph.adjustment_sets("T", "Y", kind="optimal")
    assert best == {f"b{i}" for i in range(30)}


def test_on_a_large_graph_sets_are_valid_and_no_node_can_be_left_out():
    for seed in range(5):
        graph = random_graph(seed, arcs=40)
        for x, y in itertools.islice(itertools.permutations(graph.nodes, 2), 0, 400, 40):
            for found in itertools.islice(graph.adjustment_sets(x, y), 2):
                assert graph.is_adjustment_set(x, y, found)
                assert not any(graph.is_adjustment_set(x, y, found - {one}) for one in found)


def test_the_order_does_not_depend_on_the_hash_seed():
    code = """
import itertools, random
from scm.graph import Graph
pairs = list(itertools.combinations([f"n{i}" for i in range(12)], 2))
rng = random.Random(3)
g = Graph(rng.sample(pairs, 22), rng.sample(pairs, 5))
for x, y in itertools.islice(itertools.permutations(g.nodes, 2), 0, None, 5):
    for kind in ("minimal", "all", "smallest", "optimal"):
        print(x, y, [sorted(z) for z in itertools.islice(g.adjustment_sets(x, y, kind=kind), 5)])
    print(g.is_adjustment_set(x, y), g.forbidden(x, y), g.mediators(x, y))
    print([sorted(z) for z in itertools.islice(g.frontdoor_sets(x, y, kind="all"), 5)])
    print(*itertools.islice(g.instruments(x, y), 5))
"""
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (0, 1)
    }
    assert len(said) == 1
    assert len(said.pop()) > 1_000
