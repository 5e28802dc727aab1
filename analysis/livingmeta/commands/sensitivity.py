"""How far the answer of a review bends."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import NamedTuple

from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.scenarios import Sensitivity
from livingmeta.calls.opening import Opened
from livingmeta.calls.reviews import sensitivity
from livingmeta.calls.writing import figure_files
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import AsJson, Full, Important, OutFolder, Synthesis, VasSd
from livingmeta.engine.measures import as_shown, scale_name
from livingmeta.engine.methods.patient import vas_words
from livingmeta.figures.marks import notes
from livingmeta.language import FLAG_WORDS
from livingmeta.pages.changes import excludes
from livingmeta.pages.documents import asked, sensitivity_analyses
from livingmeta.pages.phrases import Interval, interval, people_number
from livingmeta.pages.rob_me import AVAILABLE, UNKNOWN, MissingEvidence, rob_me, tipping
from livingmeta.synthesis.pool import Pool
from livingmeta.words import answered, decimal, decimals

DIAGNOSTICS = {
    "rstudent": "residual",
    "dffits": "DFFITS",
    "cook": "Cook",
    "cov_ratio": "cov.r",
    "tau2": "τ²",
    "q": "Q",
    "hat": "hat",
    "dfbetas": "DFBETAS",
}


@opens
def sensitivity_command(
    opened: Opened,
    *,
    synthesis: Synthesis = None,
    important: Important = None,
    vas_sd: VasSd = None,
    out: OutFolder = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Pool by other choices, and without each trial.

    Also with one trial more at a time, and with what is missing. Figures go to the folder of the
    review: without each trial, cumulative, Baujat, influence.
    """
    dossier = Dossier(review=opened.review, important=important, vas_sd=vas_sd)
    loaded, limit = dossier.review, dossier.limit
    analyses = sensitivity(loaded, synthesis=synthesis)
    also = _Also(limit, important, vas_sd)
    laid_out = rob_me(loaded, analyses)
    if as_json:
        document = sensitivity_analyses(analyses, laid_out, important=limit, vas_sd=vas_sd)
        return screen.json("sensitivity", document)
    drawn, folder = [], opened.folder(out)
    with screen.progress("Drawing") as progress:
        for number, analysis in enumerate(analyses, start=1):
            drawn.append(_figures(analysis, folder, limit))
            progress(number, len(analyses))
    page = screen.Page(full=full, where="" if synthesis else "--synthesis NAME for one alone")
    _overview(page, analyses)
    mains = [analysis.main for analysis in analyses]
    for analysis, lines, before in zip(analyses, drawn, (None, *mains), strict=False):
        printing.summary(page, loaded, analysis.main, _bends(analysis), after=before)
        _turning(page, analysis)
        _scenarios(page, analysis, also)
        _trials(page, analysis, also)
        _growth(page, analysis, also)
        for line in lines:
            if isinstance(line, Path):
                printing.written(page, [line])
            else:
                page.say(f"  {line}", rank=screen.NEVER, what="")
    page.section("")
    printing.methods(page, mains)
    for missing in laid_out:
        _missing(page, missing)
    if vas_sd is not None:
        page.say(f"Points: {vas_words(vas_sd)}.")
    printing.disclaimer(page)
    return None


class _Also(NamedTuple):
    """What the user wants to see beside each estimate: points on a VAS, and what matters."""

    limit: float | None  # smallest important difference, in the unit of the effects
    important: float | None  # as it was given
    vas_sd: float | None

    @property
    def heads(self) -> list[str]:
        unit = "" if self.vas_sd is None else " points"
        heads = [] if self.vas_sd is None else ["points (CI)"]
        return heads if self.important is None else [*heads, f"beyond {self.important:g}{unit}"]

    def cells(self, result: Interval | None) -> list[str]:
        document = asked(result, important=self.limit, vas_sd=self.vas_sd)
        points = document.get("vas_points")
        cells = [] if self.vas_sd is None else ["–"]
        if points:
            cells = ["{} ({} to {})".format(*(decimal(end, 1) for end in points))]
        return cells if self.limit is None else [*cells, document["beyond_important"] or "–"]


