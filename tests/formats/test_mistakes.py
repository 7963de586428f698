"""Broken texts: the line, the column, what is found there and what was expected."""

import copy
import pickle

import pytest

from scm.formats import FormatError
from scm.graph import Graph

OWN = [
    ("A -- B", 1, 3, "found '--', expected '->', '<-' or '<->'"),
    ("A -> B\n  B - C", 2, 5, "B -> C, B <- C, or B <-> C"),
    ("t-1 -> Y", 1, 2, 'is quoted: "t-1"'),
    ("Z -> T\n\n\tT => Y", 3, 4, "write: T -> Y"),
    ("A -> B\r\nB <--> C", 2, 3, "write: B <-> C"),
    ("A -> B; T ~> Y", 1, 11, "write: A -> B; T -> Y"),
    ("A –> B", 1, 3, "write: A -> B"),
    ("my var -> Y", 1, 4, 'a name with a blank in it is quoted: "my var"'),
    ("A, B -> C", 1, 2, "several nodes stand in braces: {A, B} -> C"),
    ("{A, B -> C", 1, 7, "the braces end before the edge: {A, B}"),
    ("A -> {B, C", 1, 6, "this '{' is never closed"),
    ("A -> {}", 1, 7, "found '}', expected a name"),
    ("{A; B} -> C", 1, 3, "found ';', expected ',', '}' or another name"),
    ("A ->\nB", 1, 5, "found the end of the line, expected a name or '{'"),
    ("A -> B ->", 1, 10, "found the end of the text, expected a name or '{'"),
    ("A\n-> B", 2, 1, "a statement begins with a name"),
    ("A -> -> B", 1, 6, "found '->', expected a name or '{'"),
    ("A -> B\nlatent", 2, 7, "expected the name of a hidden node"),
    ("latent -> Y", 1, 8, "a node of that name is quoted"),
    ("Y <- latent", 1, 6, 'write: Y <- "latent"'),
    ("latent U -> Y", 1, 10, "a mark and an edge are two statements"),
    ('"A -> B', 1, 1, "this quote is never closed"),
    ("'A' -> B", 1, 1, "names stand in double quotes"),
    (r'"a\q" -> B', 1, 3, r"found '\q', expected \\, \", \n, \r or \t"),
    ('A -> " "', 1, 6, "expected a name with at least one letter"),
    ("A [latent]", 1, 3, "a statement of its own: latent U"),
    ("A -> B  // so", 1, 9, "a comment begins with '#'"),
    ("A -> B } C", 1, 8, "found '}'"),
    ("A -> B; A -> A", 1, 11, "A -> A joins A to itself"),
    ("A <-> A", 1, 3, "A <-> A joins A to itself"),
    (
        "A -> B; X -> A\nB -> C\nC -> A", 3, 3,
        "A -> B -> C -> A, expected none\n  3 | C -> A\n    |   ^^\n"
        "the arrows of the circle: A -> B (line 1), B -> C (line 2), C -> A (line 3)",
    ),
    ("A -> B\nB -> A", 2, 3, "an unseen common cause is a bidirected edge, not two arrows"),
    ("digraph A -> B", 1, 9, "DOT text stands in braces"),
]  # fmt: skip

DAGITTY = [
    ("dag { A -> B", 1, 5, "this '{' is never closed"),
    ("dag {\n A -- B }", 2, 4, "an edge says which is the cause"),
    ("pdag { A -- B }", 1, 1, "a pdag is a class of graphs"),
    ("\nmag { A <-> B }", 2, 1, "a mag is an ancestral graph"),
    ("dag { A @-> B }", 1, 9, "'@' is a mark of classes of graphs"),
    ("dag { A -> B } C", 1, 16, "found 'C', expected the end of the text"),
    ("dag { A [latent=maybe] }", 1, 10, "latent='maybe' is neither yes nor no"),
    ("dag { S [selected] }", 1, 10, "a graph has no selected nodes"),
    ("dag { A -> [beta=1] B }", 1, 12, "found '[', expected a name or '{'"),
    ("dag { A -> B\nB -> A }", 2, 3, "A -> B (line 1), B -> A (line 2)"),
    ("dag { t-1 -> Y }", 1, 8, 'quoted: "t-1"'),
    ('dag { "A -> B }', 1, 7, "this quote is never closed"),
    ("dag { A [pos= ] }", 1, 15, "found ']', expected a value"),
    ("dag { A [latent }", 1, 17, "found '}', expected the name of an attribute or ']'"),
    ("dag { A -> }", 1, 12, "found '}', expected a name or '{'"),
    ("dag { A & B }", 1, 9, "found '&'"),
    ("dag {" + "{" * 60, 1, 56, "at most 50 braces in each other"),
]

