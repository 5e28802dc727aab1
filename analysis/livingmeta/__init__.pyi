from .appraisal.certainty import summary_of_findings as summary_of_findings
from .appraisal.changes import diff as diff
from .appraisal.directions import effect_directions as effect_directions
from .appraisal.dossier import Dossier as Dossier
from .appraisal.multiverse import multiverse as multiverse
from .appraisal.scenarios import sensitivity as sensitivity
from .audit.results import results_of as results_of
from .audit.verdicts import reproduce as reproduce
from .audit.witnesses import certify as certify
from .engine.counts import (
    odds_ratio as odds_ratio,
)
from .engine.counts import (
    risk_difference as risk_difference,
)
from .engine.counts import (
    risk_ratio as risk_ratio,
)
from .engine.effect_sizes import (
    MEASURES as MEASURES,
)
from .engine.effect_sizes import (
    glass_delta as glass_delta,
)
from .engine.effect_sizes import (
    mean_difference as mean_difference,
)
from .engine.effect_sizes import (
    prepost_smd as prepost_smd,
)
from .engine.effect_sizes import (
    ratio_of_means as ratio_of_means,
)
from .engine.effect_sizes import (
    smd as smd,
)
from .engine.methods.bayes import Prior as Prior
from .engine.methods.bayes import posterior as posterior
from .engine.methods.influence import (
    cumulative as cumulative,
)
from .engine.methods.influence import (
    influence as influence,
)
from .engine.methods.influence import (
    leave_one_out as leave_one_out,
)
from .engine.methods.regression import (
    MetaRegression as MetaRegression,
)
from .engine.methods.regression import (
    meta_regression as meta_regression,
)
from .engine.methods.resampling import (
    bootstrap as bootstrap,
)
from .engine.methods.resampling import (
    permutation_test as permutation_test,
)
from .engine.methods.resampling import (
    simulate as simulate,
)
from .engine.methods.selection import selection_model as selection_model
from .engine.methods.small_study import (
    battery as battery,
)
from .engine.methods.small_study import (
    egger as egger,
)
from .engine.methods.small_study import (
    harbord as harbord,
)
from .engine.methods.small_study import (
    peters as peters,
)
from .engine.methods.small_study import (
    trim_and_fill as trim_and_fill,
)
from .engine.methods.subsets import gosh as gosh
from .engine.pooling import PooledEstimate as PooledEstimate
from .engine.pooling import pool as pool
from .figures.forest import forest_plot as forest_plot
from .figures.funnel import funnel_plot as funnel_plot
from .figures.posterior import posterior_plot as posterior_plot
from .figures.prisma import prisma_plot as prisma_plot
from .figures.sensitivity import (
    baujat_plot as baujat_plot,
)
from .figures.sensitivity import (
    cumulative_plot as cumulative_plot,
)
from .figures.sensitivity import (
    influence_plot as influence_plot,
)
from .figures.sensitivity import (
    leave_one_out_plot as leave_one_out_plot,
)
from .figures.specification_curve import specification_curve as specification_curve
from .figures.subsets import gosh_plot as gosh_plot
from .pages.answers import answer as answer
from .pages.explorer import explorer_page as explorer_page
from .review.folder import load_review as load_review
from .review.protocol import Review as Review
from .synthesis.comparison import compare as compare
from .synthesis.derivation import Effect as Effect
from .synthesis.moderation import regress as regress
from .synthesis.pool import Pool as Pool
from .synthesis.settings import Selection as Selection
from .synthesis.settings import Settings as Settings
from .synthesis.synthesise import synthesise as synthesise

__version__: str
