"""Columns: named arrays on the device, and the one place where they become a data frame."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Columns"]


class Columns(dict[str, Any]):
    """Named arrays, each with a leading axis of units: a dict that can become a data frame."""

    def to_pandas(self) -> pd.DataFrame:
        """A data frame, a row for each unit; the components of a vector are ``x[0]``, ``x[1]``."""
        import pandas as pd

        flat: dict[str, np.ndarray] = {}
        for name, column in self.items():
            array: Any = np.asarray(column)
            for index in itertools.product(*map(range, array.shape[1:])):
                label = f"{name}[{', '.join(map(str, index))}]" if index else name
                flat[label] = array[:, *index]
        return pd.DataFrame(flat)

    def _repr_html_(self) -> str:
        return self.to_pandas()._repr_html_()  # type: ignore[operator]
