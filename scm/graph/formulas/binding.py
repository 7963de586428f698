"""Names of bound variables: primed where they would be taken for something else."""

from collections.abc import Iterable, Mapping

from scm.graph.formulas.formula import Formula, Probability, Product, Ratio, Sum, Variable


def distinct(formula: Formula, taken: Iterable[Variable]) -> Formula:
    """The same formula, every bound variable with a name that nothing around it has.

    A sum may bind a name that is free outside it, or bound by a sum around it: what is meant is
    clear (the nearest sum), but hard to read. Such variables get a prime. `taken` are names that
    stand elsewhere, as on the left side of an equation.

    >>> from scm.graph.formulas.formula import Product
    >>> inner = Sum("T", Product([Probability("Y", ["M", "T"]), Probability("T")]))
    >>> outer = Sum("M", Product([Probability("M", "T"), inner]))
    >>> print(distinct(outer, taken=[]))
    sum_{M} P(M | T) sum_{T'} P(Y | M, T') P(T')
    """
    names = {v: v for v in formula.free}
    return _distinct(formula, names, frozenset(str(v) for v in (*names, *taken)))


def _distinct(
    formula: Formula, names: Mapping[Variable, Variable], written: frozenset[str]
) -> Formula:
    """Rename by `names`, what each variable in scope is called; `written` is taken here."""
    match formula:
        case Probability(of=of, given=given):
            return Probability([names[v] for v in of], [names[v] for v in given])
        case Product(factors=factors):
            return Product(_distinct(factor, names, written) for factor in factors)
        case Ratio(top=top, bottom=bottom):
            return Ratio(_distinct(top, names, written), _distinct(bottom, names, written))
        case Sum(over=over, body=body):
            fresh: dict[Variable, Variable] = {}
            for variable in over:
                fresh[variable] = _fresh(variable, written)
                written |= {str(fresh[variable])}
            return Sum(fresh.values(), _distinct(body, {**names, **fresh}, written))
    raise TypeError(f"{formula!r} is no formula")


def _fresh(variable: Variable, written: frozenset[str]) -> Variable:
    while str(variable) in written:
        variable = Variable(variable.name, variable.primes + 1)
    return variable
