"""Running a study: real data first, then the replications that are missing, then results."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from experiments import findings as found
from experiments import leaderboard
from experiments.ademp import ademp
from experiments.collect import Collected, collect
from experiments.engines import engine
from experiments.lock import locked
from experiments.measures import widen
from experiments.method import Method
from experiments.parts import Parts
from experiments.places_shown import Looked, PlacesShown
from experiments.plan import Plan
from experiments.provenance import provenance
from experiments.ready import ready
from experiments.replicate import estimate_once
from experiments.report import report
from experiments.report.claimed import claims_table
from experiments.running import Place, done, places, tasks
from experiments.stopping import wanted
from experiments.store import claim, going_on, keep
from experiments.study import Study
from experiments.task import Done
from experiments.verdicts import verdicts
from scm.estimate.failures import failure_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["run"]


def run(
    study: Study, *, quick: bool = False, console: Console, out: Path, fresh: bool = False
) -> int:
    """Run a study, show its leaderboard, and keep its results under ``out``. Returns 0.

    What an earlier run of it left there is not done again, whatever stopped that run, unless it is
    to be ``fresh``. ``quick`` is only said in the closing line; the study's own ``replications``
    are what is run.

    Raises `experiments.config.ConfigError` for what does not fit, before anything is run;
    `experiments.store.StoreError` for a folder that cannot be used, or that holds a run of the same
    study with other numbers in it; `experiments.lock.LockedError` if another run is at work there.
    """
    first = ready(study)
    folder = claim(out, study)
    with locked(folder):
        parts = Parts(going_on(folder, study, fresh))
        parts.clean()
        with _progress(console) as progress:
            real = _on_real_data(first, progress) if first.real is not None else None
            methods = [_described(name, method) for name, method in first.methods.items()]
            more: int | None = study.replications
            while more is not None:
                study = study.model_copy(update={"replications": more})
                seconds = _replicated(study, parts, progress)
                looked = Looked(study)
                every = _counted(progress, "results", _looking(places(study, ready=True), looked))
                results = collect(every, parts, methods, seconds)
                more = wanted(study, results.families.single(results.summary))
        seen, origin = looked.shown(results.families), provenance(study, folder)
        findings = _findings(study, first, methods, results, seen, real, origin)
        shown = report(findings)
        keep(
            folder,
            study,
            findings.provenance,
            estimates=results.estimates(),
            draws=results.draws(),
            truths=results.truths,
            seconds=results.seconds,
            summary=widen(results.summary),
            real=real,
            claims=claims_table(findings),
            report=shown.html,
            figures=shown.figures,
        )
    console.print(leaderboard.render(findings))
    console.print()
    if quick:
        console.print(f"A quick look: {study.replications} replications.")
    console.print(f"Report: {folder / 'report.html'}", soft_wrap=True)
    return 0


def _replicated(
    study: Study, parts: Parts, progress: Progress
) -> dict[tuple[str, str], tuple[float, float]]:
    """Have all parts made that are missing; what all of them took, by data and job."""
    took = parts.seconds()
    task = progress.add_task("chunks", total=None)

    def tell(done: Done) -> None:
        for job, (ran, compiled) in done.seconds.items():
            before = took.get((done.data, job), (0.0, 0.0))
            took[done.data, job] = before[0] + ran, before[1] + compiled
        progress.advance(task)

    missing = (
        each
        for place in places(study, ready=True)
        for each in tasks(place, parts, study.replications)
    )
    settings = study.engine
    with engine(settings.kind, settings.workers, settings.address) as executor:
        try:
            done(missing, executor, settings.workers or os.cpu_count() or 1, tell)
        finally:
            parts.keep_seconds(took)
    return took


def _looking(every: Iterable[Place], looked: Looked) -> Iterator[Place]:
    """Places, each of which is looked at when it has been dealt with."""
    for place in every:
        yield place
        looked.at(place)


def _counted(progress: Progress, what: str, every: Iterator[Place]) -> Iterator[Place]:
    task = progress.add_task(what, total=None)
    for place in every:
        yield place
        progress.advance(task)


def _findings(
    study: Study,
    first: Plan,
    methods: list[found.Method],
    results: Collected,
    seen: PlacesShown,
    real: pd.DataFrame | None,
    origin: dict[str, Any],
) -> found.Findings:
    return found.Findings(
        title=study.title,
        aims=study.aims,
        notes=study.notes,
        worlds=seen.worlds,
        estimands={
            name: found.Estimand(study.estimands[name].label, each.definition)
            for name, each in first.estimands.items()
        },
        methods=[*methods, *results.baselines],
        estimates=results.shown(),
        truths=results.families.shown(results.truths),
        summary=results.families.shown(results.summary),
        real=real,
        real_source=first.real.source if first.real is not None else "",
        remarks=seen.remarks,
        policy=study.failures,
        provenance=origin,
        cells=seen.cells,
        design=ademp(study, first, f"{len({each.label for each in seen.cells.values()}):,}"),
        broken=seen.broken,
        claims=_claims(study, results),
    )


def _claims(study: Study, results: Collected) -> tuple[found.Claim, ...]:
    if not study.claims:
        return ()
    every = places(study, ready=True)
    return verdicts(study.claims, every, results.summary, results.truths, results.frames)


def _described(name: str, method: Method) -> found.Method:
    return found.Method(
        name,
        method.label,
        method.estimator.name,
        method.estimator.target_of(**method.options),
        tuple(method.estimator.assumes),
        method.moments,
        method.estimands,
    )


def _on_real_data(planned: Plan, progress: Progress) -> pd.DataFrame:
    """Every method on the data as they came, beside what was published."""
    import pandas as pd

    real = planned.real
    assert real is not None
    published = {each.method: each for each in real.published}
    data = {name: real.frame[name].to_numpy() for name in real.frame.columns}
    task = progress.add_task("real data", total=len(planned.methods))
    rows = []
    for name, method in planned.on_real_data().items():
        fields, diagnostics = _once(method, data)
        row = {"method": name, "label": method.label, **fields}
        if name in published:
            beside = published[name]
            row |= {"published_value": beside.value, "published_se": beside.se}
            row |= {"source": beside.source}
            for each, value in beside.diagnostics.items():
                row[each] = float(diagnostics[each])
                row[f"published_{each}"] = value
        rows.append(row)
        progress.advance(task)
    frame = pd.DataFrame(rows)
    for each in ("published_value", "published_se", "source"):
        if each not in frame:
            frame[each] = None
    return frame


def _once(method: Method, data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of one estimate, and its diagnostics."""
    import pandas as pd

    fields = ("value", "se", "low", "high")
    if method.plain:
        row = method.row(pd.DataFrame({name: data[name] for name in method.columns}))
        return {each: row[each] for each in (*fields, "failure")}, {}
    estimate = estimate_once(method, data)
    failed = failure_of(int(estimate.code))
    found = {each: float(getattr(estimate, each)) for each in fields}
    return {**found, "failure": failed.name if failed else ""}, estimate.diagnostics


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield progress
