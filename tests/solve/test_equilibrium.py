"""Loops solved: against numpy, against closed forms, and in everything that a world can do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal, Uniform
from scipy import stats

from scm import SCM, ModelError, UnsolvableError, equilibrium, latent, param
from scm.compile.codes import Code
from scm.estimands import ATE, NDE
from scm.graph import Graph
from scm.identify import identify

Z = Normal(0, 1)


def market():
    return SCM(
        price=equilibrium(lambda demand, u=Normal(0, 1): -0.8 * demand + u),
        demand=equilibrium(lambda price, u=Normal(0, 2): 0.5 * price + u),
        profit=lambda price, u=Z: 2 * price + u,
    )


MARKET = market()
B = np.array([[0, -0.8], [0.5, 0]])
ROOT = np.linalg.inv(np.eye(2) - B) @ np.diag([1.0, 2.0])
LAW = ROOT @ ROOT.T  # of price and demand

ROUND = np.array([[0, 0.7, -1.2, 0], [0.4, 0, 0.3, 0.9], [0, -0.6, 0, 0.5], [1.1, 0, 0.8, 0]])


def dense():
    """Four variables, all but a few of which read each other, as `ROUND` has it."""
    names = "abcd"
    each = {}
    for i, name in enumerate(names):
        reads = [n for n, k in zip(names, ROUND[i], strict=True) if k]
        slopes = ROUND[i][ROUND[i] != 0]
        text = f"lambda {', '.join(reads)}, k=k, u=Z: " + " + ".join(
            f"k[{j}] * {n}" for j, n in enumerate(reads)
        )
        each[name] = equilibrium(eval(text + " + u", {"k": slopes, "Z": Z}))
    return SCM(each)


def outside():
    """A loop whose coefficients depend on a param, a parent and its noise, between two others."""
    return SCM(
        gain=param(0.6),
        root=Uniform(-1, 1),
        a=equilibrium(lambda b, root, gain, u=Z: gain * root * b + u),
        b=equilibrium(lambda a, root, u=Uniform(0, 1): root - u * a),
        c=equilibrium(lambda d, a, u=Z: 0.5 * d + a + u),
        d=equilibrium(lambda c, b: -0.9 * c * jnp.where(b > 0, 1.0, 0.5)),
    )


OUTSIDE = outside()


def held(world, *names):
    return np.stack([np.asarray(world[name], float) for name in names])


def noise(world, *names):
    return np.stack([np.asarray(world.noise[name, "u"], float) for name in names])


def test_both_hold_at_once():
    world = MARKET.sample(key=0, n=1000)
    expected = np.linalg.solve(np.eye(2) - B, noise(world, "price", "demand"))
    np.testing.assert_allclose(held(world, "price", "demand"), expected, atol=1e-5)
    profit = 2 * np.asarray(world["price"], float) + noise(world, "profit")[0]
    np.testing.assert_allclose(world["profit"], profit, atol=1e-5)


def test_many_at_once(x64):
    model = dense()
    world = model.sample(key=0, n=200)
    expected = np.linalg.solve(np.eye(4) - ROUND, noise(world, *"abcd"))
    np.testing.assert_allclose(held(world, *"abcd"), expected, rtol=1e-9, atol=1e-12)
    cut = world.do(c=2.0)
    rest, left = [0, 1, 3], ROUND[np.ix_([0, 1, 3], [0, 1, 3])]
    constant = noise(world, *"abd") + 2 * ROUND[rest, 2][:, None]
    expected = np.linalg.solve(np.eye(3) - left, constant)
    np.testing.assert_allclose(held(cut, *"abd"), expected, rtol=1e-9, atol=1e-12)


def test_a_pivot_of_zero_is_no_singular_loop():
    """a = b + c / 2, b = a + 0.3 c, c = a / 5 + 0.7 b: after a, the equation of b has no b left."""
    matrix = np.array([[0, 1, 0.5], [1, 0, 0.3], [0.2, 0.7, 0]])
    model = SCM(
        a=equilibrium(lambda b, c, u=Z: b + 0.5 * c + u),
        b=equilibrium(lambda a, c, u=Z: a + 0.3 * c + u),
        c=equilibrium(lambda a, b, u=Z: 0.2 * a + 0.7 * b + u),
    )
    world = model.sample(key=0, n=50)
    expected = np.linalg.solve(np.eye(3) - matrix, noise(world, *"abc"))
    np.testing.assert_allclose(held(world, *"abc"), expected, atol=1e-4)


def test_two_loops_with_parents_params_and_noise_in_their_coefficients():
    world = OUTSIDE.sample(key=1, n=500)
    a, b, c, d, root = held(world, *"abcd", "root")
    ua, ub, uc = noise(world, *"abc")
    np.testing.assert_allclose(a, 0.6 * root * b + ua, atol=1e-5)
    np.testing.assert_allclose(b, root - ub * a, atol=1e-5)
    np.testing.assert_allclose(c, 0.5 * d + a + uc, atol=1e-5)
    np.testing.assert_allclose(d, -0.9 * c * np.where(b > 0, 1, 0.5), atol=1e-5)


def test_do_cuts_the_loop_and_keeps_the_people():
    world = MARKET.sample(key=0, n=100)
    forced = world.do(price=1.0)
    np.testing.assert_allclose(forced["demand"], 0.5 + world.noise["demand", "u"], rtol=1e-6)
    np.testing.assert_array_equal(MARKET.do(price=1.0).sample(0, 100)["demand"], forced["demand"])
    back = forced.undo("price")
    np.testing.assert_array_equal(back["demand"], world["demand"])
    np.testing.assert_allclose(forced.natural["price"], world["price"], atol=1e-6)
    selling = world.do(profit=0.0)
    assert selling.columns["price"] is world.columns["price"]  # carried over: no descendant
    policy = world.do(price=lambda profit_goal=3.0, u=Normal(0, 1): profit_goal + u)
    np.testing.assert_allclose(policy["price"], 3 + world.noise["price", "u"], rtol=1e-6)


def test_an_equation_is_changed_and_all_settle_anew():
    """A tax of 1 on top of the price's own equation: x = (I - B)^-1 (u + (1, 0))."""
    world = MARKET.sample(key=0, n=100)
    taxed = world.do(price=equilibrium(lambda price: price + 1))
    expected = np.linalg.solve(
        np.eye(2) - B, noise(world, "price", "demand") + np.array([[1], [0]])
    )
    np.testing.assert_allclose(held(taxed, "price", "demand"), expected, atol=1e-5)
    np.testing.assert_allclose((taxed["price"] - world["price"]), 1 / 1.4, atol=1e-5)  # the gain
    rule = world.do(price=equilibrium(lambda demand, price: 0.5 * price + 0.1 * demand))
    matrix = np.array([[0, -0.3], [0.5, 0]])
    constant = noise(world, "price", "demand") * [[0.5], [1]]
    expected = np.linalg.solve(np.eye(2) - matrix, constant)
    np.testing.assert_allclose(held(rule, "price", "demand"), expected, atol=1e-5)


