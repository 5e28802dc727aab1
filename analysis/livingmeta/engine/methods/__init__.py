"""The shelf beside the core: one method a file, each on plain arrays.

Lives here: influence, regression, small-study tests, selection, Bayes, subsets, resampling.
May not: be imported by the core, or know a review.
"""
