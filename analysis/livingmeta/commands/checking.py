"""What is there, what is wrong with it, and how it stands beside what others print."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any

import typer

from livingmeta.appraisal.flow import overdue
from livingmeta.audit.candidates import ESTIMATED_BY, I2, INTERVALS
from livingmeta.audit.deduction import deduce, ranked, worth
from livingmeta.audit.results import results_of
from livingmeta.calls.opening import Opened, is_file
from livingmeta.calls.pooling import synthesise
from livingmeta.calls.reviews import assuming, certify, gaps
from livingmeta.commands import editing, printing, screen
from livingmeta.commands.opening import each, hinted, opens, read_given, unsaid
from livingmeta.commands.options import AsJson, Full, Include, OutFolder, ReviewName, SynthesisPlace, trials
from livingmeta.exchange.collection import Reproduced, collection, judged, of_results, summary, summed
from livingmeta.exchange.sheets import ExchangeError
from livingmeta.language import said
from livingmeta.living.adding import EXTRACTIONS, settle
from livingmeta.living.proving import NAME, Proof, Proofs, prove
from livingmeta.living.proving import record as record_proofs
from livingmeta.pages.blocks import as_markdown
from livingmeta.pages.certificate import certificate_page
from livingmeta.pages.dictionary import dictionary
from livingmeta.pages.phrases import interval
from livingmeta.review.folder import examine, find, holds_review, load_review, questions
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Problem
from livingmeta.store import write
from livingmeta.words import RefusalError, decimal

# Results of a quote with their colour, sign and rank, those first that ask for a look
LOOKS = {
    "other digits": ("red", "✗", 1),
    "not found": ("red", "✗", 1),
    "elsewhere": ("yellow", "→", 2),
    "found": ("green", "✓", 3),
    "paper not there": ("", "–", screen.NEVER),
}
MOST_NAMED = 5  # numbers that differ, where not all is asked for
# Verdicts, those first that a reader asks about first.
TELLING = ("differs", "partial", "not computable", "reproduced", "not numeric")


def reviews_command(*, full: Full = False, as_json: AsJson = False) -> None:
    """List the reviews that are here, with their questions."""
    asked = questions()
    if as_json:
        from livingmeta.pages import documents

        return screen.json("reviews", documents.listed(asked))
    page = screen.Page(full=full)
    rows = [[folder.name, question] for folder, question in asked.items()]
    page.table(["review", "question"], rows, what="review")
    return page.show()


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
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="who settled it, or holds the papers")
    ] = None,
    why: Annotated[str | None, typer.Option(metavar="WORDS", help="why")] = None,
    papers: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="hold each quote against the papers in it")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="write to verification.csv what became of each, with --by")
    ] = False,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Say all that is wrong or doubtful in a review or file.

    Exit with 1 if anything is wrong: with --papers also a quote that its paper has with other
    digits, or has not.
    """
    from livingmeta.appraisal.dossier import all_problems

    if record and not (papers and by):
        raise RefusalError("--record needs --papers FOLDER and --by NAME: who holds them.")
    page = screen.Page(full=full)
    if agree is not None:
        _tell(page, settle(name, agree, take=take, by=by, why=why), aside=as_json)
    proofs: Proofs | None = None
    kept = ""
    if is_file(name):
        if papers:
            raise RefusalError(f"--papers: {name} has no quotes. livingmeta import makes a review of it.")
        reviews, problems = _given(page, name, said, aside=as_json)
        for review in reviews:
            problems += all_problems(review, review.warnings)
    else:
        unsaid(name, said)
        find(name)
        proofs, kept = _held_against(name, papers, by=by if record else None)
        loaded, problems = examine(name)
        reviews = [loaded] if loaded else []
        if loaded is not None:
            problems = [*all_problems(loaded, problems), *overdue(loaded, date.today())]
    # what was recorded of quotes is said anew of this day
    problems = [problem for problem in problems if not proofs or problem.column != "result"]
    listed = [*problems, *(proofs.problems if proofs else ())]
    errors = [problem for problem in listed if problem.severity == "error"]
    warnings = len(listed) - len(errors)
    if as_json:
        from livingmeta.pages import documents

        _tell(page, kept, aside=True)
        screen.json("check", documents.checked(name, listed, proofs))
    else:
        _show_problems(page, [*problems, *((*proofs.contradictions, *proofs.doubts) if proofs else ())])
        if proofs:
            _show_proofs(page, proofs)
        trials = ""
        if reviews:
            held = {
                "trial": sum(len(review.trials) for review in reviews),
                "row": len({(row.file, row.row) for review in reviews for row in review.outcomes}),
            }
            sizes = [f"{n} {screen.plural(n, name)}" for name, n in held.items()]
            trials = f"{', '.join(sizes)}; "
        page.say(f"{name}: {trials}{len(errors)} wrong, {warnings} doubtful.")
        _tell(page, kept, aside=False)
        page.show()
    if errors:
        raise typer.Exit(1)


