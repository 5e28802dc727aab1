"""Arrays in, frozen estimates out: the mathematics of a pairwise meta-analysis.

Lives here: effect sizes, conversions, likelihoods, τ², pooling; `methods/` is a shelf beside this
core, of which each file can be read alone.
May not: know a review, a file, a clock, a word of a page, or draw.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
