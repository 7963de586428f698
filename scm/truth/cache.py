"""Truths kept on disk, one small file each, under the account of all that determines them.

In ``scm/truths`` of the user's folder for caches, or in ``$SCM_CACHE_DIR/truths``;
``SCM_CACHE_DIR=off`` keeps nothing. A file that is broken, or a folder that cannot be written, is
as good as none: never an error.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, get_args

import numpy as np

from scm.truth.result import Method, Truth

__all__ = ["folder", "keep", "recall"]

_MOST = 10_000  # files; beyond them the least recently used are forgotten


def folder() -> Path | None:
    """Where truths are kept; None where they are not."""
    if chosen := os.environ.get("SCM_CACHE_DIR"):
        return None if chosen.lower() == "off" else Path(chosen) / "truths"
    xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if xdg.is_absolute():
        return xdg / "scm" / "truths"
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "scm" / "truths"
    caches = Path("Library/Caches") if sys.platform == "darwin" else Path(".cache")
    try:
        return Path.home() / caches / "scm" / "truths"
    except RuntimeError:  # a user without a home
        return None


def recall(account: str | None) -> Truth | None:
    """The truth kept under an account, or None."""
    where = folder() if account is not None else None
    if where is None:
        return None
    path = where / f"{account}.json"
    try:
        truth = _read(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # used just now
    return truth


def keep(account: str | None, name: str, truth: Truth) -> None:
    """Keep a truth under an account; ``name`` is for people who look into the file."""
    where = folder() if account is not None else None
    if where is None:
        return
    with contextlib.suppress(OSError):
        where.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=where, suffix=".draft")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(_written(name, truth), file)
            Path(draft).replace(where / f"{account}.json")  # at once: no reader sees half a file
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        _forget(where)


def _forget(where: Path) -> None:
    """Drop the least recently used files, a tenth of them, once there are too many."""
    with os.scandir(where) as entries:
        files = [(entry.stat().st_mtime, entry.path) for entry in entries]
    if len(files) > _MOST:
        for _, path in sorted(files)[: len(files) - _MOST + _MOST // 10]:
            Path(path).unlink(missing_ok=True)


def _written(name: str, truth: Truth) -> dict[str, Any]:
    numbers = {each: _plain(getattr(truth, each)) for each in ("value", "se")}
    return {"question": name, **numbers, "method": truth.method, "n": int(truth.n)}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value
    array = np.asarray(value, np.float64)
    return {"shape": array.shape, "numbers": array.ravel().tolist()}


def _read(held: Any) -> Truth:
    if held["method"] not in get_args(Method) or not isinstance(held["n"], int):
        raise ValueError
    return Truth(_number(held["value"]), _number(held["se"]), held["method"], held["n"])


def _number(held: Any) -> Any:
    if isinstance(held, float):
        return held
    return np.array(held["numbers"], np.float64).reshape(held["shape"])
