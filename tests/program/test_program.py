"""Models as NumPyro programs, against densities and posteriors known in closed form."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pytest
from numpyro import distributions as dist
from numpyro import handlers
from numpyro.distributions import Bernoulli, Exponential, Normal, Poisson, Uniform
from numpyro.infer import MCMC, NUTS, log_likelihood
from numpyro.infer.util import log_density
from scipy import stats
from scipy.integrate import trapezoid

from scm import SCM, Interval, latent, node, param
from scm.core.errors import ModelError, UnknownNameError

KEY = jax.random.key(0)


def density(model, data=None, sites=None, n=None):
    """The log density of a program's sites, and all their values."""

    @jax.jit  # one program instead of a hundred small ones
    def run(sites):
        found, trace = log_density(model.to_numpyro(), (data,), {"n": n}, sites)
        return found, {name: site["value"] for name, site in trace.items()}

    found, values = run(sites or {})
    return float(found), values


def drawn(model, n):
    return jax.jit(lambda: handlers.seed(model.to_numpyro(), KEY)(n=n))()


class TestJointLaw:
    model = SCM(
        z=latent(Normal(0, 1)),
        t=lambda z: Bernoulli(logits=0.8 * z),
        w=lambda z, e=Normal(0, 1).expand([2]).to_event(1): jnp.array([z, 2 * z]) + e,
        y=lambda t, z, w, v=Normal(0, 0.5): Normal(2.0 * t + z + 0.3 * w[1] + v, 1.0),
    )
    n = 40_000

    def columns(self, values):
        return np.column_stack([values["z"], values["t"], values["w"], values["y"]])

    def test_is_that_of_sample(self):
        ours = self.columns(drawn(self.model, self.n))
        theirs = self.columns(self.model.sample(key=3, n=self.n))
        for moment in (lambda x: x, lambda x: (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)):
            a, b = moment(ours), moment(theirs)
            error = np.sqrt((a.var(axis=0) + b.var(axis=0)) / self.n)
            assert (np.abs(a.mean(axis=0) - b.mean(axis=0)) < 5 * error).all()

    def test_is_that_of_algebra(self):
        values = drawn(self.model, self.n)
        y, w = np.asarray(values["y"], float), np.asarray(values["w"], float)
        assert abs(y.mean() - 1.0) < 5 * y.std() / self.n**0.5  # t is even by symmetry
        assert abs(np.cov(w.T)[0, 1] - 2.0) < 5 * np.sqrt((2 * 5 + 4) / self.n)
        residual = y - 2.0 * np.asarray(values["t"]) - np.asarray(values["z"]) - 0.3 * w[:, 1]
        assert abs(residual.var() - 1.25) < 5 * 1.25 * np.sqrt(2 / self.n)

    def test_under_an_intervention(self):
        forced = drawn(self.model.do(t=1), self.n)
        y = np.asarray(forced["y"], float)
        assert (forced["t"] == 1).all()
        assert abs(y.mean() - 2.0) < 5 * y.std() / self.n**0.5
        assert abs(y.var() - (1.6**2 + 0.09 + 1.25)) < 5 * y.var() * np.sqrt(2 / self.n)

    def test_names_of_sites(self):
        trace = handlers.trace(handlers.seed(self.model.do(t=1).to_numpyro(), KEY)).get_trace(n=3)
        kinds = {name: site["type"] for name, site in trace.items()}
        assert kinds == {
            "units": "plate", "z": "sample", "t": "deterministic", "w/e": "sample",
            "w": "deterministic", "y/v": "sample", "y": "sample",
        }  # fmt: skip
        assert trace["w"]["value"].shape == (3, 2)
        assert trace["z"]["cond_indep_stack"][0].size == 3


