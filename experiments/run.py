"""Running a study: real data first, then truths, then replications, then what they amount to."""

from __future__ import annotations

from collections.abc import Iterator
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
from experiments.keys import truth_key
from experiments.measures import summarise, widen
from experiments.plan import Method, Plan, plan
from experiments.provenance import provenance
from experiments.replicate import Replicated, estimate_once, replicate
from experiments.report.page import page
from experiments.samples import with_own_truths
from experiments.store import claim, keep
from experiments.study import Study
from scm.estimate.failures import failure_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["run"]


def run(study: Study, *, quick: bool = False, console: Console, out: Path) -> int:
    """Run a study, show its leaderboard, and keep its results under ``out``. Returns 0.

    ``quick`` is only said in the closing line; the study's own ``replications`` are what is run.

    Raises `experiments.config.ConfigError` for what does not fit, before anything is run, and
    `experiments.store.StoreError` for a folder that cannot be used.
    """
    planned = plan(study)
    folder = claim(out, study)
    findings, seconds = _find(planned, console, provenance(study, folder))
    console.print(leaderboard.render(findings))
    keep(
        folder,
        study,
        findings.provenance,
        estimates=findings.estimates,
        truths=findings.truths,
        seconds=seconds,
        summary=widen(findings.summary),
        real=findings.real,
        report=page(findings),
    )
    console.print()
    if quick:
        console.print(f"A quick look: {study.replications} replications.")
    console.print(f"Report: {folder / 'report.html'}", soft_wrap=True)
    return 0


def _find(
    planned: Plan, console: Console, origin: dict[str, Any]
) -> tuple[found.Findings, pd.DataFrame]:
    import pandas as pd

    study = planned.study
    with _progress(console) as progress:
        real = _on_real_data(planned, progress) if planned.real is not None else None
        truths = _truths(planned, progress)
        results = _replications(planned, progress)
    estimates = pd.concat([each.frame for _, each in results], ignore_index=True)
    estimates, truths = with_own_truths(planned, estimates, truths)
    seconds = pd.DataFrame(
        [(world, r.method, r.seconds, r.compile_seconds) for world, r in results],
        columns=["world", "method", "seconds", "compile_seconds"],
    )
    methods = [_described(name, method) for name, method in planned.methods.items()]
    return (
        found.Findings(
            title=study.title,
            aims=study.aims,
            notes=study.notes,
            worlds={
                name: found.World(each.label, each.model.equations(), each.simulator.source)
                for name, each in planned.worlds.items()
            },
            estimands={
                name: found.Estimand(study.estimands[name].label, each.definition)
                for name, each in planned.estimands.items()
            },
            methods=methods,
            estimates=estimates,
            truths=truths,
            summary=summarise(estimates, truths, methods, seconds),
            real=real,
            real_source=planned.real.source if planned.real is not None else "",
            remarks=planned.remarks(),
            provenance=origin,
        ),
        seconds,
    )


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


def _truths(planned: Plan, progress: Progress) -> pd.DataFrame:
    import pandas as pd

    rows = []
    questions = [each for each in planned.questions() if each[1] not in planned.in_samples(each[0])]
    task = progress.add_task("truths", total=len(questions))
    for world, name in questions:
        key = truth_key(planned.study.seed, world, name)
        truth = planned.estimands[name].truth(planned.worlds[world].model, key)
        rows.append((world, name, *truth))
        progress.advance(task)
    return pd.DataFrame(rows, columns=["world", "estimand", "value", "se", "method", "n"])


def _replications(planned: Plan, progress: Progress) -> list[tuple[str, Replicated]]:
    study, results = planned.study, []
    for name, world in planned.worlds.items():
        methods = planned.methods_in(name)
        task = progress.add_task(name, total=study.replications * len(methods))
        advance = lambda count, task=task: progress.advance(task, count)
        done = replicate(name, world, methods, study.seed, study.replications, advance)
        results += [(name, each) for each in done]
    return results


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
        estimate = estimate_once(method, data)
        failed = failure_of(int(estimate.code))
        row = {
            "method": name,
            "label": method.label,
            **{each: float(getattr(estimate, each)) for each in ("value", "se", "low", "high")},
            "failure": failed.name if failed else "",
        }
        if name in published:
            beside = published[name]
            row |= {"published_value": beside.value, "published_se": beside.se}
            row |= {"source": beside.source}
            for each, value in beside.diagnostics.items():
                row[each] = float(estimate.diagnostics[each])
                row[f"published_{each}"] = value
        rows.append(row)
        progress.advance(task)
    frame = pd.DataFrame(rows)
    for each in ("published_value", "published_se", "source"):
        if each not in frame:
            frame[each] = None
    return frame


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
