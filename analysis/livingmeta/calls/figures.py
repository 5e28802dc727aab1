"""Figures of what somebody has at hand, drawn on matplotlib axes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from inspect import Parameter, signature
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from livingmeta.appraisal.flow import Flow, flow
from livingmeta.appraisal.moderation import Moderation
from livingmeta.appraisal.multiverse import Multiverse
from livingmeta.appraisal.scenarios import Sensitivity
from livingmeta.audit.deduction import Deduction
from livingmeta.calls.methods import Bayesian, SmallStudyTests, SubsetsOfPool, bayes, gosh, regress
from livingmeta.calls.opening import Reading, opened
from livingmeta.calls.options import Pooling, fitting_kinds
from livingmeta.calls.pooling import Source, Studies, pools_of
from livingmeta.calls.reviews import deduce, multiverse, sensitivity
from livingmeta.engine.pooling import PooledEstimate
from livingmeta.figures import bubble, deduction, forest, funnel, posterior, prisma, subsets
from livingmeta.figures import sensitivity as bends
from livingmeta.figures import specification_curve as curve
from livingmeta.figures.files import figure_bytes
from livingmeta.language import language as spoken
from livingmeta.language import said
from livingmeta.review.folder import extended
from livingmeta.review.protocol import Review
from livingmeta.synthesis.pool import Pool
from livingmeta.words import RefusalError


def _only(listed: Any, what: Callable[[Any], Any]) -> Any:
    """Return the one result that can be drawn."""
    drawable = [one for one in listed if what(one) is not None]
    if len(drawable) == 1:
        return drawable[0]
    pools = [getattr(one, "main", None) or getattr(one, "pool", one) for one in listed]
    names = ", ".join(dict.fromkeys(pool.synthesis for pool in pools)) or "none"
    raise RefusalError(f"one picture is of one synthesis; choose it by synthesis= of {names}.")


def _pool_of(result: PooledEstimate) -> tuple[Pool, Review | None]:
    """Return what a pooled estimate is of, with the estimate itself as its result."""
    if isinstance(result.studies, Source):
        return replace(result.studies.pool, result=result), result.studies.review
    if not isinstance(result.studies, Studies):
        raise RefusalError("this estimate does not know its studies: pool them by livingmeta.pool.")
    studies = result.studies
    table = pd.DataFrame({"study": studies.labels, "yi": studies.yi, "vi": studies.vi})
    _, pools, _ = pools_of(table, None, {"measure": result.measure or None})
    return replace(pools[-1], result=result), None


def _pools(data: Any, asked: dict[str, Any]) -> tuple[list[Pool], Review | None]:
    if isinstance(data, PooledEstimate):
        pool, review = _pool_of(data)
        return [pool], review
    if isinstance(data, Pool):
        return [data], None
    if isinstance(data, list | tuple) and data and all(isinstance(one, Pool) for one in data):
        return list(data), None
    review, pools, _ = pools_of(data, asked.pop("vi", None), asked)
    return list(pools), review


def _one(data: Any, asked: dict[str, Any]) -> Pool:
    pools, _ = _pools(data, asked)
    wholes = [pool for pool in pools if pool.subgroup is None] or pools
    chosen: Pool = _only(wholes, lambda pool: pool.result)
    return chosen


def _forest(data: Any, asked: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    of_review = not isinstance(data, PooledEstimate | Pool | list | tuple)
    if of_review and not {*asked} - {*Reading.__annotations__, "vi"}:
        return (opened(data, asked.pop("vi", None), **asked),), {}  # with its moderators and judgements
    pools, review = _pools(data, asked)
    return (pools,), {} if review is None else {"review": review}


def _funnel(data: Any, asked: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(data, SmallStudyTests):
        return (data.pool,), {"filled": data.filled}
    return (_one(data, asked),), {}


def _bubbles(data: Any, asked: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (data if isinstance(data, Moderation) else regress(data, asked.pop("vi", None), **asked),), {}


def _bent(data: Any, asked: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(data, Sensitivity):
        return (data,), {}
    if isinstance(data, PooledEstimate):
        raise RefusalError("this picture is of a table or a review: give what the estimate was pooled from.")
    listed = sensitivity(data, asked.pop("vi", None), **asked)
    return (_only([one for one in listed if one.main.subgroup is None], lambda one: one.main.result),), {}


def _gosh(data: Any, asked: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    made = data
    if not isinstance(data, SubsetsOfPool):
        made = _only(gosh(data, asked.pop("vi", None), **asked), lambda one: one.gosh)
    pool = made.pool
    shown = None if made.trial is None else (made.trial, made.holds)
    against = "i2_tau2" if pool.i2_from == "tau2" else "i2"
    return (made.gosh,), {"name": pool.name, "measure": pool.measure, "against": against, "shown": shown}


def _posterior(data: Any, asked: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    made = data
    if not isinstance(data, Bayesian):
        made = _only(bayes(data, asked.pop("vi", None), **asked), lambda one: one.posterior)
    return (made.pool, made.posterior), {"note": said("prior.note", words=made.prior)}


def _deduced(data: Any, asked: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(data, Deduction):
        return (data,), {}
    listed = [one for one in deduce(data, **asked) if one.drawable]
    if not listed:
        raise RefusalError("there is no printed result of which anything is deduced.")
    return (listed[0],), {}


def _flowing(data: Any, asked: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(data, Flow):
        return (data,), {}
    review = opened(data, **asked)
    return (flow(review, previous=extended(review)),), {}


def _specified(data: Any, asked: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    made = data
    if not isinstance(data, Multiverse):
        made = _only(multiverse(data, asked.pop("vi", None), **asked), lambda one: one.main.result)
    return (made, made.shares(made.analyses, important=None)), {}


REFUSED = "ValueError\n        For what can't be read or pooled, and several results of which none is chosen."
EFFECTS = "[0.1, 0.2, 0.9], [0.04, 0.05, 0.03]"  # of examples
DATA = """    data : str, Path, Review, DataFrame, sequence of float or result
        What is pooled as `synthesise` does, with its options{more};
        or {result}.
    synthesis : str, optional
        Which one, where there are several, by id or title.
