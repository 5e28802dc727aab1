"""The shelf beside the core: one method a file, each on plain arrays.

Lives here: influence, regression, small-study tests, selection, Bayes, subsets, resampling, the
people a trial needs, what an effect means to a patient, and how batches are run.
May not: be imported by the core, or know a review.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
