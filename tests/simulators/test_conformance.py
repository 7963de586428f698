"""What every simulator promises, on every one that is registered."""

import itertools
import math

import jax
import numpy as np
import pytest

from simulators import SIMULATORS


def variants():
    """Every simulator, under every combination of the values it lists (defaults for the rest)."""
    for name, entry in SIMULATORS.items():
        listed = {p.name: p.allowed for p in entry.parameters if p.allowed}
        for values in itertools.product(*listed.values()):
            yield name, dict(zip(listed, values, strict=True))


VARIANTS = list(variants())


@pytest.mark.parametrize("name", list(SIMULATORS))
def test_it_says_what_it_is(name):
    entry = SIMULATORS[name]
    assert entry.name == name
    for text in (entry.title, entry.source, entry.try_this, entry.description):
        assert text.strip()
    assert all(p.doc.strip() for p in entry.parameters)
    assert all(p.default in p.allowed for p in entry.parameters if p.allowed)


@pytest.mark.parametrize(("name", "values"), VARIANTS)
def test_its_known_answers_are_numbers_with_reasons(name, values):
    answers = SIMULATORS[name].known(**values)
    assert answers
    for question, answer in answers.items():
        assert question.strip()
        assert answer.because.strip()
        assert math.isfinite(answer.value)


@pytest.mark.parametrize("x64", [False, True])
@pytest.mark.parametrize(("name", "values"), VARIANTS)
def test_it_builds_and_samples(name, values, x64):
    with jax.enable_x64(x64):
        model = SIMULATORS[name].build(**values)
        world = model.sample(key=0, n=50)
        frame = world.to_pandas()
    assert len(frame) == 50
    assert np.isfinite(frame.to_numpy(dtype=float)).all()
    floats = frame.select_dtypes("floating").dtypes
    assert (floats == (np.float64 if x64 else np.float32)).all()
    assert set(model.order) == {*frame.columns, *model.latents}


@pytest.mark.parametrize(("name", "values"), VARIANTS)
def test_building_twice_gives_the_same_world(name, values):
    one, other = (SIMULATORS[name].build(**values).sample(key=7, n=20) for _ in range(2))
    for column in one.data:
        np.testing.assert_array_equal(one[column], other[column])
