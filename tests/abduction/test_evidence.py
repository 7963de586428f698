"""What evidence may look like, what shapes come out, and what is refused in which words."""

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from numpyro.distributions import (
    Bernoulli,
    MultivariateNormal,
    Normal,
)

from scm import SCM, Rounded, param
from scm.abduction.impossible import ImpossibleEvidenceError
from scm.core.errors import ModelError

MODEL = SCM(
    T=Bernoulli(0.5),
    M=lambda T, u=Normal(0, 1): T + u,
    V=lambda M, e=MultivariateNormal(jnp.zeros(2), jnp.eye(2)): M + e,
    slope=param(2.0),
    Y=lambda M, slope, u=Normal(0, 1): slope * M + u,
)
PERSON = {"T": 1, "M": 0.5, "V": np.array([1.0, -1.0]), "Y": 2.0}
PAIR = {"T": [1, 0], "M": [0.5, 1.0], "V": [[1.0, -1.0], [0.0, 2.0]], "Y": [2.0, 3.0]}


# ---------------------------------------------------------------------------------- shapes


def test_one_unit_and_a_point():
    posterior = MODEL.abduct(PERSON, key=0)
    world = posterior.sample()
    assert (posterior.draws, posterior.units, posterior.single) == (1, 1, True)
    assert world["Y"].shape == (1,)
    assert world["V"].shape == (1, 2)
    for name, value in PERSON.items():
        np.testing.assert_allclose(world[name][0], value, rtol=1e-6)


def test_one_unit_and_draws():
    posterior = MODEL.abduct({"T": 1, "Y": 2.0}, key=0, draws=30)
    world = posterior.sample()
    assert (posterior.draws, posterior.single) == (30, True)
    assert world["Y"].shape == (30,)
    assert world["V"].shape == (30, 2)
    assert world.noise["V", "e"].shape == (30, 2)
    np.testing.assert_allclose(world["Y"], 2.0, atol=1e-5)


def test_several_units():
    seen = {"T": PAIR["T"], "Y": PAIR["Y"]}
    posterior = MODEL.abduct(seen, key=0, draws=30)
    world = posterior.sample()
    assert (posterior.draws, posterior.units, posterior.single) == (30, 2, False)
    assert world["Y"].shape == (30, 2)
    assert world["V"].shape == (30, 2, 2)
    assert world.noise["V", "e"].shape == (30, 2, 2)
    assert world.data["V"].shape == (30, 2, 2)
    assert world.to_pandas().index.names == ["draw", "unit"]
    assert len(world.to_pandas()) == 60
    np.testing.assert_array_equal(world["T"], np.tile([1, 0], (30, 1)))


def test_several_units_and_a_point():
    world = MODEL.abduct(PAIR, key=0).do(T=0).sample()
    assert world["Y"].shape == (1, 2)
    assert world["V"].shape == (1, 2, 2)
    assert world.natural["T"].tolist() == [[1, 0]]
    np.testing.assert_allclose(world["M"], [[-0.5, 1.0]], atol=1e-6)
    np.testing.assert_allclose(world["Y"], [[0.0, 3.0]], atol=1e-5)


def test_a_unit_in_a_list_is_several():
    assert MODEL.abduct({name: [PAIR[name][0]] for name in PAIR}, key=0).sample()["Y"].shape == (
        1,
        1,
    )


