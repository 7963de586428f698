"""Heckman's two steps: who is seen by a probit model, then the outcome with what that says."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

_STEPS = 30


def two_steps(data: pd.DataFrame, roles) -> float:
    """The slope of the treatment, with the inverse Mills ratio of being seen as a regressor.

    Who has an outcome is explained by treatment, adjust and instruments; the instruments are what
    moves that and not the outcome.

    Source: Heckman (1979), Sample selection bias as a specification error, Econometrica 47.
    """
    seen = data[roles.outcome].notna().to_numpy()
    own = _with_constant(data, [roles.treatment, *roles.adjust])
    every = np.column_stack([own, data[list(roles.instruments)].to_numpy(float)])
    index = every @ _probit(every, seen)
    mills = _ratio(index, index)
    design = np.column_stack([own, mills])[seen]
    outcome = data[roles.outcome].to_numpy(float)[seen]
    return float(np.linalg.lstsq(design, outcome, rcond=None)[0][1])


two_steps.target = "TotalEffect"
two_steps.assumes = ("normal noise", "the instruments move who is seen and not the outcome")


def _probit(design: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Coefficients of greatest likelihood, by scoring."""
    beta = np.zeros(design.shape[1])
    sign = np.where(seen, 1.0, -1.0)
    for _ in range(_STEPS):
        index = design @ beta
        slope = sign * _ratio(index, sign * index)
        weight = _ratio(index, index) * _ratio(index, -index)
        step = np.linalg.solve(design.T @ (weight[:, None] * design), design.T @ slope)
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            return beta
    raise ArithmeticError("the probit model of who is seen does not settle")


def _ratio(at: np.ndarray, below: np.ndarray) -> np.ndarray:
    """phi(at) / Phi(below), in logarithms, so that nothing is lost far out."""
    return np.exp(-0.5 * at**2 - special.log_ndtr(below)) / np.sqrt(2 * np.pi)


def _with_constant(data: pd.DataFrame, columns: list[str]) -> np.ndarray:
    return np.column_stack([np.ones(len(data)), data[columns].to_numpy(float)])
