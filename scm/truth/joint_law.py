"""The joint law of variables that take finitely many values, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from scm.core.errors import ModelError, UnknownNameError, suggestion
from scm.truth.batches import asked
from scm.truth.exact import finite_law
from scm.truth.question import Mean, Question

if TYPE_CHECKING:
    import pandas as pd

    from scm.model import SCM

__all__ = ["joint"]


def joint(model: SCM, names: str | Iterable[str] | None = None) -> pd.DataFrame:
    """The exact law of some variables of a model, in which whatever is behind them may be anything
    that comes down to finitely many values.

    Arguments:
      names: scalars; all observed variables by default. Latent ones may be named.

    Returns a frame with a column for each, and ``p``: a row for each combination of probability
    above 0, in order. It is what `scm.graph.Identification.evaluate` takes, and so every formula
    can be held against the truth.

    Raises `UnknownNameError` for a name that is not in the model; `ModelError` for a variable that
    is not a scalar, is called ``p``, or whose values are not finitely many.

    >>> from numpyro.distributions import Bernoulli
    >>> from scm import SCM
    >>> model = SCM(Z=Bernoulli(0.25), T=lambda Z, u=Bernoulli(0.5): Z | u)
    >>> joint(model)
       Z  T      p
    0  0  0  0.375
    1  0  1  0.375
    2  1  1  0.250
    """
    import pandas as pd

    wanted = (names,) if isinstance(names, str) else tuple(names or model.observed)
    for name in wanted:
        if name not in model.structure.variables:
            known = suggestion(name, model.structure.variables)
            raise UnknownNameError(f"joint: the model has no variable {name!r}{known}")
        if model.structure.out(name).shape:
            raise ModelError(f"joint: {name} has shape {model.structure.out(name).shape}; a scalar "
                             "is wanted")  # fmt: skip
        if name == "p":
            raise ModelError("joint: a variable is called 'p', as the column of probabilities is")
    columns = tuple(Mean(lambda units, name=name: units["here"][name]) for name in wanted)  # type: ignore[misc]
    question = Question("joint", {"here": model}, columns, lambda *means: means[0])
    law = finite_law(asked(question))
    if law is None:
        raise ModelError(
            f"joint: the law of {', '.join(wanted)} is no finite table: some variable has values "
            "without end, or an assignment cannot be taken apart; name the variables that are "
            "finite: joint(model, ['T', 'Y'])"
        )
    weights, values = law
    frame = pd.DataFrame({**dict(zip(wanted, values, strict=True)), "p": weights})
    return frame.groupby(list(wanted), as_index=False, sort=True).sum()
