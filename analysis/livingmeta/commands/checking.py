"""What is there, what is wrong with it, and how it stands beside what others print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from livingmeta import __version__
from livingmeta.commands import editing, printing, screen
from livingmeta.commands.options import AsJson, Include, OutFolder, ReviewName

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from livingmeta.exchange.collection import Reproduced

MOST_LISTED = 10  # largest deviations, and analyses that do not agree; --json has all


def list_reviews(*, as_json: AsJson = False) -> None:
    """List the reviews that can be found, with their questions."""
    from livingmeta.review.folder import questions

    asked = questions()
    if as_json:
        from livingmeta.pages.documents import listed

        return screen.json("reviews", listed(asked))
    screen.table(["review", "question"], [[folder.name, question] for folder, question in asked.items()])
    return None


def check(
    review: ReviewName,
    *,
    agree: Annotated[
        int | None, typer.Option(metavar="N", help="settle disagreement N of two extractions")
    ] = None,
    take: Annotated[str | None, typer.Option(metavar="first|second", help="whose value is right")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="who settled it")] = None,
    why: Annotated[str | None, typer.Option(metavar="WORDS", help="why")] = None,
    as_json: AsJson = False,
) -> None:
    """Say everything that is wrong or doubtful in a review; exit with 1 if anything is wrong."""
    from livingmeta.appraisal.dossier import all_problems
    from livingmeta.review.folder import examine, find

    if agree is not None:
        from livingmeta.living.adding import settle

        typer.echo(settle(review, agree, take=take, by=by, why=why))
    find(review)
    loaded, problems = examine(review)
    if loaded is not None:
        problems = all_problems(loaded, problems)
    errors = [problem for problem in problems if problem.severity == "error"]
    warnings = len(problems) - len(errors)
    if as_json:
        from livingmeta.pages.documents import checked

        screen.json("check", checked(review, problems))
    else:
        for problem in problems:
            typer.echo(f"{'warning: ' if problem.severity == 'warning' else ''}{problem}")
        trials = ""
        if loaded:
            found = {"trial": len(loaded.trials), "row": len(loaded.outcomes)}
            sizes = [f"{n} {name}{'' if n == 1 else 's'}" for name, n in found.items()]
            trials = f"{', '.join(sizes)}; "
        typer.echo(f"{review}: {trials}{len(errors)} wrong, {warnings} doubtful.")
    if errors:
        raise typer.Exit(1)


def reproduce(
    review: Annotated[
        str,
        typer.Argument(
            metavar="REVIEW|FOLDER",
            help="name of a review, or path to its folder; or a folder of reviews, RevMan files or tables",
        ),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Show each printed number beside ours, with a verdict, and what does not fit together.

    Of a folder of reviews or RevMan files it counts what agrees and names the rest; exit with 1
    if a number differs there and no reason is known. Known is that RevMan Web's REML stops early,
    which moves a weight by up to 0.02 points.
    """
    from pathlib import Path

    from livingmeta.audit.deduction import deduce
    from livingmeta.audit.results import results_of
    from livingmeta.pages.phrases import interval
    from livingmeta.review.folder import holds_review, load_review
    from livingmeta.words import decimal

    if Path(review).is_dir() and not holds_review(review):
        return _collection(Path(review), as_json=as_json)
    results = results_of(load_review(review))
    if as_json:
        from livingmeta.pages.documents import reproduction

        return screen.json("reproduce", reproduction(results))
    printing.answers(results)
    screen.console().print(f"Recomputed by {results.pools[0].methods}.")
    for pool in results.pools if results.pools != results.headline_pools else ():
        if pool.result is not None:
            screen.console().print(f"  {pool.name}: {interval(pool.result)}")
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
        typer.echo(f"\n{finding.verdict} ({', '.join(finding.claims)}): {finding.detail}")
    printing.deductions(deduce(results.review))
    printing.disclaimer()
    return None


def _collection(folder: Path, *, as_json: bool) -> None:
    """Pool every analysis in a folder again and compare with what is printed there."""
    from livingmeta.exchange.collection import collection

    with screen.progress("Pooling") as progress:
        found, skipped = collection(folder, progress=progress)
    if as_json:
        from livingmeta.pages import documents

        screen.json("reproduce FOLDER", documents.folder(found, skipped))
    else:
        _show_collection(found, skipped)
    if any(one.unexplained for one in found):
        raise typer.Exit(1)


def _show_collection(found: Sequence[Reproduced], skipped: dict[str, str]) -> None:
    from collections import Counter
    from itertools import groupby

    from livingmeta.exchange.collection import summed
    from livingmeta.language import said

    console = screen.console()
    for file, group in groupby(found, key=lambda one: one.file):
        console.print(f"{file}: {_agreement(summed(list(group)))}")
    for file, refusal in skipped.items():
        console.print(f"{file}: skipped: {refusal}")
    off = [one for one in found if one.unexplained]
    for one in off[:MOST_LISTED]:
        console.print(f"  {one.file}, {one.analysis}: {one.agreeing} of {one.rows} rows agree")
    if len(off) > MOST_LISTED:
        console.print(f"  and {len(off) - MOST_LISTED} more analyses that do not agree (--json has all)")
    whole = summed(found)
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
    from livingmeta.language import said

    agreeing = f"{sum_of.agreeing:,} of {sum_of.rows:,} rows agree"
    parts = [f"{sum_of.analysis}, {agreeing if sum_of.rows else 'no number that can be compared'}"]
    for quantity, compared in sum_of.compared.items():
        parts.append(f"{said(f'quantity.{quantity}')} {sum_of.equal.get(quantity, 0):,} of {compared:,}")
    parts += [f"{number:,} more: {reason}" for reason, number in sum_of.explained.items()]
    return "; ".join(parts)


