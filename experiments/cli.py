"""The command line: ``scm run``, ``list``, ``show`` and ``sample``, and those of `looking` and
`further`.

What is heavy (JAX, numpyro, pandas, pydantic) is imported inside the commands, so that ``--help``
answers at once. A user's mistake ends in one clear line and exit status 2; a mistake of ours keeps
its traceback.
"""

from __future__ import annotations

import decimal
import enum
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.device import one_thread
from experiments.further import check_estimator, export, merge, power
from experiments.looking import check, diff, replay, schema
from experiments.terminal import UserError, console, mistakes, prepare

if TYPE_CHECKING:
    from simulators import Simulator

__all__ = ["app", "main"]

QUICK = 50  # replications of a quick look
MISTAKE, STOPPED = 2, 130  # exit statuses

# The base class of typer's own complaints, which typer does not export in all versions.
_UsageError: Any = next(
    each for each in typer.BadParameter.__mro__ if each.__name__ == "ClickException"
)

app = typer.Typer(
    help="Structural causal models, and estimators held against the truth they know.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help needs no rich, and is there in half the time
)


class Precision(enum.StrEnum):
    """What numbers are held in."""

    float32 = "float32"
    float64 = "float64"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit status: 0, 2 for a mistake, 130 for Ctrl-C."""
    one_thread()
    try:
        words = None if arguments is None else list(arguments)
        status = app(words, prog_name="scm", standalone_mode=False) or 0
    except UserError as error:
        return _complain(str(error))
    except _UsageError as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "scm"
        message = error.format_message().rstrip(".")
        return _complain(f"{command}: {message} (see {command} --help)")
    if status == STOPPED:  # typer's status for a Ctrl-C
        print("scm: stopped", file=sys.stderr)
    return status


def _complain(message: str) -> int:
    print(message, file=sys.stderr)
    return MISTAKE


def _count(given: str | int) -> int:  # typer parses defaults as well
    """A number of units as people write it: 1000, 1_000, 1e6."""
    try:
        number = decimal.Decimal(given)
        if 1 <= number < 2**63 and number == number.to_integral_value():
            return int(number)
    except decimal.InvalidOperation:
        pass
    raise typer.BadParameter(
        f"an integer of at least 1 is wanted, such as 1000, 1_000 or 1e6, given {given!r}"
    )


def _key(given: str | int) -> int:
    """The seed of all randomness."""
    if str(given).isdecimal() and int(given) < 2**64:
        return int(given)
    raise typer.BadParameter(f"an integer from 0 to 2**64 - 1 is wanted, given {given!r}")


def _settings(pairs: Sequence[str]) -> dict[str, Any]:
    """``["story=life", "rate=0.3"]`` as parameters; values are read as in a config, or are text."""
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise UserError(f"--set {pair}: NAME=VALUE is wanted, such as --set story=life")
        if name in settings:
            raise UserError(f"--set {pair}: {name} is set twice")
        try:
            settings[name] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            settings[name] = text
    return settings


Name = Annotated[str, typer.Argument(metavar="NAME", help="A simulator; scm list tells which.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="A parameter, such as story=life; repeatable."
    ),
]


@app.callback(invoke_without_command=True)
def _scm(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of

        print(f"scm {version_of('scm')}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def run(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A study's TOML file.")],
    quick: Annotated[
        bool, typer.Option("--quick", help=f"A first look: {QUICK} replications.")
    ] = False,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Results go to DIR/<name of the study>/.")
    ] = Path("runs"),
    replications: Annotated[
        int | None,
        typer.Option(metavar="R", parser=_count, help="Replications, instead of the file's."),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="in-process, processes or dask; instead of the file's."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="W", parser=_count, help="Workers of the engine.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Do it all again, whatever is done already.")
    ] = False,
) -> int:
    """Run a study: estimators held against truth, and a report.

    Results go to runs/<name>/: report.html, summary.csv, every estimate, and the config with
    every default spelt out. What an earlier run left there is not done again.
    """
    from pydantic import ValidationError

    from experiments.config import ConfigError, load
    from experiments.lock import LockedError
    from experiments.own_code import ChangedError
    from experiments.store import StoreError
    from experiments.study import Engine

    if quick and replications is not None:
        raise UserError(f"--quick is --replications {QUICK}: give one or the other")
    with mistakes(ConfigError):
        study = load(config)
    if quick or replications is not None:
        study = study.model_copy(update={"replications": replications or QUICK})
    if engine is not None or workers is not None:
        given = {"kind": engine, "workers": workers}
        told = {key: value for key, value in given.items() if value is not None}
        other = (
            engine is not None and engine != study.engine.kind
        )  # the file's settings are its own
        held = {} if other else study.engine.model_dump(exclude_none=True)
        try:
            changed = Engine.model_validate({**held, **told})
        except ValidationError as error:
            raise UserError(f"--engine: {error.errors()[0]['msg']}") from None
        if changed.kind == "in-process" and (workers or 1) > 1:
            raise UserError(f"--workers {workers}: this process is one; add --engine processes")
        study = study.model_copy(update={"engine": changed})
    prepare(study.precision)
    from scm import ModelError

    with mistakes(ConfigError, StoreError, LockedError, ModelError, ChangedError):
        from experiments.run import run as run_study

        return run_study(study, quick=quick, console=console(), out=out, fresh=fresh)


@app.command("list")
def list_() -> None:
    """List the simulators, and the studies in ./configs."""
    from experiments.listing import listed

    console().print(listed(Path("configs")))


@app.command()
def show(
    name: Name,
    settings: Settings = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw it, too: a .png or .svg of graph and data."),
    ] = None,
) -> None:
    """Show a simulator: equations, graph, known answers."""
    from experiments.listing import shown

    simulator, given = _simulator(name), _settings(settings or [])
    with mistakes(ValueError):  # parameters that it does not have, or not such values
        text = shown(simulator, given)
    if picture is not None:
        from simulators import pictures

        with mistakes(ValueError):
            pictures.save(pictures.picture(name, **given), picture)
    console().print(text)


@app.command()
def sample(
    name: Name,
    n: Annotated[
        int, typer.Option("-n", metavar="N", parser=_count, help="Units: 1000, 1_000, 1e6.")
    ] = 1_000,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="A .parquet or .csv, or a directory of parquet parts, as in people/; left out, a "
            "few are shown.",
        ),
    ] = None,
    key: Annotated[int, typer.Option(metavar="KEY", parser=_key, help="The random seed.")] = 0,
    settings: Settings = None,
    precision: Annotated[Precision, typer.Option(help="Of the numbers.")] = Precision.float32,
) -> None:
    """Sample a simulator's data into a file, or a directory.

    The same key gives the same units, however many are asked for. A directory takes any number of
    them, block by block; what was interrupted goes on when it is asked for again.
    """
    from experiments.sampling import SamplingError, head, write
    from scm import ModelError

    simulator, given = _simulator(name), _settings(settings or [])
    prepare(precision.value)
    with mistakes(ValueError):
        model = simulator.build(**given)
    with mistakes(SamplingError, ModelError):
        shown = head(model, key, n) if out is None else write(model, key, n, out)
    console().print(shown)


def _simulator(name: str) -> Simulator:
    from simulators.registry import get

    with mistakes(KeyError):
        return get(name)


for _command in (check, schema, replay, diff, export, merge, power, check_estimator):
    app.command()(_command)