DOT = [
    ("graph { A -- B }", 1, 1, "found 'graph', expected 'digraph'"),
    ("digraph { A -- B }", 1, 13, "found '--', expected '->'"),
    ("digraph { A <- B }", 1, 13, "write B -> A for A <- B"),
    ("digraph { A <-> B }", 1, 13, "write A -> B [dir=both] for A <-> B"),
    ("digraph {\n  log.wage -> Y\n}", 2, 3, 'is quoted: "log.wage"'),
    ("digraph { t-1 -> Y }", 1, 12, 'quoted: "t-1"'),
    ("digraph { A -> node }", 1, 16, 'write: digraph { A -> "node" }'),
    ("digraph { edge -> A }", 1, 11, 'write: digraph { "edge" -> A }'),
    ("digraph { A -> B [dir=none] }", 1, 13, "without arrowheads"),
    ("digraph { A -> B [dir=sideways] }", 1, 19, "found dir=sideways"),
    ("digraph { A -> B [arrowhead=odot] }", 1, 19, "ends in a circle (odot)"),
    ("digraph { U [observed=maybe] }", 1, 14, "observed='maybe' is neither yes nor no"),
    ("digraph { A -> B; B -> C;\n C -> A }", 2, 4, "this arrow closes the circle"),
    ("digraph { A -> { B C }", 1, 9, "this '{' is never closed"),
    ("digraph { A [color=red }", 1, 24, "found '}'"),
    ("digraph { <b>A</b> -> B }", 1, 11, "found '<b>'"),
    ("digraph { A -> B } }", 1, 20, "expected the end of the text"),
    ("digraph { 2var -> Y }", 1, 11, "found '2var'"),
    ("digraph { A -> B:: }", 1, 18, "a name with a colon in it is quoted"),
    ("digraph { {A B} [latent=true] }", 1, 17, "found '['"),
]

GML = [
    ("graph [ node [ id 0 ] ]", 1, 1, "expected 'directed 1'"),
    ("graph [\n  directed 0 ]", 2, 3, "found directed 0, expected 'directed 1'"),
    ('graph [ directed 1 node [ label "A" ] ]', 1, 20, "this node has no id"),
    ("graph [ directed 1 node [ id 0 ] node [ id 0 ] ]", 1, 41, "id 0 is given twice"),
    (
        'graph [ directed 1 node [ id 0 label "A" ]\nnode [ id 1 label "A" ] ]', 2, 13,
        "label 'A' is given twice",
    ),
    (
        "graph [ directed 1 node [ id 0 ] edge [ source 0 target 1 ] ]", 1, 57,
        "found target 1, expected the id of a node",
    ),
    ("graph [ directed 1 node [ id 0 ] edge [ source 0 ] ]", 1, 34, "this edge has no target"),
    ("graph [ directed 1 edge [ source 0 target 0 ] ]", 1, 34, "there are no nodes"),
    ("graph [ directed 1 node [ id A ] ]", 1, 30, 'write: graph [ directed 1 node [ id "A" ] ]'),
    ("graph [ directed 1 node [ id 0 ]", 1, 7, "this '[' is never closed"),
    ('graph [ directed 1 node [ id "A ] ]', 1, 30, "this quote is never closed"),
    ("graph [ directed 1 ] ]", 1, 22, "found ']', expected a key or the end of the text"),
    ("graph [ directed 1 2 ]", 1, 20, "found '2', expected a key or ']'"),
    ('graph [ directed 1 node [ id 0 latent "hm" ] ]', 1, 32, "neither yes nor no"),
    (
        'graph[directed 1\nnode[id "A"] node[id "B"]\nedge[source "A" target "B"]\n'
        'edge[source "B" target "A"]]', 4, 1, "A -> B (line 3), B -> A (line 4)",
    ),
]  # fmt: skip

