"""Whether small trials tell another story than large ones."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from livingmeta.calls.methods import small_study_of
from livingmeta.calls.opening import Opened
from livingmeta.calls.writing import figure_files
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import AsJson, OutFolder, Synthesis
from livingmeta.engine.effect_sizes import as_shown, scale_name
from livingmeta.engine.methods.selection import Selected
from livingmeta.engine.methods.small_study import Asymmetry, Filled, Suited
from livingmeta.pages.documents import OWN_MODEL, SmallStudy, small_study, untested
from livingmeta.pages.phrases import flag_lines, interval
from livingmeta.synthesis.pool import funnel_of
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
    console = screen.console()
    for pool in synthesise(loaded, settings=settings, only=synthesis):
        answer = small_study_of(pool, settings, force=force)
        best, tests, filled, chosen = answer.best, answer.tests, answer.filled, answer.selection
        if best is None or filled is None or chosen is None:
            documents.append(untested(pool, str(answer.refused)))
            if not as_json:
                console.print(pool.called, style="bold")
                console.print(f"  {answer.refused}")
            continue
        funnel = funnel_of(pool)
        document = small_study(pool, funnel, suited=best, tests=tests, filled=filled, selection=chosen)
        documents.append(document)
        if as_json:
            continue
        console.print(pool.called, style="bold")
        console.print(f"  {funnel.k} trials, {len(funnel.yi)} effects; {pool.methods}")
        _show(pool.measure, best, tests, filled, chosen, flags=tuple(document["flags"]))
        figure = funnel_plot(pool, filled=filled).figure
        for path in figure_files(opened.folder(out) / f"funnel_{pool.stem}", figure, "png"):
            console.print(f"  {path} written")
    if as_json:
        return screen.json("small-study", documents)
    console.print(
        "An asymmetric funnel has many causes: bias in what is published, in small trials "
        "themselves, true differences, or chance."
    )
    printing.disclaimer()
    return None


def _show(
    measure: str,
    best: Suited,
    tests: Sequence[Asymmetry],
    filled: Filled,
    chosen: Selected | str,
    *,
    flags: tuple[str, ...],
) -> None:
    def ends(scale: str, *values: float | None) -> list[str]:
        return ["no limit" if x == "–" else x for x in as_shown(scale, *values)]

    console = screen.console()

    def flagged(own: Iterable[str], of: str = "") -> None:
        for line in flag_lines([flag for flag in own if not of or flag not in flags]):
            console.print(f"  flag {of}{line}")

    flagged(flags)
    suits = "no test suits" if best.inflated else "the test that suits"
    said = f"{best.test.name}, {p_words(best.test.p_value)}"
    console.print(f"  {suits} {scale_name(measure)}: {said}; {best.why}")
    screen.table(
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
    )
    console.print(f"  {OWN_MODEL}")
    console.print(
        f"  trim and fill: {filled.k0} {'trial' if filled.k0 == 1 else 'trials'} added on the "
        f"{filled.side}; with {'it' if filled.k0 == 1 else 'them'} "
        f"{scale_name(measure)} {interval(filled.result, measure=measure)}"
    )
    flagged(filled.flags, "of trim and fill: ")
    if isinstance(chosen, str):
        console.print(f"  selection model: {chosen}")
    else:
        weights = (chosen.weight, chosen.weight_low, chosen.weight_high)
        weight, lightest, heaviest = (ends("", x)[0] for x in weights)
        estimate, low, high = ends(measure, chosen.estimate, chosen.ci_low, chosen.ci_high)
        console.print(
            f"  selection model: other trials are reported {weight} times "
            f"({lightest} to {heaviest}) as often as those "
            f"significant on the {chosen.side}; with that {scale_name(measure)} "
            f"{estimate} ({low} to {high}), "
            f"{100 * chosen.level:g}% profile likelihood; against equal reporting "
            f"{p_words(chosen.p_value)}"
        )
        flagged(chosen.flags, "of the selection model: ")
