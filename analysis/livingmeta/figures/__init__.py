"""Pictures, drawn from stored results only.

Lives here: what colours and marks mean and say, the files of a figure, and one figure a module.
May not: compute anything but places on paper.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