LAVAAN = [
    ("Y ~ X +", 1, 8, "found the end of the line, expected a variable"),
    ("Y ~ X Z", 1, 7, "found 'Z', expected '+', '*', ':'"),
    ("Y ~ X\nW ~ X - Z", 2, 7, "found '-'"),
    ("~ X", 1, 1, "found '~', expected a variable"),
    ("Y ~ X + * Z", 1, 9, "found '*', expected a variable"),
    ("Y ~ 2*", 1, 7, "a variable after '*'"),
    ("model <- 'Y ~ X'", 1, 7, "give the model alone, without the R code"),
    ("'\n Y ~ X\n'", 1, 1, "give the model alone"),
    ("group: 1\nY ~ X", 1, 1, "give each group or level by itself"),
    ("Y ~ X\nZ\nW ~ Y", 2, 2, "expected '~', '=~' or '~~'"),
    ("Y =~ 1", 1, 6, "found '1', expected a variable"),
    ("X:Z ~~ Y", 1, 1, "expected one variable"),
    ("Y ~ c(a, b*X", 1, 6, "this '(' is never closed"),
    ("Y ~ X\nX ~ Y", 2, 5, "X -> Y (line 1), Y -> X (line 2)"),
    ("my-var ~ X", 1, 3, "names in R have no '-'"),
    ("Y ~ 3", 1, 5, "found '3', expected a variable"),
    ("Y ~ Y", 1, 5, "joins Y to itself"),
    ("Y ~ X ~ Z", 1, 7, "found '~'"),
    ('Y ~ "a*X', 1, 5, "this quote is never closed"),
]


@pytest.mark.parametrize(
    ("text", "line", "column", "says"), [*OWN, *DAGITTY, *DOT, *GML, *LAVAAN]
)  # fmt: skip
def test_the_place_of_a_mistake(text, line, column, says):
    with pytest.raises(FormatError) as caught:
        Graph.parse(text)
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert isinstance(error, ValueError)
    shown = str(error).splitlines()
    assert shown[0].startswith(f"line {line}, column {column}: ")
    assert says in str(error)
    assert "expected" in shown[0]
    # The caret stands under the character at that place.
    written = text.replace("\r\n", "\n").split("\n")[line - 1].replace("\t", " ")
    assert shown[1] == f"  {line} | {written}"
    assert shown[2].index("^") == len(f"  {line} | ") + column - 1


def test_of_a_long_line_the_part_around_the_place_is_shown():
    text = " -> ".join(f"n{i}" for i in range(500)) + " -- last"
    with pytest.raises(FormatError, match="found '--'") as caught:
        Graph.parse(text)
    shown = str(caught.value).splitlines()
    assert len(shown[1]) < 120
    start = shown[2].index("^")
    assert shown[1][start : start + 2] == "--"
    assert caught.value.column == text.index("--") + 1


def test_an_error_can_be_copied_and_sent():
    with pytest.raises(FormatError) as caught:
        Graph.parse("A -- B")
    for again in (copy.copy(caught.value), pickle.loads(pickle.dumps(caught.value))):
        assert (str(again), again.line, again.column) == (str(caught.value), 1, 3)


def test_a_name_that_is_nearly_another_is_a_node_of_its_own():
    assert Graph.parse("treatment -> Y; treatmnt -> Y").nodes == ("treatment", "Y", "treatmnt")


def test_a_large_text_is_read_in_one_go():
    size = 10_000
    text = "\n".join(f"n{i} -> n{i + 1}" for i in range(size))
    assert len(Graph.parse(text).nodes) == size + 1
    # No brackets or quotes of a broken text may take the scanner back and forth.
    for broken in ("{" * size, '"' * (size + 1), "dag " * size, "/*" * size, "Y ~ " + "c(" * size):
        with pytest.raises(FormatError):
            Graph.parse(broken)
