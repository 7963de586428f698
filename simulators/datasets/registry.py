"""Datasets by name: functions that return a frame, with where it comes from."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulators.catalogue import Catalogue

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Dataset:
    """A named table of real data.

    >>> from simulators import DATASETS
    >>> len(DATASETS["card"].load())
    3010
    """

    name: str
    title: str
    source: str
    load: Callable[[], pd.DataFrame] = field(repr=False)

    @property
    def home(self) -> str:
        """The function that loads it: module and name."""
        return f"{self.load.__module__}.{self.load.__qualname__}"

    @property
    def description(self) -> str:
        """The docstring of the function that loads it."""
        return inspect.getdoc(self.load) or ""


DATASETS: Catalogue[Dataset] = Catalogue("dataset", "simulators.datasets", "scm.datasets")


def dataset(
    name: str, *, title: str, source: str
) -> Callable[[Callable[[], pd.DataFrame]], Callable[[], pd.DataFrame]]:
    """Enter a function that returns a frame into the list of datasets, under a name."""

    def register(load: Callable[[], pd.DataFrame]) -> Callable[[], pd.DataFrame]:
        DATASETS.add(Dataset(name, title, source, load))
        return load

    return register
