"""Where the answer comes from, and what chance alone would do: subsets, signs, simulations."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from livingmeta.calls.methods import INTERVALS, executor, resampled_of, simulated_of, subsets_of
from livingmeta.calls.opening import Opened
from livingmeta.calls.writing import figure_files
from livingmeta.commands import printing, screen
from livingmeta.commands.opening import opens
from livingmeta.commands.options import AsJson, Dask, OutFolder, Seed, Synthesis, Workers, trials
from livingmeta.engine.effect_sizes import as_shown, scale_name
from livingmeta.engine.methods.resampling import Bootstrap, Permutation, Simulated
from livingmeta.engine.methods.subsets import ENOUGH_FOR_SUBSETS, LEAST_TRIALS, Gosh
from livingmeta.pages.documents import Subsets, about, resampled, simulated_reviews, subsets, why_no_sets
from livingmeta.pages.phrases import coverage, flag_lines, interval
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
            metavar="TRIAL", help="tell apart the subsets that hold this trial", autocompletion=trials
        ),
    ] = None,
    most: Most = None,
    seed: Seed = 1,
    workers: Workers = None,
    dask: Dask = None,
    out: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """Pool all subsets of the trials, and draw them (GOSH).

    A sample of the subsets where there are too many.
    """
    from livingmeta.figures.subsets import gosh_plot

    loaded = opened.review
    documents: list[Any] = []
    with executor(workers, dask) as lent:
        for settings, pool in _pools(loaded, synthesis, documents, LEAST_TRIALS, as_json=as_json):
            with screen.progress("Pooling subsets") as progress:
                how: dict[str, Any] = {"most": most, "seed": seed, "executor": lent, "progress": progress}
                answer = subsets_of(pool, settings, trial=trial, **how)
            plotted = answer.gosh
            assert plotted is not None
            against = "i2_tau2" if pool.i2_from == "tau2" else "i2"
            documents.append(subsets(loaded, pool, plotted, against=against))
            stem = opened.folder(out) / f"gosh_{pool.stem}"
            figure = gosh_plot(
                plotted,
                title=pool.name,
                measure=pool.measure,
                against=against,
                shown=None if answer.trial is None else (f"with {answer.trial}", answer.holds),
            ).figure
            (path,) = figure_files(stem, figure, "png")
            if not as_json:
                _show_subsets(pool, plotted, documents[-1])
                screen.console().print(f"  {path} written")
    if as_json:
        return screen.json("gosh", documents)
    screen.console().print("Shares are shares of subsets, not probabilities.")
    printing.disclaimer()
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
    as_json: AsJson = False,
) -> None:
    """Test the mean by permutation, and bootstrap it and τ²."""
    loaded = opened.review
    documents: list[Any] = []
    with executor(workers, dask) as lent:
        for settings, pool in _pools(loaded, synthesis, documents, 2, as_json=as_json):
            with screen.progress("Turning signs and simulating") as progress:
                how: dict[str, Any] = {"most": most, "seed": seed, "executor": lent, "progress": progress}
                answer = resampled_of(pool, settings, count=count, **how)
            test, sets = answer.permutation, answer.bootstrap
            assert test is not None
            assert sets is not None
            documents.append(resampled(loaded, pool, test, sets))
            if not as_json:
                _show_resampled(pool, test, sets)
    if as_json:
        return screen.json("resample", documents)
    printing.disclaimer()
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
    as_json: AsJson = False,
) -> None:
    """Simulate reviews like it: how often an interval is right."""
    loaded = opened.review
    documents: list[Any] = []
    with executor(workers, dask) as lent:
        for settings, pool in _pools(loaded, synthesis, documents, 2, as_json=as_json):
            with screen.progress("Simulating reviews") as progress:
                how: dict[str, Any] = {"count": count, "seed": seed, "executor": lent, "progress": progress}
                answer = simulated_of(pool, settings, effect=effect, between=between, ci=ci, **how)
            simulated, trials = answer.worlds, answer.trials
            documents.append(simulated_reviews(loaded, pool, simulated, trials=trials))
            if not as_json:
                _show_simulated(pool, simulated, trials)
    if as_json:
        return screen.json("simulate", documents)
    screen.console().print(
        "± is one Monte Carlo standard error. Where the true mean is 0 (a ratio: 1), the share "
        "of intervals without it is the type I error; elsewhere it is the power."
    )
    printing.disclaimer()
    return None


def _pools(
    review: Review, synthesis: str | None, documents: list[Any], least: int, *, as_json: bool
) -> Iterator[tuple[Settings, Pool]]:
    """Yield the pools of so many trials, by the methods of the headline, each with its head."""
    settings = headline_settings(review)
    for pool in synthesise(review, settings=settings, only=synthesis):
        refused = why_no_sets(pool, least=least)
        if not as_json:
            screen.console().print(pool.called, style="bold")
            screen.console().print(f"  {coverage(review, pool)}; {refused or pool.methods}")
            if pool.flags and not refused:
                screen.console().print(f"  flags of the pooled value: {', '.join(pool.flags)}")
        if refused:
            documents.append(about(review, pool, refused=refused))
        else:
            yield settings, pool


def _show_subsets(pool: Pool, plotted: Gosh, document: Subsets) -> None:
    def each(values: list[float]) -> list[str]:
        return [as_shown(pool.measure, value)[0] for value in values]

    console = screen.console()
    every, subsets = f"2^{plotted.trials} − 1", plotted.subsets.size
    console.print(
        f"  all {subsets:,} subsets ({every})"
        if plotted.exhaustive
        else f"  a sample of {subsets:,} of {every} subsets, with replacement, seed {plotted.seed}"
    )
    least, low, middle, high, largest = each(document["estimate"])
    most = "" if plotted.trials < ENOUGH_FOR_SUBSETS else f"95% of them between {low} and {high}, "
    console.print(
        f"  {document['subsets_of_two_or_more']:,} of two trials or more: {scale_name(pool.measure)} "
        f"{middle} in the middle, {most}all between {least} and "
        f"{largest}; {100 * document['share_below_zero']:.1f}% of them "
        f"{pool.side(False, 'pool.favour')}"
    )
    least, _, middle, _, largest = (decimal(share, 0) for share in document["i2"])
    console.print(f"  I² {middle}% in the middle, all between {least}% and {largest}%")
    screen.table(
        ["trial", "with it", "without", "I² with it", "without"],
        [
            [beside["label"], *each(beside["estimate"]), *(decimal(i2, 0) for i2 in beside["i2"])]
            for beside in document["with_and_without"]
        ],
    )
    for line in flag_lines((*plotted.flags, *shared_flags(pool.flags))):
        console.print(f"  flag {line}")


def _show_resampled(pool: Pool, test: Permutation, sets: Bootstrap) -> None:
    assert pool.result is not None
    console = screen.console()
    how = f"exact, all {2 * test.patterns:,} patterns of signs"
    if not test.exact:
        how = f"{test.patterns:,} drawn patterns, ± {test.p_se:.4f}, seed {test.seed}"
    console.print(
        f"  permutation test: {p_words(test.p_value)} ({how}; {test.k} trials can't have a P below "
        f"{test.smallest_p:.3g}); by the pooled value's own interval {p_words(pool.result.p_value)}"
    )
    anew = "" if sets.tau2 is None else ", τ² estimated anew in each"
    console.print(
        f"  parametric bootstrap: {scale_name(pool.measure)} {interval(sets, measure=pool.measure)}"
        f", studentised over {sets.count:,} simulated sets{anew}, seed {sets.seed}; by the "
        f"methods above {interval(pool.result)}"
    )
    if sets.tau2 is not None and sets.tau2_at_zero is not None:
        ends = (sets.tau2, sets.tau2_low, sets.tau2_high)
        tau2, low, high = (decimals(x)[0] for x in ends)
        console.print(
            f"  Tau² {tau2}; estimated anew in them, {100 * sets.level:g}% "
            f"lie between {low} and {high}, "
            f"{100 * sets.tau2_at_zero:.0f}% are 0"
        )
    shared = shared_flags(pool.flags)
    for line in flag_lines(tuple(dict.fromkeys((*test.flags, *sets.flags, *shared)))):
        console.print(f"  flag {line}")


def _show_simulated(pool: Pool, simulated: tuple[Simulated, ...], trials: str) -> None:
    name = scale_name(pool.measure)
    console = screen.console()
    console.print(f"  {simulated[0].count:,} reviews of k = {simulated[0].k} each: {trials}")
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
    without = f"without {pool.no_effect}, %"
    screen.table([f"true {name}", "τ²", "interval", "holds it, %", without, bias], rows)
    zeros = {world.tau2: world.tau2_at_zero for world in simulated if world.tau2_at_zero is not None}
    if zeros:
        shares_at = ", ".join(f"{100 * share:.0f}% at {tau2:.3g}" for tau2, share in zeros.items())
        console.print(f"  the estimate of τ² is exactly 0 in these shares of the reviews: {shares_at}")
    for line in flag_lines(tuple(dict.fromkeys(flag for world in simulated for flag in world.flags))):
        console.print(f"  flag {line}")
