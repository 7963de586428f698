"""From parts to results: a place at a time, so that a study of many cells needs no more memory."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import samples
from experiments.baselines import described
from experiments.draws import pit_column, share_below
from experiments.families import Families, place_of
from experiments.keys import truth_key
from experiments.measures import summarise
from experiments.measures.own import own_truth
from experiments.names import BASELINES
from experiments.parts import Parts, frame_of
from experiments.running import Place
from experiments.targets import targets

if TYPE_CHECKING:
    import pandas as pd

    from experiments.findings import Method

__all__ = ["Collected", "collect"]

_SHOWN = 2_000_000
"""Estimates that a report shows one by one; of more it has the measures only."""

_HELD = 1 << 27
"""Bytes of estimates that are kept when they have been read."""

Seconds = Mapping[tuple[str, str], tuple[float, float]]


@dataclasses.dataclass
class Collected:
    """What all places came to.

    Attributes:
      truths, summary: frames of all places.
      frames: how to read the estimates of each place again.
      rows: how many estimates there are.
      columns: of all places: one that a place does not have is NaN there.
      baselines: those that some place has, with all that they are judged by.
      families: whose members are places here, and whose truths and measures are in the frames too.
    """

    truths: pd.DataFrame
    summary: pd.DataFrame
    seconds: pd.DataFrame
    rows: int
    columns: tuple[str, ...]
    baselines: tuple[Method, ...]
    families: Families
    frames: Sequence[Callable[[], pd.DataFrame]] = dataclasses.field(repr=False)
    posteriors: Sequence[Callable[[], Iterator[pd.DataFrame]]] = dataclasses.field(repr=False)

    def estimates(self) -> Iterator[pd.DataFrame]:
        """The estimates, a frame for each place."""
        return (read().reindex(columns=list(self.columns)) for read in self.frames)

    def draws(self) -> Iterator[pd.DataFrame]:
        """The draws of posteriors, a frame for each place and method that has any."""
        return (frame for read in self.posteriors for frame in read())

    def shown(self) -> pd.DataFrame:
        """All estimates together where they are few enough to be shown; else none of them."""
        import pandas as pd

        if self.rows <= _SHOWN:
            every = (self.families.as_one(each, self.truths) for each in self.estimates())
            return pd.concat(every, ignore_index=True)
        return next(self.estimates()).head(0)


def collect(
    places: Iterator[Place],
    parts: Parts,
    methods: Sequence[Method],
    seconds: Seconds,
) -> Collected:
    """Truths, estimates and measures of every place, whose parts are all there.

    Raises `ValueError` for an estimand of samples that no sample of a place has units for.
    """
    import pandas as pd

    truths, summaries, times, rows, held = [], [], [], 0, 0
    frames: list[Callable[[], pd.DataFrame]] = []
    columns: dict[str, None] = {}
    beside: dict[str, dict[str, None]] = {}
    names: list[tuple[str, str, str]] = []
    posteriors: list[Callable[[], Iterator[pd.DataFrame]]] = []
    for place in places:
        asked = _truths(place, parts)
        took = [
            (place.name, name, *seconds.get((place.data, job), (float("nan"),) * 2))
            for name, job in place.jobs.items()
        ]
        for name in BASELINES:
            every = [job for (_, each), job in place.baselines.items() if each == name]
            spent = [seconds.get((place.data, job), (float("nan"),) * 2) for job in set(every)]
            if spent:
                took.append((place.name, name, *(sum(each) for each in zip(*spent, strict=True))))
        timed = pd.DataFrame(took, columns=["world", "method", "seconds", "compile_seconds"])
        read = _reader(place, parts, asked)
        estimates = read()
        rows += len(estimates)
        held += int(estimates.memory_usage().sum())
        columns |= dict.fromkeys(estimates.columns)
        truths.append(asked)
        times.append(timed)
        here = [_judged(each, asked.estimand) for each in methods if each.name in place.jobs]
        for name, asked_of in _by_baseline(place).items():
            beside.setdefault(name, {}).update(dict.fromkeys(asked_of))
        here += described(_by_baseline(place))
        policy: Any = place.study.failures
        aims = targets(place)
        summaries.append(summarise(estimates, asked, here, timed, policy=policy, targets=aims))
        # What is wanted again is read again, unless all of it is little.
        frames.append(read if held > _HELD else _same(estimates))
        if "draws" in estimates:
            posteriors.append(functools.partial(_draws, place, parts))
        names.append((place.name, place.world, place_of(place)))
    whole = lambda each: pd.concat(each, ignore_index=True)
    families = Families.of(names)
    baselines = tuple(described({name: tuple(each) for name, each in beside.items()}))
    return Collected(
        families.with_truths(whole(truths)),
        families.with_summary(whole(summaries), [*methods, *baselines]),
        whole(times), rows, tuple(columns), baselines, families, frames, posteriors,
    )  # fmt: skip


def _same(frame: pd.DataFrame) -> Callable[[], pd.DataFrame]:
    return lambda: frame


def _by_baseline(place: Place) -> dict[str, tuple[str, ...]]:
    """By name of a baseline, the estimands that it is judged by in a place."""
    found: dict[str, tuple[str, ...]] = {}
    for estimand, name in place.baselines:
        found[name] = (*found.get(name, ()), estimand)
    return found


def _judged(method: Method, asked: Iterable[str]) -> Method:
    """A method as it is judged in a place: by what is asked there."""
    return dataclasses.replace(
        method, estimands=tuple(each for each in method.estimands if each in set(asked))
    )


def _reader(place: Place, parts: Parts, asked: pd.DataFrame) -> Callable[[], pd.DataFrame]:
    """Reads the estimates of a place, with the truths of samples beside them, and of posteriors the
    number of their draws and the share of them that is below each truth."""
    name, data, jobs, own = place.name, place.data, dict(place.jobs), dict(place.own)
    beside = dict(place.baselines)
    truth = dict(zip(asked.estimand, asked.value, strict=True))
    replications, chunk = place.study.replications, place.chunk

    def read() -> pd.DataFrame:
        every = {(name, ""): job for name, job in jobs.items()}
        every |= {(baseline, estimand): job for (estimand, baseline), job in beside.items()}
        tables = [parts.table(data, job, replications, chunk) for job in every.values()]
        sizes = [len(table) for table in tables]
        methods, estimands = (np.repeat(each, sizes) for each in zip(*every, strict=True))
        whole = frame_of(tables).assign(world=name, method=methods, estimand=estimands)
        first = ["world", "method", "estimand", "replicate"]
        whole = whole[first + [column for column in whole if column not in first]]
        for estimand, job in own.items():
            truths = parts.read(data, job, replications, chunk)
            truths = truths.rename(columns={"value": own_truth(estimand)})
            whole = whole.merge(truths, on="replicate", how="left")
        return _with_shares(whole, truth) if "draws" in whole else whole

    return read


def _with_shares(whole: pd.DataFrame, truth: Mapping[str, float]) -> pd.DataFrame:
    """Estimates with numbers in the place of draws, by which posteriors are judged."""
    held = [None if each is None or isinstance(each, float) else each for each in whole.draws]
    shares = {}
    for estimand, value in truth.items():
        own = own_truth(estimand)
        truths = whole[own] if own in whole else [value] * len(whole)
        pairs = zip(held, truths, strict=True)
        shares[pit_column(estimand)] = [share_below(*each) for each in pairs]
    counts = [float("nan") if each is None else float(len(each)) for each in held]
    return whole.assign(draws=counts, **shares)


def _draws(place: Place, parts: Parts) -> Iterator[pd.DataFrame]:
    """The draws of the methods that give any, a frame each."""
    for method, job in place.jobs.items():
        frame = parts.read(place.data, job, place.study.replications, place.chunk)
        if "draws" in frame:
            kept = frame[frame.draws.notna()].assign(world=place.name, method=method)
            yield kept[["world", "method", "replicate", "draws"]]


def _truths(place: Place, parts: Parts) -> pd.DataFrame:
    """The truths that are asked for in a place, with their errors."""
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    cell = place.cell.of_data(place.world)
    for world, name in place.plan.questions():
        if world != place.world:
            continue
        if name in place.own:
            values = parts.read(
                place.data, place.own[name], place.study.replications, place.chunk
            ).value.dropna()
            if values.empty:
                raise ValueError(
                    f"estimands.{name}: no sample of {place.plan.worlds[world].n:,} units from the "
                    f"world {place.name!r} has units to average over: "
                    f"{place.plan.estimands[name].definition}"
                )
            truth: tuple[Any, ...] = (float(values.mean()), 0.0, samples.METHOD, len(values))
        else:
            key = truth_key(place.study.seed, world, name, cell)
            truth = tuple(place.plan.estimands[name].truth(place.plan.worlds[world].model, key))
        rows.append((place.name, name, *truth))
    return pd.DataFrame(rows, columns=["world", "estimand", "value", "se", "method", "n"])
