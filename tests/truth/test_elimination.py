"""Variable elimination: networks of many finite variables, against sums over tables in NumPy."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Binomial, Categorical, DiscreteUniform, Normal

from scm import SCM, node
from scm.estimands import ATE
from scm.truth.batches import asked
from scm.truth.exact import exact
from scm.truth.question import Mean, Quantile, Question

pytestmark = pytest.mark.usefixtures("x64")


def answer(worlds, *statistics):
    return exact(asked(Question("q", worlds, statistics, lambda *values: jnp.stack(values))))


def network(rng, parents, size=2):
    """Variables with random tables: right-hand sides, and the tables."""
    rhs, tables = {}, {}
    for name, above in parents.items():
        table = rng.dirichlet(np.ones(size), size=(size,) * len(above))
        given = jnp.asarray(table)
        if size == 2:
            law = lambda *values, given=given: Bernoulli(given[(*values, 1)])
        else:
            law = lambda *values, given=given: Categorical(given[values])
        rhs[name], tables[name] = node(law, parents=list(above)), table
    return rhs, tables


def by_sum(parents, tables, set_to, function, size=2):
    """E[function] under an intervention, by a sum over all configurations."""
    total, names = 0.0, list(parents)
    for values in itertools.product(range(size), repeat=len(names)):
        at = dict(zip(names, values, strict=True))
        chance = 1.0
        for name in names:
            if name in set_to:
                chance *= at[name] == set_to[name]
            else:
                chance *= tables[name][(*(at[p] for p in parents[name]), at[name])]
        total += chance * function(at) if chance else 0.0
    return total


def test_a_chain_of_sixty_takes_four_states():
    rng = np.random.default_rng(0)
    parents = {f"x{i}": (f"x{i - 1}",) if i else () for i in range(60)}
    rhs, tables = network(rng, parents)
    truth = ATE("x0", "x59").truth(SCM(**rhs))
    steps = np.linalg.multi_dot([tables[f"x{i}"] for i in range(1, 60)])
    assert truth.method == "exact"
    assert truth.n <= 4
    assert truth.value == pytest.approx(steps[1, 1] - steps[0, 1], abs=1e-14)


def test_a_tree_is_as_wide_as_it_is_read():
    """Every node sums its two children: read depth first, few are held at once."""
    rng = np.random.default_rng(1)
    rhs, plain = {}, {}
    for level in (5, 4, 3, 2, 1, 0):
        for k in range(2**level):
            name = f"n{level}_{k}"
            if level == 5:
                p = rng.random()
                rhs[name], plain[name] = Bernoulli(p), np.array([1 - p, p])
                continue
            table = rng.random((2, 2))
            below = [f"n{level + 1}_{2 * k + side}" for side in (0, 1)]
            given = jnp.asarray(table)
            rhs[name] = node(lambda a, b, given=given: Bernoulli(given[a, b]), parents=below)
            one = plain[below[0]] @ table @ plain[below[1]]
            plain[name] = np.array([1 - one, one])
    found = answer({"w": SCM(**rhs)}, Mean(lambda u: u["w"]["n0_0"] * 1.0))
    assert found.value[0] == pytest.approx(plain["n0_0"][1], abs=1e-14)
    assert found.n <= 2**7


def test_a_grid_is_as_wide_as_its_side():
    """An Ising-like grid, 4 by 12, against the transfer of a row's joint table to the next."""
    side, rows = 4, 12
    weights = np.random.default_rng(2).random((rows, side, 2, 2)) * 0.8 + 0.1
    rhs = {}
    for r, c in itertools.product(range(rows), range(side)):
        above = [f"g{r - 1}_{c}"] if r else []
        left = [f"g{r}_{c - 1}"] if c else []
        table = jnp.asarray(weights[r, c])
        if above and left:
            law = lambda a, b, table=table: Bernoulli(table[a, b])
        elif above or left:
            law = lambda a, table=table: Bernoulli(table[a, 0])
        else:
            law = lambda table=table: Bernoulli(table[0, 0])
        rhs[f"g{r}_{c}"] = node(law, parents=[*above, *left])
    joint = np.ones(1)
    for r in range(rows):
        before = joint.reshape((2,) * side) if r else None
        joint = np.zeros((2,) * side)
        for row in itertools.product(range(2), repeat=side):
            for old in itertools.product(range(2), repeat=side) if r else [None]:
                chance = before[old] if r else 1.0
                for c in range(side):
                    read = ([old[c]] if r else []) + ([row[c - 1]] if c else [])
                    p = weights[r, c][tuple([*read, 0, 0][:2])]
                    chance *= p if row[c] else 1 - p
                joint[row] += chance
    found = answer({"w": SCM(**rhs)}, Mean(lambda u: u["w"][f"g{rows - 1}_{side - 1}"] * 1.0))
    assert found.value[0] == pytest.approx(joint.sum(axis=(0, 1, 2))[1], abs=1e-13)
    assert found.n <= 2 ** (side + 2)


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_against_the_sum_over_all_configurations(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 4))
    count = 8 if size == 2 else 6
    names = [f"x{i}" for i in range(count)]
    parents = {
        name: tuple(p for p in names[:i] if rng.random() < 0.5)[-3:] for i, name in enumerate(names)
    }
    rhs, tables = network(rng, parents, size)
    model = SCM(**rhs)
    set_to = {names[int(rng.integers(count))]: 1}
    weights = rng.normal(size=count)
    score = lambda at: sum(w * at[n] for w, n in zip(weights, names, strict=True))
    jump = lambda at: (at[names[-1]] + at[names[-2]] == 1) * (1.0 + at[names[0]])
    found = answer(
        {"w": model.do(**set_to)},
        Mean(lambda u: score(u["w"])),
        Mean(lambda u: score(u["w"]) ** 2),
        Mean(lambda u: jump(u["w"])),
        Quantile(lambda u: u["w"][names[-1]] + 3 * u["w"][names[1]], 0.6),
        Quantile(lambda u: u["w"][names[-1]] + 0.0, 0.31, lambda u: u["w"][names[1]] == 1),
    )
    mean = lambda function: by_sum(parents, tables, set_to, function, size)
    points = range(4 * size)
    mixed = [mean(lambda at, k=k: at[names[-1]] + 3 * at[names[1]] <= k) for k in points]
    event = mean(lambda at: at[names[1]] == 1)
    given = [mean(lambda at, k=k: (at[names[-1]] <= k) * (at[names[1]] == 1)) for k in points]
    expected = [
        mean(score),
        mean(lambda at: score(at) ** 2),
        mean(jump),
        next(k for k in points if mixed[k] >= 0.6 - 1e-12),
        next(k for k in points if given[k] >= 0.31 * event - 1e-12),
    ]
    np.testing.assert_allclose(found.value, expected, atol=1e-12)