class TestDensity:
    def test_additive_noise(self):
        model = SCM(
            x=Exponential(0.5), y=lambda x, u=Normal(0, 0.3): jnp.sin(3 * x) + jnp.exp(x) + u
        )
        x, y = np.array([0.1, 1.0, 2.0]), np.array([1.0, 2.5, 7.7])
        found, sites = density(model, {"x": x, "y": y})
        noise = y - np.sin(3 * x) - np.exp(x)
        expected = stats.expon(scale=2).logpdf(x).sum() + stats.norm(0, 0.3).logpdf(noise).sum()
        assert found == pytest.approx(expected, rel=1e-5)
        np.testing.assert_allclose(sites["y/u"], noise, atol=1e-5)
        np.testing.assert_array_equal(sites["y"], np.float32(y))

    def test_change_of_variables(self):
        """A log-normal, a heteroskedastic one, and a vector mixed by a matrix."""
        mix = np.array([[2.0, 0.5], [0.0, 1.5]])
        model = SCM(
            x=Normal(0, 1),
            a=lambda x, u=Normal(0, 0.5): jnp.exp(x + u),
            b=lambda x, u=Normal(0, 1): x + u * jnp.exp(x),
            c=lambda x, u=Normal(0, 1), v=Normal(0, 1): jnp.stack(
                [x + 2 * u + 0.5 * v, x + 1.5 * v]
            ),
        )
        x, a, b = np.array([0.3, -1.0]), np.array([1.0, 2.0]), np.array([0.5, 0.1])
        c = np.array([[0.2, 0.4], [-1.0, 0.7]])
        expected = stats.norm.logpdf(x).sum()
        expected += stats.lognorm(0.5, scale=np.exp(x)).logpdf(a).sum()
        expected += stats.norm(x, np.exp(x)).logpdf(b).sum()
        for row, at in zip(c, x, strict=True):
            expected += stats.multivariate_normal([at, at], mix @ mix.T).logpdf(row)
        found, sites = density(model, {"x": x, "a": a, "b": b, "c": c})
        assert found == pytest.approx(expected, rel=1e-5)
        np.testing.assert_allclose(sites["c/v"], (c[:, 1] - x) / 1.5, rtol=1e-5)

    def test_two_noises_of_which_one_is_told(self):
        """Summed over the other it is the density of the sum."""
        model = SCM(y=lambda u=Normal(0, 1), v=Exponential(1.0): 0.5 * u + 2 * v)
        grid = jnp.linspace(1e-4, 12, 4001)
        program = model.to_numpyro()
        each = jax.vmap(
            lambda v: log_density(program, ({"y": jnp.array([1.7])},), {}, {"y/v": v[None]})[0]
        )(grid)
        found = np.log(trapezoid(np.exp(np.asarray(each, float)), grid))
        assert found == pytest.approx(stats.exponnorm(K=4, scale=0.5).logpdf(1.7), abs=1e-3)

    def test_a_finite_noise_is_summed_over(self):
        model = SCM(x=Bernoulli(0.5), y=lambda x, flip=Bernoulli(0.1): x ^ flip)
        found, sites = density(model, {"x": [1, 0, 1], "y": [1, 0, 0]})
        assert found == pytest.approx(3 * np.log(0.5) + np.log(0.9 * 0.9 * 0.1), rel=1e-5)
        assert "y/flip" not in sites

    def test_a_declared_inverse(self):
        cubic = node(
            lambda u: u + u**3,
            noise={"u": Normal(0, 1)},
            inverse=lambda y: (
                2 * jnp.sinh(jnp.arcsinh(1.5 * jnp.sqrt(3.0) * y) / 3) / jnp.sqrt(3.0)
            ),
        )
        u = np.array([0.7, -1.2])
        found, sites = density(SCM(y=cubic), {"y": u + u**3})
        expected = stats.norm.logpdf(u) - np.log(1 + 3 * u**2)
        assert found == pytest.approx(expected.sum(), rel=1e-5)
        np.testing.assert_allclose(sites["y/u"], u, rtol=1e-5)

    def test_noise_declared_beside_a_returned_law(self):
        model = SCM(y=lambda v=Normal(0, 2): Poisson(jnp.exp(v)))
        v = np.array([0.2, -0.4])
        found, _ = density(model, {"y": [3, 0]}, {"y/v": jnp.array(v)})
        expected = stats.norm(0, 2).logpdf(v) + stats.poisson(np.exp(v)).logpmf([3, 0])
        assert found == pytest.approx(expected.sum(), rel=1e-5)

    def test_in_double_precision(self, x64):
        model = SCM(x=Normal(0, 1), y=lambda x, u=Normal(0, 0.3): jnp.exp(x) + u)
        x, y = np.array([0.1, 1.0]), np.array([1.0, 2.5])
        expected = stats.norm.logpdf(x) + stats.norm(np.exp(x), 0.3).logpdf(y)
        assert density(model, {"x": x, "y": y})[0] == pytest.approx(expected.sum(), rel=1e-13)


