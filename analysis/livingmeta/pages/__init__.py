"""What a reader sees: report, explorer, answers, certificate, changelog.

Lives here: sentences, templates, tables, JSON documents, and the explorer with its kernel.
May not: compute a statistic; what is said is asked of the rooms below.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