def test_affine_noise_of_many_values_stays_one_state():
    """A sum of thirty counts: its mean and mean square need no states, its law would need many."""
    parents = [f"k{i}" for i in range(30)]
    model = SCM(
        **{name: Binomial(40, 0.3) for name in parents},
        total=node(lambda *values: sum(values) * 1.0, parents=parents),
    )
    found = answer(
        {"w": model},
        Mean(lambda u: u["w"]["total"]),
        Mean(lambda u: u["w"]["total"] ** 2),
    )
    np.testing.assert_allclose(found.value, [360, 360**2 + 30 * 40 * 0.21], rtol=1e-12)
    assert found.n == 1


def test_a_support_may_differ_between_states():
    """One trial or two: the values are those of either."""
    model = SCM(n=Bernoulli(0.25), k=lambda n: Binomial(1 + n, 0.3))
    found = answer({"w": model}, Mean(lambda u: (u["w"]["k"] == 2) * (1.0 + u["w"]["n"])))
    assert found.value[0] == pytest.approx(0.25 * 0.09 * 2, abs=1e-15)


def test_too_many_states_are_no_exact_truth():
    """A parity of thirty fair bits could be had in two states, their product with a code cannot."""
    bits = [f"b{i}" for i in range(30)]
    model = SCM(
        **{name: Bernoulli(0.5) for name in bits},
        code=node(lambda *values: sum(2.0**i * v for i, v in enumerate(values)), parents=bits),
        y=lambda code: jnp.sin(code),
    )
    assert answer({"w": model}, Mean(lambda u: u["w"]["y"])) is None


def test_what_is_the_same_in_two_worlds_is_walked_once():
    """200 rows drawn in both worlds: 200 states, not their square."""
    table = jnp.asarray(np.random.default_rng(3).normal(size=200))
    model = SCM(
        row=DiscreteUniform(0, 199),
        x=lambda row: table[row],
        t=lambda x, u=Normal(0, 1): x + u,
        y=lambda t, x, v=Normal(0, 1): t * x + v,
    )
    worlds = {"1": model.do(t=1.0), "0": model.do(t=0.0)}
    found = answer(worlds, Mean(lambda u: (u["1"]["y"] - u["0"]["y"]) * u["1"]["y"]))
    assert found.value[0] == pytest.approx(float((table**2).mean()), abs=1e-12)
    assert found.n == 200


def test_states_that_differ_in_one_law_become_its_mixture():
    """A mixture of Bernoullis is one: with its parent forgotten, one state is left."""
    model = SCM(a=Categorical(jnp.array([0.2, 0.3, 0.5])), b=lambda a: Bernoulli(0.1 + 0.3 * a))
    chance = 0.2 * 0.1 + 0.3 * 0.4 + 0.5 * 0.7
    step = lambda above: Bernoulli(0.2 + 0.5 * above)
    chain = SCM(
        b0=Bernoulli(0.5), **{f"b{i}": node(step, parents=[f"b{i - 1}"]) for i in range(1, 30)}
    )
    assert answer({"w": model}, Mean(lambda u: u["w"]["b"] * 1.0)).value[0] == pytest.approx(chance)
    found = answer({"w": chain}, Mean(lambda u: u["w"]["b29"] * 1.0))
    assert found.n <= 4
    assert found.value[0] == pytest.approx(0.4, abs=1e-8)
