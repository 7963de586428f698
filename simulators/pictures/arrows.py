"""What is seen beside what is done: an arrow has a direction, a cloud of points has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.pictures.album import paints
from simulators.pictures.graphs import draw_paths
from simulators.pictures.page import CHART_FIRST, Page, page, plain
from simulators.pictures.style import SHUT, TRUTH, WRONG
from simulators.pictures.subject import Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@paints("assignment_operator")
def assignment_operator(subject: Subject) -> Figure:
    correlation, moved = subject.value("corr(A, B)"), subject.value("E[B | do(A=1.5)]")
    sheet = page(
        f"A and B: correlation {plain(correlation)}; do(A = 1.5) takes B to {plain(moved, 1)}, "
        "do(B = 5) leaves A where it was",
        height=4.3,
    )
    return _done(sheet, subject, ("A", "B"), {"A": 1.5, "B": 5.0}, (moved, 0.0))


@paints("assignments")
def assignments(subject: Subject) -> Figure:
    seen, done = subject.value("limit of OLS(A ~ C)"), subject.value("TotalEffect(C -> A)")
    moved = subject.value("E[C | do(A=1)]")
    sheet = page(
        f"With C one higher A is seen {plain(seen)} higher; setting C one higher moves A by "
        f"{plain(done, 0)}",
        "C := f(A, B, u). A and B are exogenous: nothing in the model moves them.",
        height=4.5,
    )
    return _done(sheet, subject, ("A", "C"), {"A": 1.0, "C": 3.0}, (moved, 0.0))


def _done(
    sheet: Page, subject: Subject, pair: tuple[str, str], do: dict[str, float],
    means: tuple[float, float],
) -> Figure:  # fmt: skip
    """Three graphs over three clouds: as it is, the cause set, the effect set."""
    cause, effect = pair
    grid = sheet.grid(2, 3, left=CHART_FIRST, height_ratios=(0.5, 1), hspace=0.2)
    seen = subject.units(300)
    for place, forced in enumerate(("", cause, effect)):
        graph, cloud = (sheet.figure.add_subplot(grid[row, place]) for row in (0, 1))
        graph.set_title(f"do({forced} = {do[forced]:g})" if forced else "seen", fontweight="bold")
        model = subject.model.do({forced: do[forced]}) if forced else subject.model
        draw_paths(graph, model.graph, cause, effect, forced=forced)
        cloud.plot(seen[cause], seen[effect], "o", ms=3, alpha=0.6, mew=0,
                   color=SHUT if forced else TRUTH)  # fmt: skip
        cloud.set(xlabel=cause, ylabel="" if forced else effect)
        if forced:
            units = subject.units(120, **{forced: do[forced]})
            cloud.plot(units[cause], units[effect], "o", ms=3.6, alpha=0.6, mew=0, color=WRONG)
            at = (do[cause], means[0]) if forced == cause else (means[1], do[effect])
            mean = f"mean of {effect}: {plain(at[1], 1)}" if forced == cause else (
                f"mean of {cause}: {plain(at[0], 0)}")  # fmt: skip
            cloud.plot(*at, "D", ms=8, color="white", mec=WRONG, mew=2)
            cloud.set_title(mean, fontsize=10, color=WRONG, pad=2)
    return sheet.figure


@paints("equivalent")
def equivalent(subject: Subject) -> Figure:
    correlation = subject.parameter("correlation")
    directions = ("X causes Y", "Y causes X", "neither")
    known = [subject.simulator.known(**subject.given | {"direction": each}) for each in directions]
    effects = [float(each["TotalEffect(X -> Y)"].value) for each in known]
    sheet = page(
        f"Three worlds, one cloud (correlation {plain(correlation, 1)}): raising X moves Y by "
        f"{', '.join(plain(each, 1) for each in effects)}",
        "Grey: what is seen, alike in all three. Red: X set to 2.",
        height=4.5,
    )
    grid = sheet.grid(2, 3, left=CHART_FIRST, height_ratios=(0.5, 1), hspace=0.2)
    for place, (direction, effect) in enumerate(zip(directions, effects, strict=True)):
        world = Subject(subject.simulator, subject.given | {"direction": direction})
        graph, cloud = (sheet.figure.add_subplot(grid[row, place]) for row in (0, 1))
        graph.set_title(direction, fontweight="bold")
        draw_paths(graph, world.model.graph, "X", "Y")
        _seen_and_done(cloud, world, effect)
    return sheet.figure


def _seen_and_done(axes: Axes, world: Subject, effect: float) -> None:
    seen, done = world.units(250), world.units(100, X=2.0)
    axes.plot(seen["X"], seen["Y"], "o", ms=3, alpha=0.6, mew=0, color=SHUT)
    axes.plot(done["X"], done["Y"], "o", ms=3.4, alpha=0.5, mew=0, color=WRONG)
    axes.plot(2.0, 2 * effect, "D", ms=8, color="white", mec=WRONG, mew=2)
    axes.set_title(f"mean of Y under do(X = 2): {plain(2 * effect, 1)}", fontsize=10, color=WRONG,
                   pad=2)  # fmt: skip
    axes.set(xlabel="X", ylabel="Y", xlim=(-3.4, 3.4), ylim=(-3.4, 3.6))
    axes.set_yticks((-2, 0, 2))
