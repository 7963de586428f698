"""``scm merge``: runs of one study that were made apart, put together.

Parts are named by all that their bytes depend on, so that those of two runs can lie in one folder;
where both have one, they must agree to the last byte. What the union of the studies has and no run
has made is left to ``scm run``.
"""

from __future__ import annotations

import filecmp
import functools
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from experiments.changes import changes
from experiments.lock import locked
from experiments.parts import Parts, written
from experiments.store import claim
from experiments.study import Study
from experiments.toml_text import dumps

__all__ = ["MergeError", "Merged", "merged", "union"]

_MARK = "# Put together by scm merge.\n"
_NAMED = ("worlds", "estimands", "methods", "scenarios")


class MergeError(ValueError):
    """Runs that are no parts of one; the message says why."""


@dataclass(frozen=True)
class Merged:
    """What came of it.

    Attributes:
      config: the file of the union study.
      parts: how many parts there are now.
      new: how many of them have been copied there.
    """

    runs: int
    folder: Path
    config: Path
    parts: int
    new: int

    def __str__(self) -> str:
        return (
            f"{self.runs} runs in {self.folder}: {self.parts:,} parts, {self.new:,} of them new\n"
            f"scm run {self.config} --out {self.folder.parent} ends it, and does again nothing "
            "that is there"
        )


@dataclass(frozen=True)
class _Run:
    """A run that parts are taken of, and its study as its file has it."""

    folder: Path
    study: Study
    raw: Mapping[str, Any]

    @property
    def parts(self) -> Parts:
        return Parts(self.folder / "parts")

    def files(self) -> Iterator[Path]:
        """Its parts, by their path below the folder of parts."""
        for path in sorted(self.parts.folder.glob("*/*/[0-9]*.parquet")):
            yield path.relative_to(self.parts.folder)


def merged(folders: Sequence[Path], out: Path) -> Merged:
    """Put runs together in ``out/<name>``, beside what is there of the same study.

    Everything is looked at before anything is copied.

    Raises `MergeError` for folders without parts, for studies that differ in a number, and for two
    parts of one name whose bytes differ; `experiments.store.StoreError` for a place that cannot be
    written to, or that holds something else; `experiments.lock.LockedError` if a run is at work.
    """
    runs = [_run(folder) for folder in {each.resolve(): each for each in folders}.values()]
    folder = out / runs[0].study.name
    runs = [each for each in runs if each.folder.resolve() != folder.resolve()]
    there = [_run(folder)] if (folder / "parts" / "config.toml").exists() else []
    if len(runs) + len(there) < 2:
        raise MergeError(f"two runs or more are wanted: {', '.join(map(str, folders))}")
    tables = _united([*there, *runs])
    claim(out, Study.model_validate(tables))
    with locked(folder):
        return _put(runs, there, folder, dumps(tables))


def _run(folder: Path) -> _Run:
    kept = folder / "parts" / "config.toml"
    if not kept.exists():
        what = "holds no parts of a run" if folder.is_dir() else "no such folder"
        raise MergeError(f"{folder}: {what}: {kept.name} is not in parts; name a folder runs/NAME")
    try:
        raw = tomllib.loads(kept.read_text("utf-8"))
        return _Run(folder, Study.model_validate(raw), raw)
    except (ValidationError, ValueError) as error:
        raise MergeError(f"{kept}: cannot be read: {' '.join(str(error).split())}") from None


def _put(runs: Sequence[_Run], there: Sequence[_Run], folder: Path, text: str) -> Merged:
    """Copy parts and write the study, in a folder that is held."""
    config = folder.with_name(f"{folder.name}.toml")
    if config.exists() and not config.read_text("utf-8").startswith(_MARK):
        raise MergeError(f"{config}: is there already; move it away, or choose another --out")
    into = Parts(folder / "parts")
    wanted = _wanted(runs, into)
    seconds = _seconds(runs, there, into, wanted)
    for name, source in wanted.items():
        written(into.folder / name, functools.partial(shutil.copyfile, source))
    into.keep_seconds(seconds)
    for path, told in ((into.folder / "config.toml", text), (config, _MARK + text)):
        written(path, functools.partial(_write, told))
    count = sum(1 for _ in _Run(folder, runs[0].study, {}).files())
    return Merged(len(runs) + len(there), folder, config, count, len(wanted))


