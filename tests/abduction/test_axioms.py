"""What holds of counterfactuals in any model: Galles and Pearl (1998), and what follows from
fixing the noise of a unit. The numbers of one model vary; its programs are made once.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpyro.distributions import Bernoulli, Normal, Uniform

from scm import SCM, latent, param

MODEL = SCM(
    a=param(0.0),
    b=param(0.0),
    c=param(0.0),
    X=Normal(0, 1),
    T=lambda X, a, u=Uniform(0, 1): u < jax.nn.sigmoid(a * X),
    M=lambda X, T, b, u=Normal(0, 1): jnp.exp(0.3 * u + 0.2 * b * X) + 0.5 * T,
    N=lambda X, u=Normal(0, 2.0): X - u,
    Y=lambda M, T, X, c, u=Normal(0, 1): c * M + X * T + (1 + X**2) * u,
)

NUMBERS = st.floats(-2, 2, width=32)
FEW = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
DRAWS = 40
ENDOGENOUS = ("X", "T", "M", "N", "Y")


@st.composite
def posteriors(draw):
    """A unit made by the model with these numbers, seen in part: a point, bounds, the prior."""
    model = MODEL.do(a=draw(NUMBERS), b=draw(NUMBERS), c=draw(NUMBERS))
    world = model.sample(key=draw(st.integers(0, 1_000)), n=1)
    evidence = {name: np.asarray(world[name])[0] for name in ("X", "T", "M")}
    return model.abduct(evidence, key=draw(st.integers(0, 1_000)), draws=DRAWS)


def same(one, other, names=ENDOGENOUS):
    for name in names:
        np.testing.assert_allclose(one[name], other[name], rtol=2e-5, atol=2e-5, err_msg=name)


@FEW
@given(posteriors(), NUMBERS)
def test_effectiveness(posterior, x):
    """A variable that is set is what it was set to."""
    assert (np.asarray(posterior.do(X=x).sample()["X"]) == np.float32(x)).all()
    assert np.asarray(posterior.do(T=True).sample()["T"]).all()


@FEW
@given(posteriors(), NUMBERS)
def test_composition(posterior, x):
    """W_x = w implies Y_xw = Y_x: setting a variable to what it is anyway changes nothing."""
    world = posterior.do(X=x).sample()
    same(posterior.do(X=x, M=world["M"]).sample(), world)
    same(posterior.do(X=x, T=world["T"], N=world["N"]).sample(), world)


@FEW
@given(posteriors())
def test_consistency(posterior):
    """X = x implies Y_x = Y: what happened is what would have happened under what was done."""
    world = posterior.sample()
    same(posterior.do(X=world["X"]).sample(), world)
    same(posterior.do(T=world["T"]).sample(), world)
    same(posterior.do(T=world["T"], M=world["M"]).sample(), world)


@FEW
@given(posteriors(), NUMBERS)
def test_reversibility(posterior, x):
    """Y_xw = y and W_xy = w imply Y_x = y; so does undoing lead back to what was."""
    world = posterior.do(X=x).sample()
    m, y = world["M"], world["Y"]
    assert np.allclose(posterior.do(X=x, M=m).sample()["Y"], y, rtol=2e-5, atol=2e-5)
    assert np.allclose(posterior.do(X=x, Y=y).sample()["M"], m, rtol=2e-5, atol=2e-5)
    same(posterior.do(X=x, M=0.0).undo("M").sample(), world)
    same(posterior.do(X=x).sample().undo("X"), posterior.sample())


@FEW
@given(posteriors())
def test_what_is_not_a_descendant_stays(posterior):
    """Bit for bit, in the noise and in the values: of `do` on the posterior and on its worlds."""
    world = posterior.sample()
    for other in (world.do(T=True), posterior.do(T=True).sample()):
        for name in ("X", "N"):
            np.testing.assert_array_equal(other[name], world[name])
        for address in world.noise:
            np.testing.assert_array_equal(other.noise[address], world.noise[address])


@FEW
@given(posteriors(), NUMBERS)
def test_fewer_draws_are_the_first(posterior, x):
    few, many = posterior.do(X=x).sample(7), posterior.do(X=x).sample()
    assert few["Y"].shape == (7,)
    for name in ENDOGENOUS:
        np.testing.assert_allclose(few[name], many[name][:7], rtol=1e-6, atol=1e-6)


# --------------------------------------------------------------------- there and back again

UNITS, KEPT = 500, 4


def whole(double=False):
    """Units of a world, and their posterior, all of them seen: by the key that made them."""
    with jax.enable_x64(double):
        world = MODEL.do(a=1.0, b=-0.5, c=1.5).sample(key=3, n=UNITS)
        return world, world.model.abduct(world, key=3, draws=KEPT)


@pytest.fixture(scope="module", name="whole")
def _whole():
    return whole()


def repeated(column):
    """One column for every draw."""
    return np.broadcast_to(np.asarray(column, float), (KEPT, *column.shape))


@pytest.mark.parametrize("double", [False, True])
def test_abduction_and_prediction_are_the_identity(double, request):
    """Seen whole, units come back to rounding, and go where the very same units go."""
    world, posterior = whole(True) if double else request.getfixturevalue("whole")
    exact = ("X", "M", "N", "Y")  # T's noise is an interval, so where T moves, all may
    tolerance = 1e-10 if double else 1e-4
    with jax.enable_x64(double):
        back, there, truth = posterior.sample(), posterior.do(X=1.0).sample(), world.do(X=1.0)
        for name in ENDOGENOUS:
            np.testing.assert_allclose(
                back[name], repeated(world[name]), rtol=tolerance, atol=tolerance
            )
        for name in exact:
            noise = repeated(world.noise[name, "u"])
            np.testing.assert_allclose(back.noise[name, "u"], noise, rtol=1e-3, atol=10 * tolerance)
        kept = np.asarray(there["T"]) == np.asarray(truth["T"])
        assert kept.mean() > 0.7
        for name in exact:
            expected = repeated(truth[name])
            off = np.abs(np.asarray(there[name], float) - expected)
            assert (off[kept] <= 10 * tolerance * (1 + np.abs(expected[kept]))).all()


def test_treated_units_keep_their_outcomes_under_treatment(whole):
    """Observed with T = 1, under do(T = 1) a unit keeps all to rounding."""
    world, posterior = whole
    forced, treated = posterior.do(T=True).sample(), np.asarray(world["T"])
    for name in ENDOGENOUS:
        found, expected = np.asarray(forced[name], float), repeated(world[name])
        np.testing.assert_allclose(
            found[:, treated], expected[:, treated], rtol=1e-4, atol=1e-4, err_msg=name
        )


def test_many_units_are_as_each_alone(whole):
    """A table of units gives the values that scalars give one by one."""
    world, posterior = whole
    together = posterior.do(X=0.3, T=True).sample()
    for unit in range(3):
        alone = {name: np.asarray(world[name])[unit] for name in ENDOGENOUS}
        single = world.model.abduct(alone, key=0, draws=DRAWS).do(X=0.3, T=True).sample()
        for name in ENDOGENOUS:
            np.testing.assert_allclose(
                single[name][:KEPT], together[name][:, unit], rtol=2e-5, atol=2e-5
            )


# ------------------------------------------------------------------------------ randomness


HIDDEN = SCM(
    L=latent(Normal(0, 1)),
    X=Normal(0, 1),
    D=Bernoulli(0.4),
    Y=lambda X, L, u=Normal(0, 1): X + L + u,
)


def test_the_key_of_a_world_does_not_give_its_noise_away(whole):
    """Abducted with the key that made it, a world's hidden noise is no better known."""
    world = HIDDEN.sample(key=7, n=4_000)
    noise = HIDDEN.abduct({"X": world["X"]}, key=7, draws=2).sample().noise
    for address in (("L", "u"), ("Y", "u"), ("D", "u")):
        truth = np.asarray(world.noise[address], float)
        draws = np.asarray(noise[address], float)
        for draw in draws:
            assert abs(np.corrcoef(truth, draw)[0, 1]) < 5 / 4_000**0.5, address
        assert abs(np.corrcoef(*draws)[0, 1]) < 5 / 4_000**0.5
    world, posterior = whole
    interval = np.asarray(1 / (1 + np.exp(-np.asarray(world["X"], float))))
    truth = np.asarray(world.noise["T", "u"], float)
    draw = np.asarray(posterior.sample().noise["T", "u"], float)[0]
    part = np.asarray(world["T"]) & (interval > 0.2)  # places in an interval known to be wide
    assert abs(np.corrcoef((truth / interval)[part], (draw / interval)[part])[0, 1]) < 0.35


def test_other_keys_are_other_draws():
    keys = (1, 1, 2, jax.random.key(1))
    first, again, other, typed = (
        np.asarray(HIDDEN.abduct({"X": 0.0, "Y": 1.0}, key=key, draws=500).sample()["L"])
        for key in keys
    )
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, typed)
    assert abs(np.corrcoef(first, other)[0, 1]) < 5 / 500**0.5