class TestInterventions:
    model = SCM(x=Normal(1, 2), y=lambda x, u=Normal(0, 1): 3 * x + u)

    def test_what_was_set_has_no_density(self):
        found, sites = density(self.model.do(x=1.0), {"y": [2.0, 5.0]})
        assert found == pytest.approx(stats.norm(3, 1).logpdf([2.0, 5.0]).sum(), rel=1e-5)
        np.testing.assert_array_equal(sites["x"], [1.0, 1.0])

    def test_one_value_for_each_unit(self):
        x = np.array([1.0, -1.0])
        forced = self.model.do(x=x)
        expected = stats.norm(3 * x, 1).logpdf([2.0, 5.0]).sum()
        assert density(forced, {"y": [2.0, 5.0]})[0] == pytest.approx(expected, rel=1e-5)
        assert density(forced, {"x": x, "y": [2.0, 5.0]})[0] == pytest.approx(expected, rel=1e-5)
        with pytest.raises(ModelError, match="one value for each of 2 units"):
            drawn(forced, 3)

    def test_shifts_go_on_from_what_would_have_been(self):
        shifted = self.model.do(x=lambda x: x + 1)
        found, sites = density(shifted, {"x": [2.0, 5.0], "y": [6.0, 15.0]})
        expected = stats.norm(2, 2).logpdf([2.0, 5.0]).sum() + 2 * stats.norm.logpdf(0)
        assert found == pytest.approx(expected, rel=1e-5)
        np.testing.assert_allclose(sites["x/u"], [1.0, 4.0])
        on_rows = self.model.do(x=np.array([1.0, 2.0])).do(x=lambda x, e=Normal(0, 3): x + e)
        found, _ = density(on_rows, {"x": [2.0, 5.0], "y": [6.0, 15.0]})
        expected = stats.norm([1.0, 2.0], 3).logpdf([2.0, 5.0]).sum() + 2 * stats.norm.logpdf(0)
        assert found == pytest.approx(expected, rel=1e-5)

    def test_shifts_of_a_returned_law_have_its_scores_for_sites(self):
        model = SCM(y=lambda: Normal(1.0, 2.0)).do(y=lambda y: y + 1)
        found, sites = density(model, {"y": [2.0, 5.0]})
        assert found == pytest.approx(stats.norm(2, 2).logpdf([2.0, 5.0]).sum(), rel=1e-5)
        np.testing.assert_allclose(sites["y/u"], [0.0, 1.5])

    def test_a_param_may_be_randomised(self):
        model = SCM(slope=param(1.0), y=lambda slope, u=Normal(0, 1): slope + u)
        found, _ = density(model.do(slope=Normal(0, 1)), {"y": [0.5]}, {"slope": jnp.array([0.2])})
        expected = stats.norm.logpdf(0.2) + stats.norm.logpdf(0.3)
        assert found == pytest.approx(expected, rel=1e-5)