def test_the_head_of_many_is_few_and_other_variables_change_nothing():
    few, many = (MARKET.sample(key=3, n=n) for n in (10, 5_000))
    np.testing.assert_allclose(
        held(few, "price", "demand"), held(many, "price", "demand")[:, :10], rtol=1e-5
    )
    wider = SCM(
        {"before": Z},
        demand=equilibrium(lambda price, u=Normal(0, 2): 0.5 * price + u),
        price=equilibrium(lambda demand, u=Normal(0, 1): -0.8 * demand + u),
    ).sample(key=3, n=10)
    np.testing.assert_allclose(
        held(few, "price", "demand"), held(wider, "price", "demand"), rtol=1e-5
    )
    blocks = [world["price"] for world in MARKET.stream(key=3, n=10, block=4)]
    np.testing.assert_allclose(np.concatenate(blocks), few["price"], rtol=1e-5)


def test_what_least_squares_finds_is_not_the_effect():
    """Haavelmo: the regression's limit is (a sx^2 + b sy^2) / (sx^2 + b^2 sy^2) = -0.758427."""
    n = 100_000
    price, demand = held(MARKET.sample(key=0, n=n), "price", "demand")
    slope = np.cov(price, demand)[0, 1] / price.var()
    assert abs(slope + 0.758427) < 5 * np.sqrt(LAW[1, 1] / LAW[0, 0] / n)
    truth = ATE("price", "demand").truth(MARKET)
    assert truth.method == "exact"
    assert truth.value == pytest.approx(0.5, abs=1e-7)
    assert ATE("demand", "profit").truth(MARKET) == pytest.approx((-1.6, 0, "exact", 1), abs=1e-6)


