"""The command line: it parses, calls and prints; everything else stands elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from livingmeta import __version__, editing, screen

if TYPE_CHECKING:
    from pathlib import Path

    from livingmeta.comparison import Step
    from livingmeta.protocol import Review
    from livingmeta.report import Results
    from livingmeta.settings import Selection
    from livingmeta.synthesis import Pool

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: it answers in a third of the time
    pretty_exceptions_enable=False,
    help="Rerun, check and extend a meta-analysis in which each number carries its source.",
)

ReviewName = Annotated[
    str, typer.Argument(metavar="REVIEW", help="name of a review, or path to its folder")
]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON document, nothing else")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"livingmeta {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="show the version"),
    ] = False,
) -> None:
    """Rerun, check and extend a meta-analysis in which each number carries its source."""


@app.command("reviews")
def list_reviews(*, as_json: AsJson = False) -> None:
    """List the reviews that can be found, with their questions."""
    import tomllib

    from livingmeta.review import TEMPLATE, reviews

    found = []
    for name, folder in reviews().items():
        if name == TEMPLATE:
            continue
        try:
            declared = tomllib.loads((folder / "review.toml").read_text(encoding="utf-8"))
            question = str(declared.get("question", "(review.toml states no question)"))
        except ValueError:  # not TOML or not UTF-8: `check` says where
            question = f"(review.toml can't be read: see livingmeta check {name})"
        found.append({"review": name, "question": question, "folder": str(folder)})
    if as_json:
        return screen.json(found)
    screen.table(["review", "question"], [[one["review"], one["question"]] for one in found])
    return None


@app.command()
def check(
    review: ReviewName,
    *,
    agree: Annotated[
        int | None, typer.Option(metavar="N", help="settle disagreement N of two extractions")
    ] = None,
    take: Annotated[
        str | None, typer.Option(metavar="first|second", help="whose value is right")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="who settled it")] = None,
    why: Annotated[str | None, typer.Option(metavar="WORDS", help="why")] = None,
    as_json: AsJson = False,
) -> None:
    """Say everything that is wrong or doubtful in a review; exit with 1 if anything is wrong."""
    from livingmeta.derivation import implausible
    from livingmeta.extraction import disagreements
    from livingmeta.review import examine, find
    from livingmeta.settings import undeclarable

    if agree is not None:
        editing.settle(review, agree, take=take, by=by, why=why)
    find(review)
    loaded, problems = examine(review)
    if loaded is not None:
        problems += undeclarable(loaded)
    errors = [problem for problem in problems if problem.severity == "error"]
    if loaded is not None and not errors:
        problems += implausible(loaded)
        problems += [one.problem(i) for i, one in enumerate(disagreements(loaded), start=1)]
    warnings = len(problems) - len(errors)
    if as_json:
        from dataclasses import asdict

        listed = [{**asdict(problem), "message": str(problem)} for problem in problems]
        screen.json(
            {"review": review, "errors": len(errors), "warnings": warnings, "problems": listed}
        )
    else:
        for problem in problems:
            typer.echo(f"{'warning: ' if problem.severity == 'warning' else ''}{problem}")
        trials = f"{len(loaded.trials)} trials, {len(loaded.outcomes)} rows; " if loaded else ""
        typer.echo(f"{review}: {trials}{len(errors)} wrong, {warnings} doubtful.")
    if errors:
        raise typer.Exit(1)


# Written out, so that --help needs no import; a test holds them against the registries.
MEASURES_HELP = "SMD, MD, GLASS, ROM, SMD-PP, OR, RR or RD"
TAU2_HELP = "DL, DL2, HE, CA, HS, SJ, ML, REML, EB or PM"

Include = Annotated[
    bool,
    typer.Option(
        "--include-sensitivity",
        help="use rows held for sensitivity analyses where a trial has no other",
    ),
]
NoAssumptions = Annotated[
    bool, typer.Option("--no-assumptions", help="drop rows that rest on an assumption")
]
Documented = Annotated[
    bool,
    typer.Option(
        "--documented-only", help="drop those, and trials whose membership is only inferred"
    ),
]


@app.command()
def pool(
    review: ReviewName,
    *,
    synthesis: Annotated[str | None, typer.Option(metavar="ID", help="only this synthesis")] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="methods of: revman5, revman-web, metafor, meta, today; all: side by side",
        ),
    ] = None,
    measure: Annotated[str | None, typer.Option(metavar="NAME", help=MEASURES_HELP)] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="common or random")] = None,
    tau2: Annotated[str | None, typer.Option(metavar="NAME", help=TAU2_HELP)] = None,
    ci: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="wald, t, hksj, hksj-modified or profile"),
    ] = None,
    tau2_ci: Annotated[
        str | None, typer.Option(metavar="NAME", help="interval of tau2: q-profile or profile")
    ] = None,
    prediction: Annotated[
        str | None, typer.Option(metavar="NAME", help="t(k-1), t(k-2), z or none")
    ] = None,
    level: Annotated[
        float | None, typer.Option(help="confidence level, 0.95 or 95 for 95%")
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
    as_json: AsJson = False,
) -> None:
    """Pool every synthesis of a review, or of a table (CSV, xlsx, rm5, RevMan package)."""
    from livingmeta.settings import Selection, settings_of
    from livingmeta.synthesis import outside, synthesise

    listed = _opened(review)
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
        raise ValueError(
            f"{review} holds {len(listed)} kinds of analyses, and --profile all shows one review: "
            "make reviews of it with `livingmeta import`."
        )
    documents = []
    for loaded in listed:
        settings = settings_of(
            loaded.protocol.methods,
            name=None if profile == "all" else profile,
            measure=measure,
            level=level / 100 if level is not None and level > 1 else level,
            model=model,
            tau2=tau2,
            ci=ci,
            tau2_ci=tau2_ci,
            prediction=prediction,
        )
        if profile == "all":
            chosen = (model, tau2, ci, tau2_ci, prediction, level)
            _side_by_side(
                loaded, synthesis, settings.measure, selection, chosen=chosen, as_json=as_json
            )
            continue
        pools = [
            pool
            for pool in synthesise(loaded, settings=settings, selection=selection)
            if synthesis in {None, pool.synthesis}
        ]
        if as_json:
            documents += [_pool_json(pool) for pool in pools]
            continue
        plain = settings == settings_of(loaded.protocol.methods) and selection == Selection()
        if plain and synthesis is None and len(listed) == 1 and loaded.published:
            from livingmeta.report import results_of

            _print_headlines(results_of(loaded))
        for pool in pools:
            _print_pool(loaded, pool)
        if lost := outside(loaded, terms=terms):
            screen.console().print(f"outside every term of the set {terms}: {', '.join(lost)}\n")
    if as_json:
        return screen.json(documents) if profile != "all" else None
    if profile != "all":
        _print_disclaimer()
    return None


def _opened(review: str) -> list[Review]:
    """Load a review, or the reviews that a file of data makes."""
    from pathlib import Path

    from livingmeta.review import load_review

    path = Path(review)
    if not path.is_dir():
        from livingmeta.exchange import FILES, reviews_in

        if path.suffix.lower() in FILES:
            loaded, remarks = reviews_in(path)
            for remark in remarks:
                typer.echo(remark, err=True)
            return loaded
    return [load_review(review)]


def _side_by_side(
    loaded: Review,
    synthesis: str | None,
    measure: str,
    selection: Selection,
    *,
    chosen: tuple[object, ...],
    as_json: bool,
) -> None:
    from livingmeta.comparison import apart, compare
    from livingmeta.profiles import PROFILES
    from livingmeta.report import coverage, interval
    from livingmeta.synthesis import shown_i2
    from livingmeta.words import decimal

    if any(one is not None for one in chosen):
        raise ValueError(
            "--profile all shows each profile as it is: leave --model, --tau2, --ci, --tau2-ci, "
            "--prediction and --level out, or choose one profile."
        )
    found = [
        one
        for one in compare(loaded, measure=measure, selection=selection)
        if synthesis in {None, one.own.synthesis}
    ]
    if as_json:
        from dataclasses import asdict

        return screen.json(
            [
                {
                    "synthesis": one.own.synthesis,
                    "subgroup": one.own.subgroup,
                    "own": _pool_json(one.own),
                    "profiles": {name: _pool_json(pool) for name, pool in one.pools},
                    "steps": [
                        {**asdict(step), "pool": _pool_json(step.pool)} for step in one.steps
                    ],
                }
                for one in found
            ]
        )
    console = screen.console()
    for one in found:
        name = f"{one.own.title} – {one.own.subgroup}" if one.own.subgroup else one.own.title
        console.print(f"{name} ({one.own.synthesis})", style="bold")
        console.print(f"  {coverage(loaded, one.own)}")
        console.print(f"  own methods: {one.own.methods}")
        if one.own.result is None:
            console.print(f"  no pooled value by any profile: {one.own.why_not}\n")
            continue
        rows = [("own methods", one.own), *one.pools]
        screen.table(
            ["profile", f"{_scale_name(one.own)} (CI)", "new trial", "Tau²", "I²"],
            [
                [
                    profile,
                    interval(pool.result),
                    _ahead(pool),
                    decimal(pool.result.tau2),
                    f"{decimal(shown_i2(pool), 0)}%" if shown_i2(pool) is not None else "–",
                ]
                for profile, pool in rows
                if pool.result is not None
            ],
        )
        if apart(pool for _, pool in rows):
            console.print("  Whether the interval excludes no effect depends on the profile.")
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
    _print_disclaimer()
    return None


def _scale_name(pool: Pool) -> str:
    """Return the name of a pool's measure as readers see it."""
    from livingmeta.effect_sizes import scale_name

    return scale_name(pool.measure)


