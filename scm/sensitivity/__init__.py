"""What data leave open: bounds, each named for what it assumes. Never sees a model."""

from scm.sensitivity.bounded_outcome import EffectBounds as EffectBounds
from scm.sensitivity.bounded_outcome import monotone_instrument_bounds as monotone_instrument_bounds
from scm.sensitivity.bounded_outcome import monotone_response_bounds as monotone_response_bounds
from scm.sensitivity.bounded_outcome import no_assumption_bounds as no_assumption_bounds
from scm.sensitivity.causation import Bounds as Bounds
from scm.sensitivity.causation import CausationBounds as CausationBounds
from scm.sensitivity.causation import bounds_of_causation as bounds_of_causation
from scm.sensitivity.instrument import instrument_bounds as instrument_bounds