def _bends(analysis: Sensitivity) -> tuple[str, str]:
    """Say how far a synthesis bends: in how many other analyses the answer is the same."""
    main, others = analysis.main, len(analysis.others)
    if not others:
        return ("no other analysis to compare with",) * 2
    # each for itself: these are two estimates, not the limits of one interval
    low, high = (as_shown(main.measure, end)[0] for end in analysis.span)
    agreeing = len(analysis.agreeing)
    same = f"{'all' if agreeing == others else f'{agreeing} of'} {others} other analyses agree"
    same = f"{others} other analyses" if main.no_effect is None else same
    return same, f"{same}, {f'all with {low}' if low == high else f'with estimates from {low} to {high}'}"


def _turning(page: screen.Page, analysis: Sensitivity) -> None:
    """Print in short what turns the answer, and the trial whose absence moves it most."""
    main = analysis.main
    if main.result is None:
        return
    named: dict[str, list[str]] = {}
    for label, pool in (*analysis.scenarios, *analysis.absence.scenarios):
        if pool and pool.result and pool.result.side != main.result.side:
            named.setdefault(excludes(pool), []).append(label)
    for side, labels in named.items():
        page.say(f"  instead {side}: {'; '.join(labels)}", rank=1, what="", brief=True)
    if len(analysis.without) > 1:
        centre = main.result.estimate
        most = max(analysis.without, key=lambda left: abs(left.estimate - centre))
        moved = interval(most, measure=main.measure)
        page.say(f"  moved most without {most.label}: {moved}", rank=2, what="", brief=True)


def _overview(page: screen.Page, analyses: Sequence[Sensitivity]) -> None:
    """Print how far each synthesis bends, a line each."""
    rows = [
        [
            analysis.main.name,
            interval(analysis.main.result) if analysis.main.result else "–",
            # each for itself: these are two estimates, not the limits of one interval
            " to ".join(as_shown(analysis.main.measure, end)[0] for end in analysis.span) or "–",
            f"{len(analysis.agreeing)} of {len(analysis.others)}" if analysis.others else "–",
        ]
        for analysis in analyses
    ]
    head = ["synthesis", "main analysis (CI)", "other estimates", "same conclusion"]
    page.table(head, rows, rank=screen.NEVER, what="")
    if all(analysis.main.no_effect is None for analysis in analyses):
        page.gap()
        return
    page.say(
        "Agree, or same conclusion: the interval spans 0 (of ratios 1), or lies on one side of it, as that "
        "of the main analysis; an analysis counts once, whatever number of names it has.",
        rank=3,
    )
    page.gap()


def _scenarios(page: screen.Page, analysis: Sensitivity, also: _Also) -> None:
    main, absence = analysis.main, analysis.absence

    def size(pool: Pool) -> tuple[str, str]:
        """Say on how many trials of how many, and on how many people, a pool rests."""
        measured = tuple(e for e in pool.effects if "imputed" not in e.flags)
        whole = len(pool.measured)
        added = f" + {pool.imputed} imputed" if pool.imputed else ""
        trials = len({e.trial for e in measured})
        part = "" if trials == whole else f" of {whole}"
        real = replace(pool, effects=measured)
        more = f" + {pool.people.known - real.people.known} imputed" if added else ""
        return f"{trials}{added}{part}", f"{people_number(real)}{more}"

    others = [(name, pool) for name, pool in analysis.scenarios if name not in analysis.no_different]
    rows = [("main analysis", main), *others, *absence.scenarios]
    centre = main.result.estimate if main.result else 0.0
    page.table(
        ["analysis", f"{scale_name(main.measure)} (CI)", "trials", "people", "interval", *also.heads],
        [
            [
                label,
                interval(pool.result) if pool and pool.result else "–",
                *(size(pool) if pool else ("–", "–")),
                excludes(pool),
                *also.cells(pool.result if pool else None),
            ]
            for label, pool in rows
        ],
        rank=3,
        what="analysis",
        by=[abs(pool.result.estimate - centre) if pool and pool.result else -1.0 for _, pool in rows],
    )
    if analysis.no_different:
        page.say(f"  no different here: {', '.join(analysis.no_different)}", rank=5)
    for flag in dict.fromkeys(flag for _, pool in rows if pool for flag in pool.flags):
        where = [label for label, pool in rows if pool and flag in pool.flags]
        most = f"the main analysis and {len(where) - 1} of {len(rows) - 1} others"
        names = most if flag in main.flags else ", ".join(where)
        page.say(f"  flag {flag}: {FLAG_WORDS[flag]} ({names})", rank=6, what="flag explained")
    if absence.why_not is not None:
        page.say(f"  no scenario of missing trials: {absence.why_not}", rank=5)
    else:
        page.say(
            "  extreme: the farthest effect pooled on that side or, if farther, the "
            "limit of the trial's own interval around 0",
            rank=5,
        )
        for note in notes(e for e in absence.scenarios[0][1].effects if "imputed" in e.flags):
            page.say(f"  {note}", rank=5)
        page.say(f"  {tipping(analysis)}", rank=2)
    if absence.unknown_size:
        left = ", ".join(absence.unknown_size)
        page.say(
            f"  left out of these, since nobody knows how many they randomised, or below 2 per arm: {left}",
            rank=5,
        )


