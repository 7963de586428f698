"""The adjustment set with the least asymptotic variance, where the graph alone can tell it.

In a linear model the coefficient of X in the regression of Y on X and Z has, at large n, variance
var(Y | X, Z) / var(X | Z) / n: a good set tells much about the outcome and little about the
treatment. Where everything is observed the set O = (parents of the nodes on causal paths, without
the forbidden ones) is best in every model. With unseen common causes there may be no such set:
which one is best then depends on the coefficients.

Source: Henckel, Perkovic and Maathuis (2022), Graphical criteria for efficient total effect
    estimation via adjustment in causal linear models, definition 3.12 and theorem 3.13;
    Runge (2021), Necessary and sufficient graphical conditions for optimal adjustment sets in
    causal graphical models with hidden variables, definition 3 and theorem 3.
"""

from itertools import islice

from scm.graph.covariates.causal import back_door, forbidden, on_causal_paths
from scm.graph.covariates.masks import Masks, ones, spread, union
from scm.graph.covariates.separators import Separators


def optimal(form: Masks, x: int, y: int) -> int | None:
    """The optimal set in a graph without latents (project them first), or None.

    An outcome that `x` does not act on may be foretold by its own consequences, which are then not
    forbidden. The theory does not speak of sets that hold such a node: where one is valid, None.
    """
    allowed = form.observed & ~forbidden(form, x, y)
    valid = Separators(back_door(form, x, y), x, y, allowed)
    few = list(islice(valid.all(), 2))
    if len(few) < 2:
        return few[0] if few else None
    ends = on_causal_paths(form, x, y) | y
    after = form.descendants(ends) & allowed
    if any(valid.exist(1 << i, allowed) for i in ones(after)):
        return None
    allowed &= ~after

    parents = union(form.parents, ends) & allowed
    above = form.ancestors(x | y) & allowed
    harmless = above | allowed & ~form.reached(x, above)
    colliders = _chained(form, ends, harmless)
    best = parents | colliders | union(form.parents, colliders)
    if _more_can_be_told(form, valid, ends, colliders, best, allowed):
        return None
    return None if _some_tell_too_little(form, x, ends, best, best & above, parents) else best


def _chained(form: Masks, ends: int, within: int) -> int:
    """What chains of bidirected edges inside `within` join to `ends`."""
    return spread(form.siblings, ends, within & ~ends) & ~ends


def _more_can_be_told(
    form: Masks, valid: Separators, ends: int, colliders: int, best: int, allowed: int
) -> bool:
    """Whether a valid set holds a node outside `best` and a chain of colliders from it to `ends`.

    Such a set tells something about the outcome that `best` does not. A longer chain needs more of
    a set, so that a chain that no valid set holds need not be followed.

    Source: Runge (2021), theorem 3, condition I.
    """
    outside = union(form.siblings, ends | colliders) & allowed & ~best
    waiting = [(i, 1 << i) for i in ones(outside)]
    while waiting:
        last, chain = waiting.pop()
        if not valid.exist(chain, allowed):
            continue
        if form.siblings[last] & ends:
            return True
        waiting += [(i, chain | 1 << i) for i in ones(form.siblings[last] & best & ~chain)]
    return False


def _some_tell_too_little(
    form: Masks, x: int, ends: int, best: int, unavoidable: int, parents: int
) -> bool:
    """Whether a node of `best` tells of the treatment, and of the outcome only by way of others.

    Left out, such a node costs precision in some models and gains some in others. By itself it
    tells of the outcome if its chain of colliders to `ends` consists of ancestors.

    Source: Runge (2021), theorem 3, condition II.
    """
    chain = _chained(form, ends, unavoidable)
    telling = parents | union(form.siblings, ends | chain) | union(form.parents, chain)
    return any(form.reached(x, best & ~(1 << i)) >> i & 1 for i in ones(best & ~telling))
