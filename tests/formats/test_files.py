"""Graphs in files: by ending, by contents, and with the file's name in an error."""

import pytest

from scm.formats import FormatError
from scm.graph import Graph

GRAPH = Graph([("U", "T"), ("T", "Größe")], [("T", "Größe")], ["U"], nodes=["U", "T", "Größe", "W"])


@pytest.mark.parametrize(
    "ending", [".txt", ".dag", ".dagitty", ".dot", ".gv", ".gml", ".lav", ".lavaan", ".DOT"]
)
def test_a_file_holds_the_graph(tmp_path, ending):
    GRAPH.write(tmp_path / f"graph{ending}")
    assert Graph.read(tmp_path / f"graph{ending}") == GRAPH
    assert Graph.read(str(tmp_path / f"graph{ending}")) == GRAPH


@pytest.mark.parametrize("ending", [".txt", ".dot", "", ".model"])
def test_the_first_word_counts_more_than_the_ending(tmp_path, ending):
    path = tmp_path / f"graph{ending}"
    path.write_text("dag { A -> B }", encoding="utf-8")
    assert Graph.read(path) == Graph([("A", "B")])


def test_line_ends_and_byte_order_marks_are_those_of_any_system(tmp_path):
    path = tmp_path / "graph.txt"
    path.write_bytes("\ufeffA -> B\r\nB -> C\r\n".encode())
    assert Graph.read(path) == Graph([("A", "B"), ("B", "C")])
    path.write_bytes(b"A -> B\r\nB => C\r\n")
    with pytest.raises(FormatError, match=r"^graph\.txt, line 2, column 3: found '=>'"):
        Graph.read(path)


def test_an_ending_without_a_format(tmp_path):
    with pytest.raises(ValueError, match=r"graph\.xml: the ending '\.xml' is of no format"):
        GRAPH.write(tmp_path / "graph.xml")
    GRAPH.write(tmp_path / "graph.xml", format="dot")
    assert Graph.read(tmp_path / "graph.xml") == GRAPH
    (tmp_path / "plain.dot").write_text("A -> B")
    with pytest.raises(FormatError, match=r"plain\.dot, line 1, column 1: found 'A', expected 'di"):
        Graph.read(tmp_path / "plain.dot")
    assert Graph.read(tmp_path / "plain.dot", format="text") == Graph([("A", "B")])


def test_what_is_no_text(tmp_path):
    (tmp_path / "graph.txt").write_bytes(b"A -> \xff")
    with pytest.raises(ValueError, match=r"graph\.txt is not UTF-8 text: byte 5"):
        Graph.read(tmp_path / "graph.txt")
    with pytest.raises(FileNotFoundError):
        Graph.read(tmp_path / "none.txt")