def _given(
    page: screen.Page, name: str, said: Mapping[str, Any], *, aside: bool
) -> tuple[list[Review], list[Problem]]:
    """Read the reviews of a file, or what is wrong with it."""
    try:
        listed = read_given(name, said)
    except ExchangeError as refusal:
        reasons = (line.removeprefix(name).lstrip(": ").rstrip(".") for line in str(refusal).splitlines())
        return [], [Problem(file=name, reason=reason, remedy="") for reason in reasons]
    for remark in listed[0].remarks:
        _tell(page, remark, aside=aside, rank=2)
    return [part.review for part in listed], []


def _held_against(name: str, papers: Path | None, *, by: str | None) -> tuple[Proofs | None, str]:
    """Hold the quotes of a review against papers; where somebody says `by` whom, it is recorded, and told."""
    loaded, problems = examine(name) if papers else (None, [])
    if loaded is None or papers is None:
        return None, ""
    with screen.progress("Reading papers") as progress:
        proofs = prove(loaded, papers, progress=progress)
    kept = ""
    if by is not None:
        if wrong := [problem for problem in problems if problem.severity == "error"]:
            raise RefusalError(f"--record: correct first what is wrong in the review.\n{wrong[0]}")
        written = record_proofs(proofs, by=by, day=date.today().isoformat())
        kept = f"{written[0]} written." if written else f"{NAME} says so already."
    return proofs, kept


def _show_proofs(page: screen.Page, proofs: Proofs) -> None:
    """Print what became of each quote, what asks for a look first, and which papers are not there."""
    for held in proofs.papers:
        perhaps = " or ".join(held.suggested)
        named = f"perhaps of {perhaps}: if so, name the file by that key" if perhaps else "not used"
        text = f"{held.paper.path.name}: {', '.join(held.keys) or named} ({held.why})"
        page.say(text, rank=4 if held.keys else 2, what="paper", style="" if held.keys else "yellow")
    for result, (colour, sign, rank) in LOOKS.items():
        alike: dict[tuple[str, str], list[Proof]] = {}
        for proof in (proof for proof in proofs.proofs if proof.result == result):
            alike.setdefault((proof.place, proof.quoted.words), []).append(proof)
        for (place, words), same in alike.items():
            lines = [f"{sign} {result}: {'; '.join(_places(same))}: {place}", f"  “{words}”"]
            lines += [f"  {same[0].differing}: “{same[0].words}”"] if same[0].words else []
            cut = (shorten(line, page.width - 2, placeholder=" …") for line in lines[1:])
            brief = [lines[0], *(f"  {line}" for line in cut)]
            forms = {rank: brief, screen.NEVER: lines} if brief != lines else {rank: lines}
            page.say(forms, what=f"quote ({result})", number=len(same), style=colour)
    if proofs.lacking:
        page.say(
            f"A paper is known by its DOI, or where the file is called by the key of its source. Not there: "
            f"{', '.join(proofs.lacking)}.",
            rank=5,
            what="source without paper",
            number=len(proofs.lacking),
        )
    page.say(f"{proofs}.")
    carried, uncarried = proofs.carried, proofs.uncarried
    assumed, of = carried["assumed"], carried.total()
    stand = of - carried[""] - assumed
    if of:
        whose = f"{of} numbers, times, arms, scales and changes of rows whose quotes were found"
        said = f"All {whose}" if stand == of else f"Of {whose}, {stand}"
        declared = f"; {assumed} are assumed" if assumed else ""
        counted = {(proof.quoted.row.file, proof.quoted.row.row) for proof in proofs.proofs if proof.stands}
        warned = [*proofs.contradictions, *proofs.review.warnings]
        doubted = any((problem.file, problem.row) in counted for problem in warned)
        rest = " The doubts above are about some of them." if doubted else ""
        rest += " Neither carries:" if uncarried else ""
        page.say(f"{said} stand in the quote, or at its place in the table{declared}.{rest}")
    for column, lacking in uncarried.items():
        name = {"group": "the arm (group)", "instrument": "the scale (instrument)"}.get(column, column)
        page.say(f"  {name} of {'; '.join(_places(lacking))}", rank=2, what="row", number=len(lacking))
    if uncarried:
        page.say(
            "Put the words that carry it into the quote (… for what lies between), row and column of the "
            "table into the locator, and what the paper calls an arm into arm1 or arm2 of the trial.",
            what="remark",
        )