def _ahead(pool: Pool) -> str:
    """Show the prediction interval, with a dash below the trials from which it is shown."""
    from livingmeta.effect_sizes import on_scale
    from livingmeta.synthesis import PREDICTION_FROM
    from livingmeta.words import decimal

    result = pool.result
    if result is None or result.pi_low is None or result.pi_high is None:
        return "–"
    if result.k < PREDICTION_FROM:
        return "too few"
    low, high = (decimal(on_scale(pool.measure, end)) for end in (result.pi_low, result.pi_high))
    return f"{low} to {high}"


def _move(step: Step) -> str:
    """Say what a step moves: the prediction interval, I² or interval of τ² where nothing else."""
    from livingmeta.synthesis import shown_i2
    from livingmeta.words import decimal

    if step.moved is None:
        return "–"
    result = step.pool.result
    assert result is not None
    special = {
        "prediction": f"new trial {_ahead(step.pool)}",
        "i2": f"I² {decimal(shown_i2(step.pool), 0)}%",
        "tau2_ci": f"Tau² {decimal(result.tau2_low)} to {decimal(result.tau2_high)}",
    }
    if step.choice in special:
        return special[step.choice]
    # rounding of floats is no move
    moves = (0.0 if abs(move) < 1e-9 else move for move in step.moved)
    return ", ".join(f"{move:+.1g}" if move else "0" for move in moves).replace("-", "−")


