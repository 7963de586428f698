"""Structural causal models as JAX functions over exogenous noise."""

from scm.core.errors import CycleError as CycleError
from scm.core.errors import ModelError as ModelError
from scm.core.errors import NonFiniteError as NonFiniteError
from scm.core.errors import UndefinedLawError as UndefinedLawError
from scm.core.errors import UnknownNameError as UnknownNameError
from scm.core.errors import UnsolvableError as UnsolvableError
from scm.core.interval import Interval as Interval
from scm.core.interval import Rounded as Rounded
from scm.core.marks import equilibrium as equilibrium
from scm.core.marks import latent as latent
from scm.core.marks import node as node
from scm.core.marks import param as param
from scm.model import SCM as SCM
from scm.world import Mean as Mean
from scm.world import World as World
