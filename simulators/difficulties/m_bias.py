"""M-bias: a variable that looks like a confounder, and makes one of those who adjust for it."""

from typing import Annotated

from numpyro.distributions import Normal

from scm import SCM, latent
from simulators.exact import exactly
from simulators.registry import Known, simulator


def known(a: float, b: float, c: float, d: float, noise: float) -> dict[str, Known]:
    """Right without M, wrong with it."""
    p, q, r, t, s = map(exactly, (a, b, c, d, noise))
    bias = -p * q * r * t / ((r**2 + 1) * (p**2 + q**2 + s**2) - (p * r) ** 2)
    return {
        "TotalEffect(X -> Y)": Known(0, "There is no arrow from X to Y."),
        "limit of OLS(Y ~ X)": Known(0, "The only path is shut by the collider M."),
        "limit of OLS(Y ~ X + M)": Known(
            bias,
            "-a b c d / ((c^2 + 1)(a^2 + b^2 + s^2) - (a c)^2): adjusting for M opens the path "
            "X <- U1 -> M <- U2 -> Y.",
        ),
    }


@simulator(
    "m_bias",
    title="M-bias: adjusting for a variable before the treatment that had better been left alone",
    source="Greenland (2003), Quantifying biases in causal models, Epidemiology 14; the numbers "
    "are ours",
    known=known,
    try_this="`model.graph.adjustment_sets('X', 'Y')` has the empty set, and not {M}. "
    "`--set a=0` takes the M apart, and the bias is gone.",
)
def m_bias(
    a: Annotated[float, "of U1 on M"] = 1.0,
    b: Annotated[float, "of U2 on M"] = 1.0,
    c: Annotated[float, "of U1 on X"] = 1.0,
    d: Annotated[float, "of U2 on Y"] = 1.0,
    noise: Annotated[float, "standard deviation of M's own noise"] = 1.0,
) -> SCM:
    """U1 and U2 are not in the data, M is: X <- U1 -> M <- U2 -> Y. X does nothing to Y.

        U1, U2 ~ N(0, 1)
        M := a U1 + b U2 + noise u
        X := c U1 + u
        Y := d U2 + u,    every u ~ N(0, 1)

    >>> m_bias().observed
    ('M', 'X', 'Y')
    """
    return SCM(
        U1=latent(Normal(0, 1)),
        U2=latent(Normal(0, 1)),
        M=lambda U1, U2, a=a, b=b, s=noise, u=Normal(0, 1): a * U1 + b * U2 + s * u,
        X=lambda U1, c=c, u=Normal(0, 1): c * U1 + u,
        Y=lambda U2, d=d, u=Normal(0, 1): d * U2 + u,
    )