@app.command()
def regress(
    review: ReviewName,
    *,
    synthesis: Annotated[
        list[str], typer.Option(metavar="ID", help="effects of this synthesis (repeatable)")
    ],
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODERATOR", help="year, weeks, n, outcome, … (repeatable); none: the mean"
        ),
    ] = None,
    cluster: Annotated[
        bool | None,
        typer.Option(help="robust variances by trial; on where a trial gives several effects"),
    ] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="methods of")] = None,
    tau2: Annotated[str | None, typer.Option(metavar="NAME", help=TAU2_HELP)] = None,
    ci: Annotated[
        str | None, typer.Option(metavar="NAME", help="wald, t, hksj or hksj-modified")
    ] = None,
    include_sensitivity: Include = False,
    no_assumptions: NoAssumptions = False,
    documented_only: Documented = False,
    as_json: AsJson = False,
) -> None:
    """Regress the effects of syntheses on moderators (meta-regression)."""
    from dataclasses import asdict

    from livingmeta.arms import derived
    from livingmeta.moderation import regress as regressed
    from livingmeta.report import flag_lines
    from livingmeta.review import load_review
    from livingmeta.settings import Selection, settings_of
    from livingmeta.words import decimal, p_words

    loaded = load_review(review)
    found = regressed(
        loaded,
        synthesis,
        by or (),
        settings=settings_of(loaded.protocol.methods, name=profile, tau2=tau2, ci=ci),
        selection=Selection(
            include_sensitivity=include_sensitivity,
            no_assumptions=no_assumptions,
            documented_only=documented_only,
        ),
        cluster=cluster,
    )
    if as_json:
        return screen.json(asdict(found))
    result = found.result
    console = screen.console()
    console.print(
        f"{', '.join(found.syntheses)} by {', '.join(found.by) or 'nothing: the mean'}",
        style="bold",
    )
    missing = f", {len(found.missing)} more measured but missing here" if found.missing else ""
    console.print(f"  {result.k} effects of {found.trials} trials{missing}; {found.methods}")
    if result.clusters is not None:
        console.print("  intervals: cluster-robust by trial (CR2), Satterthwaite's df")
    screen.table(
        ["coefficient", f"estimate ({100 * result.level:g}% CI)", "df", "P"],
        [
            [
                one.name,
                f"{derived(one.estimate)} ({derived(one.ci_low)} to {derived(one.ci_high)})",
                "–" if one.df is None else f"{one.df:.1f}",
                p_words(one.p_value).removeprefix("P ").removeprefix("= "),
            ]
            for one in result.coefficients
        ],
    )
    if result.qm is not None:
        name = "Chi²" if len(result.qm_df) == 1 else "F"
        dfs = ", ".join(f"{df:g}" for df in result.qm_df)
        console.print(
            f"  all moderators: {name} = {decimal(result.qm)}, df = {dfs} ({p_words(result.qm_p)})"
        )
    explained = "" if result.r2 is None else f"; R² = {decimal(result.r2, 0)}%"
    console.print(
        f"  left between trials: Tau² = {decimal(result.tau2)}; I² = {decimal(result.i2, 0)}%; "
        f"Q = {decimal(result.qe)}, df = {result.qe_df} ({p_words(result.qe_p)}){explained}"
    )
    for left in found.left_out:
        console.print(f"  left out: {left.label} – {left.why}")
    for line in flag_lines(found.flags):
        console.print(f"  flag {line}")
    _print_disclaimer()
    return None


