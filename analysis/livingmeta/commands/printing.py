"""What several commands print of a review."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import Any

from livingmeta.audit.contradictions import clashes
from livingmeta.audit.deduction import Deduction
from livingmeta.audit.results import Results
from livingmeta.commands import screen
from livingmeta.engine.measures import scale_name
from livingmeta.figures.marks import marks, notes, shared_signs
from livingmeta.language import ENGLISH
from livingmeta.pages.answers import answers
from livingmeta.pages.changes import excludes
from livingmeta.pages.deductions import assumed, clash_words, deduced
from livingmeta.pages.phrases import (
    DISCLAIMER,
    ahead_shown,
    beside,
    coverage,
    flag_lines,
    how_to_say,
    interval,
    people,
    published,
    value,
    verdict_words,
)
from livingmeta.review.protocol import Review
from livingmeta.synthesis.pool import Pool, heterogeneity
from livingmeta.words import count, decimal, p_words


def print_answers(page: screen.Page, results: Results) -> None:
    """Print the answers of a review, each in a line."""
    *each, whole = answers(results)
    for line in each:
        page.say(line, rank=7, what="answer in words")
        page.gap()
    page.say(whole, rank=1)
    if unsaid := how_to_say(results.review, results.headline_pools):
        page.say(f"Which side is good is not stated. {unsaid}", rank=1, what="")
    page.gap()


def print_deductions(
    page: screen.Page, results: Sequence[Deduction], *, folder: Path | None = None, beside: bool = False
) -> None:
    """Print what printed results give away, and draw it into a folder, if there is one.

    `beside` another answer only the whole page has it.
    """
    for result in results:
        page.section("deduction")
        head = f"{result.name}: {result.shown} ({', '.join(result.claims)}, {result.reading})"
        sentences = deduced(result)
        chief = next((text for text in sentences if text.key in CHIEF), sentences[0])
        whole = f"  {' '.join(sentences)}"
        page.say({screen.NEVER if beside else 0: head}, bold=True, what="")
        page.say({screen.NEVER: whole} if beside else {0: f"  {chief}", 1: whole}, what="deduction")
        if folder and result.drawable:
            from livingmeta.calls.writing import figure_files  # they bring matplotlib
            from livingmeta.figures.deduction import deduction_plot

            stem = folder / f"deduce_{result.claims[0]}"
            written(page, figure_files(stem, deduction_plot(result), "png", "svg"))
        page.gap()
    page.section("")
    for clash in clashes(results):
        page.say(clash_words(clash))
    if results and beside:
        page.say(assumed(results[0].assumptions), rank=screen.NEVER, what="")
    elif results:
        page.say({0: NO_DATUM, 3: assumed(results[0].assumptions)}, what="note")


# Flags in few words, where there is no room to say what each means; in the order in which they are
# said, which is our judgement of what moves a conclusion most.
BRIEF = {
    "not_converged": "did not converge, do not use it",
    "some_not_converged": "some analyses did not converge",
    "imputed": "a scenario, not data",
    "duplicate_numbers": "two trials with the same numbers",
    "dependent_effects": "several effects of a trial as if independent",
    "shared_group": "a group counted more than once",
    "several_arms_kept": "several comparisons of a trial",
    "double_arcsine": "double arcsines, turned back by one mean number",
    "sparse_events": "too few events for these methods",
    "sparse_rates": "too few events for these methods",
    "row_corrected": "0.5 added to cells of a row, not of the sum",
    "sums_corrected": "0.5 added to counts before they were summed",
    "filled_by_variance": "trim and fill by inverse variance",
    "no_contrast": "a trial without a contrast has weight",
    "beyond_range": "interval beyond what is possible",
    "prediction_beyond_range": "prediction beyond what is possible",
    "single_trial": "one trial, nothing is pooled",
    "trials_missing": "trials that measured it are missing",
    "few_trials": "fewer than five trials",
    "few_clusters": "too few trials for the robust interval",
    "errors_independent": "correlated errors taken as independent",
    "rho_assumed": "correlation of a trial's errors assumed",
    "one_cluster_determines": "a coefficient rests on one trial",
    "few_for_subsets": "too few trials for subsets",
    "few_for_permutation": "too few trials for a permutation test",
    "few_trials_for_funnel": "fewer than ten trials",
    "few_trials_in_cell": "few effects at a level",
    "few_trials_per_moderator": "few effects per moderator",
    "tau_from_prior": "τ comes from the prior",
    "interval_open": "interval without an end",
    "rows_assumed": "rests on assumptions",
    "correlation_assumed": "correlation assumed",
    "design_effect": "design effect",
    "icc_assumed": "ICC assumed",
    "clusters_ignored": "clusters ignored",
    "secondary_source": "numbers at second hand",
    "membership_inferred": "trials of the review inferred",
    "composite_shared": "mixed scale, counted in two outcomes",
    "mixed_standardisers": "final and change scores mixed",
    "sd_external": "borrowed SD",
    "sd_from_adjusted": "SD from an adjusted difference",
    "quantiles_converted": "mean or SD from a median",
    "quantiles_skewed": "skewed numbers taken as normal",
    "from_odds_ratio": "SMD from an odds ratio",
    "p_bound": "effect from a P known only as a bound",
    "limits_uneven": "limits other than those printed",
    "contrast_undocumented": "comparison not documented",
    "empty_cells_corrected": "0.5 added to empty cells",
    "empty_cells": "a group where nobody or everybody has the event",
    "trial_beyond_range": "a trial's limit beyond what is possible",
    "hksj_narrower_than_wald": "interval narrower than Wald's",
    "few_trials_for_prediction": "prediction interval may be too narrow",
    "hksj_scale_below_one": "no more scatter than τ² allows for",
    "tau2_at_zero": "τ² estimated as 0",
    "between_at_zero": "variance between trials estimated as 0",
    "within_at_zero": "variance within trials estimated as 0",
    "tau2_outside_interval": "τ² outside its own interval",
    "tau2_interval_empty": "no interval of τ²",
    "moments_infinite": "no mean or SD of the posterior",
}
CHIEF = {
    "deduction.mean",
    "deduction.mean_open",
    "deduction.mean_set",
    "deduction.mean_words",
    "deduction.mean_words_one",
}
NO_DATUM = "What is deduced rests on assumptions; it is no datum, never pooled, and fills no cell."


def in_brief(flags: Iterable[str]) -> tuple[str, str]:
    """Say how many flags there are, and which, those first that move a conclusion most."""
    raised = sorted(set(flags), key=list(BRIEF).index)
    if not raised:
        return "", ""
    number = f"{len(raised)} {screen.plural(len(raised), 'flag')}"
    return number, f"{number}: {'; '.join(BRIEF[flag] for flag in raised)}"


def flags(page: screen.Page, of: Iterable[str], *, what: str = "") -> None:
    """Print what flags mean; that they are there must stand beside the number they belong to."""
    for line in flag_lines(dict.fromkeys(of)):
        page.say(f"  flag {what}{line}", rank=6, what="flag explained")


def counted_trials(pool: Pool) -> str:
    """Say on how many trials of how many a pool rests, and on how many people."""
    whole = len(pool.measured)
    if not whole:
        return "no trial is known to have measured it"
    of = f"{pool.k} of " if pool.k < whole else ""
    that = " that measured it" if of else ""
    of = f"{of}{whole} {screen.plural(whole, 'trial')}{that}"
    return f"{of} ({people(pool)})" if pool.effects else of


def headline(pool: Pool) -> str:
    """Say in a line what is known of a synthesis, and on what it rests."""
    if pool.result is None:
        return f"no pooled value, {pool.why_not}; {counted_trials(pool)}"
    said = ", ".join(filter(None, (value(pool, pool.result), excludes(pool))))
    words = f"{said}; {counted_trials(pool)}"
    return (
        f"the trials contradict each other; pooled all the same, {words}" if pool.contradictory() else words
    )


def heading(
    page: screen.Page,
    pool: Pool,
    *tails: tuple[str, str],
    after: Pool | None = None,
    flags: Iterable[str] | None = None,
    named: int = 1,
    answer: str | None = None,
) -> None:
    """Begin the section of a pool: its name, and in few words its answer.

    Parameters
    ----------
    page : screen.Page
    pool : Pool
    *tails : (str, str)
        What else stands beside the number, in few words and in more.
    after : Pool, optional
        The pool before: a title stands once over several subgroups.
    flags : iterable of str, optional
        Those of the pool by default.
    named : int
        Rank from which they are named.
    answer : str, optional
        What is said instead of the pooled value.
    """
    page.section("result")
    whole = replace(pool, subgroup=None).called
    title, part = (shorten(name, 110, placeholder="…") for name in (whole, pool.subgroup or ""))
    same = after is not None and after.synthesis == pool.synthesis
    page.say({0: [] if same else title, screen.NEVER: pool.called}, bold=True, what="")
    number, names = in_brief(pool.flags if flags is None else flags)
    told = headline(pool) if answer is None else answer
    first = f"  {part}: {told}" if part else f"  {told}"
    short, long = ("; ".join(filter(None, (first, *(tail[n] for tail in tails)))) for n in (0, 1))
    flagged = [f"    {names}"] if names else []
    counted = "; ".join(filter(None, (short, number)))
    forms = {0: counted, named: [short, *flagged], named + 1: [long, *flagged]}
    page.say(forms, what="", brief=True)


def summary(
    page: screen.Page,
    review: Review,
    pool: Pool,
    *tails: tuple[str, str],
    after: Pool | None = None,
    answered: bool = False,
) -> None:
    """Print a synthesis in a few lines: its value, what it rests on, its methods.

    Where it is `answered` above in sentences, what these say of the interval is not said again.
    """
    cautious, short = beside(pool), "the method of this interval is cautious"
    wide = [(short, short if answered else cautious)] if cautious else []
    heading(page, pool, *wide, *tails, after=after)
    only_full: Any = {"rank": screen.NEVER, "what": ""}
    if pool.result is None:
        page.say(f"  no pooled value, {pool.why_not}: {coverage(review, pool)}", **only_full)
        return
    value = f"{scale_name(pool.measure)} {interval(pool.result)}"
    if pool.contradictory():
        forms = {3: _farthest(pool), screen.NEVER: _farthest(pool, most=len(pool.effects))}
        page.say(forms if forms[3] != forms[screen.NEVER] else {3: forms[3]})
        value = f"pooled all the same, {value}"
    page.say(f"  {value}: {coverage(review, pool)}", **only_full)
    page.say(f"  {pool.methods}", **only_full)
    if cautious and not answered:
        page.say(f"  {cautious}", **only_full)


def _farthest(pool: Pool, *, most: int = 6) -> str:
    """Say which effects contradict each other: of many how many on each side, and the farthest of them."""
    if len(pool.effects) <= most:
        shown = ", ".join(f"{effect.label} {interval(effect)}" for effect in pool.effects)
        return f"  the trials contradict each other: {shown}"
    low, *_, high = sorted(pool.effects, key=lambda effect: effect.yi)
    sides = [effect.side for effect in pool.effects]
    return (
        f"  the trials contradict each other: {sides.count(-1)} intervals lie below {pool.no_effect}, "
        f"{sides.count(1)} above it, from {low.label} {interval(low)} to {high.label} {interval(high)}"
    )


def methods(page: screen.Page, pools: Sequence[Pool]) -> None:
    """Print by which methods pools are pooled, each once."""
    for words in dict.fromkeys(pool.methods for pool in pools if pool.result is not None):
        page.say(f"By {words}.", rank=1, what="", brief=True)


def beside_print(results: Results, pool: Pool) -> list[tuple[str, str]]:
    """Say how a pool stands beside what is published of it, in few words and in more."""
    printed, verdict = published(results, pool), verdict_words(results, pool)
    if not printed and not verdict:
        return []
    judged = "published without numbers" if verdict == "not numeric" else f"verdict: {verdict or 'none'}"
    return [(judged, f"{printed}; {judged}" if printed else judged)]


def print_pool(
    page: screen.Page,
    review: Review,
    pool: Pool,
    *,
    after: Pool | None = None,
    results: Results | None = None,
) -> None:
    """Print all that is known of a synthesis; `results` tell how it stands beside what is printed."""
    summary(page, review, pool, *([] if results is None else beside_print(results, pool)), after=after)
    result = pool.result
    if result is not None:
        if result.k > 1:
            tested = "" if pool.no_effect is None else f"; effect {p_words(result.p_value)}"
            page.say(f"  {heterogeneity(pool)}{tested}", rank=2)
        if pool.ahead is not None:
            by = ENGLISH.names["prediction"][str(result.pi_method)]
            page.say(
                f"  the true effect in a setting like these: {ahead_shown(pool)} "
                f"({100 * result.level:g}% prediction interval, {by})",
                rank=2,
            )
        of_all, sizes = shared_signs(pool.effects), any(e.n1 or e.n2 for e in pool.effects)
        page.table(
            [
                "trial",
                *(["n"] if sizes else []),
                f"{scale_name(pool.measure)} ({100 * result.level:g}% CI)",
                "weight" if pool.total_weights is None else "weight in the total",
            ],
            [
                [
                    effect.label + marks(effect, but=of_all),
                    *([" + ".join(map(_people, effect.numbers))] if sizes else []),
                    interval(effect),
                    f"{weight:.1f}%",
                ]
                for effect, weight in zip(pool.effects, pool.weights, strict=True)
            ],
            rank=3,
            what="trial",
            by=pool.weights,
        )
        for note in notes(pool.effects):
            page.say(f"  {note}", rank=4)
        if result.ci_method == "CR2":
            page.say(
                f"  interval: cluster-robust (CR2), {pool.k} trials, Satterthwaite's df = "
                f"{result.ci_df:.1f}; no prediction interval goes with it",
                rank=1,
            )
    for sibling in pool.siblings:
        value = interval(sibling.result) if sibling.result else "no trial"
        k = f" ({sibling.result.k} {screen.plural(sibling.result.k, 'trial')})" if sibling.result else ""
        page.say(f"  {sibling.name}: {value}{k}", rank=4)
    absent(page, pool)
    subgroup_differences(page, pool)
    flags(page, pool.flags)
    page.gap()


def absent(page: screen.Page, pool: Pool) -> None:
    """Print which trials of a pool have no numbers, or none that are used."""
    for lack in pool.missing:
        page.say(f"  not available: {lack.label} – look in {lack.where}", rank=5)
    for left in pool.dropped:
        page.say(f"  left out: {left.label} – {left.why}", rank=4)
    if pool.sensitivity_only:
        names = ", ".join(left.label for left in pool.sensitivity_only)
        page.say(f"  only in sensitivity analyses: {names}", rank=5)


def _people(n: float | None) -> str:
    return "?" if n is None else count(n)


def subgroup_differences(page: screen.Page, pool: Pool) -> None:
    """Print whether subgroups differ, where that was tested."""
    if pool.subgroup_test is not None:
        test = pool.subgroup_test
        page.say(
            f"  subgroup differences: Chi² = {decimal(test.q)}, df = {test.df} ({p_words(test.p_value)})",
            rank=1,
        )
        if test.shared:
            page.say(f"  {ENGLISH.say('subgroups_shared', names=ENGLISH.listed(test.shared))}", rank=1)


def whose(folder: Path, home: Path, *, quiet: bool = False) -> None:
    """Say where a review is written that came with the program; quiet, beside the output."""
    if home != folder:
        screen.echo(
            f"{folder} came with the program and stays as it is: {home.resolve()} is your copy, and "
            f"found by the name {folder.name} from here.",
            err=quiet,
        )


def written(page: screen.Page, paths: Iterable[Path]) -> None:
    """Print which files were written: here in full, at the end in brief how many and where."""
    for path in paths:
        page.files.append(path)
        page.say(f"  {path} written", rank=screen.NEVER, what="")


def files(page: screen.Page) -> None:
    """Print in brief how many files were written, and where they are."""
    folders = Counter(path.parent for path in page.files)
    for folder, number in folders.items():
        page.say(f"{number:,} {screen.plural(number, 'file')} written to {folder}.", brief=True, what="")


def disclaimer(page: screen.Page) -> None:
    """End a page with what every page ends with."""
    page.section("")
    if page.has_dashes:
        page.say("–: there is no such number here.", rank=8, what="")
    files(page)
    page.say(DISCLAIMER)
    page.show()
