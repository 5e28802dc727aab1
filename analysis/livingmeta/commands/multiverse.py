"""Every combination of a review's defensible choices."""

from pathlib import Path

from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.multiverse import (
    Multiverse,
    MultiverseSummary,
    Shares,
    multiverse,
    multiverse_summary,
)
from livingmeta.audit.results import Results
from livingmeta.calls.opening import Opened
from livingmeta.calls.writing import figure_files
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import AsJson, Important, OutFolder, Synthesis, VasSd
from livingmeta.engine.effect_sizes import as_shown, scale_name
from livingmeta.engine.methods.patient import vas_points, vas_words
from livingmeta.exchange.sheets import frame_csv
from livingmeta.pages import documents
from livingmeta.pages.phrases import coverage, multiverse_words, published
from livingmeta.store import write
from livingmeta.synthesis.pool import Pool
from livingmeta.words import decimal


@opens
def multiverse_command(
    opened: Opened,
    *,
    synthesis: Synthesis = None,
    important: Important = None,
    vas_sd: VasSd = None,
    out: OutFolder = None,
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
    screen.table(
        ["choice", "options", "why"],
        [[choice.name, ", ".join(choice.options), choice.why] for choice in analysed[0].choices],
    )
    folder = opened.folder(out)
    with screen.progress("Drawing") as progress:
        for i, summary in enumerate(summaries):
            _show(results, summary, folder, vas_sd)
            progress(i + 1, len(summaries))
    screen.console().print(
        "Shares are shares of analyses, not probabilities: analyses share their data, and which "
        "choices are declared decides how many there are on each side. Methods multiply the "
        "analyses of a trial set, so each set is also counted once. Several specifications name "
        "one analysis where their options give the same result of the same effects."
    )
    printing.disclaimer()
    return None


def _show(results: Results, summary: MultiverseSummary, folder: Path, vas_sd: float | None) -> None:
    """Print one multiverse, and write its table and its figure."""
    from livingmeta.figures.specification_curve import specification_curve

    analysed, pool, console = summary.multiverse, summary.multiverse.main, screen.console()
    rests, prints = coverage(results.review, pool), published(results, pool)
    console.print(pool.called, style="bold")
    console.print(f"  the headline: {rests}; {pool.methods}")
    printing.shared(pool)
    console.print(
        f"  {analysed.declared:,} combinations: {sum(n for _, n in analysed.impossible):,} impossible, "
        f"{analysed.equivalent:,} the same as another by definition, {len(analysed.names):,} "
        f"specifications of {len(analysed.analyses):,} analyses that differ in effects or result"
    )
    for why, n in analysed.impossible:
        console.print(f"  impossible, {n:,}: {why}")
    if summary.shares is None or summary.each is None:
        console.print("  no analysis is possible.\n")
        return
    console.print(f"  {multiverse_words(analysed)}")
    _print_shares(pool, summary.shares, summary.each, len(summary.sets))
    _print_span(pool, summary.shares, prints, vas_sd)
    _print_sets(summary)
    _print_options(summary)
    _print_turns(analysed)
    path = folder / f"multiverse_{pool.stem}"
    for end, table in ((".csv", analysed.specifications), ("_shares.csv", summary.parts)):
        write(path.with_name(f"{path.name}{end}"), frame_csv(table))
    printed = f" P{prints[1:]}." if prints else ""
    note = f"Headline: {rests}.{printed}"
    curve, _ = specification_curve(analysed, summary.shares, note=note)
    figure_files(path, curve.figure, "png", "svg")
    console.print(f"  {path}.csv, _shares.csv, .png and .svg written\n")


def _print_shares(pool: Pool, every: Shares, each: Shares, sets: int) -> None:
    rows = {}
    for side in ("below", "above"):
        above = side == "above"
        rows[f"estimate {pool.side(above)}"] = side
        wholly = pool.side(above, "in_favour")
        rows[f"interval excludes no effect, {wholly}"] = f"excludes_{side}"
        if every.important is not None:
            end = every.important if above else -every.important
            (size,) = as_shown(pool.measure, end)
            rows[f"estimate {size} or farther, {wholly}"] = f"beyond_{side}"
    screen.table(
        [
            "share of",
            f"{every.analyses:,} analyses",
            f"{sets} trial set{'' if sets == 1 else 's'}, each once",
        ],
        [
            [words, *(f"{100 * getattr(shares, name):.1f}%" for shares in (every, each))]
            for words, name in rows.items()
        ],
    )


def _print_sets(summary: MultiverseSummary) -> None:
    """Print what each set of trials says, and which options it takes to have it."""
    pool = summary.multiverse.main
    screen.table(
        ["trial set", "analyses", "median", f"excludes {pool.no_effect}", "made by"],
        [
            [
                f"{trials.name}: {trials.words()}",
                f"{trials.shares.analyses:,}",
                as_shown(pool.measure, trials.shares.median)[0],
                f"in {trials.excludes}: {trials.shares.excludes:.0%}",
                "; ".join(f"{name}: {' or '.join(some)}" for name, some in trials.made_by) or "any",
            ]
            for trials in summary.sets
        ],
    )


def _print_options(summary: MultiverseSummary) -> None:
    pool, named = summary.multiverse.main, {choice.name for choice in summary.multiverse.choices}
    screen.table(
        ["choice", "option", "analyses", "trial sets", "median", f"excludes {pool.no_effect}"],
        [
            [
                row["choice"],
                row["option"],
                f"{row['analyses']:,}",
                f"{row['trial_sets']}",
                as_shown(pool.measure, row["median"])[0] if row["analyses"] else "–",
                f"{row['excludes']:.0%}" if row["analyses"] else "–",
            ]
            for row in summary.parts.to_dict("records")
            if row["choice"] in named
        ],
    )


def _print_span(pool: Pool, every: Shares, published: str, vas_sd: float | None) -> None:
    measure, console = pool.measure, screen.console()
    span = (every.lowest, every.highest, every.median)
    k = f"{every.k_low}" + (f" to {every.k_high}" if every.k_high > every.k_low else "")
    low, high, median = (as_shown(measure, value)[0] for value in span)
    console.print(
        f"  {scale_name(measure)} from {low} to {high}, median {median}; each on {k} "
        f"trial{'' if every.k_high == 1 else 's'}"
    )
    if vas_sd is not None:
        points = (vas_points(value, vas_sd=vas_sd) for value in span)
        low, high, median = (decimal(x, 1) for x in points)
        console.print(f"  from {low} to {high}, median {median} {vas_words(vas_sd)}")
    if every.published_below is not None:
        console.print(
            f"  {published}: {every.published_below:.1%} of the analyses lie below it, "
            f"{every.published_above:.1%} above"
        )
    elif published:
        console.print(f"  {published}")


def _print_turns(analysed: Multiverse) -> None:
    first = analysed.turns[0]
    if first.moved is not None:
        size = decimal(first.moved, 3)
        tied = [turn.choice for turn in analysed.turns if decimal(turn.moved, 3) == size]
        screen.console().print(
            f"  Most is moved by the choice of {' or '.join(tied)}: {size} in the median over "
            f"analyses that differ in nothing else, and at most {decimal(first.most, 3)}."
        )
    screen.table(
        [
            "changed alone",
            "pairs",
            f"{analysed.main.measure} moves (median)",
            "at most",
            "whether 0 is excluded",
        ],
        [
            [
                turn.choice,
                f"{turn.pairs:,}",
                decimal(turn.moved, 3),
                decimal(turn.most, 3),
                "–" if turn.turned is None else f"changes in {turn.turned:.0%}",
            ]
            for turn in analysed.turns
        ],
    )
