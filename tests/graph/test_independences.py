"""Implied independences by enumeration of paths, and their tests against closed forms."""

import itertools
import math
import random

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scm.graph import Graph
from scm.graph.claims.independences import Independence


def random_graph(seed: int, nodes: int, arcs: float, hidden: float) -> Graph:
    rng = random.Random(seed)
    names = [f"n{i}" for i in range(nodes)]
    order = rng.sample(names, nodes)
    pairs = list(itertools.combinations(order, 2))
    return Graph(
        [pair for pair in pairs if rng.random() < 0.35],
        [pair for pair in pairs if rng.random() < arcs],
        [name for name in names if rng.random() < hidden],
        nodes=names,
    )


def separated(graph: Graph, x: str, y: str, given) -> bool:
    """By definition: no simple path whose colliders are ancestors of `given` and others outside."""
    steps = [(a, "-", ">", b) for a, b in graph.directed]
    steps += [(b, ">", "-", a) for a, b in graph.directed]
    steps += [(a, ">", ">", b) for a, b in graph.bidirected]
    steps += [(b, ">", ">", a) for a, b in graph.bidirected]
    opened = set(graph.ancestors(list(given)))

    def open_from(here, mark, visited):
        for start, leaving, arriving, there in steps:
            if start != here or there in visited:
                continue
            if mark is not None:
                collider = mark == ">" and leaving == ">"
                if not (here in opened if collider else here not in given):
                    continue
            if there == y or open_from(there, arriving, visited | {there}):
                return True
        return False

    return not open_from(x, None, {x})


def subsets(names):
    return itertools.chain.from_iterable(
        itertools.combinations(names, k) for k in range(len(names) + 1)
    )


@pytest.mark.parametrize("seed", range(40))
def test_claims_are_true_minimal_and_of_every_pair_that_can_be_separated(seed):
    graph = random_graph(seed, 6, arcs=0.2, hidden=0.25)
    claims = {frozenset((c.x, c.y)): c for c in graph.independences()}
    assert len(claims) == len(graph.independences())
    observed = [name for name in graph.nodes if name not in graph.latent]
    pure = not graph.latent_projection().bidirected
    for x, y in itertools.combinations(observed, 2):
        others = [name for name in observed if name not in (x, y)]
        claim = claims.get(frozenset((x, y)))
        if claim is None:
            assert not any(separated(graph, x, y, z) for z in subsets(others))
            continue
        assert (claim.x, claim.y) == (x, y)
        assert set(claim.given) <= set(others)
        assert list(claim.given) == [name for name in graph.nodes if name in claim.given]
        assert separated(graph, x, y, claim.given)
        if not pure:
            smaller = [z for z in subsets(claim.given) if len(z) < len(claim.given)]
            assert not any(separated(graph, x, y, z) for z in smaller)


@pytest.mark.parametrize("seed", range(15))
def test_of_a_dag_the_parents_of_both_are_given(seed):
    graph = random_graph(seed, 7, arcs=0.0, hidden=0.0)
    joined = set(map(frozenset, graph.directed))
    assert graph.independences() == tuple(
        Independence(x, y, graph.parents([x, y]))
        for x, y in itertools.combinations(graph.nodes, 2)
        if frozenset((x, y)) not in joined
    )


def test_the_verma_graph_and_text():
    """A -> B -> C -> D, B <-> D: of pairs A, D and A, C only the second can be separated."""
    verma = Graph([("A", "B"), ("B", "C"), ("C", "D")], [("B", "D")])
    assert [*map(str, verma.independences())] == ["A _||_ C | B"]
    assert [*map(str, Graph([("A", "B"), ("C", "B")]).independences())] == ["A _||_ C"]
    assert Graph(nodes=["A"]).independences() == ()


# -------------------------------------------------------------------------- held against data

CHAIN = Graph([("A", "B"), ("B", "C"), ("C", "D")])