def _places(proofs: Sequence[Proof]) -> list[str]:
    """Say where a quote stands in the review: file by file, with all its rows."""
    rows: dict[tuple[str, str], list[int]] = {}
    for quoted in (proof.quoted for proof in proofs):
        rows.setdefault((quoted.row.file, quoted.column), []).append(quoted.row.row)
    return [
        f"{file} {screen.plural(len(listed), 'row')} {', '.join(map(str, listed))}"
        f"{'' if column == 'quote' else f', {column}'}"
        for (file, column), listed in rows.items()
    ]


def _tell(page: screen.Page, text: str, *, aside: bool, rank: int = 0) -> None:
    """Say something, if anything, on the page, or aside where that is for a program."""
    if text and aside:
        screen.echo(text, err=True)
    elif text:
        page.say(text, rank=rank, what="remark")


def _show_problems(page: screen.Page, problems: Sequence[Problem]) -> None:
    """Print problems, in short where not all have room: what is wrong before what is doubtful."""
    for problem in problems:
        doubtful = problem.severity == "warning"
        whole = f"{'warning: ' if doubtful else ''}{problem}"
        short = shorten(whole, 3 * page.width, placeholder=" …")
        page.say({1 + doubtful: short, 3: whole}, what="warning" if doubtful else "error")


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
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Show each printed number beside ours, with a verdict.

    Of a RevMan file, and of a folder of reviews or files, the last line counts what agrees and names
    the rest; exit with 1 if a number differs there and no reason is known. Known is that RevMan Web's
    REML stops early, which moves a weight by up to 0.02 points, and all else as far.
    """
    if Path(name).is_dir() and not holds_review(name):
        unsaid(name, said)
        return _collection(Path(name), full=full, as_json=as_json)
    listed = read_given(name, said)
    tally = judged((), listed[0].remarks, file=name) if listed[0].file else None
    parts = [(opened, {"full": full, "as_json": as_json, "tally": tally}) for opened in listed]
    try:
        each(_reproduce, parts, quiet=as_json)
    finally:
        if tally is not None and not as_json:
            page = screen.Page(full=full)
            _say_tally(page, tally)
            page.show()
    if any(analysis.unexplained for analysis in tally or ()):
        raise typer.Exit(1)
    return None


def _reproduce(opened: Opened, *, full: bool, as_json: bool, tally: list[Reproduced] | None) -> None:
    """Print a review's numbers beside ours, and add to the `tally` of all that a file makes."""
    results = results_of(opened.review)
    if tally is not None:
        tally += of_results(results, file=opened.name)
    if as_json:
        from livingmeta.pages import documents

        return screen.json("reproduce", documents.reproduction(results))
    page = screen.Page(full=full)
    printing.print_answers(page, results)
    page.say(f"Recomputed by {results.pools[0].methods}.", rank=1)
    for pool in results.pools if results.pools != results.headline_pools else ():
        if pool.result is not None:
            page.say(f"  {pool.name}: {interval(pool.result)}", rank=4, what="result")
    counts = Counter(verdict.verdict for verdict in results.verdicts)
    # A reader wants the exceptions: a thousand reproduced row values are a count, not a list.
    long = counts["reproduced"] > 60
    shown = [v for v in results.verdicts if not (long and v.verdict == "reproduced")]
    page.table(
        ["claim", "quantity", "printed", "recomputed", "verdict"],
        [
            [v.claim, said(f"quantity.{v.quantity}"), v.printed, decimal(v.recomputed, 4), v.verdict]
            for v in shown
        ],
        rank=2,
        what="claim",
        by=[-TELLING.index(v.verdict) if v.verdict in TELLING else 0 for v in shown],
    )
    reasons = (f"{v.claim}, {v.verdict}: {v.detail}" for v in shown if v.verdict != "not numeric")
    for reason in dict.fromkeys(reasons):
        page.say(reason, rank=4, what="reason")
    page.gap()
    if tally is None:
        counted = ", ".join(f"{number} {name}" for name, number in counts.items())
        page.say(f"{counted or 'no printed numbers to compare with'}.")
    for finding in results.findings:
        page.gap()
        whole = f"{finding.verdict} ({', '.join(finding.claims)}): {finding.detail}"
        page.say({3: shorten(whole, 2 * page.width, placeholder=" …"), 5: whole}, what="finding")
    deductions = deduce(results.review) if tally is None else []  # a file holds what was pooled
    if deductions:
        page.say(f"What they say of trials nobody could read: livingmeta deduce {opened.name}", brief=True)
    printing.print_deductions(page, deductions, beside=True)
    printing.disclaimer(page)
    return None


