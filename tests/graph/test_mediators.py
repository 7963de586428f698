"""Mediators by enumeration of directed paths."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scm.graph import Graph


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_mediators_are_what_the_paths_meet(data, draw_graph, paths):
    graph = draw_graph(data)
    x, y = data.draw(st.permutations(graph.nodes))[:2]
    every = paths(graph)
    direct = [set(p[2:-1:2]) for p in every.between(x, y) if every.is_causal(p)]
    met = set().union(*direct) - set(graph.latent)
    found = graph.mediators(x, y)
    assert set(found.mediators) == met
    assert list(found.mediators) == [name for name in graph.nodes if name in met]
    assert bool(found) == bool(met)
    assert found.full == (bool(direct) and all(between & met for between in direct))
    shared = set.intersection(*direct) & met if direct else set()
    assert set(found.alone) == shared
    assert bool(found.path) == any(not between & met for between in direct)
    if found.path:
        assert found.path in every.between(x, y)
        assert every.is_causal(found.path)
        assert not set(found.path) & met


@pytest.mark.parametrize(
    ("directed", "latent", "says"),
    [
        ([("T", "M"), ("M", "Y")], [], "full mediation by M: .* from T to Y meets M"),
        (
            [("T", "M"), ("T", "N"), ("M", "Y"), ("N", "Y")],
            [],
            "full mediation by M, N: .* meets one of them",
        ),
        ([("T", "M"), ("M", "Y"), ("T", "Y")], [], "partial mediation by M: T -> Y meets none"),
        ([("T", "L"), ("L", "Y")], ["L"], "no mediator: T -> L -> Y meets none"),
        ([("T", "Y")], [], "no mediator: T -> Y meets none"),
        ([("Y", "T")], [], "no mediator: no directed path runs from T to Y"),
    ],
)
def test_in_words(directed, latent, says):
    found = Graph(directed, latent=latent).mediators("T", "Y")
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(str(found))


def test_what_is_no_question_is_refused():
    graph = Graph([("T", "M"), ("M", "Y")])
    with pytest.raises(ValueError, match="T is in treatment and in outcome"):
        graph.mediators("T", "T")
    with pytest.raises(ValueError, match="'N' is no node of this graph"):
        graph.mediators("T", "N")
