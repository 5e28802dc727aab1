from .absolute import absolute_effects as absolute_effects
from .absolute import baseline_risks as baseline_risks
from .certainty import (
    SummaryOfFindings as SummaryOfFindings,
)
from .certainty import (
    summary_of_findings as summary_of_findings,
)
from .changes import diff as diff
from .changes import growth as growth
from .directions import EffectDirections as EffectDirections
from .directions import effect_directions as effect_directions
from .dossier import Dossier as Dossier
from .missing_evidence import Absence as Absence
from .missing_evidence import absence as absence
from .scenarios import Sensitivity as Sensitivity
from .scenarios import sensitivity as sensitivity
