"""Columns: named arrays on the device, and the one place where they become a data frame."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from scm.core.errors import ModelError, UnknownNameError, suggestion

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Columns", "Unit"]


class Columns(dict[str, Any]):
    """Named arrays, each with a leading axis of units: a dict that can become a data frame."""

    def flat(self) -> dict[str, np.ndarray]:
        """The columns as NumPy arrays of one axis, views where they can be.

        The components of a vector are called ``x[0]``, ``x[1]``.
        """
        flat: dict[str, np.ndarray] = {}
        for name, column in self.items():
            array: Any = np.asarray(column)
            for index in itertools.product(*map(range, array.shape[1:])):
                label = f"{name}[{', '.join(map(str, index))}]" if index else name
                if label in flat:
                    raise ModelError(
                        f"to_pandas: two columns would be called {label!r}, a component and a "
                        "variable; rename the variable"
                    )
                flat[label] = array[:, *index]
        return flat

    def to_pandas(self) -> pd.DataFrame:
        """A data frame, a row for each unit; the components of a vector are ``x[0]``, ``x[1]``."""
        import pandas as pd

        return pd.DataFrame(self.flat())

    def _repr_html_(self) -> str:
        return self.to_pandas()._repr_html_()  # type: ignore[operator]


@jax.tree_util.register_pytree_with_keys_class
class Unit(dict[str, Any]):
    """One unit, from every variable to its value: what functions of a unit are shown."""

    def __missing__(self, name: str) -> Any:
        raise UnknownNameError(f"the unit has no variable {name!r}{suggestion(name, self)}")

    def tree_flatten_with_keys(self) -> tuple[list[Any], tuple[str, ...]]:
        names = sorted(self)
        return [(jax.tree_util.DictKey(name), self[name]) for name in names], tuple(names)

    @classmethod
    def tree_unflatten(cls, names: tuple[str, ...], values: Any) -> Unit:
        return cls(zip(names, values, strict=True))