def test_truth_of_a_loop_in_the_middle():
    """Z moves a; do(Z=z) moves b by 0.5 z / (1 - 0.5 * -0.6): exact. With noise in a coefficient
    there is no such formula, and the answer is sampled."""
    model = SCM(
        Z=Z,
        a=equilibrium(lambda b, Z, u=Z: Z - 0.6 * b + u),
        b=equilibrium(lambda a, u=Z: 0.5 * a + u),
    )
    truth = ATE("Z", "b").truth(model)
    assert truth.method == "exact"
    assert truth.value == pytest.approx(0.5 / 1.3, abs=1e-6)
    shaken = model.assign(b=equilibrium(lambda a, u=Uniform(0, 1): u * a))
    truth = ATE("Z", "b").truth(shaken, budget=1 << 14)
    assert truth.method == "qmc"
    grid = (np.arange(10_000) + 0.5) / 10_000  # E[u / (1 + 0.6 u)]
    assert abs(truth.value - (grid / (1 + 0.6 * grid)).mean()) < 5 * truth.se + 1e-6


def test_a_coefficient_of_few_values_is_told_apart():
    """p is 0 or 1, each half the time: E[x] = E[1 / (1 - p / 2)] = 3 / 2."""
    model = SCM(
        p=Bernoulli(0.5),
        t=Bernoulli(0.5),
        x=equilibrium(lambda y, p, t, u=Z: p * y + t + u),
        y=equilibrium(lambda x: 0.5 * x),
    )
    truth = ATE("t", "x").truth(model)
    assert (truth.method, truth.value) == ("exact", pytest.approx(1.5, abs=1e-6))


def test_derivatives_are_those_of_the_solution():
    mean = lambda gain: OUTSIDE.do(gain=gain).expect(lambda unit: unit["a"] ** 2, 0, 400).value
    model = SCM(
        gain=param(0.5),
        a=equilibrium(lambda b, gain, u=Z: gain * b + u),
        b=equilibrium(lambda a, u=Z: 0.5 * a + u),
    )
    world = model.sample(0, 4)
    ua, ub = noise(world, "a", "b")
    slope = jax.jacobian(lambda gain: model.do(gain=gain).sample(0, 4)["a"])(0.5)
    # a = (ua + g ub) / (1 - g / 2), its derivative in g at 1/2:
    np.testing.assert_allclose(slope, ub / 0.75 + 0.5 * (ua + 0.5 * ub) / 0.75**2, rtol=1e-4)
    with jax.enable_x64(True):
        central = (mean(0.6 + 1e-4) - mean(0.6 - 1e-4)) / 2e-4
        assert jax.grad(mean)(0.6) == pytest.approx(float(central), rel=1e-5)