def _collection(folder: Path, *, full: bool, as_json: bool) -> None:
    """Pool every analysis in a folder again and compare with what is printed there."""
    with screen.progress("Pooling") as progress:
        analyses, skipped = collection(folder, progress=progress)
    if as_json:
        from livingmeta.pages import documents

        screen.json("reproduce FOLDER", documents.folder(analyses, skipped))
    else:
        _show_collection(screen.Page(full=full), analyses, skipped)
    if any(analysis.unexplained for analysis in analyses):
        raise typer.Exit(1)


def _show_collection(page: screen.Page, analyses: Sequence[Reproduced], skipped: dict[str, str]) -> None:
    for file, group in groupby(analyses, key=attrgetter("file")):
        page.say(f"{file}: {_agreement(summed(list(group)))}", rank=4, what="file")
    for file, refusal in skipped.items():
        page.say(f"{file}: skipped: {refusal}", rank=3, what="file skipped")
    if skipped:
        page.say(f"{len(skipped):,} {screen.plural(len(skipped), 'file')} skipped.", brief=True, what="")
    _say_tally(page, analyses)
    page.show()


def _say_tally(page: screen.Page, analyses: Sequence[Reproduced]) -> None:
    """End a page with what all numbers come to, in one line."""
    whole = summed(analyses)
    forms = {0: summary(whole, most=MOST_NAMED), 2: summary(whole)}
    page.say(forms, what="number that differs", number=len(whole.unexplained))


