"""How well estimators did: the measures, their Monte Carlo errors, and the table of them all."""

from experiments.measures.formulas import (
    Measure,
    bias,
    coverage,
    empirical_se,
    failures,
    mad,
    median_bias,
    model_se,
    mse,
    relative_error,
    rmse,
)
from experiments.measures.summary import LABELS, summarise, widen

__all__ = [
    "LABELS",
    "Measure",
    "bias",
    "coverage",
    "empirical_se",
    "failures",
    "mad",
    "median_bias",
    "model_se",
    "mse",
    "relative_error",
    "rmse",
    "summarise",
    "widen",
]
