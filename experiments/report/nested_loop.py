"""All cells of a study at once: a nested-loop plot.

Cells stand from left to right as nested loops over the factors would meet them, the first factor of
the file outermost; under the measures a trace for each factor shows where its level changes. After
Ruecker and Schwarzer (2014, BMC Medical Research Methodology 14, 129).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from experiments.findings import Findings, Method
from experiments.report import methods_key, svg
from experiments.report.axis import Scale, spanning
from experiments.report.curves import MEASURES, Dot, Key, looked_up, measured_by
from experiments.report.figure import Figure, Shown
from experiments.report.filters import Filters
from experiments.report.layout import (
    Cells,
    cells_of,
    is_number,
    level_key,
    short_names,
    told,
    varied,
)
from experiments.report.piece import Piece

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FEWEST", "MOST", "articles"]

FEWEST, MOST = 7, 500
"""Cells that such a plot is good for: of fewer the curves say all, of more it is a blur."""

_WIDTH, _LEFT, _TOP, _HEIGHT, _TRACE = 1000.0, 60.0, 30.0, 170.0, 40.0

_READ = (
    "Every step is a cell, in the order of nested loops over the factors, whose levels the traces "
    "below show. There are no error bars here: the Monte Carlo errors are in the file of numbers "
    "and in summary.csv."
)


_TAKEN = ("measure", "method", "label", "step", "value", "mcse", "note")  # columns of the numbers

Line = tuple[int, Method, Sequence[Dot]]


@dataclass(frozen=True)
class _Nest:
    """The cells of a world in the order of the loops.

    Attributes:
      factors: by the name of each for people, its levels in order, the outermost first.
      steps: the level of each factor in each cell, as a place among its levels.
      names: of the worlds in the frames.
    """

    factors: Mapping[str, tuple[Any, ...]]
    steps: Sequence[tuple[int, ...]]
    names: Sequence[str]


def articles(
    findings: Findings, chosen: Filters, names: Mapping[str, str], asked: Mapping[str, str]
) -> Iterator[Piece]:
    """A plot of every measure for each of the file's worlds and each estimand.

    Only where two factors or more are varied, and cells are neither too few nor too many. ``names``
    and ``asked`` are what worlds and estimands are called in the names of files.
    """
    found = looked_up(findings)
    there = set(zip(findings.truths.world, findings.truths.estimand, strict=True))
    titles = {each.world: each.title for each in findings.cells.values()}
    for world, title in titles.items():
        cells = cells_of(findings, world)
        for estimand in findings.estimands:
            here = [each for each in cells if (each[1], estimand) in there]
            nest = _nest(here)
            if len(nest.factors) < 2 or not FEWEST <= len(here) <= MOST:
                continue
            name = f"all-cells_{asked[estimand]}_{names[world]}"
            figure = _figure(findings, found, nest, estimand, name, title)
            drawings = "".join(
                each.on_page(f"{name}-{i}") for i, each in enumerate(figure.drawings)
            )
            marks = chosen.place(*nest.names) + chosen.estimand(estimand)
            heading = f"{findings.estimands[estimand].label}, all cells at once"
            yield Piece(
                f"<article{marks}>\n<h3>{escape(heading)}</h3>\n"
                f'<p class="source">{escape(title)}</p>\n'
                f"<figure>\n{figure.key_on_page}"
                '<div class="scroll" role="region" tabindex="0" '
                f'aria-label="{escape(heading)}">\n{drawings}</div>\n'
                f"<figcaption>{_READ}{figure.links}</figcaption></figure>\n</article>\n",
                (figure,),
            )


def _figure(
    findings: Findings, found: Mapping[Key, Dot], nest: _Nest, estimand: str, name: str, title: str
) -> Figure:
    methods = [
        (i, method)
        for i, method in enumerate(findings.methods)
        if any((place, estimand, method.name, "bias") in found for place in nest.names)
    ]
    lines = {each: _lines(found, nest, methods, estimand, each) for each in MEASURES}
    return Figure(
        name,
        f"{findings.estimands[estimand].label}, all cells at once. {title}",
        _READ,
        [_drawing(nest, each, mine, findings.level) for each, mine in lines.items()],
        _numbers(nest, lines),
        key=[Shown(i, m, measured_by(m, "bias") == "median_bias") for i, m in methods],
    )


def _numbers(nest: _Nest, lines: Mapping[str, Sequence[Line]]) -> pd.DataFrame:
    """A row per step of the stairs: the levels of its cell, the method, the measure."""
    import pandas as pd

    rows = []
    for measure, mine in lines.items():
        for _, method, dots in mine:
            for step, (places, dot) in enumerate(zip(nest.steps, dots, strict=True)):
                at = [each[i] for each, i in zip(nest.factors.values(), places, strict=True)]
                at = [level if is_number(level) else told(level) for level in at]
                rows.append((measured_by(method, measure), method.name, method.label, step, *at,
                             dot.value, dot.mcse, dot.note))  # fmt: skip
    factors = [f"{name} (factor)" if name in _TAKEN else name for name in nest.factors]
    return pd.DataFrame(
        rows, columns=["measure", "method", "label", "step", *factors, "value", "mcse", "note"]
    )


def _nest(cells: Cells) -> _Nest:
    factors = varied(levels for levels, _ in cells)
    short = short_names(factors)
    ordered: dict[str, dict[Any, Any]] = {}
    for factor in factors:
        levels = {level_key(each[factor]): each[factor] for each, _ in cells}
        if all(map(is_number, levels.values())):
            levels = dict(sorted(levels.items(), key=lambda item: item[1]))
        ordered[factor] = levels
    places = {factor: {key: i for i, key in enumerate(each)} for factor, each in ordered.items()}
    steps = [tuple(places[f][level_key(each[f])] for f in factors) for each, _ in cells]
    order = sorted(range(len(cells)), key=lambda i: steps[i])
    return _Nest(
        {short[factor]: tuple(levels.values()) for factor, levels in ordered.items()},
        [steps[i] for i in order],
        [cells[i][1] for i in order],
    )


def _lines(
    found: Mapping[Key, Dot],
    nest: _Nest,
    methods: Sequence[tuple[int, Method]],
    estimand: str,
    measure: str,
) -> list[Line]:
    """The dots of every method, in the order of the cells."""
    absent = Dot(math.nan, math.nan)
    return [
        (number, method, [found.get((name, estimand, method.name, measured_by(method, measure)),
                                    absent) for name in nest.names])
        for number, method in methods
    ]  # fmt: skip


def _drawing(nest: _Nest, measure: str, lines: Sequence[Line], level: float) -> svg.Drawing:
    covers = measure == "coverage"
    reference = level if covers else 0.0
    values = [dot.value for _, _, dots in lines for dot in dots]
    scale = spanning([reference, *values, *[1.0] * covers], margin=0.06)
    upward = scale.within(_TOP + _HEIGHT, _TOP)
    step = (_WIDTH - _LEFT) / len(nest.names)
    parts = [svg.text("title", 0, 14, MEASURES[measure])]
    for tick, text in scale.within(0, 420).ticks(times=100.0 if covers else 1.0):
        if measure == "bias" or 0 <= tick <= (1 if covers else math.inf):
            parts.append(svg.line("guide", _LEFT, upward(tick), _WIDTH, upward(tick)))
            parts.append(svg.text("number", _LEFT - 7, upward(tick) + 4, text, "end"))
    if measure != "rmse":
        parts.append(svg.line("truth", _LEFT, upward(reference), _WIDTH, upward(reference)))
    if covers:
        parts.append(svg.text("named", _WIDTH, 14, f"{level:.0%} wanted", "end"))
    for number, method, dots in lines:
        kind = "baseline" * method.baseline
        parts.append(svg.group(_steps(number, dots, upward, step), method.label, kind))
    top = _TOP + _HEIGHT + 12
    for place, (factor, levels) in enumerate(nest.factors.items()):
        parts += _trace(factor, levels, [one[place] for one in nest.steps], top, step)
        top += _TRACE
    order = "; ".join(f"{factor}: {', '.join(map(told, levels))}"
                      for factor, levels in nest.factors.items())  # fmt: skip
    words = f"{len(nest.names)} cells, by nested loops over {order}. {_spans(lines)}"
    title = f"{MEASURES[measure].partition(',')[0]} in all cells"
    return svg.Drawing("nested", _WIDTH, top + 4, title, words, parts)


def _steps(number: int, dots: Sequence[Dot], upward: Scale, step: float) -> list[str]:
    """A method's stairs, open where there is no value, with its mark here and there."""
    parts = []
    for there, run in groupby(enumerate(dots), key=lambda each: not math.isnan(each[1].value)):
        if there:
            stairs = [
                (_LEFT + (i + side) * step, upward(dot.value)) for i, dot in run for side in (0, 1)
            ]
            parts.append(methods_key.curve(number, stairs))
    every = max(1, len(dots) // 8)
    for i, dot in enumerate(dots):
        if (i + number) % every == 0 and not math.isnan(dot.value):
            parts.append(methods_key.mark(number, _LEFT + (i + 0.5) * step, upward(dot.value)))
    return parts


def _trace(
    factor: str, levels: Sequence[Any], places: Sequence[int], top: float, step: float
) -> list[str]:
    """Where the levels of a factor change: the first lowest, the last highest."""
    low, high = top + 34.0, top + 20.0
    rise = (low - high) / max(len(levels) - 1, 1)
    stairs = [(_LEFT + (i + side) * step, low - rise * place)
              for i, place in enumerate(places) for side in (0, 1)]  # fmt: skip
    said = f"{factor}: {', '.join(map(told, levels))}"
    return [
        svg.text("small", _LEFT, top + 13, svg.wrapped(said, 140)[0]),
        svg.polyline("trace", stairs),
    ]


def _spans(lines: Sequence[Line]) -> str:
    """Where the values of each method lie, in words."""
    said = []
    for _, method, dots in lines:
        values = [dot.value for dot in dots if not math.isnan(dot.value)]
        span = f"from {min(values):.3g} to {max(values):.3g}" if values else "none"
        said.append(f"{method.label}: {span}.")
    return " ".join(said)
