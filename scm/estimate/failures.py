"""The ways an estimate can fail: one table of code, name and the sentence that explains it.

Bad data never raise, for under ``jit`` and ``vmap`` nothing can: they give NaN and a code.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FAILURES", "Failure", "failure_named", "failure_of"]


class Failure(NamedTuple):
    """One way to fail: its ``code`` (never 0), its ``name``, and a ``sentence`` for a reader."""

    code: int
    name: str
    sentence: str


_SENTENCES = {
    "bad_weights": "A weight is negative, NaN or infinite.",
    "non_finite": "A column in use holds NaN or infinity in a row that counts.",
    "treatment_not_binary": "The treatment takes values other than 0 and 1.",
    "too_few_rows": "There are too few rows for the coefficients and their standard error.",
    "constant_treatment": "The treatment does not vary.",
    "absent_level": "No row has one of the two treatments that are to be compared.",
    "collinear": "A column is constant, or a linear combination of the others.",
    "too_many_values": "A column takes more values than the option levels allows.",
    "empty_stratum": "Positivity fails: in some stratum all, or none, are treated.",
    "empty_cell": "Positivity fails: the formula needs the mean outcome of a combination of "
    "treatment, mediators and strata that no row has.",
    "separation": "Positivity fails: the columns separate the treated from the untreated, "
    "so the logistic regression of the treatment has no finite solution.",
    "extreme_propensity": "Positivity fails: a fitted propensity is within 1e-8 of 0 or 1.",
    "instrument_not_binary": "The instrument takes values other than 0 and 1.",
    "irrelevant_instruments": "The instruments explain nothing of what they are to explain.",
    "full_leverage": "A row is fitted exactly whatever its outcome: HC2 and HC3 do not exist.",
    "overflow": "The arithmetic overflowed: give the columns other units.",
}

FAILURES: dict[str, Failure] = {
    name: Failure(code, name, sentence)
    for code, (name, sentence) in enumerate(_SENTENCES.items(), start=1)
}
"""Every failure by name. Where several apply, the one that stands first is reported."""

_BY_CODE = {failure.code: failure for failure in FAILURES.values()}


def failure_of(code: int) -> Failure | None:
    """The failure of a code; None for 0, which is success.

    >>> failure_of(0) is None
    True
    >>> failure_of(5).sentence
    'The treatment does not vary.'
    """
    return _BY_CODE[int(code)] if int(code) else None


def failure_named(name: str) -> Failure:
    """The failure of a name.

    >>> failure_named("collinear").code
    7
    """
    if name not in FAILURES:
        raise ValueError(f"no failure is called {name!r}; there are: {', '.join(FAILURES)}")
    return FAILURES[name]
