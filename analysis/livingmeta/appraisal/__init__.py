"""How far a conclusion bends, and how sure one can be.

Lives here: other choices and their multiverse, missing evidence, certainty, directions of effects
that can't be pooled, the flow of records.
May not: read files, or draw.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
