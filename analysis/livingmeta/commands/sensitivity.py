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
from livingmeta.calls.writing import figure_files
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import AsJson, Important, OutFolder, Synthesis, VasSd
from livingmeta.engine.effect_sizes import as_shown, scale_name
from livingmeta.engine.methods.patient import vas_words
from livingmeta.language import FLAG_WORDS
from livingmeta.pages.changes import excludes
from livingmeta.pages.documents import asked, sensitivity_analyses
from livingmeta.pages.phrases import Interval, interval, people_number
from livingmeta.pages.rob_me import AVAILABLE, UNKNOWN, MissingEvidence, rob_me, tipping
from livingmeta.synthesis.pool import Pool, notes
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
    as_json: AsJson = False,
) -> None:
    """Pool by other choices, and without each trial.

    Also with one trial more at a time, and with what is missing. Figures go to the folder of the
    review: without each trial, cumulative, Baujat, influence.
    """
    dossier = Dossier(review=opened.review, important=important, vas_sd=vas_sd)
    loaded, limit = dossier.review, dossier.limit
    analyses = [analysis for analysis in dossier.sensitivity if synthesis in {None, analysis.main.synthesis}]
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
    _overview(analyses)
    for analysis, lines in zip(analyses, drawn, strict=True):
        printing.summary(loaded, analysis.main)
        _scenarios(analysis, also)
        _trials(analysis, also)
        _growth(analysis, also)
        for line in lines:
            screen.console().print(f"  {line}")
    for missing in laid_out:
        _missing(missing)
    if vas_sd is not None:
        screen.console().print(f"Points: {vas_words(vas_sd)}.")
    printing.disclaimer()
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


def _overview(analyses: Sequence[Sensitivity]) -> None:
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
    screen.table(["synthesis", "main analysis (CI)", "other estimates", "same conclusion"], rows)
    screen.console().print(
        "  same conclusion: the other analyses whose interval includes no effect, or lies on one "
        "side of it, as that of the main one; each analysis with a result counts once, whatever "
        "number of names it has\n"
    )


def _scenarios(analysis: Sensitivity, also: _Also) -> None:
    main, absence = analysis.main, analysis.absence

    def size(pool: Pool) -> tuple[str, str]:
        """Say on how many trials of how many, and on how many people, a pool rests."""
        measured = tuple(e for e in pool.effects if "imputed" not in e.flags)
        whole = len(pool.measured)
        added = f" + {pool.imputed} imputed" if pool.imputed else ""
        part = "" if len({e.trial for e in measured}) == whole else f" of {whole}"
        real = replace(pool, effects=measured)
        more = f" + {pool.people.known - real.people.known} imputed" if added else ""
        return f"{len(measured)}{added}{part}", f"{people_number(real)}{more}"

    others = [(name, pool) for name, pool in analysis.scenarios if name not in analysis.no_different]
    rows = [("main analysis", main), *others, *absence.scenarios]
    screen.table(
        ["analysis", f"{scale_name(main.measure)} (CI)", "k", "people", "interval", *also.heads],
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
    )
    console = screen.console()
    if analysis.no_different:
        console.print(f"  no different here: {', '.join(analysis.no_different)}")
    for flag in dict.fromkeys(flag for _, pool in rows if pool for flag in pool.flags):
        where = [label for label, pool in rows if pool and flag in pool.flags]
        most = f"the main analysis and {len(where) - 1} of {len(rows) - 1} others"
        names = most if flag in main.flags else ", ".join(where)
        console.print(f"  flag {flag}: {FLAG_WORDS[flag]} ({names})")
    if absence.why_not is not None:
        console.print(f"  no scenario of missing trials: {absence.why_not}")
    else:
        console.print(
            "  extreme: the farthest effect pooled on that side or, if farther, the "
            "limit of the trial's own interval around 0"
        )
        for note in notes(e for e in absence.scenarios[0][1].effects if "imputed" in e.flags):
            console.print(f"  {note}")
        console.print(f"  {tipping(analysis)}")
    if absence.unknown_size:
        left = ", ".join(absence.unknown_size)
        console.print(
            f"  left out of these, since nobody knows how many they randomised, or below 2 per arm: {left}"
        )


def _trials(analysis: Sensitivity, also: _Also) -> None:
    if not analysis.without:
        return
    measure = analysis.main.measure
    screen.table(
        ["without", f"{scale_name(analysis.main.measure)} (CI)", "k", "weight", *also.heads],
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
    )
    if analysis.without[0].cook is None:
        screen.console().print("  two trials: influence needs three or more")
        return
    screen.table(
        ["trial", *DIAGNOSTICS.values()],
        [
            [left.label, *(decimals(getattr(left, column))[0] for column in DIAGNOSTICS)]
            for left in analysis.without
        ],
    )
    screen.console().print("  τ² and Q without the trial; hat: its share of the weight")


def _growth(analysis: Sensitivity, also: _Also) -> None:
    from livingmeta.figures.sensitivity import ORDER_WORDS

    measure = analysis.main.measure
    for order, stages in analysis.growth.items():
        if len(stages) > 1:
            screen.table(
                [
                    f"one more, {ORDER_WORDS[order]}",
                    f"{scale_name(analysis.main.measure)} (CI)",
                    "k",
                    *also.heads,
                ],
                [
                    [stage.label, interval(stage, measure=measure), str(stage.k), *also.cells(stage)]
                    for stage in stages
                ],
            )


def _figures(analysis: Sensitivity, folder: Path, important: float | None) -> list[str]:
    """Draw what can be drawn of a synthesis, and say of each picture where it is or why not."""
    from livingmeta.figures.sensitivity import FIGURES

    lines = []
    for name, draw in FIGURES.items():
        stem = folder / f"{name}_{analysis.main.stem}"
        plotted = answered(partial(draw, analysis, important=important))
        if isinstance(plotted, str):
            lines.append(f"no {stem.name}.png: {plotted}")
        else:
            lines += [f"{path} written" for path in figure_files(stem, plotted.figure, "png")]
    return lines


def _missing(evidence: MissingEvidence) -> None:
    console = screen.console()
    console.print(
        f"\nMissing evidence, as ROB-ME asks: {evidence.title} ({evidence.synthesis})", style="bold"
    )
    for status in (AVAILABLE, UNKNOWN):
        labels = [row.label for row in evidence.matrix if row.status == status]
        console.print(f"  {status} ({len(labels)}): {', '.join(labels) or '–'}")
    rows = [row for row in evidence.matrix if row.status not in {AVAILABLE, UNKNOWN}]
    if rows:
        screen.table(
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
        )
    for question, answer in evidence.facts:
        console.print(f"  {question} {answer}.")
    for judgement in evidence.judgements:
        console.print(f"  judgement of {judgement.by}: {judgement.judgement} – {judgement.why}")
    if not evidence.judgements:
        console.print("  judgement: not assessed")