def test_jumps_behind_a_loop_are_integrated_out_and_those_in_it_refused():
    """x ~ N(m / 1.4, ...): d P(x > 0) / dm = phi(m / sd) / sd with sd^2 = 1 + (0.8 * 2)^2."""
    model = SCM(
        m=param(0.3),
        x=equilibrium(lambda y, m, u=Normal(0, 1): m - 0.8 * y + u),
        y=equilibrium(lambda x, u=Normal(0, 2): 0.5 * x + u),
        up=lambda x: x > 0,
    )
    share = lambda m: model.do(m=m).expect(lambda unit: unit["up"], 0, 20_000).value
    sd = np.sqrt(1 + 1.6**2)
    assert float(jax.grad(share)(0.3)) == pytest.approx(stats.norm.pdf(0.3 / sd) / sd, rel=0.03)
    bent = model.assign(y=equilibrium(lambda x, m, u=Z: jnp.where(u > m, 0.5, 0.4) * x + u))
    worth = lambda m: bent.do(m=m).expect(lambda unit: unit["x"], 0, 100).value
    with pytest.raises(ModelError, match="in an equation of a loop"):
        jax.grad(worth)(0.3)


def test_under_jit_and_vmap_a_singular_unit_has_a_code():
    model = SCM(
        k=param(0.25),
        a=equilibrium(lambda b, k, u=Z: k * b + u),
        b=equilibrium(lambda a, u=Z: 2 * a + u),
    )
    solved = jax.jit(jax.vmap(lambda k: model.do(k=k).sample(0, 5).code))
    codes = solved(jnp.array([0.25, 0.5, -1.0]))
    assert codes.tolist() == [Code.OK, Code.UNSOLVABLE, Code.OK]
    values = jax.vmap(lambda k: model.do(k=k).sample(0, 5)["a"])(jnp.array([0.25, 0.5]))
    assert np.isfinite(values[0]).all()
    assert np.isnan(values[1]).all()
    np.testing.assert_allclose(values[0], model.sample(0, 5)["a"], rtol=1e-6)


def test_a_singular_unit_is_named():
    model = SCM(
        p=Bernoulli(0.3),
        a=equilibrium(lambda b, p, u=Z: 2.0 * p * b + u),
        b=equilibrium(lambda a: 0.5 * a),
    )
    with pytest.raises(UnsolvableError, match=r"of a and b .* of 100 units; .*where p = 1"):
        model.sample(0, 100)
    model.do(p=0).sample(0, 100)


def test_compiled_once(compilations):
    def made(slope):
        return SCM(
            a=equilibrium(lambda b, k=slope, u=Z: k * b + u),
            b=equilibrium(lambda a, u=Z: 0.5 * a + u),
        )

    made(0.1).sample(0, 30).columns["a"].block_until_ready()
    before = compilations.count
    made(0.2).sample(1, 30).columns["a"].block_until_ready()
    assert compilations.count == before


def test_abduction_of_a_whole_unit_is_by_hand():
    """u_price = 1 + 0.8 * 2 = 2.6, u_demand = 2 - 0.5 = 1.5; had the price been 0, demand 1.5."""
    person = MARKET.abduct({"price": 1.0, "demand": 2.0, "profit": 2.5}, key=0)
    assert person.methods["price"] == "inverse"
    world = person.sample()
    assert float(world.noise["price", "u"][0]) == pytest.approx(2.6, abs=1e-6)
    assert float(person.do(price=0.0).sample()["demand"][0]) == pytest.approx(1.5, abs=1e-6)
    assert float(person.do(demand=0.0).sample()["profit"][0]) == pytest.approx(5.7, abs=1e-5)
    taxed = person.do(price=equilibrium(lambda price: price + 1)).sample()
    assert float(taxed["price"][0]) == pytest.approx((2.6 + 1 - 0.8 * 1.5) / 1.4, abs=1e-5)


