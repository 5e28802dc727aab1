"""Whether small trials tell another story than large ones."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from livingmeta.appraisal.missing_evidence import funnel_of
from livingmeta.calls.methods import small_study_of
from livingmeta.calls.opening import Opened
from livingmeta.calls.writing import figure_files
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import AsJson, Full, OutFolder, Synthesis
from livingmeta.engine.measures import as_shown, scale_name
from livingmeta.engine.methods.selection import Selected
from livingmeta.engine.methods.small_study import Asymmetry, Filled, Suited
from livingmeta.pages.documents import OWN_MODEL, SmallStudy, small_study
from livingmeta.pages.phrases import interval
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import headline_settings
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import decimal, p_words


@opens
def small_study_command(
    opened: Opened,
    *,
    synthesis: Synthesis = None,
    force: Annotated[
        bool, typer.Option("--force", help="test below ten trials, too, with a warning")
    ] = False,
    out: OutFolder = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Test whether small trials tell another story: funnel, tests.

    By Egger, Peters, Harbord, PEESE, trim and fill, and a selection model. The test that suits the
    measure is named first; the others stand beside it.
    """
    from livingmeta.figures.funnel import funnel_plot

    loaded = opened.review
    settings = headline_settings(loaded)
    documents: list[SmallStudy] = []
    page = screen.Page(full=full, where="" if synthesis else "--synthesis NAME for one alone")
    before = None
    for pool in synthesise(loaded, settings=settings, only=synthesis):
        answer = small_study_of(pool, settings, force=force)
        document = small_study(answer)
        documents.append(document)
        if as_json:
            continue
        best, tests, filled, chosen = answer.best, answer.tests, answer.filled, answer.selection
        if best is None or filled is None or chosen is None:
            why = str(answer.refused).rstrip(".")
            printing.heading(page, pool, (why, why), after=before)
            page.say(f"  {answer.refused}", rank=screen.NEVER, what="")
            before = pool
            continue
        funnel = funnel_of(pool)
        printing.heading(page, pool, _suited(best), after=before, flags=(*pool.flags, *document["flags"]))
        before = pool
        trials = f"{funnel.k} {screen.plural(funnel.k, 'trial')}"
        effects = f"{len(funnel.yi)} {screen.plural(len(funnel.yi), 'effect')}"
        page.say(f"  {trials}, {effects}; {pool.methods}", rank=screen.NEVER, what="")
        _show(page, pool, best, tests, filled, chosen, flags=tuple(document["flags"]))
        ax = funnel_plot(pool, filled=filled)
        stem = opened.folder(out) / f"funnel_{pool.stem}"
        printing.written(page, figure_files(stem, ax, "png"))
    if as_json:
        return screen.json("small-study", documents)
    page.section("")
    page.say(
        "An asymmetric funnel has many causes: bias in what is published, in small trials "
        "themselves, true differences, or chance."
    )
    printing.disclaimer(page)
    return None


def _suited(best: Suited) -> tuple[str, str]:
    """Say what the test that suits the measure says, or the one beside which none does."""
    said = f"{best.test.name}: {p_words(best.test.p_value)}"
    text = f"{said}, though no test suits" if best.inflated else said
    return text, text


def _show(
    page: screen.Page,
    pool: Pool,
    best: Suited,
    tests: Sequence[Asymmetry],
    filled: Filled,
    chosen: Selected | str,
    *,
    flags: tuple[str, ...],
) -> None:
    measure = pool.measure

    def ends(scale: str, *values: float | None) -> list[str]:
        return ["no limit" if x == "–" else x for x in as_shown(scale, *values)]

    def flagged(own: Iterable[str], of: str = "") -> None:
        raised = [flag for flag in own if not of or flag not in flags]
        if of and raised:
            page.say(f"  {of}{printing.in_brief(raised)[1]}", rank=1, what="", brief=True)
        printing.flags(page, raised, what=of)

    flagged(flags)
    suits = "no test suits" if best.inflated else "the test that suits"
    said = f"{best.test.name}, {p_words(best.test.p_value)}"
    page.say(f"  {suits} {scale_name(measure)}: {said}; {best.why}", rank=3)
    page.table(
        ["test", "effects", "statistic", "P", f"{scale_name(measure)} of a trial without error"],
        [
            [
                test.name,
                str(test.k),
                f"t({test.df}) = {decimal(test.t)}"
                if test.t is not None
                else f"τ = {decimal(test.statistic)}",
                p_words(test.p_value).removeprefix("P ").removeprefix("= "),
                "–"
                if test.limit is None
                else "{} ({} to {})".format(*as_shown(measure, test.limit, test.limit_low, test.limit_high)),
            ]
            for test in tests
        ],
        rank=4,
        what="test",
    )
    page.say(f"  {OWN_MODEL}", rank=5)
    added = f"{filled.k0} {screen.plural(filled.k0, 'trial')} added on the {filled.side}; with that"
    added = added if filled.k0 else f"no trial is missing on the {filled.side};"
    page.say(
        f"  trim and fill: {added} {scale_name(measure)} {interval(filled.result, measure=measure)}", rank=1
    )
    flagged(filled.flags, "of trim and fill: ")
    if isinstance(chosen, str):
        page.say(f"  selection model: {chosen}", rank=2)
    else:
        weights = (chosen.weight, chosen.weight_low, chosen.weight_high)
        weight, lightest, heaviest = (ends("", x)[0] for x in weights)
        estimate, low, high = ends(measure, chosen.estimate, chosen.ci_low, chosen.ci_high)
        alike = f"1: all alike, {p_words(chosen.p_value)}"
        favoured = pool.side(chosen.side == "right", "in_favour")
        page.say(
            f"  selection model: a trial that is not significant {favoured} is {weight} "
            f"times ({lightest} to {heaviest}) as likely to be reported as one that is ({alike}); "
            f"allowing for that, {scale_name(measure)} {estimate} ({low} to {high}), "
            f"{100 * chosen.level:g}% profile likelihood",
            rank=2,
        )
        flagged(chosen.flags, "of the selection model: ")
