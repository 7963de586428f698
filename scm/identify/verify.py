"""A formula of identification held against the truth of a model, which no data can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scm.truth import joint

if TYPE_CHECKING:
    import pandas as pd

    from scm.graph.identification.answer import Identification
    from scm.model import SCM

__all__ = ["verify"]


def verify(model: SCM, answer: Identification) -> pd.DataFrame:
    """What a formula makes of the law of what is seen, beside what an intervention really does.

    Arguments:
      model: one whose observed variables are finite: its laws are tables (`scm.truth.joint`).
      answer: of `Graph.identify`, on this model's graph or on one that somebody takes for it: the
        difference is then the price of that mistake.

    Returns a frame with a row for each value of what is done, given and asked: its columns, and
    ``formula``, ``truth`` and ``difference``.

    Raises `ModelError` for a model without such tables, ValueError for an answer without a formula,
    or one that has no value in this model (a condition of probability zero).

    >>> from numpyro.distributions import Bernoulli
    >>> from scm import SCM
    >>> from scm.graph import Graph
    >>> model = SCM(
    ...     Z=Bernoulli(0.5),
    ...     T=lambda Z, u=Bernoulli(0.25): Z ^ u,
    ...     Y=lambda T, Z, u=Bernoulli(0.25): (T & Z) | u,
    ... )
    >>> verify(model, model.graph.identify("Y", do="T")).round(4)
       T  Y  formula  truth  difference
    0  0  0    0.750  0.750         0.0
    1  0  1    0.250  0.250         0.0
    2  1  0    0.375  0.375         0.0
    3  1  1    0.625  0.625         0.0
    >>> crude = Graph.parse("T -> Y").identify("Y", do="T")
    >>> verify(model, crude).round(4).difference.tolist()
    [0.0, 0.0, -0.1875, 0.1875]
    """
    asked = [*answer.do, *answer.given, *answer.outcome]
    seen = [name for name in answer.graph.nodes if name in model.observed]
    found = answer.evaluate(joint(model, seen)).rename(columns={"p": "formula"})
    truths = []
    for values, rows in found.groupby(list(answer.do), sort=False) if answer.do else [((), found)]:
        setting = dict(zip(answer.do, values, strict=True))
        law = joint(model.do(setting) if setting else model, [*answer.given, *answer.outcome])
        if answer.given:
            law["p"] /= law.groupby(list(answer.given))["p"].transform("sum")
        truths.append(rows.merge(law, how="left", on=[*answer.given, *answer.outcome]))
    import pandas as pd

    table = pd.concat(truths, ignore_index=True).rename(columns={"p": "truth"})
    table["truth"] = table["truth"].fillna(0.0)
    table["difference"] = table["formula"] - table["truth"]
    return table[[*asked, "formula", "truth", "difference"]]
