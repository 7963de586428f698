"""A data set as an analyst gets it, with the truth kept beside it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from scm import World
from scm.compile.programs import traced
from scm.core.pytree import pytree
from scm.frames import Columns
from simulators.observe.view import View

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Observed", "Step", "observe"]

Step = Callable[[View], View]
"""Something that happens to data: made by `mismeasure`, `select`, `lose` and their kin."""


@pytree
class Observed:
    """What is left of a world when it reaches the analyst. A pytree, made by `observe`.

    ``seen["X"]`` is a column as the analyst has it, an array of shape (n, ...): NaN where the value
    is missing (an integer column with missing values becomes one of floats). All units are in it,
    also those that were not selected: their `weights` are 0, which estimators take for absent, and
    `to_pandas` leaves them out.

    Attributes:
      clean: the world that the data are of, as it was given.
      world: the same units, with a variable for all that happened to their data: the values of
        ``X measured``, ``Y lost``, ``selected``; ``world.model.graph`` has their arrows.
    """

    clean: World
    view: View

    @property
    def world(self) -> World:
        """The units, and what happened to their data."""
        return self.view.world

    @property
    def code(self) -> jax.Array:
        """What is wrong with units or a step's numbers, of `scm.compile.codes`; 0 for nothing."""
        return jnp.asarray(self.view.code)

    @property
    def n(self) -> int:
        """The number of units before any selection."""
        return self.clean.n

    def __iter__(self) -> Iterator[str]:
        return iter(self.view.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.view.columns

    def __getitem__(self, name: str) -> jax.Array:
        value = self.view.value(name, "observed")
        missing = self.missing(name)
        if missing is None:
            return value
        floats = value.astype(jnp.result_type(float, value.dtype))
        return jnp.where(missing.reshape(-1, *[1] * (value.ndim - 1)), jnp.nan, floats)

    def missing(self, name: str) -> jax.Array | None:
        """Where a column has no value, booleans of shape (n,); None if it is whole."""
        reasons = [self.world[each] for each in self.view.lost.get(name, ())]
        return jnp.any(jnp.stack(reasons), axis=0) if reasons else None

    @property
    def kept(self) -> jax.Array:
        """Which units are in the data: booleans of shape (n,)."""
        kept = jnp.ones(self.n, bool)
        for each in self.view.kept:
            kept &= self.world[each]
        return kept if self.view.most is None else kept & (jnp.cumsum(kept) <= self.view.most)

    @property
    def enough(self) -> jax.Array:
        """Whether as many units are in the data as a `select` with ``n`` asks for."""
        wanted = self.view.most or 0
        return jnp.sum(self.kept) >= wanted

    @property
    def weights(self) -> jax.Array:
        """1 for units in the data, 0 for the others: ``ols(seen.data, roles, weights=...)``."""
        return self.kept.astype(jnp.result_type(float))

    def complete(self, *names: str) -> jax.Array:
        """The weights of complete cases: 1 where a unit is in the data and has all these columns.

        Without names, all columns are meant.
        """
        kept = self.kept
        for name in names or tuple(self):
            missing = self.missing(name)
            kept = kept if missing is None else kept & ~missing
        return kept.astype(jnp.result_type(float))

    @property
    def data(self) -> Columns:
        """All columns, with the rows of all units: go with `weights`, or `complete`."""
        return Columns({name: self[name] for name in self})

    def to_pandas(self) -> pd.DataFrame:
        """The data frame that the analyst has: the units that are in it, NaN for missing values.

        Raises ValueError where a `select` asks for more units than it found.
        """
        if not bool(self.enough):
            raise ValueError(
                f"select: n={self.view.most} units are wanted, and of {self.n:,} only "
                f"{int(self.kept.sum()):,} are selected; sample more, model.sample(key, "
                f"n={2 * self.n}), or ask for fewer"
            )
        if not self.view.columns:
            raise ValueError("to_pandas: all columns are hidden; there is nothing to show")
        return self.data.to_pandas()[np.asarray(self.kept)].reset_index(drop=True)

    def __repr__(self) -> str:
        if traced(self.clean.code):
            return f"Observed of {self.n:,} units: {', '.join(self)}"
        return f"Observed {int(self.kept.sum()):,} of {self.n:,} units: {', '.join(self)}"


def observe(world: World, *steps: Step) -> Observed:
    """The data that the analyst gets of a world, after all that happens to them, in order.

    Arguments:
      world: the units; what is latent in it is not in the data. Nothing of it changes.
      steps: what happens: first to the units, `cluster`, `interfere`, `mismeasure` with
        ``berkson=True``, and last of these `mix`; then to their records, `hide`, `mismeasure`,
        `discretise`, `select`, `lose`, `censor`. Another order is refused. A function given to a
        step names columns as they stand at that step: after ``mismeasure("X")`` X is what was
        measured. It sees missing values.

    Goes through jit and vmap; the severity and the numbers of a step can be traced. All randomness
    is the world's own key, under the name of the step and its column, so steps leave each other's
    noise alone, whatever stands between them.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> from simulators.observe import select
    >>> seen = observe(SCM(X=Normal(0, 1)).sample(key=0, n=100), select(lambda X: X > 0))
    >>> bool((seen.to_pandas()["X"] > 0).all())
    True
    """
    if not isinstance(world, World):
        raise TypeError(
            f"observe: a world is wanted first, given {type(world).__name__}; write "
            "observe(model.sample(key=0, n=1_000), ...)"
        )
    view = View.of(world)
    for step in steps:
        if not callable(step) or isinstance(step, type) or inspect.isfunction(step):
            raise TypeError(f"observe: a step is wanted, such as hide('U'), given {step!r}")
        view = step(view)
    return Observed(world, view)
