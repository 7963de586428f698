"""Pictures of graphs: every node and edge is there, names fit, nothing lies on anything else."""

import itertools
import random
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Rectangle

from scm.graph import Graph
from scm.graph.pictures.drawing import draw
from scm.graph.pictures.layout import assign_layers, insert_waypoints, reduce_crossings

LONG = "cumulative exposure to fine particles, micrograms per cubic metre and year"


def random_graph(seed: int, nodes: int) -> Graph:
    rng = random.Random(seed)
    names = [f"X{i}" * rng.choice((1, 1, 4)) for i in range(nodes)]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 : i + 9]]
    directed = [pair for pair in pairs if rng.random() < 0.2]
    return Graph(directed, rng.sample(pairs, nodes // 5), rng.sample(names, nodes // 5), names)


GRAPHS = {
    "chain": Graph([("X", "M"), ("M", "Y")], [("X", "Y")]),
    "both edges": Graph([("T", "Y")], [("T", "Y")]),
    "long names": Graph([(LONG, "Y"), ("U", LONG), ("U", "Y")], latent=["U"]),
    "long latent": Graph([(LONG, "Y")], latent=[LONG]),
    "odd names": Graph([("cost_$_of_$", "P(x|y)"), ("two\nlines", "{a}^2")]),
    "dense": Graph(list(itertools.combinations("ABCDEF", 2))),
    "arcs only": Graph(bidirected=[("A", "B"), ("B", "C"), ("A", "C")]),
    "no edges": Graph(nodes=[f"v{i}" for i in range(11)]),
    "one": Graph(nodes=["alone"]),
    "ten": random_graph(3, 10),
    "thirty": random_graph(4, 30),
}


def patches(axes) -> dict[str, object]:
    return {patch.get_gid(): patch for patch in axes.patches}


def box(artist):
    return artist.get_window_extent(FigureCanvasAgg(artist.figure).get_renderer())


@pytest.mark.parametrize("name", GRAPHS)
def test_every_node_and_edge_is_drawn(name):
    graph = GRAPHS[name]
    axes = draw(graph)
    wanted = {f"node:{n}" for n in graph.nodes}
    wanted |= {f"edge:{a}->{b}" for a, b in graph.directed}
    wanted |= {f"edge:{a}<->{b}" for a, b in graph.bidirected}
    assert set(patches(axes)) == wanted
    assert len(axes.patches) == len(wanted)
    assert [text.get_text() for text in axes.texts] == list(graph.nodes)


@pytest.mark.parametrize("given_axes", [False, True])
@pytest.mark.parametrize("name", GRAPHS)
def test_names_fit_and_boxes_keep_apart(name, given_axes):
    graph = GRAPHS[name]
    axes = draw(graph, Figure(figsize=(4, 3)).subplots() if given_axes else None)
    drawn = patches(axes)
    for text in axes.texts:
        inner, outer = box(text), box(drawn[f"node:{text.get_text()}"])
        assert outer.x0 <= inner.x0 <= inner.x1 <= outer.x1
        assert outer.y0 <= inner.y0 <= inner.y1 <= outer.y1
    nodes = [box(drawn[f"node:{n}"]) for n in graph.nodes]
    for one, other in itertools.combinations(nodes, 2):
        assert not one.overlaps(other)
    frame = axes.get_window_extent()
    for outer in nodes:
        assert frame.x0 <= outer.x0 <= outer.x1 <= frame.x1
        assert frame.y0 <= outer.y0 <= outer.y1 <= frame.y1


@pytest.mark.parametrize("name", GRAPHS)
def test_causes_stand_left_of_effects_and_arrows_join_them(name):
    graph = GRAPHS[name]
    axes = draw(graph)
    drawn = patches(axes)
    for cause, effect in graph.directed:
        left, right = box(drawn[f"node:{cause}"]), box(drawn[f"node:{effect}"])
        assert left.x1 < right.x0
        curve = drawn[f"edge:{cause}->{effect}"]._path_original.vertices
        ends = axes.transData.transform(curve[[0, -1]])
        for (x, y), node in zip(ends, (left, right), strict=True):
            assert node.x0 - 2 <= x <= node.x1 + 2
            assert node.y0 - 2 <= y <= node.y1 + 2


@pytest.mark.parametrize("name", ["chain", "dense", "ten", "thirty"])
def test_arrows_pass_between_the_nodes(name):
    graph = GRAPHS[name]
    axes = draw(graph)
    drawn = patches(axes)
    for cause, effect in graph.directed:
        curve = drawn[f"edge:{cause}->{effect}"]._path_original.vertices
        points = axes.transData.transform(curve)
        for other in graph.nodes:
            if other not in (cause, effect):
                node = box(drawn[f"node:{other}"])
                inside = (points > [node.x0, node.y0]) & (points < [node.x1, node.y1])
                assert not inside.all(axis=1).any(), (cause, effect, other)


def test_marks_of_latent_and_forced_nodes_and_of_arcs():
    graph = Graph([("U", "T"), ("T", "Y")], [("T", "Y")], ["U"])
    drawn = patches(draw(graph, highlight=["T"]))
    assert isinstance(drawn["node:U"], Ellipse)
    assert drawn["node:U"].width == drawn["node:U"].height
    assert drawn["node:U"].get_linestyle() != drawn["node:Y"].get_linestyle()
    assert isinstance(drawn["node:T"], Rectangle)
    assert not isinstance(drawn["node:Y"], Rectangle)
    assert drawn["edge:T<->Y"].get_linestyle() != drawn["edge:T->Y"].get_linestyle()
    assert "edge:U->T" in drawn  # highlighting cuts no edges
    curve = drawn["edge:T<->Y"]._path_original.vertices
    chord = np.linspace(curve[0], curve[-1], len(curve))
    assert np.abs(curve - chord).max() > 5


def crossings(columns, links) -> int:
    rank = {place: (i, r) for i, column in enumerate(columns) for r, place in enumerate(column)}
    lines = [(rank[a], rank[b]) for a, b in links]
    return sum(
        a[0] == c[0] and (a[1] - c[1]) * (b[1] - d[1]) < 0
        for (a, b), (c, d) in itertools.combinations(lines, 2)
    )


def test_few_lines_cross():
    """A graph that can be drawn without crossings: two trees whose leaves come shuffled."""
    leaves = [("AB"[i % 2] + str(i // 4 % 2), f"leaf{i}") for i in range(16)]
    stems = [("A", "A0"), ("B", "B0"), ("A", "A1"), ("B", "B1")]
    random.Random(1).shuffle(leaves)
    graph = Graph([*stems, *leaves])
    columns, links = insert_waypoints(graph, assign_layers(graph))
    assert crossings(columns, links) > 0
    assert crossings(reduce_crossings(columns, links), links) == 0


@pytest.mark.parametrize("seed", range(6))
def test_no_order_crosses_much_less(seed):
    """Three layers of four: at most one crossing more than the best of all 13,824 orders."""
    rng = random.Random(seed)
    layers = [[f"{side}{i}" for i in range(4)] for side in "abc"]
    pairs = [pair for near in itertools.pairwise(layers) for pair in itertools.product(*near)]
    links = [pair for pair in pairs if rng.random() < 0.45]
    orders = itertools.product(*(itertools.permutations(layer) for layer in layers))
    best = min(crossings(columns, links) for columns in orders)
    assert crossings(reduce_crossings(layers, links), links) <= best + 1


def test_highlighting_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"highlight: 'Yy' is no node .* did you mean 'Y'"):
        draw(GRAPHS["chain"], highlight=["Yy"])
    with pytest.raises(TypeError, match="highlight='Y' is one string"):
        draw(GRAPHS["chain"], highlight="Y")


def test_an_empty_graph_gives_an_empty_picture():
    axes = draw(Graph())
    FigureCanvasAgg(axes.figure).draw()
    assert not axes.patches


def test_the_given_axes_are_used_and_returned():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert draw(GRAPHS["chain"], left) is left
    assert left.patches
    assert not right.patches


def test_pyplot_is_left_alone(tmp_path):
    code = (
        "import sys; from scm.graph import Graph; from scm.graph.pictures.drawing import draw;"
        "draw(Graph([('A', 'B')])).figure.savefig(sys.argv[1]);"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "graph.svg")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
    assert 'id="edge:A->B"' in (tmp_path / "graph.svg").read_text().replace("&gt;", ">")


def test_two_drawings_of_a_graph_are_the_same():
    one, other = (draw(random_graph(7, 20)) for _ in range(2))
    for a, b in zip(one.patches, other.patches, strict=True):
        assert np.array_equal(a.get_path().vertices, b.get_path().vertices)
