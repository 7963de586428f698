"""Formulas: how they are built, compared, simplified and written."""

import subprocess
import sys

import pytest

from scm.graph import Graph
from scm.graph.formulas.binding import distinct
from scm.graph.formulas.formula import ONE, Probability, Product, Ratio, Sum, Variable
from scm.graph.formulas.laws import Laws
from scm.graph.formulas.simplify import product, ratio, summed

# A -> B -> C, and D on its own: C is independent of A given B.
CHAIN = Laws(Graph([("A", "B"), ("B", "C")], nodes=["A", "B", "C", "D"]))
# Nothing is independent of anything.
FULL = Laws(Graph([("A", "B"), ("A", "C"), ("B", "C"), ("A", "D"), ("B", "D"), ("C", "D")]))


def P(of, given=""):
    return Probability(list(of), list(given))


def over(names):
    return [Variable(name) for name in names]


def test_text_and_latex():
    inner = Sum(
        [Variable("T", 1)], Product([P("Y", ["M", Variable("T", 1)]), P([Variable("T", 1)])])
    )
    outer = Sum("M", Product([P("M", "T"), inner]))
    assert str(outer) == "sum_{M} P(M | T) sum_{T'} P(Y | M, T') P(T')"
    assert outer.latex() == r"\sum_{M} P(M \mid T)\, \sum_{T'} P(Y \mid M, T')\, P(T')"
    divided = Ratio(outer, P("T"))
    assert str(divided) == f"({outer}) / P(T)"
    assert divided.latex() == rf"\frac{{{outer.latex()}}}{{P(T)}}"
    assert str(Product([inner, outer])) == f"[{inner}] {outer}"
    assert str(Product([divided, P("T")])) == f"[{divided}] P(T)"
    assert str(ONE) == ONE.latex() == "1"


def test_names_in_latex():
    formula = Probability([Variable("X1", 1), "log_wage"], ["x_2", "50% off", "T"])
    assert formula.latex() == r"P(X'_{1}, \mathrm{log\_wage} \mid x_{2}, \mathrm{50\%\ off}, T)"


def test_conditions_are_written_from_the_outside_in():
    body = Product([P("Y", "ZT"), P("Z")])
    assert str(Sum("Z", body)) == "sum_{Z} P(Y | T, Z) P(Z)"


def test_equality_is_of_content():
    assert P("AB", "CD") == P("BA", "DC")
    assert hash(P("AB", "CD")) == hash(P("BA", "DC"))
    assert P("AB") != P("A", "B")
    assert Product([P("A"), P("B")]) == Product([P("B"), P("A")])
    assert Product([P("A"), P("A")]) != Product([P("A")])
    assert Sum(["A", "B"], P("ABC")) == Sum(["B", "A"], P("CBA"))
    assert Ratio(P("A"), P("B")) != Ratio(P("B"), P("A"))
    assert P("A") != "P(A)"
    assert len({P("AB"), P("BA"), ONE, Product()}) == 2


def test_what_is_no_formula_is_refused():
    with pytest.raises(ValueError, match="`of` is empty"):
        Probability([], ["A"])
    with pytest.raises(ValueError, match="A is written twice"):
        Probability("A", ["A"])
    with pytest.raises(ValueError, match=r"Sum: B is not in P\(A\)"):
        Sum("B", P("A"))
    with pytest.raises(ValueError, match="`over` is empty"):
        Sum([], P("A"))
    with pytest.raises(ValueError, match=r"summed: D is not in P\(A\)"):
        summed(FULL, over("D"), P("A"))


def test_free_variables_and_size():
    formula = Ratio(Sum("A", Product([P("B", "A"), P("A")])), P("C"))
    assert formula.free == set(over("BC"))
    assert formula.size == 3


@pytest.mark.parametrize(
    ("laws", "names", "body", "expected"),
    [
        (FULL, "A", P("A", "B"), ONE),
        (FULL, "AB", P("AB", "C"), ONE),
        (FULL, "A", P("AB", "C"), P("B", "C")),
        (FULL, "C", Product([P("C", "AB"), P("B", "A")]), P("B", "A")),
        (FULL, "B", Product([P("C", "AB"), P("B", "A")]), P("C", "A")),
        (CHAIN, "B", Product([P("C", "B"), P("B", "A")]), P("C", "A")),
        (CHAIN, "AB", Product([P("C", "B"), P("B", "A"), P("A")]), P("C")),
        # Not all of it can go: P(A) is not P(A | B).
        (FULL, "A", Product([P("C", "AB"), P("A")]), Sum("A", Product([P("C", "AB"), P("A")]))),
        # Sums that do not hang together are apart.
        (
            FULL,
            "AD",
            Product([P("B", "A"), P("C", "D"), P("A", "C"), P("D", "B")]),
            Product(
                [
                    Sum("A", Product([P("B", "A"), P("A", "C")])),
                    Sum("D", Product([P("C", "D"), P("D", "B")])),
                ]
            ),
        ),
        (FULL, "A", Ratio(P("AB"), P("B")), ONE),
        (FULL, "A", Ratio(P("AB"), P("A")), Sum("A", Ratio(P("AB"), P("A")))),
        (FULL, "A", Ratio(P("AB", "C"), P("C")), Ratio(P("B", "C"), P("C"))),
    ],
)
def test_sums(laws, names, body, expected):
    assert summed(laws, over(names), body) == expected


