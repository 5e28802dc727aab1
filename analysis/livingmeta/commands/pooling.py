"""Pooling a review, by its own methods or those of other programs, and regressing its effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from livingmeta.commands import printing, screen
from livingmeta.commands.options import (
    AsJson,
    Documented,
    FileFavours,
    Include,
    Log,
    MeasureName,
    Model,
    NoAssumptions,
    ReviewName,
    Synthesis,
    Tau2,
)
from livingmeta.words import RefusalError

if TYPE_CHECKING:
    from livingmeta.review.protocol import Review
    from livingmeta.synthesis.comparison import Step
    from livingmeta.synthesis.pool import Pool
    from livingmeta.synthesis.settings import Selection


def pool(
    review: ReviewName,
    *,
    synthesis: Synthesis = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="methods of: revman5, revman-web, metafor, meta, today; all: side by side"
        ),
    ] = None,
    measure: MeasureName = None,
    model: Model = None,
    tau2: Tau2 = None,
    ci: Annotated[
        str | None, typer.Option(metavar="NAME", help="wald, t, hksj, hksj-modified or profile")
    ] = None,
    tau2_ci: Annotated[
        str | None, typer.Option(metavar="NAME", help="interval of tau2: q-profile or profile")
    ] = None,
    prediction: Annotated[
        str | None, typer.Option(metavar="NAME", help="t(k-1), t(k-2), z, nagashima or none")
    ] = None,
    level: Annotated[float | None, typer.Option(help="confidence level, 0.95 or 95 for 95%")] = None,
    several_arms: Annotated[
        str | None,
        typer.Option(metavar="HOW", help="comparisons of one trial: separate, split or combine them"),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="trial", help="trial: an interval that allows for several effects of a trial"),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="TRIAL", help="leave this trial out (repeatable)")
    ] = None,
    include_sensitivity: Include = False,
    no_assumptions: NoAssumptions = False,
    documented_only: Documented = False,
    terms: Annotated[
        str, typer.Option(metavar="NAME", help="set of follow-up terms of review.toml")
    ] = "default",
    log: Log = False,
    favours: FileFavours = None,
    as_json: AsJson = False,
) -> None:
    """Pool every synthesis of a review, or of a table (CSV, xlsx, rm5, RevMan package)."""
    from livingmeta.appraisal.choices import with_arms
    from livingmeta.synthesis.choosing import outside
    from livingmeta.synthesis.settings import Selection, headline_settings
    from livingmeta.synthesis.synthesise import synthesise

    listed, measure = _opened(review, measure=measure, log=log, favours=favours)
    if several_arms is not None:
        listed = [with_arms(one, several_arms) for one in listed]
    if synthesis is not None and len(listed) == 1:
        listed[0].plan(synthesis)
    selection = Selection(
        include_sensitivity=include_sensitivity,
        no_assumptions=no_assumptions,
        documented_only=documented_only,
        without=tuple(without or ()),
        terms=terms,
    )
    if profile == "all" and len(listed) > 1:
        raise RefusalError(
            f"{review} holds {len(listed)} kinds of analyses, and --profile all shows one review: "
            "make reviews of it with `livingmeta import`."
        )
    documents = []
    for loaded in listed:
        settings = headline_settings(
            loaded,
            name=None if profile == "all" else profile,
            measure=measure,
            level=level / 100 if level is not None and level > 1 else level,
            model=model,
            tau2=tau2,
            ci=ci,
            tau2_ci=tau2_ci,
            prediction=prediction,
            cluster=cluster,
        )
        if profile == "all":
            chosen = (model, tau2, ci, tau2_ci, prediction, level, cluster)
            _side_by_side(loaded, synthesis, settings.measure, selection, chosen=chosen, as_json=as_json)
            continue
        pools = [
            pool
            for pool in synthesise(loaded, settings=settings, selection=selection)
            if synthesis in {None, pool.synthesis}
        ]
        if as_json:
            from livingmeta.pages.documents import pooled

            documents += [pooled(pool) for pool in pools]
            continue
        plain = settings == headline_settings(loaded) and selection == Selection()
        plain = plain and several_arms is None
        if plain and synthesis is None and len(listed) == 1 and loaded.published:
            from livingmeta.audit.results import results_of

            printing.answers(results_of(loaded))
        for pool in pools:
            printing.whole(loaded, pool)
        if lost := outside(loaded, terms=terms):
            screen.console().print(f"outside every term of the set {terms}: {', '.join(lost)}\n")
    if as_json:
        return screen.json("pool", documents) if profile != "all" else None
    if profile != "all":
        printing.disclaimer()
    return None


def _opened(
    review: str, *, measure: str | None, log: bool, favours: str | None
) -> tuple[list[Review], str | None]:
    """Load a review, or the reviews that a file of data makes; and the measure still to choose."""
    from pathlib import Path

    from livingmeta.review.folder import load_review

    path = Path(review)
    if not path.is_dir():
        from livingmeta.exchange.analyses import Declared
        from livingmeta.exchange.imports import FILES, reviews_in

        if path.suffix.lower() in FILES:
            said = Declared(measure=measure, log=log, favours=favours)
            loaded, remarks = reviews_in(path, said)
            for remark in remarks:
                typer.echo(remark, err=True)
            one = loaded[0].protocol.methods.measure
            return loaded, None if len(loaded) == 1 and said.measure == one else measure
    if log or favours:
        raise RefusalError(
            f"--log and --favours say what a FILE leaves open, and {review} is a review: its "
            "review.toml says it."
        )
    return [load_review(review)], measure


def _side_by_side(
    loaded: Review,
    synthesis: str | None,
    measure: str,
    selection: Selection,
    *,
    chosen: tuple[object, ...],
    as_json: bool,
) -> None:
    from livingmeta.language import FLAG_WORDS
    from livingmeta.pages.phrases import beside, coverage, interval
    from livingmeta.synthesis.comparison import apart, compare
    from livingmeta.synthesis.profiles import PROFILES
    from livingmeta.words import decimals

    if any(one is not None for one in chosen):
        raise RefusalError(
            "--profile all shows each profile as it is: leave --model, --tau2, --ci, --tau2-ci, "
            "--prediction, --level and --cluster out, or choose one profile."
        )
    found = [
        one
        for one in compare(loaded, measure=measure, selection=selection)
        if synthesis in {None, one.own.synthesis}
    ]
    if as_json:
        from livingmeta.pages.documents import compared

        return screen.json("pool --profile all", [compared(one) for one in found])
    console = screen.console()
    methods = loaded.protocol.methods
    assumed = methods.profile if methods.assumed else None
    for one in found:
        console.print(f"{one.own.name} ({one.own.synthesis})", style="bold")
        console.print(f"  {coverage(loaded, one.own)}")
        console.print(f"  headline: {one.own.methods}")
        if one.own.result is None:
            console.print(f"  no pooled value by any profile: {one.own.why_not}\n")
            continue
        rows = [("headline", one.own), *one.pools]
        screen.table(
            [
                "profile",
                f"{printing.scale(one.own)} (CI)",
                f"{100 * one.own.result.level:g}% prediction\nof the true\neffect",
                "Tau²",
                "I² (from)",
            ],
            [
                [
                    profile + (" (assumed)" if profile == assumed else ""),
                    interval(pool.result),
                    printing.ahead(pool),
                    decimals(pool.result.tau2)[0],
                    _i2(pool),
                ]
                for profile, pool in rows
                if pool.result is not None
            ],
        )
        if words := beside(one.own):
            console.print(f"  headline: {words}")
        taken = "few_trials_for_prediction"
        if any(taken in pool.flags for _, pool in rows):
            console.print(f"  prediction: {FLAG_WORDS[taken]}")
        if apart(pool for _, pool in rows):
            console.print("  Whether the interval excludes no effect depends on the profile.")
        for choice in one.together:
            console.print("  not to be changed alone: {}, {} → {}".format(*choice))
        screen.table(
            ["changed alone", "as in", "result", "estimate and limits move by"],
            [
                [
                    f"{step.name}: {step.before} → {step.after}",
                    ", ".join(step.profiles),
                    interval(step.pool.result) if step.pool.result else "–",
                    _move(step),
                ]
                for step in one.steps
            ],
        )
    for profile in PROFILES.values():
        console.print(f"{profile.name}: {profile.about}.")
        if profile.unverified:
            console.print(f"  not verified: {profile.unverified}.")
    typer.echo()
    printing.disclaimer()
    return None


def _i2(pool: Pool) -> str:
    from livingmeta.words import decimal

    shown = pool.i2
    kind = "τ²" if pool.i2_from == "tau2" else "Q"
    return "–" if shown is None else f"{decimal(shown, 0)}% ({kind})"


def _move(step: Step) -> str:
    """Say what a step moves: the prediction interval, I² or interval of τ² where nothing else."""
    from livingmeta.words import decimals

    if step.moved is None:
        return "–"
    result = step.pool.result
    assert result is not None
    special = {
        "prediction": f"prediction {printing.ahead(step.pool)}",
        "i2": f"I² {_i2(step.pool)}",
        "tau2_ci": f"Tau² {decimals(result.tau2_low)[0]} to {decimals(result.tau2_high)[0]}",
    }
    if step.choice in special:
        return special[step.choice]
    # rounding of floats is no move
    moves = (0.0 if abs(move) < 1e-9 else move for move in step.moved)
    return ", ".join(f"{move:+.1g}" if move else "0" for move in moves).replace("-", "−")


def regress(
    review: ReviewName,
    *,
    synthesis: Annotated[
        list[str], typer.Option(metavar="ID", help="effects of this synthesis (repeatable)")
    ],
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="MODERATOR", help="year, weeks, n, outcome, … (repeatable); none: the mean"),
    ] = None,
    cluster: Annotated[
        bool | None, typer.Option(help="robust variances by trial; on where a trial gives several effects")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="methods of: revman5, revman-web, metafor, meta or today"),
    ] = None,
    model: Model = None,
    tau2: Tau2 = None,
    ci: Annotated[str | None, typer.Option(metavar="NAME", help="wald, t, hksj or hksj-modified")] = None,
    include_sensitivity: Include = False,
    no_assumptions: NoAssumptions = False,
    documented_only: Documented = False,
    as_json: AsJson = False,
) -> None:
    """Regress the effects of syntheses on moderators (meta-regression)."""
    from livingmeta.pages.phrases import flag_lines
    from livingmeta.review.folder import load_review
    from livingmeta.synthesis.moderation import regress as regressed
    from livingmeta.synthesis.settings import Selection, headline_settings
    from livingmeta.words import decimal, decimals, derived, p_words

    loaded = load_review(review)
    settings = headline_settings(loaded, name=profile, model=model, tau2=tau2, ci=ci)
    found = regressed(
        loaded,
        synthesis,
        by or (),
        settings=settings,
        selection=Selection(
            include_sensitivity=include_sensitivity,
            no_assumptions=no_assumptions,
            documented_only=documented_only,
        ),
        cluster=cluster,
    )
    if as_json:
        from livingmeta.pages.documents import regressed as document

        return screen.json("regress", document(found))
    result = found.result
    console = screen.console()
    console.print(
        f"{', '.join(found.syntheses)} by {', '.join(found.by) or 'nothing: the mean'}", style="bold"
    )
    missing = f", {len(found.missing)} more measured but missing here" if found.missing else ""
    console.print(f"  {result.k} effects of {found.trials} trials{missing}; {found.methods}")
    if result.clusters is not None:
        console.print("  intervals: cluster-robust by trial (CR2), Satterthwaite's df")
    screen.table(
        ["coefficient", f"{settings.label} ({100 * result.level:g}% CI)", "df", "P"],
        [
            [
                one.name,
                f"{derived(one.estimate)} "
                + (
                    "(interval not defined)"
                    if one.ci_low is None or one.ci_high is None
                    else f"({derived(one.ci_low)} to {derived(one.ci_high)})"
                ),
                "–" if one.df is None else f"{one.df:.1f}",
                p_words(one.p_value).removeprefix("P ").removeprefix("= "),
            ]
            for one in result.coefficients
        ],
    )
    if result.qm is not None:
        name = "Chi²" if len(result.qm_df) == 1 else "F"
        dfs = ", ".join(f"{df:g}" for df in result.qm_df)
        console.print(f"  all moderators: {name} = {decimal(result.qm)}, df = {dfs} ({p_words(result.qm_p)})")
    if alone := [one.name for one in result.coefficients if one.se is None]:
        console.print(f"  one trial alone determines: {', '.join(alone)}")
    (shown,) = decimals(result.tau2)
    tau2_words = "" if result.tau2 is None else f"Tau² ({result.tau2_method}) = {shown}; "
    explained = "" if result.r2 is None else f"; R² = {decimal(result.r2, 0)}%"
    console.print(
        f"  left between trials: {tau2_words}I² (from {'Q' if result.tau2 is None else 'τ²'}) = "
        f"{decimal(result.i2, 0)}%; "
        f"Q = {decimal(result.qe)}, df = {result.qe_df} ({p_words(result.qe_p)}){explained}"
    )
    for left in found.left_out:
        console.print(f"  left out: {left.label} – {left.why}")
    for line in flag_lines(found.flags):
        console.print(f"  flag {line}")
    printing.disclaimer()
    return None
