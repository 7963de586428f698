"""Random words: the published permutation, one word for one address, and no pattern among them.

The statistical tests run on fixed streams. Each fails a right generator with probability 1e-6 or
less; there are some fifty, so the budget of the file is 5e-5. Nothing is drawn again.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.random import threefry2x32_p
from scipy import stats

from scm.noise.address import component_streams, indexed, name_words
from scm.noise.words import fold, span, stream_of, threefry, words

N = 1 << 16
ONES = 0xFFFFFFFF
PLACES = np.arange(32, dtype=np.uint32)


# Random123 1.09, tests/kat_vectors, threefry2x32 with 20 rounds: counter, key, result
@pytest.mark.parametrize(
    ("counter", "key", "result"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((ONES, ONES), (ONES, ONES), (0x1CB996FC, 0xBB002BE7)),
        ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_known_answers_of_random123(counter, key, result):
    high, low = (jnp.uint32(each) for each in counter)
    found = threefry(jnp.array(key, jnp.uint32), high, low)
    assert tuple(int(each) for each in found) == result


def test_it_is_the_permutation_that_jax_has():
    random = np.random.default_rng(0).integers(0, 2**32, (4, 1000), dtype=np.uint32)
    key, high, low = random[:2, 0], random[2], random[3]
    whole = (np.broadcast_to(each, high.shape) for each in (*key, high, low))
    expected = threefry2x32_p.bind(*map(jnp.asarray, whole))
    for found, word in zip(threefry(jnp.asarray(key), high, low), expected, strict=True):
        np.testing.assert_array_equal(found, word)


@pytest.mark.parametrize("key", [0, 7, 2**32 - 1, 2**32, 2**64 - 1])
def test_an_int_key_is_its_two_words(key):
    np.testing.assert_array_equal(stream_of(key), [key >> 32, key & ONES])


def test_a_typed_key_is_the_int_it_was_made_from():
    np.testing.assert_array_equal(stream_of(jax.random.key(7)), stream_of(7))
    with jax.enable_x64(True):
        big = 2**40 + 5
        np.testing.assert_array_equal(stream_of(jax.random.key(big)), stream_of(big))
        np.testing.assert_array_equal(stream_of(jnp.int64(big)), stream_of(big))


def test_keys_of_every_kind_make_different_streams():
    kinds = ("threefry2x32", "rbg", "unsafe_rbg")
    streams = [stream_of(jax.random.key(k, impl=kind)) for kind in kinds for k in (1, 2)]
    assert all(stream.shape == (2,) and stream.dtype == jnp.uint32 for stream in streams)
    assert len({tuple(map(int, stream)) for stream in streams}) >= 4  # both rbg kinds may agree


@pytest.mark.parametrize(
    ("key", "error", "said"),
    [
        (-1, ValueError, "0 to 2"),
        (2**64, ValueError, "0 to 2"),
        (1.5, TypeError, "key=0"),
        ("seed", TypeError, "key=0"),
        (jnp.arange(2), ValueError, "one key"),
        (jnp.float32(1), TypeError, "float32"),
    ],
)
def test_what_is_no_key_is_refused(key, error, said):
    with pytest.raises(error, match=said):
        stream_of(key)


def test_the_range_carries_into_the_high_word():
    high, low = span(2**32 - 2, 4)
    np.testing.assert_array_equal(high, [0, 0, 1, 1])
    np.testing.assert_array_equal(low, [2**32 - 2, 2**32 - 1, 0, 1])
    last = span(2**64 - 2, 2)
    np.testing.assert_array_equal(last, [[ONES] * 2, [ONES - 1, ONES]])


def test_a_traced_start_is_the_same_range():
    start = 2**32 - 3
    traced = jax.jit(lambda high, low: span((high, low), 6))(
        jnp.uint32(start >> 32), jnp.uint32(start & ONES)
    )
    np.testing.assert_array_equal(traced, span(start, 6))


@pytest.mark.parametrize(("start", "n"), [(0, 1), (17, 100), (999, 1)])
def test_any_range_is_a_slice_of_a_longer_one(start, n):
    stream = stream_of(3)
    whole, part = words(stream, span(0, 1000)), words(stream, span(start, n))
    for one, other in zip(whole, part, strict=True):
        np.testing.assert_array_equal(one[start : start + n], other)


def test_words_are_the_same_compiled_vectorised_and_in_any_precision():
    stream = stream_of(3)
    expected = words(stream, span(5, 64))
    one_by_one = jax.vmap(lambda high, low: threefry(stream, high, low))(*span(5, 64))
    with jax.enable_x64(True):
        double = words(stream, span(5, 64))
    for found in (jax.jit(words)(stream, span(5, 64)), one_by_one, double):
        for one, other in zip(expected, found, strict=True):
            assert other.dtype == jnp.uint32
            np.testing.assert_array_equal(one, other)


def test_folding_is_the_permutation_and_orders_matter():
    stream = stream_of(11)
    np.testing.assert_array_equal(
        fold(stream, 1, 2), threefry(stream, jnp.uint32(1), jnp.uint32(2))
    )
    streams = {
        tuple(map(int, fold(fold(stream, 0, a), 0, b))) for a in range(20) for b in range(20)
    }
    assert len(streams) == 400


def uniforms(stream, start=0, n=N):
    """Both words of n units as numbers in (0, 1)."""
    return [(np.asarray(word) + 0.5) / 2.0**32 for word in words(stream, span(start, n))]


SOURCES = {
    "root": stream_of(0),
    "another key": stream_of(1),
    "a folded name": fold(stream_of(0), 0xDEADBEEF, 0x12345678),
    "a small fold": fold(stream_of(0), 0, 1),
}


@pytest.mark.parametrize("stream", SOURCES.values(), ids=SOURCES)
def test_words_are_uniform(stream):
    """Kolmogorov and Smirnov, and the low bytes by chi-square."""
    for values, word in zip(uniforms(stream), words(stream, span(0, N)), strict=True):
        assert stats.kstest(values, "uniform").pvalue > 1e-6
        counts = np.bincount(np.asarray(word) & 0xFF, minlength=256)
        assert stats.chisquare(counts).pvalue > 1e-6


def test_every_bit_of_every_word_is_fair():
    """64 bits, each within 5.6 standard errors of a half: all of them with probability 1 - 2e-6."""
    for word in words(stream_of(0), span(0, N)):
        bits = (np.asarray(word)[:, None] >> np.arange(32, dtype=np.uint32)) & 1
        assert np.max(np.abs(bits.mean(axis=0) - 0.5)) < 5.6 * 0.5 / np.sqrt(N)


def independent(one, other):
    """Uncorrelated, as numbers and in their squares, and jointly uniform on a 16 by 16 grid."""
    limit = stats.norm.isf(1e-7) / np.sqrt(len(one))
    assert abs(np.corrcoef(one, other)[0, 1]) < limit
    assert abs(np.corrcoef((one - 0.5) ** 2, (other - 0.5) ** 2)[0, 1]) < limit
    cells = np.histogram2d(one, other, bins=16, range=[[0, 1], [0, 1]])[0]
    assert stats.chisquare(cells.ravel()).pvalue > 1e-7


def test_the_two_words_of_a_unit_are_independent():
    independent(*uniforms(stream_of(0)))


@pytest.mark.parametrize("lag", [1, 2, 64, 2**15])
def test_units_are_independent_of_each_other(lag):
    values = uniforms(stream_of(0), n=N + lag)[0]
    independent(values[:-lag], values[lag:])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (stream_of(0), stream_of(1)),
        (stream_of(0), stream_of(2**32)),
        (stream_of(5), fold(stream_of(5), 0, 0)),
        (fold(stream_of(5), 0, 0), fold(stream_of(5), 0, 1)),
        (fold(stream_of(5), 0, 1), fold(stream_of(5), 1, 0)),
        (fold(fold(stream_of(5), 0, 1), 0, 2), fold(fold(stream_of(5), 0, 2), 0, 1)),
    ],
    ids=["keys", "high keys", "fold", "names", "halves of a name", "order of an index tuple"],
)
def test_streams_are_independent_of_each_other(one, other):
    independent(uniforms(one)[0], uniforms(other)[0])


def test_units_beyond_the_first_word_are_new():
    low, high = uniforms(stream_of(0))[0], uniforms(stream_of(0), start=2**32)[0]
    independent(low, high)


def test_one_bit_of_the_counter_or_the_key_changes_half_of_the_words_bits():
    """Avalanche: each of 128 input bits flips 32 of 64 output bits, over 500 counters."""
    counters = np.random.default_rng(1).integers(0, 2**32, (4, 500), dtype=np.uint32)

    def run(key0, key1, high, low):
        stream = [jnp.asarray(key0), jnp.asarray(key1)]
        return np.asarray(threefry(stream, jnp.asarray(high), jnp.asarray(low)))

    before = run(*counters)
    for part in range(4):
        for bit in range(32):
            after = counters.copy()
            after[part] ^= np.uint32(1 << bit)
            flips = np.bitwise_count(before ^ run(*after)).sum(axis=0)
            assert abs(flips.mean() - 32) < 6 * 4 / np.sqrt(500)


def alike(one, other):
    """No bit of one word goes with any bit of the other, nor any byte with the byte in its place.

    1,024 correlations of bits, each within 6.3 standard errors: all with probability 1 - 3e-7; four
    tables of 256 by 256 bytes by chi-square, each at 1e-7.
    """
    bits = [((each[:, None] >> PLACES) & 1).astype(np.float32) - 0.5 for each in (one, other)]
    assert np.max(np.abs(4 * bits[0].T @ bits[1] / len(one))) < 6.3 / np.sqrt(len(one))
    for shift in (0, 8, 16, 24):
        byte = [(each >> np.uint32(shift) & 0xFF).astype(int) for each in (one, other)]
        cells = np.bincount(256 * byte[0] + byte[1], minlength=1 << 16)
        assert stats.chisquare(cells).pvalue > 1e-7


def name(variable, noise="u"):
    return fold(stream_of(0), *name_words(variable, noise))


def component(size, at):
    return np.asarray(component_streams(name("X"), size))[:, at]


PAIRS = {
    "two words of a unit": None,
    "keys": (stream_of(0), stream_of(1)),
    "variables": (name("X1"), name("X2")),
    "noises of a variable": (name("X", "u"), name("X", "v")),
    "indices": (indexed(name("X"), (0,)), indexed(name("X"), (1,))),
    "index and none": (name("X"), indexed(name("X"), (0,))),
    "depths of an index": (indexed(name("X"), (1,)), indexed(name("X"), (1, 0))),
    "order of an index": (indexed(name("X"), (1, 2)), indexed(name("X"), (2, 1))),
    "components": (component(4, 0), component(4, 1)),
    "component and whole": (component(4, 0), name("X")),
    "component and index": (component(4, 2), indexed(name("X"), (2,))),
    "components of an index": tuple(
        np.asarray(component_streams(indexed(name("X"), (3,)), 2)).T
    ),
}  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_addresses_share_no_bits(pair):
    n = 1 << 17
    if pair is None:
        alike(*map(np.asarray, words(name("X"), span(0, n))))
    else:
        alike(*(np.asarray(words(stream, span(0, n))[0]) for stream in pair))


def test_neighbouring_units_share_no_bits():
    word = np.asarray(words(name("X"), span(0, (1 << 17) + 1))[0])
    alike(word[:-1], word[1:])


def test_addresses_of_a_large_model_are_all_different():
    """A thousand names, by a hundred indices, by ten components: no stream comes twice."""
    hashes = np.array([name_words(f"X{i}", "u") for i in range(1000)], np.uint32)
    named = threefry(stream_of(0), hashes[:, 0], hashes[:, 1])
    times = np.arange(100, dtype=np.uint32)[:, None]
    index = indexed([each[None] for each in named], (times,))
    parts = component_streams([each[..., None] for each in index], 10)
    every = np.asarray(parts).reshape(2, -1).astype(np.uint64)
    assert len(np.unique(every[0] << np.uint64(32) | every[1])) == 1_000_000


def test_an_index_may_be_traced_and_the_empty_one_is_the_noise_itself():
    stream = jnp.asarray(name("X"))
    np.testing.assert_array_equal(indexed(stream, ()), stream)
    traced = jax.jit(lambda t: indexed(stream, (t, 7)))(jnp.uint32(5))
    np.testing.assert_array_equal(traced, indexed(stream, (5, 7)))


def test_a_component_has_its_stream_whatever_the_size():
    few, many = component_streams(name("X"), 3), component_streams(name("X"), 9)
    np.testing.assert_array_equal(few, np.asarray(many)[:, :3])


def test_names_hash_to_what_blake2b_says():
    """From the reference implementation: printf 'education/u' | b2sum -l 64."""
    high, low = name_words("education", "u")
    assert (high << 32 | low) == 0x3DA79369EDAC0BE6
