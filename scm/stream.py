"""Streams: a world of any size, block after block, to be looked at or to be written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from scm.arguments import first_unit
from scm.compile.programs import traced
from scm.faults import check
from scm.noise.source import Run
from scm.noise.words import stream_of
from scm.solve.draws import source_for
from scm.solve.run import solve
from scm.solve.spread import fitting
from scm.world import World

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["Stream"]


class Stream(Iterator[World]):
    """The blocks of a world, made by `SCM.stream`: an iterator over worlds.

    The next block is being made while the present one is being used, so three are in memory.
    """

    def __init__(self, model: SCM, key: Any, n: int, block: int, sharding: Any) -> None:
        self.model, self.n, self.block, self.sharding = model, n, block, sharding
        self._root = stream_of(key)
        self._worlds = self._made(range(0, n, block))

    def __next__(self) -> World:
        return next(self._worlds)

    def to_parquet(
        self, directory: str | PathLike[str], advance: Callable[[int], None] = lambda units: None
    ) -> Path:
        """Write the observed columns of all units into a directory, a parquet file for each block.

        Always the whole stream, whatever has been taken from it. Files are called
        ``part-00000.parquet`` and so on, appear only when they are whole, and have one schema, the
        columns of `World.to_pandas`. Beside them ``_scm.json`` says what they are. If that is the
        same stream, parts that are there already are kept and the others made, so that what was
        interrupted goes on.

        Arguments:
          directory: made if need be.
          advance: called with the number of units whenever a part is there.

        Returns the directory. Raises `scm.storage.StorageError` where it holds anything else.

        >>> import tempfile
        >>> from numpyro.distributions import Normal
        >>> from scm import SCM
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     made = SCM(x=Normal(0, 1)).stream(0, 10, block=4).to_parquet(folder)
        ...     sorted(each.name for each in made.iterdir())
        ['_scm.json', 'part-00000.parquet', 'part-00001.parquet', 'part-00002.parquet']
        """
        from scm.storage import write

        record = {
            "model": _digest(self.model),
            "key": int(self._root[0]) << 32 | int(self._root[1]),
            "n": self.n,
            "block": self.block,
        }
        blocks = lambda starts: (world.data for world in self._made(starts))
        return write(Path(directory), record, self.n, self.block, blocks, advance)

    def _made(self, starts: Iterable[int]) -> Iterator[World]:
        """The blocks that begin at these units; each is checked when the next is under way."""
        waiting = None
        for start in starts:
            following = self._dispatched(start, min(self.block, self.n - start))
            if waiting is not None:
                yield _checked(waiting)
            waiting = following
        if waiting is not None:
            yield _checked(waiting)

    def _dispatched(self, start: int, size: int) -> World:
        """One block, perhaps still being computed."""
        part = self.model.rows(slice(start, start + size))
        system, origin = part.system, Run(self._root, first_unit(start), size)
        wanted = frozenset(system.structure.order)
        source = source_for(system, origin)
        columns, code = solve(system, source, {}, wanted, fitting(self.sharding, size))
        return World(part, columns, origin, code)


def _checked(world: World) -> World:
    if not traced(world.code):
        check(world)
    return world


def _digest(model: SCM) -> str:
    """What tells a model from another, in any process: how it reads, and its numbers."""
    from scm.storage import digest

    # sorted within a layer: numpyro keeps a law's parameters in a set, in an order of the process
    numbers = [
        sorted(digest(number) for number in layer)
        for name in sorted(model.numbers)
        for layer in model.numbers[name]
    ]
    precision = str(jnp.result_type(float))
    return digest(model.equations(), str(model.coupling), precision, str(numbers))
