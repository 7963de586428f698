"""Texts as people and programs write them, and the graph in each, told by hand."""

import networkx as nx
import pytest

from scm.formats import parse
from scm.formats.catalogue import recognise
from scm.graph import Graph


def same(text, edges="", arcs="", latent="", nodes="", **options):
    """The graph of a text against edges written `AB CD`, one letter a name."""
    graph = Graph.parse(text, **options)
    pairs = lambda told: {(pair[0], pair[1]) for pair in told.split()}
    assert set(graph.directed) == pairs(edges)
    assert {frozenset(arc) for arc in graph.bidirected} == {frozenset(p) for p in pairs(arcs)}
    assert set(graph.latent) == set(latent.split())
    met = {name for pair in pairs(edges) | pairs(arcs) for name in pair}
    assert set(graph.nodes) == met | set(nodes.split()) | set(latent.split())


@pytest.mark.parametrize(
    ("text", "edges", "arcs", "latent", "nodes"),
    [
        ("Z -> T -> Y; T <-> Y", "ZT TY", "TY", "", ""),
        ("Z->T->Y\nT<->Y\n", "ZT TY", "TY", "", ""),
        ("A <- B -> C <- D", "BA BC DC", "", "", ""),
        ("{A, B} -> C", "AC BC", "", "", ""),
        ("A -> {B C} -> D", "AB AC BD CD", "", "", ""),
        ("A -> {\n  B,\n  C  # two\n}\n", "AB AC", "", "", ""),
        ("{A B} <-> {C D}", "", "AC AD BC BD", "", ""),
        ("A\r\nB -> C;;\n\n", "BC", "", "", "A"),
        ("latent U; U -> T; U -> Y", "UT UY", "", "U", ""),
        ("U -> T\nlatent U, V", "UT", "", "U V", ""),
        ("latent {U V}\nlatent W X", "", "", "U V W X", ""),
        ('"U" -> "T"  # -> Y', "UT", "", "", ""),
        ("A → B ← C ↔ D", "AB CB", "CD", "", ""),
        ("A -> B; A -> B; B <-> A; A <-> B", "AB", "AB", "", ""),
        ("# nothing but this", "", "", "", ""),
        ("", "", "", "", ""),
    ],
)
def test_our_own_text(text, edges, arcs, latent, nodes):
    same(text, edges, arcs, latent, nodes)


def test_order_is_that_of_appearance():
    assert Graph.parse("C -> A; B; {E D} -> A").nodes == ("C", "A", "B", "E", "D")


DAGITTY_SITE = """dag {
bb="-2.79,-4.1,3.2,2.4"
"Physical activity" [exposure,pos="-1.9,-0.3"]
"Blood pressure" [outcome,pos="1.2,-0.3"]
Age [adjusted,pos="-0.4,-2.6"]
Genes [latent,pos="0.1,-3.4"]
"Body mass" [pos="-0.3,-0.9"]
"Physical activity" -> "Blood pressure"
"Physical activity" -> "Body mass"
"Body mass" -> "Blood pressure" [pos="0.4,-0.8"]
Age -> "Blood pressure"
Age -> "Physical activity"
Genes -> "Blood pressure"
Genes -> "Body mass"
}
"""


