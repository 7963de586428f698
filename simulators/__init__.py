"""Named worlds with a known truth and a source, and the data some of them stand on.

>>> import simulators
>>> model = simulators.get("simpson_drug").build()
"""

from simulators.datasets import DATASETS as DATASETS
from simulators.registry import SIMULATORS as SIMULATORS
from simulators.registry import Known as Known
from simulators.registry import Simulator as Simulator
from simulators.registry import get as get
from simulators.registry import simulator as simulator
