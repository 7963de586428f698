"""What is asked of a world: definitions only; truths come from `scm.truth`."""

from scm.estimands.effects import ATE as ATE
from scm.estimands.effects import CDE as CDE
from scm.estimands.effects import TotalEffect as TotalEffect
from scm.estimands.estimand import Estimand as Estimand
