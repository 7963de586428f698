"""Worlds of several units, many draws of each: what a posterior of many units makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.errors import ModelError
from scm.core.intervention import merged
from scm.core.pytree import pytree, static
from scm.frames import Columns, Unit
from scm.world import Mean, World

if TYPE_CHECKING:
    import pandas as pd

    from scm.model import SCM

__all__ = ["Imagined", "arrayed", "flattened"]


@pytree
class Imagined:
    """A world of ``draws`` draws of each of ``units`` units.

    ``world["Y"]`` has shape (draws, units, *shape). Otherwise it is a `World`: ``data``, ``noise``,
    ``natural``, ``do`` and ``undo`` are the same, with both axes in front. A pytree.
    """

    flat: World
    draws: int = static()
    units: int = static()

    @property
    def model(self) -> SCM:
        """The model that made it."""
        return self.flat.model

    @property
    def code(self) -> jax.Array:
        """The `scm.compile.codes.Code` of all draws."""
        return self.flat.code

    def _shaped(self, value: Any) -> jax.Array:
        return jnp.reshape(value, (self.draws, self.units, *jnp.shape(value)[1:]))

    def __getitem__(self, name: str) -> jax.Array:
        return self._shaped(self.flat[name])

    def __contains__(self, name: object) -> bool:
        return name in self.flat

    def __iter__(self) -> Iterator[str]:
        return iter(self.flat)

    @property
    def data(self) -> Columns:
        """The observed columns, (draws, units, *shape) each."""
        return Columns({name: self[name] for name in self.model.observed})

    @property
    def noise(self) -> Mapping[tuple[str, str], jax.Array]:
        """Noise by (variable, noise name), (draws, units, *shape)."""
        return _Reshaped(self.flat.noise, self._shaped)

    @property
    def natural(self) -> Mapping[str, jax.Array]:
        """What each variable would have been without the interventions on it."""
        return _Reshaped(self.flat.natural, self._shaped)

    def do(self, interventions: Mapping[str, Any] | None = None, /, **rhs: Any) -> Imagined:
        """The same draws under one more intervention; as `Posterior.do`."""
        named = merged("do", interventions, rhs)
        structure = self.model.structure
        shaped = {
            name: flattened(value, structure.out(name).shape, self.draws, self.units)
            if arrayed(value) and name in structure.variables
            else value
            for name, value in named.items()
        }
        return dataclasses.replace(self, flat=self.flat.do(shaped))

    def undo(self, *names: str) -> Imagined:
        """The same draws with all interventions on the named variables taken back."""
        return dataclasses.replace(self, flat=self.flat.undo(*names))

    def expect(self, fn: Callable[[Mapping[str, Any]], Any]) -> Mean:
        """The mean of ``fn(unit)`` over the draws, for each unit, with its standard error:
        (units, *shape). ``fn`` sees one draw of one unit: a mapping from variables to values."""
        values = jax.vmap(fn)(Unit({name: self.flat[name] for name in self.flat}))
        shaped = self._shaped(values.astype(jnp.result_type(float, values.dtype)))
        spread = shaped.std(axis=0, ddof=1) if self.draws > 1 else jnp.zeros(shaped.shape[1:])
        return Mean(shaped.mean(axis=0), spread / self.draws**0.5, self.draws)

    def to_pandas(self) -> pd.DataFrame:
        """The observed columns, a row for each draw of each unit, under an index of both."""
        import pandas as pd

        index = pd.MultiIndex.from_product(
            [range(self.draws), range(self.units)], names=["draw", "unit"]
        )
        return self.flat.to_pandas().set_index(index)

    def __repr__(self) -> str:
        of = "1 draw" if self.draws == 1 else f"{self.draws:,} draws"
        names = ", ".join(self.model.observed)
        return f"Imagined world of {self.units:,} units, {of} of each: {names}"


class _Reshaped(Mapping[Any, jax.Array]):
    """A mapping of arrays, each shown in another shape."""

    def __init__(self, inner: Mapping[Any, Any], shaped: Callable[[Any], jax.Array]) -> None:
        self._inner, self._shaped = inner, shaped

    def __getitem__(self, key: Any) -> jax.Array:
        return self._shaped(self._inner[key])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._inner)

    def __len__(self) -> int:
        return len(self._inner)


def arrayed(value: Any) -> bool:
    """Whether a right-hand side is an array."""
    return isinstance(value, np.ndarray | jax.Array)


def flattened(value: Any, shape: tuple[int, ...], draws: int, units: int) -> Any:
    """Values of (units,) or (draws, units) units with one row for each draw of each unit."""
    given = tuple(np.shape(value))
    lead = given[: len(given) - len(shape)] if shape else given
    if given[len(lead) :] != shape or not lead:
        return value
    if lead == (units,) or lead in ((draws, units), (1, units)):
        wide = jnp.broadcast_to(jnp.asarray(value), (draws, units, *shape))
    elif units == 1 and lead in ((draws,), (1,)):
        wide = jnp.broadcast_to(jnp.asarray(value)[:, None], (draws, units, *shape))
    else:
        raise ModelError(
            f"do: an array of shape {given} was given; one value for each unit is ({units},), one "
            f"for each draw of each unit ({draws}, {units}), followed by the variable's own {shape}"
        )
    return wide.reshape(draws * units, *shape)