@app.command()
def sensitivity(
    review: ReviewName,
    *,
    synthesis: Annotated[str | None, typer.Option(metavar="ID", help="only this synthesis")] = None,
    as_json: AsJson = False,
) -> None:
    """Pool under other defensible choices, and without each trial in turn."""
    from livingmeta.effect_sizes import scale_name
    from livingmeta.news import excludes
    from livingmeta.report import coverage, interval, people
    from livingmeta.review import load_review
    from livingmeta.scenarios import sensitivity as bent
    from livingmeta.words import decimal

    loaded = load_review(review)
    if synthesis is not None:
        loaded.plan(synthesis)
    found = [one for one in bent(loaded) if synthesis in {None, one.main.synthesis}]
    if as_json:
        from dataclasses import asdict

        return screen.json(
            [
                {
                    "synthesis": one.main.synthesis,
                    "subgroup": one.main.subgroup,
                    "main": _pool_json(one.main),
                    "scenarios": [
                        {"name": s.name, "pool": _pool_json(s.pool) if s.pool else None}
                        for s in one.scenarios
                    ],
                    "without": [asdict(left) for left in one.without],
                    "stages": [asdict(stage) for stage in one.stages],
                }
                for one in found
            ]
        )
    console = screen.console()
    for one in found:
        pool = one.main
        name = f"{pool.title} – {pool.subgroup}" if pool.subgroup else pool.title
        console.print(f"{name} ({pool.synthesis})", style="bold")
        console.print(f"  {coverage(loaded, pool)}; {pool.methods}")
        rows = [("main analysis", pool), *((s.name, s.pool) for s in one.scenarios)]
        screen.table(
            ["analysis", f"{scale_name(pool.measure)} (CI)", "k", "people", "interval"],
            [
                [
                    label,
                    interval(other.result) if other and other.result else "–",
                    str(len(other.effects)) if other else "–",
                    str(people(other)) if other else "–",
                    excludes(other),
                ]
                for label, other in rows
            ],
        )
        if one.without:
            screen.table(
                ["without", f"{scale_name(pool.measure)} (CI)", "weight", "residual", "Cook"],
                [
                    [
                        left.label,
                        interval(left, measure=pool.measure),
                        f"{left.weight:.1f}%",
                        decimal(left.rstudent),
                        decimal(left.cook),
                    ]
                    for left in one.without
                ],
            )
    _print_disclaimer()
    return None