def test_what_dagitty_net_writes():
    told = parse(DAGITTY_SITE)
    assert told.nodes == ("Physical activity", "Blood pressure", "Age", "Genes", "Body mass")
    assert set(told.directed) == {
        ("Physical activity", "Blood pressure"), ("Physical activity", "Body mass"),
        ("Body mass", "Blood pressure"), ("Age", "Blood pressure"), ("Age", "Physical activity"),
        ("Genes", "Blood pressure"), ("Genes", "Body mass"),
    }  # fmt: skip
    assert told.latent == ("Genes",)
    assert (told.exposure, told.outcome, told.adjusted) == (
        ("Physical activity",), ("Blood pressure",), ("Age",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "edges", "arcs", "latent", "nodes"),
    [
        ("dag{X -> Y}", "XY", "", "", ""),
        ("dag { {X V} -> U; A <- U; {Y V} -> W; W -> B}", "XU VU UA YW VW WB", "", "", ""),
        ("dag { A <- U <- {X V} ; {Y V} -> W -> B }", "UA XU VU YW VW WB", "", "", ""),
        ("dag { X <- A -> M <- B -> Y ; X -> Y }", "AX AM BM BY XY", "", "", ""),
        ("dag g { X [e] Y [o] U [u] U -> {X Y} }", "UX UY", "", "U", ""),
        ("dag { U [unobserved, pos=\"0,1\"]; U -> X <-> Y }", "UX", "XY", "U", ""),
        ("dag { X -> Y [beta=-0.4] Z }", "XY", "", "", "Z"),
        ("dag {\n  X\n  -> Y // to the outcome\n  /* and\n nothing */ }", "XY", "", "", ""),
        ("DAG { A -> { B -> C } }", "AB AC BC", "", "", ""),
        ("dag { A, B, A -> B }", "AB", "", "", ""),
        ("# by hand\ndag \"my graph\" { }", "", "", "", ""),
    ],
)  # fmt: skip
def test_dagitty(text, edges, arcs, latent, nodes):
    assert recognise(text) == "dagitty"
    same(text, edges, arcs, latent, nodes)


DOT_BY_HAND = """
/* smoking, tar, cancer */
strict digraph "front door" {
    graph [rankdir="LR", label=<the <b>front</b> door>];
    node [shape=ellipse fontname="Helvetica"]
    edge [color=gray];
    S [label="Smoking"]; T [label="Tar", pos="1,2!"];
    # the hidden cause
    U [shape=circle, style=dashed, observed="no"];
    subgraph cluster_seen { style=filled; S -> T; T:e -> C:w [penwidth=2.5] }
    U -> { S C } [style=dashed]
}
"""


@pytest.mark.parametrize(
    ("text", "edges", "arcs", "latent", "nodes"),
    [
        (DOT_BY_HAND, "ST TC US UC", "", "U", ""),
        ("digraph{A->B;B->C}", "AB BC", "", "", ""),
        ("digraph { A -> B -> C; A -> C [dir=both] }", "AB BC", "AC", "", ""),
        ('digraph { A -> B [dir="both", style="dashed"] }', "", "AB", "", ""),
        ("digraph { A -> B [style=dashed] }", "AB", "", "", ""),
        ("digraph { A -> B [dir=back] }", "BA", "", "", ""),
        ("digraph { edge [dir=both]; A -> B }", "", "AB", "", ""),
        ("digraph { { edge [dir=both] A -> B } A -> C }", "AC", "AB", "", ""),
        ("digraph { {A B} -> {C D} }", "AC AD BC BD", "", "", ""),
        ("digraph { node [latent=true] U; node [latent=false] T; U -> T }", "UT", "", "U", ""),
        ("digraph { U [latent]; U -> T }", "UT", "", "U", ""),
        ('digraph { T; "Y"; U[label="Unobserved Confounders"]; U -> T; U->Y; T->Y; }',
         "UT UY TY", "", "U", ""),
        # Two arrowheads at an edge drawn both ways, and only one: what graph libraries write.
        ('digraph { "A" -> "B" [arrowtail=none, arrowhead=normal]; }', "AB", "", "", ""),
        ("digraph { A -> B [dir=both, arrowtail=none, arrowhead=normal] }", "AB", "", "", ""),
        ("digraph { A -> B [dir=both, arrowtail=normal, arrowhead=normal] }", "", "AB", "", ""),
        ("DiGraph { 1 -> 2; 3 }", "12", "", "", "3"),
        ('digraph { "A" [label="say \\"a\\""] ; "A" -> B }', "AB", "", "", ""),
    ],
)  # fmt: skip
def test_dot(text, edges, arcs, latent, nodes):
    assert recognise(text) == "dot"
    same(text, edges, arcs, latent, nodes)


