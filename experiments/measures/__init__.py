"""How well estimators did: the measures, their Monte Carlo errors, and the tables of them all.

A family of formulas a file, each with its source; then what joins them: differences on the same
data, ranks, what is made of failures, and the frames that a study reads.
"""

from experiments.measures.comparison import DIFFERENCES, compare
from experiments.measures.errors import bias, mse, relative_bias, rmse
from experiments.measures.intervals import (
    bias_eliminated_coverage,
    coverage,
    median_width,
    rejection,
    width,
)
from experiments.measures.measure import Measure
from experiments.measures.medians import mad, median_bias, median_error
from experiments.measures.paired import (
    bias_difference,
    coverage_difference,
    median_error_difference,
    mse_difference,
    precision_gain,
)
from experiments.measures.pits import Calibration, calibration
from experiments.measures.policies import (
    POLICIES,
    Policy,
    bias_bounds,
    coverage_bounds,
    failures,
    listwise,
    rejection_bounds,
    rmse_bounds,
)
from experiments.measures.ranks import Rank, ranked
from experiments.measures.spread import empirical_se, model_se, relative_error
from experiments.measures.summary import LABELS, summarise
from experiments.measures.units import pehe, pehe_of, regret, regret_of
from experiments.measures.wide import widen

__all__ = [
    "DIFFERENCES",
    "LABELS",
    "POLICIES",
    "Calibration",
    "Measure",
    "Policy",
    "Rank",
    "bias",
    "bias_bounds",
    "bias_difference",
    "bias_eliminated_coverage",
    "calibration",
    "compare",
    "coverage",
    "coverage_bounds",
    "coverage_difference",
    "empirical_se",
    "failures",
    "listwise",
    "mad",
    "median_bias",
    "median_error",
    "median_error_difference",
    "median_width",
    "model_se",
    "mse",
    "mse_difference",
    "pehe",
    "pehe_of",
    "precision_gain",
    "ranked",
    "regret",
    "regret_of",
    "rejection",
    "rejection_bounds",
    "relative_bias",
    "relative_error",
    "rmse",
    "rmse_bounds",
    "summarise",
    "widen",
    "width",
]
