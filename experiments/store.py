"""Where a study's results are kept: ``runs/<name>/``, replaced as a whole by the next run.

===================  ==========================================================================
config.toml          the study with every default spelt out; ``scm run`` takes it as it is
provenance.json      settings, versions, device, date: `experiments.provenance`
estimates.parquet    a row per estimate
truths.parquet       a row per truth, with its error
seconds.parquet      what the methods took
summary.csv          the leaderboard
real.csv             the methods on the real data, where the study has any
report.html          all of it, to be read
===================  ==========================================================================
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.provenance import resolved
from experiments.study import Study

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StoreError", "claim", "keep", "staged"]

_STAGE = ".unfinished-"  # files are made in a folder of this name, and then moved all at once
_FILES = (
    "provenance.json",  # first: it marks the folder as ours
    "config.toml",
    "estimates.parquet",
    "truths.parquet",
    "seconds.parquet",
    "summary.csv",
    "real.csv",
    "report.html",
)


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
    estimates: pd.DataFrame,
    truths: pd.DataFrame,
    seconds: pd.DataFrame,
    summary: pd.DataFrame,
    real: pd.DataFrame | None,
    report: str,
) -> None:
    """Replaces what is kept in ``folder``, a folder from `claim`, by the results of one run.

    Every file is made before the first is replaced, each is replaced at one stroke, and none of
    an earlier run stays beside them. Files that are not a run's are not touched.

    Raises StoreError if they cannot be written; what was there is then still there.
    """
    try:
        with staged(folder) as stage:
            (stage / "provenance.json").write_text(_json(provenance), encoding="utf-8")
            (stage / "config.toml").write_text(resolved(study), encoding="utf-8")
            estimates.to_parquet(stage / "estimates.parquet", engine="pyarrow", index=False)
            truths.to_parquet(stage / "truths.parquet", engine="pyarrow", index=False)
            seconds.to_parquet(stage / "seconds.parquet", engine="pyarrow", index=False)
            summary.to_csv(stage / "summary.csv", index=False)
            if real is not None:
                real.to_csv(stage / "real.csv", index=False)
            (stage / "report.html").write_text(report, encoding="utf-8")
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


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _refuse_strangers(folder: Path, study: Study) -> None:
    """Refuses a folder with files in it that is not marked as this study's."""
    held = sorted(each.name for each in folder.iterdir() if not each.name.startswith(_STAGE))
    try:
        record = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        record = None
    owner = record.get("study") if isinstance(record, dict) and "made_by" in record else None
    if owner == study.name or not held:
        return
    if owner is not None:
        what = f"the results of the study {owner!r}"
    else:
        more = f" and {len(held) - 1} more" if len(held) > 1 else ""
        what = f"{held[0]}{more}, and no results of a study"
    raise StoreError(f"{folder}: holds {what}; choose another place with --out, or move it away")
