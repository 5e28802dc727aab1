"""Pooling a review, by its own methods or those of other programs, and regressing its effects."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from livingmeta.appraisal.choices import SEVERAL_ARMS, with_arms
from livingmeta.appraisal.comparison import Comparison, apart
from livingmeta.appraisal.moderation import Moderation
from livingmeta.audit.doubts import outside
from livingmeta.audit.results import results_of
from livingmeta.calls.methods import regress
from livingmeta.calls.opening import Opened
from livingmeta.calls.pooling import pools_of
from livingmeta.calls.reviews import compare
from livingmeta.calls.writing import figure_files
from livingmeta.commands import printing, screen
from livingmeta.commands.drawing import drawn_kinds
from livingmeta.commands.opening import opens
from livingmeta.commands.options import (
    AsJson,
    Documented,
    Full,
    Include,
    Lang,
    Level,
    MeasureName,
    Method,
    Model,
    NoAssumptions,
    OutFolder,
    SubgroupBy,
    Synthesis,
    Tau2,
    Without,
    listing,
    syntheses,
)
from livingmeta.engine.measures import as_shown, scale_name, scale_of
from livingmeta.engine.methods.regression import Coefficient
from livingmeta.language import FLAG_WORDS
from livingmeta.pages.changes import stepped
from livingmeta.pages.phrases import ahead_shown, beside, coverage, i2_from, interval, speaking
from livingmeta.review.protocol import Review
from livingmeta.synthesis.moderators import differing
from livingmeta.synthesis.profiles import PROFILES
from livingmeta.synthesis.settings import CLUSTERS, METHOD_OPTIONS, Selection, headline_settings
from livingmeta.words import RefusalError, decimal, decimals, derived, p_words, steady


@opens
def pool_command(
    opened: Opened,
    *,
    synthesis: Synthesis = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"methods of: {', '.join(PROFILES)}; all: side by side")
    ] = None,
    measure: MeasureName = None,
    method: Method = None,
    model: Model = None,
    tau2: Tau2 = None,
    ci: Annotated[str | None, typer.Option(metavar="NAME", help=listing(METHOD_OPTIONS["ci"]))] = None,
    tau2_ci: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"interval of tau2: {listing(METHOD_OPTIONS['tau2_ci'])}"),
    ] = None,
    prediction: Annotated[
        str | None, typer.Option(metavar="NAME", help=listing(METHOD_OPTIONS["prediction"]))
    ] = None,
    level: Level = None,
    several_arms: Annotated[
        str | None, typer.Option(metavar="HOW", help=f"comparisons of one trial: {listing(SEVERAL_ARMS)}")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="; ".join(f"{name}: {about}" for name, about in CLUSTERS.items())),
    ] = None,
    without: Without = None,
    include_sensitivity: Include = False,
    no_assumptions: NoAssumptions = False,
    documented_only: Documented = False,
    terms: Annotated[
        str, typer.Option(metavar="NAME", help="set of follow-up terms of review.toml")
    ] = "default",
    subgroup: SubgroupBy = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Pool a table, or every synthesis of a review."""
    rows: Any = {
        "include_sensitivity": include_sensitivity,
        "no_assumptions": no_assumptions,
        "documented_only": documented_only,
        "without": tuple(without or ()),
        "terms": terms,
        "subgroup": subgroup,
    }
    how: Any = {
        "method": method,
        "model": model,
        "tau2": tau2,
        "ci": ci,
        "tau2_ci": tau2_ci,
        "prediction": prediction,
        "level": level,
        "cluster": cluster,
    }
    page = screen.Page(full=full, where="" if synthesis else "--synthesis NAME for one alone")
    if profile == "all":
        if any(choice is not None for choice in how.values()):
            raise RefusalError(
                "--profile all shows each profile as it is: leave --method, --model, --tau2, --ci, "
                "--tau2-ci, --prediction, --level and --cluster out, or choose one profile."
            )
        armed = opened.review if several_arms is None else with_arms(opened.review, several_arms)
        comparisons = compare(armed, synthesis=synthesis, measure=measure, **rows)
        return _side_by_side(page, armed, comparisons, as_json=as_json)
    of = {"synthesis": synthesis, "profile": profile, "measure": measure, "several_arms": several_arms}
    loaded, pools, settings = pools_of(opened.review, None, {**of, **how, **rows})
    if as_json:
        from livingmeta.pages.documents import pooled

        return screen.json("pool", [pooled(pool) for pool in pools])
    asked = Selection(**rows) != Selection() or several_arms is not None
    plain = settings == headline_settings(loaded) and not asked
    results = results_of(loaded) if plain and loaded.published else None
    if results is not None and synthesis is None:
        printing.print_answers(page, results)
    for before, pool in zip((None, *pools), pools, strict=False):
        printing.print_pool(page, loaded, pool, after=before, results=results)
    page.section("")
    printing.methods(page, pools)
    if lost := outside(loaded, terms=terms):
        page.say(f"outside every term of the set {terms}: {', '.join(lost)}")
        page.gap()
    printing.disclaimer(page)
    return None


