"""What is asked of a world: definitions only; truths come from `scm.truth`."""

from scm.estimands.cate import CATE as CATE
from scm.estimands.compliance import ACR as ACR
from scm.estimands.compliance import LATE as LATE
from scm.estimands.compliance import PrincipalStrata as PrincipalStrata
from scm.estimands.conditional import ATC as ATC
from scm.estimands.conditional import ATT as ATT
from scm.estimands.distribution import QTE as QTE
from scm.estimands.distribution import QTT as QTT
from scm.estimands.distribution import UnitEffectQuantile as UnitEffectQuantile
from scm.estimands.effects import ATE as ATE
from scm.estimands.effects import CDE as CDE
from scm.estimands.effects import TotalEffect as TotalEffect
from scm.estimands.estimand import Estimand as Estimand
from scm.estimands.policies import Expectation as Expectation
from scm.estimands.policies import ModifiedTreatment as ModifiedTreatment
from scm.estimands.policies import PolicyValue as PolicyValue
from scm.estimands.response import DoseResponse as DoseResponse
from scm.estimands.response import OddsRatio as OddsRatio
from scm.estimands.response import RiskRatio as RiskRatio
from scm.estimands.sample import SATE as SATE
from scm.estimands.sample import SATT as SATT
from scm.estimands.sample import InSample as InSample
from scm.estimands.slopes import OLSLimit as OLSLimit
from scm.estimands.slopes import VarianceWeightedSlope as VarianceWeightedSlope
