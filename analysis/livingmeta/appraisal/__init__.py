"""How far a conclusion bends, and how sure one can be.

Lives here: other choices and profiles, regressions on moderators, missing evidence, risk of bias,
certainty, directions of effects that can't be pooled, second extractions, the flow of records.
May not: read files, or draw.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
