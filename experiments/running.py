"""From a study to parts that are all there: what is still to be done, and having it done.

Only what is missing is done, so that going on is the same as beginning; tasks are made as they are
wanted, and few are under way at a time, so that memory does not grow with the study.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from functools import cached_property

from experiments.baselines import Absent
from experiments.factors import Cell
from experiments.own_code import code_digest
from experiments.parts import Parts, chunk_size, data_digest, digest, method_digest
from experiments.plan import Plan, assembled, plan
from experiments.study import Study
from experiments.task import Done, Task, work

__all__ = ["Place", "done", "places", "tasks"]

_WINDOW = 3
"""Tasks under way for each worker: one it does, and what it need not wait for."""


@dataclass(frozen=True)
class Place:
    """A world in a cell: where data are drawn, and methods judged.

    Attributes:
      plan: of the cell's study.
      name: of the world in frames; with the cell's label where there is one.
    """

    study: Study
    cell: Cell
    world: str
    plan: Plan

    @property
    def name(self) -> str:
        return f"{self.world} [{self.cell.label}]" if self.cell.label else self.world

    @property
    def chunk(self) -> int:
        """How many data sets are made at once."""
        world = self.plan.worlds[self.world]
        return chunk_size(world.n, len(world.columns))

    @cached_property
    def data(self) -> str:
        """The digest of its data."""
        code = self.plan.worlds[self.world].code
        return data_digest(self.study, self.cell, self.world, code)

    @cached_property
    def jobs(self) -> dict[str, str]:
        """By method, the digest of what it does here."""
        return {
            name: method_digest(
                self.study.methods[name], method.roles.adjust, code_digest(method.code)
            )
            for name, method in self.plan.methods_in(self.world).items()
        }

    @cached_property
    def baselines(self) -> dict[tuple[str, str], str]:
        """By estimand and name of a baseline, the digest of what it does here."""
        found = self.plan.baselines_in(self.world)
        return {at: each.digest for at, each in found.items() if not isinstance(each, Absent)}

    @cached_property
    def own(self) -> dict[str, str]:
        """By estimand of samples, the digest of what it is."""
        asked = self.plan.in_samples(self.world)
        words = {"label", "worlds"}
        return {
            name: digest({"estimand": self.study.estimands[name].model_dump(exclude=words)})
            for name in asked
        }


def places(study: Study, *, ready: bool = False) -> Iterator[Place]:
    """Every world of every cell; whether all fits together is asked of the first, unless the study
    is known to be ``ready``.

    Raises `ConfigError`, at another cell for names that it has and there are none of.
    """
    for number, cell in enumerate(study.cells()):
        each = study.within(cell)
        planned = assembled(each) if number or ready else plan(each)
        for world in each.worlds:
            yield Place(each, cell, world, planned)


def tasks(
    place: Place, parts: Parts, replications: int, *, baselines: bool = True
) -> Iterator[Task]:
    """What is still to be done in a place, chunk by chunk; with or without its baselines."""
    jobs = {name: (job, parts.there(place.data, job)) for name, job in place.jobs.items()}
    own = {name: (job, parts.there(place.data, job)) for name, job in place.own.items()}
    every = place.baselines if baselines else {}
    beside = {at: (job, parts.there(place.data, job)) for at, job in every.items()}
    for start in range(0, replications, place.chunk):
        wanted = {name: job for name, (job, there) in jobs.items() if start not in there}
        asked = {name: job for name, (job, there) in own.items() if start not in there}
        least = {at: job for at, (job, there) in beside.items() if start not in there}
        if wanted or asked or least:
            yield Task(
                place.study,
                place.cell,
                place.world,
                start,
                place.data,
                wanted,
                asked,
                least,
                parts.folder,
            )


def done(
    wanted: Iterator[Task],
    executor: Executor,
    workers: int,
    tell: Callable[[Done], None] = lambda done: None,
) -> None:
    """Have tasks done; ``tell`` hears of each. Raises what a task raised."""
    under_way: set[Future[Done]] = set()
    for task in wanted:
        under_way.add(executor.submit(work, task))
        if len(under_way) >= _WINDOW * workers:
            under_way = _heard(under_way, tell)
    while under_way:
        under_way = _heard(under_way, tell)


def _heard(under_way: set[Future[Done]], tell: Callable[[Done], None]) -> set[Future[Done]]:
    """Wait for one task or more, hear of them, and give back those that are still under way."""
    finished, rest = wait(under_way, return_when=FIRST_COMPLETED)
    for each in finished:
        tell(each.result())
    return set(rest)