def sampled(n: int, seed: int, direct: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a, b, c, d = rng.normal(size=(4, n))
    b += 0.8 * a
    c += 0.8 * b + direct * a
    d += 0.8 * c
    return pd.DataFrame({"A": a, "B": b, "C": c, "D": d}) * 1e3 + 1e5


def partial(data, x, y, given):
    """From the inverse of the correlation matrix."""
    inverse = np.linalg.inv(np.corrcoef(data[[x, y, *given]].to_numpy().T))
    return -inverse[0, 1] / math.sqrt(inverse[0, 0] * inverse[1, 1])


def test_table_against_closed_forms():
    data = sampled(200, seed=0, direct=0.15)
    found = CHAIN.falsify(data, level=0.1, against=0.2)
    assert list(zip(found.table.x, found.table.y, found.table.given, strict=True)) == [
        ("A", "C", ("B",)),
        ("A", "D", ("C",)),
        ("B", "D", ("A", "C")),
    ]
    for row in found.table.itertuples():
        r = partial(data, row.x, row.y, row.given)
        se = 1 / math.sqrt(200 - len(row.given) - 3)
        law = stats.norm(math.atanh(r), se)
        assert row.estimate == pytest.approx(r, abs=1e-10)
        assert (row.low, row.high) == pytest.approx(tuple(np.tanh(law.ppf([0.05, 0.95]))))
        assert row.p == pytest.approx(2 * stats.norm.sf(abs(math.atanh(r)) / se))
        other, edge = stats.norm(math.atanh(0.2), se), se * stats.norm.isf(0.1 / 3 / 2)
        assert row.power == pytest.approx(other.sf(edge) + other.cdf(-edge))
    first, second, third = sorted(found.table.p)
    holm = [3 * first, max(3 * first, 2 * second), max(3 * first, 2 * second, third)]
    assert sorted(found.table.p_holm) == pytest.approx([min(1, p) for p in holm])
    assert list(found.table.rejected) == [p <= 0.1 for p in found.table.p_holm]
    assert found.rows == 200


def test_a_missing_edge_is_found_and_told():
    found = CHAIN.falsify(sampled(2_000, seed=1, direct=0.5))
    assert found
    assert found.rejected == (Independence("A", "C", ("B",)),)
    assert str(found).startswith("rejected: 1 of 3 claims")
    assert "A _||_ C | B" in found.reason
    assert "not thereby proven" in found.reason


def test_what_is_not_rejected_is_not_proven():
    found = CHAIN.falsify(sampled(100, seed=2))
    assert not found
    assert str(found).startswith("not rejected: none of 3 claims")
    assert "does not prove" in found.reason
    assert f"probability {found.table.power.min():.2f}" in found.reason


def test_the_true_graph_is_seldom_rejected_and_power_is_what_is_told():
    """250 data sets: rates within 4 standard errors of the level, and of the power told."""
    runs = [CHAIN.falsify(sampled(150, seed=s)) for s in range(250)]
    assert sum(map(bool, runs)) / 250 < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 250)
    one = Graph(nodes=["A", "B"])
    rng = np.random.default_rng(5)
    law = rng.multivariate_normal([0, 0], [[1, 0.2], [0.2, 1]], size=(250, 150))
    found = [one.falsify(pd.DataFrame(x, columns=["A", "B"]), against=0.2) for x in law]
    power = found[0].table.power[0]
    rate = sum(map(bool, found)) / 250
    assert abs(rate - power) < 4 * math.sqrt(power * (1 - power) / 250)


def test_hidden_nodes_need_no_column_and_nothing_to_test_is_said():
    graph = Graph([("U", "A"), ("U", "B"), ("B", "C")], latent=["U"])
    assert len(graph.falsify(sampled(50, seed=0)).table) == 1
    nothing = Graph([("A", "B")]).falsify(sampled(50, seed=0))
    assert not nothing
    assert nothing.table.empty
    assert "no data of this kind" in str(nothing)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"A": None}, "the data have no column 'A'"),
        ({"D": 3.0}, "column 'D' is 3 in all 50 rows"),
        ({"B": "x"}, "column 'B' is not of numbers"),
        ({"C": np.nan}, "column 'C' is not finite in 50 of 50 rows"),
        ({"C": np.inf}, "column 'C' is not finite"),
        ({"B": np.arange(50.0), "A": np.arange(50.0) * 3}, "'A' is a linear function of B"),
    ],
)
def test_columns_are_refused_by_name(change, says):
    data = sampled(50, seed=0).assign(**{k: v for k, v in change.items() if v is not None})
    data = data.drop(columns=[name for name, v in change.items() if v is None])
    with pytest.raises(ValueError, match=f"falsify: .*{says}"):
        CHAIN.falsify(data)


def test_too_few_rows_and_levels_are_refused():
    with pytest.raises(ValueError, match=r"B _\|\|_ D \| A, C: 5 rows are too few; at least 6"):
        CHAIN.falsify(sampled(5, seed=0))
    for name in ("level", "against"):
        with pytest.raises(ValueError, match=f"{name}=1.5 is not between 0 and 1"):
            CHAIN.falsify(sampled(50, seed=0), **{name: 1.5})
