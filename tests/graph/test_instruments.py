"""Instruments by Pearl's definition, subsets tried, and by the linear ratio they are for."""

import itertools
import json
from collections import defaultdict
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
    if line and (case := json.loads(line))["kind"] == "iv"
]


def grouped(found):
    """The conditioning sets of each instrument, nothing having come twice."""
    told = defaultdict(set)
    for record in found:
        assert record.given not in told[record.instrument]
        told[record.instrument].add(record.given)
    return dict(told)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_cases(case):
    directed, bidirected = map(tuple, case["directed"]), map(tuple, case["bidirected"])
    graph = Graph(directed, bidirected, nodes=case["nodes"])
    told = {
        one["instrument"]: {frozenset(z) for z in one["given_minimal"]}
        for one in case["instruments"]
    }
    assert grouped(graph.instruments(case["treatment"], case["outcome"])) == told
    once = list(graph.instruments(case["treatment"], case["outcome"], kind="one"))
    assert [record.instrument for record in once] == [n for n in graph.nodes if n in told]
    assert all(record.given in told[record.instrument] for record in once)


def by_definition(graph, paths, x, y):
    """Definition 7.4.1: connected to x; separated from y where no edge points into x."""
    after = {*graph.descendants([x, y]), *graph.latent}
    free = [name for name in graph.nodes if name not in after]
    whole, forced = paths(graph), paths(graph.cut(into=x))
    told = {}
    for z in free:
        others = [name for name in free if name != z]
        for size in range(len(others) + 1):
            for w in map(frozenset, itertools.combinations(others, size)):
                holds = whole.connected(z, x, w) and not forced.connected(z, y, w)
                assert bool(graph.is_instrument(x, y, z, w)) == holds
                if holds and not any(smaller <= w for smaller in told.get(z, ())):
                    told.setdefault(z, set()).add(w)
    return told


def draw_question(data, graph):
    seen = [name for name in graph.nodes if name not in graph.latent]
    assume(len(seen) > 2)
    return data.draw(st.permutations(seen))[:2]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_instruments_are_those_of_the_definition(data, draw_graph, paths):
    # Three colliders opened on purpose are not followed; five nodes have no room for them.
    graph = draw_graph(data, most=5)
    x, y = draw_question(data, graph)
    told = by_definition(graph, paths, x, y)
    found = list(graph.instruments(x, y))
    assert grouped(found) == told
    once = grouped(graph.instruments(x, y, kind="one"))
    assert bool(once) == bool(told)
    assert all(len(sets) == 1 and sets <= told[z] for z, sets in once.items())
    every = paths(graph)
    for record in found:
        assert record.path in every.between(record.instrument, x)
        assert every.is_open(record.path, record.given)
        assert " ".join(record.path) in record.reason


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_ratio_of_covariances_is_the_total_effect(data, draw_graph):
    graph = draw_graph(data, latents=False)
    x, y = draw_question(data, graph)
    rng = np.random.default_rng(len(graph.directed))
    place = {name: i for i, name in enumerate(graph.nodes)}
    direct, noise = np.zeros((2, len(place), len(place)))
    for cause, effect in graph.directed:
        direct[place[effect], place[cause]] = rng.uniform(0.5, 1.5)
    for pair in graph.bidirected:
        shared = np.zeros(len(place))
        shared[[place[name] for name in pair]] = rng.uniform(0.5, 1.5, 2)
        noise += np.outer(shared, shared)
    total = np.linalg.inv(np.eye(len(place)) - direct)
    covariance = total @ (noise + np.eye(len(place))) @ total.T

    def partial(a, b, given):
        left = covariance[np.ix_([a, b], [a, b])]
        if given:
            cross = covariance[np.ix_([a, b], given)]
            left = left - cross @ np.linalg.solve(covariance[np.ix_(given, given)], cross.T)
        return left[0, 1]

    for record in graph.instruments(x, y):
        given = [place[name] for name in record.given]
        z = place[record.instrument]
        ratio = partial(z, place[y], given) / partial(z, place[x], given)
        np.testing.assert_allclose(ratio, total[place[y], place[x]], atol=1e-6)


def test_a_collider_may_be_opened_to_make_an_instrument():
    """Figure after van der Zander et al. (2015): Z is none until C, no ancestor, is given."""
    graph = Graph([("Z", "C"), ("A", "C"), ("A", "T"), ("T", "Y")], [("T", "Y")])
    found = grouped(graph.instruments("T", "Y"))
    assert found == {"A": {frozenset()}, "C": {frozenset()}, "Z": {frozenset({"C"})}}
    once = [record.instrument for record in graph.instruments("T", "Y", kind="one")]
    assert once == ["C", "A"]


def test_two_colliders_may_be_opened():
    arrows = [("Z", "C"), ("A", "C"), ("A", "D"), ("B", "D"), ("B", "T"), ("T", "Y")]
    found = grouped(Graph(arrows, [("T", "Y")]).instruments("T", "Y"))
    assert found == {
        "B": {frozenset()},
        "D": {frozenset()},
        "A": {frozenset("D")},
        "C": {frozenset("D")},
        "Z": {frozenset("CD")},
    }


def test_what_the_treatment_acts_on_is_no_instrument():
    graph = Graph([("T", "Y"), ("T", "D"), ("D", "Z")])
    assert list(graph.instruments("T", "Y")) == []
    assert graph.is_instrument("T", "Y", "Z").reason == "T acts on Z"


@pytest.mark.parametrize(
    ("instrument", "covariates", "path", "says"),
    [
        ("Z", ["W"], ("Z", "->", "T"), "Z given {W}: Z -> T is open; apart from T's effect on Y"),
        ("Z", [], ("Z", "<-", "W", "->", "Y"), "Z: no instrument, apart from T's effect on Y, Z"),
        ("N", [], (), "N: no instrument, N is not connected to T: no path joins them"),
        ("Z", ["M", "W"], (), "Z given {M, W}: no instrument, T acts on M"),
        ("Z", ["U"], (), "Z given {U}: no instrument, U is latent, never in the data"),
        ("U", [], (), "U: no instrument, U is latent, never in the data"),
    ],
)
def test_an_instrument_is_judged_with_the_reason(instrument, covariates, path, says):
    arrows = [("W", "Z"), ("W", "Y"), ("Z", "T"), ("T", "M"), ("M", "Y"), ("U", "T"), ("U", "Y")]
    graph = Graph(arrows, latent=["U"], nodes=["W", "Z", "T", "M", "Y", "U", "N"])
    found = graph.is_instrument("T", "Y", instrument, covariates)
    assert found.path == path
    assert str(found).startswith(says)


def test_what_is_no_question_is_refused():
    graph = Graph([("Z", "T"), ("T", "Y"), ("U", "T"), ("U", "Y")], latent=["U"])
    assert [record.instrument for record in graph.instruments("T", "Y")] == ["Z"]
    with pytest.raises(ValueError, match="U is latent"):
        graph.instruments("U", "Y")
    with pytest.raises(
        ValueError, match=r"instruments\(treatment\): Z, T are 2 nodes; name one node"
    ):
        graph.instruments(["Z", "T"], "Y")
    with pytest.raises(ValueError, match=r"is_instrument\(instrument\): Z, U are 2 nodes"):
        graph.is_instrument("T", "Y", ["Z", "U"])
    with pytest.raises(ValueError, match="'all' is none of minimal, one"):
        graph.instruments("T", "Y", kind="all")
    with pytest.raises(ValueError, match="T is in treatment and in outcome"):
        graph.instruments("T", "T")