def _spans(comparison: Comparison) -> str:
    """Say between which values the profiles put the estimate, and between which limits."""
    results = [
        pool.result for pool in (comparison.own, *(each for _, each in comparison.pools)) if pool.result
    ]
    if not results:
        return ""
    measure = comparison.own.measure
    ends = [[getattr(r, end) for r in results] for end in ("estimate", "ci_low", "ci_high")]
    (low, high), (least, _), (_, most) = (as_shown(measure, min(end), max(end)) for end in ends)
    (_, inner_low), (inner_high, _) = (as_shown(measure, min(end), max(end)) for end in ends[1:])
    estimate = low if low == high else f"{low} to {high}"
    return (
        f"by the profiles {estimate}, at the widest {least} to {most}, at the narrowest "
        f"{inner_low} to {inner_high}"
    )


def _side_by_side(
    page: screen.Page, loaded: Review, comparisons: Sequence[Comparison], *, as_json: bool
) -> None:
    if as_json:
        from livingmeta.pages.documents import compared

        return screen.json("pool --profile all", [compared(comparison) for comparison in comparisons])
    methods = loaded.protocol.methods
    assumed = methods.profile if methods.assumed else None
    owns = [comparison.own for comparison in comparisons]
    for comparison, before in zip(comparisons, (None, *owns), strict=False):
        own = comparison.own
        spans = _spans(comparison)
        printing.heading(page, own, (spans, spans), after=before)
        page.say([f"  {coverage(loaded, own)}", f"  headline: {own.methods}"], rank=screen.NEVER, what="")
        if own.result is None:
            page.say(f"  no pooled value by any profile: {own.why_not}", rank=screen.NEVER, what="")
            page.gap()
            continue
        rows = [("headline", own), *comparison.pools]
        page.table(
            [
                "profile",
                f"{scale_name(own.measure)} (CI)",
                f"{100 * own.result.level:g}% prediction of the true effect",
                "Tau²",
                "I² (from)",
            ],
            [
                [
                    profile + (" (assumed)" if profile == assumed else ""),
                    interval(pool.result),
                    ahead_shown(pool),
                    decimals(pool.result.tau2)[0],
                    i2_from(pool),
                ]
                for profile, pool in rows
                if pool.result is not None
            ],
            rank=2,
            what="profile",
        )
        if words := beside(own):
            page.say(f"  headline: {words}", rank=3)
        taken = "few_trials_for_prediction"
        if any(taken in pool.flags for _, pool in rows):
            page.say(f"  prediction: {FLAG_WORDS[taken]}", rank=4)
        if apart(pool for _, pool in rows):
            page.say(f"  Whether the interval excludes {own.no_effect} (no effect) depends on the profile.")
        for choice in comparison.together:
            page.say("  not to be changed alone: {}, {} → {}".format(*choice), rank=4)
        page.table(
            ["changed alone", "as in", "result", "estimate and limits move by"],
            [
                [
                    f"{step.name}: {step.before} → {step.after}",
                    ", ".join(step.profiles),
                    interval(step.pool.result) if step.pool.result else "–",
                    stepped(step),
                ]
                for step in comparison.steps
            ],
            rank=3,
            what="method changed alone",
            by=[max(map(abs, step.moved or (0.0,))) for step in comparison.steps],
        )
        page.gap()
    page.section("")
    for profile in PROFILES.values():
        page.say(f"{profile.name}: {profile.about}.", rank=3, what="profile described")
        if profile.unverified:
            page.say(f"  not verified: {profile.unverified}.", rank=3)
    page.gap()
    printing.disclaimer(page)
    return None