def test_fewer_draws_are_the_first():
    posterior = MODEL.abduct({"T": [1, 0], "Y": [2.0, 3.0]}, key=0, draws=30)
    many, few = posterior.do(T=0).sample(), posterior.do(T=0).sample(10)
    assert few["Y"].shape == (10, 2)
    for name in ("T", "M", "V", "Y"):
        np.testing.assert_allclose(few[name], many[name][:10], rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(few.noise["V", "e"], many.noise["V", "e"][:10])


@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_number_of_draws(n):
    with pytest.raises((ModelError, TypeError), match="n"):
        MODEL.abduct(PERSON, key=0).sample(n)
    with pytest.raises((ModelError, TypeError), match="draws"):
        MODEL.abduct(PERSON, key=0, draws=n)


def test_more_draws_than_there_are():
    with pytest.raises(ModelError, match=r"draws=50"):
        MODEL.abduct({"T": 1, "Y": 2.0}, key=0, draws=30).sample(50)
    with pytest.raises(ModelError, match="one draw"):
        MODEL.abduct(PERSON, key=0).sample(2)


# -------------------------------------------------------------------------- forms of evidence


def test_frames_worlds_and_dicts_say_the_same():
    world = MODEL.sample(key=1, n=5)
    frame = world.to_pandas()
    assert "V[0]" in frame
    expected = world.do(T=1)
    columns = {name: np.asarray(world[name]) for name in ("T", "M", "V", "Y")}
    lists = {name: column.tolist() for name, column in columns.items()}
    for evidence in (world, world.data, frame, columns, lists, dict(frame.items())):
        there = MODEL.abduct(evidence, key=2).do(T=1).sample()
        for name in columns:
            np.testing.assert_allclose(there[name][0], expected[name], rtol=2e-5, atol=2e-5)
    single = MODEL.abduct(dict(frame.iloc[0].items()), key=2).do(T=1).sample()
    np.testing.assert_allclose(single["Y"], expected["Y"][:1], rtol=2e-5)


def test_frames_with_holes():
    frame = pd.DataFrame(
        {"T": pd.array([1, None, 0], "Int64"), "M": [0.5, np.nan, 1.0], "Y": [2.0, 1.0, None]}
    )
    world = MODEL.abduct(frame, key=1, draws=50).sample()
    np.testing.assert_array_equal(world["T"][:, [0, 2]], np.tile([1, 0], (50, 1)))
    assert set(np.unique(world["T"][:, 1])) == {0, 1}
    np.testing.assert_allclose(world["Y"][:, :2], np.tile([2.0, 1.0], (50, 1)), atol=1e-5)
    np.testing.assert_allclose(world["M"][:, [0, 2]], np.tile([0.5, 1.0], (50, 1)), atol=1e-6)
    assert np.std(world["Y"][:, 2]) > 0.5


def test_nothing_seen_is_the_prior(near):
    for evidence in ({}, {"Y": np.nan}, {"Y": None}):
        world = MODEL.abduct(evidence, key=1, draws=4_000).sample()
        near(world["Y"], 1.0)
        near(np.square(world["M"] - world["T"]), 1.0)


def test_of_a_frame_the_rows_keep_their_order():
    """Rows of different patterns go through different programs, and come back to their places."""
    m = np.array([0.1, np.nan, 0.3, np.nan, 0.5])
    y = np.array([np.nan, 1.0, 2.0, 3.0, np.nan])
    world = MODEL.abduct({"M": m, "Y": y}, key=1, draws=20).sample()
    for name, column in (("M", m), ("Y", y)):
        seen = ~np.isnan(column)
        np.testing.assert_allclose(world[name][:, seen], np.tile(column[seen], (20, 1)), atol=1e-5)
        assert (np.std(world[name], axis=0)[~seen] > 0.05).all()


# -------------------------------------------------------------------------- arrays in `do`


def test_values_by_unit_and_by_draw():
    posterior = MODEL.abduct({"T": [1, 0], "M": [0.5, 1.0]}, key=1, draws=3)
    u = np.asarray(posterior.sample().noise["Y", "u"])
    by_unit = posterior.do(M=np.array([10.0, 20.0])).sample()
    np.testing.assert_allclose(by_unit["Y"], u + np.array([20.0, 40.0]), rtol=1e-5)
    values = np.arange(6.0).reshape(3, 2)
    by_draw = posterior.do(M=values).sample()
    np.testing.assert_allclose(by_draw["Y"], 2 * values + u, rtol=1e-5, atol=1e-5)
    first = posterior.do(M=values).sample(2)
    np.testing.assert_allclose(first["Y"], (2 * values + u)[:2], rtol=1e-5, atol=1e-5)
    vectors = posterior.do(V=np.ones((2, 2))).sample()["V"]  # one vector for each unit
    np.testing.assert_array_equal(vectors, np.ones((3, 2, 2)))
    with pytest.raises(ModelError, match=r"\(2,\)"):
        posterior.do(M=np.zeros(5))


def test_a_world_goes_on():
    """`do` on the world of a posterior is `do` on the posterior."""
    posterior = MODEL.abduct({"T": [1, 0], "Y": [2.0, 1.0]}, key=1, draws=5)
    early, late = posterior.do(T=1).sample(), posterior.sample().do(T=1)
    np.testing.assert_allclose(early["Y"], late["Y"], rtol=1e-6)
    back = late.undo("T")
    np.testing.assert_allclose(back["Y"], [[2.0, 1.0]] * 5, rtol=1e-5)
    shifted = posterior.do(M=lambda M: M + 1).sample()
    np.testing.assert_allclose(shifted["Y"], posterior.sample()["Y"] + 2, rtol=1e-5)
    other = posterior.do(slope=0.0).sample()
    np.testing.assert_allclose(other["Y"], other.noise["Y", "u"], rtol=1e-6)


def test_counterfactual_is_short_for_three_steps():
    short = MODEL.counterfactual(PAIR, do={"T": 0}, key=3)
    np.testing.assert_array_equal(short["Y"], MODEL.abduct(PAIR, key=3).do(T=0).sample()["Y"])


# --------------------------------------------------------------------------- experiments


def test_evidence_from_an_experiment():
    forced = MODEL.do(T=1)
    posterior = forced.abduct({"M": 1.5}, key=1, draws=200)
    assert (np.asarray(posterior.sample()["T"]) == 1).all()
    natural = posterior.undo("T").sample()
    t = np.asarray(natural["T"])
    assert 0.3 < t.mean() < 0.7  # what was seen of M says nothing of T, which was set
    np.testing.assert_allclose(natural["M"], t + 0.5, atol=1e-6)
    forced.abduct({"T": 1, "M": 1.5}, key=1)
    with pytest.raises(ImpossibleEvidenceError, match=r"T = 0.*could have been 1"):
        forced.abduct({"T": 0, "M": 1.5}, key=1)


def test_evidence_under_a_shift():
    """M was shifted by 1: its noise is what was seen less 1 and less T."""
    shifted = MODEL.do(M=lambda M: M + 1)
    posterior = shifted.abduct({"T": 1, "M": 2.5, "Y": 5.5}, key=1, draws=2)
    there = posterior.undo("M").sample()
    np.testing.assert_allclose(there["M"], 1.5, atol=1e-6)
    np.testing.assert_allclose(there["Y"], 3.5, atol=1e-5)


def test_a_value_of_each_unit_that_was_set():
    """Doses that were given one by one: evidence on them is checked unit by unit."""
    dosed = MODEL.do(M=np.array([1.0, 2.0]))
    world = dosed.abduct({"M": [1.0, 2.0], "Y": [2.5, 4.5]}, key=1, draws=4).undo("M").sample()
    np.testing.assert_allclose(world["Y"] - 2 * world["M"], 0.5, atol=1e-5)
    with pytest.raises(ImpossibleEvidenceError, match=r"M was seen as 2\.5 \(unit 1\)"):
        dosed.abduct({"M": [1.0, 2.5], "Y": [2.5, 4.5]}, key=1)


# ------------------------------------------------------------------------------ the report


def test_what_was_found_is_said():
    posterior = MODEL.abduct({"T": 1, "M": Rounded(0.5, 1)}, key=0, draws=10)
    assert posterior.methods["T"] == "inverse"
    assert posterior.methods["M"] == "search"
    assert posterior.methods["Y"] == "prior"
    assert posterior.method == posterior.methods
    assert "10 draws" in repr(posterior)
    assert "point" in repr(MODEL.abduct(PERSON, key=0))
