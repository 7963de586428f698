"""Models, estimands and graphs joined: what data can tell, what estimators assume, what is true.

The graph says which separations hold whatever the assignments are. From them follow the strategies
that get an estimand out of the law of what is seen.
"""

from scm.identify.answer import Identified as Identified
from scm.identify.answer import Strategy as Strategy
from scm.identify.asking import identify as identify
from scm.identify.assumptions import Assumption as Assumption
from scm.identify.assumptions import assumption as assumption
from scm.identify.assumptions import with_adjustment as with_adjustment
from scm.identify.verify import verify as verify
