"""Where the answer comes from, and what chance alone would do: subsets, signs, simulations."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from livingmeta.calls.methods import (
    INTERVALS,
    PERMUTED,
    SIMULATED,
    executor,
    resampled_of,
    simulated_of,
    subsets_of,
)
from livingmeta.calls.opening import Opened
from livingmeta.calls.writing import figure_files
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import AsJson, Dask, Full, OutFolder, Seed, Synthesis, Workers, trials
from livingmeta.engine.measures import as_shown, scale_name
from livingmeta.engine.methods.resampling import Bootstrap, Permutation, Simulated
from livingmeta.engine.methods.subsets import ENOUGH_FOR_SUBSETS, LEAST_TRIALS, Gosh
from livingmeta.pages.documents import Subsets, about, resampled, simulated_reviews, subsets, why_no_sets
from livingmeta.pages.phrases import coverage, interval
from livingmeta.review.protocol import Review
from livingmeta.synthesis.dependence import shared_flags
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Settings, headline_settings
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import decimal, decimals, p_words

Most = Annotated[
    int | None, typer.Option(metavar="N", min=100, help="sample this many where there are more [131072]")
]
Count = Annotated[int, typer.Option(metavar="N", min=1, help="how many to simulate")]


@opens
def gosh_command(
    opened: Opened,
    *,
    synthesis: Synthesis = None,
    trial: Annotated[
        str | None,
        typer.Option(
            metavar="TRIAL",
            help="tell apart the subsets that hold this trial [the one that moves them most]",
            autocompletion=trials,
        ),
    ] = None,
    most: Most = None,
    seed: Seed = 1,
    workers: Workers = None,
    dask: Dask = None,
    out: OutFolder = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Pool all subsets of the trials, and draw them (GOSH).

    A sample of the subsets where there are too many.
    """
    from livingmeta.figures.subsets import gosh_plot

    loaded = opened.review
    documents: list[Any] = []
    page = screen.Page(full=full, where="" if synthesis else "--synthesis NAME for one alone")
    with executor(workers, dask) as lent:
        for settings, pool, before in _pools(page, loaded, synthesis, documents, LEAST_TRIALS):
            with screen.progress("Pooling subsets") as progress:
                how: dict[str, Any] = {"most": most, "seed": seed, "executor": lent, "progress": progress}
                answer = subsets_of(pool, settings, trial=trial, **how)
            plotted = answer.gosh
            assert plotted is not None
            against = "i2_tau2" if pool.i2_from == "tau2" else "i2"
            documents.append(subsets(loaded, pool, plotted, against=against))
            stem = opened.folder(out) / f"gosh_{pool.stem}"
            ax = gosh_plot(
                plotted,
                name=pool.name,
                measure=pool.measure,
                against=against,
                shown=None if answer.trial is None else (answer.trial, answer.holds),
            )
            paths = figure_files(stem, ax, "png")
            _show_subsets(page, loaded, pool, plotted, documents[-1], after=before)
            printing.written(page, paths)
    if as_json:
        return screen.json("gosh", documents)
    page.section("")
    page.say("Shares are shares of subsets, not probabilities.")
    printing.disclaimer(page)
    return None


