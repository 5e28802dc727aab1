"""Every combination of a review's defensible choices."""

from pathlib import Path

from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.multiverse import Multiverse, MultiverseSummary, Shares, multiverse_summary
from livingmeta.audit.results import Results
from livingmeta.calls.opening import Opened
from livingmeta.calls.reviews import multiverse
from livingmeta.calls.writing import figure_files
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import AsJson, Full, Important, OutFolder, Synthesis, VasSd
from livingmeta.engine.measures import as_shown, scale_name, scale_of
from livingmeta.engine.methods.patient import vas_points, vas_words
from livingmeta.exchange.sheets import frame_csv
from livingmeta.pages import documents
from livingmeta.pages.phrases import coverage, multiverse_words, published
from livingmeta.store import write
from livingmeta.synthesis.dependence import shared_flags
from livingmeta.synthesis.pool import Pool
from livingmeta.words import decimal, decimals, steady

UNSEEN = 5e-7  # what no number of decimals shows


@opens
def multiverse_command(
    opened: Opened,
    *,
    synthesis: Synthesis = None,
    important: Important = None,
    vas_sd: VasSd = None,
    out: OutFolder = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Pool under every combination of defensible choices.

    They are those declared in review.toml; of a file all that can apply to it.
    """
    dossier = Dossier(review=opened.review, important=important, vas_sd=vas_sd)
    loaded, results = dossier.review, dossier.results
    size = dossier.limit  # refused before anything is pooled
    with screen.progress("Combining") as progress:
        analysed = multiverse(loaded, synthesis=synthesis, progress=progress)
    summaries = [multiverse_summary(analysis, important=size) for analysis in analysed]
    if as_json:
        return screen.json("multiverse", [documents.combined(results, summary) for summary in summaries])
    page = screen.Page(full=full, where="" if synthesis else "--synthesis NAME for one alone")
    page.table(
        ["choice", "options", "why"],
        [[choice.name, ", ".join(choice.options), choice.why] for choice in analysed[0].choices],
        rank=5,
        what="choice",
    )
    before, folder = None, opened.folder(out)
    with screen.progress("Drawing") as progress:
        for i, summary in enumerate(summaries):
            _show(page, results, summary, folder, vas_sd, after=before)
            before = summary.multiverse.main
            progress(i + 1, len(summaries))
    page.section("")
    shares = "Shares are shares of analyses, not probabilities"
    why = (
        ": analyses share their data, and which "
        "choices are declared decides how many there are on each side. Methods multiply the "
        "analyses of a trial set, so each set is also counted once. Several specifications name "
        "one analysis where their options give the same result of the same effects."
    )
    page.say({0: f"{shares}.", 2: f"{shares}{why}"}, what="")
    printing.disclaimer(page)
    return None


def _show(
    page: screen.Page,
    results: Results,
    summary: MultiverseSummary,
    folder: Path,
    vas_sd: float | None,
    *,
    after: Pool | None,
) -> None:
    """Print one multiverse, and write its table and its figure."""
    from livingmeta.figures.specification_curve import specification_curve

    analysed, pool = summary.multiverse, summary.multiverse.main
    rests, prints = coverage(results.review, pool), published(results, pool)
    words = multiverse_words(analysed) or "no analysis is possible"
    printing.heading(page, pool, (words.partition(". ")[0], words), after=after)
    page.say(f"  the headline: {rests}; {pool.methods}", rank=screen.NEVER, what="")
    printing.flags(page, shared_flags(pool.flags))
    page.say(
        f"  {analysed.declared:,} combinations: {sum(n for _, n in analysed.impossible):,} impossible, "
        f"{analysed.equivalent:,} the same as another by definition, {len(analysed.names):,} "
        f"specifications of {len(analysed.analyses):,} analyses that differ in effects or result",
        rank=4,
    )
    for why, n in analysed.impossible:
        page.say(f"  impossible, {n:,}: {why}", rank=5)
    if summary.shares is None or summary.each is None:
        page.say("  no analysis is possible.", rank=screen.NEVER, what="")
        page.gap()
        return
    page.say(f"  {words}", rank=screen.NEVER, what="")
    _print_shares(page, pool, summary.shares, summary.each, len(summary.sets))
    _print_span(page, pool, summary.shares, prints, vas_sd)
    _print_turns(page, analysed)
    _print_sets(page, summary)
    _print_options(page, summary)
    path = folder / f"multiverse_{pool.stem}"
    tables = ((".csv", analysed.specifications), ("_shares.csv", summary.parts))
    written = [write(path.with_name(f"{path.name}{end}"), frame_csv(table)) for end, table in tables]
    printed = f" P{prints[1:]}." if prints else ""
    note = f"Headline: {rests}.{printed}"
    curve, _ = specification_curve(analysed, summary.shares, note=note)
    printing.written(page, [*written, *figure_files(path, curve, "png", "svg")])
    page.gap()


def _print_shares(page: screen.Page, pool: Pool, every: Shares, each: Shares, sets: int) -> None:
    rows = {}
    for side in ("below", "above") if pool.no_effect is not None else ():
        above = side == "above"
        rows[f"estimate {pool.side(above)}"] = side
        wholly = pool.side(above, "in_favour")
        rows[f"interval excludes {pool.no_effect} (no effect), {wholly}"] = f"excludes_{side}"
        if every.important is not None:
            end = every.important if above else -every.important
            (size,) = as_shown(pool.measure, end)
            rows[f"estimate {size} or farther, {wholly}"] = f"beyond_{side}"
    if not rows:
        return
    page.table(
        [
            "share of",
            f"{every.analyses:,} {screen.plural(every.analyses, 'analysis')}",
            f"{sets} trial set{'' if sets == 1 else 's'}, each once",
        ],
        [
            [words, *(f"{100 * getattr(shares, name):.1f}%" for shares in (every, each))]
            for words, name in rows.items()
        ],
        rank=3,
        what="share",
    )


def _excludes(pool: Pool) -> list[str]:
    """Return the head of the column on no effect, where the measure has one."""
    return [] if pool.no_effect is None else [f"excludes {pool.no_effect}"]


def _print_sets(page: screen.Page, summary: MultiverseSummary) -> None:
    """Print what each set of trials says, and which options it takes to have it."""
    pool = summary.multiverse.main
    page.table(
        ["trial set", "analyses", "median", *_excludes(pool), "made by"],
        [
            [
                f"{trials.name}: {trials.words()}",
                f"{trials.shares.analyses:,}",
                as_shown(pool.measure, trials.shares.median)[0],
                *(f"in {trials.excludes}: {trials.shares.excludes:.0%}" for _ in _excludes(pool)),
                "; ".join(f"{name}: {' or '.join(some)}" for name, some in trials.made_by) or "any",
            ]
            for trials in summary.sets
        ],
        rank=4,
        what="trial set",
    )


def _print_options(page: screen.Page, summary: MultiverseSummary) -> None:
    pool, named = summary.multiverse.main, {choice.name for choice in summary.multiverse.choices}
    page.table(
        ["choice", "option", "analyses", "trial sets", "median", *_excludes(pool)],
        [
            [
                row["choice"],
                row["option"],
                f"{row['analyses']:,}",
                f"{row['trial_sets']}",
                as_shown(pool.measure, row["median"])[0] if row["analyses"] else "–",
                *(f"{row['excludes']:.0%}" if row["analyses"] else "–" for _ in _excludes(pool)),
            ]
            for row in summary.parts.to_dict("records")
            if row["choice"] in named
        ],
        rank=5,
        what="option",
    )


def _print_span(page: screen.Page, pool: Pool, every: Shares, published: str, vas_sd: float | None) -> None:
    measure = pool.measure
    span = (every.lowest, every.highest, every.median)
    k = f"{every.k_low}" + (f" to {every.k_high}" if every.k_high > every.k_low else "")
    low, high, median = (as_shown(measure, value)[0] for value in span)
    page.say(
        f"  {scale_name(measure)} from {low} to {high}, median {median}; each on {k} "
        f"trial{'' if every.k_high == 1 else 's'}",
        rank=2,
    )
    if vas_sd is not None:
        points = (vas_points(value, vas_sd=vas_sd) for value in span)
        low, high, median = (decimal(x, 1) for x in points)
        page.say(f"  from {low} to {high}, median {median} {vas_words(vas_sd)}", rank=1)
    if every.published_below is not None:
        page.say(
            f"  {published}: {every.published_below:.1%} of the analyses lie below it, "
            f"{every.published_above:.1%} above",
            rank=3,
        )
    elif published:
        page.say(f"  {published}", rank=3)


def _step(size: float | None) -> str:
    """Write a step in three decimals, and in as many as it takes not to read 0."""
    return decimals(size, places=3)[0]


def _print_turns(page: screen.Page, analysed: Multiverse) -> None:
    first = analysed.turns[0]
    if first.moved is not None:
        label, pairs = analysed.main.measure, "in the median over analyses that differ in nothing else"
        if first.moved < UNSEEN:
            most = max(turn.most or 0.0 for turn in analysed.turns)
            words = f"No choice moves the {label}"
            words += "." if most < UNSEEN else f" {pairs}; at most it moves by {_step(most)}."
        else:
            tied = [turn.choice for turn in analysed.turns if steady(turn.moved or 0) == steady(first.moved)]
            # a step is one on the scale of analysis, which is named where readers see another
            what = "" if scale_of(label).plain else f"the {label} by "
            words = (
                f"Most is moved by the choice of {' or '.join(tied)}: {what}{_step(first.moved)} {pairs}, "
            )
            words += f"and at most {_step(first.most)}."
        page.say(f"  {words}", rank=1)
    page.table(
        [
            "changed alone",
            "pairs",
            f"{analysed.main.measure} moves (median)",
            "at most",
            *(f"whether {none} is excluded" for none in [analysed.main.no_effect] if none),
        ],
        [
            [
                turn.choice,
                f"{turn.pairs:,}",
                decimal(turn.moved, 3),
                decimal(turn.most, 3),
                *(
                    "–" if turn.turned is None else f"changes in {turn.turned:.0%}"
                    for _ in _excludes(analysed.main)
                ),
            ]
            for turn in analysed.turns
        ],
        rank=5,
        what="choice changed alone",
    )
