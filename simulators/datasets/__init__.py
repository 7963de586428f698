"""Real data by name: loaded from installed packages or typed in here, never fetched."""

from simulators.datasets.registry import DATASETS as DATASETS
from simulators.datasets.registry import Dataset as Dataset
from simulators.datasets.registry import dataset as dataset
