"""What happens to data between the world and the analyst.

>>> from numpyro.distributions import Normal
>>> from scm import SCM
>>> from simulators.observe import lose, mismeasure, observe
>>> model = SCM(X=Normal(0, 1), Y=lambda X, u=Normal(0, 1): 2 * X + u)
>>> seen = observe(
...     model.sample(key=0, n=1_000),
...     mismeasure("X", error=Normal(0, 0.5)),
...     lose("Y", chance=lambda X: X > 1),
... )
>>> seen.to_pandas()["Y"].isna().equals(seen.to_pandas()["X"] > 1)
True
>>> bool((seen["X"] == seen.clean["X"]).any())
False
"""

from simulators.observe.censor import censor as censor
from simulators.observe.discretise import discretise as discretise
from simulators.observe.groups import cluster as cluster
from simulators.observe.groups import interfere as interfere
from simulators.observe.hide import hide as hide
from simulators.observe.lose import lose as lose
from simulators.observe.mismeasure import mismeasure as mismeasure
from simulators.observe.mix import mix as mix
from simulators.observe.observed import Observed as Observed
from simulators.observe.observed import observe as observe
from simulators.observe.select import select as select
