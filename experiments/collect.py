"""From parts to results: a place at a time, so that a study of many cells needs no more memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from experiments import samples
from experiments.keys import truth_key
from experiments.measures import summarise
from experiments.measures.own import own_truth
from experiments.parts import Parts
from experiments.running import Place

if TYPE_CHECKING:
    import pandas as pd

    from experiments.findings import Method

__all__ = ["Collected", "collect"]

_SHOWN = 2_000_000
"""Estimates that a report shows one by one; of more it has the measures only."""

Seconds = Mapping[tuple[str, str], tuple[float, float]]


@dataclasses.dataclass
class Collected:
    """What all places came to.

    Attributes:
      truths, summary: frames of all places.
      frames: how to read the estimates of each place again.
      rows: how many estimates there are.
      columns: of all places: one that a place does not have is NaN there.
    """

    truths: pd.DataFrame
    summary: pd.DataFrame
    seconds: pd.DataFrame
    rows: int
    columns: tuple[str, ...]
    frames: Sequence[Callable[[], pd.DataFrame]] = dataclasses.field(repr=False)

    def estimates(self) -> Iterator[pd.DataFrame]:
        """The estimates, a frame for each place."""
        return (read().reindex(columns=list(self.columns)) for read in self.frames)

    def shown(self) -> pd.DataFrame:
        """All estimates together where they are few enough to be shown; else none of them."""
        import pandas as pd

        if self.rows <= _SHOWN:
            return pd.concat(self.estimates(), ignore_index=True)
        return next(self.estimates()).head(0)


def collect(
    places: Iterator[Place],
    parts: Parts,
    methods: Sequence[Method],
    seconds: Seconds,
    tell: Callable[[Place], None] = lambda place: None,
) -> Collected:
    """Truths, estimates and measures of every place, whose parts are all there.

    Raises `ValueError` for an estimand of samples that no sample of a place has units for.
    """
    import pandas as pd

    truths, summaries, times, frames, rows = [], [], [], [], 0
    columns: dict[str, None] = {}
    for place in places:
        asked = _truths(place, parts)
        took = [
            (place.name, name, *seconds.get((place.data, job), (float("nan"),) * 2))
            for name, job in place.jobs.items()
        ]
        timed = pd.DataFrame(took, columns=["world", "method", "seconds", "compile_seconds"])
        read = _reader(place, parts)
        estimates = read()
        rows += len(estimates)
        columns |= dict.fromkeys(estimates.columns)
        truths.append(asked)
        times.append(timed)
        here = [_judged(each, asked.estimand) for each in methods if each.name in place.jobs]
        policy: Any = place.study.failures
        summaries.append(summarise(estimates, asked, here, timed, policy=policy))
        frames.append(read)
        tell(place)
    whole = lambda each: pd.concat(each, ignore_index=True)
    return Collected(whole(truths), whole(summaries), whole(times), rows, tuple(columns), frames)


def _judged(method: Method, asked: Iterable[str]) -> Method:
    """A method as it is judged in a place: by what is asked there."""
    return dataclasses.replace(
        method, estimands=tuple(each for each in method.estimands if each in set(asked))
    )


def _reader(place: Place, parts: Parts) -> Callable[[], pd.DataFrame]:
    """Reads the estimates of a place, with the truths of samples beside them."""
    name, data, jobs, own = place.name, place.data, dict(place.jobs), dict(place.own)
    replications, chunk = place.study.replications, place.chunk

    def read() -> pd.DataFrame:
        import pandas as pd

        every = []
        for method, job in jobs.items():
            frame = parts.read(data, job, replications, chunk)
            every.append(frame.assign(world=name, method=method))
        whole = pd.concat(every, ignore_index=True)
        first = ["world", "method", "replicate"]
        whole = whole[first + [column for column in whole if column not in first]]
        for estimand, job in own.items():
            truths = parts.read(data, job, replications, chunk)
            truths = truths.rename(columns={"value": own_truth(estimand)})
            whole = whole.merge(truths, on="replicate", how="left")
        return whole

    return read


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
