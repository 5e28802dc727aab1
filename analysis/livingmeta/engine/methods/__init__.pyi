from .batch import Task as Task
from .batch import run as run
from .bayes import Posterior as Posterior
from .bayes import Prior as Prior
from .bayes import posterior as posterior
from .influence import (
    Influence as Influence,
)
from .influence import (
    cumulative as cumulative,
)
from .influence import (
    leave_one_out as leave_one_out,
)
from .information import (
    information_size_of_risks as information_size_of_risks,
)
from .information import (
    optimal_information_size as optimal_information_size,
)
from .patient import NewSetting as NewSetting
from .patient import new_setting as new_setting
from .regression import (
    MetaRegression as MetaRegression,
)
from .regression import (
    cluster_robust as cluster_robust,
)
from .regression import (
    meta_regression as meta_regression,
)
from .resampling import (
    bootstrap as bootstrap,
)
from .resampling import (
    permutation_test as permutation_test,
)
from .resampling import (
    simulate as simulate,
)
from .selection import selection_model as selection_model
from .small_study import (
    battery as battery,
)
from .small_study import (
    begg as begg,
)
from .small_study import (
    egger as egger,
)
from .small_study import (
    egger_smd as egger_smd,
)
from .small_study import (
    harbord as harbord,
)
from .small_study import (
    peese as peese,
)
from .small_study import (
    peters as peters,
)
from .small_study import (
    suited as suited,
)
from .small_study import (
    trim_and_fill as trim_and_fill,
)
from .subsets import Gosh as Gosh
