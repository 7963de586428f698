"""Worlds: what a model makes of some units, seen, forced, or forced again with the same noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from scm.compile.programs import traced
from scm.core.errors import (
    ModelError,
    NonFiniteError,
    UnknownNameError,
    suggestion,
)
from scm.core.intervention import merged
from scm.core.pytree import pytree
from scm.faults import check
from scm.frames import Columns, Unit
from scm.noise.given import Given
from scm.noise.source import Picked
from scm.solve.acyclic import varies
from scm.solve.draws import Origin, source_for
from scm.solve.jumps import watched_function
from scm.solve.run import solve
from scm.views import NaturalView, NoiseView

if TYPE_CHECKING:
    import pandas as pd

    from scm.model import SCM

__all__ = ["Mean", "World", "solved"]


class Mean(NamedTuple):
    """A mean over units, its standard error, and how many units it was taken over."""

    value: Any
    se: Any
    n: int


@pytree
class World:
    """Units with a value for every variable. A pytree of JAX arrays on the device.

    ``world["wage"]`` is the column of a variable, latent ones and params included: an array of
    shape (n, *shape). ``world.data`` are the columns that an analyst would see. Worlds are made by
    `SCM.sample` and `SCM.evaluate`, never by hand.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> model = SCM(x=Normal(0, 1), y=lambda x, u=Normal(0, 1): 2 * x + u)
    >>> world = model.sample(key=0, n=100)
    >>> forced = world.do(x=1.0)  # the same units, the same noise
    >>> bool((world.noise["y", "u"] == forced.noise["y", "u"]).all())
    True

    ``world.code`` is 0 if all values are finite and all laws defined; the others are in
    `scm.compile.codes.Code`. Outside a trace a world that is not so is refused when it is made;
    inside jit, vmap and grad nothing can be raised, and the code travels with the world instead.
    """

    model: SCM
    columns: dict[str, jax.Array]
    origin: Origin
    code: jax.Array

    @property
    def n(self) -> int:
        """The number of units."""
        return self.origin.n

    def __getitem__(self, name: str) -> jax.Array:
        if name not in self.columns:
            raise UnknownNameError(
                f"the world has no variable {name!r}{suggestion(name, self.columns)}"
            )
        self._refuse_batches()
        value, shape = self.columns[name], self.model.structure.out(name).shape
        return value if varies(value, shape) else jnp.broadcast_to(value, (self.n, *shape))

    def _refuse_batches(self) -> None:
        """Worlds that came out of vmap are many worlds in one, whose axes would be misread."""
        if not isinstance(self.origin, Given) and jnp.ndim(self.origin.root) > 1:
            raise ModelError(
                "these are several worlds stacked by vmap; look at them inside the function that "
                "is vmapped, or take one out: jax.tree.map(lambda leaf: leaf[0], worlds)"
            )

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __len__(self) -> int:
        return self.n

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    @property
    def data(self) -> Columns:
        """The observed columns, in order of writing: no latents, no params."""
        return Columns({name: self[name] for name in self.model.observed})

    @property
    def noise(self) -> Mapping[tuple[str, str], jax.Array]:
        """Noise by (variable, noise name): arrays of shape (n, *shape), made when asked for.

        Declared noise is shown as its value under its law. The canonical noise of a returned
        distribution is shown as a standard normal score (``inverse_cdf``), as Gumbel values
        (``gumbel_max``), or as two random words (a law that has only a sampler).
        """
        return NoiseView(self)

    @property
    def natural(self) -> Mapping[str, jax.Array]:
        """What each variable would have been, in this world, without the interventions on it."""
        return NaturalView(self)

    def do(self, interventions: Mapping[str, Any] | None = None, /, **rhs: Any) -> World:
        """The same units under one more intervention.

        What is not a descendant of an intervention is carried over, not computed again.
        """
        named = merged("do", interventions, rhs)
        return self._under(self.model.do(named), frozenset(named))

    def undo(self, *names: str) -> World:
        """The same units with all interventions on the named variables taken back."""
        return self._under(self.model.undo(*names), frozenset(names))

    def assign(self, assignments: Mapping[str, Any] | None = None, /, **rhs: Any) -> World:
        """The same units with other mechanisms, or more variables: see `SCM.assign`.

        >>> from numpyro.distributions import Normal
        >>> from scm import SCM
        >>> world = SCM(x=Normal(0, 1)).sample(key=0, n=3)
        >>> bool((world.assign(twice=lambda x: 2 * x)["twice"] == 2 * world["x"]).all())
        True
        """
        named = merged("assign", assignments, rhs)
        return self._under(self.model.assign(named), frozenset(named))

    def _under(self, model: SCM, changed: frozenset[str]) -> World:
        model.check_units(self.n)
        moved = model.structure.descendants(changed)
        carried = {name: value for name, value in self.columns.items() if name not in moved}
        return solved(model, self.origin, carried)

    def where(self, mask: Any) -> World:
        """The units for which ``mask`` holds: booleans of shape (n,), or ``fn(unit) -> bool``.

        The units keep their noise: `do` on what is selected forces just these.
        """
        if callable(mask):
            mask = jax.vmap(mask)(self._units())
        if traced(mask):
            raise ModelError(
                "where: the number of units that remain is not known inside jit, vmap or grad; "
                "pass weights to the estimator instead"
            )
        chosen = np.asarray(mask)
        if chosen.dtype != bool or chosen.shape != (self.n,):
            raise ModelError(
                f"where: booleans of shape ({self.n},) are wanted, given {chosen.dtype} of shape "
                f"{chosen.shape}; write world.where(world['x'] > 0)"
            )
        rows = np.flatnonzero(chosen)
        if not rows.size:
            raise ModelError(f"where: none of the {self.n} units satisfies the condition")
        structure = self.model.structure
        columns = {
            name: value[rows] if varies(value, structure.out(name).shape) else value
            for name, value in self.columns.items()
        }
        return World(self.model.rows(rows), columns, _picked(self.origin, rows), self.code)

    def expect(self, fn: Callable[[Mapping[str, Any]], Any]) -> Mean:
        """The mean of ``fn(unit)`` over the units, with its standard error.

        ``fn`` sees one unit: a mapping from every variable to its value.

        >>> from numpyro.distributions import Normal
        >>> from scm import SCM
        >>> SCM(x=Normal(3, 1)).sample(key=0, n=10_000).expect(lambda unit: unit["x"]).n
        10000
        """
        values = jax.vmap(self._watched(fn))(self._units())
        if not isinstance(values, jax.Array):
            raise ModelError(
                f"expect: fn must return one number or array, given {type(values).__name__}"
            )
        values = values.astype(jnp.result_type(float, values.dtype))
        if not traced(values) and not bool(jnp.isfinite(values).all()):
            raise NonFiniteError(
                f"expect: fn is not finite in {int((~jnp.isfinite(values)).sum()):,} of {self.n:,} "
                "units; guard it, or select the units with world.where(...) first"
            )
        spread = values.std(axis=0, ddof=1) if self.n > 1 else jnp.full(values.shape[1:], jnp.nan)
        return Mean(values.mean(axis=0), spread / self.n**0.5, self.n)

    def _watched(self, fn: Callable[[Mapping[str, Any]], Any]) -> Callable[..., Any]:
        """The function, its jumps refusing derivatives."""
        shapes = {name: self.model.structure.out(name) for name in self.columns}
        return watched_function("expect: fn", fn, Unit(shapes))

    def _units(self) -> Unit:
        return Unit({name: self[name] for name in self.columns})

    def to_pandas(self) -> pd.DataFrame:
        """The observed columns as a data frame with a row for each unit."""
        return self.data.to_pandas()

    def to_parquet(self, directory: str | PathLike[str]) -> Path:
        """Write the observed columns into a directory as parquet, as `to_pandas` would have them.

        One file, or several of 64 MiB, and ``_scm.json``, which says what they are. Returns the
        directory; `pandas.read_parquet` reads it. Raises `scm.storage.StorageError` where it holds
        anything but this very world. A world too large for memory is written by
        ``model.stream(key, n).to_parquet(directory)``.

        >>> import tempfile
        >>> import pandas as pd
        >>> from numpyro.distributions import Normal
        >>> from scm import SCM
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     pd.read_parquet(SCM(x=Normal(0, 1)).sample(0, 10).to_parquet(folder)).shape
        (10, 1)
        """
        from scm.storage import write_columns

        return write_columns(Path(directory), self.data, self.n)

    def __repr__(self) -> str:
        latents = self.model.latents
        hidden = f" (latent: {', '.join(latents)})" if latents else ""
        return f"World of {self.n:,} units: {', '.join(self.model.observed)}{hidden}"

    def _repr_html_(self) -> str:
        head = Columns({name: value[:5] for name, value in self.data.items()})
        return f"<p>{self.n:,} units</p>{head._repr_html_()}"


def solved(model: SCM, origin: Origin, carried: Mapping[str, Any], sharding: Any = None) -> World:
    """The world of a model for the units of an origin; refused if a value is not finite."""
    system = model.system
    wanted = frozenset(system.structure.order)
    source = source_for(system, origin)
    columns, code = solve(system, source, carried, wanted, sharding)
    if isinstance(origin, Given) and not isinstance(origin.code, int):
        code = jnp.maximum(code, origin.code)
    world = World(model, columns, origin, code)
    if not traced(code):
        check(world)
    return world


def _picked(origin: Origin, rows: np.ndarray) -> Picked | Given:
    if isinstance(origin, Given):
        return origin.rows(rows)
    high, low = origin.numbers
    return Picked(origin.root, high[rows], low[rows])
