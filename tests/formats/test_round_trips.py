"""Whatever a graph is called, what is written is read back as the same graph."""

import itertools
import re

import networkx as nx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scm.formats import Specification, parse
from scm.formats.catalogue import FORMATS
from scm.formats.lavaan import _RESERVED as RESERVED
from scm.formats.networks import read as from_networkx
from scm.formats.networks import write as to_networkx
from scm.graph import Graph

ODD = [
    "graph", "Graph", "digraph", "strict", "subgraph", "node", "edge", "latent", "dag", "mag",
    "bb", "pos", "1", "-1", "1.5", ".5", "a b", " a", "a\tb", "a\nb", "a\rb", 'say "x"', '"', "\\",
    "a\\", '\\"', "\\n", "U(A, B)", "log.wage", "t-1", "A->B", "<->", "Größe", "π", "变量", "😀",
    "a;b", "#", "//", "/*", "*/", "!", "Y ~ X", "~~", "{", "}", "[latent]", "=", "&amp;", "&#65;",
    "&", "'", "‑", "→", "\u2028x", "\xa0x", "dag {", "graph [", "digraph {", "%N", "\\N", "true",
]  # fmt: skip
NAMES = st.sampled_from(ODD) | st.text(min_size=1, max_size=6).filter(lambda name: name.strip())
IN_R = st.from_regex(r"[A-Za-z][A-Za-z0-9_.]{0,4}", fullmatch=True).filter(
    lambda name: name not in RESERVED
)


@st.composite
def graphs(draw, names=NAMES):
    """A mixed graph with any names; its arrows run from earlier to later names."""
    nodes = draw(st.lists(names, max_size=6, unique=True))
    pairs = list(itertools.combinations(nodes, 2))
    directed = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    bidirected = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    latent = draw(st.lists(st.sampled_from(nodes), unique=True)) if nodes else []
    return Graph(directed, bidirected, latent, nodes=draw(st.permutations(nodes)))


@given(graphs())
@example(Graph(nodes=ODD))
@example(Graph(list(itertools.pairwise(ODD)), latent=ODD))
@example(Graph([("latent", "A")], [("A", "dag")], ["latent"]))
@settings(deadline=None, max_examples=150)
def test_the_text_of_a_graph_is_the_graph(graph):
    assert Graph.parse(str(graph)) == graph


@pytest.mark.parametrize("kind", ["dagitty", "dot", "gml"])
@given(graph=graphs())
@example(graph=Graph(nodes=ODD))
@example(graph=Graph(list(itertools.pairwise(ODD)), latent=ODD))
@settings(deadline=None, max_examples=100)
def test_a_format_keeps_graph_and_order(kind, graph):
    again = Graph.parse(getattr(graph, f"to_{kind}")())
    assert again == graph
    assert again.nodes == graph.nodes


@given(graphs(IN_R))
@settings(deadline=None, max_examples=100)
def test_lavaan_keeps_the_graph(graph):
    assert Graph.parse(graph.to_lavaan(), format="lavaan") == graph


@pytest.mark.parametrize("bidirected", ["latent", "edge"])
@given(graph=graphs())
@settings(deadline=None, max_examples=60)
def test_networkx_keeps_the_graph(bidirected, graph):
    again = Graph.from_networkx(graph.to_networkx(bidirected=bidirected))
    assert again == graph
    assert again.nodes == graph.nodes


@given(graphs())
@settings(deadline=None, max_examples=100)
def test_networkx_reads_our_gml(graph):
    """The reader of networkx is an independent one; both must see the same nodes and edges."""
    ours = graph.to_networkx()
    theirs = nx.parse_gml(graph.to_gml())
    assert set(theirs.nodes) == set(ours.nodes)
    assert set(theirs.edges) == set(ours.edges)
    hidden = {name for name, told in theirs.nodes(data=True) if told.get("latent")}
    assert hidden == {name for name, told in ours.nodes(data=True) if told.get("latent")}


@given(graphs())
@settings(deadline=None, max_examples=100)
def test_the_gml_of_networkx_is_read(graph):
    dag = nx.DiGraph(graph.directed)
    dag.add_nodes_from(graph.nodes)
    text = "\n".join(nx.generate_gml(dag))
    assert Graph.parse(text) == Graph(graph.directed, nodes=graph.nodes)


@pytest.mark.parametrize("kind", ["dagitty", "dot", "gml"])
def test_the_question_of_a_text_is_kept(kind):
    told = Specification(
        ("T", "Y", "Z", "U"),
        (("T", "Y"),),
        latent=("U",),
        exposure=("T",),
        outcome=("Y",),
        adjusted=("Z",),
    )
    assert parse(FORMATS[kind].write(told)) == told
    assert from_networkx(to_networkx(told)) == told


def test_the_canonical_graph_of_networkx_separates_as_the_mixed_graph_does():
    graph = Graph([("Z", "T"), ("T", "Y")], [("T", "Y"), ("Z", "W")], nodes=["Z", "T", "Y", "W"])
    dag = graph.to_networkx()
    for x, y in itertools.combinations(graph.nodes, 2):
        others = [name for name in graph.nodes if name not in (x, y)]
        for size in range(len(others) + 1):
            for known in itertools.combinations(others, size):
                apart = nx.is_d_separator(dag, {x}, {y}, set(known))
                assert apart == bool(graph.separated(x, y, given=known))


def test_a_name_that_a_hidden_root_would_take_is_left_to_its_node():
    graph = Graph([("U(A, B)", "A")], [("A", "B")])
    assert "U(A, B)'" in graph.to_networkx()
    assert Graph.from_networkx(graph.to_networkx()) == graph


def test_a_common_cause_that_has_got_more_children_stays_a_node():
    made = Graph(bidirected=[("A", "B")]).to_networkx()
    made.add_edge("U(A, B)", "C")
    read = Graph.from_networkx(made)
    assert read.latent == ("U(A, B)",)
    assert read.children("U(A, B)") == ("A", "B", "C")


def test_text_is_quoted_only_where_it_must_be():
    assert str(Graph([("log(wage)", "x.1"), ("x.1", "Y'")])) == "log(wage) -> x.1; x.1 -> Y'"
    assert str(Graph([("t-1", "latent")])) == '"t-1" -> "latent"'


@pytest.mark.parametrize("name", ["a b", "1x", "_x", "if", "t-1", ".2x"])
def test_lavaan_refuses_names_that_are_none_in_r(name):
    with pytest.raises(ValueError, match=f"to_lavaan: {re.escape(repr(name))} is no name in R"):
        Graph([(name, "Y")]).to_lavaan()


def test_dagitty_marks_the_nodes_of_a_question():
    graph = Graph([("Z", "T"), ("Z", "Y"), ("T", "Y"), ("U", "Y")], latent=["U"])
    text = graph.to_dagitty(exposure="T", outcome="Y", adjusted=["Z"])
    told = parse(text)
    assert (told.exposure, told.outcome, told.adjusted) == (("T",), ("Y",), ("Z",))
    assert "U [latent]" in text
    with pytest.raises(ValueError, match=r"to_dagitty\(exposure\): 't' is no node"):
        graph.to_dagitty(exposure="t")
