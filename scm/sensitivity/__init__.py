"""What data leave open: bounds, each named for what it assumes. Never sees a model."""

from scm.sensitivity.causation import Bounds as Bounds
from scm.sensitivity.causation import CausationBounds as CausationBounds
from scm.sensitivity.causation import bounds_of_causation as bounds_of_causation
