"""Joint laws of finite variables against enumeration by hand."""

import itertools

import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Categorical, Normal
from scipy import stats

from scm import SCM, ModelError, latent
from scm.core.errors import UnknownNameError
from scm.truth.joint_law import joint

# U is hidden and has three values; T is a threshold of a continuous noise; Y an exclusive or.
MODEL = SCM(
    U=latent(Categorical(np.array([0.2, 0.5, 0.3]))),
    T=lambda U, u=Normal(0, 1): (u > U - 1.0).astype(int),
    Y=lambda T, U, u=Bernoulli(0.25): (T ^ u) * (U > 0) + 2 * (U == 0),
)


def _by_hand() -> dict[tuple[int, int, int], float]:
    found: dict[tuple[int, int, int], float] = {}
    for u, t, noise in itertools.product((0, 1, 2), (0, 1), (0, 1)):
        above = float(stats.norm.sf(u - 1.0))
        chance = [0.2, 0.5, 0.3][u] * (above if t else 1 - above) * (0.25 if noise else 0.75)
        y = (t ^ noise) * (u > 0) + 2 * (u == 0)
        found[u, t, y] = found.get((u, t, y), 0.0) + chance
    return found


def test_the_joint_law_is_that_of_enumeration():
    frame = joint(MODEL, ["U", "T", "Y"])
    found = {(row.U, row.T, row.Y): row.p for row in frame.itertuples()}
    expected = _by_hand()
    assert found.keys() == expected.keys()
    for cell, p in expected.items():
        assert found[cell] == pytest.approx(p, abs=1e-7)


def test_observed_variables_are_the_default_and_margins_agree():
    frame = joint(MODEL)
    assert list(frame.columns) == ["T", "Y", "p"]
    expected = {}
    for (_, t, y), p in _by_hand().items():
        expected[t, y] = expected.get((t, y), 0.0) + p
    np.testing.assert_allclose(
        frame.p, [expected[row.T, row.Y] for row in frame.itertuples()], atol=1e-7
    )
    assert frame.p.sum() == pytest.approx(1.0, abs=1e-12)


def test_interventions_are_taken_as_they_stand():
    frame = joint(MODEL.do(T=1), "Y")
    by_hand = {2: 0.2, 1: 0.8 * 0.75, 0: 0.8 * 0.25}
    assert {row.Y: pytest.approx(row.p, abs=1e-7) for row in frame.itertuples()} == by_hand


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        ("X", UnknownNameError, "'X'"),
        (["T", "Z"], ModelError, "no finite table"),
    ],
)
def test_what_has_no_table_is_refused(names, error, message):
    model = SCM(T=Bernoulli(0.5), Z=lambda T, u=Normal(0, 1): T + u)
    with pytest.raises(error, match=message):
        joint(model, names)
