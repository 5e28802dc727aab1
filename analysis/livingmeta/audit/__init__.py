"""What was printed, beside what its rows give.

Lives here: verdicts on printed numbers, printed numbers that can't all be right, all results of a
review, what is known to be missing, what looks like a slip, the lock, other programs as witnesses.
May not: change how anything is pooled, or write a page.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