def _trials(page: screen.Page, analysis: Sensitivity, also: _Also) -> None:
    if not analysis.without:
        return
    main = analysis.main
    measure, centre = main.measure, main.result.estimate if main.result else 0.0
    page.table(
        ["without", f"{scale_name(measure)} (CI)", "effects", "weight", *also.heads],
        [
            [
                left.label,
                interval(left, measure=measure),
                str(left.k),
                f"{left.weight:.1f}%",
                *also.cells(left),
            ]
            for left in analysis.without
        ],
        rank=3,
        what="row",
        by=[abs(left.estimate - centre) for left in analysis.without],
    )
    if analysis.without[0].cook is None:
        page.say("  two trials: influence needs three or more", rank=5)
        return
    page.table(
        ["trial", *DIAGNOSTICS.values()],
        [
            [left.label, *(decimals(getattr(left, column))[0] for column in DIAGNOSTICS)]
            for left in analysis.without
        ],
        rank=5,
        what="row",
        by=[left.cook or 0.0 for left in analysis.without],
    )
    page.say(
        "  residual: standardised, without the trial; DFFITS, Cook and DFBETAS: how far the pooled value "
        "moves with it; cov.r: below 1 where it makes the pooled value less precise; τ² and Q: without "
        "the trial; hat: its share of the weight",
        rank=5,
    )


def _growth(page: screen.Page, analysis: Sensitivity, also: _Also) -> None:
    from livingmeta.figures.sensitivity import ORDER_WORDS

    measure = analysis.main.measure
    for order, stages in analysis.growth.items():
        if len(stages) > 1:
            page.table(
                [f"one more, {ORDER_WORDS[order]}", f"{scale_name(measure)} (CI)", "effects", *also.heads],
                [
                    [stage.label, interval(stage, measure=measure), str(stage.k), *also.cells(stage)]
                    for stage in stages
                ],
                rank=5,
                what="row",
            )


def _figures(analysis: Sensitivity, folder: Path, important: float | None) -> list[Path | str]:
    """Draw what can be drawn of a synthesis: the files, and of each that is not drawn why."""
    from livingmeta.figures.sensitivity import FIGURES

    lines: list[Path | str] = []
    for name, draw in FIGURES.items():
        stem = folder / f"{name}_{analysis.main.stem}"
        plotted = answered(partial(draw, analysis, important=important))
        if isinstance(plotted, str):
            lines.append(f"no {stem.name}.png: {plotted}")
        else:
            lines += figure_files(stem, plotted, "png")
    return lines


def _missing(page: screen.Page, evidence: MissingEvidence) -> None:
    """Print what is known of missing results, on the whole page alone."""
    page.gap()
    head = f"Missing evidence, as ROB-ME asks: {evidence.title} ({evidence.synthesis})"
    page.say(head, bold=True, rank=screen.NEVER, what="")
    for status in (AVAILABLE, UNKNOWN):
        labels = [row.label for row in evidence.matrix if row.status == status]
        text = f"  {status} ({len(labels)}): {', '.join(labels) or 'none'}"
        page.say(text, rank=screen.NEVER)
    rows = [row for row in evidence.matrix if row.status not in {AVAILABLE, UNKNOWN}]
    if rows:
        page.table(
            ["trial", "n", "result", "why", "source"],
            [
                [
                    row.label,
                    "?" if row.n_randomised is None else str(row.n_randomised),
                    row.status,
                    row.reason,
                    shorten(row.source or "–", 60, placeholder="…"),
                ]
                for row in rows
            ],
            rank=screen.NEVER,
            what="row",
        )
    for question, answer in evidence.facts:
        page.say(f"  {question} {answer}.", rank=screen.NEVER)
    for judgement in evidence.judgements:
        page.say(f"  judgement of {judgement.by}: {judgement.judgement} – {judgement.why}", rank=screen.NEVER)
    if not evidence.judgements:
        page.say("  judgement: not assessed", rank=screen.NEVER)