class TestInference:
    model = SCM(
        x=Normal(0, 1), slope=param(0.0), y=lambda x, slope, u=Normal(0, 0.5): slope * x + u
    )

    def program(self, data):
        slope = numpyro.sample("slope", Normal(0, 2))
        return self.model.do(slope=slope).to_numpyro()(data)

    def test_conjugate_posterior(self):
        world = self.model.do(slope=1.2).sample(key=5, n=40)
        frame = world.to_pandas()
        mcmc = MCMC(NUTS(self.program), num_warmup=300, num_samples=2000, progress_bar=False)
        mcmc.run(KEY, data=frame)
        x, y = np.asarray(frame["x"], float), np.asarray(frame["y"], float)
        precision = 1 / 4 + (x**2).sum() / 0.25
        mean, sd = (x * y).sum() / 0.25 / precision, precision**-0.5
        slope = np.asarray(mcmc.get_samples()["slope"], float)
        # autocorrelation of NUTS in one dimension: fewer than 3 draws for one
        assert abs(slope.mean() - mean) < 5 * sd * np.sqrt(3 / 2000)
        assert abs(slope.std() / sd - 1) < 5 * np.sqrt(3 / (2 * 2000))
        each = log_likelihood(self.program, {"slope": slope[:3]}, frame)
        expected = stats.norm(slope[:3, None] * x, 0.5).logpdf(y)
        np.testing.assert_allclose(each["y"], expected, rtol=1e-3, atol=1e-4)

    def test_latents_are_sampled(self):
        """Two readings of one thing: its posterior is normal."""
        model = SCM(
            z=latent(Normal(1, 2)),
            a=lambda z, e=Normal(0, 1): z + e,
            b=lambda z: Normal(z, 0.5),
        )
        mcmc = MCMC(NUTS(model.to_numpyro()), num_warmup=300, num_samples=2000, progress_bar=False)
        mcmc.run(KEY, data={"a": np.array([3.0, 0.0]), "b": np.array([2.0, -1.0])})
        samples = mcmc.get_samples()
        precision = 1 / 4 + 1 + 4
        mean = (1 / 4 + np.array([3.0, 0.0]) + 4 * np.array([2.0, -1.0])) / precision
        z = np.asarray(samples["z"], float)
        assert (np.abs(z.mean(axis=0) - mean) < 5 * np.sqrt(3 / 2000 / precision)).all()
        assert (np.abs(z.var(axis=0) * precision - 1) < 5 * np.sqrt(2 * 3 / 2000)).all()
        np.testing.assert_allclose(samples["a/e"], np.array([3.0, 0.0]) - z, atol=1e-5)

    def test_discrete_latent_by_enumeration(self):
        """The marginal likelihood of a confounded outcome, as worked out by hand."""
        model = SCM(
            z=latent(Bernoulli(0.3)),
            t=lambda z: Bernoulli(jnp.where(z == 1, 0.8, 0.2)),
            y=lambda t, z: Bernoulli(0.1 + 0.3 * t + 0.5 * z),
        )
        data = {"t": jnp.array([1, 0]), "y": jnp.array([1, 1])}
        found = [
            density(model, data, {"z": jnp.array(z)})[0]
            for z in itertools.product((0, 1), repeat=2)
        ]
        # P(t=1, y=1) = .7 * .2 * .4 + .3 * .8 * .9, P(t=0, y=1) = .7 * .8 * .1 + .3 * .2 * .6
        expected = np.log((0.056 + 0.216) * (0.056 + 0.036))
        assert np.logaddexp.reduce(found) == pytest.approx(expected, rel=1e-5)
        # as NumPyro enumerates: one value for all units, along an axis in front
        with handlers.seed(rng_seed=0), handlers.substitute(data={"z": jnp.array([[0], [1]])}):
            trace = handlers.trace(model.to_numpyro()).get_trace(data)
        logs = sum(trace[name]["fn"].log_prob(trace[name]["value"]) for name in ("z", "t", "y"))
        assert logs.shape == (2, 2)
        assert float(jax.nn.logsumexp(logs, axis=0).sum()) == pytest.approx(expected, rel=1e-5)

    def test_gates_of_discrete_latents(self):
        model = SCM(a=latent(Bernoulli(0.3)), b=latent(Bernoulli(0.6)), y=lambda a, b: a & b)
        found = [
            density(model, {"y": [1]}, {"a": jnp.array([a]), "b": jnp.array([b])})[0]
            for a, b in itertools.product((0, 1), repeat=2)
        ]
        assert np.exp(found).sum() == pytest.approx(0.18, rel=1e-5)

    def test_compiles_once(self, compilations):
        @jax.jit
        def gradient(slope, data):
            program = self.program
            return jax.grad(lambda s: log_density(program, (data,), {}, {"slope": s})[0])(slope)

        data = {"x": jnp.array([1.0, 2.0]), "y": jnp.array([1.0, 1.5])}
        found = gradient(0.5, data)
        expected = -0.5 / 4 + ((1.0 - 0.5) * 1.0 + (1.5 - 1.0) * 2.0) / 0.25
        assert float(found) == pytest.approx(expected, rel=1e-5)
        other = {name: each + 1 for name, each in data.items()}
        before = compilations.count
        gradient(0.7, other)
        assert compilations.count == before

    def test_random_slopes(self):
        """A param with a value of each unit's own, from a plate of the program around."""

        def program(data):
            with numpyro.plate("people", 3):
                slope = numpyro.sample("slope", Normal(0, 1))
            return self.model.do(slope=slope).to_numpyro()(data)

        data = {"x": jnp.array([1.0, 2.0, 3.0]), "y": jnp.array([1.0, 1.0, 1.0])}
        slope = np.array([0.1, 0.2, 0.3])
        found, _ = log_density(program, (data,), {}, {"slope": jnp.array(slope)})
        expected = stats.norm.logpdf([*slope, 1, 2, 3]).sum()
        expected += stats.norm(slope * [1, 2, 3], 0.5).logpdf(1).sum()
        assert float(found) == pytest.approx(expected, rel=1e-5)

    def test_in_a_plate_of_ones_own(self):
        with handlers.seed(rng_seed=0), numpyro.plate("schools", 4, dim=-2):
            values = self.model.to_numpyro()(n=3)
        assert values["y"].shape == (4, 3)
        assert len(np.unique(values["y"])) == 12
        with (
            handlers.seed(rng_seed=0),
            numpyro.plate("schools", 4),
            pytest.raises(ModelError, match="dim=-2"),
        ):
            self.model.to_numpyro()(n=3)
        assert "rows" in handlers.trace(
            handlers.seed(self.model.to_numpyro(plate="rows"), KEY)
        ).get_trace(n=2)


