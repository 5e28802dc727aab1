from .counts import (
    odds_ratio as odds_ratio,
)
from .counts import (
    risk_difference as risk_difference,
)
from .counts import (
    risk_ratio as risk_ratio,
)
from .effect_sizes import (
    MEASURES as MEASURES,
)
from .effect_sizes import (
    Measure as Measure,
)
from .effect_sizes import (
    glass_delta as glass_delta,
)
from .effect_sizes import (
    mean_difference as mean_difference,
)
from .effect_sizes import (
    prepost_smd as prepost_smd,
)
from .effect_sizes import (
    ratio_of_means as ratio_of_means,
)
from .effect_sizes import (
    smd as smd,
)
from .pooling import (
    CONFIDENCE as CONFIDENCE,
)
from .pooling import (
    PREDICTION as PREDICTION,
)
from .pooling import (
    PooledEstimate as PooledEstimate,
)
from .pooling import (
    fit as fit,
)
from .pooling import (
    pool as pool,
)
from .pooling import (
    subgroup_test as subgroup_test,
)
from .quantiles import Quantiles as Quantiles
from .quantiles import from_quantiles as from_quantiles
from .tau2 import TAU2 as TAU2
