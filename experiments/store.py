"""Where a study's results are kept: ``runs/<name>/``, replaced as a whole by the next run.

===================  ==========================================================================
config.toml          the study with every default spelt out; ``scm run`` takes it as it is
provenance.json      settings, versions, device, date: `experiments.provenance`
estimates.parquet    a row per estimate
truths.parquet       a row per truth, with its error
seconds.parquet      what the methods took
draws.parquet        the draws of posteriors, of methods that give any: `experiments.draws`
summary.csv          the leaderboard
real.csv             the methods on the real data, where the study has any
claims.csv           what the study claims and what came of it, where it claims anything
report.html          all of it, to be read
figures/             every figure of the report as SVG, PNG and CSV; the folder is the run's own
===================  ==========================================================================
"""

from __future__ import annotations

import json
import shutil
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.changes import changes
from experiments.parts import written
from experiments.provenance import resolved
from experiments.report.figure import FOLDER, Figure
from experiments.report.files import write_figures
from experiments.study import Study

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow

__all__ = ["StoreError", "claim", "going_on", "keep", "staged"]

_STAGE = ".unfinished-"  # files are made in a folder of this name, and then moved all at once
_FILES = (
    "provenance.json",  # first: it marks the folder as ours
    "config.toml",
    "estimates.parquet",
    "truths.parquet",
    "seconds.parquet",
    "draws.parquet",
    "summary.csv",
    "real.csv",
    "claims.csv",
    "report.html",
)

_WORDS = ("world", "method", "estimand", "failure", "detail", "key")
"""The columns of frames that hold words."""


class StoreError(ValueError):
    """A place where results cannot be kept; the message names it and says what to do."""


def claim(out: Path, study: Study) -> Path:
    """The folder for the study's results, ``out/<name>``: made if need be, found writable.

    Called before the work, so that nobody waits for results that cannot be kept. Results of an
    earlier run are left in peace until `keep` replaces them.

    Raises StoreError where the folder holds something else than results of this study, or cannot
    be written to.
    """
    folder = out / study.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_strangers(folder, study)
        with staged(folder):
            pass  # it can be written to
    except OSError as error:
        raise StoreError(
            f"{folder}: cannot be written to: {error.strerror}; choose another place with --out"
        ) from None
    return folder