@opens
def resample_command(
    opened: Opened,
    *,
    synthesis: Synthesis = None,
    count: Count = 10_000,
    most: Most = None,
    seed: Seed = 1,
    workers: Workers = None,
    dask: Dask = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Test the mean by permutation, and bootstrap it and τ²."""
    loaded = opened.review
    documents: list[Any] = []
    page = screen.Page(full=full, where="" if synthesis else "--synthesis NAME for one alone")
    with executor(workers, dask) as lent:
        for settings, pool, before in _pools(page, loaded, synthesis, documents, 2, test=PERMUTED):
            with screen.progress("Turning signs and simulating") as progress:
                how: dict[str, Any] = {"most": most, "seed": seed, "executor": lent, "progress": progress}
                answer = resampled_of(pool, settings, count=count, **how)
            test, sets = answer.permutation, answer.bootstrap
            assert test is not None
            assert sets is not None
            documents.append(resampled(loaded, pool, test, sets))
            _show_resampled(page, loaded, pool, test, sets, after=before)
    if as_json:
        return screen.json("resample", documents)
    printing.disclaimer(page)
    return None


@opens
def simulate_command(
    opened: Opened,
    *,
    synthesis: Synthesis = None,
    effect: Annotated[
        list[float] | None,
        typer.Option(
            metavar="X", help="true mean, a log for ratios; may be repeated [0, and the pooled one]"
        ),
    ] = None,
    between: Annotated[
        list[float] | None,
        typer.Option(metavar="X", help="true τ² between trials; may be repeated [0, and the estimated one]"),
    ] = None,
    ci: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help=f"interval; may be repeated [{', '.join(INTERVALS)}]"),
    ] = None,
    count: Count = 10_000,
    seed: Seed = 1,
    workers: Workers = None,
    dask: Dask = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Simulate reviews like it: how often an interval is right."""
    loaded = opened.review
    documents: list[Any] = []
    page = screen.Page(full=full, where="" if synthesis else "--synthesis NAME for one alone")
    with executor(workers, dask) as lent:
        for settings, pool, before in _pools(page, loaded, synthesis, documents, 2, test=SIMULATED):
            with screen.progress("Simulating reviews") as progress:
                how: dict[str, Any] = {"count": count, "seed": seed, "executor": lent, "progress": progress}
                answer = simulated_of(pool, settings, effect=effect, between=between, ci=ci, **how)
            simulated, trials = answer.worlds, answer.trials
            documents.append(simulated_reviews(loaded, pool, simulated, trials=trials))
            _show_simulated(page, loaded, pool, simulated, trials, after=before)
    if as_json:
        return screen.json("simulate", documents)
    page.section("")
    page.say(
        "± is one Monte Carlo standard error. Where the true mean is 0 (a ratio: 1), the share "
        "of intervals without it is the type I error; elsewhere it is the power.",
        rank=1,
    )
    printing.disclaimer(page)
    return None


def _pools(
    page: screen.Page,
    review: Review,
    synthesis: str | None,
    documents: list[Any],
    least: int,
    *,
    test: str = "",
) -> Iterator[tuple[Settings, Pool, Pool | None]]:
    """Yield the pools of so many trials, by the methods of the headline, each with the one before."""
    settings, before = headline_settings(review), None
    for pool in synthesise(review, settings=settings, only=synthesis):
        refused = why_no_sets(pool, least=least, test=test)
        if refused:
            documents.append(about(review, pool, refused=refused))
            why = f"not done, {refused}" if pool.why_not is None else ""
            _head(page, review, pool, (why, why), after=before, refused=refused)
        else:
            yield settings, pool, before
        before = pool


def _head(
    page: screen.Page,
    review: Review,
    pool: Pool,
    tail: tuple[str, str],
    *,
    after: Pool | None,
    refused: str = "",
) -> None:
    printing.heading(page, pool, tail, after=after)
    page.say(f"  {coverage(review, pool)}; {refused or pool.methods}", rank=screen.NEVER, what="")
    if pool.flags and not refused:
        names = ", ".join(pool.flags)
        page.say(f"  flags of the pooled value: {names}", rank=screen.NEVER, what="")


def _show_subsets(
    page: screen.Page, review: Review, pool: Pool, plotted: Gosh, document: Subsets, *, after: Pool | None
) -> None:
    def each(values: list[float]) -> list[str]:
        return [as_shown(pool.measure, value)[0] for value in values]

    every, subsets = f"2^{plotted.trials} − 1", plotted.subsets.size
    least, low, middle, high, largest = each(document["estimate"])
    most = "" if plotted.trials < ENOUGH_FOR_SUBSETS else f"95% of them between {low} and {high}, "
    below = document["share_below_zero"]
    share = "" if below is None else f"{100 * below:.1f}% of them {pool.side(False, 'pool.favour')}"
    of_two = f"{document['subsets_of_two_or_more']:,} of two trials or more"
    short = f"{of_two}: {most or f'all between {least} and {largest}, '}{share}".removesuffix(", ")
    whole = (
        f"{of_two}: {scale_name(pool.measure)} {middle} in the middle, {most}all between {least} and "
        f"{largest}; {share}"
    ).removesuffix("; ")
    tail = [f"its {text.replace('of two', 'subsets of two', 1)}" for text in (short, whole)]
    _head(page, review, pool, (tail[0], tail[1]), after=after)
    page.say(
        f"  all {subsets:,} subsets ({every})"
        if plotted.exhaustive
        else f"  a sample of {subsets:,} of {every} subsets, with replacement, seed {plotted.seed}",
        rank=2,
    )
    page.say(f"  {whole}", rank=screen.NEVER, what="")
    least, _, middle, _, largest = (decimal(share, 0) for share in document["i2"])
    page.say(f"  I² {middle}% in the middle, all between {least}% and {largest}%", rank=2)
    moved = [abs(beside["estimate"][0] - beside["estimate"][1]) for beside in document["with_and_without"]]
    first = document["with_and_without"][max(range(len(moved)), key=moved.__getitem__)]
    inside, outside = each(first["estimate"])
    words = f"  moved most by {first['label']}: {inside} in subsets with it, {outside} without"
    page.say(words, rank=1, what="", brief=True)
    page.table(
        ["trial", "with it", "without it", "I² with it, %", "I² without it, %"],
        [
            [beside["label"], *each(beside["estimate"]), *(decimal(i2, 0) for i2 in beside["i2"])]
            for beside in document["with_and_without"]
        ],
        rank=3,
        what="trial",
        by=moved,
    )
    _own_flags(page, "of the subsets", plotted.flags, pool)


def _own_flags(page: screen.Page, what: str, own: Iterable[str], pool: Pool) -> None:
    """Print the flags of what was done, beside those of the pool."""
    raised = tuple(dict.fromkeys(own))
    if raised:
        _, names = printing.in_brief(raised)
        page.say(f"  {what}, {names}", what="", brief=True)
    printing.flags(page, (*raised, *shared_flags(pool.flags)))


def _show_resampled(
    page: screen.Page, review: Review, pool: Pool, test: Permutation, sets: Bootstrap, *, after: Pool | None
) -> None:
    assert pool.result is not None
    how = f"exact, all {2 * test.patterns:,} patterns of signs"
    if not test.exact:
        how = f"{test.patterns:,} drawn patterns, ± {test.p_se:.4f}, seed {test.seed}"
    both = (
        f"{p_words(test.p_value)} ({{}}); by the pooled value's own interval {p_words(pool.result.p_value)}"
    )
    trials = f"{test.k} {screen.plural(test.k, 'trial')}"
    least = f"{trials} can't have a P below {test.smallest_p:.3g}"
    if test.smallest_p < 1e-4:
        least = f"{trials} can have a P far below 0.0001"
    short, long = (f"permutation test: {both.format(words)}" for words in (least, f"{how}; {least}"))
    _head(page, review, pool, (short, long), after=after)
    page.say(f"  {long}", rank=screen.NEVER, what="")
    anew = "" if sets.tau2 is None else ", τ² estimated anew in each"
    page.say(
        f"  parametric bootstrap: {scale_name(pool.measure)} {interval(sets, measure=pool.measure)}"
        f", studentised over {sets.count:,} simulated sets{anew}, seed {sets.seed}; by the "
        f"methods above {interval(pool.result)}",
        rank=1,
    )
    if sets.tau2 is not None and sets.tau2_at_zero is not None:
        ends = (sets.tau2, sets.tau2_low, sets.tau2_high)
        tau2, low, high = (decimals(x)[0] for x in ends)
        page.say(
            f"  Tau² {tau2}; estimated anew in them, {100 * sets.level:g}% "
            f"lie between {low} and {high}, "
            f"{100 * sets.tau2_at_zero:.0f}% are 0",
            rank=2,
        )
    _own_flags(page, "of test and bootstrap", (*test.flags, *sets.flags), pool)


def _show_simulated(
    page: screen.Page,
    review: Review,
    pool: Pool,
    simulated: tuple[Simulated, ...],
    trials: str,
    *,
    after: Pool | None,
) -> None:
    name = scale_name(pool.measure)
    count, k = simulated[0].count, simulated[0].k
    rows = []
    for world in simulated:
        shares = ((world.coverage, world.coverage_se), (world.excludes_zero, world.excludes_zero_se))
        rows.append(
            [
                as_shown(pool.measure, world.effect)[0],
                decimals(world.tau2, places=3)[0],
                world.ci_method,
                *(f"{100 * share:.1f} ± {100 * se:.1f}" for share, se in shares),
                f"{decimal(world.bias, 3)} ± {world.bias_se:.3f}",
            ]
        )
    bias = "bias" if name == pool.measure else f"bias of {pool.measure}"
    own = [world for world in simulated if pool.result and world.ci_method == pool.result.ci_method]
    short = long = ""
    if own:
        worst = min(own, key=lambda world: world.coverage)
        short = f"its kind of interval holds the truth in {100 * worst.coverage:.1f}% of such reviews or more"
        where = f"{name} {as_shown(pool.measure, worst.effect)[0]}, τ² {decimals(worst.tau2, places=3)[0]}"
        long = f"{short} ({worst.ci_method}; least at {where})"
    _head(page, review, pool, (short, long), after=after)
    page.say(f"  {count:,} reviews of {k} {screen.plural(k, 'comparison')} each: {trials}", rank=2)
    without = f"excludes {pool.no_effect}, %"
    head = [f"true {name}", "τ²", "interval", "holds the truth, %", without, bias]
    page.table(head, rows, rank=3, what="row")
    zeros = {world.tau2: world.tau2_at_zero for world in simulated if world.tau2_at_zero is not None}
    if zeros:
        shares_at = ", ".join(f"{100 * share:.0f}% at {tau2:.3g}" for tau2, share in zeros.items())
        text = f"  the estimate of τ² is exactly 0 in these shares of the reviews: {shares_at}"
        page.say(text, rank=2)
    flags = (flag for world in simulated for flag in world.flags)
    _own_flags(page, "of the simulation", flags, pool)