@app.command("small-study")
def small_study(
    review: ReviewName,
    *,
    synthesis: Annotated[str | None, typer.Option(metavar="ID", help="only this synthesis")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="test below ten trials, too, with a warning")
    ] = False,
    out: Annotated[str, typer.Option(metavar="FOLDER", help="folder for the figures")] = "figures",
    as_json: AsJson = False,
) -> None:
    """Test whether small trials tell another story: funnel, Egger, Begg, PEESE, trim and fill."""
    from dataclasses import asdict
    from pathlib import Path

    from livingmeta.changes import headline_settings
    from livingmeta.drafts import key_of
    from livingmeta.effect_sizes import scale_name
    from livingmeta.funnels import funnel_plot
    from livingmeta.plots import figure_bytes
    from livingmeta.report import interval
    from livingmeta.review import load_review
    from livingmeta.small_study import ENOUGH, battery
    from livingmeta.store import write
    from livingmeta.synthesis import synthesise
    from livingmeta.words import decimal, p_words

    loaded = load_review(review)
    if synthesis is not None:
        loaded.plan(synthesis)
    settings = headline_settings(loaded)
    documents: list[dict[str, Any]] = []
    console = screen.console()
    for pool in synthesise(loaded, settings=settings):
        if synthesis not in {None, pool.synthesis}:
            continue
        name = f"{pool.title} – {pool.subgroup}" if pool.subgroup else pool.title
        sizes = [(effect.n1, effect.n2) for effect in pool.effects]
        try:
            tests, filled = battery(
                [effect.yi for effect in pool.effects],
                [effect.vi for effect in pool.effects],
                sizes=sizes if pool.measure == "SMD" else None,
                force=force,
                tau2=settings.profile.tau2,
                ci=settings.profile.ci if settings.profile.ci != "profile" else "wald",
                level=settings.level,
            )
        except ValueError as refusal:
            documents.append({"synthesis": pool.synthesis, "subgroup": pool.subgroup,
                              "refused": str(refusal)})  # fmt: skip
            if not as_json:
                console.print(f"{name} ({pool.synthesis})", style="bold")
                console.print(f"  {refusal}")
            continue
        documents.append({"synthesis": pool.synthesis, "subgroup": pool.subgroup,
                          "tests": [asdict(one) for one in tests],
                          "filled": asdict(filled)})  # fmt: skip
        if as_json:
            continue
        console.print(f"{name} ({pool.synthesis})", style="bold")
        if len(pool.effects) < ENOUGH:
            console.print(
                f"  {len(pool.effects)} trials, forced: below {ENOUGH} these tests can't tell "
                "chance from bias."
            )
        screen.table(
            ["test", "statistic", "P", f"{scale_name(pool.measure)} of a trial without error"],
            [
                [
                    one.name,
                    f"t({one.df}) = {decimal(one.t)}" if one.t is not None
                    else f"τ = {decimal(one.statistic)}",
                    p_words(one.p_value).removeprefix("P ").removeprefix("= "),
                    "–" if one.limit is None else f"{decimal(one.limit)} "
                    f"({decimal(one.limit_low)} to {decimal(one.limit_high)})",
                ]
                for one in tests
            ],
        )  # fmt: skip
        console.print(
            f"  trim and fill: {filled.k0} trials added on the {filled.side}; with them "
            f"{scale_name(pool.measure)} {interval(filled.result, measure=pool.measure)}"
        )
        part = f"_{key_of(pool.subgroup, [])[:24]}" if pool.subgroup else ""
        path = Path(out) / loaded.protocol.id / f"funnel_{pool.synthesis}{part}.png"
        write(path, figure_bytes(funnel_plot(pool, filled=filled).figure, "png"))
        console.print(f"  {path} written")
    if as_json:
        return screen.json(documents)
    console.print(
        "An asymmetric funnel has many causes: bias in what is published, in small trials "
        "themselves, true differences, or chance."
    )
    _print_disclaimer()
    return None