def test_names_of_dot_are_what_graphviz_draws():
    graph = Graph.parse(r'digraph { "C:\\dir" -> "two\nlines" }')
    assert graph.nodes == ("C:\\dir", "two\nlines")


DOWHY_GML = (
    'graph[directed 1 node[ id "T" label "T"]node[ id "Y" label "Y"]node[ id "Z" label "Z"]'
    'node[ id "U" label "Unobserved Confounders"]edge[source "Z" target "T"]'
    'edge[source "T" target "Y"]edge[source "U" target "T"]edge[source "U" target "Y"]]'
)


def test_gml_as_dowhy_has_it():
    graph = Graph.parse(DOWHY_GML)
    hidden = "Unobserved Confounders"
    assert set(graph.directed) == set(nx.parse_gml(DOWHY_GML).edges)
    assert graph == Graph([("Z", "T"), ("T", "Y"), (hidden, "T"), (hidden, "Y")], latent=[hidden])


@pytest.mark.parametrize(
    ("text", "edges", "arcs", "latent"),
    [
        ('Creator "igraph"\nVersion 1\ngraph\n[\n  directed 1\n  node\n  [\n    id 0\n'
         '    name "a"\n    label "A"\n    graphics [ x 1.5 y -2e3 ]\n  ]\n'
         '  node [ id 1 label "B" ]\n  edge [ source 0 target 1 weight 0.5 ]\n]\n', "AB", "", ""),
        ('graph [ directed 1 edge [ source 0 target 1 bidirected 1 ] node [ id 0 label "A" ]'
         ' node [ id 1 label "B" ] ]', "", "AB", ""),
        ('# a comment\ngraph [ directed 1 node [ id "U" observed "no" ] node [ id "A" ] '
         'edge [ source "U" target "A" ] ]', "UA", "", "U"),
    ],
)  # fmt: skip
def test_gml(text, edges, arcs, latent):
    assert recognise(text) == "gml"
    same(text, edges, arcs, latent)


POLITICS = """
  # measurement model
    ind60 =~ x1 + x2 + x3
    dem60 =~ y1 + a*y2 + b*y3 +
             c*y4
    dem65 =~ y5 + a*y6
             + b*y7 + c*y8
  # regressions
    dem60 ~ ind60
    dem65 ~ ind60 + dem60
  # residual correlations
    y1 ~~ y5
    y2 ~~ y4 + y6
    y3 ~~ y7 ; y4 ~~ y8
    y6 ~~ y8
"""