def keep(
    folder: Path,
    study: Study,
    provenance: Mapping[str, Any],
    *,
    estimates: Iterable[pd.DataFrame],
    truths: pd.DataFrame,
    seconds: pd.DataFrame,
    summary: pd.DataFrame,
    real: pd.DataFrame | None,
    report: str,
    figures: Sequence[Figure],
    draws: Iterable[pd.DataFrame] = (),
    claims: pd.DataFrame | None = None,
) -> None:
    """Replaces what is kept in ``folder``, a folder from `claim`, by the results of one run.

    Every file is made before the first is replaced, each is replaced at one stroke, and none of
    an earlier run stays beside them. Files that are not a run's are not touched; the folder of
    figures is a run's, with all that is in it.

    Raises StoreError if they cannot be written; what was there is then still there.
    """
    try:
        with staged(folder) as stage:
            (stage / "provenance.json").write_text(_json(provenance), encoding="utf-8")
            (stage / "config.toml").write_text(resolved(study), encoding="utf-8")
            _stream(stage / "estimates.parquet", estimates)
            truths.to_parquet(stage / "truths.parquet", engine="pyarrow", index=False)
            seconds.to_parquet(stage / "seconds.parquet", engine="pyarrow", index=False)
            summary.to_csv(stage / "summary.csv", index=False)
            _stream(stage / "draws.parquet", draws)
            if real is not None:
                real.to_csv(stage / "real.csv", index=False)
            if claims is not None:
                claims.to_csv(stage / "claims.csv", index=False)
            write_figures(stage / FOLDER, figures)
            (stage / "report.html").write_text(report, encoding="utf-8")
            # A folder with files in it cannot be replaced: the old one goes with the stage.
            if (folder / FOLDER).exists():
                (folder / FOLDER).replace(stage / ".before")
            (stage / FOLDER).replace(folder / FOLDER)
            for name in _FILES:
                if (stage / name).exists():
                    (stage / name).replace(folder / name)
                else:
                    (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written to: {error.strerror}") from None


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A hidden folder inside ``folder`` to make files in before they are moved; then it is gone."""
    stage = Path(tempfile.mkdtemp(prefix=_STAGE, dir=folder))
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def going_on(folder: Path, study: Study, fresh: bool) -> Path:
    """Where the parts of a study are kept, below its folder; emptied if it is to begin ``fresh``.

    The folder is held by its `lock`: what runs that were stopped left half made in it is removed.

    Raises StoreError where the run that is kept had other numbers in its file: then neither going
    on nor beginning again is what was surely meant.
    """
    for stage in folder.glob(f"{_STAGE}*"):
        shutil.rmtree(stage, ignore_errors=True)
    parts = folder / "parts"
    if fresh:
        shutil.rmtree(parts, ignore_errors=True)
    kept = parts / "config.toml"
    if kept.exists():
        differing = changes(Study.model_validate(tomllib.loads(kept.read_text("utf-8"))), study)
        if differing:
            raise StoreError(
                f"{folder}: {'; '.join(differing)}. To do it all again say --fresh; to keep both, "
                "choose another place with --out"
            )
    written(kept, lambda path: path.write_text(resolved(study), encoding="utf-8"))
    return parts


def _stream(path: Path, frames: Iterable[pd.DataFrame]) -> None:
    """Frames of the same columns one after the other, of which one at a time is held."""
    import pyarrow
    from pyarrow import parquet

    writer = None
    try:
        for frame in frames:
            schema = _schema(frame.columns, posteriors=path.stem == "draws")
            if writer is None:
                writer = parquet.ParquetWriter(path, schema)
            writer.write_table(pyarrow.Table.from_pandas(frame, schema, preserve_index=False))
    finally:
        if writer is not None:
            writer.close()


def _schema(columns: Iterable[str], posteriors: bool) -> pyarrow.Schema:
    """The types of columns by their names: those of a frame would be none where all is null."""
    import pyarrow

    types = dict.fromkeys(_WORDS, pyarrow.string()) | {"replicate": pyarrow.int64()}
    if posteriors:  # the draws themselves; estimates have how many there are
        types["draws"] = pyarrow.list_(pyarrow.float64())
    return pyarrow.schema([(name, types.get(name, pyarrow.float64())) for name in columns])


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _owner(folder: Path) -> str | None:
    """The name of the study whose results, or parts of results, a folder holds."""
    try:
        record = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
        if isinstance(record, dict) and "made_by" in record:
            return str(record.get("study"))
    except (FileNotFoundError, ValueError):
        pass
    try:
        return str(tomllib.loads((folder / "parts/config.toml").read_text("utf-8"))["name"])
    except (FileNotFoundError, ValueError, KeyError):
        return None


def _is_nothing(path: Path) -> bool:
    """Whether it is hidden, or the folder of parts of a run that was stopped before it had one."""
    if path.name == "parts" and path.is_dir():
        return all(each.name.startswith(".") for each in path.iterdir())
    return path.name.startswith(".")


def _refuse_strangers(folder: Path, study: Study) -> None:
    """Refuses a folder with files in it that is not marked as this study's."""
    held = sorted(each.name for each in folder.iterdir() if not _is_nothing(each))
    owner = _owner(folder)
    if owner == study.name or not held:
        return
    if owner is not None:
        what = f"the results of the study {owner!r}"
    else:
        more = f" and {len(held) - 1} more" if len(held) > 1 else ""
        what = f"{held[0]}{more}, and no results of a study"
    raise StoreError(f"{folder}: holds {what}; choose another place with --out, or move it away")
