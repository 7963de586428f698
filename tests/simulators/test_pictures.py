"""Every world has a picture; what is drawn are its numbers; all of it is on the page."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scm.graph import Graph
from simulators import SIMULATORS
from simulators.pictures import picture, save, style
from simulators.pictures.__main__ import LECTURE
from simulators.pictures.graphs import kinds
from simulators.pictures.page import plain, signed

ROOT = Path(__file__).parents[2]

DRAWN = {}


def drawn(name, **parameters):
    """A picture; the plain ones are made once."""
    key = (name, *sorted(parameters.items()))
    if key not in DRAWN:
        DRAWN[key] = picture(name, **parameters)
    return DRAWN[key]


def texts(figure):
    """All letters on the page that can be seen."""
    found = list(figure.texts)
    for axes in figure.axes:
        found += [*axes.texts, axes.title, axes._left_title, axes._right_title]
        if axes.axison:
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
                found += [axis.label, *(label for at, label in ticks if low <= at <= high)]
        found += axes.get_legend().get_texts() if axes.get_legend() else []
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def title(figure):
    return figure.texts[0].get_text().replace("\n", " ")


def slopes(figure):
    """Slopes of all straight lines of two points or more, over all panels."""
    found = []
    for axes in figure.axes:
        for line in axes.lines:
            x, y = (np.asarray(v, dtype=float) for v in line.get_data())
            if line.get_linestyle() != "None" and len(x) >= 2 and np.ptp(x) > 0:
                found.append((y[-1] - y[0]) / (x[-1] - x[0]))
    return np.array(found)


def variants():
    """Every world as it is, and with each of the values that its parameters list."""
    for name, entry in SIMULATORS.items():
        yield name, {}
        for each in entry.parameters:
            others = (value for value in each.allowed if value != each.default)
            yield from ((name, {each.name: value}) for value in others)


@pytest.mark.parametrize(("name", "parameters"), list(variants()))
def test_all_letters_are_on_the_page_and_can_be_read(name, parameters):
    figure = drawn(name, **parameters)
    assert len(figure.axes) >= 2
    renderer, page = figure.canvas.get_renderer(), figure.bbox
    figure.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts(figure)]
    assert all(text.get_fontsize() >= 9 for text in texts(figure))
    for words, box in boxes:
        assert page.x0 <= box.x0 < box.x1 <= page.x1, (words, box)
        assert page.y0 <= box.y0 < box.y1 <= page.y1, (words, box)
    for (words, box), (others, other) in itertools.combinations(boxes, 2):
        across = min(box.x1, other.x1) - max(box.x0, other.x0)
        down = min(box.y1, other.y1) - max(box.y0, other.y0)
        assert across < 2 or down < 2, (words, others)


@pytest.mark.parametrize(("name", "parameters"), list(variants()))
def test_names_fit_into_their_nodes(name, parameters):
    figure = drawn(name, **parameters)
    renderer = figure.canvas.get_renderer()
    for axes in figure.axes:
        nodes = {p.get_gid(): p.get_window_extent(renderer) for p in axes.patches if p.get_gid()}
        for text in axes.texts:
            if (node := nodes.get(f"node:{text.get_text()}")) is not None:
                letters = text.get_window_extent(renderer)
                assert node.x0 <= letters.x0 < letters.x1 <= node.x1, text


def near(value, others, within=1e-6):
    """How many of the others are this number."""
    return int((np.abs(np.asarray(others) - value) < within).sum())


def test_simpsons_two_slopes_are_drawn():
    found = slopes(drawn("simpson_exercise"))
    assert near(-5, found, 1e-4) == 5  # one line an age
    assert near(25 / 3, found, 1e-4) == 1  # -5 + 2 * 0.1 * 200 / (2 + 1)
    assert title(drawn("simpson_exercise")).endswith("cholesterol −5.0; in everybody +8.3")


def test_the_slopes_follow_the_parameters():
    figure = drawn("simpson_exercise", spread=10.0, effect=-3.0)
    assert near(-3, slopes(figure), 1e-4) == 5
    assert near(-3 + 2 * 0.1 * 200 / (2 + 100), slopes(figure), 1e-4) == 1
    assert "+0.9" not in title(figure)  # no paradox then: -2.6
    assert "−2.6" in title(figure)


def test_the_drug_table_is_drawn_in_either_story():
    for third, effect in (("confounder", "−5.4"), ("mediator", "+3.3")):
        figure = drawn("simpson_drug", third=third)
        found = slopes(figure)  # percent, from drug B at 0 to drug A at 1
        for rates in ((24 / 80, 17 / 42), (3 / 42, 6 / 80), (27 / 122, 23 / 122)):
            assert near(100 * (rates[0] - rates[1]), found, 1e-3) == 1
        assert near(-1300 / 240, found, 1e-3) == (third == "confounder")  # if all took it
        assert f"effect of A is {effect} points" in figure.texts[1].get_text().replace("\n", " ")


def test_berkeleys_bars_are_those_of_the_table():
    panel = drawn("berkeley").axes[-1]
    widths = sorted(bar.get_width() for bar in panel.patches)
    expected = [-14.1645, 0.1088, 1.8425, 4.264, 7.0969]
    np.testing.assert_allclose(widths, expected, atol=2e-3)
    assert "in 4 of 6 departments" in title(drawn("berkeley"))


def test_the_selected_cloud():
    axes = drawn("hiring").axes[-1]
    rejected, hired = (np.asarray(c.get_offsets()) for c in axes.collections)
    assert (len(rejected), len(hired)) == (15, 10)
    assert hired.sum(axis=1).min() == 7
    assert np.corrcoef(hired.T)[0, 1] == pytest.approx(-0.5)
    assert near(-0.5, slopes(drawn("hiring"))) == 1
    talents = drawn("talents").axes[-1]
    out, passed = (np.asarray(talents.lines[i].get_data()) for i in (0, 1))
    assert passed.sum(axis=0).min() > 0 > out.sum(axis=0).max()
    assert near(-1 / (np.pi - 1), slopes(drawn("talents"))) == 1


@pytest.mark.parametrize(
    ("name", "marks"),
    [
        ("back_door", [0.5 + 0.8 * 1.2 / (2 * 0.64 + 1), 0.5, 0.5]),
        ("front_door", [-0.334738, 0.085262, -0.42]),
        ("front_door_table", [0.54, 0.3, 0.24]),
        ("instrument", [0.837736, 1.3, 0.8]),
        ("mediation", [0.7, 0.3]),
        ("m_bias", [0, -0.2]),
        ("hidden_cause", [0.9, 0.5]),
        ("cancelling", [0, -0.4]),
    ],
)
def test_what_each_choice_finds_is_drawn_beside_its_graph(name, marks):
    axes = drawn(name).axes[0]
    dots = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots, marks, atol=1e-5)
    assert [plain(mark) for mark in marks] == [
        text.get_text() for text in axes.texts if "effect" not in text.get_text()
    ]


def test_feedback_and_the_line_have_their_slopes():
    assert near(-135 / 178, slopes(drawn("feedback")), 1e-5) == 1
    assert near(0.5, slopes(drawn("feedback")), 1e-5) == 1
    kept = (1 - 2 / np.pi) / (1 - 0.2 * 2 / np.pi)
    found = slopes(drawn("line"))
    assert [near(each, found, 1e-4) for each in (0.5, 0.25, 0.5 * kept)] == [2, 1, 1]


def edge_colours(axes):
    """Colours of the arrows of a graph."""
    from matplotlib.colors import to_hex

    return {p.get_gid().removeprefix("edge:"): to_hex(p.get_edgecolor())
            for p in axes.patches if (p.get_gid() or "").startswith("edge:")}  # fmt: skip


def test_open_paths_are_marked_and_closed_ones_greyed():
    _, nothing, a_held, b_held = drawn("back_door").axes
    back = ["C->A", "C->B", "A->T", "B->Y"]
    assert edge_colours(nothing) == dict.fromkeys(back, style.WRONG) | {"T->Y": style.TRUTH}
    for held in (a_held, b_held):
        assert edge_colours(held) == dict.fromkeys(back, style.SHUT) | {"T->Y": style.TRUTH}
    shut, opened = (axes for axes in drawn("m_bias").axes[1:])
    assert set(edge_colours(shut).values()) == {style.SHUT}
    assert set(edge_colours(opened).values()) == {style.WRONG}


@pytest.mark.parametrize(
    "text",
    ["A -> B; C -> B; B -> D", "A <- B -> C", "A -> B -> C; A -> C", "U -> A; U -> M <- V -> C"],
)
def test_kinds_agree_with_separation(text):
    """Some edge is open, by whatever kind, exactly if the graph does not separate the two."""
    graph = Graph.parse(text)
    for size in range(3):
        for given in itertools.combinations([n for n in graph.nodes if n not in "AC"], size):
            found = set(kinds(graph, "A", "C", given).values())
            assert bool(graph.separated("A", "C", given)) == (not found & {"acts", "misleads"})


def test_numbers_as_letters():
    assert (signed(-0.004), signed(2.5, 1), signed(-2.5, 0)) == ("0", "+2.5", "−2")
    assert (plain(1e-9), plain(-0.25), plain(3, 0)) == ("0", "−0.25", "3")


def test_colours_are_those_of_the_reports():
    css = (ROOT / "experiments/report/colours.css").read_text()
    ours = [getattr(style, n) for n in ("INK", "MUTED", "RULE", "BLUE", "ORANGE", "TEAL", "PURPLE",
                                        "WRONG", "SHUT", "HELD")]  # fmt: skip
    assert all(colour in css for colour in (*ours, *style.AGES))


def test_a_file_has_the_same_bytes_again(tmp_path):
    for ending in ("png", "svg"):
        one, other = (tmp_path / f"{n}.{ending}" for n in "ab")
        save(picture("mediation"), one)
        save(picture("mediation"), other)
        assert one.read_bytes() == other.read_bytes()
    with pytest.raises(ValueError, match=r"as \.png or \.svg; write a\.png"):
        save(drawn("mediation"), "a.jpg")


def test_wrong_names_are_refused_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'hiring'"):
        picture("hirring")
    with pytest.raises(ValueError, match="did you mean 'threshold'"):
        picture("hiring", treshold=3)


def test_the_lectures_pictures_are_there_and_small():
    folder = ROOT / "docs/lecture"
    files = sorted(folder.glob("*.png"))
    assert [file.stem for file in files] == sorted(LECTURE)
    assert len(files) <= 25
    assert max(file.stat().st_size for file in files) < 120_000
    shown = re.findall(r"\]\(lecture/(\w+)\.png\)", (ROOT / "docs/lecture.md").read_text())
    assert set(shown) == set(LECTURE)


def test_nothing_is_drawn_before_it_is_asked_for():
    code = (
        "import sys, simulators; list(simulators.SIMULATORS); import simulators.pictures;"
        "import simulators.pictures.clouds; assert 'matplotlib' not in sys.modules;"
        "simulators.pictures.picture('mediation'); assert 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_command_line_draws_and_prints_arrows(tmp_path, capsys):
    from experiments.cli import main

    file = tmp_path / "hiring.svg"
    assert main(["show", "hiring", "--set", "threshold=8", "--picture", str(file)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Graph coding -> hired cooperation -> hired Known answers" in printed
    assert file.read_text().startswith("<?xml")
    assert main(["show", "feedback"]) == 0  # a loop has no Graph, and arrows all the same
    assert "Graph X -> Y Y -> X Known" in " ".join(capsys.readouterr().out.split())
    assert main(["show", "front_door"]) == 0
    hidden = "Graph (in brackets: never in the data) (motivation) -> gps, memory gps -> hippocampus"
    assert hidden in " ".join(capsys.readouterr().out.split())
    for wrong, message in (("a.jpg", "write a.png"), ("none/a.png", "there is no folder")):
        assert main(["show", "hiring", "--picture", str(tmp_path / wrong)]) == 2
        assert message in capsys.readouterr().err