def _write(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")


def _wanted(runs: Sequence[_Run], into: Parts) -> dict[Path, Path]:
    """The parts that are not there yet, by name, and where they are taken from."""
    wanted: dict[Path, Path] = {}
    for run in runs:
        for name in run.files():
            held = into.folder / name
            first = held if held.exists() else wanted.setdefault(name, run.parts.folder / name)
            mine = run.parts.folder / name
            if first != mine and not filecmp.cmp(first, mine, shallow=False):
                raise MergeError(
                    f"{first} and {mine}: the same part, and its bytes differ: one was made on "
                    "another kind of machine or by other versions, or is damaged; take one run "
                    "without it"
                )
    return wanted


def _seconds(
    runs: Sequence[_Run], there: Sequence[_Run], into: Parts, wanted: Mapping[Path, Path]
) -> dict[tuple[str, str], tuple[float, float]]:
    """What all the parts took: of each run, the share of those that are taken from it."""
    took = dict(into.seconds()) if there else {}
    taken = set(wanted.values())
    for run in runs:
        every: dict[tuple[str, str], list[bool]] = {}
        for name in run.files():
            data, job = name.parts[:2]
            every.setdefault((data, job), []).append(run.parts.folder / name in taken)
        for place, seconds in run.parts.seconds().items():
            mine = every.get(place, [])
            if any(mine):
                share = sum(mine) / len(mine)
                before = took.get(place, (0.0, 0.0))
                took[place] = before[0] + share * seconds[0], before[1] + share * seconds[1]
    return took


def _united(runs: Sequence[_Run]) -> dict[str, Any]:
    """The tables of the union of the runs' studies. Raises `MergeError` where there is none."""
    first = runs[0]
    for run in runs[1:]:
        if run.study.name != first.study.name:
            raise MergeError(
                f"{run.folder}: a run of the study {run.study.name!r}, and {first.folder} is one "
                f"of {first.study.name!r}"
            )
        for key in ("grids", "scenarios"):
            if bool(getattr(run.study, key)) != bool(getattr(first.study, key)):
                raise MergeError(
                    f"{run.folder} and {first.folder}: one has {key} and the other none, and so "
                    "their cells are no cells of one study"
                )
    tables = union([(each.raw, each.study) for each in runs])
    try:
        whole = Study.model_validate(tables)
    except ValidationError as error:
        raise MergeError(f"no study has all of this: {' '.join(str(error).split())}") from None
    for run in runs:
        # raw tables too: where n is varied, a world with its own n is not one without
        unlike = changes(run.study, whole)
        unlike += [
            f"{key}.{name} is written otherwise than in {first.folder}"
            for key in ("worlds", "methods")
            for name, table in run.raw.get(key, {}).items()
            if whole.grids and _numbers(table) != _numbers(tables[key][name])
        ]
        if unlike:
            raise MergeError(f"{run.folder}: {'; '.join(unlike)}")
    return tables


def union(studies: Sequence[tuple[Mapping[str, Any], Study]]) -> dict[str, Any]:
    """The tables of a study that has whatever one of these has; the first speaks for words.

    Arguments:
      studies: of each, its file's tables, and the study they are, with its defaults.

    An estimand is asked in every world where one of them asks it, a method held against every
    estimand that one of them holds it against.
    """
    tables: dict[str, Any] = {}
    for raw, _ in reversed(studies):
        tables = {**tables, **raw}
    for key in _NAMED:
        every: dict[str, Any] = {}
        for raw, _ in studies:
            every |= {n: dict(t) for n, t in raw.get(key, {}).items() if n not in every}
        if every:
            tables[key] = every
    for key, list_name in (("estimands", "worlds"), ("methods", "estimands")):
        for name, table in tables[key].items():
            with_it = [getattr(s, key)[name] for _, s in studies if name in getattr(s, key)]
            table[list_name] = list(
                dict.fromkeys(each for one in with_it for each in getattr(one, list_name))
            )
    grids: list[Any] = []
    for raw, _ in studies:
        grids += [grid for grid in raw.get("grids", ()) if grid not in grids]
    if grids:
        tables["grids"] = grids
    tables["replications"] = max(study.replications for _, study in studies)
    return tables


def _numbers(table: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in table.items() if k not in ("label", "estimands")}
