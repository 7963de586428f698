"""Front-door sets by Pearl's three conditions on enumerated paths."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scm.graph import Graph

CASES = [
    case
    for line in (Path(__file__).parent / "cases/instruments_frontdoor.jsonl")
    .read_text()
    .split("\n")
    if line and (case := json.loads(line))["kind"] == "frontdoor"
]


def sets(listed):
    return {frozenset(one) for one in listed}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_cases(case):
    directed, bidirected = map(tuple, case["directed"]), map(tuple, case["bidirected"])
    graph = Graph(directed, bidirected, nodes=case["nodes"])
    asked = case["treatment"], case["outcome"]
    assert set(graph.frontdoor_sets(*asked)) == sets(case["frontdoor_minimal"])
    assert set(graph.frontdoor_sets(*asked, kind="all")) == sets(case["frontdoor_all"])
    others = [name for name in graph.nodes if name not in asked]
    for size in range(1, len(others) + 1):
        for z in itertools.combinations(others, size):
            told = set(z) in sets(case["frontdoor_all"])
            assert bool(graph.is_frontdoor_set(*asked, z)) == told


def failing(graph, paths, x, y, z):
    """The number of the first condition that fails, None if all hold."""
    every = paths(graph)
    direct = [p for a in x for b in y for p in every.between(a, b) if every.is_causal(p)]
    if any(not set(p) & set(z) for p in direct):
        return 1

    def open_back_door(start, end, given):
        """A path into `start` without an arrow out of a node of `start`, open."""
        routes = [p for a in start for b in end for p in every.between(a, b)]
        for path in routes:
            steps = zip(path[::2], path[1::2], path[2::2], strict=False)
            out = any((e == "->" and a in start) or (e == "<-" and b in start) for a, e, b in steps)
            if not out and every.is_open(path, given):
                return True
        return False

    if open_back_door(x, z, ()):
        return 2
    return 3 if open_back_door(z, y, x) else None


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_question(data, draw_graph, paths):
    graph = draw_graph(data)
    seen = [name for name in graph.nodes if name not in graph.latent]
    assume(len(seen) > 2)
    named = data.draw(st.permutations(seen))
    size = data.draw(st.sampled_from([1, 1, 2])) if len(seen) > 3 else 1
    check_all(graph, paths, named[:size], named[size : size + 1])


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_around_a_front_door(data, paths):
    """T -> M -> Y with T <-> Y, and what else may be there, so that many sets are valid."""
    order = data.draw(st.permutations(["A", "B", "M", "N", "T", "Y"]))
    causes = ["A", "B", "T", "M", "N", "Y"]
    pairs = [p for p in itertools.combinations(causes, 2) if p != ("T", "Y")]
    some = st.lists(st.sampled_from([0, 0, 0, 1]), min_size=len(pairs), max_size=len(pairs))
    more = {p for p, kept in zip(pairs, data.draw(some), strict=True) if kept}
    graph = Graph(sorted({("T", "M"), ("M", "Y"), *more}), [("T", "Y")], nodes=order)
    check_all(graph, paths, ["T"], ["Y"])


def check_all(graph, paths, x, y):
    """Every set is judged as by definition, and the lists are complete."""
    free = [name for name in graph.nodes if name not in {*x, *y, *graph.latent}]
    subsets = [c for k in range(1, len(free) + 1) for c in itertools.combinations(free, k)]
    verdicts = {frozenset(z): failing(graph, paths, x, y, z) for z in subsets}
    for z, condition in verdicts.items():
        found = graph.is_frontdoor_set(x, y, z)
        assert found.condition == condition
        assert bool(found) == (condition is None)
        assert bool(found.path) == (not found)
        assert " ".join(found.path) in found.reason
    valid = [z for z, condition in verdicts.items() if condition is None]
    every, minimal = (list(graph.frontdoor_sets(x, y, kind=kind)) for kind in ("all", "minimal"))
    assert len(every) == len(set(every)) == len(valid)
    assert set(every) == set(valid)
    assert len(minimal) == len(set(minimal))
    assert set(minimal) == {z for z in valid if not any(other < z for other in valid)}


@pytest.mark.parametrize(
    ("directed", "bidirected"),
    [
        ([("T", "M"), ("M", "Y")], [("T", "Y")]),
        ([("T", "M"), ("T", "N"), ("M", "Y"), ("N", "Y"), ("M", "N")], [("T", "Y")]),
        ([("T", "M"), ("M", "Y"), ("W", "M"), ("M", "N"), ("N", "Y")], [("T", "Y"), ("N", "Y")]),
    ],
)
def test_the_formula_of_a_front_door_set_gives_the_truth(directed, bidirected, finite_model):
    graph = Graph(directed, bidirected)
    model = finite_model(graph, seed=1)
    truth = model.effect(["Y"], do=["T"])
    found = list(graph.frontdoor_sets("T", "Y", kind="all"))
    assert found
    for z in found:
        z = [name for name in graph.nodes if name in z]
        shape = (2, -1, 2)  # treatment, all values of the set, outcome
        mediator = model.effect(z, given=["T"]).reshape(2, -1)
        outcome = model.effect(["Y"], given=["T", *z]).reshape(shape)
        told = np.einsum("tz,szy,s->ty", mediator, outcome, model.effect(["T"]))
        np.testing.assert_allclose(told, truth, atol=1e-12)


def test_three_answers():
    graph = Graph([("T", "M"), ("M", "Y"), ("U", "T"), ("U", "Y")], latent=["U"])
    assert list(graph.frontdoor_sets("T", "Y")) == [frozenset({"M"})]
    hidden = Graph([("T", "M"), ("M", "Y")], latent=["M"])
    assert list(hidden.frontdoor_sets("T", "Y", kind="all")) == []
    assert hidden.is_frontdoor_set("T", "Y", "M").latent == ("M",)
    empty = graph.is_frontdoor_set("T", "Y", ())
    assert not empty
    assert "the empty set mediates nothing" in empty.reason
    with pytest.raises(ValueError, match="U is latent"):
        graph.frontdoor_sets("U", "Y")
    with pytest.raises(ValueError, match="'best' is none of minimal, all"):
        graph.frontdoor_sets("T", "Y", kind="best")
    with pytest.raises(ValueError, match="M is in outcome and in given"):
        graph.is_frontdoor_set("T", "M", "M")


def test_many_sets_come_one_by_one():
    """Every mediator may be had along with any of thirty causes of it, or of its effects."""
    arrows = [("T", "M"), ("M", "Y")]
    arrows += [edge for i in range(30) for edge in ((f"w{i}", "M"), ("M", f"d{i}"))]
    graph = Graph(arrows, [("T", "Y")])
    assert list(graph.frontdoor_sets("T", "Y")) == [frozenset({"M"})]
    for found in itertools.islice(graph.frontdoor_sets("T", "Y", kind="all"), 20):
        assert graph.is_frontdoor_set("T", "Y", found)


def test_nodes_that_do_not_matter_cost_nothing():
    """Two ways of two mediators in a row, among forty nodes that any set may hold: four sets."""
    around = [f"W{i}" for i in range(40)]
    arrows = [("T", "A"), ("A", "B"), ("B", "Y"), ("T", "C"), ("C", "D"), ("D", "Y")]
    graph = Graph(arrows, [("T", "Y")], nodes=[*around, "T", "D", "C", "B", "A", "Y"])
    found = list(graph.frontdoor_sets("T", "Y"))
    assert sorted(map(sorted, found)) == [["A", "C"], ["A", "D"], ["B", "C"], ["B", "D"]]
