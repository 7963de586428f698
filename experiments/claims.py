"""What a study claims, to be held against what it finds: ``[claims.NAME]``.

A claim is of one measure of one method: what it equals, or what it is above or below. A formula may
name the world's parameters, ``n``, ``truth`` (of the estimand there), and the numbers of a step of
its observation, as ``STEP_KEY``: ``"slope / (1 + noise_sd ** 2)"``. So a claim that says what a
measure equals is also the theoretical curve over whatever is varied.

A method that is ``smaller_than`` another is held against it on the data that both ran on, by bias,
estimate, mse, rmse and coverage, unless failures are left out listwise. By any other measure the
error of the difference is that of two methods on data of their own: cautious where their estimates
rise and fall together, as they mostly do.

Nothing here imports JAX.
"""

from __future__ import annotations

from experiments.values import Formula, NotNegative, Table, Text, Texts, Words

__all__ = ["ESTIMATE", "RELATIONS", "Claim"]

ESTIMATE = "estimate"
"""The measure that is no measure of a summary: the mean of a method's estimates."""

RELATIONS = ("equals", "known", "above", "below", "smaller_than")
"""The keys of a claim of which it has one."""


class Claim(Table):
    """A sentence, and what it says of the numbers: one of the last five keys."""

    says: Text
    because: Words = ""
    worlds: Texts  # where it is claimed; left out: in every world where the estimand is asked
    estimand: Text  # left out: the study's first
    method: Text
    measure: Text  # as in summary.csv, or "estimate": the mean of the estimates
    within: NotNegative = 0  # how far off it may be besides Monte Carlo error, where n is finite
    equals: Formula | None = None
    known: Text | None = None  # equals a known answer of the simulator, by its name
    above: Formula | None = None
    below: Formula | None = None
    smaller_than: Text | None = None  # in absolute value than the same of this method
