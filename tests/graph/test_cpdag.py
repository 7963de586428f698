"""Classes of equivalent DAGs: against all DAGs listed, worked cases, and known counts."""

import itertools
import json
import math
import random
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scm.graph import CPDAG, Graph

CASES = [
    case
    for line in (Path(__file__).parent / "cases" / "discovery.jsonl").read_text().splitlines()
    if (case := json.loads(line))["kind"] in ("cpdag", "mpdag")
]


def acyclic(edges) -> bool:
    """Whether causes can be taken away, one after another, until no edge is left."""
    while edges:
        heads = {b for _, b in edges}
        left = [edge for edge in edges if edge[0] in heads]
        if len(left) == len(edges):
            return False
        edges = left
    return True


def all_dags(n: int):
    """The edges of every DAG over n nodes: each pair apart or joined either way."""
    pairs = list(itertools.combinations("ABCDE"[:n], 2))
    for ways in itertools.product((None, 1, -1), repeat=len(pairs)):
        edges = [pair[::way] for pair, way in zip(pairs, ways, strict=True) if way]
        if acyclic(edges):
            yield edges


def signature(edges):
    """Skeleton and colliders with open ends, by definition."""
    pairs = frozenset(map(frozenset, edges))
    found = {
        (frozenset((a, b)), c)
        for (a, c), (b, d) in itertools.combinations(edges, 2)
        if c == d and frozenset((a, b)) not in pairs
    }
    return pairs, frozenset(found)


def classes(dags):
    grouped = defaultdict(list)
    for edges in dags:
        grouped[signature(edges)].append(edges)
    return list(grouped.values())


def as_graphs(n, grouped):
    return [[Graph(edges, nodes=list("ABCDE"[:n])) for edges in dags] for dags in grouped]


@cache
def of_four():
    """All classes of four nodes, each with its members."""
    return as_graphs(4, classes(all_dags(4)))


@cache
def of_five():
    """Some of the classes of five nodes, each with all its members."""
    return as_graphs(5, random.Random(1).sample(classes(all_dags(5)), 250))


def what_all_share(dags):
    """Arrows common to all, and pairs joined both ways."""
    common = set.intersection(*(set(dag.directed) for dag in dags))
    pairs = {frozenset(edge) for dag in dags for edge in dag.directed}
    return common, pairs - set(map(frozenset, common))


def open_pairs(cpdag):
    return set(map(frozenset, cpdag.undirected))


def test_the_numbers_of_dags_and_classes_are_the_known_ones():
    """543 DAGs of four nodes (Robinson 1977) in 185 classes (Gillispie and Perlman 2002)."""
    dags = [dag for members in of_four() for dag in members]
    assert len(dags) == 543
    assert len(of_four()) == 185
    assert len({dag.cpdag() for dag in dags}) == 185
    assert len(classes(all_dags(3))) == 11


@pytest.mark.parametrize("listed", [of_four, of_five])
def test_class_size_and_members_against_all_dags_listed(listed):
    for dags in listed():
        cpdag = dags[-1].cpdag()
        directed, undirected = what_all_share(dags)
        assert set(cpdag.directed) == directed
        assert open_pairs(cpdag) == undirected
        assert cpdag.size == len(dags)
        members = list(cpdag.members())
        assert len(members) == len(dags)
        assert set(members) == set(dags)
        assert all(dag in cpdag for dag in dags)
        assert cpdag == dags[0].cpdag()
        assert cpdag == CPDAG(directed, undirected, nodes=cpdag.nodes[::-1])


def test_equivalent_is_the_same_class():
    dags = [dag for members in of_four() for dag in members]
    for one, other in itertools.product(random.Random(0).sample(dags, 60), repeat=2):
        same = signature(one.directed) == signature(other.directed)
        found = one.equivalent(other)
        assert bool(found) == same == (other in one.cpdag())
        assert str(found).startswith("equivalent: " if same else "not equivalent: ")


@pytest.mark.parametrize("seed", range(3))
def test_knowledge_against_all_members(seed):
    """What some arrows leave of a class is what the members that have them share."""
    rng = random.Random(seed)
    large = [dags for dags in of_five() if len(dags) > 3]
    for dags in rng.sample(large, 50):
        cpdag = dags[0].cpdag()
        told = [rng.choice([pair, pair[::-1]]) for pair in cpdag.undirected if rng.random() < 0.4]
        fit = [dag for dag in dags if set(told) <= set(dag.directed)]
        if not fit:
            with pytest.raises(ValueError, match=r"orient: no member of the class fits: .* contra"):
                cpdag.orient(told)
            continue
        left = cpdag.orient(told)
        directed, undirected = what_all_share(fit)
        assert set(left.directed) == directed
        assert open_pairs(left) == undirected
        assert left.size == len(fit)
        assert set(left.members()) == set(fit)
        assert [dag in left for dag in dags] == [dag in fit for dag in dags]
        assert cpdag.orient(forbidden=[edge[::-1] for edge in told]) == left
        assert CPDAG(left.directed, left.undirected, left.nodes) == left


