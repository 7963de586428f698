"""The truth of estimands in a model: exactly where that can be had, else with its error."""

from scm.truth.joint_law import joint as joint
from scm.truth.question import Mean as Mean
from scm.truth.question import Quantile as Quantile
from scm.truth.question import Question as Question
from scm.truth.result import Truth as Truth
from scm.truth.route import BudgetWarning as BudgetWarning
from scm.truth.route import MomentWarning as MomentWarning
