"""Engines: who does the tasks. Any `concurrent.futures.Executor` will do.

The results are the same on each, for a task says all that it needs and no task knows of another.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

__all__ = ["KINDS", "InProcess", "engine"]

KINDS = ("in-process", "processes", "dask")


class InProcess(Executor):
    """Does what is submitted at once, here."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The future of a call, which is done already."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            if not isinstance(error, Exception):
                raise
            future.set_exception(error)
        return future


@contextlib.contextmanager
def engine(kind: str, workers: int | None = None, address: str = "") -> Iterator[Executor]:
    """An executor of a kind, shut down afterwards.

    Arguments:
      kind: "in-process"; "processes", workers of this machine that loky keeps; "dask", the workers
        of a Dask cluster: that at the address (``tcp://...``), or a local one.
      workers: how many; as many as there are cores by default. One at an address is as it is.

    Raises ModuleNotFoundError where the engine is not installed.
    """
    if kind == "in-process":
        yield InProcess()
    elif kind == "processes":
        from loky import ProcessPoolExecutor

        with ProcessPoolExecutor(max_workers=workers) as pool:
            yield pool
    else:
        from distributed import Client, LocalCluster

        with contextlib.ExitStack() as stack:
            where: Any = address or stack.enter_context(
                LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
            )
            yield stack.enter_context(Client(where)).get_executor()
