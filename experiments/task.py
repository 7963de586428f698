"""A task: a chunk of a world's data sets, and all that is still to be done to it.

It is what any worker can do, in this process or another, on this machine or another: it says what
it needs by plain values, and leaves its results in files.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.device import prepare
from experiments.factors import Cell
from experiments.own_code import ChangedError, code_digest
from experiments.parts import Parts, data_digest, method_digest
from experiments.study import Study

if TYPE_CHECKING:
    from experiments.method import Method
    from experiments.world import World

__all__ = ["Done", "Task", "work"]


@dataclass(frozen=True)
class Task:
    """What is to be done.

    Attributes:
      study: that of the cell.
      data: the digest of the data.
      jobs: by name of a method, the digest of what it does.
      own: by name of an estimand of samples, the digest of what it is.
      baselines: by estimand and name of a baseline, the digest of what it does.
      folder: where parts are kept.
    """

    study: Study
    cell: Cell
    world: str
    start: int
    data: str
    jobs: Mapping[str, str]
    own: Mapping[str, str]
    baselines: Mapping[tuple[str, str], str]
    folder: Path


@dataclass(frozen=True)
class Done:
    """What came of a task besides its parts: by job, seconds, and those of compiling."""

    data: str
    seconds: Mapping[str, tuple[float, float]]


def _ready(precision: str) -> None:
    """Set a worker's process up; the one that a person runs is set up already, and is theirs."""
    import jax

    wide: bool = jax.config.jax_enable_x64  # type: ignore[attr-defined]
    if multiprocessing.parent_process() is not None or wide != (precision == "float64"):
        prepare(precision)


def work(task: Task) -> Done:
    """Do a task, and keep its parts."""
    _ready(task.study.precision)
    from experiments.baselines import Naive, Oracle, baseline
    from experiments.method import method_of
    from experiments.plan import estimand_of
    from experiments.replicate import drawn, estimated
    from experiments.samples import own_truths
    from experiments.world import world_of
    from scm.estimands import InSample

    study, cell = task.study, task.cell.of_data(task.world)
    world = world_of(study, task.world)
    parts = Parts(task.folder)
    methods = {name: method_of(study, name).told_by(world.seen) for name in task.jobs}
    seconds: dict[str, tuple[float, float]] = {}
    beside = {
        job: baseline(name, estimand_of(study.estimands[asked]), world.seen)
        for (asked, name), job in task.baselines.items()
    }
    _refuse_other_code(task, world, methods)
    if methods or beside:
        chunk = drawn(task.world, world, study.seed, task.start, cell)
        for name, method in methods.items():
            frame, *took = estimated(method, chunk)
            seconds[task.jobs[name]] = took[0], took[1]
            parts.keep(task.data, task.jobs[name], task.start, frame)
    for job, each in beside.items():
        match each:
            case Naive():
                frame, *took = each.rows(chunk)
            case Oracle():
                frame, *took = each.rows(task.world, world, study.seed, chunk, cell)
        seconds[job] = took[0], took[1]
        parts.keep(task.data, job, task.start, frame)
    for name, job in task.own.items():
        asked = estimand_of(study.estimands[name])
        assert isinstance(asked, InSample)
        frame = own_truths(task.world, world, asked, study.seed, task.start, cell)
        parts.keep(task.data, job, task.start, frame)
    return Done(task.data, seconds)


def _refuse_other_code(task: Task, world: World, methods: Mapping[str, Method]) -> None:
    """Refuse to keep, under the names of the code that was asked for, what other code makes: a
    worker's own may have been changed since."""
    study = task.study
    made = {
        name: method_digest(study.methods[name], each.roles.adjust, code_digest(each.code))
        for name, each in methods.items()
    }
    data = data_digest(study, task.cell, task.world, world.code)
    if (data, made) != (task.data, dict(task.jobs)):
        raise ChangedError(
            f"{task.world}: code of the world or of its methods was changed while this ran, or is "
            "not the same where the workers are; run it again: what is done and does not depend on "
            "it is not done again"
        )
