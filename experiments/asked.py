"""What a study may ask: the kinds of estimand, each the table of its keys.

A kind is called as its class in `scm.estimands`, and its keys as that class's arguments; ``label``
and ``worlds`` are the study's own. What takes functions (`Expectation`, `ModifiedTreatment`,
`PolicyValue`) cannot be written in a file, and what is an array (`DoseResponse`,
`PrincipalStrata`) is no one number to hold an estimate against.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field

from experiments.values import (
    Condition,
    Edges,
    Levels,
    Number,
    Share,
    SomeLevels,
    SomeTexts,
    Step,
    Table,
    Text,
    Texts,
    some,
)

__all__ = ["KINDS", "Effect", "Estimand"]


class Effect(Table):
    """What all kinds have: something is asked of a treatment and an outcome, in some worlds."""

    kind: str
    label: Text  # left out: the estimand's name
    treatment: Text
    outcome: Text
    worlds: Texts  # where it is asked; left out: in every world


class Comparison(Effect):
    """Of two levels of the treatment, the reference first."""

    levels: Levels = (0, 1)


class ATE(Comparison):
    """The average effect of setting the treatment to the second level rather than the first."""

    kind: Literal["ATE"]


class ATT(Comparison):
    """The same among the units that take the second level by nature."""

    kind: Literal["ATT"]


class ATC(Comparison):
    """The same among the units that take the first level by nature."""

    kind: Literal["ATC"]


class SATE(Comparison):
    """The average effect among the very units of each data set."""

    kind: Literal["SATE"]


class SATT(Comparison):
    """The same among those of them that take the second level by nature."""

    kind: Literal["SATT"]


class CATE(Comparison):
    """The average effect among units with given properties: values, or intervals of them."""

    kind: Literal["CATE"]
    given: Annotated[Mapping[Text, Condition], some("a table like { female = 1, age = [40, 50] }")]


class CDE(Comparison):
    """The average effect with other variables held fixed by intervention: controlled, direct."""

    kind: Literal["CDE"]
    at: Annotated[Mapping[Text, Number], some("a table like { exper = 8 }")]


class NDE(Comparison):
    """The average effect that does not go through the mediators: natural, direct, pure."""

    kind: Literal["NDE"]
    mediators: SomeTexts


class NIE(Comparison):
    """The average effect that goes through the mediators alone: natural, indirect, pure."""

    kind: Literal["NIE"]
    mediators: SomeTexts


class TDE(Comparison):
    """The direct effect with the mediators as they are at the second level."""

    kind: Literal["TDE"]
    mediators: SomeTexts


class TIE(Comparison):
    """The indirect effect with the treatment at the second level."""

    kind: Literal["TIE"]
    mediators: SomeTexts


class PathSpecific(Comparison):
    """The average effect that arrives by the listed edges, pairs of cause and effect."""

    kind: Literal["PathSpecific"]
    edges: Edges


class TotalEffect(Effect):
    """The average effect of ``step`` more of the treatment than each unit would have had."""

    kind: Literal["TotalEffect"]
    step: Step = 1


class RiskRatio(Comparison):
    """The probability of the outcome at the second level over that at the first."""

    kind: Literal["RiskRatio"]


class OddsRatio(Comparison):
    """The odds of the outcome at the second level over those at the first."""

    kind: Literal["OddsRatio"]


class QTE(Comparison):
    """The effect on a quantile of the outcome's distribution."""

    kind: Literal["QTE"]
    quantile: Share = 0.5


class QTT(Comparison):
    """The same among the units that take the second level by nature."""

    kind: Literal["QTT"]
    quantile: Share = 0.5


class UnitEffectQuantile(Comparison):
    """A quantile of the units' own effects."""

    kind: Literal["UnitEffectQuantile"]
    quantile: Share = 0.5


class LATE(Comparison):
    """The average effect among those whom the instrument makes take more of the treatment."""

    kind: Literal["LATE"]
    instrument: Text
    instrument_levels: Levels = (0, 1)


class ACR(Effect):
    """The average effect of one level more, over the steps that the instrument makes units take."""

    kind: Literal["ACR"]
    instrument: Text
    levels: SomeLevels = (0, 1)
    instrument_levels: Levels = (0, 1)


class PN(Comparison):
    """Of those with the outcome at the second level: the share that has it because of that."""

    kind: Literal["PN"]
    event: Number = 1


class PS(Comparison):
    """Of those without the outcome at the first level: the share that the second would give it."""

    kind: Literal["PS"]
    event: Number = 1


class PNS(Comparison):
    """The share of units that have the outcome at the second level and not at the first."""

    kind: Literal["PNS"]
    event: Number = 1


class VarianceWeightedSlope(Effect):
    """The average effect that least squares targets, weighted by the treatment's variance."""

    kind: Literal["VarianceWeightedSlope"]
    adjust: Texts = ()
    reference: Number = 0


class OLSLimit(Effect):
    """What the coefficient of least squares goes to: a limit, and no effect."""

    kind: Literal["OLSLimit"]
    adjust: Texts = ()


Kind = (
    ATE | ATT | ATC | SATE | SATT | CATE | CDE | NDE | NIE | TDE | TIE | PathSpecific | TotalEffect
    | RiskRatio | OddsRatio | QTE | QTT | UnitEffectQuantile | LATE | ACR | PN | PS | PNS
    | VarianceWeightedSlope | OLSLimit
)  # fmt: skip
Estimand = Annotated[Kind, Field(discriminator="kind")]

KINDS: Mapping[str, type[Effect]] = {each.__name__: each for each in get_args(Kind)}
"""Every kind by its name."""
