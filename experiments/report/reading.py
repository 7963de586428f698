"""What a reader has to know of the measures."""

from __future__ import annotations

__all__ = ["MEASURES"]

MEASURES = """\
<p>Over the K estimates of a method that did not fail, as Morris, White and Crowther (2019, \
<i>Statistics in Medicine</i> 38, table 6) define them, each with its Monte Carlo standard \
error:</p>
<dl>
<dt>bias</dt><dd>mean of the estimates less the truth.</dd>
<dt>median bias</dt><dd>median of the estimates less the truth. It exists where the mean does \
not.</dd>
<dt>empirical SE</dt><dd>standard deviation of the estimates.</dd>
<dt>MAD</dt><dd>median absolute deviation of the estimates about their median, not rescaled: \
0.6745 standard deviations, were they normal.</dd>
<dt>model SE</dt><dd>root mean square of the standard errors that the method reports; it should \
equal the empirical SE.</dd>
<dt>RMSE</dt><dd>root mean squared distance of the estimates from the truth.</dd>
<dt>coverage</dt><dd>share of the reported intervals that hold the truth.</dd>
<dt>failures</dt><dd>share of all attempts that ended without an estimate. They are counted here \
and in nothing else.</dd>
</dl>
<p>Where the sampling law has no finite moments, as for two-stage least squares with as many \
instruments as endogenous regressors, a mean over the replications settles on nothing however many \
there are, and is not shown. The error of the truth is part of every error shown.</p>
"""
