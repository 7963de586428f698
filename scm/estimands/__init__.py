"""Estimands: definitions only. Each knows the interventions it compares, and asks for its truth."""

from scm.estimands.contrast import Contrast as Contrast
from scm.estimands.effects import ATE as ATE
from scm.estimands.effects import CDE as CDE
from scm.estimands.effects import TotalEffect as TotalEffect
