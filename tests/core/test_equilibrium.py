"""Loops are declared, affine and uniquely solvable, or refused by name."""

import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal

from scm import SCM, CycleError, ModelError, UnsolvableError, equilibrium, latent, node, param

Z = Normal(0, 1)


def market():
    return SCM(
        price=equilibrium(lambda demand, u=Normal(0, 1): -0.8 * demand + u),
        demand=equilibrium(lambda price, u=Normal(0, 2): 0.5 * price + u),
        profit=lambda price, cost: price - cost,
        cost=latent(Normal(1, 0.1)),
    )


def ring(ab, bc, ca):
    """a -> b -> c -> a; the loop multiplies by the product of the three."""
    return SCM(
        a=equilibrium(lambda c, k=ca, u=Z: k * c + u),
        b=equilibrium(lambda a, k=ab, u=Z: k * a + u),
        c=equilibrium(lambda b, k=bc, u=Z: k * b + u),
    )


def refused(kind, make, *parts):
    with pytest.raises(kind) as caught:
        make()
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message, f"{part!r} is not in {message!r}"


def test_a_loop_is_read_like_any_model():
    model = market()
    assert model.parents["price"] == ("demand",)
    assert model.parents["demand"] == ("price",)
    at = {name: model.order.index(name) for name in model.order}
    assert abs(at["price"] - at["demand"]) == 1
    assert at["profit"] > max(at["price"], at["demand"], at["cost"])
    assert model.equations().splitlines()[0] == (
        "price := -0.8 * demand + u,  u ~ Normal(0, 1)  (equilibrium)"
    )
    assert model.structure.descendants(frozenset({"demand"})) == {"price", "demand", "profit"}
    assert model.structure.ancestors(frozenset({"profit"})) == set(model.order)
    assert model.do(price=1.0).parents["price"] == ()
    assert model.do(price=1.0).undo("price").parents == model.parents


def test_loops_are_found_apart_and_in_order():
    model = SCM(
        end=lambda d, b: d + b,
        c=equilibrium(lambda d, b, u=Z: 0.3 * d + b + u),
        a=equilibrium(lambda b, u=Z: 0.2 * b + u),
        d=equilibrium(lambda c, u=Z: 0.4 * c + u),
        b=equilibrium(lambda a, root, u=Z: 0.5 * a + root + u),
        root=Z,
    )
    assert model.order == ("root", "a", "b", "c", "d", "end")


def test_the_mark_goes_everywhere_a_function_goes():
    model = SCM(
        {"the price": equilibrium(node(lambda d, u: -d + u, parents=["demand"], noise={"u": Z}))},
        demand=latent(
            equilibrium(node(lambda p, u: p / 2 + u, parents=["the price"], noise={"u": Z}))
        ),
    )
    assert model.latents == ("demand",)
    assert "(latent, equilibrium)" in model.equations()
    straight = SCM(x=Z, y=equilibrium(lambda x, u=Z: x**2 + u))  # off a loop it says nothing
    assert straight.graph.directed == (("x", "y"),)


def test_what_is_not_declared_is_refused_with_the_line():
    refused(
        CycleError,
        lambda: SCM(x=equilibrium(lambda y, u=Z: y + u), y=lambda x: 0.5 * x),
        "y -> x -> y",
        "write y=equilibrium(...)",
    )
    acyclic = SCM(x=Z, y=lambda x, u=Z: 0.5 * x + u)
    refused(
        CycleError,
        lambda: acyclic.do(x=equilibrium(lambda y: y)),
        "y -> x -> y",
        "write y=equilibrium(...)",
    )
    refused(CycleError, lambda: market().do(price=lambda demand: demand), "do(price=equilibrium")
    refused(CycleError, lambda: market().assign(price=lambda demand: demand), "price=equilibrium")
    refused(CycleError, lambda: SCM(a=equilibrium(lambda a, u=Z: 0.5 * a + u)), "a -> a")


