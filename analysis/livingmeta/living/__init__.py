"""What people add to a review: trials by questions or by form, and a panel's decisions.

Lives here: forms, the dialogue, numbers as papers print them, drafts of rows and what they would
move, the worksheet of certainty, and the history of a review.
May not: write a row that `check` refuses.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
