"""What several commands print of a review."""

from collections.abc import Sequence
from pathlib import Path

from livingmeta.audit.deduction import Deduction, clashes
from livingmeta.audit.results import Results
from livingmeta.calls.writing import figure_files
from livingmeta.commands import screen
from livingmeta.engine.effect_sizes import scale_name
from livingmeta.language import ENGLISH
from livingmeta.pages.answers import answers
from livingmeta.pages.deductions import assumed, clash_words, deduced
from livingmeta.pages.phrases import DISCLAIMER, ahead_shown, beside, coverage, flag_lines, interval
from livingmeta.review.protocol import Review
from livingmeta.synthesis.dependence import shared_flags
from livingmeta.synthesis.pool import Pool, heterogeneity, marks, notes
from livingmeta.words import count, decimal, p_words


def print_answers(results: Results) -> None:
    """Print the answers of a review, each in a line."""
    for line in answers(results):
        screen.console().print(line)
        screen.echo()


def print_deductions(results: Sequence[Deduction], *, folder: Path | None = None) -> None:
    """Print what printed results give away, and draw it into a folder, if there is one."""
    console = screen.console()
    for result in results:
        head = f"{result.name}: {result.shown} ({', '.join(result.claims)}, {result.reading})"
        console.print(head, style="bold")
        console.print("  " + " ".join(deduced(result)))
        if folder and result.drawable:
            from livingmeta.figures.deduction import deduction_plot

            stem = folder / f"deduce_{result.claims[0]}"
            for path in figure_files(stem, deduction_plot(result).figure, "png", "svg"):
                screen.echo(f"  {path} written")
        screen.echo()
    for clash in clashes(results):
        console.print(clash_words(clash))
    if results:
        console.print(assumed(results[0].assumptions))


def summary(review: Review, pool: Pool) -> None:
    """Print a synthesis in a few lines: its value, what it rests on, its methods."""
    console = screen.console()
    console.print(pool.called, style="bold")
    if pool.result is None:
        console.print(f"  no pooled value, {pool.why_not}: {coverage(review, pool)}")
        return
    value = f"{scale_name(pool.measure)} {interval(pool.result)}"
    if pool.contradictory():
        shown = ", ".join(f"{e.label} {interval(e)}" for e in pool.effects)
        console.print(f"  the trials contradict each other: {shown}")
        value = f"pooled all the same, {value}"
    console.print(f"  {value}: {coverage(review, pool)}")
    console.print(f"  {pool.methods}")
    if words := beside(pool):
        console.print(f"  {words}")


def shared(pool: Pool) -> None:
    """Print the flags of a pool that whatever is told of its effects must carry, too."""
    for line in flag_lines(shared_flags(pool.flags)):
        screen.console().print(f"  flag {line}")


def print_pool(review: Review, pool: Pool) -> None:
    """Print all that is known of a synthesis."""
    summary(review, pool)
    result = pool.result
    if result is not None:
        if result.k > 1:
            screen.echo(f"  {heterogeneity(pool)}; effect {p_words(result.p_value)}")
        if pool.ahead is not None:
            by = ENGLISH.names["prediction"][str(result.pi_method)]
            screen.console().print(
                f"  the true effect in a setting like these: {ahead_shown(pool)} "
                f"({100 * result.level:g}% prediction interval, {by})"
            )
        screen.table(
            [
                "trial",
                "n",
                f"{scale_name(pool.measure)} ({100 * result.level:g}% CI)",
                "weight" if pool.total_weights is None else "weight in the total",
            ],
            [
                [
                    effect.label + marks(effect),
                    " + ".join("?" if n is None else count(n) for n in (effect.n1, effect.n2)),
                    interval(effect),
                    f"{weight:.1f}%",
                ]
                for effect, weight in zip(pool.effects, pool.weights, strict=True)
            ],
        )
        for note in notes(pool.effects):
            screen.console().print(f"  {note}")
        if result.ci_method == "CR2":
            trials = pool.k
            screen.echo(
                f"  interval: cluster-robust (CR2), {trials} trials, Satterthwaite's df = "
                f"{result.ci_df:.1f}; no prediction interval goes with it"
            )
    for sibling in pool.siblings:
        value = interval(sibling.result) if sibling.result else "no trial"
        k = f" (k = {sibling.result.k})" if sibling.result else ""
        screen.echo(f"  {sibling.name}: {value}{k}")
    for lack in pool.missing:
        screen.echo(f"  not available: {lack.label} – look in {lack.where}")
    for left in pool.dropped:
        screen.echo(f"  left out: {left.label} – {left.why}")
    if pool.sensitivity_only:
        names = ", ".join(left.label for left in pool.sensitivity_only)
        screen.echo(f"  only in sensitivity analyses: {names}")
    if pool.subgroup_test is not None:
        test = pool.subgroup_test
        screen.echo(
            f"  subgroup differences: Chi² = {decimal(test.q)}, df = {test.df} ({p_words(test.p_value)})"
        )
        if test.shared:
            sharing = ENGLISH.say("subgroups_shared", names=ENGLISH.listed(test.shared))
            screen.console().print(f"  {sharing}")
    for line in flag_lines(pool.flags):
        screen.echo(f"  flag {line}")
    screen.echo()


def whose(folder: Path, home: Path, *, quiet: bool = False) -> None:
    """Say where a review is written that came with the program; quiet, beside the output."""
    if home != folder:
        screen.echo(
            f"{folder} came with the program and stays as it is: {home.resolve()} is your copy, and "
            f"found by the name {folder.name} from here.",
            err=quiet,
        )


def disclaimer() -> None:
    """Print what every page ends with."""
    screen.echo(DISCLAIMER)
