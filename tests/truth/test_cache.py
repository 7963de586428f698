"""Truths kept on disk: found again for the same question, and for no other; never in the way."""

import json
import os
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Exponential, Normal, StudentT

from scm import SCM
from scm.estimands import ATE, QTE
from scm.truth import BudgetWarning, MomentWarning, Truth, cache, route
from scm.truth.account import account
from scm.truth.batches import asked
from scm.truth.cache import folder, keep, recall


@pytest.fixture
def truths(monkeypatch, tmp_path):
    """The folder of kept truths, which is empty."""
    monkeypatch.setenv("SCM_CACHE_DIR", str(tmp_path))
    return tmp_path / "truths"


def bent(slope=0.5, law=None, bend=1.0):
    return SCM(
        x=law or Normal(0, 1),
        t=lambda x: Bernoulli(jax.nn.sigmoid(x)),
        y=lambda x, t, u=Normal(0, 1), b=slope: jnp.where(x + u > bend, b * t, u),
    )


def named(model, estimand=None, key=0, tolerance=None, budget=1 << 12):
    with jax.enable_x64(True):
        ready = asked((estimand or ATE("t", "y")).question(model))
        return account(ready, key, tolerance, budget)


def test_a_second_asking_computes_nothing(truths, monkeypatch):
    first = ATE("t", "y").truth(bent(), budget=1 << 12)
    assert [path.suffix for path in truths.iterdir()] == [".json"]
    monkeypatch.setattr(route, "_answer", None)
    again = ATE("t", "y").truth(bent(), budget=1 << 12)
    assert again == first
    assert type(again.value) is float
    with pytest.raises(TypeError):
        ATE("t", "y").truth(bent(slope=0.75), budget=1 << 12)


def test_arrays_come_back_as_they_were(truths):
    truth = Truth(np.array([[0.1, -np.inf], [1e-300, 2.0]]), np.zeros((2, 2)), "qmc", 7)
    keep("name", "what", truth)
    back = recall("name")
    for one, other in zip(truth[:2], back[:2], strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    assert back[2:] == truth[2:]


def test_equal_questions_have_one_account():
    assert named(bent()) == named(bent()) is not None
    assert named(bent(), key=jax.random.key(0)) == named(bent())
    assert named(SCM(other=Normal(3, 1), **PARTS)) == named(SCM(**PARTS))


PARTS = {"t": Bernoulli(0.5), "y": lambda t, u=Normal(0, 1): jnp.exp(t * u)}


def test_whatever_differs_makes_another():
    model = bent()
    others = [
        named(bent(slope=0.5 + 1e-15)),
        named(bent(law=Normal(0, 1.5))),
        named(bent(law=Exponential(1.0))),
        named(bent(law=StudentT(5.0, 0.0, 1.0))),
        named(bent(bend=1.5)),
        named(model, ATE("t", "y", levels=(0, 2))),
        named(model, QTE("t", "y", quantile=0.5)),
        named(model, QTE("t", "y", quantile=0.25)),
        named(model, key=1),
        named(model, tolerance=0.1),
        named(model, tolerance=0.2),
        named(model, budget=1 << 13),
        named(SCM(**PARTS)),
    ]
    assert len({named(model), *others}) == len(others) + 1


def test_other_code_makes_another(monkeypatch):
    before = named(bent())
    monkeypatch.setattr("scm.truth.account._versions", lambda: ("another",))
    assert named(bent()) != before


def test_what_only_this_process_can_tell_is_not_kept(truths):
    def called(u):
        shape = jax.ShapeDtypeStruct((), u.dtype)
        return jax.pure_callback(np.tanh, shape, u, vmap_method="expand_dims")

    class Mine(Normal):
        pass

    for model in (
        SCM(t=Bernoulli(0.5), y=lambda t, u=Normal(0, 1): t * called(u)),
        SCM(t=Bernoulli(0.5), y=lambda t, u=Mine(0, 1): jnp.tanh(t * u)),
    ):
        assert named(model) is None
        ATE("t", "y").truth(model, budget=1 << 11)
    assert not truths.exists()


SCRIPT = """
    import jax, jax.numpy as jnp
    from numpyro.distributions import Categorical, Gamma, Normal, StudentT, TruncatedNormal
    from scm import SCM
    from scm.estimands import ATT
    from scm.truth.account import account
    from scm.truth.batches import asked

    model = SCM(
        x=StudentT(5.0, 0.0, 2.0),
        c=Categorical(jnp.array([0.2, 0.3, 0.5])),
        v=Normal(0, 1).expand([2]).to_event(1),
        s=TruncatedNormal(0.0, 2.0, low=-1.0),
        t=lambda x, g=Gamma(2.0, 1.0): (x > g).astype(int),
        y=lambda t, x, c, v, s: Normal(jax.nn.softplus(x) + t * c, jnp.exp(v[0] + s)),
    )
    with jax.enable_x64(True):
        print(account(asked(ATT("t", "y").question(model)), 3, None, 1 << 12))
"""


def test_other_processes_give_the_same_account():
    """Hashes are salted anew in each process, and with them the order of sets."""
    found = set()
    for salt in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(SCRIPT)],
            env={**os.environ, "PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout.strip())
    assert len(found) == 1
    assert "None" not in found


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"value": 1.0, "se": 0.0, "method": "magic", "n": 1}',
                '{"value": {"shape": [3], "numbers": [1.0]}, "se": 0.0, "method": "qmc", "n": 1}',
                "[" * 100_000, "\udcff"],
)  # fmt: skip
def test_a_broken_file_is_as_good_as_none(truths, content):
    truths.mkdir(parents=True)
    (truths / "name.json").write_bytes(content.encode(errors="surrogateescape"))
    assert recall("name") is None
    keep("name", "what", Truth(1.0, 0.5, "qmc", 8))
    assert recall("name") == Truth(1.0, 0.5, "qmc", 8)


