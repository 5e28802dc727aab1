"""What is there, what is wrong with it, and how it stands beside what others print."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from math import inf
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any

import typer

from livingmeta import __version__
from livingmeta.audit.deduction import I2, INTERVALS, declared, deduce, ranked, worth
from livingmeta.audit.results import results_of
from livingmeta.audit.witnesses import certify
from livingmeta.calls.opening import Opened, is_file
from livingmeta.commands import editing, printing, screen
from livingmeta.commands.opening import each, hinted, opens, read_given, unsaid
from livingmeta.commands.options import AsJson, Include, OutFolder, ReviewName, SynthesisPlace, trials
from livingmeta.exchange.collection import Reproduced, collection, summed
from livingmeta.exchange.sheets import ExchangeError
from livingmeta.language import said
from livingmeta.living.adding import EXTRACTIONS, settle
from livingmeta.pages.blocks import as_markdown
from livingmeta.pages.certificate import certificate_page
from livingmeta.pages.phrases import interval
from livingmeta.review.folder import examine, find, holds_review, load_review, questions
from livingmeta.review.gaps import known_gaps
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Problem, dictionary
from livingmeta.store import write
from livingmeta.synthesis.settings import Selection, settings_of
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import decimal

MOST_LISTED = 10  # largest deviations, and analyses that do not agree; --json has all


def reviews_command(*, as_json: AsJson = False) -> None:
    """List the reviews that are here, with their questions."""
    asked = questions()
    if as_json:
        from livingmeta.pages import documents

        return screen.json("reviews", documents.listed(asked))
    screen.table(["review", "question"], [[folder.name, question] for folder, question in asked.items()])
    return None


@hinted
def check_command(
    name: str,
    said: Mapping[str, Any],
    *,
    agree: Annotated[
        int | None, typer.Option(metavar="N", help="settle disagreement N of two extractions")
    ] = None,
    take: Annotated[
        str | None, typer.Option(metavar="|".join(EXTRACTIONS), help="whose value is right")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="who settled it")] = None,
    why: Annotated[str | None, typer.Option(metavar="WORDS", help="why")] = None,
    as_json: AsJson = False,
) -> None:
    """Say all that is wrong or doubtful in a review or file.

    Exit with 1 if anything is wrong.
    """
    from livingmeta.appraisal.dossier import all_problems

    if agree is not None:
        screen.echo(settle(name, agree, take=take, by=by, why=why))
    reviews: list[Review] = []
    problems: list[Problem] = []
    if is_file(name):
        try:
            listed = read_given(name, said)
            reviews = [part.review for part in listed]
            for remark in listed[0].remarks:
                screen.echo(remark, err=as_json)
        except ExchangeError as refusal:
            lines = str(refusal).splitlines()
            problems = [
                Problem(file=name, reason=line.removeprefix(name).lstrip(": ").rstrip("."), remedy="")
                for line in lines
            ]
        for review in reviews:
            problems += all_problems(review, review.warnings)
    else:
        unsaid(name, said)
        find(name)
        loaded, problems = examine(name)
        if loaded is not None:
            reviews, problems = [loaded], all_problems(loaded, problems)
    errors = [problem for problem in problems if problem.severity == "error"]
    warnings = len(problems) - len(errors)
    if as_json:
        from livingmeta.pages import documents

        screen.json("check", documents.checked(name, problems))
    else:
        for problem in problems:
            screen.echo(f"{'warning: ' if problem.severity == 'warning' else ''}{problem}")
        trials = ""
        if reviews:
            held = {
                "trial": sum(len(review.trials) for review in reviews),
                "row": sum(len(review.outcomes) for review in reviews),
            }
            sizes = [f"{n} {name}{'' if n == 1 else 's'}" for name, n in held.items()]
            trials = f"{', '.join(sizes)}; "
        screen.echo(f"{name}: {trials}{len(errors)} wrong, {warnings} doubtful.")
    if errors:
        raise typer.Exit(1)


@hinted
def reproduce_command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="REVIEW|FILE|FOLDER",
            help="name of a review, path to its folder, or a table; or a folder of many of these",
        ),
    ],
    said: Mapping[str, Any],
    *,
    as_json: AsJson = False,
) -> None:
    """Show each printed number beside ours, with a verdict.

    Of a folder of reviews or RevMan files it counts what agrees and names the rest; exit with 1
    if a number differs there and no reason is known. Known is that RevMan Web's REML stops early,
    which moves a weight by up to 0.02 points.
    """
    if Path(name).is_dir() and not holds_review(name):
        unsaid(name, said)
        return _collection(Path(name), as_json=as_json)
    parts = [(opened, {"as_json": as_json}) for opened in read_given(name, said)]
    return each(_reproduce, parts, quiet=as_json)


def _reproduce(opened: Opened, *, as_json: bool) -> None:
    results = results_of(opened.review)
    if as_json:
        from livingmeta.pages import documents

        return screen.json("reproduce", documents.reproduction(results))
    printing.print_answers(results)
    screen.console().print(f"Recomputed by {results.pools[0].methods}.")
    for pool in results.pools if results.pools != results.headline_pools else ():
        if pool.result is not None:
            screen.console().print(f"  {pool.name}: {interval(pool.result)}")
    counts = Counter(verdict.verdict for verdict in results.verdicts)
    # A reader wants the exceptions: a thousand reproduced row values are a count, not a list.
    long = counts["reproduced"] > 60
    shown = [v for v in results.verdicts if not (long and v.verdict == "reproduced")]
    screen.table(
        ["claim", "quantity", "printed", "recomputed", "verdict"],
        [[v.claim, v.quantity, v.printed, decimal(v.recomputed, 4), v.verdict] for v in shown],
    )
    reasons = (f"{v.claim}, {v.verdict}: {v.detail}" for v in shown if v.verdict != "not numeric")
    for reason in dict.fromkeys(reasons):
        screen.echo(reason)
    tally = ", ".join(f"{number} {name}" for name, number in counts.items())
    screen.echo(f"\n{tally or 'no printed numbers to compare with'}.")
    for finding in results.findings:
        screen.echo(f"\n{finding.verdict} ({', '.join(finding.claims)}): {finding.detail}")
    printing.print_deductions(deduce(results.review))
    printing.disclaimer()
    return None


def _collection(folder: Path, *, as_json: bool) -> None:
    """Pool every analysis in a folder again and compare with what is printed there."""
    with screen.progress("Pooling") as progress:
        analyses, skipped = collection(folder, progress=progress)
    if as_json:
        from livingmeta.pages import documents

        screen.json("reproduce FOLDER", documents.folder(analyses, skipped))
    else:
        _show_collection(analyses, skipped)
    if any(analysis.unexplained for analysis in analyses):
        raise typer.Exit(1)


def _show_collection(analyses: Sequence[Reproduced], skipped: dict[str, str]) -> None:
    console = screen.console()
    for file, group in groupby(analyses, key=attrgetter("file")):
        console.print(f"{file}: {_agreement(summed(list(group)))}")
    for file, refusal in skipped.items():
        console.print(f"{file}: skipped: {refusal}")
    off = [analysis for analysis in analyses if analysis.unexplained]
    for differs in off[:MOST_LISTED]:
        agree = f"{differs.agreeing} of {differs.rows} rows agree"
        console.print(f"  {differs.file}, {differs.analysis}: {agree}")
    if len(off) > MOST_LISTED:
        console.print(f"  and {len(off) - MOST_LISTED} more analyses that do not agree (--json has all)")
    whole = summed(analyses)
    if whole.deviations:
        console.print("Largest deviations, those that nobody can explain first:")
    for apart in whole.deviations[:MOST_LISTED]:
        console.print(
            f"  {apart.place}: {said(f'quantity.{apart.quantity}')} printed {apart.printed}, ours "
            f"{apart.ours:.8g}, apart by {apart.size:.2g} ({apart.known or 'no reason is known'})"
        )
    for reason, number in Counter(whole.skipped).most_common(MOST_LISTED):
        console.print(f"  not compared, {number} times: {reason}")
    console.print(f"In all: {_agreement(whole)}.")


def _agreement(sum_of: Reproduced) -> str:
    agreeing = f"{sum_of.agreeing:,} of {sum_of.rows:,} rows agree"
    parts = [f"{sum_of.analysis}, {agreeing if sum_of.rows else 'no number that can be compared'}"]
    for quantity, compared in sum_of.compared.items():
        parts.append(f"{said(f'quantity.{quantity}')} {sum_of.equal.get(quantity, 0):,} of {compared:,}")
    parts += [f"{number:,} more: {reason}" for reason, number in sum_of.explained.items()]
    return "; ".join(parts)


@opens
def deduce_command(
    opened: Opened,
    synthesis: SynthesisPlace = None,
    *,
    claim: Annotated[str | None, typer.Option(metavar="ID", help="only this printed result")] = None,
    interval: Annotated[
        str | None, typer.Option(metavar="|".join(INTERVALS), help="how the intervals were made")
    ] = None,
    common: Annotated[
        bool | None,
        typer.Option("--common/--random", help="was a common effect pooled? by default as declared"),
    ] = None,
    i2: Annotated[
        str | None,
        typer.Option("--i2", metavar="|".join(I2), help="what makes a printed I²: Q, τ², or with DL both"),
    ] = None,
    largest: Annotated[
        float, typer.Option(metavar="X", help="no unread trial shows a larger SMD; inf: any may be")
    ] = 2.0,
    losses: Annotated[
        float, typer.Option(metavar="SHARE", help="people who may be missing from an unread trial's numbers")
    ] = 0.3,
    measured: Annotated[
        bool, typer.Option("--measured", help="only trials known to have measured it can be in it")
    ] = False,
    out: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """Tell what printed results say of trials nobody here could read."""
    loaded = opened.review
    own = declared(settings_of(loaded.protocol.methods))
    taken = replace(
        own,
        interval=interval or own.interval,
        common=own.common if common is None else common,
        largest=largest if largest < inf else None,
        losses=losses,
        measured=measured,
        i2=i2 or own.i2,
    )
    results = deduce(loaded, synthesis, claim=claim, assumptions=taken)
    if as_json:
        from livingmeta.pages import documents

        return screen.json("deduce", documents.deductions(results, taken))
    printing.print_deductions(results, folder=opened.folder(out))
    if not results:
        screen.echo(f"{opened.name} holds no printed result that says anything of its trials.")
    return None


@opens
def certify_command(opened: Opened, *, out: OutFolder = None, as_json: AsJson = False) -> None:
    """Compare every pooled number with other programs.

    Exit with 1 if one differs and no reason is known.
    """
    from livingmeta.pages import documents

    certificate = certify(results_of(opened.review), program=__version__)
    folder = opened.folder(out)
    document = documents.text("certify", documents.certified(certificate))
    page = as_markdown([certificate_page(certificate)], level=1)
    written = [
        write(folder / "certificate.md", page + "\n"),
        write(folder / "certificate.json", document + "\n"),
    ]
    if as_json:
        screen.document_text(document)
    else:
        for line in certificate.summary():
            screen.console().print(line)
        screen.echo(f"{' and '.join(str(path) for path in written)} written.")
    if certificate.unexplained:
        raise typer.Exit(1)


@opens
def trace_command(
    opened: Opened,
    synthesis: SynthesisPlace = None,
    trial: Annotated[str | None, typer.Argument(metavar="[TRIAL]", autocompletion=trials)] = None,
    *,
    include_sensitivity: Include = False,
) -> None:
    """Follow each effect back to the sentences it comes from."""
    loaded = opened.review
    selection = Selection(include_sensitivity=include_sensitivity)
    for pool in synthesise(loaded, selection=selection, only=synthesis):
        effects = [effect for effect in pool.effects if trial in {None, effect.trial}]
        screen.echo(pool.called)
        if not effects:
            screen.echo("  nothing to trace: " + (pool.why_not or "the trial is not pooled here"))
        for effect in effects:
            screen.echo(f"  {effect.label}: {effect.instrument_name or pool.outcome}")
            for row in effect.rows:
                citation = loaded.source(row.source).citation
                screen.echo(f"    {row.place}: “{row.quote or ''}”")
                screen.echo(f"      {row.locator}: {citation}")
            for step in effect.derivation:
                screen.echo(f"    – {step}")
            if effect.assumption:
                screen.echo(f"    † assumed: {effect.assumption}")


def gaps_command(
    review: ReviewName,
    *,
    letter: Annotated[
        bool, typer.Option("--letter", help="write a letter to the authors of each report")
    ] = False,
    out: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """List what was measured and is not here, and where to look."""
    loaded = load_review(review)
    listed = known_gaps(loaded)
    if letter:
        return editing.letters(loaded, out=out or "figures")
    if as_json:
        from livingmeta.pages import documents

        return screen.json("gaps", [documents.lacking(lack) for lack in listed])
    console = screen.console()
    last = None
    shares = worth(deduce(loaded))
    for lack in ranked(loaded, listed, shares):
        gap = lack.gap
        if lack.trial is not last:
            people = lack.people or "an unknown number of"
            console.print(f"{lack.trial.label} (would add {people} people)", style="bold")
        last = lack.trial
        instrument = loaded.instrument(gap.instrument)
        about = [gap.outcome, instrument.name if instrument else "instrument not known"]
        about.append("time not known" if gap.weeks is None else f"week {gap.weeks:g}")
        feeds = f" → {', '.join(lack.syntheses)}" if lack.syntheses else ""
        state = " FILLED" if lack.filled else ""
        console.print(f"  {lack.number}. {', '.join(about)}{feeds}{state}: {gap.what}")
        console.print(f"     look in {gap.where}")
        for synthesis in lack.syntheses:
            if share := shares.get((gap.trial, synthesis)):
                console.print(
                    f"     would settle {100 * share:.0f}% of what {synthesis} leaves open of others"
                )
    still = sum(not lack.filled for lack in listed)
    done = "" if still == len(listed) else f", {len(listed) - still} of them filled"
    screen.echo(f"{len(listed)} known gaps{done}. To fill one: livingmeta add {review} --gap N")
    return None


def dictionary_command() -> None:
    """Print what each file and column of a review may hold."""
    screen.echo(dictionary(), nl=False)
