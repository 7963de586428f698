"""Commands that go on from studies and runs: ``scm export``, ``merge``, ``power``,
``check-estimator``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.looking import Run
from experiments.terminal import console, mistakes, prepare

__all__ = ["check_estimator", "export", "merge", "power"]


def export(
    run: Run,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder that files go to.")],
    form: Annotated[
        str, typer.Option("--format", metavar="FORM", help="csv, or latex (with booktabs).")
    ] = "csv",
) -> None:
    """Write the leaderboards of a run as CSV or LaTeX.

    One file for each world and estimand; the paths are printed.
    """
    from experiments.export import ExportError, exported

    with mistakes(ExportError):
        paths = exported(run, out, form)
    for path in paths:
        print(path)


def merge(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN RUN...", help="Folders of runs of one study.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="They go to DIR/<name of the study>/.")],
) -> None:
    """Put runs of one study together that were made apart.

    Other replications, methods, worlds or cells; what two of them have must be the same bytes.
    """
    from experiments.config import ConfigError
    from experiments.lock import LockedError
    from experiments.merge import MergeError, merged
    from experiments.store import StoreError

    with mistakes(ConfigError, MergeError, StoreError, LockedError):
        done = merged(runs, out)
    print(done)


def power(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A study's TOML file.")],
    target: Annotated[float, typer.Option(metavar="P", help="The power that is wanted.")] = 0.8,
    method: Annotated[str | None, typer.Option(metavar="M", help="The method.")] = None,
    world: Annotated[str | None, typer.Option(metavar="W", help="The world.")] = None,
    estimand: Annotated[str | None, typer.Option(metavar="E", help="The estimand.")] = None,
    cell: Annotated[
        str | None, typer.Option(metavar="LABEL", help="The cell, as in 'overlap=0.5'.")
    ] = None,
    level: Annotated[float, typer.Option(metavar="A", help="Of the test.")] = 0.05,
    most: Annotated[int, typer.Option(metavar="N", help="The largest n to try.")] = 1_000_000,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Parts are kept in DIR/<name of the study>/.")
    ] = Path("runs"),
) -> int:
    """Search the sample size at which a method has the power.

    The null is that the estimand is 0. Exit status 1 where no sample size was found.
    """
    from experiments.config import ConfigError, load

    with mistakes(ConfigError):
        study = load(config)
    prepare(study.precision)
    from experiments.lock import LockedError
    from experiments.own_code import ChangedError
    from experiments.power import Asked, PowerError, searched
    from experiments.replay import ReplayError
    from experiments.store import StoreError

    with mistakes(ConfigError, PowerError, ReplayError, StoreError, LockedError, ChangedError):
        asked = Asked(target, level, most, method, world, estimand, cell)
        found = searched(study, asked, out, console())
    console().print(found, soft_wrap=True)
    return 0 if found.n is not None else 1


def check_estimator(
    name: Annotated[
        str, typer.Argument(metavar="MODULE:FUNCTION", help="As a study would name it.")
    ],
) -> int:
    """Try an estimator of your own on small data sets.

    Exit status 1 where something that must hold does not.
    """
    prepare("float64")
    from experiments.check_estimator import found_for

    with mistakes(ValueError):
        found = found_for(name)
    for one in found:
        print(one)
    return int(any(one.fails for one in found))