def deduce(
    review: ReviewName,
    synthesis: Annotated[str | None, typer.Argument(metavar="[SYNTHESIS]")] = None,
    *,
    claim: Annotated[str | None, typer.Option(metavar="ID", help="only this printed result")] = None,
    interval: Annotated[
        str | None, typer.Option(metavar="wald|t|hksj-modified|hksj", help="how the intervals were made")
    ] = None,
    common: Annotated[
        bool | None,
        typer.Option("--common/--random", help="was a common effect pooled? by default as declared"),
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
    out: OutFolder = "figures",
    as_json: AsJson = False,
) -> None:
    """Tell what printed pooled results say of the trials that could not be read."""
    from dataclasses import replace
    from math import inf

    from livingmeta.audit.deduction import declared
    from livingmeta.audit.deduction import deduce as deduced_of
    from livingmeta.review.folder import load_review
    from livingmeta.synthesis.settings import settings_of

    loaded = load_review(review)
    own = declared(settings_of(loaded.protocol.methods))
    taken = replace(
        own,
        interval=interval or own.interval,
        common=own.common if common is None else common,
        largest=largest if largest < inf else None,
        losses=losses,
        measured=measured,
    )
    found = deduced_of(loaded, synthesis, claim=claim, assumptions=taken)
    if as_json:
        from livingmeta.pages.documents import deductions

        return screen.json("deduce", deductions(found, taken))
    printing.deductions(found, folder=f"{out}/{loaded.protocol.id}")
    if not found:
        typer.echo(f"{review} holds no printed result that says anything of its trials.")
    return None


def certify(review: ReviewName, *, out: OutFolder = "figures", as_json: AsJson = False) -> None:
    """Compare every pooled number with other programs; exit with 1 if one differs unexplained."""
    from pathlib import Path

    from livingmeta.audit.results import results_of
    from livingmeta.audit.witnesses import certify as witnessed
    from livingmeta.pages.blocks import as_markdown
    from livingmeta.pages.certificate import certificate_page
    from livingmeta.pages.documents import certified, text
    from livingmeta.review.folder import load_review
    from livingmeta.store import write

    certificate = witnessed(results_of(load_review(review)), program=__version__)
    folder = Path(out) / certificate.review
    document = text("certify", certified(certificate))
    page = as_markdown([certificate_page(certificate)], level=1)
    written = [
        write(folder / "certificate.md", page + "\n"),
        write(folder / "certificate.json", document + "\n"),
    ]
    if as_json:
        typer.echo(document)
    else:
        for line in certificate.summary():
            screen.console().print(line)
        typer.echo(f"{' and '.join(str(path) for path in written)} written.")
    if certificate.unexplained:
        raise typer.Exit(1)


def trace(
    review: ReviewName,
    synthesis: Annotated[str | None, typer.Argument(metavar="[SYNTHESIS]")] = None,
    trial: Annotated[str | None, typer.Argument(metavar="[TRIAL]")] = None,
    *,
    include_sensitivity: Include = False,
) -> None:
    """Follow each effect back to the sentences it comes from."""
    from livingmeta.review.folder import load_review
    from livingmeta.synthesis.settings import Selection
    from livingmeta.synthesis.synthesise import synthesise
    from livingmeta.words import pick

    loaded = load_review(review)
    if trial is not None:
        pick({one.trial: one for one in loaded.trials}, trial, "TRIAL")
    selection = Selection(include_sensitivity=include_sensitivity)
    for pool in synthesise(loaded, selection=selection, only=synthesis):
        effects = [effect for effect in pool.effects if trial in {None, effect.trial}]
        typer.echo(f"{pool.name} ({pool.synthesis})")
        if not effects:
            typer.echo("  nothing to trace: " + (pool.why_not or "the trial is not pooled here"))
        for effect in effects:
            typer.echo(f"  {effect.label}: {effect.instrument_name or pool.outcome}")
            for row in effect.rows:
                citation = loaded.source(row.source).citation
                typer.echo(f"    {row.place}: “{row.quote or ''}”")
                typer.echo(f"      {row.locator}: {citation}")
            for step in effect.derivation:
                typer.echo(f"    – {step}")
            if effect.assumption:
                typer.echo(f"    † assumed: {effect.assumption}")


def gaps(
    review: ReviewName,
    *,
    letter: Annotated[
        bool, typer.Option("--letter", help="write a letter to the authors of each report")
    ] = False,
    out: OutFolder = "figures",
    as_json: AsJson = False,
) -> None:
    """List what is known to have been measured and is not here, and where to look."""
    from livingmeta.audit.deduction import deduce, ranked, worth
    from livingmeta.review.folder import load_review
    from livingmeta.review.gaps import known_gaps

    loaded = load_review(review)
    listed = known_gaps(loaded)
    if letter:
        return editing.letters(loaded, out=out)
    if as_json:
        from livingmeta.pages.documents import lacking

        return screen.json("gaps", [lacking(one) for one in listed])
    console = screen.console()
    last = None
    shares = worth(deduce(loaded))
    for one in ranked(loaded, listed, shares):
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
        for synthesis in one.syntheses:
            if share := shares.get((gap.trial, synthesis)):
                console.print(
                    f"     would settle {100 * share:.0f}% of what {synthesis} leaves open of others"
                )
    still = sum(not one.filled for one in listed)
    done = "" if still == len(listed) else f", {len(listed) - still} of them filled"
    typer.echo(f"{len(listed)} known gaps{done}. To fill one: livingmeta add {review} --gap N")
    return None


def dictionary() -> None:
    """Print the data dictionary: each file of a review, each column, what it may hold."""
    from livingmeta.review.schema import dictionary as written

    typer.echo(written(), nl=False)