def test_lavaan_with_a_measurement_model():
    graph = Graph.parse(POLITICS)
    assert graph.latent == ("ind60", "dem60", "dem65")
    assert graph.children("dem60") == ("y1", "y2", "y3", "y4", "dem65")
    assert graph.parents("dem65") == ("ind60", "dem60")
    assert {frozenset(arc) for arc in graph.bidirected} == {
        frozenset(pair)
        for pair in [
            ("y1", "y5"), ("y2", "y4"), ("y2", "y6"), ("y3", "y7"), ("y4", "y8"), ("y6", "y8"),
        ]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "edges", "arcs", "latent", "nodes"),
    [
        ("Y ~ c*X\nM ~ a*X\nY ~ b*M\nab := a*b\ntotal := c + (a*b)", "XY XM MY", "", "", ""),
        ("Y ~ X + Z\nX ~~ Y ! residuals\n", "XY ZY", "XY", "", ""),
        ("Y ~ 1 + X\nX ~ 1\nX ~~ X\nX ~~ 1.5*X", "XY", "", "", ""),
        ("Y ~ 0*X + Z; X ~~ 0*Z", "ZY", "", "", "X"),
        ("Y ~ c(a1, a2)*X + start(0.5)*Z + NA*W", "XY ZY WY", "", "", ""),
        ("Y ~ c(0, 0)*X + c(0, a)*Z", "ZY", "", "", "X"),
        ('Y ~ label("b")*X + equal("Y~X")*Z', "XY ZY", "", "", ""),
        ("Y + W ~ X + Z", "XY ZY XW ZW", "", "", ""),
        ("Y ~ X:Z", "XY ZY", "", "", ""),
        ("F =~ NA*A + B\nF ~~ 1*F", "FA FB", "", "F", ""),
        ("C <~ A + B", "AC BC", "", "C", ""),
        ("U =~ 0", "", "", "U", ""),
        ("Y ~ b1*X + b2*Z\nb1 == b2\nb1 > 0\nb1 < (b2 + 2)^2", "XY ZY", "", "", ""),
        ("Y ~ X\nY | t1 + t2\nY ~*~ 1*Y", "XY", "", "", ""),
        ("Y ~ X\n\n   + Z\n", "XY ZY", "", "", ""),
        ("Y ~\n  X +\n  Z", "XY ZY", "", "", ""),
        ("Y ~ -1*X", "XY", "", "", ""),
    ],
)
def test_lavaan(text, edges, arcs, latent, nodes):
    assert recognise(text) == "lavaan"
    same(text, edges, arcs, latent, nodes)


def test_a_format_can_be_named():
    same("A -> B", "AB", format="text")
    assert Graph.parse("ab := 2*c", format="lavaan") == Graph()
    with pytest.raises(ValueError, match=r"'daggity', expected one of .* did you mean 'dagitty'"):
        Graph.parse("dag { A -> B }", format="daggity")
    with pytest.raises(TypeError, match="read from a str, given bytes"):
        Graph.parse(b"A -> B")


def test_what_networkx_graphs_say():
    dag = nx.DiGraph([("A", "B")])
    dag.add_node("U", observed="no")
    dag.add_node("V", latent=False, label="V")
    dag.add_node("W", label="Unobserved Confounders")
    graph = Graph.from_networkx(dag)
    assert graph == Graph([("A", "B")], latent=["U", "W"], nodes=["A", "B", "U", "V", "W"])
    both = nx.MultiDiGraph([("A", "B")])
    both.add_edge("B", "A", dir="both")
    assert Graph.from_networkx(both) == Graph([("A", "B")], [("A", "B")])


@pytest.mark.parametrize(
    ("graph", "error", "says"),
    [
        (nx.Graph([("A", "B")]), ValueError, "a Graph has edges without a direction"),
        (nx.DiGraph([(0, 1)]), TypeError, r"node 0 is a int, .*relabel_nodes\(graph, str\)"),
        (nx.DiGraph([("A", "B"), ("B", "A")]), ValueError, "in a circle: A -> B -> A"),
        (nx.DiGraph([("A", "A")]), ValueError, "joins A to itself"),
        ([("A", "B")], TypeError, "list is no networkx graph"),
    ],
)
def test_networkx_graphs_that_are_refused(graph, error, says):
    with pytest.raises(error, match=says):
        Graph.from_networkx(graph)


def test_an_attribute_of_networkx_that_is_neither_yes_nor_no():
    dag = nx.DiGraph()
    dag.add_node("A", latent="perhaps")
    with pytest.raises(ValueError, match="node 'A': latent='perhaps' is neither yes nor no"):
        Graph.from_networkx(dag)
    with pytest.raises(ValueError, match="bidirected='arc', expected 'latent' or 'edge'"):
        Graph().to_networkx(bidirected="arc")


def test_what_is_told_twice_is_specified_once():
    told = parse("A <-> B; B <-> A; A -> B; B <- A; latent A; latent A")
    assert told.bidirected == told.directed == (("A", "B"),)
    assert told.latent == ("A",)