"""


def of_data(
    draw: Callable[..., Any],
    find: Callable[[Any, dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]]],
    *,
    given: tuple[str, ...],
    result: str,
    call: Callable[..., Any] | None = None,
    source: str = "",
    example: str = "",
) -> Callable[..., Any]:
    """Let a figure be drawn of what somebody has at hand.

    Parameters
    ----------
    draw : callable
        Draws results.
    find : callable
        Returns from data and options what `draw` takes by place, and what by name.
    given : tuple of str
        The parameters of `draw` that it finds.
    result : str
        What is drawn as it is, in words.
    call : callable, optional
        Whose options it takes.
    source, example : str
        Of the picture, where `draw` has none, or none of the call.
    """
    own = {name for name in signature(draw).parameters if name not in given}

    @wraps(draw)
    def drawn(data: Any, synthesis: Any = None, **named: Any) -> Any:
        if synthesis is not None:  # effects have their variances there
            named["synthesis" if isinstance(synthesis, str) else "vi"] = synthesis
        if (lang := named.pop("lang", None)) is not None:
            named["language"] = spoken(lang)
        style = {name: named.pop(name) for name in own & named.keys() if named[name] is not None}
        fitting_kinds(style, draw)
        if not isinstance(style.get("ax"), Axes | None):
            raise RefusalError(f"ax = {style['ax']!r}: give axes of matplotlib, as subplots returns.")
        found, usual = find(data, named)
        made = draw(*found, **{**usual, **style})
        ax = made[0] if isinstance(made, tuple) else made
        if "ax" not in style:  # a notebook shows a figure of its own
            ax._repr_png_ = lambda: figure_bytes(ax.figure, "png")
        return made

    options = signature(call).parameters if call else Pooling.__annotations__
    first = {"data": Parameter.empty, "synthesis": None}
    taken = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default) for name, default in first.items()
    ]
    more = dict.fromkeys((*signature(draw).parameters, "lang", *options, "vi"))
    usual = {name: parameter.default for name, parameter in signature(draw).parameters.items()}
    taken += [
        Parameter(name, Parameter.KEYWORD_ONLY, default=usual.get(name))
        for name in more
        if name not in {*given, *first}
    ]
    drawn.__signature__ = signature(draw).replace(parameters=taken)  # type: ignore[attr-defined]
    words = {"result": result, "more": f", and those of `{call.__name__}`" if call else ""}
    doc = _documented(str(draw.__doc__), DATA.format(**words), {*given, "synthesis"}).rstrip()
    if example:  # of the call, not of the function behind it
        doc = doc.partition("\n\n    Examples\n")[0]
    for section, text in (("Raises", REFUSED), ("References", source), ("Examples", example)):
        if f"    {section}\n" not in doc:
            doc += f"\n\n    {section}\n    {'-' * len(section)}\n    {text}"
    drawn.__doc__ = f"{doc}\n    "
    return drawn


def _documented(doc: str, data: str, without: set[str]) -> str:
    """Put the parameter that holds the data before those of the drawing function."""
    head, mark, rest = doc.partition("    Parameters\n    ----------\n")
    listed, end, tail = rest.partition("\n\n    Returns")
    entries = re.split(r"\n(?=    \S)", listed)
    kept = [entry for entry in entries if not {*re.split(r"[,\s]+", entry.split(":")[0].strip())} & without]
    return f"{head}{mark}{data}" + "\n".join(kept) + end + tail


VIECHTBAUER = """Viechtbauer W, Cheung MWL. Outlier and influence diagnostics for meta-analysis. Res Synth
    Methods 2010;1:112-125."""


def _example(call: str, shown: str) -> str:
    return f">>> from livingmeta import {call.partition('(')[0]}\n    >>> {call}.get_xlabel()\n    '{shown}'"


forest_plot = of_data(
    forest.forest_plot,
    _forest,
    given=("pools",),
    result="a `Pool`, pools, or what `pool` returned",
    source="""Lewis S, Clarke M. Forest plots: trying to see the wood and the trees. BMJ
    2001;322:1479-1480.""",
)
funnel_plot = of_data(
    funnel.funnel_plot,
    _funnel,
    given=("pool",),
    result="a `Pool`, what `pool` or `small_study` returned",
    example=_example(f"funnel_plot({EFFECTS}, measure='SMD')", "Standardised mean difference"),
)
bubble_plot = of_data(
    bubble.bubble_plot,
    _bubbles,
    given=("moderation",),
    result="a `Moderation`",
    call=regress,
    example=""">>> from livingmeta import bubble_plot
    >>> bubble_plot("docs/tables/bcg.csv", measure="RR", by="latitude").get_xlabel()
    'latitude'""",
)
_BENT: dict[str, Any] = {"given": ("sensitivity",), "result": "a `Sensitivity`", "call": sensitivity}
_SHOWN = "Standardised mean difference"
leave_one_out_plot = of_data(
    bends.leave_one_out_plot,
    _bent,
    **_BENT,
    source=VIECHTBAUER,
    example=_example(f"leave_one_out_plot({EFFECTS}, measure='SMD')", _SHOWN),
)
cumulative_plot = of_data(
    bends.cumulative_plot,
    _bent,
    **_BENT,
    source="""Lau J, Antman EM, Jimenez-Silva J, et al. Cumulative meta-analysis of therapeutic trials for
    myocardial infarction. N Engl J Med 1992;327:248-254.""",
    example=_example(f"cumulative_plot({EFFECTS}, measure='SMD')", _SHOWN),
)
baujat_plot = of_data(
    bends.baujat_plot,
    _bent,
    **_BENT,
    example=_example(f"baujat_plot({EFFECTS})", "Contribution to heterogeneity, (y − μ)²/(v + τ²)"),
)
influence_plot = of_data(
    bends.influence_plot,
    _bent,
    **_BENT,
    source=VIECHTBAUER,
    example=_example(f"influence_plot({EFFECTS})", ""),
)
gosh_plot = of_data(
    subsets.gosh_plot,
    _gosh,
    given=("found", "name", "measure", "against", "shown"),
    result="what `gosh` returned",
    call=gosh,
    source="""Olkin I, Dahabreh IJ, Trikalinos TA. GOSH - a graphical display of study heterogeneity. Res
    Synth Methods 2012;3:214-223.""",
    example=_example(f"gosh_plot({EFFECTS}, measure='SMD')", _SHOWN),
)
posterior_plot = of_data(
    posterior.posterior_plot,
    _posterior,
    given=("pool", "found"),
    result="what `bayes` returned",
    call=bayes,
    source="""Röver C. Bayesian random-effects meta-analysis using the bayesmeta R package. J Stat Softw
    2020;93(6):1-51.""",
    example=_example(f"posterior_plot({EFFECTS}, measure='SMD')", _SHOWN),
)
deduction_plot = of_data(
    deduction.deduction_plot,
    _deduced,
    given=("deduction",),
    result="a `Deduction`",
    call=deduce,
    source="docs/deductions.md: what printed results give away.",
    example=_example(
        "deduction_plot('smith2017', 'pain-short')", "Least standard error that a set of trials allows"
    ),
)
prisma_plot = of_data(
    prisma.prisma_plot,
    _flowing,
    given=("flow",),
    result="a `Flow`",
    source="""Page MJ, McKenzie JE, Bossuyt PM, et al. The PRISMA 2020 statement: an updated guideline for
    reporting systematic reviews. BMJ 2021;372:n71.""",
    example=""">>> from livingmeta import prisma_plot
    >>> len(prisma_plot("smith2017").patches) > 5
    True""",
)
specification_curve = of_data(
    curve.specification_curve,
    _specified,
    given=("found", "shares"),
    result="a `Multiverse`",
    call=multiverse,
    source="""Simonsohn U, Simmons JP, Nelson LD. Specification curve analysis. Nat Hum Behav
    2020;4:1208-1214.""",
    example=""">>> from livingmeta import specification_curve
    >>> curve, panel = specification_curve("smith2017", "pain-short")
    >>> len(panel.get_yticks()) > 10
    True""",
)
