"""Products, sums and ratios of probabilities, each returned in its simplest form.

Inside these functions a name means the same column everywhere but below a sum that binds it:
`scm.graph.formulas.binding.distinct` gives what comes of them distinct names once it is done.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from scm.graph.formulas.formula import (
    ONE,
    Formula,
    Probability,
    Product,
    Ratio,
    Sum,
    Variable,
    factors_of,
)
from scm.graph.formulas.laws import Laws


def product(laws: Laws, factors: Iterable[Formula]) -> Formula:
    """The product: nested ones opened, ones dropped, what cancels cancelled, chains joined."""
    flat = [inner for factor in factors for inner in factors_of(factor)]
    kept = _join(laws, _cancel(flat))
    kept.sort(key=laws.lateness)
    return kept[0] if len(kept) == 1 else Product(kept)


def ratio(laws: Laws, top: Formula, bottom: Formula) -> Formula:
    """The ratio: common factors cancelled, P(a, b) / P(b) read as P(a | b)."""
    above, below = _over_one_line(factors_of(top), factors_of(bottom))
    above, below = _without_common(above, below)
    above, below = _divide(laws, above, below)
    if not below:
        return product(laws, above)
    return Ratio(product(laws, above), product(laws, below))


def summed(laws: Laws, over: Iterable[Variable], body: Formula) -> Formula:
    """The sum of `body` over the variables `over`, each of which is free in it.

    Variables that can be summed out are: P(a, b | c) over b is P(a | c). What is left is a product
    of sums, each over variables that hang together and of the factors that have them.
    """
    bound = laws.ordered(over)
    factors = list(factors_of(body))
    idle = [str(v) for v in bound if v not in body.free]
    if idle:
        raise ValueError(f"summed: {idle[0]} is not in {body}")
    waiting, factors = _opened(laws, bound, factors)
    changed = True
    while changed:
        changed = False
        for variable in waiting:
            fewer = _eliminate(laws, variable, factors)
            if fewer is not None:
                factors = list(factors_of(product(laws, fewer)))
                waiting = [v for v in waiting if v != variable]
                changed = True
    return _in_components(laws, waiting, factors)


def _opened(
    laws: Laws, bound: Sequence[Variable], factors: Sequence[Formula]
) -> tuple[list[Variable], list[Formula]]:
    """Sums among the factors opened into the one around them, where no names clash."""
    over: list[Variable] = list(bound)
    flat: list[Formula] = []
    for factor in factors:
        if isinstance(factor, Sum):
            around = {v for other in factors if other is not factor for v in other.free}
            if not (around | set(over)) & set(factor.over):
                over += factor.over
                flat += factors_of(factor.body)
                continue
        flat.append(factor)
    return laws.ordered(over), list(factors_of(product(laws, flat)))


def _eliminate(laws: Laws, variable: Variable, factors: Sequence[Formula]) -> list[Formula] | None:
    """Factors whose product is the sum of these over `variable`, without a sum; or None."""
    having = [factor for factor in factors if variable in factor.free]
    rest = [factor for factor in factors if variable not in factor.free]
    plain = [factor for factor in having if isinstance(factor, Probability)]
    made = [factor for factor in having if factor not in plain]
    if not made:
        alone = _marginal(laws, variable, plain)
        return None if alone is None else [*rest, alone]
    if len(made) > 1:
        return None
    match made[0]:
        case Ratio(top=top, bottom=bottom) if variable not in bottom.free:
            inner = _eliminate(laws, variable, [*plain, *factors_of(top)])
            return inner and [*rest, ratio(laws, product(laws, inner), bottom)]
        case Sum(over=over, body=body) if not any(f.free.intersection(over) for f in plain):
            # The factors that have the variable may go under the sum: they have none of its names.
            inner = _eliminate(laws, variable, [*plain, *factors_of(body)])
            return inner and [*rest, summed(laws, over, product(laws, inner))]
    return None


def _marginal(laws: Laws, variable: Variable, plain: Sequence[Probability]) -> Formula | None:
    """The sum over `variable` of factors that all have it, when they are one probability."""
    makers = [factor for factor in plain if variable in factor.of]
    if len(makers) != 1:
        return None
    whole, waiting = makers[0], [factor for factor in plain if factor is not makers[0]]
    while waiting:
        joined = ((f, laws.joined(f, whole)) for f in waiting)
        found = next(((f, j) for f, j in joined if j is not None), None)
        # A condition that did not matter was dropped: then there is nothing to sum here.
        if found is None or variable not in found[1].of:
            return None
        waiting.remove(found[0])
        whole = found[1]
    left = [v for v in whole.of if v != variable]
    return laws.probability(left, whole.given) if left else ONE


def _in_components(laws: Laws, bound: Sequence[Variable], factors: Sequence[Formula]) -> Formula:
    """The sum as a product of sums, one for each set of variables that factors hold together."""
    groups: list[tuple[set[Variable], list[Formula]]] = []
    for factor in factors:
        names, members = {v for v in bound if v in factor.free}, [factor]
        if names:
            for group in [g for g in groups if g[0] & names]:
                groups.remove(group)
                names, members = names | group[0], group[1] + members
        groups.append((names, members))
    parts = []
    for names, members in groups:
        inner = product(laws, members)
        parts.append(Sum(laws.ordered(names), inner) if names else inner)
    return product(laws, parts)


def _cancel(factors: Sequence[Formula]) -> list[Formula]:
    """Factors that are the bottom of a ratio among the others go with it."""
    kept = list(factors)
    for fraction in [factor for factor in factors if isinstance(factor, Ratio)]:
        above, below = list(factors_of(fraction.top)), list(factors_of(fraction.bottom))
        others = [f for f in kept if f is not fraction]
        if all(count <= others.count(f) for f, count in Counter(below).items()):
            for factor in below:
                others.remove(factor)
            kept = others + above
    return kept


def _join(laws: Laws, factors: Sequence[Formula]) -> list[Formula]:
    """Chains such as P(y | z, t) P(z | t) joined into one probability, as often as possible."""
    made = [factor for factor in factors if not isinstance(factor, Probability)]
    plain = [factor for factor in factors if isinstance(factor, Probability)]
    plain.sort(key=laws.lateness)
    start = 0
    while start < len(plain):
        effect = plain[start]
        for cause in plain:
            joined = laws.joined(effect, cause) if cause is not effect else None
            if joined is not None:
                plain = [f for f in plain if f is not cause and f is not effect] + [joined]
                plain.sort(key=laws.lateness)
                start = -1
                break
        start += 1
    return [*plain, *made]


def _over_one_line(
    top: Sequence[Formula], bottom: Sequence[Formula]
) -> tuple[list[Formula], list[Formula]]:
    """Ratios of ratios as one ratio."""
    above: list[Formula] = []
    below: list[Formula] = []
    for ours, theirs, factors in ((above, below, top), (below, above, bottom)):
        for factor in factors:
            if isinstance(factor, Ratio):
                ours += factors_of(factor.top)
                theirs += factors_of(factor.bottom)
            else:
                ours.append(factor)
    return above, below


def _without_common(
    above: Sequence[Formula], below: Sequence[Formula]
) -> tuple[list[Formula], list[Formula]]:
    left, kept = list(above), []
    for factor in below:
        if factor in left:
            left.remove(factor)
        else:
            kept.append(factor)
    return left, kept


def _divide(
    laws: Laws, above: Sequence[Formula], below: Sequence[Formula]
) -> tuple[list[Formula], list[Formula]]:
    """Pairs P(a, b) above and P(b) below the line read as P(a | b) above it."""
    left, kept = list(above), []
    for bottom in below:
        tried = ((i, _quotient(laws, top, bottom)) for i, top in enumerate(left))
        found = next(((i, divided) for i, divided in tried if divided is not None), None)
        if found is None:
            kept.append(bottom)
        else:
            left[found[0]] = found[1]
    return left, kept


def _quotient(laws: Laws, top: Formula, bottom: Formula) -> Formula | None:
    """`top` over `bottom` where that is no ratio; a sum is divided factor by factor inside."""
    if not isinstance(bottom, Probability):
        return None
    if isinstance(top, Probability):
        return laws.divided(top, bottom)
    if isinstance(top, Sum) and bottom.free.isdisjoint(top.over):
        factors = list(factors_of(top.body))
        for i, factor in enumerate(factors):
            divided = _quotient(laws, factor, bottom)
            if divided is not None:
                return summed(
                    laws, top.over, product(laws, [*factors[:i], divided, *factors[i + 1 :]])
                )
    return None