@app.command()
def reproduce(review: ReviewName, *, as_json: AsJson = False) -> None:
    """Show each printed number beside ours, with a verdict, and what does not fit together."""
    from livingmeta.report import results_of
    from livingmeta.review import load_review
    from livingmeta.words import decimal

    results = results_of(load_review(review))
    if as_json:
        from dataclasses import asdict

        claims = [asdict(verdict) for verdict in results.verdicts]
        return screen.json({"claims": claims, "findings": [asdict(f) for f in results.findings]})
    _print_headlines(results)
    counts: dict[str, int] = {}
    for verdict in results.verdicts:
        counts[verdict.verdict] = counts.get(verdict.verdict, 0) + 1
    # A reader wants the exceptions: a thousand reproduced row values are a count, not a list.
    long = counts.get("reproduced", 0) > 60
    shown = [v for v in results.verdicts if not (long and v.verdict == "reproduced")]
    screen.table(
        ["claim", "quantity", "printed", "recomputed", "verdict"],
        [[v.claim, v.quantity, v.printed, decimal(v.recomputed, 4), v.verdict] for v in shown],
    )
    reasons = (f"{v.claim}, {v.verdict}: {v.detail}" for v in shown if v.verdict != "not numeric")
    for reason in dict.fromkeys(reasons):
        typer.echo(reason)
    told = ", ".join(f"{number} {name}" for name, number in counts.items())
    typer.echo(f"\n{told or 'no printed numbers to compare with'}.")
    for finding in results.findings:
        typer.echo(f"\n{finding.kind} ({', '.join(finding.claims)}): {finding.detail}")
    _print_disclaimer()
    return None


@app.command()
def certify(
    review: ReviewName,
    *,
    out: Annotated[str, typer.Option(metavar="FOLDER", help="folder for the figures")] = "figures",
    as_json: AsJson = False,
) -> None:
    """Compare every pooled number with other programs; exit with 1 if one differs unexplained."""
    import json
    from dataclasses import asdict
    from pathlib import Path

    from livingmeta.certificate import certify as certified
    from livingmeta.certificate import markdown
    from livingmeta.report import results_of
    from livingmeta.review import load_review
    from livingmeta.store import write

    certificate = certified(results_of(load_review(review)), program=__version__)
    folder = Path(out) / certificate.review
    document = {**asdict(certificate), "summary": certificate.summary()}
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    written = [
        write(folder / "certificate.md", markdown(certificate)),
        write(folder / "certificate.json", text + "\n"),
    ]
    if as_json:
        typer.echo(text)
    else:
        for line in certificate.summary():
            screen.console().print(line)
        typer.echo(f"{' and '.join(str(path) for path in written)} written.")
    if certificate.unexplained:
        raise typer.Exit(1)


@app.command()
def trace(
    review: ReviewName,
    synthesis: Annotated[str | None, typer.Argument(metavar="[SYNTHESIS]")] = None,
    trial: Annotated[str | None, typer.Argument(metavar="[TRIAL]")] = None,
    *,
    include_sensitivity: Include = False,
) -> None:
    """Follow each effect back to the sentences it comes from."""
    from livingmeta.names import pick
    from livingmeta.report import source_line
    from livingmeta.review import load_review
    from livingmeta.settings import Selection
    from livingmeta.synthesis import synthesise

    loaded = load_review(review)
    if synthesis is not None:
        loaded.plan(synthesis)
    if trial is not None:
        pick({one.trial: one for one in loaded.trials}, trial, "TRIAL")
    selection = Selection(include_sensitivity=include_sensitivity)
    for pool in synthesise(loaded, selection=selection):
        if synthesis not in {None, pool.synthesis}:
            continue
        effects = [effect for effect in pool.effects if trial in {None, effect.trial}]
        name = f"{pool.title} – {pool.subgroup}" if pool.subgroup else pool.title
        typer.echo(f"{name} ({pool.synthesis})")
        if not effects:
            typer.echo("  nothing to trace: " + (pool.why_not or "the trial is not pooled here"))
        for effect in effects:
            typer.echo(f"  {effect.label}: {effect.instrument_name or pool.outcome}")
            for file, row in effect.rows:
                citation, locator, quote = source_line(loaded, file, row)
                typer.echo(f"    {file} row {row}: “{quote}”")
                typer.echo(f"      {locator}: {citation}")
            for step in effect.derivation:
                typer.echo(f"    – {step}")
            if effect.assumption:
                typer.echo(f"    † assumed: {effect.assumption}")