def test_the_fourth_rule_is_needed():
    """Meek (1995), figure 1: with D -> C -> B told and A joined to all, A -> B follows."""
    square = Graph([("A", "D"), ("A", "C"), ("A", "B"), ("D", "C"), ("C", "B")]).cpdag()
    assert square.directed == ()
    told = square.orient([("D", "C"), ("C", "B")])
    assert set(told.directed) == {("D", "C"), ("C", "B"), ("A", "B")}
    assert open_pairs(told) == {frozenset("AD"), frozenset("AC")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_cases(case):
    background = case["background"]
    graph = Graph(case["true_directed"], nodes=case["nodes"])

    def ask():
        return graph.cpdag().orient(
            background.get("required", ()),
            forbidden=background.get("forbidden", ()),
            tiers=background.get("tiers"),
        )

    if case["n_dags"] == 0:
        with pytest.raises(ValueError, match="no member of the class fits"):
            ask()
        return
    found = ask()
    assert set(found.directed) == set(map(tuple, case["expected_directed"]))
    assert open_pairs(found) == set(map(frozenset, case["expected_undirected"]))
    assert found.size == len(list(found.members())) == case["n_dags"]


def names(n):
    return [f"n{i}" for i in range(n)]


def closed_forms():
    """He, Jia and Yu (2015), theorem 1: sizes of classes by the number of edges p of n nodes."""
    n, v = 20, names(20)
    path = list(itertools.pairwise(v))
    yield "tree", path, n
    yield "star", [(v[0], x) for x in v[1:]], n
    yield "tree and one edge", [*path, (v[3], v[5])], 2 * n
    every = list(itertools.combinations(v, 2))
    yield "complete", every, math.factorial(n)
    less = every[:-1]
    yield "complete less an edge", less, 2 * math.factorial(n - 1) - math.factorial(n - 2)
    yield "complete less two", [e for e in every if e not in [(v[0], v[1]), (v[2], v[3])]], None
    less = every[:-2]
    size = (n * n - n - 4) * math.factorial(n - 3)
    yield "complete less two that meet", less, size


@pytest.mark.parametrize("told", list(closed_forms()), ids=lambda told: told[0])
def test_sizes_of_parts_of_20_nodes(told):
    _, edges, size = told
    cpdag = Graph(edges, nodes=names(20)).cpdag()
    if size is None:  # two pairs apart: a hole of four, which no DAG leaves open
        assert cpdag.directed
        return
    assert cpdag.directed == ()
    assert cpdag.size == size


def random_chordal(rng, n):
    """Each node is joined to some of a clique that is there already: no open collider."""
    v, cliques, edges = names(n), [[0]], []
    for i in range(1, n):
        clique = rng.choice(cliques)
        kept = rng.sample(clique, rng.randint(1, len(clique)))
        edges += [(v[j], v[i]) for j in kept]
        cliques.append([*kept, i])
    return Graph(edges, nodes=v)


@pytest.mark.parametrize("seed", range(8))
def test_counts_against_members_listed_with_and_without_knowledge(seed):
    rng = random.Random(seed)
    for _ in range(5):
        cpdag = random_chordal(rng, 8).cpdag()
        assert cpdag.directed == ()
        if cpdag.size < 2_000:
            assert cpdag.size == len(list(cpdag.members()))
        while cpdag.undirected:
            cpdag = cpdag.orient([rng.choice(cpdag.undirected)[:: rng.choice([1, -1])]])
            if cpdag.size < 1_000:
                assert cpdag.size == len(list(cpdag.members()))


def test_a_class_of_thousands_listed_and_counted():
    """Cliques of four that share two nodes with the next, as none of the closed forms."""
    v = names(10)
    edges = {pair for i in range(0, 8, 2) for pair in itertools.combinations(v[i : i + 4], 2)}
    cpdag = Graph(edges, nodes=v).cpdag()
    assert cpdag.directed == ()
    listed = set(cpdag.members())
    assert len(listed) == cpdag.size
    assert len({signature(dag.directed) for dag in listed}) == 1


def test_count_with_knowledge_where_listing_is_out_of_reach():
    """Of the 20! orders of a clique half have A before B, a sixth A before B before C."""
    v = names(20)
    cpdag = Graph(itertools.combinations(v, 2), nodes=v).cpdag()
    assert cpdag.orient([(v[3], v[9])]).size == math.factorial(20) // 2
    assert cpdag.orient([(v[9], v[3]), (v[3], v[11])]).size == math.factorial(20) // 6
    assert cpdag.orient([(v[3], v[9]), (v[4], v[9])]).size == math.factorial(20) // 3


def test_members_are_made_one_at_a_time_and_in_a_fixed_order():
    v = names(20)
    members = Graph(itertools.combinations(v, 2), nodes=v).cpdag().members()
    first = next(members)
    assert first == Graph(itertools.combinations(v, 2))
    second = next(members)
    assert second.topological_order() == (*v[:18], v[19], v[18])


@pytest.mark.parametrize(
    ("graph", "says"),
    [
        (Graph([("A", "B")], [("B", "C")]), "B and C have a hidden common cause"),
        (Graph([("U", "A"), ("U", "B")], latent=["U"]), "A and B have a hidden common cause"),
        (Graph([("A", "U"), ("U", "B")], latent=["U"]), r"latent_projection\(\)\.cpdag"),
    ],
)
def test_hidden_causes_are_refused_with_advice(graph, says):
    with pytest.raises(ValueError, match=f"cpdag: .*{says}"):
        graph.cpdag()


def test_other_nodes_are_no_proper_question():
    with pytest.raises(ValueError, match="C is a node of one graph only"):
        Graph([("A", "B")]).equivalent(Graph([("A", "B"), ("B", "C")]))
    with pytest.raises(TypeError, match="a Graph is wanted"):
        Graph([("A", "B")]).equivalent("A -> B")


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (([("A", "B")], [("B", "C")]), r"B - C is not open: every member has B -> C \(A -> B"),
        (([], [("A", "B"), ("B", "C"), ("C", "D"), ("D", "A")]), "no DAG has these"),
        (([("A", "B"), ("B", "C"), ("C", "A")], []), "no DAG has these"),
        (([("A", "B")], [("B", "A")]), "joined by two edges"),
        (([("A", "B"), ("B", "A")], []), "joined by two edges"),
        (([], [("A", "A")]), "A - A joins A to itself"),
    ],
)
def test_what_is_no_class_is_refused(made, says):
    with pytest.raises(ValueError, match=says):
        CPDAG(*made)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"edges": [("X", "Z")]}, r"X -> Z \(told\): they are joined in no member"),
        ({"edges": [("X", "Y"), ("Y", "X")]}, r"Y -> X \(told\) contradicts X -> Y \(told\)"),
        (
            {"edges": [("X", "Y")], "forbidden": [("Y", "Z")]},
            r"forbidden\) contradicts Y -> Z \(X -> Y",
        ),
        ({"tiers": {"X": 0, "Y": 1, "Z": 0}}, "tier 0 is before tier 1"),
        ({"edges": [("X", "W")]}, "orient: 'W' is no node"),
        ({"tiers": {"W": 1}}, r"orient\(tiers\): 'W' is no node"),
    ],
)
def test_contradictions_are_reported(asked, says):
    with pytest.raises(ValueError, match=says):
        Graph([("X", "Y"), ("Y", "Z")]).cpdag().orient(**asked)


