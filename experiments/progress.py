"""How much a study is, how much of it is done, and how long the rest will take.

Numbers of cells are counted and not listed; parts are looked for in the first cells only, where
there are many.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from experiments.factors import count
from experiments.method import method_of
from experiments.parts import Parts, data_digest
from experiments.plan import Plan, estimand_of
from experiments.running import Place
from experiments.study import Study
from experiments.world import world_of

__all__ = ["Progress", "progress"]

_LISTED = 20_000
"""Cells that are listed, so that those of several grids are counted once."""
_LOOKED = 200
"""Cells whose parts are looked for."""


@dataclass(frozen=True)
class Progress:
    """How far a study is.

    Attributes:
      cells: how many there are; at most, unless ``exact``.
      data_sets, estimates: how many there will be of all cells.
      looked: in how many cells parts were looked for, the first ones.
      data_sets_done, estimates_done: of these cells; a data set is done with all its estimates.
      seconds: what is left will take one worker, by what has been timed; None where nothing has.
      untimed: the methods that the seconds leave out.
    """

    cells: int
    exact: bool
    data_sets: int
    estimates: int
    looked: int
    data_sets_done: int
    estimates_done: int
    seconds: float | None
    untimed: tuple[str, ...]


def progress(study: Study, first: Plan, parts: Parts) -> Progress:
    """How far a study is; ``first`` is the plan of its first cell."""
    cells = count(study.grids, study.scenarios)
    exact = cells <= _LISTED
    if exact:
        cells = sum(1 for _ in study.cells())
    wanted = {
        name: sum(name in first.named_in(world) for world in first.worlds) for name in first.methods
    }
    wanted = {name: cells * worlds * study.replications for name, worlds in wanted.items()}
    looked, took = min(cells, _LOOKED), parts.seconds()
    sets_done, left, pace = 0, dict(wanted), _Pace()
    for place in _begun(study, first, parts, looked):
        whole = study.replications
        for name, job in place.jobs.items():
            starts = parts.there(place.data, job)
            kept = _replicates(starts, place.chunk, study.replications)
            whole, left[name] = min(whole, kept), left[name] - kept
            if (place.data, job) in took:
                ran, made = took[place.data, job][0], len(starts) * place.chunk
                pace.add(name, ran, made, study.replications - kept)
        sets_done += whole if place.jobs else 0
    return Progress(
        cells,
        exact,
        cells * len(first.worlds) * study.replications,
        sum(wanted.values()),
        looked,
        sets_done,
        sum(wanted.values()) - sum(left.values()),
        pace.seconds(left),
        tuple(name for name in left if left[name] and name not in pace.made),
    )


class _Pace:
    """Seconds per estimate: a place's own where it has been timed, else the method's mean."""

    def __init__(self) -> None:
        self.made: dict[str, int] = defaultdict(int)
        self._ran: dict[str, float] = defaultdict(float)
        self._own: list[tuple[str, int, float]] = []

    def add(self, name: str, ran: float, made: int, left: int) -> None:
        """A place in which so many estimates were made, and so many are left."""
        if made:
            self._ran[name] += ran
            self.made[name] += made
            self._own.append((name, left, ran / made))

    def seconds(self, left: dict[str, int]) -> float | None:
        """What so many estimates will take; None where no method has been timed."""
        if not self.made:
            return None
        own = sum(rest * each for _, rest, each in self._own)
        elsewhere = {name: rest for name, rest in left.items() if name in self.made}
        for name, rest, _ in self._own:
            elsewhere[name] -= rest
        return own + sum(n * self._ran[name] / self.made[name] for name, n in elsewhere.items())


def _begun(study: Study, first: Plan, parts: Parts, most: int) -> Iterator[Place]:
    """The places of the first cells of which there are parts, planned no further than needed."""
    if not parts.folder.is_dir():
        return
    begun = {path.name for path in parts.folder.iterdir()}
    for cell in itertools.islice(study.cells(), most):
        each = study.within(cell)
        for world in each.worlds:
            made = first.worlds[world]  # building one of each cell would take long
            if each.worlds[world].simulator != first.study.worlds[world].simulator:
                made = world_of(each, world)
            if data_digest(each, cell, world, made.code) in begun:
                worlds = {world: world_of(each, world)}
                estimands = {name: estimand_of(asked) for name, asked in each.estimands.items()}
                methods = {name: method_of(each, name) for name in each.methods}
                yield Place(each, cell, world, Plan(each, worlds, estimands, methods, None))


def _replicates(starts: set[int], chunk: int, replications: int) -> int:
    """How many of the first replications the chunks hold that begin there."""
    return sum(min(chunk, replications - start) for start in starts if start < replications)
