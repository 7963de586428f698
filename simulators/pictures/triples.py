"""Three variables, joined in the three ways there are: A and C in everybody, and given B."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.pictures.album import paints
from simulators.pictures.graphs import draw_paths
from simulators.pictures.page import page, plain
from simulators.pictures.style import SHUT, TRUTH, WRONG
from simulators.pictures.subject import Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEAR = 0.1  # of B to 0, in standard deviations of its causes


@paints("chain", "fork", "collider")
def triple(subject: Subject) -> Figure:
    name = subject.simulator.name
    all_, held = subject.value("corr(A, C)"), subject.value("partial corr(A, C | B)")
    shape = {"chain": "A → B → C", "fork": "A ← B → C", "collider": "A → B ← C"}[name]
    sheet = page(
        f"{name.capitalize()} {shape}: correlation of A and C {plain(all_)}; given B {plain(held)}",
        height=3.3,
    )
    grid = sheet.grid(2, 3, width_ratios=(1, 1, 1), foot=0.5, hspace=0.3)
    units = subject.units(3_000)
    near = np.abs(units["B"]) < NEAR
    colour = TRUTH if name == "chain" else WRONG
    for row, given in enumerate(((), ("B",))):
        axes = sheet.figure.add_subplot(grid[row, 0])
        axes.set_title("B held" if given else "nothing held")
        draw_paths(axes, subject.model.graph, "A", "C", given)
    everybody = sheet.panel(grid[:, 1], "everybody", "A", "C")
    given_b = sheet.panel(grid[:, 2], "units with B near 0", "A", "C")
    _cloud(everybody, units, np.arange(600), all_, colour)
    _cloud(given_b, units, np.flatnonzero(near)[:200], held, colour)
    return sheet.figure


def _cloud(
    axes: Axes, units: dict[str, np.ndarray], at: np.ndarray, correlation: float, colour: str
) -> None:
    """Points, coloured where A and C tell of one another."""
    shown = colour if abs(correlation) > 1e-9 else SHUT
    axes.plot(units["A"][at], units["C"][at], "o", ms=3.2, alpha=0.6, mew=0, color=shown)
    axes.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), xticks=(-2, 0, 2), yticks=(-2, 0, 2))