def _agreement(sum_of: Reproduced) -> str:
    agreeing = f"{sum_of.agreeing:,} of {sum_of.rows:,} rows agree"
    parts = [f"{sum_of.analysis}, {agreeing if sum_of.rows else 'no number that can be compared'}"]
    for quantity, compared in sum_of.compared.items():
        parts.append(f"{said(f'quantity.{quantity}')} {sum_of.equal.get(quantity, 0):,} of {compared:,}")
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
        typer.Option("--i2", metavar="|".join(I2), help="what makes a printed I²; with DL it is one"),
    ] = None,
    tau2: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(ESTIMATED_BY), help="what estimated τ²; by default as declared, else any"
        ),
    ] = None,
    largest: Annotated[
        float | None,
        typer.Option(
            metavar="X", help="no unread trial shows a larger effect; inf: any may be; by default 2 SDs"
        ),
    ] = None,
    losses: Annotated[
        float, typer.Option(metavar="SHARE", help="people who may be missing from an unread trial's numbers")
    ] = 0.3,
    measured: Annotated[
        bool, typer.Option("--measured", help="only trials known to have measured it can be in it")
    ] = False,
    out: OutFolder = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Tell what printed results say of trials nobody here could read."""
    loaded = opened.review
    how = {"interval": interval, "common": common, "i2": i2, "tau2": tau2}
    taken = assuming(loaded, largest=largest, losses=losses, measured=measured, **how)
    results = deduce(loaded, synthesis, claim=claim, assumptions=taken)
    if as_json:
        from livingmeta.pages import documents

        return screen.json("deduce", documents.deductions(results, taken))
    page = screen.Page(full=full, where="" if claim else "--claim ID for one alone")
    printing.print_deductions(page, results, folder=opened.folder(out) if results else None)
    printing.files(page)
    if not results:
        page.say(f"{opened.name} holds no printed result that says anything of its trials.")
    return page.show()


@opens
def certify_command(
    opened: Opened, *, out: OutFolder = None, full: Full = False, as_json: AsJson = False
) -> None:
    """Compare every pooled number with other programs.

    Exit with 1 if one differs and no reason is known.
    """
    from livingmeta.pages import documents

    certificate = certify(opened.review)
    folder = opened.folder(out)
    document = documents.text("certify", documents.certified(certificate))
    text = as_markdown([certificate_page(certificate)], level=1)
    written = [
        write(folder / "certificate.md", text + "\n"),
        write(folder / "certificate.json", document + "\n"),
    ]
    if as_json:
        screen.document_text(document)
    else:
        page = screen.Page(full=full, where=str(written[0]))
        for line in certificate.summary():
            page.say(line, rank=1, what="line")
        page.say(f"{' and '.join(str(path) for path in written)} written.")
        page.show()
    if certificate.unexplained:
        raise typer.Exit(1)


@opens
def trace_command(
    opened: Opened,
    synthesis: SynthesisPlace = None,
    trial: Annotated[str | None, typer.Argument(metavar="[TRIAL]", autocompletion=trials)] = None,
    *,
    include_sensitivity: Include = False,
    full: Full = False,
) -> None:
    """Follow each effect back to the sentences it comes from."""
    loaded = opened.review
    plans = loaded.protocol.synthesis
    one = synthesis or (plans[0].id if len(plans) == 1 else "SYNTHESIS")
    page = screen.Page(full=full, where="" if trial else f"livingmeta trace {opened.name} {one} TRIAL")
    before = None
    for pool in synthesise(loaded, synthesis=synthesis, include_sensitivity=include_sensitivity):
        effects = [effect for effect in pool.effects if trial in {None, effect.trial}]
        printing.heading(page, pool, after=before, named=4)
        before = pool
        if not effects:
            page.say("  nothing to trace: " + (pool.why_not or "the trial is not pooled here"), rank=1)
        for effect in effects:
            lines = [f"  {effect.label}: {effect.instrument_name or pool.outcome}"]
            for place, quote, locator, source in dict.fromkeys(
                (row.place, row.quote, row.locator, row.source) for row in effect.rows
            ):
                lines.append(f"    {place}: “{quote}”" if quote else f"    {place}")
                if locator != place:
                    lines.append(f"      {locator}: {loaded.source(source).citation}")
            lines += [f"    – {step}" for step in effect.derivation]
            if effect.assumption:
                lines.append(f"    † assumed: {effect.assumption}")
            sources = ", ".join(dict.fromkeys(row.place for row in effect.rows))
            page.say({1: f"  {effect.label} {interval(effect)}: {sources}", 3: lines}, what="trial")
    page.show()


def gaps_command(
    review: ReviewName,
    *,
    letter: Annotated[
        bool, typer.Option("--letter", help="write a letter to the authors of each report")
    ] = False,
    out: OutFolder = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """List what was measured and is not here, and where to look."""
    loaded = load_review(review)
    listed = gaps(loaded)
    if letter:
        return editing.letters(loaded, out=out or "figures", full=full)
    if as_json:
        from livingmeta.pages import documents

        return screen.json("gaps", [documents.lacking(lack) for lack in listed])
    page, last = screen.Page(full=full), None
    head: list[str] = []
    shares = worth(deduce(loaded))
    for lack in ranked(loaded, listed, shares):
        gap = lack.gap
        if lack.trial is not last:
            people = lack.people or "an unknown number of"
            head = [f"{lack.trial.label} (would add {people} people)"]
        last = lack.trial
        instrument = loaded.instrument(gap.instrument)
        about = [gap.outcome, instrument.name if instrument else "instrument not known"]
        about.append("time not known" if gap.weeks is None else f"week {gap.weeks:g}")
        feeds = f" → {', '.join(lack.syntheses)}" if lack.syntheses else ""
        state = " FILLED" if lack.filled else ""
        told = [
            *head,
            f"  {lack.number}. {', '.join(about)}{feeds}{state}: {gap.what}",
            f"     look in {gap.where}",
        ]
        about[1] = shorten(about[1], 34, placeholder=" …")
        brief = [
            *head,
            f"  {lack.number}. {', '.join(about)}{feeds}{state}",
            f"     {shorten(f'look in {gap.where}', page.width - 5, placeholder=' …')}",
        ]
        for synthesis in lack.syntheses:
            if share := shares.get((gap.trial, synthesis)):
                told.append(f"     would settle {100 * share:.0f}% of what {synthesis} leaves open of others")
        page.say({1: brief, 3: told}, what="gap", bold=True)
        head = []
    still = sum(not lack.filled for lack in listed)
    done = "" if still == len(listed) else f", {len(listed) - still} of them filled"
    counted = f"{len(listed)} known {screen.plural(len(listed), 'gap')}{done}"
    page.say(f"{counted}. To fill one: livingmeta add {review} --gap N" if listed else "No gap is known.")
    return page.show()


def dictionary_command() -> None:
    """Print what each file and column of a review may hold."""
    screen.echo(dictionary(), nl=False)
