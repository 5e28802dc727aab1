from .adding import planned as planned
from .drafts import Prospect as Prospect
from .drafts import prospect as prospect
from .worksheet import stale as stale
from .worksheet import unplaced as unplaced
