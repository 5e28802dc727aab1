"""A review is a folder: what its files may hold, and how they are read.

Lives here: the schema of each file, review.toml, the rules between rows, and reading a folder.
May not: pool, or write; of the engine it asks only which measures there are.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
