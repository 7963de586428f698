"""Can data tell an estimand, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scm.core.errors import ModelError, suggestion
from scm.estimands import Estimand, InSample
from scm.graph import Graph
from scm.identify.answer import Identified
from scm.identify.criteria import CRITERIA

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["identify"]


def identify(world: SCM | Graph, estimand: Estimand) -> Identified:
    """The strategies by which data can tell an estimand, and what each of them assumes.

    Arguments:
      world: a model, whose graph is taken as it stands, latents hidden; or a graph.
      estimand: of `scm.estimands`. One about the units of a sample is identified as its population
        version is.

    Returns an `Identified`, true if some strategy rests on the graph alone.

    Raises `ModelError` for names that are not in the graph or are latent, and for estimands that no
    graphical criterion is known of here (functions: `Expectation`, `PolicyValue`).

    Source: Pearl (2009), Causality, chapter 3; Shpitser and Pearl (2006) for the general formula;
        Pearl (2001), Direct and indirect effects, for mediation.

    >>> from scm.estimands import ATE
    >>> print(identify(Graph.parse("Z -> T -> Y; Z -> Y"), ATE("T", "Y")))
    ATE: E[Y | do(T=1)] - E[Y | do(T=0)]
    identified
      backdoor: adjusting for {Z} (optimal)
      formula: P(Y | do(T)) = sum_{Z} P(Y | T, Z) P(Z)
    """
    graph = world if isinstance(world, Graph) else world.graph
    asked = estimand.estimand if isinstance(estimand, InSample) else estimand
    how = next((CRITERIA[each] for each in type(asked).__mro__ if each in CRITERIA), None)
    if how is None:
        raise ModelError(
            f"identify: no graphical criterion is known here of {type(asked).__name__}; the kinds "
            f"are {', '.join(sorted(each.__name__ for each in CRITERIA))}"
        )
    for role in ("treatment", "outcome", "instrument"):
        name = getattr(asked, role, None)
        if name is not None and (name not in graph.nodes or name in graph.latent):
            seen = [each for each in graph.nodes if each not in graph.latent]
            what = "is latent" if name in graph.latent else "is not in the graph"
            raise ModelError(f"identify: the {role} {name!r} {what}{suggestion(name, seen)}")
    try:
        strategies, reason = how(graph, asked)
    except ValueError as error:
        raise ModelError(f"identify: {error}") from None
    return Identified(estimand, tuple(strategies), reason)
