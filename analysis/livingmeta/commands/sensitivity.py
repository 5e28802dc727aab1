"""How far the answer of a review bends."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from livingmeta.commands import printing, screen
from livingmeta.commands.options import AsJson, Important, OutFolder, ReviewName, Synthesis, VasSd
from livingmeta.words import decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from livingmeta.appraisal.scenarios import Sensitivity
    from livingmeta.pages.phrases import Interval
    from livingmeta.pages.rob_me import MissingEvidence
    from livingmeta.synthesis.pool import Pool

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


def sensitivity(
    review: ReviewName,
    *,
    synthesis: Synthesis = None,
    important: Important = None,
    vas_sd: VasSd = None,
    out: OutFolder = "figures",
    as_json: AsJson = False,
) -> None:
    """Pool under other choices, without each trial, one more at a time, and with what is missing.

    Figures go to the folder of the review: without each trial, cumulative, Baujat, influence.
    """
    from livingmeta.appraisal.scenarios import sensitivity as bent
    from livingmeta.engine.methods.patient import important_difference, vas_words
    from livingmeta.pages.rob_me import rob_me
    from livingmeta.review.folder import load_review
    from livingmeta.synthesis.settings import headline_settings

    loaded = load_review(review)
    if synthesis is not None:
        loaded.plan(synthesis)
    found = [one for one in bent(loaded) if synthesis in {None, one.main.synthesis}]
    settings = headline_settings(loaded)
    limit = important_difference(important, measure=settings.measure, label=settings.label, vas_sd=vas_sd)
    asked = _Asked(limit, important, vas_sd)
    laid_out = rob_me(loaded, found)
    if as_json:
        from livingmeta.pages.documents import sensitivity_analyses

        document = sensitivity_analyses(found, laid_out, important=limit, vas_sd=vas_sd)
        return screen.json("sensitivity", document)
    drawn = []
    with screen.progress("Drawing") as progress:
        for number, one in enumerate(found, start=1):
            drawn.append(_figures(one, loaded.protocol.id, out, limit))
            progress(number, len(found))
    _overview(found)
    for one, lines in zip(found, drawn, strict=True):
        printing.summary(loaded, one.main)
        _scenarios(one, asked)
        _trials(one, asked)
        _growth(one, asked)
        for line in lines:
            screen.console().print(f"  {line}")
    for missing in laid_out:
        _missing(missing)
    if vas_sd is not None:
        screen.console().print(f"Points: {vas_words(vas_sd)}.")
    printing.disclaimer()
    return None


class _Asked(NamedTuple):
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
        from livingmeta.pages.documents import asked

        document = asked(result, important=self.limit, vas_sd=self.vas_sd)
        points = document.get("vas_points")
        cells = [] if self.vas_sd is None else ["–"]
        if points:
            cells = ["{} ({} to {})".format(*(decimal(end, 1) for end in points))]
        return cells if self.limit is None else [*cells, document["beyond_important"] or "–"]


def _overview(found: Sequence[Sensitivity]) -> None:
    """Print how far each synthesis bends, a line each."""
    from livingmeta.engine.effect_sizes import as_shown
    from livingmeta.pages.phrases import interval

    rows = [
        [
            one.main.name,
            interval(one.main.result) if one.main.result else "–",
            " to ".join(as_shown(one.main.measure, end)[0] for end in one.span) or "–",
            f"{len(one.agreeing)} of {len(one.others)}" if one.others else "–",
        ]
        for one in found
    ]
    screen.table(["synthesis", "main analysis (CI)", "other estimates", "same conclusion"], rows)
    screen.console().print(
        "  same conclusion: the other analyses whose interval includes no effect, or lies on one "
        "side of it, as that of the main one; each analysis with a result counts once, whatever "
        "number of names it has\n"
    )


def _scenarios(one: Sensitivity, asked: _Asked) -> None:
    from dataclasses import replace

    from livingmeta.language import FLAG_WORDS
    from livingmeta.pages.changes import excludes
    from livingmeta.pages.phrases import interval, people_number
    from livingmeta.pages.rob_me import tipping
    from livingmeta.synthesis.pool import notes

    main, absence = one.main, one.absence

    def size(pool: Pool) -> tuple[str, str]:
        """Say on how many trials of how many, and on how many people, a pool rests."""
        known = tuple(e for e in pool.effects if "imputed" not in e.flags)
        whole = len(pool.measured)
        added = f" + {pool.imputed} imputed" if pool.imputed else ""
        part = "" if len({e.trial for e in known}) == whole else f" of {whole}"
        real = replace(pool, effects=known)
        more = f" + {pool.people.known - real.people.known} imputed" if added else ""
        return f"{len(known)}{added}{part}", f"{people_number(real)}{more}"

    told = [(name, pool) for name, pool in one.scenarios if name not in one.no_different]
    rows = [("main analysis", main), *told, *absence.scenarios]
    screen.table(
        ["analysis", f"{printing.scale(main)} (CI)", "k", "people", "interval", *asked.heads],
        [
            [
                label,
                interval(pool.result) if pool and pool.result else "–",
                *(size(pool) if pool else ("–", "–")),
                excludes(pool),
                *asked.cells(pool.result if pool else None),
            ]
            for label, pool in rows
        ],
    )
    console = screen.console()
    if one.no_different:
        console.print(f"  no different here: {', '.join(one.no_different)}")
    for flag in dict.fromkeys(flag for _, pool in rows if pool for flag in pool.flags):
        where = [label for label, pool in rows if pool and flag in pool.flags]
        others = f"the main analysis and {len(where) - 1} of {len(rows) - 1} others"
        names = others if flag in main.flags else ", ".join(where)
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
        console.print(f"  {tipping(one)}")
    if absence.unknown_size:
        left = ", ".join(absence.unknown_size)
        console.print(
            f"  left out of these, since nobody knows how many they randomised, or below 2 per arm: {left}"
        )


def _trials(one: Sensitivity, asked: _Asked) -> None:
    from livingmeta.pages.phrases import interval
    from livingmeta.words import decimals

    if not one.without:
        return
    measure = one.main.measure
    screen.table(
        ["without", f"{printing.scale(one.main)} (CI)", "k", "weight", *asked.heads],
        [
            [
                left.label,
                interval(left, measure=measure),
                str(left.k),
                f"{left.weight:.1f}%",
                *asked.cells(left),
            ]
            for left in one.without
        ],
    )
    if one.without[0].cook is None:
        screen.console().print("  two trials: influence needs three or more")
        return
    screen.table(
        ["trial", *DIAGNOSTICS.values()],
        [
            [left.label, *(decimals(getattr(left, column))[0] for column in DIAGNOSTICS)]
            for left in one.without
        ],
    )
    screen.console().print("  τ² and Q without the trial; hat: its share of the weight")


def _growth(one: Sensitivity, asked: _Asked) -> None:
    from livingmeta.figures.sensitivity import ORDER_WORDS
    from livingmeta.pages.phrases import interval

    measure = one.main.measure
    for order, stages in one.growth.items():
        if len(stages) > 1:
            screen.table(
                [f"one more, {ORDER_WORDS[order]}", f"{printing.scale(one.main)} (CI)", "k", *asked.heads],
                [
                    [stage.label, interval(stage, measure=measure), str(stage.k), *asked.cells(stage)]
                    for stage in stages
                ],
            )


def _figures(one: Sensitivity, review: str, out: str, important: float | None) -> list[str]:
    """Draw what can be drawn of a synthesis, and say of each picture where it is or why not."""
    from pathlib import Path

    from livingmeta.figures.files import figure_bytes
    from livingmeta.figures.sensitivity import FIGURES
    from livingmeta.store import write

    pool = one.main
    lines = []
    for name, draw in FIGURES.items():
        path = Path(out) / review / f"{name}_{pool.stem}.png"
        try:
            figure = draw(one, important=important).figure
        except ValueError as refusal:
            lines.append(f"no {path.name}: {refusal}")
        else:
            write(path, figure_bytes(figure, "png"))
            lines.append(f"{path} written")
    return lines


def _missing(one: MissingEvidence) -> None:
    from textwrap import shorten

    from livingmeta.pages.rob_me import AVAILABLE, UNKNOWN

    console = screen.console()
    console.print(f"\nMissing evidence, as ROB-ME asks: {one.title} ({one.synthesis})", style="bold")
    for status in (AVAILABLE, UNKNOWN):
        labels = [row.label for row in one.matrix if row.status == status]
        console.print(f"  {status} ({len(labels)}): {', '.join(labels) or '–'}")
    rows = [row for row in one.matrix if row.status not in {AVAILABLE, UNKNOWN}]
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
    for asked, known in one.facts:
        console.print(f"  {asked} {known}.")
    for judgement in one.judgements:
        console.print(f"  judgement of {judgement.by}: {judgement.judgement} – {judgement.why}")
    if not one.judgements:
        console.print("  judgement: not assessed")
