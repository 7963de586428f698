"""``scm power``: the sample size at which a method rejects, often enough, that its estimand is 0.

Sample sizes are tried on a ladder whose steps are 5 per cent: from the study's own n by doublings
and halvings to one that is surely too small and one that is surely enough, then by halving what is
between. Each is a world of the study with another n: its estimates are kept as parts and are there
when they are asked for again.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from experiments.engines import engine
from experiments.factors import Cell
from experiments.lock import locked
from experiments.measures.attempts import Attempts
from experiments.measures.intervals import rejection
from experiments.mistakes import spelling
from experiments.parts import Parts
from experiments.plan import plan
from experiments.replay import found_cell
from experiments.running import Place, done, tasks
from experiments.store import claim, going_on
from experiments.study import Study
from experiments.task import Done

__all__ = ["Asked", "Found", "Power", "PowerError", "search", "searched"]

STEP = 1.05
FEWEST = 4
_DOUBLE = round(math.log(2) / math.log(STEP))
_SURE = NormalDist().inv_cdf(0.975)


class PowerError(ValueError):
    """What has no power to be searched; the message says why."""


@dataclass(frozen=True)
class Asked:
    """What is asked: names may be left out where there is one only."""

    target: float = 0.8
    level: float = 0.05
    most: int = 1_000_000
    method: str | None = None
    world: str | None = None
    estimand: str | None = None
    cell: str | None = None


@dataclass(frozen=True)
class Power:
    """The share of rejections at a sample size, with its Monte Carlo error.

    Attributes:
      tried: the data sets on which the method did not fail.
      failed: those on which it did, which count neither way.
    """

    n: int
    value: float
    mcse: float
    tried: int
    failed: int = 0

    def side(self, target: float) -> int:
        """-1 where it is surely below the target, 1 where surely above, 0 where that is not known.

        By Wilson's interval of 95 per cent: the error itself is 0 where all or none reject.

        >>> [Power(10, share, 0.0, 100).side(0.8) for share in (0.5, 0.8, 1.0)]
        [-1, 0, 1]
        """
        middle = target - self.value
        # the score test of the target, which Wilson's interval is the inverse of
        reach = _SURE * math.sqrt(target * (1 - target) / self.tried)
        return 0 if abs(middle) <= reach else (-1 if middle > 0 else 1)


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes:
      n: the sample size, None where there is none to tell.
      low, high: the largest that is surely too small and the smallest that is surely enough; None
        where none was met.
      tries: every sample size that was tried.
      why: what ended it.
    """

    target: float
    n: int | None
    low: int | None
    high: int | None
    tries: tuple[Power, ...]
    why: str
    about: str = ""

    def __rich__(self) -> RenderableType:
        table = Table("n", "power", "Monte Carlo error", "data sets", "failed")
        for column in table.columns:
            column.justify = "right"
        for each in self.tries:
            table.add_row(
                f"{each.n:,}", f"{each.value:.3f}", f"{each.mcse:.3f}", f"{each.tried:,}",
                f"{each.failed:,}",
            )  # fmt: skip
        if self.n is None:
            answer = f"no n with power {self.target:g} was found: {self.why}"
        else:
            low = "at most" if self.low is None else f"more than {self.low:,}, at most"
            ends = f"{low} {self.high:,}" if self.high else f"more than {self.low:,}"
            answer = f"power {self.target:g} at about n = {self.n:,} ({ends}): {self.why}"
        return Group(*([Text(self.about)] if self.about else []), table, Text(answer))


def search(
    power: Callable[[int], Power], target: float, start: int, most: int = 1_000_000
) -> Found:
    """The sample size at which a power that grows with n reaches the target.

    Arguments:
      power: at a sample size.
      start: where the search begins.
      most: beyond which it does not go.

    >>> root = lambda n: Power(n, min(1.0, n / 1_000), 0.0, 10**9)
    >>> search(root, 0.8, start=50).n
    807
    """
    tried: dict[int, Power] = {}

    def n_of(rung: int) -> int:
        return min(most, max(FEWEST, round(start * STEP**rung)))

    def side(rung: int) -> int:
        n = n_of(rung)
        if n not in tried:
            tried[n] = power(n)
        return tried[n].side(target)

    low = high = 0
    while side(low) >= 0 and n_of(low) > FEWEST:
        high, low = low, low - _DOUBLE
    while side(high) <= 0 and n_of(high) < most:
        low, high = (high, high + _DOUBLE) if side(high) < 0 else (low, high + _DOUBLE)
    if side(high) < 0:
        why = f"it is {tried[most].value:.3f} at n = {most:,}, the largest that is tried"
        return _found(target, tried, None, why)
    if side(low) > 0:
        return _found(target, tried, FEWEST, f"{FEWEST} is the smallest n that is tried")
    while high - low > 1 and n_of(high) - n_of(low) > 1:
        middle = (low + high) // 2
        now = side(middle)
        if now == 0:
            break
        low, high = (middle, high) if now < 0 else (low, middle)
    unsure = {n: abs(each.value - target) for n, each in tried.items() if not each.side(target)}
    if unsure:
        why = "Monte Carlo error leaves it open; more replications narrow it down"
        return _found(target, tried, min(unsure, key=lambda n: unsure[n]), why)
    return _found(target, tried, n_of(high), "5 per cent fewer are surely too few")


