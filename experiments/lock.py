"""One run at a time in a folder: the second refuses, and a lock never outlives its process."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["LockedError", "locked"]


class LockedError(ValueError):
    """Another run is at work in the folder."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder, which exists. Raises LockedError where another process does.

    The system lets go of it when the process ends, in whatever way.
    """
    with (folder / ".lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise LockedError(
                f"{folder}: another run is at work here (process {handle.read().strip()}); wait "
                "for it, or choose another place with --out"
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
