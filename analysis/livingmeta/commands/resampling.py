"""Where the answer comes from, and what chance alone would do: subsets, signs, simulations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from livingmeta.commands import printing, screen
from livingmeta.commands.options import (
    AsJson,
    Dask,
    OutFolder,
    ReviewName,
    Seed,
    Synthesis,
    Workers,
    executor,
)

if TYPE_CHECKING:
    from livingmeta.engine.methods.resampling import Bootstrap, Permutation, Simulated, SizedTrials
    from livingmeta.engine.methods.subsets import Gosh
    from livingmeta.review.protocol import Review
    from livingmeta.synthesis.pool import Pool
    from livingmeta.synthesis.settings import Settings

Most = Annotated[
    int | None, typer.Option(metavar="N", min=100, help="sample this many where there are more [131072]")
]
Count = Annotated[int, typer.Option(metavar="N", min=1, help="how many to simulate")]


def gosh(
    review: ReviewName,
    *,
    synthesis: Synthesis = None,
    trial: Annotated[
        str | None, typer.Option(metavar="ID", help="tell apart the subsets that hold this trial")
    ] = None,
    most: Most = None,
    seed: Seed = 1,
    workers: Workers = None,
    dask: Dask = None,
    out: OutFolder = "figures",
    as_json: AsJson = False,
) -> None:
    """Pool all subsets of the trials, or a sample, and draw them against heterogeneity (GOSH)."""
    from pathlib import Path

    from livingmeta.engine.methods.subsets import LEAST_TRIALS, MOST_SUBSETS
    from livingmeta.engine.methods.subsets import gosh as pooled
    from livingmeta.figures.files import figure_bytes
    from livingmeta.figures.subsets import gosh_plot
    from livingmeta.pages.documents import subsets
    from livingmeta.review.folder import load_review
    from livingmeta.store import write
    from livingmeta.words import pick

    loaded = load_review(review)
    if trial is not None:
        pick({one.trial: one for one in loaded.trials}, trial, "--trial")
    documents: list[Any] = []
    with executor(workers, dask) as lent:
        for settings, pool in _pools(loaded, synthesis, documents, LEAST_TRIALS, as_json=as_json):
            with screen.progress("Pooling subsets") as progress:
                found = pooled(
                    *_effects(pool),
                    model=settings.profile.model,
                    tau2=settings.profile.tau2,
                    most=most or MOST_SUBSETS,
                    seed=seed,
                    executor=lent,
                    progress=progress,
                )
            against = "i2_tau2" if pool.i2_from == "tau2" else "i2"
            documents.append(subsets(loaded, pool, found, against=against))
            places = [i for i, effect in enumerate(pool.effects) if effect.trial == trial]
            label = f"with {pool.effects[places[0]].label}" if places else ""
            holds = sum((found.holding(i) for i in places), start=found.subsets < 0)
            path = Path(out) / loaded.protocol.id / f"gosh_{pool.stem}.png"
            figure = gosh_plot(
                found,
                title=pool.name,
                measure=pool.measure,
                against=against,
                shown=(label, holds) if places else None,
            ).figure
            write(path, figure_bytes(figure, "png"))
            if not as_json:
                _show_subsets(pool, found, documents[-1])
                screen.console().print(f"  {path} written")
    if as_json:
        return screen.json("gosh", documents)
    screen.console().print("Shares are shares of subsets, not probabilities.")
    printing.disclaimer()
    return None


def resample(
    review: ReviewName,
    *,
    synthesis: Synthesis = None,
    count: Count = 10_000,
    most: Most = None,
    seed: Seed = 1,
    workers: Workers = None,
    dask: Dask = None,
    as_json: AsJson = False,
) -> None:
    """Test the mean by turning signs (permutation test), and bootstrap it and τ²."""
    from livingmeta.engine.methods.resampling import PATTERNS, bootstrap, permutation_test
    from livingmeta.pages.documents import resampled
    from livingmeta.review.folder import load_review

    loaded = load_review(review)
    documents: list[Any] = []
    with executor(workers, dask) as lent:
        for settings, pool in _pools(loaded, synthesis, documents, 2, as_json=as_json):
            methods: dict[str, Any] = {**settings.fitting, "seed": seed, "executor": lent}
            with screen.progress("Turning signs") as progress:
                test = permutation_test(*_effects(pool), most=most or PATTERNS, progress=progress, **methods)
            with screen.progress("Simulating") as progress:
                sets = bootstrap(*_effects(pool), count=count, progress=progress, **methods)
            documents.append(resampled(loaded, pool, test, sets))
            if not as_json:
                _show_resampled(pool, test, sets)
    if as_json:
        return screen.json("resample", documents)
    printing.disclaimer()
    return None


def simulate(
    review: ReviewName,
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
        typer.Option(metavar="NAME", help="interval; may be repeated [wald, t, hksj, hksj-modified]"),
    ] = None,
    count: Count = 10_000,
    seed: Seed = 1,
    workers: Workers = None,
    dask: Dask = None,
    as_json: AsJson = False,
) -> None:
    """Simulate reviews of the same trials, and count how often their intervals are right."""
    from livingmeta.engine.methods.resampling import simulate as simulated
    from livingmeta.pages.documents import simulated_reviews
    from livingmeta.review.folder import load_review

    loaded = load_review(review)
    all_intervals = ["wald", "t", "hksj", "hksj-modified"]
    documents: list[Any] = []
    with executor(workers, dask) as lent:
        for settings, pool in _pools(loaded, synthesis, documents, 2, as_json=as_json):
            assert pool.result is not None
            trials, model = _trials(pool, settings)
            model_of = settings.profile.model  # a common effect has the Wald interval alone
            with screen.progress("Simulating reviews") as progress:
                found = simulated(
                    trials,
                    effects=effect or sorted({0.0, pool.result.estimate}, key=abs),
                    between=between or sorted({0.0, pool.result.tau2 or 0.0}),
                    intervals=ci or (all_intervals if model_of == "random" else ["wald"]),
                    count=count,
                    seed=seed,
                    executor=lent,
                    progress=progress,
                    model=model_of,
                    tau2=settings.profile.tau2,
                    level=settings.level,
                )
            documents.append(simulated_reviews(loaded, pool, found, trials=model))
            if not as_json:
                _show_simulated(pool, found, model)
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
    from livingmeta.engine.methods.subsets import MOST_TRIALS
    from livingmeta.pages.documents import about
    from livingmeta.pages.phrases import counted, coverage
    from livingmeta.synthesis.settings import headline_settings
    from livingmeta.synthesis.synthesise import synthesise

    settings = headline_settings(review)
    for pool in synthesise(review, settings=settings, only=synthesis):
        refused = None
        if pool.result is None:
            refused = f"no pooled value, {pool.why_not}"
        elif not least <= len(pool.effects) <= MOST_TRIALS:
            number = counted(len(pool.effects), "comparison")
            refused = f"{number}: this needs {least} to {MOST_TRIALS}"
        if not as_json:
            screen.console().print(f"{pool.name} ({pool.synthesis})", style="bold")
            screen.console().print(f"  {coverage(review, pool)}; {refused or pool.methods}")
            if pool.flags and not refused:
                screen.console().print(f"  flags of the pooled value: {', '.join(pool.flags)}")
        if refused:
            documents.append(about(review, pool, refused=refused))
        else:
            yield settings, pool


def _effects(pool: Pool) -> tuple[list[float], list[float]]:
    return [effect.yi for effect in pool.effects], [effect.vi for effect in pool.effects]


def _show_subsets(pool: Pool, found: Gosh, told: dict[str, Any]) -> None:
    from livingmeta.engine.effect_sizes import as_shown, scale_name
    from livingmeta.engine.methods.subsets import ENOUGH_FOR_SUBSETS
    from livingmeta.pages.phrases import flag_lines
    from livingmeta.synthesis.dependence import shared_flags
    from livingmeta.words import decimal

    def each(values: list[float]) -> list[str]:
        return [as_shown(pool.measure, value)[0] for value in values]

    console = screen.console()
    every = f"2^{found.trials} − 1"
    console.print(
        f"  all {found.subsets.size:,} subsets ({every})"
        if found.exhaustive
        else f"  a sample of {found.subsets.size:,} of {every} subsets, with replacement, seed {found.seed}"
    )
    least, low, middle, high, largest = each(told["estimate"])
    most = f"95% of them between {low} and {high}, "
    console.print(
        f"  {told['subsets_of_two_or_more']:,} of two trials or more: {scale_name(pool.measure)} "
        f"{middle} in the middle, {'' if found.trials < ENOUGH_FOR_SUBSETS else most}all between {least} and "
        f"{largest}; {100 * told['share_below_zero']:.1f}% of them "
        f"{pool.side(False, 'pool.favour')}"
    )
    least, _, middle, _, largest = (decimal(one, 0) for one in told["i2"])
    console.print(f"  I² {middle}% in the middle, all between {least}% and {largest}%")
    screen.table(
        ["trial", "with it", "without", "I² with it", "without"],
        [
            [one["label"], *each(one["estimate"]), *(decimal(i, 0) for i in one["i2"])]
            for one in told["with_and_without"]
        ],
    )
    for line in flag_lines((*found.flags, *shared_flags(pool.flags))):
        console.print(f"  flag {line}")


def _show_resampled(pool: Pool, test: Permutation, sets: Bootstrap) -> None:
    from livingmeta.engine.effect_sizes import scale_name
    from livingmeta.pages.phrases import flag_lines, interval
    from livingmeta.synthesis.dependence import shared_flags
    from livingmeta.words import decimals, p_words

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


def _trials(pool: Pool, settings: Settings) -> tuple[SizedTrials, str]:
    """Return the trials of a pool for a simulation, and how they measure."""
    from livingmeta.engine.effect_sizes import MEASURES
    from livingmeta.engine.methods.resampling import Arms, Variances

    sizes = [(e.n1, e.n2) for e in pool.effects if e.n1 is not None and e.n2 is not None]
    if MEASURES[settings.measure].from_sizes and len(sizes) == len(pool.effects):
        n1, n2 = zip(*sizes, strict=True)
        chosen = settings.profile
        return (
            Arms(n1, n2, correction=chosen.correction, variance=chosen.smd_variance),
            "arms of the trials' own sizes, normal people; SMD and variance by the review's formulas",
        )
    return Variances(tuple(_effects(pool)[1])), "effects normal, with the trials' variances as known"


def _show_simulated(pool: Pool, found: tuple[Simulated, ...], model: str) -> None:
    from livingmeta.engine.effect_sizes import as_shown, scale_name
    from livingmeta.pages.phrases import flag_lines
    from livingmeta.words import decimal, decimals

    name = scale_name(pool.measure)
    console = screen.console()
    console.print(f"  {found[0].count:,} reviews of k = {found[0].k} each: {model}")
    rows = []
    for one in found:
        shares = ((one.coverage, one.coverage_se), (one.excludes_zero, one.excludes_zero_se))
        rows.append(
            [
                as_shown(pool.measure, one.effect)[0],
                decimals(one.tau2, places=3)[0],
                one.ci_method,
                *(f"{100 * share:.1f} ± {100 * se:.1f}" for share, se in shares),
                f"{decimal(one.bias, 3)} ± {one.bias_se:.3f}",
            ]
        )
    bias = "bias" if name == pool.measure else f"bias of {pool.measure}"
    without = f"without {pool.no_effect}, %"
    screen.table([f"true {name}", "τ²", "interval", "holds it, %", without, bias], rows)
    zeros = {one.tau2: one.tau2_at_zero for one in found if one.tau2_at_zero is not None}
    if zeros:
        told = ", ".join(f"{100 * share:.0f}% at {tau2:.3g}" for tau2, share in zeros.items())
        console.print(f"  the estimate of τ² is exactly 0 in these shares of the reviews: {told}")
    for line in flag_lines(tuple(dict.fromkeys(flag for one in found for flag in one.flags))):
        console.print(f"  flag {line}")