class TestImpossible:
    def test_parameters_outside_their_domain_weigh_nothing(self):
        """NumPyro alone would clip a probability of 1.4, in silence."""
        model = SCM(x=Normal(0, 1), y=lambda x: Bernoulli(x))
        assert np.isfinite(density(model, {"x": [0.5], "y": [1]})[0])
        assert density(model, {"x": [1.4], "y": [1]})[0] == -np.inf
        assert density(model, {"x": [1.4]}, {"y": jnp.array([1])})[0] == -np.inf

    def test_values_outside_the_support_weigh_nothing(self):
        model = SCM(top=param(1.0), y=lambda top: Uniform(0.0, top))
        assert density(model, {"y": [0.2, 0.9]})[0] == pytest.approx(0.0)
        assert density(model, {"y": [0.2, 1.1]})[0] == -np.inf
        assert density(model.do(top=2.0), {"y": [0.2, 1.1]})[0] == pytest.approx(-2 * np.log(2))
        positive = SCM(y=lambda u=Normal(0, 1): jnp.exp(u))
        assert density(positive, {"y": [1.0, -1.0]})[0] == -np.inf

    def test_a_law_with_one_value_is_no_site_to_sample(self):
        model = SCM(c=dist.Delta(2.0), y=lambda c, u=Normal(0, 1): c + u)
        found, _ = density(model, {"y": [2.5]})
        assert found == pytest.approx(stats.norm.logpdf(0.5), rel=1e-5)


REFUSED = {
    "is missing in 1 of 2 units": (SCM(y=Normal(0, 1)), {"y": [1.0, np.nan]}),
    "y is given by bounds": (SCM(y=Normal(0, 1)), {"y": [Interval(0, 1), 2.0]}),
    "did you mean 'wage'": (SCM(wage=Normal(0, 1)), {"wages": [1.0]}),
    "s is a param": (SCM(s=param(1.0), y=Normal(0, 1)), {"s": [1.0]}),
    "y has the value -1 in unit 1": (SCM(y=Poisson(2.0)), {"y": [2, -1]}),
    "y is in the data, and its noise u cannot be eliminated.*Bernoulli": (
        SCM(y=lambda u=Uniform(0, 1): u < 0.3),
        {"y": [True]},
    ),
    "an even power": (SCM(y=lambda u=Normal(0, 1): u * u), {"y": [4.0]}),
    "not the same number of real components": (
        SCM(y=lambda u=Normal(0, 1): jnp.stack([u, u])),
        {"y": [[1.0, 1.0]]},
    ),
    "y is in the data, has no noise of its own": (
        SCM(x=Normal(0, 1), y=lambda x: 2 * x),
        {"y": [1.0]},
    ),
    "jumps in what is sampled": (
        SCM(x=Normal(0, 1), y=lambda x, k=Bernoulli(0.1): (x > 0) ^ (k == 1)),
        {"y": [True]},
    ),
    "y has the value 5.0 in unit 1, but": (
        SCM(x=Normal(0, 1), y=lambda x: 2 * x),
        {"x": [1.0, 2.0], "y": [2.0, 5.0]},
    ),
    "x has the value 3.0 in unit 0, but": (SCM(x=Normal(0, 1)).do(x=1.0), {"x": [3.0]}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refusals_name_the_variable(message):
    model, data = REFUSED[message]
    with pytest.raises(ModelError, match=message) as caught:
        handlers.seed(model.to_numpyro(), KEY)(data)
    assert "to_numpyro" in str(caught.value)
    assert isinstance(caught.value, UnknownNameError) == ("did you mean" in message)


def test_numbers_of_units():
    program = handlers.seed(SCM(y=Normal(0, 1)).to_numpyro(), KEY)
    assert program(n=2)["y"].shape == (2,)
    assert program({"y": 1.0})["y"].shape == (1,)
    with pytest.raises(ModelError, match="of how many units"):
        program()
    with pytest.raises(ModelError, match="the data have 1 units"):
        program({"y": [1.0]}, n=3)
    with pytest.raises(ModelError, match="at least 1"):
        program(n=0)


def test_ladders_without_scores_are_refused():
    model = SCM(x=lambda: dist.Dirichlet(jnp.ones(2))).do(x=lambda x: x[::-1])
    with pytest.raises(ModelError, match="only a sampler"):
        drawn(model, 2)
