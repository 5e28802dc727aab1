from .bias import assessments as assessments
from .folder import (
    ReviewError as ReviewError,
)
from .folder import (
    examine as examine,
)
from .folder import (
    extended as extended,
)
from .folder import (
    load_review as load_review,
)
from .folder import (
    reviews as reviews,
)
from .gaps import KnownGap as KnownGap
from .protocol import Protocol as Protocol
from .protocol import Review as Review
from .schema import Outcome as Outcome
from .schema import Problem as Problem
from .schema import Trial as Trial
