from .adding import planned as planned
from .drafts import Prospect as Prospect
from .drafts import prospect as prospect
from .proving import Proof as Proof
from .proving import Proofs as Proofs
from .proving import prove as prove
from .worksheet import stale as stale
from .worksheet import unplaced as unplaced
