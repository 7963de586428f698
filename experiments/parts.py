"""Parts: the estimates of one method on one chunk of data sets, a file each, named by what it is.

The name of a part is a digest of all that its bytes depend on: what the data are drawn from, and
what is done to them. So a part that exists needs no second making, whichever run made it; another
method, world, cell or replication has other names, and changes nothing that is there.

A file is made under a passing name and moved at one stroke: whatever stops a run, a part is there
whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.factors import Cell
from experiments.study import Method, Study

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow

__all__ = [
    "Parts",
    "chunk_size",
    "data_digest",
    "digest",
    "frame_of",
    "method_digest",
    "written",
]

_MOST = 50
_BYTES = 1 << 26

_PASSING = ".making-"


def chunk_size(n: int, columns: int) -> int:
    """Data sets in a chunk: as many as fit in 64 MB, 50 at most.

    It is a function of what the data are alone, since the bytes of estimates depend on it.

    >>> chunk_size(n=3_010, columns=20), chunk_size(n=100_000, columns=20)
    (50, 4)
    """
    return max(1, min(_MOST, _BYTES // (8 * n * columns)))


def digest(record: Mapping[str, Any]) -> str:
    """A name for a plain record, the same in every process."""
    text = json.dumps(record, sort_keys=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def data_digest(study: Study, cell: Cell, world: str, code: str) -> str:
    """Of what the data of a world in a cell are drawn from; ``code`` is that of its simulator, and
    of what happens to its data."""
    each = study.worlds[world]
    observed = [told.model_dump() for told in each.observe.values()]
    return digest(
        {
            "seed": study.seed,
            "precision": study.precision,
            "address": [world, cell.of_data(world)],
            "simulator": each.simulator,
            "code": code,
            "parameters": dict(each.parameters),
            "n": each.n,
            **({"observe": observed} if observed else {}),
        }
    )


def method_digest(method: Method, adjust: Iterable[str], code: str) -> str:
    """Of what a method does to data; ``adjust`` are the columns that it ends up adjusting for,
    ``code`` is the estimator's."""
    roles = {**method.roles.model_dump(), "adjust": list(adjust)}
    told = {"estimator": method.estimator, "code": code, "roles": roles}
    missing = {} if method.missing == "refuse" else {"missing": method.missing}
    return digest({**told, "options": dict(method.options), **missing})


@dataclass(frozen=True)
class Parts:
    """The parts below a folder."""

    folder: Path

    def path(self, data: str, job: str, start: int) -> Path:
        """Where the part of a job is, on the chunk of some data that begins at a replicate."""
        return self.folder / data / job / f"{start:08d}.parquet"

    def there(self, data: str, job: str) -> set[int]:
        """Where the chunks begin of which a part is there."""
        try:
            names = [path.name for path in (self.folder / data / job).iterdir()]
        except FileNotFoundError:
            return set()
        return {int(name[:8]) for name in names if not name.startswith(_PASSING)}

    def keep(self, data: str, job: str, start: int, frame: pd.DataFrame) -> None:
        """Keep a part."""
        import pyarrow
        from pyarrow import parquet

        # There are many, and each is small: what helps to search in a large file is left out.
        table = pyarrow.Table.from_pandas(frame, preserve_index=False, nthreads=1)
        plain: dict[str, Any] = {"use_dictionary": False, "write_statistics": False}
        written(self.path(data, job, start), lambda path: parquet.write_table(table, path, **plain))

    def read(self, data: str, job: str, replications: int, chunk: int) -> pd.DataFrame:
        """The rows of the first replications of a job, all of which are there."""
        return frame_of([self.table(data, job, replications, chunk)])

    def table(self, data: str, job: str, replications: int, chunk: int) -> pyarrow.Table:
        """The same, as it comes from the files."""
        import pyarrow.compute
        from pyarrow import parquet

        paths = (self.path(data, job, start) for start in range(0, replications, chunk))
        whole = _joined([parquet.ParquetFile(path).read(use_threads=False) for path in paths])
        return whole.filter(pyarrow.compute.less(whole["replicate"], replications))

    def seconds(self) -> dict[tuple[str, str], tuple[float, float]]:
        """What has been done took, by data and job: seconds, and those of compiling."""
        try:
            rows = json.loads((self.folder / "seconds.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return {(data, job): (ran, compiled) for data, job, ran, compiled in rows}

    def keep_seconds(self, took: Mapping[tuple[str, str], tuple[float, float]]) -> None:
        """Keep what `seconds` gives back: apart from parts, whose bytes no clock may change."""
        text = json.dumps([[*place, *seconds] for place, seconds in sorted(took.items())], indent=0)
        written(self.folder / "seconds.json", lambda path: path.write_text(text, encoding="utf-8"))

    def clean(self) -> None:
        """Remove what a run that was stopped left half made."""
        for pattern in (f"{_PASSING}*", f"*/*/{_PASSING}*"):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)


def frame_of(tables: Sequence[pyarrow.Table]) -> pd.DataFrame:
    """Tables one below the other as one frame; what a table does not have is NaN or None there."""
    return _joined(tables).to_pandas(use_threads=False)


def _joined(tables: Sequence[pyarrow.Table]) -> pyarrow.Table:
    import pyarrow

    # Those of which nothing has draws have no type of draws: the others' is theirs.
    return pyarrow.concat_tables(tables, promote_options="permissive")


def written(path: Path, write: Callable[[Path], Any]) -> None:
    """Make a file under a passing name beside its place, and move it there at one stroke."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=_PASSING, dir=path.parent)
    os.close(handle)
    passing = Path(name)
    try:
        write(passing)
        passing.replace(path)
    finally:
        passing.unlink(missing_ok=True)
