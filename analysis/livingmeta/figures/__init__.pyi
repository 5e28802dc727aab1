from .bias import summary_plot as summary_plot
from .bias import traffic_plot as traffic_plot
from .changes import changes_plot as changes_plot
from .files import figure_bytes as figure_bytes
from .files import inline_svg as inline_svg
from .forest import forest_plot as forest_plot
from .funnel import funnel_plot as funnel_plot
from .posterior import posterior_plot as posterior_plot
from .prisma import prisma_plot as prisma_plot
from .sensitivity import (
    baujat_plot as baujat_plot,
)
from .sensitivity import (
    cumulative_plot as cumulative_plot,
)
from .sensitivity import (
    influence_plot as influence_plot,
)
from .sensitivity import (
    leave_one_out_plot as leave_one_out_plot,
)
from .subsets import gosh_plot as gosh_plot
