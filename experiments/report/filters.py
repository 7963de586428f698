"""What a reader may choose to see: worlds, levels of factors, estimands, methods; without a script.

Each choice is a group of radio buttons, and the page's style hides what does not go with the chosen
ones, by ``:has()``. Elements are marked with what they are about, ``data-NAME="0 2"`` for the first
and the third of a group's options; an element without a mark is about all of them. Nothing is
hidden in print, by a browser that does not know ``:has()``, or before anything is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from experiments.findings import Findings
from experiments.report.layout import level_key, levels_of, short_names, told, varied

__all__ = ["Choice", "Filters", "filters"]

MOST_OPTIONS = 16
"""Options of a group; a factor with more levels has none."""


@dataclass(frozen=True)
class Choice:
    """A group of options, one of which may be chosen.

    Attributes:
      name: of its radio buttons and of its marks.
      legend: what is chosen among.
      options: in words.
      keys: by what is marked (a world's name, an estimand), the number of its option.
    """

    name: str
    legend: str
    options: tuple[str, ...]
    keys: Mapping[str, int]

    def mark(self, about: Iterable[str]) -> str:
        """The mark of an element that is about these, as an attribute."""
        numbers = sorted({self.keys[each] for each in about if each in self.keys})
        return f' data-{self.name}="{" ".join(map(str, numbers))}"' if numbers else ""


@dataclass(frozen=True)
class Filters:
    """All choices of a report.

    Attributes:
      places: groups whose options worlds, each in its cell, go with.
      estimands: the group of the estimands; it has no options where there is one only.
      methods: of the options of methods, those that make a difference: name and label.
    """

    places: tuple[Choice, ...]
    estimands: Choice
    methods: tuple[tuple[str, str], ...]

    def place(self, *worlds: str) -> str:
        """The marks of what is about these worlds, each in its cell."""
        return "".join(choice.mark(worlds) for choice in self.places)

    def estimand(self, *names: str) -> str:
        """The mark of what is about these estimands."""
        return self.estimands.mark(names)

    @property
    def form(self) -> str:
        """The choices as HTML; ``""`` where there is nothing to choose."""
        groups = [each for each in (*self.places, self.estimands) if len(each.options) > 1]
        parts = [_group(each.name, each.legend, list(enumerate(each.options))) for each in groups]
        if self.methods:
            parts.append(_group("methods", "Methods", self.methods))
        if not parts:
            return ""
        return (
            '<form class="filters" aria-label="What to show">\n'
            + "".join(parts)
            + '<p class="chosen" role="status"><span>Some of the results are hidden by what is '
            'chosen here.</span> <button type="reset">Show all</button></p>\n</form>\n'
        )

    @property
    def style(self) -> str:
        """The rules that hide what was not chosen."""
        rules = []
        for choice in (*self.places, self.estimands):
            if len(choice.options) > 1:
                rules += [
                    f":root:has(#{choice.name}-{number}:checked) [data-{choice.name}]"
                    f':not([data-{choice.name}~="{number}"]) {{ display: none; }}'
                    for number in range(len(choice.options))
                ]
        for name, _ in self.methods:
            rules.append(f":root:has(#methods-{name}:checked) tr.{name} {{ display: none; }}")
            rules.append(
                f":root:has(#methods-{name}:checked) .panels > .{name} {{ display: none; }}"
            )
            rules.append(f":root:has(#methods-{name}:checked) svg .{name} {{ opacity: 0.18; }}")
        if self.methods and self.methods[0][0] == "unsound":
            where = ":root:has(#methods-unsound:checked) td.unsound"
            rules.append(f"{where} > * {{ display: none; }}")
            rules.append(f'{where}::after {{ content: "an assumption does not hold"; }}')
        if not rules:
            return ""
        return "@media screen {\n" + "\n".join(rules) + "\n}\n"


def filters(findings: Findings) -> Filters:
    """The choices among what is shown of these findings."""
    estimands = Choice(
        "estimand",
        "Estimand",
        tuple(each.label for each in findings.estimands.values()),
        {name: number for number, name in enumerate(findings.estimands)},
    )
    methods = []
    if any(world in findings.worlds for world, _ in findings.broken):
        methods.append(("unsound", "those whose assumptions hold"))
    if any(each.baseline for each in findings.methods):
        methods.append(("baseline", "without the baselines"))
    return Filters(tuple(_places(findings)), estimands, tuple(methods))


def _places(findings: Findings) -> Iterable[Choice]:
    if not findings.cells:
        labels = [each.label for each in findings.worlds.values()]
        yield Choice("world", "World", tuple(labels), {n: i for i, n in enumerate(findings.worlds)})
        return
    titles = {each.world: each.title for each in findings.cells.values()}
    numbers = {world: number for number, world in enumerate(titles)}
    of = {name: numbers[each.world] for name, each in findings.cells.items()}
    yield Choice("world", "World", tuple(titles.values()), of)
    levels = {name: levels_of(each) for name, each in findings.cells.items()}
    factors = varied(levels.values())
    short = short_names(factors)
    for place, factor in enumerate(factors):
        known = {
            level_key(each[factor]): each[factor] for each in levels.values() if factor in each
        }
        order = {key: number for number, key in enumerate(known)}
        if len(known) <= MOST_OPTIONS:
            keys = {n: order[level_key(e[factor])] for n, e in levels.items() if factor in e}
            yield Choice(f"factor{place}", short[factor], tuple(map(told, known.values())), keys)


def _group(name: str, legend: str, options: Sequence[tuple[Any, str]]) -> str:
    """Radio buttons, the first of which leaves everything in sight."""
    buttons = "".join(
        f'<label><input type="radio" name="{name}" id="{name}-{value}"{checked}>'
        f"<span>{escape(words)}</span></label>\n"
        for value, words, checked in (
            ("all", "all", " checked"),
            *((value, words, "") for value, words in options),
        )
    )
    return f"<fieldset><legend>{escape(legend)}</legend>\n{buttons}</fieldset>\n"