def test_a_folder_that_cannot_be_is_no_error(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SCM_CACHE_DIR", str(tmp_path / "file"))
    keep("name", "what", Truth(1.0, 0.5, "qmc", 8))
    assert recall("name") is None


def test_where_truths_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("SCM_CACHE_DIR", "off")
    assert folder() is None
    keep("name", "what", Truth(1.0, 0.5, "qmc", 8))
    assert recall("name") is None
    monkeypatch.delenv("SCM_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert folder() == tmp_path / "scm" / "truths"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert folder() == tmp_path / "home" / ".cache" / "scm" / "truths"


def test_the_least_recently_used_are_forgotten(truths, monkeypatch):
    monkeypatch.setattr(cache, "_MOST", 10)
    for at in range(10):
        keep(f"{at}", "what", Truth(float(at), 0.5, "qmc", 8))
        os.utime(truths / f"{at}.json", (at, at))
    assert recall("0") == Truth(0.0, 0.5, "qmc", 8)  # used just now
    keep("new", "what", Truth(10.0, 0.5, "qmc", 8))
    left = sorted(path.stem for path in truths.iterdir())
    assert left == ["0", "3", "4", "5", "6", "7", "8", "9", "new"]
    assert json.loads((truths / "new.json").read_text())["question"] == "what"


def test_warnings_come_again_and_point_at_the_line_that_asked(truths):
    model = SCM(t=Bernoulli(0.5), y=lambda t, u=StudentT(1.5, 0.0, 1.0): t * jnp.where(u > 0, u, 0))
    for _ in range(2):
        with pytest.warns() as caught:
            ATE("t", "y").truth(model, tolerance=1e-9, budget=1 << 10)
        assert {each.category for each in caught} == {MomentWarning, BudgetWarning}
        assert {each.filename for each in caught} == {__file__}
