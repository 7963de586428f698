"""Worlds on disk: the same data as in memory, and nothing else in the directory."""

import os
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from numpyro.distributions import Bernoulli, Normal

from scm import SCM, ModelError, latent, param
from scm.frames import Columns
from scm.storage import StorageError, table, unit_rows


def model(slope=2.0):
    return SCM(
        h=latent(Normal(0, 1)),
        t=Bernoulli(0.5),
        hot=lambda t, h: h > t,
        slope=param(slope),
        v=lambda h, u=Normal(0, 1).expand([2]).to_event(1): h + u,
        y=lambda t, v, slope: slope * t + v[0],
    )


def names(directory):
    return sorted(each.name for each in directory.iterdir())


def parts(count):
    return ["_scm.json", *(f"part-{at:05}.parquet" for at in range(count))]


def test_a_world_is_read_back_as_pandas_would_have_it(tmp_path):
    world = model().sample(0, 90)
    made = world.to_parquet(tmp_path / "deep" / "people")
    assert made == tmp_path / "deep" / "people"
    assert names(made) == parts(1)
    frame = pd.read_parquet(made)
    assert list(frame) == ["t", "hot", "v[0]", "v[1]", "y"]  # no latents, no params
    pd.testing.assert_frame_equal(frame, world.to_pandas(), check_exact=True)
    assert [str(each) for each in frame.dtypes] == ["int32", "bool", *["float32"] * 3]
    world.to_parquet(str(made))  # once more: it is there
    pd.testing.assert_frame_equal(pd.read_parquet(made), frame, check_exact=True)


def test_a_large_world_is_several_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("scm.storage._PART_ROWS", 40)
    world = model().sample(0, 90)
    assert names(world.to_parquet(tmp_path)) == parts(3)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path), world.to_pandas(), check_exact=True)


def test_a_stream_is_the_world_bit_for_bit(tmp_path):
    said = []
    stream = model().stream(3, 1000, block=384)
    next(stream)  # what was taken from it is written all the same
    assert stream.to_parquet(tmp_path / "x", said.append) == tmp_path / "x"
    assert said == [384, 384, 232]
    assert names(tmp_path / "x") == parts(3)
    world = model().sample(3, 1000).to_pandas()
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "x"), world, check_exact=True)
    schemas = [pyarrow.parquet.read_schema(tmp_path / "x" / each) for each in parts(3)[1:]]
    assert schemas[0] == schemas[1] == schemas[2]


def test_what_was_interrupted_goes_on(tmp_path):
    class Stopped(BaseException):
        pass

    def stop(units):
        raise Stopped

    with pytest.raises(Stopped):
        model().stream(0, 190, block=50).to_parquet(tmp_path, stop)
    assert names(tmp_path) == parts(1)
    first = tmp_path / "part-00000.parquet"
    (tmp_path / ".unfinished-part-00001.parquet").write_bytes(b"half of it")
    written = first.stat().st_mtime_ns
    said = []
    model().stream(0, 190, block=50).to_parquet(tmp_path, said.append)
    assert said == [50, 50, 50, 40]
    assert first.stat().st_mtime_ns == written
    assert names(tmp_path) == parts(4)
    world = model().sample(0, 190).to_pandas()
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path), world, check_exact=True)
    (tmp_path / "part-00002.parquet").unlink()  # a gap is filled
    model().stream(0, 190, block=50).to_parquet(tmp_path)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path), world, check_exact=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: model().stream(1, 90, block=50), "another world .*key=0, not 1"),
        (lambda: model().stream(0, 91, block=50), "another world .*n=90, not 91"),
        (lambda: model().stream(0, 90, block=51), "another world .*block=50, not 51"),
        (lambda: model(2.0000002).stream(0, 90, block=50), "another world .*model="),
        (lambda: model().do(t=1).stream(0, 90, block=50), "another world .*model="),
        (lambda: model().sample(0, 90), "another world .*content="),
    ],
)
def test_another_world_is_refused(tmp_path, change, message):
    model().stream(0, 90, block=50).to_parquet(tmp_path)
    before = {each: (tmp_path / each).read_bytes() for each in names(tmp_path)}
    with pytest.raises(StorageError, match=message):
        change().to_parquet(tmp_path)
    assert before == {each: (tmp_path / each).read_bytes() for each in names(tmp_path)}


