"""Commands that look at studies and at runs: ``scm check``, ``schema``, ``replay``, ``diff``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.terminal import console, mistakes, prepare

__all__ = ["check", "diff", "replay", "schema"]

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, as runs/college.")]


def check(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A study's TOML file.")],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where scm run keeps its results.")
    ] = Path("runs"),
) -> None:
    """Say what a study will do and what is done; run nothing.

    Aims, data, estimands, methods, measures; how much it is, and how long the rest will take.
    """
    from experiments.config import ConfigError, load

    with mistakes(ConfigError):
        study = load(config)
    prepare(study.precision)
    from experiments.check import checked

    with mistakes(ConfigError):
        page = checked(study, out / study.name)
    console().print(page)


def schema() -> None:
    """Print the JSON schema of a study's file, for editors."""
    import json

    from experiments.schema import schema

    print(json.dumps(schema(), indent=2, ensure_ascii=False))


def replay(
    run: Run,
    replicate: Annotated[int, typer.Option(min=0, metavar="R", help="Which data set, from 0.")],
    cell: Annotated[
        str | None, typer.Option(metavar="LABEL", help="Its cell, as in 'n=50'.")
    ] = None,
    world: Annotated[str | None, typer.Option(metavar="W", help="Its world.")] = None,
    method: Annotated[str | None, typer.Option(metavar="M", help="This method alone.")] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write the data set there.")
    ] = None,
) -> int:
    """Make one data set of a run again, and its estimates.

    Exit status 1 where an estimate is another than the one that is kept.
    """
    from experiments.config import ConfigError, load

    with mistakes(ConfigError):
        study = load(kept_config(run))
    prepare(study.precision)
    from experiments.replay import ReplayError, replayed

    with mistakes(ConfigError, ReplayError):
        again = replayed(study, run, replicate, cell, world, method)
        if data is not None:
            again.write(data)
    console().print(again, soft_wrap=True)
    return 0 if again.same else 1


def diff(
    run: Run,
    other: Annotated[Path, typer.Argument(metavar="RUN", help="Another run's folder.")],
) -> int:
    """Compare the results of two runs, apart from timings.

    Exit status 0 where they are equal, 1 where they differ, 2 for a mistake.
    """
    from experiments.diff import DiffError, differences

    with mistakes(DiffError):
        lines = differences(run, other)
    for line in lines or ["no difference"]:
        print(line)
    return 1 if lines else 0


def kept_config(run: Path) -> Path:
    """The study that a run's folder holds the parts, or the results, of."""
    places = [run / "parts" / "config.toml", run / "config.toml"]
    return next((path for path in places if path.exists()), places[-1])
