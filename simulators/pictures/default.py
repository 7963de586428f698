"""The picture of a world that has none of its own: its graph, and treatment against outcome."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from simulators.pictures.graphs import draw_paths
from simulators.pictures.loops import draw_loop
from simulators.pictures.page import page
from simulators.pictures.style import TRUTH
from simulators.pictures.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 12  # nodes of a graph whose names can be read


def default(subject: Subject) -> Figure:
    """Graph and cloud; the pair is that of the first known effect, else the last two columns."""
    cause, effect = question(subject)
    sheet = page(subject.simulator.title, height=4.0)
    grid = sheet.grid(1, 2, width_ratios=(1.25, 1))
    axes = sheet.figure.add_subplot(grid[0])
    model = subject.model
    if model.structure.loops:
        draw_loop(axes, model)
    else:
        graph = model.graph
        if len(graph.nodes) > MOST:
            near = [*graph.parents(cause), cause, *graph.parents(effect), effect]
            kept = list(dict.fromkeys([*near[-MOST:], cause, effect]))
            graph = graph.subgraph(kept)
            axes.set_title(f"{cause}, {effect} and their parents")
        draw_paths(axes, graph, cause, effect)
    units = subject.units(400)
    cloud = sheet.panel(grid[1], "", cause, effect)
    x = units[cause].astype(float)
    if len(np.unique(x)) <= 2:  # two columns of points hide one another
        x = x + np.random.default_rng(0).uniform(-0.12, 0.12, len(x))
        cloud.set_xticks(np.unique(units[cause].astype(float)))
    cloud.plot(x, units[effect].astype(float), "o", ms=3.5, alpha=0.55, mew=0, color=TRUTH)
    return sheet.figure


def question(subject: Subject) -> tuple[str, str]:
    """Cause and effect of the first known answer that names them, both being scalars."""
    names = subject.model.order
    for asked in subject.known:
        found = re.match(r"\w+\((\S+) -> ([^\s;)]+)", asked)
        if found and found[1] in names and found[2] in names:
            return found[1], found[2]
    observed = subject.model.observed
    return observed[-2], observed[-1]
