"""Evidence that is refused, and in which words: unreadable, impossible, or not telling."""

import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Categorical, MultivariateNormal, Normal, Uniform

from scm import SCM, Interval, latent, param
from scm.abduction.impossible import ImpossibleEvidenceError
from scm.core.errors import ModelError, UnknownNameError

NOISY = SCM(
    size=param(1.0),
    slope=param(1.0),
    X=lambda size, u=Normal(0, 1): size * u,
    Y=lambda X, slope, u=Uniform(0, 1): slope * X + u,
)
"""Something known and a little noise: tables of three rows share its programs."""

MODEL = SCM(
    T=Bernoulli(0.5),
    V=lambda T, e=MultivariateNormal(jnp.zeros(2), jnp.eye(2)): T + e,
    slope=param(2.0),
    Y=lambda T, slope, u=Normal(0, 1): slope * T + u,
)


@pytest.mark.parametrize(
    ("evidence", "kind", "words"),
    [
        ({"slope": 2.0}, ModelError, r"slope is a param.*do\(slope="),
        ({"y": 2.0}, UnknownNameError, r"'y'.*'Y'"),
        ({"T": 1, "Y": [1.0, 2.0]}, ModelError, "T is given for one unit and Y for several"),
        ({"T": [1], "Y": [1.0, 2.0]}, ModelError, "different lengths.*'T': 1.*'Y': 2"),
        ({"T": 0.5}, ModelError, r"T holds int32.*0\.5"),
        ({"V": 1.0}, ModelError, r"V has shape \(2,\)"),
        ({"V": np.array([1.0, np.nan])}, ModelError, "V is a vector.*only some"),
        ({"Y": "two"}, ModelError, "'two'"),
        ({"Y": np.inf}, ModelError, "Y"),
        ({"V[0]": 1.0}, ModelError, r"V has no column 'V\[1\]'"),
        ({"Y": []}, ModelError, "no unit"),
        ("Y", ModelError, "str"),
    ],
    ids=lambda x: str(x) if isinstance(x, dict) else "",
)
def test_evidence_that_cannot_be_read(evidence, kind, words):
    with pytest.raises(kind, match=words):
        MODEL.abduct(evidence, key=0)


def test_intervals_that_hold_nothing():
    with pytest.raises(ModelError, match="Interval"):
        MODEL.abduct({"Y": Interval(2, 1)}, key=0)
    with pytest.raises(ModelError, match=r"T holds int32.*0\.2 to 0\.8"):
        MODEL.abduct({"T": Interval(0.2, 0.8)}, key=0)


IMPOSSIBLE = {
    "category without chance": (
        SCM(T=0, Y=lambda T: Categorical(jnp.array([0.5, 0.5, 0.0]))),
        {"Y": 2},
        r"Y = 2.*0 or 1",
    ),
    "root outside its law": (SCM(N=Categorical(jnp.array([0.5, 0.5]))), {"N": 5}, r"N = 5.*0 or 1"),
    "root without chance": (SCM(N=Bernoulli(0.0)), {"N": 1}, r"N = 1.*0"),
    "vector outside its law": (
        SCM(N=Uniform(0, 1).expand([2]).to_event(1)),
        {"N": np.array([0.5, 5.0])},
        "N",
    ),
    "unlike what follows": (
        SCM(X=Normal(0, 1), Y=lambda X: 2 * X),
        {"X": 1.0, "Y": 3.0},
        r"Y = 3.*2.*given X = 1",
    ),
    "unlike what follows from large numbers": (
        SCM(income=Normal(1e5, 1e4), Y=lambda income: income * 1e-5),
        {"income": 1e5, "Y": 3.0},
        r"Y = 3.*given income = 100000",
    ),
    "next to a large number": (
        SCM(year=Normal(2000, 10), A=Normal(0, 1), Y=lambda year, A: A + 0 * year),
        {"year": 2000.0, "A": 0.0, "Y": 0.5},
        r"Y = 0\.5",
    ),
    "noise outside its law, next to a large number": (
        NOISY.do(size=1e5, slope=1e-6),
        {"X": [1e5] * 3, "Y": [0.5, 0.9, 1.5]},
        r"Y = 1\.5 \(unit 2\)",
    ),
    "together": (
        SCM(
            U=latent(Bernoulli(0.5)), A=lambda U: U, B=lambda U, n=Bernoulli(0.5): jnp.maximum(U, n)
        ),
        {"A": 1, "B": 0},
        r"B = 0",
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_evidence(name):
    """The variable, what was seen of it and what it could have been are named."""
    model, evidence, words = IMPOSSIBLE[name]
    with pytest.raises(ImpossibleEvidenceError, match=words):
        model.abduct(evidence, key=0, draws=100)


def test_impossible_in_one_row_of_many():
    model = NOISY.do(size=1.0, slope=1.0)
    words = r"Y = 5 \(unit 2\).*between.*given X = 0"
    with pytest.raises(ImpossibleEvidenceError, match=words):
        model.abduct({"X": [0.0, 0.0, 0.0], "Y": [0.5, 0.2, 5.0]}, key=0, draws=100)


@pytest.mark.parametrize(
    "assign",
    [
        lambda u=Normal(0, 1): u * u,
        lambda u=Normal(0, 1): jnp.sin(3 * u),
    ],
    ids=["square", "sine"],
)
def test_noise_with_several_branches_is_not_guessed(assign):
    """The value is possible; it is the noise that it does not tell. No branch is chosen silently,
    and the value is not called impossible."""
    model = SCM(Y=assign)
    with pytest.raises(ModelError, match="Y") as refused:
        model.abduct({"Y": 0.25}, key=0, draws=200)
    assert not isinstance(refused.value, ImpossibleEvidenceError), refused.value