def test_strangers_are_refused_by_name(tmp_path):
    stream = model().stream(0, 90, block=50)
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(StorageError, match=r"letters\.txt, no part of this world; choose another"):
        stream.to_parquet(tmp_path)
    (tmp_path / "letters.txt").rename(tmp_path / "part-00000.parquet")
    with pytest.raises(StorageError, match=r"holds part-00000\.parquet, no part"):
        stream.to_parquet(tmp_path)
    (tmp_path / "part-00000.parquet").rename(tmp_path / "_scm.json")
    with pytest.raises(StorageError, match=r"_scm\.json cannot be read"):
        stream.to_parquet(tmp_path)
    assert names(tmp_path) == ["_scm.json"]


def test_a_file_is_no_directory(tmp_path):
    (tmp_path / "men").write_text("mine")
    with pytest.raises(StorageError, match="men: is a file; name a directory"):
        SCM(x=Normal(0, 1)).sample(0, 3).to_parquet(tmp_path / "men")


def test_parts_that_are_not_whole_are_refused_by_name(tmp_path):
    stream = model().stream(0, 90, block=50)
    stream.to_parquet(tmp_path)
    first, last = (tmp_path / each for each in parts(2)[1:])
    good = first.read_bytes()
    first.write_bytes(good[:-10])
    with pytest.raises(StorageError, match=r"part-00000\.parquet: is not a whole parquet file"):
        stream.to_parquet(tmp_path)
    first.write_bytes(last.read_bytes())
    with pytest.raises(StorageError, match=r"part-00000\.parquet: holds 40 units, not 50"):
        stream.to_parquet(tmp_path)
    frame = pd.read_parquet(first)
    pd.concat([frame, frame[:10]]).to_parquet(first, index=False)
    with pytest.raises(StorageError, match=r"part-00000\.parquet: holds other numbers"):
        stream.to_parquet(tmp_path)
    first.write_bytes(good)
    frame.rename(columns={"y": "z"}).to_parquet(last, index=False)
    with pytest.raises(StorageError, match=r"part-00001\.parquet: has other columns"):
        stream.to_parquet(tmp_path)
    last.unlink()
    stream.to_parquet(tmp_path)


def test_plain_numbers_are_not_copied():
    x = np.arange(1000, dtype=np.float32)
    buffer = table(Columns(x=x))["x"].chunk(0).buffers()[1]
    assert buffer.address == x.__array_interface__["data"][0]


def test_types_that_parquet_does_not_hold_are_refused():
    columns = Columns(x=jnp.ones(3, jnp.bfloat16))
    with pytest.raises(ModelError, match="to_parquet: x is of type bfloat16"):
        table(columns)


def test_the_size_of_parts():
    assert unit_rows(4) == 1 << 20
    assert unit_rows(64 * 2) == 1 << 19
    assert unit_rows(1 << 30) == 1


def test_another_process_goes_on(tmp_path):
    """Salted hashes differ between processes, and with them the order inside numpyro's laws."""
    script = """
        import sys
        from numpyro.distributions import DiscreteUniform, Normal
        from scm import SCM
        model = SCM(a=DiscreteUniform(1, 6), y=lambda a, u=Normal(0.5, 2): a + u)
        made = model.stream(0, 30, block=10).to_parquet(sys.argv[1])
        (made / "part-00001.parquet").unlink()
        print(len(list(made.iterdir())))
    """
    for seed in ("1", "2"):  # in which the orders differ
        run = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=False,
        )
        assert run.stdout.strip() == "3", run.stderr[-2000:]


def test_streams_inside_jit():
    total = jax.jit(lambda key: sum(w["y"].sum() for w in model().stream(key, 10, block=4)))
    expected = model().sample(5, 10)["y"].sum()
    np.testing.assert_allclose(total(jax.random.key(5)), expected, rtol=1e-5)
