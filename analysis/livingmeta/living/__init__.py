"""How trials come in: by questions, by form, with a preview of what they would move.

Lives here: forms, the dialogue, numbers as papers print them, drafts of rows, and the history of a
review.
May not: write a row that `check` refuses.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
