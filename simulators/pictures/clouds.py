"""Worlds whose paradox is a cloud: slopes that turn around, and points that were selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulators.pictures.album import paints
from simulators.pictures.graphs import draw_paths
from simulators.pictures.page import CHART_FIRST, page, plain, signed
from simulators.pictures.style import AGES, HELD, INK, ORANGE, SHUT, TEAL, TRUTH, WRONG
from simulators.pictures.subject import Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SMALL: dict[str, Any] = {
    "marker": "o",
    "linestyle": "",
    "markersize": 3.4,
    "alpha": 0.55,
    "markeredgewidth": 0,
}


@paints("simpson_exercise")
def simpson_exercise(subject: Subject) -> Figure:
    within = subject.value("limit of OLS(cholesterol ~ exercise + age)")
    pooled = subject.value("limit of OLS(cholesterol ~ exercise)")
    sheet = page(
        f"Within an age, an hour more of exercise: cholesterol {signed(within, 1)}; in everybody "
        f"{signed(pooled, 1)}",
        height=4.2,
    )
    grid = sheet.grid(2, 2, width_ratios=(1, 1.35), hspace=0.3)
    for row, given in enumerate(((), ("age",))):
        graph = sheet.figure.add_subplot(grid[row, 0])
        graph.set_title("age held: shut" if given else "nothing held: open through age")
        draw_paths(graph, subject.model.graph, "exercise", "cholesterol", given)
    axes = sheet.panel(grid[:, 1], "", "exercise, hours a week", "cholesterol, mg/dl")
    units = subject.units(400)
    mean_x, mean_y = _means(subject)
    for age, colour in zip((20, 30, 40, 50, 60), AGES, strict=True):
        of_age = units["age"] == age
        axes.plot(units["exercise"][of_age], units["cholesterol"][of_age], color=colour, **SMALL)
        x = mean_x(age) + np.array([-2.0, 2.0]) * subject.parameter("spread")
        axes.plot(x, mean_y(age) + within * (x - mean_x(age)), color=colour, lw=2.2)
        axes.annotate(f"{age} years", (x[1], mean_y(age) + within * (x[1] - mean_x(age))), (4, -2),
                      textcoords="offset points", color=colour, fontsize=9, va="top")  # fmt: skip
    x = np.array([units["exercise"].min(), units["exercise"].max()])
    axes.plot(x, mean_y(40) + pooled * (x - mean_x(40)), color=INK, lw=2.4, ls=(0, (5, 2)))
    axes.annotate("everybody", (x[1], mean_y(40) + pooled * (x[1] - mean_x(40))), (0, 6),
                  textcoords="offset points", fontweight="bold", ha="center")  # fmt: skip
    axes.set_xlim(x[0] - 0.4, max(x[1], mean_x(60) + 2 * subject.parameter("spread")) + 1.7)
    return sheet.figure


def _means(subject: Subject):
    """Mean exercise and cholesterol of an age, as the equations have them."""
    a, effect, ageing = map(subject.parameter, ("exercise_by_age", "effect", "ageing"))
    exercise = lambda age: 1 + a * age
    return exercise, lambda age: 150 + effect * exercise(age) + ageing * age


@paints("ice_cream")
def ice_cream(subject: Subject) -> Figure:
    from numpyro.distributions import Normal

    seen = subject.value("corr(ice_cream, drownings)")
    done = subject.value("TotalEffect(ice_cream -> drownings)")
    sheet = page(
        f"Ice cream and drowning: correlation {plain(seen)}, effect {plain(done, 0)}; "
        "the heat moves both",
        height=3.9,
    )
    grid = sheet.grid(2, 3, width_ratios=(1.25, 1, 1), wspace=0.28)
    for row, given in enumerate(((), ("temperature",))):
        graph = sheet.figure.add_subplot(grid[row, 0])
        graph.set_title("temperature held: shut" if given else "nothing held: open")
        draw_paths(graph, subject.model.graph, "ice_cream", "drownings", given)
    worlds = (
        ("seen", subject.units(400), seen, WRONG),
        ("ice cream given at random", subject.units(400, ice_cream=Normal(0, 1)), done, TRUTH),
    )
    for place, (title, units, slope, colour) in enumerate(worlds, start=1):
        axes = sheet.panel(grid[:, place], title, "ice cream", "drownings" if place == 1 else "")
        warm = np.digitize(units["temperature"], (-0.5, 0.5))
        for level, (shade, label) in enumerate(((TEAL, "cold"), (SHUT, "mild"), (ORANGE, "hot"))):
            at = warm == level
            axes.plot(units["ice_cream"][at], units["drownings"][at], color=shade, label=label,
                      **SMALL)  # fmt: skip
        x = np.array([-2.6, 2.6])
        axes.plot(x, slope * x, color=colour, lw=2.6)
        axes.set(xlim=(-3.3, 3.3), ylim=(-3.6, 3.6))
        axes.text(0.97, 0.04, f"slope {plain(slope)}", transform=axes.transAxes, ha="right",
                  color=colour, fontweight="bold")  # fmt: skip
        if place == 1:
            axes.legend(loc="upper left", markerscale=1.6, handletextpad=0.1, borderaxespad=0)
    return sheet.figure


@paints("talents")
def talents(subject: Subject) -> Figure:
    among = subject.value("corr(A, B | passed)")
    sheet = page(
        f"Two talents: correlation 0 in everybody, {plain(among)} among those who passed",
        height=3.9,
    )
    grid = sheet.grid(1, 2, width_ratios=(1, 1.2))
    graph = sheet.figure.add_subplot(grid[0])
    graph.set_title("only those who passed: open")
    draw_paths(graph, subject.model.graph, "A", "B", ("passed",))
    axes = sheet.panel(grid[1], "", "A", "B")
    units = subject.units(600)
    passed = units["passed"] == 1
    selected(axes, units["A"], units["B"], passed, "passed", "did not")
    threshold = subject.parameter("threshold")
    centre = units["A"][passed].mean()
    x = np.array([-1.6, 2.8])
    axes.plot(x, centre + among * (x - centre), color=WRONG, lw=2.6)
    axes.plot([-3.2, 3.2], [threshold + 3.2, threshold - 3.2], color=INK, lw=1, ls=(0, (4, 3)))
    axes.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))
    axes.legend(loc="lower left", markerscale=1.6, handletextpad=0.1)
    return sheet.figure


def selected(
    axes: Axes, x: np.ndarray, y: np.ndarray, chosen: np.ndarray, yes: str, no: str
) -> None:
    """Points in the data dark, those left out light."""
    axes.plot(x[~chosen], y[~chosen], color=SHUT, label=no, **SMALL | {"alpha": 0.8})
    axes.plot(x[chosen], y[chosen], color=HELD, label=yes, **SMALL | {"alpha": 0.7})


@paints("selected_wage")
def selected_wage(subject: Subject) -> Figure:
    truth = subject.value("TotalEffect(x -> wage)")
    naive = subject.value("limit of OLS(wage ~ x | works)")
    sheet = page(
        f"Wages of those who work: slope {plain(naive)}; of everybody {plain(truth)}",
        height=3.9,
    )
    grid = sheet.grid(1, 2, width_ratios=(1.25, 1.2))
    graph = sheet.figure.add_subplot(grid[0])
    graph.set_title("only those who work: open through v")
    draw_paths(graph, subject.model.graph, "x", "wage", ("works",))
    axes = sheet.panel(grid[1], "", "x", "wage")
    units = subject.units(500)
    works = units["works"] == 1
    selected(axes, units["x"], units["wage"], works, "works", "does not")
    x = np.array([-2.6, 2.6])
    many = subject.units(20_000)
    of_workers = many["works"] == 1
    centre = [float(many[name][of_workers].mean()) for name in ("x", "wage")]
    axes.plot(x, truth * x, color=TRUTH, lw=2.4, label=f"everybody: {plain(truth)}")
    axes.plot(x, centre[1] + naive * (x - centre[0]), color=WRONG, lw=2.4, ls=(0, (5, 2)),
              label=f"those who work: {plain(naive)}")  # fmt: skip
    axes.legend(loc="upper left", fontsize=9, handletextpad=0.4, borderaxespad=0)
    axes.set_ylim(-3.4, 4.6)
    return sheet.figure


@paints("parabola")
def parabola(subject: Subject) -> Figure:
    slope = subject.value("limit of OLS(Y ~ X)")
    effect = subject.value("E[Y | do(X=2)] - E[Y | do(X=0)]")
    sheet = page(
        f"A parabola: correlation {plain(slope, 0)}, and do(X = 2) against do(X = 0) moves Y by "
        f"{plain(effect, 0)}",
        height=3.7,
    )
    grid = sheet.grid(1, 2, width_ratios=(0.8, 1.5))
    draw_paths(sheet.figure.add_subplot(grid[0]), subject.model.graph, "X", "Y")
    axes = sheet.panel(grid[1], "", "X", "Y")
    units = subject.units(400)
    axes.plot(units["X"], units["Y"], color=SHUT, **SMALL | {"alpha": 0.9})
    axes.axhline(4 / 3, color=WRONG, lw=2.4, ls=(0, (5, 2)))
    axes.text(-1.15, 4 / 3 + 0.12, "regression line: slope 0", color=WRONG, fontweight="bold",
              ha="left")  # fmt: skip
    axes.annotate("", (2, effect), (0, 0), arrowprops={
        "arrowstyle": "-|>", "color": TRUTH, "lw": 2.2, "connectionstyle": "arc3,rad=0.28",
        "shrinkA": 0, "shrinkB": 2,
    })  # fmt: skip
    axes.text(0.25, -0.62, f"from X = 0 to 2: {signed(effect, 0)}", color=TRUTH,
              fontweight="bold")  # fmt: skip
    axes.set_ylim(-0.85, 4.8)
    return sheet.figure


@paints("line")
def line(subject: Subject) -> Figure:
    from numpyro.distributions import Normal

    from simulators.observe import mismeasure, observe, select

    slope, r2 = subject.value("TotalEffect(X -> Y)"), subject.parameter("r2")
    tail = 2 / np.pi  # what a cut at its mean takes off the variance of a normal variable
    kept = (1 - tail) / (1 - r2 * tail)
    world = subject.model.sample(0, 1_200)
    mean = subject.parameter("intercept")
    seen = (
        ("clean", observe(world), slope),
        ("X measured with error", observe(world, mismeasure("X", error=Normal(0, 1))), slope / 2),
        (f"only Y above {mean:g}", observe(world, select(lambda Y: mean < Y)), slope * kept),
        ("only X above 0", observe(world, select(lambda X: X > 0)), slope),
    )
    sheet = page(
        f"One line of slope {plain(slope)}: error in X halves it, selection by Y leaves "
        f"{plain(slope * kept)}, selection by X all of it",
        height=3.4,
    )
    grid = sheet.grid(1, 4, left=CHART_FIRST, wspace=0.15)
    spread = abs(slope) / np.sqrt(r2)
    for place, (title, data, found) in enumerate(seen):
        axes = sheet.panel(grid[place], title, "X", "" if place else "Y")
        x, y = (data.to_pandas()[name].to_numpy() for name in ("X", "Y"))
        axes.plot(*(np.asarray(world[name])[:250] for name in ("X", "Y")), color=SHUT,
                  **SMALL | {"alpha": 0.45})  # fmt: skip
        shown = 250 * len(x) // world.n
        axes.plot(x[:shown], y[:shown], color=HELD, **SMALL | {"alpha": 0.5})
        colour = TRUTH if abs(found - slope) < 1e-9 else WRONG
        ends = np.array([-2.8, 2.8])
        axes.plot(ends, y.mean() + found * (ends - x.mean()), color=colour, lw=2.6)
        axes.text(0.97, 0.03, f"slope {plain(found)}", transform=axes.transAxes, ha="right",
                  color=colour, fontweight="bold")  # fmt: skip
        axes.set(xlim=(-3.6, 3.6), ylim=(mean - 3.6 * spread, mean + 3.3 * spread))
        if place:
            axes.set_yticklabels([])
    return sheet.figure