def test_a_shift_of_what_stands_on_a_loop_is_refused_as_ambiguous():
    refused(
        CycleError,
        lambda: market().do(price=lambda price: price + 1),
        "names price itself",
        "do(price=equilibrium(...))",
        'do(price=world["price"] + 1)',
    )


@pytest.mark.parametrize(
    "fn",
    [
        lambda y, u=Z: y**2 + u,
        lambda y, z, u=Z: y * (y + z) + u,
        lambda y, u=Z: 1 / (y + u),
        lambda y, z, u=Z: abs(y) + u,
    ],
)
def test_what_is_not_affine_is_refused(fn):
    rest = {"y": equilibrium(lambda x: 0.5 * x), "z": Z}
    make = lambda: SCM(x=equilibrium(fn), **rest)
    refused(ModelError, make, "x: its function is not affine in y")


def test_other_values_than_one_real_number_are_refused():
    rest = {"y": equilibrium(lambda x: 0.5 * x)}
    for fn, part in [
        (lambda y: Normal(y, 1), "returns a distribution"),
        (lambda y: y > 0, "bool"),
        (lambda y: y * np.ones(3), "shape (3,)"),
    ]:
        make = lambda fn=fn: SCM(x=equilibrium(fn), **rest)
        refused(ModelError, make, "x stands on a loop", part)
    refused(ModelError, lambda: equilibrium(Z), "a function of parents")
    refused(ModelError, lambda: equilibrium(latent(lambda y: y)), "latent(equilibrium(...))")
    refused(ModelError, lambda: param(equilibrium(lambda y: y)), "a number")


@pytest.mark.parametrize(("there", "back"), [(2.0, 0.5), (0.8, 1.25), (-4.0, -0.25)])
def test_a_singular_loop_is_refused_when_it_is_made(there, back):
    refused(
        UnsolvableError,
        lambda: SCM(
            there=param(there),
            x=equilibrium(lambda y, back=back, u=Z: back * y + u),
            y=equilibrium(lambda x, there, u=Z: there * x + u),
        ),
        "the equations of x and y",
        "determinant",
        "do(x=...)",
    )


def test_a_rest_that_do_leaves_singular_is_refused():
    """x = y + z + u, y = x + u, z = x / 2 - y + u: the three have a determinant of 1/2, x and y
    alone (z cut) have none."""
    model = SCM(
        x=equilibrium(lambda y, z, u=Z: y + z + u),
        y=equilibrium(lambda x, u=Z: x + u),
        z=equilibrium(lambda x, y, u=Z: 0.5 * x - y + u),
    )
    matrix = np.array([[0, 1, 1], [1, 0, 0], [0.5, -1, 0]])
    assert abs(np.linalg.det(np.eye(3) - matrix) - 0.5) < 1e-12
    refused(UnsolvableError, lambda: model.do(z=1.0), "the equations of x and y")
    cut = model.do({"x": 1.0, "z": 1.0})
    refused(UnsolvableError, lambda: cut.undo("x"), "the equations of x and y")
    doubled = equilibrium(lambda b, u=Z: 2 * b + u)
    whole = ring(2.0, 1.0, 0.25)
    refused(UnsolvableError, lambda: whole.assign(c=doubled), "the equations of a and b and c")


def test_an_expanding_loop_is_solved_all_the_same():
    ring(3.0, 2.0, -1.5)  # spectral radius above 2: no statement about stability is made
    SCM(p=Bernoulli(0.5), x=equilibrium(lambda y, p: 3.0 * p * y), y=equilibrium(lambda x: x + 1))


def test_a_graph_of_a_loop_is_refused_and_of_a_cut_one_is_not():
    model = market()
    mended = "model.do(price=...).graph"
    refused(CycleError, lambda: model.graph, "price -> demand -> price", mended)
    refused(CycleError, model.draw, "price -> demand -> price")
    assert model.do(price=1.0).graph.directed == (
        ("price", "demand"),
        ("price", "profit"),
        ("cost", "profit"),
    )