@app.command()
def gaps(
    review: ReviewName,
    *,
    letter: Annotated[
        bool, typer.Option("--letter", help="write a letter to the authors of each report")
    ] = False,
    out: Annotated[str, typer.Option(metavar="FOLDER", help="folder for the letters")] = "figures",
    as_json: AsJson = False,
) -> None:
    """List what is known to have been measured and is not here, and where to look."""
    from livingmeta.known_gaps import known_gaps
    from livingmeta.review import load_review

    loaded = load_review(review)
    listed = known_gaps(loaded)
    if letter:
        return editing.letters(loaded, out=out)
    if as_json:
        return screen.json(
            [
                {
                    **one.gap.model_dump(),
                    "number": one.number,
                    "people": one.people,
                    "syntheses": one.syntheses,
                    "filled": one.filled,
                }
                for one in listed
            ]
        )
    owners = [trial.trial for trial in loaded.trials]
    console = screen.console()
    last = None
    for one in sorted(listed, key=lambda one: owners.index(one.gap.trial)):
        gap = one.gap
        if one.trial is not last:
            people = one.people or "an unknown number of"
            console.print(f"{one.trial.label} (would add {people} people)", style="bold")
        last = one.trial
        instrument = loaded.instrument(gap.instrument)
        about = [gap.outcome, instrument.name if instrument else "instrument not known"]
        about.append("time not known" if gap.weeks is None else f"week {gap.weeks:g}")
        feeds = f" → {', '.join(one.syntheses)}" if one.syntheses else ""
        state = " FILLED" if one.filled else ""
        console.print(f"  {one.number}. {', '.join(about)}{feeds}{state}: {gap.what}")
        console.print(f"     look in {gap.where}")
    still = sum(not one.filled for one in listed)
    done = "" if still == len(listed) else f", {len(listed) - still} of them filled"
    typer.echo(f"{len(listed)} known gaps{done}. To fill one: livingmeta add {review} --gap N")
    return None


@app.command()
def dictionary() -> None:
    """Print the data dictionary: each file of a review, each column, what it may hold."""
    from livingmeta.schema import dictionary as written

    typer.echo(written(), nl=False)


@app.command()
def run(
    review: ReviewName,
    *,
    out: Annotated[str, typer.Option(metavar="FOLDER", help="folder for the figures")] = "figures",
) -> None:
    """Pool, compare with what was published, and write figures, tables and the report."""
    from pathlib import Path

    from livingmeta.report import published, results_of, verdict_words
    from livingmeta.review import load_review

    results = results_of(load_review(review))
    folder = Path(out) / results.review.protocol.id
    written = _write(results, folder)
    _print_headlines(results)
    for pool in results.headline_pools:
        _print_summary(results.review, pool)
        if said := published(results, pool):
            typer.echo(f"  {said}; verdict: {verdict_words(results, pool)}")
        if pool.flags:
            screen.console().print(f"  flags: {', '.join(pool.flags)}")
    typer.echo(f"\n{len(written)} files in {folder}; begin with {folder / 'report.md'}.")
    _print_disclaimer()


