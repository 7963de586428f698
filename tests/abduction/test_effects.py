"""Effects on single units against algebra, and posteriors as ArviZ has them."""

import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal

from scm import SCM, ModelError, latent, node

# Y = T (1 + v) + u: the effect on a unit is 1 + v, and Y of the treated tells only v + u.
MODEL = SCM(
    v=latent(Normal(0, 2.0)),
    T=Bernoulli(0.5),
    Y=lambda T, v, u=Normal(0, 1.5): T * (1 + v) + u,
)
DRAWS = 4_000


@pytest.fixture(scope="module")
def posterior():
    return MODEL.abduct({"T": [1, 1, 0], "Y": [3.0, -2.0, 5.0]}, key=3, draws=DRAWS)


def test_effects_on_units_are_those_of_the_conditional_gaussian(posterior):
    effects = posterior.effects("T", "Y", level=0.9)
    share = 2.0**2 / (2.0**2 + 1.5**2)
    mean = np.array([1 + share * 2.0, 1 + share * -3.0, 1.0])  # the untreated tell nothing of v
    sd = np.array([*[2.0 * np.sqrt(1 - share)] * 2, 2.0])
    assert (np.abs(effects.mean - mean) < 4 * sd / DRAWS**0.5).all()
    np.testing.assert_allclose(effects.sd, sd, rtol=4 / (2 * DRAWS) ** 0.5)
    # the error of a quantile at 0.95 is sqrt(p q / n) over the density there
    z, error = 1.6448536, np.sqrt(0.05 * 0.95 / DRAWS) / 0.10313564
    assert (np.abs(effects.low - (mean - z * sd)) < 4 * error * sd).all()
    assert (np.abs(effects.high - (mean + z * sd)) < 4 * error * sd).all()
    assert effects.draws.shape == (DRAWS, 3)
    assert list(effects.to_pandas().columns) == ["mean", "sd", "low", "high"]


def test_effects_of_a_point_are_certain():
    model = SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(0, 1): T * u * 3 + u)
    effects = model.abduct({"T": 1, "Y": 2.0}, key=0).effects("T", "Y", levels=(0, 1))
    assert (effects.mean, effects.sd, effects.low) == (1.5, 0.0, 1.5)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"treatment": "t", "outcome": "Y"}, "'t' is not in the model"),
        ({"treatment": "Y", "outcome": "Y"}, "Y is the treatment and the outcome"),
        ({"treatment": "T", "outcome": "Y", "levels": (0, 1, 2)}, "two are compared"),
        ({"treatment": "T", "outcome": "Y", "level": 95}, "level=95 is no probability"),
    ],
)
def test_improper_effects_are_refused(posterior, asked, message):
    with pytest.raises(ModelError, match=message):
        posterior.effects(**asked)


def test_arviz_has_all_noises_by_chain_draw_and_unit(posterior):
    groups = posterior.to_arviz()
    held = groups["posterior"]
    assert set(held.data_vars) == {"v:u", "T:u", "Y:u"}
    world = posterior.sample()
    for name in held.data_vars:
        variable, noise = name.split(":")
        drawn = np.asarray(held[name]).reshape(DRAWS, 3)
        np.testing.assert_array_equal(drawn, world.noise[variable, noise])


@pytest.mark.parametrize("declared", [1, -1])
def test_a_wrong_declaration_does_not_mislead(declared):
    falling = node(lambda u: -jnp.floor(u), noise={"u": Normal(0, 1)}, monotone={"u": declared})
    found = SCM(y=falling).abduct({"y": -2.0}, key=0, draws=100).sample().noise["y", "u"]
    assert ((found >= 2) & (found < 3)).all()
