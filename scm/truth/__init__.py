"""The truth of estimands in a model: exactly where that can be had, else with its error."""

from scm.truth.contrast import BudgetWarning as BudgetWarning
from scm.truth.contrast import MomentWarning as MomentWarning
from scm.truth.result import Truth as Truth
