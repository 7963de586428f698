"""Estimators: pure functions of data and roles that say what they aim at. They never see a model.

>>> import numpy as np
>>> from scm.estimate import Roles, ols
>>> data = {"dose": np.array([0, 1, 2, 3, 4]), "effect": np.array([1, 3, 4, 7, 8.0])}
>>> ols(data, Roles(treatment="dose", outcome="effect"), covariance="HC1")
Estimate(1.8, se 0.0966..., interval 1.492... to 2.107..., n 5)
>>> ols.target, sorted(ESTIMATORS)[:3]
('variance-weighted slope', ['aipw', 'anderson_rubin', 'bayesian_linear'])
"""

from scm.estimate.bayesian_linear import bayesian_linear
from scm.estimate.failures import FAILURES, Failure
from scm.estimate.front_door import front_door, front_door_regression
from scm.estimate.instruments import anderson_rubin, tsls
from scm.estimate.means import difference_in_means
from scm.estimate.mediation import mediation, product_of_coefficients
from scm.estimate.ols import ols
from scm.estimate.plug_in import plug_in
from scm.estimate.protocol import ESTIMATORS, Estimate, Estimator, conclude, estimator
from scm.estimate.roles import Roles
from scm.estimate.sample import Sample
from scm.estimate.stratification import stratification
from scm.estimate.wald import wald
from scm.estimate.weighting import aipw, ipw

__all__ = [
    "ESTIMATORS",
    "FAILURES",
    "Estimate",
    "Estimator",
    "Failure",
    "Roles",
    "Sample",
    "aipw",
    "anderson_rubin",
    "bayesian_linear",
    "conclude",
    "difference_in_means",
    "estimator",
    "front_door",
    "front_door_regression",
    "ipw",
    "mediation",
    "ols",
    "plug_in",
    "product_of_coefficients",
    "stratification",
    "tsls",
    "wald",
]