def _write(results: Results, folder: Path) -> list[Path]:
    from rich.console import Console
    from rich.progress import track

    from livingmeta.plots import figure_bytes, forest_plot
    from livingmeta.report import markdown, tables
    from livingmeta.store import write

    by_synthesis: dict[str, list[Pool]] = {}
    for pool in results.headline_pools:
        by_synthesis.setdefault(pool.synthesis, []).append(pool)
    written = []
    progress = Console(stderr=True)
    for synthesis, pools in track(
        by_synthesis.items(), "Drawing", console=progress, transient=True
    ):
        figure = forest_plot(pools).figure
        for kind in ("svg", "pdf", "png"):
            path = folder / f"forest_{synthesis}.{kind}"
            written.append(write(path, figure_bytes(figure, kind)))
    for name, frame in tables(results).items():
        written.append(
            write(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
        )
    pictures = [(synthesis, f"forest_{synthesis}.png") for synthesis in by_synthesis]
    page = markdown(results, figures=pictures, version=__version__)
    return [*written, write(folder / "report.md", page)]


def _pool_json(pool: Pool) -> dict[str, Any]:
    from dataclasses import asdict

    whole = asdict(pool)
    weights = pool.result.weights if pool.result else [None] * len(pool.effects)
    shown = ("trial", "yi", "vi", "ci_low", "ci_high", "derivation", "flags")
    trials = [
        {**{name: effect[name] for name in shown}, "weight": weight, **effect}
        for effect, weight in zip(whole["effects"], weights, strict=True)
    ]
    first = {name: whole[name] for name in ("synthesis", "subgroup", "result")}
    rest = {name: value for name, value in whole.items() if name not in {*first, "effects"}}
    return {**first, "trials": trials, **rest}


def _print_headlines(results: Results) -> None:
    from livingmeta.report import headlines

    for line in headlines(results):
        screen.console().print(line)
        typer.echo()


def _print_summary(review: Review, pool: Pool) -> None:
    from livingmeta.effect_sizes import scale_name
    from livingmeta.report import coverage, interval
    from livingmeta.synthesis import contradictory

    console = screen.console()
    name = f"{pool.title} – {pool.subgroup}" if pool.subgroup else pool.title
    console.print(f"{name} ({pool.synthesis})", style="bold")
    if pool.result is None:
        console.print(f"  no pooled value, {pool.why_not}: {coverage(review, pool)}")
        return
    value = f"{scale_name(pool.measure)} {interval(pool.result)}"
    if contradictory(pool):
        shown = ", ".join(f"{e.label} {interval(e)}" for e in pool.effects)
        console.print(f"  the trials contradict each other: {shown}")
        value = f"pooled all the same, {value}"
    console.print(f"  {value}: {coverage(review, pool)}")
    console.print(f"  {pool.methods}")


def _print_pool(review: Review, pool: Pool) -> None:
    from livingmeta.effect_sizes import on_scale, scale_name
    from livingmeta.report import flag_lines, interval
    from livingmeta.synthesis import PREDICTION_FROM, marks, notes, shown_i2
    from livingmeta.words import decimal, p_words

    _print_summary(review, pool)
    result = pool.result
    if result is not None:
        if result.k > 1:
            tau2 = "" if result.tau2 is None else f"Tau² = {decimal(result.tau2)}; "
            typer.echo(
                f"  {tau2}Chi² = {decimal(result.q)}, df = {result.q_df} "
                f"({p_words(result.q_p)}); I² = {decimal(shown_i2(pool), 0)}%; "
                f"effect {p_words(result.p_value)}"
            )
        if result.pi_low is not None and result.k >= PREDICTION_FROM:
            ends = (on_scale(result.measure, end) for end in (result.pi_low, result.pi_high or 0))
            ahead = " and ".join(map(decimal, ends))
            typer.echo(f"  a new trial is expected between {ahead}")
        screen.table(
            ["trial", "n", f"{scale_name(pool.measure)} ({100 * result.level:g}% CI)", "weight"],
            [
                [
                    effect.label + marks(effect),
                    " + ".join("?" if n is None else f"{n:g}" for n in (effect.n1, effect.n2)),
                    interval(effect),
                    f"{weight:.1f}%",
                ]
                for effect, weight in zip(pool.effects, result.weights, strict=True)
            ],
        )
        for note in notes(pool.effects):
            screen.console().print(f"  {note}")
    for sibling in pool.siblings:
        value = interval(sibling.result) if sibling.result else "no trial"
        trials = f" (k = {sibling.result.k})" if sibling.result else ""
        typer.echo(f"  {sibling.name}: {value}{trials}")
    for one in pool.missing:
        typer.echo(f"  not available: {one.label} – look in {one.where}")
    for left in pool.dropped:
        typer.echo(f"  left out: {left.label} – {left.why}")
    if pool.sensitivity_only:
        names = ", ".join(left.label for left in pool.sensitivity_only)
        typer.echo(f"  only in sensitivity analyses: {names}")
    if pool.subgroup_test is not None:
        test = pool.subgroup_test
        typer.echo(
            f"  subgroup differences: Chi² = {decimal(test.q)}, df = {test.df} "
            f"({p_words(test.p_value)})"
        )
    for line in flag_lines(pool.flags):
        typer.echo(f"  flag {line}")
    typer.echo()


def _print_disclaimer() -> None:
    from livingmeta.report import DISCLAIMER

    typer.echo(DISCLAIMER)


for command in (editing.add, editing.template, editing.diff, editing.export, editing.new):
    app.command()(command)
app.command("import")(editing.import_file)


def main() -> None:
    """Run the command line; a refusal is a sentence and exit status 2, never a traceback."""
    try:
        app()
    except ValueError as error:  # ReviewError and every refusal of a name or number
        typer.echo(str(error), err=True)
        sys.exit(2)
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