def _low(tried: Mapping[int, Power], target: float) -> int:
    return max((n for n, each in tried.items() if each.side(target) < 0), default=0)


def _found(target: float, tried: Mapping[int, Power], n: int | None, why: str) -> Found:
    low = _low(tried, target)
    high = min((k for k, each in tried.items() if k > low and each.side(target) > 0), default=None)
    return Found(target, n, low or None, high, tuple(tried[k] for k in sorted(tried)), why)


def searched(study: Study, asked: Asked, out: Path, console: Console) -> Found:
    """The sample size for a method of a study, whose parts are kept below ``out``.

    Raises `PowerError` for a question that has no answer, `experiments.replay.ReplayError` for a
    cell that is not there, and what `experiments.run.run` raises for a folder.
    """
    if not 0 < asked.level < asked.target < 1:
        raise PowerError(
            "numbers with 0 < level < target < 1 are wanted, such as --target 0.8 --level 0.05, "
            f"given target {asked.target:g} and level {asked.level:g}"
        )
    cell = found_cell(study, asked.cell)
    whole = study.within(cell)
    world = _named("--world", asked.world, whole.worlds)
    start = whole.worlds[world].n
    if not FEWEST <= start <= asked.most:
        raise PowerError(f"--most {asked.most}: the search begins at the world's n, {start}")
    names = [name for name, each in whole.estimands.items() if world in each.worlds]
    estimand = _named("--estimand", asked.estimand, names)
    against = [name for name, each in whole.methods.items() if estimand in each.estimands]
    method = _named("--method", asked.method, against)
    folder = claim(out, study)
    with locked(folder):
        parts = Parts(going_on(folder, study, fresh=False))
        parts.clean()

        def power(n: int) -> Power:
            place = _place(whole, cell, n, world, estimand, method)
            _made(place, parts)
            found = _rejected(place, parts, method, asked.level)
            console.print(f"n = {n:,}: {found.value:.3f}", style="dim")
            return found

        found = search(power, asked.target, start, asked.most)
    where = f"{world} [{cell.label}]" if cell.label else world
    about = f"{method} in {where}: rejects, at level {asked.level:g}, that {estimand} is 0"
    return Found(**{**vars(found), "about": about})


def _named(option: str, name: str | None, known: Sequence[str] | Mapping[str, object]) -> str:
    """A name that there is; the only one where none is given."""
    names = list(known)
    if name is None and len(names) == 1:
        return names[0]
    if name is None:
        raise PowerError(f"{option}: which one is wanted? There are: {', '.join(names) or 'none'}")
    if name not in names:
        what = option.removeprefix("--")
        raise PowerError(f"{option}: there is no {what} {name!r} here{spelling(name, names)}")
    return name


def _place(study: Study, cell: Cell, n: int, world: str, estimand: str, method: str) -> Place:
    """A world with another sample size, and a single question and method."""
    others = {path: value for path, value in cell.changes.items() if path != ("n",)}
    varied = Cell(cell.scenario, {**others, ("worlds", world, "n"): n}, f"n={n}")
    asked = study.estimands[estimand].model_copy(update={"worlds": (world,)})
    only = {
        "n": n,
        "real": None,
        "worlds": {world: study.worlds[world].model_copy(update={"n": n})},
        "estimands": {estimand: asked},
        "methods": {method: study.methods[method].model_copy(update={"estimands": (estimand,)})},
        "grids": (),
        "scenarios": {},
    }
    small = study.model_copy(update=only)
    return Place(small, varied, world, plan(small))


def _made(place: Place, parts: Parts) -> None:
    """Have the parts of a place made that are missing."""
    took, settings = parts.seconds(), place.study.engine

    def tell(done: Done) -> None:
        for job, (ran, compiled) in done.seconds.items():
            before = took.get((done.data, job), (0.0, 0.0))
            took[done.data, job] = before[0] + ran, before[1] + compiled

    missing = list(tasks(place, parts, place.study.replications, baselines=False))
    if missing:
        with engine(settings.kind, settings.workers, settings.address) as executor:
            try:
                done(iter(missing), executor, settings.workers or os.cpu_count() or 1, tell)
            finally:
                parts.keep_seconds(took)


def _rejected(place: Place, parts: Parts, method: str, level: float) -> Power:
    """How often the estimates of a place reject that what they estimate is 0."""
    frame = parts.read(place.data, place.jobs[method], place.study.replications, place.chunk)
    every = Attempts.of(frame, "", 0.0)
    ends, n = every.bounded, place.plan.worlds[place.world].n
    failed = int(every.failed.sum())
    if len(ends) < 2:
        why = every.kinds() or "it gives no intervals"
        raise PowerError(f"{method}: no rejections to count in {len(every):,} data sets: {why}")
    low, high = ends.low, ends.high
    if level != 0.05:  # intervals are of 95 per cent; those of another level are the normal law's
        if not every.points:
            raise PowerError(f"--level {level:g}: {method} gives intervals of 95 per cent only")
        scale = NormalDist().inv_cdf(1 - level / 2) / _SURE
        low, high = (ends.value + scale * (end - ends.value) for end in (low, high))
    share = rejection(low, high, gap=ends.gap if level == 0.05 else None)
    return Power(n, share.value, share.mcse, len(ends), failed)