def test_abduction_and_density_of_a_part_are_gaussian():
    seen = {"price": 1.0, "profit": 2.5}
    person = MARKET.abduct(seen, key=0, draws=20_000)
    assert person.methods["demand"] == "exact: Gaussian"
    demand = np.asarray(person.sample()["demand"], float)
    mean = LAW[1, 0] / LAW[0, 0]
    spread = np.sqrt(LAW[1, 1] - LAW[1, 0] ** 2 / LAW[0, 0])
    assert abs(demand.mean() - mean) < 5 * spread / np.sqrt(len(demand))
    assert demand.std() == pytest.approx(spread, rel=0.03)
    np.testing.assert_allclose(person.sample()["price"], 1.0, atol=1e-4)
    rest = stats.norm(2.0, 1).logpdf(2.5)
    part = stats.norm(0, np.sqrt(LAW[0, 0])).logpdf(1.0) + rest
    assert float(MARKET.log_prob(seen)) == pytest.approx(part, abs=1e-5)
    whole = stats.multivariate_normal([0, 0], LAW).logpdf([1.0, 2.0]) + rest
    assert float(MARKET.log_prob({**seen, "demand": 2.0})) == pytest.approx(whole, abs=1e-5)


def test_density_where_a_parent_is_in_the_coefficient_and_where_a_cause_is_hidden():
    model = SCM(
        g=Uniform(0, 1),
        a=equilibrium(lambda b, g, u=Z: -g * b + u),
        b=equilibrium(lambda a, g, u=Z: 0.5 * a + g + u),
    )
    matrix = np.linalg.inv([[1, 0.3], [-0.5, 1]])
    law = stats.multivariate_normal(matrix @ [0, 0.3], matrix @ matrix.T)
    data = {"g": [0.3, 0.3], "a": [1.0, -2.0], "b": [2.0, 0.0]}
    found = model.log_prob(data)
    np.testing.assert_allclose(found, law.logpdf([[1, 2], [-2, 0]]), atol=1e-5)
    hidden = SCM(
        h=latent(Z),
        a=equilibrium(lambda b, h, u=Z: -0.8 * b + h + u),
        b=equilibrium(lambda a, h, u=Z: 0.5 * a + h + u),
    )
    root = np.linalg.inv([[1, 0.8], [-0.5, 1]]) @ np.array([[1, 1, 0], [1, 0, 1]])
    law = stats.multivariate_normal([0, 0], root @ root.T)
    found = float(hidden.log_prob({"a": 1.0, "b": 2.0}))
    assert found == pytest.approx(law.logpdf([1, 2]), abs=1e-5)


def test_what_is_not_found_is_refused_by_name():
    twice = SCM(a=equilibrium(lambda b, u=Z, w=Z: w * b + u), b=equilibrium(lambda a, u=Z: a + u))
    with pytest.raises(ModelError, match=r"a stands on a loop.*depends on its noise w"):
        twice.abduct({"a": 1.0, "b": 2.0}, 0)
    shaken = SCM(
        a=equilibrium(lambda b, w=Uniform(0, 1): -w * b + 1.0),
        b=equilibrium(lambda a, u=Z: 0.5 * a + u),
    )
    assert float(shaken.abduct({"a": 0.5, "b": 2.0}, 0).sample().noise["a", "w"][0]) == 0.25
    with pytest.raises(ModelError, match="log_prob: a stands on a loop"):
        shaken.log_prob({"a": 0.5, "b": 2.0})
    with pytest.raises(ModelError, match="a and b stand on a loop"):
        shaken.abduct({"b": 2.0}, 0)
    with pytest.raises(ModelError, match="to_numpyro: price and demand stand on a loop"):
        MARKET.to_numpyro()(n=3)
    with pytest.raises(ModelError, match="price -> demand -> price"):
        identify(MARKET, ATE("price", "profit"))
    with pytest.raises(ModelError, match="profit would take demand from another world"):
        NDE("price", "profit", ["demand"]).truth(
            SCM(
                price=Z,
                demand=equilibrium(lambda price, profit, u=Z: price - 0.5 * profit + u),
                profit=equilibrium(lambda price, demand, u=Z: price + demand + u),
            )
        )
    assert isinstance(MARKET.do(price=0.0).graph, Graph)