def test_all_contradictions_are_reported_at_once():
    cpdag = Graph([("A", "C"), ("B", "C"), ("C", "D")]).cpdag()
    with pytest.raises(ValueError, match=r"C -> A .*the collider A -> C <- B\); D -> C"):
        cpdag.orient([("C", "A"), ("D", "C")])


def test_text_relations_and_drawing():
    cpdag = Graph([("A", "B"), ("B", "D"), ("C", "D")], nodes=list("ABCDE")).cpdag()
    assert str(cpdag) == "B -> D; C -> D; A - B; E"
    assert eval(repr(cpdag)) == cpdag
    assert cpdag.parents("D") == ("B", "C")
    assert cpdag.children(["A", "B"]) == ("D",)
    assert cpdag.neighbours("A") == ("B",)
    ids = {patch.get_gid(): patch for patch in cpdag.draw().patches}
    assert {"edge:A-B", "edge:B->D", "edge:C->D"} <= ids.keys()
    assert type(ids["edge:A-B"].get_arrowstyle()).__name__ == "Curve"
    assert type(ids["edge:B->D"].get_arrowstyle()).__name__ == "CurveFilledB"


# ------------------------------------------------------------------- effects over the class


def frame(graph: Graph, n: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    columns = {}
    for name in graph.topological_order():
        columns[name] = rng.normal(size=n) + sum(
            rng.normal() * columns[parent] for parent in graph.parents(name)
        )
    return pd.DataFrame(columns)


def regression(data, treatment, outcome, parents):
    """Coefficient and classical standard error from the normal equations."""
    if outcome in parents:
        return 0.0, 0.0
    x = np.column_stack([data[treatment], np.ones(len(data)), *(data[p] for p in parents)])
    inverse = np.linalg.inv(x.T @ x)
    b = inverse @ x.T @ data[outcome].to_numpy()
    rest = data[outcome] - x @ b
    return b[0], math.sqrt(inverse[0, 0] * (rest @ rest) / (len(data) - x.shape[1]))


@pytest.mark.parametrize("seed", range(4))
def test_effects_are_those_of_the_members_listed(seed):
    rng = random.Random(seed)
    for dags in rng.sample([dags for dags in of_five() if len(dags) > 1], 15):
        cpdag = dags[0].cpdag()
        if rng.random() < 0.5 and cpdag.undirected:
            cpdag = cpdag.orient([rng.choice(cpdag.undirected)])
        data = frame(dags[0], seed=seed) * 3 + 100
        for treatment, outcome in itertools.permutations(cpdag.nodes, 2):
            found = cpdag.effects(treatment, outcome, data)
            wanted = {dag.parents(treatment) for dag in cpdag.members()}
            assert [each.parents for each in found] == [*dict.fromkeys(e.parents for e in found)]
            assert {each.parents for each in found} == wanted
            for each in found:
                value, se = regression(data, treatment, outcome, each.parents)
                assert each.value == pytest.approx(value, abs=1e-9)
                assert each.se == pytest.approx(se, abs=1e-9)
            assert found.low == min(found.values)
            assert found.high == max(found.values)


def test_effects_of_a_known_class():
    """T - Y: the slope if T is the cause, 0 if Y is."""
    data = {"T": np.array([0.0, 0, 1, 1]), "Y": np.array([1.0, 2, 4, 5])}
    found = Graph([("T", "Y")]).cpdag().effects("T", "Y", data)
    assert [(each.value, each.parents) for each in found] == [(pytest.approx(3), ()), (0, ("Y",))]
    assert len(found) == 2
    assert Graph([("T", "Y")]).cpdag().orient([("T", "Y")]).effects("T", "Y", data).low > 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"T": None}, "have no column 'T'"),
        ({"T": [1.0] * 6}, "column 'T' is 1 in all 6 rows"),
        ({"T": list("abcabc")}, "column 'T' is not of numbers"),
        ({"Y": [1, 2, 3, 4, 5, np.nan]}, "column 'Y' is not finite in 1 of 6 rows, first in row 5"),
        ({"Y": [1, 2, 3, 4, 5, None]}, "column 'Y' is not finite in 1 of 6 rows"),
        ({"Y": [1, 2, 3]}, "column 'Y' has 3 rows and 'Z' has 6"),
        ({"T": [3, 5, 4, 7, 1, 9], "Z": [6, 10, 8, 14, 2, 18]}, "'T' is a linear function of Z"),
        ({"T": [1, 2, 4], "Y": [1, 0, 2], "Z": [0, 1, 0]}, "3 rows are too few; at least 4"),
    ],
)
def test_columns_that_cannot_be_regressed_on_are_refused_by_name(change, says):
    data = {"T": [1, 2, 4, 3, 0, 1], "Y": [0, 1, 1, 0, 2, 5], "Z": [1, 0, 0, 1, 2, 0]} | change
    data = {name: column for name, column in data.items() if column is not None}
    with pytest.raises(ValueError, match=says):
        Graph([("Z", "T"), ("T", "Y"), ("Z", "Y")]).cpdag().effects("T", "Y", data)


def test_questions_about_effects_are_refused():
    cpdag = Graph([("T", "Y")]).cpdag()
    with pytest.raises(ValueError, match="'X' is no node"):
        cpdag.effects("X", "Y", {})
    with pytest.raises(ValueError, match="a node has one role"):
        cpdag.effects("Y", "Y", {})
    with pytest.raises(TypeError, match="ask node by node"):
        cpdag.effects(["T"], "Y", {})