@opens
def regress_command(
    opened: Opened,
    *,
    synthesis: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="effects of this synthesis (repeatable); needed where there are several",
            autocompletion=syntheses,
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODERATOR",
            help="year, weeks, n, …, a column of the FILE or a name in moderators.csv (repeatable); "
            "year*setting: both, and their interaction; needed",
        ),
    ] = None,
    cluster: Annotated[
        bool | None, typer.Option(help="robust variances by trial; on where a trial gives several effects")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"methods of: {listing(PROFILES)}")
    ] = None,
    method: Method = None,
    model: Model = None,
    tau2: Tau2 = None,
    ci: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=listing(ci for ci in METHOD_OPTIONS["ci"] if ci != "profile")),
    ] = None,
    include_sensitivity: Include = False,
    no_assumptions: NoAssumptions = False,
    documented_only: Documented = False,
    to: Annotated[
        str | None, typer.Option(metavar="KINDS", help="draw it as a bubble plot: svg, pdf and png")
    ] = None,
    along: Annotated[
        str | None,
        typer.Option(metavar="MODERATOR", help="axis of the bubble plot [the first that is a number]"),
    ] = None,
    predicted: Annotated[
        bool, typer.Option("--predicted", help="in the bubble plot, where a true effect is expected, too")
    ] = False,
    lang: Lang = "en",
    out: OutFolder = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Regress effects on moderators (meta-regression), and draw it."""
    loaded = opened.review
    plans = [plan.id for plan in loaded.protocol.synthesis]
    if not synthesis and len(plans) > 1:
        raise RefusalError(f"{opened.name} has several: choose with --synthesis of {listing(plans)}.")
    if not by:
        known = differing(loaded)
        ask = (
            f"say with --by on what to regress: {listing(known)}."
            if known
            else ("nothing by which its trials differ is known to regress on.")
        )
        mean = f"The mean alone is what livingmeta pool {opened.name} gives."
        raise RefusalError(f"{opened.name}: {ask} {mean}")
    kinds = [] if to is None else drawn_kinds(to)
    if not kinds and (along is not None or predicted or out is not None or lang != "en"):
        raise RefusalError(
            "--along, --predicted, --lang and --out are of the bubble plot: say --to png, too."
        )
    rows = {"no_assumptions": no_assumptions, "documented_only": documented_only}
    moderation = regress(
        loaded,
        by=by,
        synthesis=synthesis or plans,
        cluster=cluster,
        **{"profile": profile, "method": method, "model": model, "tau2": tau2, "ci": ci},
        **{"include_sensitivity": include_sensitivity, **rows},
    )
    paths = []
    if kinds:
        from livingmeta.figures.bubble import bubble_plot

        ax = bubble_plot(moderation, along=along, predicted=predicted, language=speaking(loaded, lang))
        stem = moderation.stem if lang == "en" else f"{moderation.stem}.{lang}"
        paths = figure_files(opened.folder(out) / f"bubble_{stem}", ax, *kinds)
    if as_json:
        from livingmeta.pages.documents import regressed

        return screen.json("regress", regressed(moderation))
    page = screen.Page(full=full)
    _print_regression(page, moderation, headline_settings(loaded).label)
    printing.written(page, paths)
    printing.disclaimer(page)
    return None


def _factor(label: str, slope: Coefficient) -> str:
    estimate, low, high = as_shown(label, slope.estimate, slope.ci_low, slope.ci_high)
    return f"{estimate} ({low} to {high})" if slope.se is not None else str(estimate)


def _print_regression(page: screen.Page, moderation: Moderation, label: str) -> None:
    result = moderation.result
    page.say(moderation.about, bold=True)
    missing = f", {len(moderation.missing)} more measured but missing here" if moderation.missing else ""
    effects = f"{result.k} {screen.plural(result.k, 'effect')}"
    trials = f"{moderation.trials} {screen.plural(moderation.trials, 'trial')}"
    page.say(f"  {effects} of {trials}{missing}; {moderation.methods}")
    if result.clusters is not None:
        page.say("  intervals: cluster-robust by trial (CR2), Satterthwaite's df")
    dfs = {slope.df for slope in result.coefficients}
    several = len(dfs) > 1  # which a column says
    if not several and None not in dfs:
        page.say(f"  intervals and P: t with {min(filter(None, dfs)):g} degrees of freedom")
    ratio = scale_of(label).ratio  # whose effects are logs, so that what is added is a factor
    factor = [f"times {scale_name(label)}"] if ratio else []
    page.table(
        ["coefficient", f"{label} ({100 * result.level:g}% CI)", *factor, *(["df"] if several else []), "P"],
        [
            [
                slope.name,
                f"{derived(steady(slope.estimate, slope.se or 0))} "
                + (
                    "(interval not defined)"
                    if slope.ci_low is None or slope.ci_high is None
                    else f"({derived(slope.ci_low)} to {derived(slope.ci_high)})"
                ),
                *([_factor(label, slope)] if ratio else []),
                *(["–" if slope.df is None else f"{slope.df:.1f}"] if several else []),
                p_words(slope.p_value).removeprefix("P ").removeprefix("= "),
            ]
            for slope in result.coefficients
        ],
        what="coefficient",
    )
    page.say(
        "  intercept: where every number is 0 and every category at the level compared with; the others: "
        + "what one unit more of it changes"
        + (
            ", where what it interacts with is 0 or at that level; ×: by how much this differs for one "
            "unit, or at a level, of the other"
            if moderation.interactions
            else ""
        )
        + (
            f"; times {scale_name(label)}: by what this multiplies it, at the intercept itself"
            if ratio
            else ""
        )
        + ("" if result.r2 is None else "; R²: which part of τ² the moderators explain"),
        rank=1,
    )
    if result.qm is not None:
        name = "Chi²" if len(result.qm_df) == 1 else "F"
        told = [("all moderators", result.qm, result.qm_df, result.qm_p)]
        if len(result.tests) > 1 or moderation.interactions:
            told += [(test.name, test.statistic, test.df, test.p_value) for test in result.tests]
        for what, statistic, df, p_value in told:
            of = ", ".join(f"{each:g}" for each in df)
            page.say(f"  {what}: {name} = {decimal(statistic)}, df = {of} ({p_words(p_value)})")
    elif len(result.coefficients) > 2:  # robust
        page.say("  no test of several coefficients at once is had of cluster-robust variances", rank=3)
    if result.cells:
        held = "; ".join(f"{cell.name}: {cell.k}" for cell in result.cells)
        page.say(f"  effects with {held}", rank=3)
    if alone := [slope.name for slope in result.coefficients if slope.se is None]:
        page.say(f"  one trial alone determines: {', '.join(alone)}")
    (shown,) = decimals(result.tau2)
    tau2_words = "" if result.tau2 is None else f"Tau² ({result.tau2_method}) = {shown}; "
    explained = "" if result.r2 is None else f"; R² = {decimal(result.r2, 0)}%"
    kind = "Q" if result.tau2 is None else "τ²"
    i2 = "" if result.i2 is None else f"I² (from {kind}) = {decimal(result.i2, 0)}%; "
    page.say(
        f"  left between trials: {tau2_words}{i2}"
        f"Q = {decimal(result.qe)}, df = {result.qe_df} ({p_words(result.qe_p)}){explained}"
    )
    for left in moderation.left_out:
        page.say(f"  left out: {left.label} – {left.why}", rank=2, what="trial left out")
    printing.flags(page, moderation.flags)
