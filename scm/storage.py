"""Worlds on disk: parquet part files in a directory, each whole as soon as it is there.

``_scm.json`` in the directory says which world it is. Who writes the same world into it again keeps
the parts that are there; whatever else is in it is refused by name.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from scm.core.errors import ModelError
from scm.frames import Columns

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["StorageError", "digest", "table", "unit_rows", "write", "write_columns"]

_RECORD = "_scm.json"  # readers of parquet directories pass over names that begin so
_UNFINISHED = ".unfinished-"  # and so
_PART_BYTES = 1 << 26
_PART_ROWS = 1 << 20


class StorageError(ValueError):
    """A directory that cannot take a world; the message names what is in the way."""


def write(
    directory: Path,
    record: Mapping[str, Any],
    n: int,
    block: int,
    blocks: Callable[[Sequence[int]], Iterator[Columns]],
    advance: Callable[[int], None] = lambda units: None,
) -> Path:
    """Write ``n`` units into ``directory``, ``block`` to a part; parts that are there are kept.

    Arguments:
      record: what tells this world from any other; kept as ``_scm.json``.
      blocks: ``blocks(starts)`` makes the parts that begin at these units, in this order.
      advance: called with the number of units of each part that is there.

    The first part that is there already is made again and compared with what is there.

    Raises StorageError where the directory holds anything but parts of this very world.
    """
    record = {"made_by": "scm", "jax": jax.__version__, **record}
    starts = {name: at * block for at, name in enumerate(_names(-(-n // block)))}
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise StorageError(f"{directory}: is a file; name a directory") from None
    _refuse_strangers(directory, record, starts)
    present = [name for name in starts if (directory / name).exists()]
    schema = None
    for name in present:
        rows = min(block, n - starts[name])
        schema = _schema_of(directory / name, rows, schema)
        advance(rows)
    if not (directory / _RECORD).exists():
        _write_text(directory / _RECORD, json.dumps(record, indent=2) + "\n")
    missing = [name for name in starts if name not in present]
    made = blocks([starts[name] for name in (*present[:1], *missing)])
    for name in present[:1]:
        _compare(directory / name, table(next(made)))
    for name, columns in zip(missing, made, strict=True):
        part = table(columns)
        _write_part(directory / name, part)
        advance(part.num_rows)
    return directory


def write_columns(directory: Path, columns: Columns, n: int) -> Path:
    """Write columns that are held in memory: as `write`, in parts of 64 MiB."""
    flat = columns.flat()
    block = unit_rows(sum(column.itemsize for column in flat.values()))
    record = {"content": digest(*flat, *flat.values()), "n": n, "block": block}
    part = lambda start: Columns({name: each[start : start + block] for name, each in flat.items()})
    return write(directory, record, n, block, lambda starts: map(part, starts))


def table(columns: Columns) -> pa.Table:
    """Columns as an Arrow table, named as in `Columns.flat`, without copying plain numbers."""
    import pyarrow as pa

    flat = columns.flat()
    for name, column in flat.items():
        if column.dtype.kind not in "biuf":
            raise ModelError(
                f"to_parquet: {name} is of type {column.dtype}, which parquet cannot hold; make it "
                f"float32 in the assignment of {name}: ....astype(jnp.float32)"
            )
    return pa.table({name: pa.array(column) for name, column in flat.items()})


def unit_rows(unit_bytes: int) -> int:
    """How many units of this size make a part of 64 MiB, at most a million: a power of two."""
    rows = max(_PART_BYTES // max(unit_bytes, 1), 1)
    return min(1 << (rows.bit_length() - 1), _PART_ROWS)


def digest(*parts: Any) -> str:
    """A short text that differs where one of these texts, numbers or arrays differs."""
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, str):
            made.update(part.encode())
        else:
            array = np.ascontiguousarray(part)
            made.update(f"\0{array.dtype} {array.shape}\0".encode())
            made.update(array.data if array.size else b"")
        made.update(b"\0")
    return made.hexdigest()


def _names(count: int) -> list[str]:
    """The names of parts: in order of the units when sorted."""
    width = max(5, len(str(count - 1)))
    return [f"part-{at:0{width}}.parquet" for at in range(count)]


def _refuse_strangers(directory: Path, record: Mapping[str, Any], parts: Mapping[str, int]) -> None:
    """Refuse a directory that holds anything but parts of this world."""
    held = {each.name for each in directory.iterdir() if not each.name.startswith(_UNFINISHED)}
    elsewhere = "choose another directory, or delete this one"
    if _RECORD in held:
        try:
            known = json.loads((directory / _RECORD).read_text(encoding="utf-8"))
        except ValueError:
            known = None
        if not isinstance(known, dict) or known.get("made_by") != "scm":
            raise StorageError(f"{directory}: its {_RECORD} cannot be read; {elsewhere}")
        differ = [key for key in {**record, **known} if known.get(key) != record.get(key)]
        if differ:
            what = ", ".join(f"{each}={known.get(each)}, not {record.get(each)}" for each in differ)
            raise StorageError(f"{directory}: holds another world ({what}); {elsewhere}")
    strange = sorted(held - {_RECORD} - (parts.keys() if _RECORD in held else set()))
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        raise StorageError(
            f"{directory}: holds {strange[0]}{more}, no part of this world; choose another "
            "directory, or move it away"
        )


def _schema_of(path: Path, rows: int, expected: Any) -> Any:
    """The schema of a part; refused where it is not whole, or not as the others."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema, held = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowInvalid, OSError):
        raise StorageError(f"{path}: is not a whole parquet file; delete it and go on") from None
    if held != rows:
        raise StorageError(f"{path}: holds {held:,} units, not {rows:,}; delete it and go on")
    if expected is not None and not schema.equals(expected):
        raise StorageError(f"{path}: has other columns than the parts before; delete it and go on")
    return schema


def _compare(path: Path, made: pa.Table) -> None:
    from pyarrow import parquet

    if not parquet.read_table(path, partitioning=None).equals(made):
        raise StorageError(
            f"{path}: holds other numbers than this model makes here and now (another model, "
            "machine or version of JAX); choose another directory, or delete this one"
        )


def _write_part(path: Path, part: pa.Table) -> None:
    from pyarrow import parquet

    # A column of reals has no value twice: a dictionary of them costs time and gains nothing.
    repeating = [field.name for field in part.schema if "float" not in str(field.type)]
    with _finished(path) as unfinished:
        parquet.write_table(part, unfinished, use_dictionary=repeating, compression="snappy")


def _write_text(path: Path, text: str) -> None:
    with _finished(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def _finished(path: Path) -> Iterator[Path]:
    """A name to write under; what is there becomes ``path`` at one stroke, if all went well."""
    unfinished = path.with_name(f"{_UNFINISHED}{path.name}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