def test_products():
    assert product(FULL, []) == ONE
    assert product(FULL, [P("A"), ONE]) == P("A")
    assert product(FULL, [P("B", "A"), P("A")]) == P("AB")
    assert product(FULL, [P("C", "AB"), P("B", "A"), P("A")]) == P("ABC")
    assert product(CHAIN, [P("C", "B"), P("B", "A")]) == P("BC", "A")
    # Independent parts stay apart, and so does what reads as no conditional.
    assert product(CHAIN, [P("A"), P("D")]) == Product([P("A"), P("D")])
    apart = Product([P("C", "AB"), P("A")])
    assert product(FULL, [P("A"), P("C", "AB")]) == apart
    nested = Ratio(P("A"), P("C"))
    assert product(FULL, [nested, P("C")]) == P("A")


def test_ratios():
    assert ratio(FULL, P("A"), P("A")) == ONE
    assert ratio(FULL, P("AB"), P("B")) == P("A", "B")
    assert ratio(FULL, P("AB", "C"), P("B", "C")) == P("A", "BC")
    assert ratio(FULL, P("AB", "C"), P("B", "D")) == Ratio(P("AB", "C"), P("B", "D"))
    assert ratio(CHAIN, P("BC", "A"), P("B", "A")) == P("C", "B")
    # A sum is divided inside, but not by what it would bind.
    spread = Sum("A", Product([P("C", "A"), P("BD", "A")]))
    assert ratio(FULL, spread, P("B", "A")) == Ratio(spread, P("B", "A"))
    within = Sum("A", Product([P("C", "AB"), P("AB", "D")]))
    assert ratio(FULL, within, P("B", "D")) == Sum("A", Product([P("C", "AB"), P("A", "BD")]))
    whole = Sum("A", Product([P("C", "AB"), P("A")]))
    assert ratio(FULL, Product([whole, P("D")]), whole) == P("D")
    assert ratio(FULL, Ratio(P("A"), P("B")), Ratio(P("C"), P("B"))) == Ratio(P("A"), P("C"))


def test_bound_variables_get_names_of_their_own():
    inner = Sum("T", Product([P("Y", "MT"), P("T")]))
    assert (
        str(distinct(Product([P("M", "T"), inner]), [])) == "P(M | T) sum_{T'} P(Y | M, T') P(T')"
    )
    # A name on the left side of the equation is taken, a name nowhere else is not.
    assert str(distinct(inner, [])) == "sum_{T} P(Y | M, T) P(T)"
    assert str(distinct(inner, over("T"))) == "sum_{T'} P(Y | M, T') P(T')"
    twice = Sum("T", Product([P("M", "T"), inner]))
    assert str(distinct(twice, over("T"))) == "sum_{T'} P(M | T') sum_{T''} P(Y | M, T'') P(T'')"
    # A column may be called T' already.
    odd = Product([P(["M"], ["T", "T'"]), inner])
    assert str(distinct(odd, [])) == "P(M | T, T') sum_{T''} P(Y | M, T'') P(T'')"


FRONT_DOOR = "sum_{M} P(M | T) sum_{T'} P(Y | M, T') P(T')"
NAPKIN = "(sum_{W} P(X, Y | Z, W) P(W)) / (sum_{W} P(X | Z, W) P(W))"


@pytest.mark.parametrize(
    ("graph", "do", "expected"),
    [
        (Graph([("Z", "T"), ("Z", "Y"), ("T", "Y")]), "T", "sum_{Z} P(Y | T, Z) P(Z)"),
        (Graph([("T", "M"), ("M", "Y")], [("T", "Y")]), "T", FRONT_DOOR),
        (Graph([("T", "M"), ("M", "Y"), ("U", "T"), ("U", "Y")], latent=["U"]), "T", FRONT_DOOR),
        (Graph([("W", "Z"), ("Z", "X"), ("X", "Y")], [("W", "X"), ("W", "Y")]), "X", NAPKIN),
        (Graph([("T", "Y")]), "T", "P(Y | T)"),
        (Graph([("Y", "T")], [("T", "Y")]), "T", "P(Y)"),
        (Graph([("T", "M"), ("M", "Y")]), "T", "P(Y | T)"),
        (Graph([("T", "M"), ("M", "Y")], [("M", "Y")]), "T", "P(Y | T)"),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_textbook_formulas(graph, do, expected, backwards):
    """Pearl (2009), theorems 3.3.2 and 3.3.4; Pearl and Mackenzie (2018) for the napkin."""
    nodes = graph.nodes[::-1] if backwards else graph.nodes
    same = Graph(graph.directed, graph.bidirected, graph.latent, nodes=nodes)
    found = str(same.identify("Y", do=do).formula)
    assert found == (expected.replace("X, Y", "Y, X") if backwards else expected)


SCRIPT = """
import random
from scm.graph import Graph
for seed in range(40):
    rng = random.Random(seed)
    names = [f"V{i}" for i in range(7)]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1:]]
    directed = [p for p in pairs if rng.random() < 0.45]
    graph = Graph(directed, [p for p in pairs if rng.random() < 0.15], nodes=names)
    found = graph.identify({"V5", "V6"}, do={"V1", "V2"}, given={"V0", "V3"})
    print(found, found.derivation(), found.hedge and (found.hedge.outer, found.hedge.inner))
"""


def test_formulas_do_not_depend_on_the_hash_seed():
    told = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in (1, 2)
    }
    assert len(told) == 1
