"""A pool is what a review's rows give: rows are chosen, turned into effects, and pooled.

Lives here: methods and profiles, arms, derivation of each effect with its steps, the choice of one
row set per trial, what effects share, and `Pool`, which answers questions about itself.
May not: touch files, know what was printed, or say anything in words of a page.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
