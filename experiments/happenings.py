"""What may happen to a world's data on their way to the analyst, as tables of a study's file.

``[worlds.NAME.observe.STEP]``, in the order in which they are written; a kind is a function of
`simulators.observe`, and its keys are that function's arguments. Where that takes a function of the
columns a text stands here, ``"expit(a + 2 * X)"``, whose other names, such as ``a``, are in
``numbers``; where it takes a law, its standard deviation.

Nothing here imports JAX.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field

from experiments.values import (
    Count,
    Formula,
    NotNegative,
    Number,
    Plain,
    Probability,
    Rising,
    SomeTexts,
    Table,
    Text,
)

__all__ = ["STEPS", "Happening"]


class Step(Table):
    """What all kinds have: how much of it happens, from 0, nothing, to 1, as it is written."""

    kind: str
    severity: Probability = 1


class WithFormulas(Step):
    """A step with formulas: texts that are functions of the columns, as they stand at the step."""

    numbers: Mapping[Text, Number] = {}  # of the names in a formula that are no columns


class Hide(Step):
    """Columns are not in the data; at a severity below 1 their values are missing in that share."""

    kind: Literal["hide"]
    columns: SomeTexts


class Mismeasure(WithFormulas):
    """A column is recorded with error: additive, multiplicative, or of its class."""

    kind: Literal["mismeasure"]
    column: Text
    severity: NotNegative = 1  # what an additive or multiplicative error is multiplied with
    sd: NotNegative | None = None  # of an additive normal error, in units of the column
    error: Formula | None = None  # to which this is added: a differential error
    factor_sd: NotNegative | None = None  # of the logarithm of a factor of median 1
    berkson: bool = False  # the units really get another value than what is recorded
    sensitivity: Formula | None = None  # of a column of 0 and 1: P(recorded 1 | 1)
    specificity: Formula | None = None  # P(recorded 0 | 0)


class Discretise(Step):
    """Of a number only the class is recorded."""

    kind: Literal["discretise"]
    column: Text
    cuts: Rising  # where classes meet
    values: tuple[Number, ...] | None = None  # of each class; left out: 0, 1, 2, ...


class Select(WithFormulas):
    """Only some units are in the data."""

    kind: Literal["select"]
    where: Formula  # true or false, or the probability to be in the data
    n: Count | None = None  # the first so many that are selected; left out: all of them


class Lose(WithFormulas):
    """Values go missing."""

    kind: Literal["lose"]
    columns: SomeTexts
    chance: Formula  # the probability to go missing
    monotone: bool = False  # what is lost in one column is lost in those after it


class Censor(Step):
    """Of a value beyond a bound only the bound is recorded."""

    kind: Literal["censor"]
    column: Text
    low: Number | None = None
    high: Number | None = None
    flag: Text | None = None  # a new column that says where


class Cluster(Step):
    """Units come in clusters that share what moves a column."""

    kind: Literal["cluster"]
    column: Text
    severity: NotNegative = 1
    size: Count
    sd: NotNegative  # of the clusters' normal effects, in units of the column
    name: Text = "cluster"  # of the new column


class Interfere(Step):
    """A unit's outcome depends on how the others of its group are treated."""

    kind: Literal["interfere"]
    outcome: Text
    treatment: Text
    severity: NotNegative = 1
    size: Count
    spill: Number  # per unit of the others' mean treatment


class Mix(Step):
    """Some units are of another world."""

    kind: Literal["mix"]
    simulator: Text
    parameters: Mapping[str, Plain] = {}
    share: Probability = 0.5


Happening = Annotated[
    Hide | Mismeasure | Discretise | Select | Lose | Censor | Cluster | Interfere | Mix,
    Field(discriminator="kind"),
]

STEPS: Mapping[str, type[Step]] = {
    get_args(each.model_fields["kind"].annotation)[0]: each
    for each in get_args(get_args(Happening)[0])
}
"""By kind, the table of a step."""
