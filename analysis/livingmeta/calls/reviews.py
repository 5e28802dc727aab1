"""What is asked of a review: what is in it, how it stands beside print, how far it bends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from math import inf, nan
from pathlib import Path
from typing import Any, Unpack

from livingmeta.appraisal import changes as moves
from livingmeta.appraisal import comparison
from livingmeta.appraisal.certainty import SummaryOfFindings
from livingmeta.appraisal.changes import Move
from livingmeta.appraisal.comparison import Comparison
from livingmeta.appraisal.dossier import Dossier, all_problems
from livingmeta.appraisal.flow import overdue
from livingmeta.appraisal.multiverse import Multiverse
from livingmeta.appraisal.multiverse import multiverse as combined
from livingmeta.appraisal.scenarios import Sensitivity
from livingmeta.appraisal.scenarios import sensitivity as under_choices
from livingmeta.audit import lock, verdicts, witnesses
from livingmeta.audit.candidates import Assumptions, declared
from livingmeta.audit.deduction import Deduction
from livingmeta.audit.deduction import deduce as deduced
from livingmeta.audit.gaps import KnownGap, known_gaps
from livingmeta.audit.lock import Verification
from livingmeta.audit.results import results_of
from livingmeta.audit.verdicts import Audited
from livingmeta.audit.witnesses import Certificate
from livingmeta.calls.opening import Data, Reading, is_review, opened
from livingmeta.calls.options import Choosing, Fitting, Pooling, methods_of, selection_of, split, takes
from livingmeta.calls.pooling import pools_of
from livingmeta.engine.measures import scale_of
from livingmeta.living.proving import prove
from livingmeta.printer import Several
from livingmeta.review.folder import examine, extended, find, load_review
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Problem
from livingmeta.store import at_rest, current
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.settings import settings_of
from livingmeta.words import RefusalError


@takes(Reading)
def dossier(
    data: Data,
    vi: Any = None,
    *,
    important: float | None = None,
    per_1000: float | None = None,
    vas_sd: float | None = None,
    **asked: Unpack[Reading],
) -> Dossier:
    """Hold all that is known of a review or a table, each part computed when it is first asked for.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them, and what a table leaves open.
    important : float, optional
        Smallest important difference, in the unit of the effects: a ratio where they are ratios, points
        where `vas_sd` is given.
    per_1000 : float, optional
        The same for events: people more or fewer per 1,000.
    vas_sd : float, optional
        SD between people on a 0–100 mm scale, by which SMDs are also points.

    Returns
    -------
    Dossier
        `pools`, `sensitivity`, `certainty`, `deductions`, `bias` and the rest, by methods of the headline.

    Raises
    ------
    ValueError
        For what can't be read or pooled.

    References
    ----------
    Page MJ, McKenzie JE, Bossuyt PM, et al. The PRISMA 2020 statement: an updated guideline for
    reporting systematic reviews. BMJ 2021;372:n71.

    Examples
    --------
    >>> from livingmeta import dossier
    >>> len(dossier("smith2017").pools)
    6
    """
    review = opened(data, vi, **asked)
    return Dossier(
        review=review, previous=extended(review), important=important, per_1000=per_1000, vas_sd=vas_sd
    )


@takes(Pooling)
def compare(data: Data, vi: Any = None, **asked: Unpack[Pooling]) -> Several[Comparison]:
    """Pool by the methods of every profile, side by side, as `livingmeta pool --profile all` does.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them; methods are those of the profiles, so none can be chosen beside.

    Returns
    -------
    tuple of Comparison
        One per pool: the headline, each profile, and what each choice changes alone, in the direction
        and unit of the effects.

    Raises
    ------
    ValueError
        For what can't be read or pooled, and methods that are chosen beside the profiles.

    References
    ----------
    Langan D, Higgins JPT, Jackson D, et al. A comparison of heterogeneity variance estimators in
    simulated random-effects meta-analyses. Res Synth Methods 2019;10:83-98.

    Examples
    --------
    >>> from livingmeta import compare
    >>> [name for name, _ in compare("smith2017", synthesis="pain-short").pools][:2]
    ['revman5', 'revman-web']
    """
    fitting, choosing, reading = split(dict(asked), Fitting, Choosing, Reading)
    if chosen := [*fitting, *(name for name in ("profile", "cluster", "several_arms") if name in choosing)]:
        said = f"{', '.join(chosen)}: each profile is shown as it is"
        raise RefusalError(f"{said}. Leave it out, or choose a profile by synthesise.")
    measure = reading.pop("measure", None) if is_review(data) else None
    review = opened(data, vi, **reading)
    by = methods_of(review, {}, measure=measure).measure
    listed = comparison.compare(review, measure=by, selection=selection_of(review, choosing))
    only = choosing.get("synthesis")
    wanted = None if only is None else review.plan(only).id
    return Several(one for one in listed if wanted in {None, one.own.synthesis})


@takes(Reading)
def sensitivity(
    data: Data, vi: Any = None, *, synthesis: str | None = None, **asked: Unpack[Reading]
) -> Several[Sensitivity]:
    """Pool under other choices, without each study, one more at a time, and with what is missing.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them, and what a table leaves open.
    synthesis : str, optional
        Only this one, by id or title.

    Returns
    -------
    tuple of Sensitivity
        One per pool: the other analyses, those without each study with its influence, and growth, in the
        direction and unit of the effects.

    Raises
    ------
    ValueError
        For what can't be read or pooled.

    References
    ----------
    Higgins JPT, Thomas J, et al. Cochrane Handbook for Systematic Reviews of Interventions, 10.14.

    Examples
    --------
    >>> from livingmeta import sensitivity
    >>> [left.label for left in sensitivity("smith2017", synthesis="pain-short").without]
    ['Aasa 2015', 'Littlewood 2014 (pilot)', 'Rathleff 2015']
    """
    review = opened(data, vi, **asked)
    wanted = None if synthesis is None else review.plan(synthesis).id
    listed = under_choices(review)
    return Several(one for one in listed if wanted in {None, one.main.synthesis})


@takes(Reading)
def multiverse(
    data: Data,
    vi: Any = None,
    *,
    synthesis: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    **asked: Unpack[Reading],
) -> Several[Multiverse]:
    """Pool under every combination of defensible choices, as `livingmeta multiverse` does.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them, and what a table leaves open.
    synthesis : str, optional
        Only this one, by id or title.
    progress : callable, optional
        Is told now and then how many of how many combinations are done.

    Returns
    -------
    tuple of Multiverse
        One per pool: `specifications` and `analyses` are tables, in the direction and unit of the effects.

    Raises
    ------
    ValueError
        For what can't be read or pooled, and a review that declares no choices.

    References
    ----------
    Steegen S, Tuerlinckx F, Gelman A, Vanpaemel W. Increasing transparency through a multiverse
    analysis. Perspect Psychol Sci 2016;11:702-712.

    Examples
    --------
    >>> from livingmeta import multiverse
    >>> multiverse("smith2017", synthesis="pain-short")[0].main.k
    3
    """
    return Several(combined(opened(data, vi, **asked), synthesis=synthesis, progress=progress))


@takes(Reading)
def certainty(
    data: Data,
    vi: Any = None,
    *,
    important: float | None = None,
    per_1000: float | None = None,
    vas_sd: float | None = None,
    **asked: Unpack[Reading],
) -> Several[SummaryOfFindings]:
    """Suggest how certain each synthesis is, by the domains of GRADE; a person judges.

    Parameters
    ----------
    data, vi, important, per_1000, vas_sd, **asked
        As `dossier` takes them.

    Returns
    -------
    tuple of SummaryOfFindings
        One per pool: levels suggested per domain (0, −1, −2, or None where nothing can be computed) and
        why, and what a panel judged.

    Raises
    ------
    ValueError
        For what can't be read or pooled, and a difference that is none.

    References
    ----------
    Guyatt GH, Oxman AD, Vist GE, et al. GRADE: an emerging consensus on rating quality of evidence and
    strength of recommendations. BMJ 2008;336:924-926.

    Examples
    --------
    >>> from livingmeta import certainty
    >>> [domain.about for domain in certainty("smith2017")[0].suggestions][:2]
    ['risk of bias', 'inconsistency']
    """
    held = dossier(data, vi, important=important, per_1000=per_1000, vas_sd=vas_sd, **asked)
    return Several(held.certainty)


@takes(Reading)
def reproduce(data: Data, vi: Any = None, **asked: Unpack[Reading]) -> Audited:
    """Set each number that a review printed beside the recomputed one, as `livingmeta reproduce` does.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them, and what a table leaves open.

    Returns
    -------
    Audited
        `claims` with their verdicts, and `findings`: printed numbers that can't all be right.

    Raises
    ------
    ValueError
        For what can't be read.

    References
    ----------
    docs/reading.md: what the verdicts mean, and when a number counts as reproduced.

    Examples
    --------
    >>> from livingmeta import reproduce
    >>> sorted({claim.verdict for claim in reproduce("smith2017").claims})
    ['not computable', 'not numeric', 'partial']
    """
    return verdicts.reproduce(opened(data, vi, **asked))


@takes(Reading)
def deduce(
    data: Data,
    synthesis: str | None = None,
    *,
    claim: str | None = None,
    interval: str | None = None,
    common: bool | None = None,
    i2: str | None = None,
    tau2: str | None = None,
    largest: float | None = None,
    losses: float = 0.3,
    measured: bool = False,
    **asked: Unpack[Reading],
) -> Several[Deduction]:
    """Tell what printed pooled results say of studies that could not be read.

    Parameters
    ----------
    data, **asked
        A review or a file, and what a file leaves open.
    synthesis : str, optional
        Only this one, by id or title.
    claim : str, optional
        Only this printed result.
    interval, common, i2, tau2
        How it was pooled: which interval, a common effect, what I² is from, what estimated τ² ("any",
        "DL", "PM" or "REML"); by default as declared.
    largest : float, optional
        No unread study shows a larger effect, as readers see it; infinite: any may be. By default 2
        standard deviations, and nothing of effects in other units.
    losses : float
        Share of the people who may be missing from an unread study's numbers.
    measured : bool
        Only studies known to have measured it can be in it.

    Returns
    -------
    tuple of Deduction
        One per printed result, in its own direction and unit.

    Raises
    ------
    ValueError
        For what can't be read, and names that are not known.

    References
    ----------
    Deeks JJ, Higgins JPT. Statistical algorithms in Review Manager 5, 2010: what is solved backwards.

    Examples
    --------
    >>> from livingmeta import deduce
    >>> deduce("smith2017", "pain-short")[0].claims[0]
    'abstract-pain-short'
    """
    review = opened(data, None, **asked)
    how = {"interval": interval, "common": common, "i2": i2, "tau2": tau2}
    taken = assuming(review, largest=largest, losses=losses, measured=measured, **how)
    return Several(deduced(review, synthesis, claim=claim, assumptions=taken))


def assuming(review: Review, *, largest: float | None, **asked: Any) -> Assumptions:
    """Return what is assumed of printed results: as the review declares it, but for what is asked."""
    chosen = {name: value for name, value in asked.items() if value is not None}
    taken = declared(review, settings_of(review.protocol.methods))
    if largest is not None:  # as readers see it
        seen = scale_of(taken.measure).forth(largest, nan) if largest < inf else None
        chosen["largest"] = seen
    return replace(taken, **chosen)


@takes(Reading)
def certify(data: Data, vi: Any = None, **asked: Unpack[Reading]) -> Certificate:
    """Compare every pooled number with other programs that are installed.

    Parameters
    ----------
    data, vi, **asked
        As `synthesise` takes them, and what a table leaves open.

    Returns
    -------
    Certificate
        `lines`: each number beside each witness's, with the digits in which they agree.

    Raises
    ------
    ValueError
        For what can't be read or pooled.

    References
    ----------
    Yarkoni T, Salo T, Peraza JA, Nichols TE. PyMARE: Python Meta-Analysis and Regression Engine.
    Seabold S, Perktold J. statsmodels: econometric and statistical modeling with Python. 2010.

    Examples
    --------
    >>> from livingmeta import certify
    >>> certify([0.1, 0.2, 0.9], [0.04, 0.05, 0.03]).unexplained
    ()
    """
    from livingmeta import __version__

    return witnesses.certify(results_of(opened(data, vi, **asked)), program=__version__)


def verify(data: str) -> Verification:
    """Recompute a review and compare it with its lock, as `livingmeta verify` does.

    Parameters
    ----------
    data : str
        Name or folder of a review; a table has no lock.

    Returns
    -------
    Verification
        Numbers that are not what the lock holds, and what of data, methods, libraries and code moved.

    Raises
    ------
    ValueError
        For what can't be read, and a review without a lock.

    References
    ----------
    docs/files.md: what results.lock.json holds, and to how many digits.

    Examples
    --------
    >>> from livingmeta import verify
    >>> verify("knee_oa").differences
    ()
    """
    if not is_review(data):
        raise RefusalError(
            "a table has no lock: livingmeta import makes a review of a file, which can have one."
        )
    path, _, raw, verification = beside_lock(data)
    if raw is None or verification is None:
        raise RefusalError(f'{path}: no lock yet; livingmeta verify {data} --update --why "…" writes one.')
    return verification


def beside_lock(name: str, *, why: str = "") -> tuple[Path, lock.Lock, bytes | None, Verification | None]:
    """Return a review's lock: its path, what it would be now, what it is, and how these compare."""
    from livingmeta import __version__

    folder, _ = find(name)
    path = folder / lock.NAME

    def now() -> tuple[lock.Lock, bytes | None]:
        new = lock.locked(results_of(load_review(name)), version=__version__, why=why)
        return new, current(path).read_bytes() if current(path).is_file() else None

    new, raw = at_rest(folder, now)  # rows, hashes and lock of one moment, though somebody writes
    if raw is None:
        return path, new, None, None
    old = lock.held(raw, place=str(path))
    return path, new, raw, lock.verified(old, new, edits=lock.edited(raw, old))


@takes(Reading)
def check(data: Data, *, papers: str | Path | None = None, **asked: Unpack[Reading]) -> Several[Problem]:
    """Say all that is wrong or doubtful in a review or a table, as `livingmeta check` does.

    Parameters
    ----------
    data, **asked
        A review by name, folder or as loaded, or a table with what it leaves open.
    papers : str or Path, optional
        Folder with papers, against which every quote of a review is held; `livingmeta.living.prove` has
        all that comes of it, with what was found.

    Returns
    -------
    tuple of Problem
        Each with its file, row and column as a spreadsheet counts, why, and what to do; `severity` is
        "error" or "warning". Empty where all is well.

    Raises
    ------
    ValueError
        For a table from which no review can be made; the message is the list. For papers beside a table,
        and a folder without any.

    References
    ----------
    data/README.md: what each column may hold.

    Examples
    --------
    >>> from livingmeta import check
    >>> [problem for problem in check("smith2017") if problem.severity == "error"]
    []
    """
    if is_review(data) and not isinstance(data, Review):
        loaded, problems = examine(str(data))
        searched = [] if loaded is None else overdue(loaded, date.today())
    else:
        loaded = opened(data, None, **asked)
        problems, searched = list(loaded.warnings), []
        if papers is not None and loaded.file is not None:
            raise RefusalError("papers are for the quotes of a review, and a table has none.")
    proofs = None if papers is None or loaded is None else prove(loaded, Path(papers))
    listed = problems if loaded is None else all_problems(loaded, problems)
    return Several([*listed, *searched, *(proofs.problems if proofs else ())])


@takes(Reading)
def trace(
    data: Data,
    synthesis: str | None = None,
    trial: str | None = None,
    *,
    include_sensitivity: bool = False,
    **asked: Unpack[Reading],
) -> Several[Effect]:
    """Follow each effect back to the rows and sentences it comes from, as `livingmeta trace` does.

    Parameters
    ----------
    data, **asked
        A review, or a table and what it leaves open.
    synthesis, trial : str, optional
        Only this synthesis, only this study, by id or label.
    include_sensitivity : bool
        Use rows held for sensitivity analyses where a study has no other.

    Returns
    -------
    tuple of Effect
        Each with its `derivation`, step by step, and `rows` with source, locator and quote; in the
        direction and unit of the effects.

    Raises
    ------
    ValueError
        For what can't be read, and names that are not known.

    References
    ----------
    The source of each row stands in its review's sources.csv.

    Examples
    --------
    >>> from livingmeta import trace
    >>> trace("smith2017", "pain-short", "Aasa 2015").rows[0].locator is not None
    True
    """
    review, pools, _ = pools_of(
        data, None, {"synthesis": synthesis, "include_sensitivity": include_sensitivity, **asked}
    )
    wanted = None if trial is None else review.trial_named(trial)
    return Several(effect for pool in pools for effect in pool.effects if wanted in {None, effect.trial})


def gaps(data: str | Review) -> Several[KnownGap]:
    """List what is known to have been measured and is not in a review, and where to look.

    Parameters
    ----------
    data : str or Review
        A review; a table knows of no gaps.

    Returns
    -------
    tuple of KnownGap
        With the people each would add and the syntheses it would feed.

    Raises
    ------
    ValueError
        For what can't be read.

    References
    ----------
    Page MJ, Sterne JAC, Boutron I, et al. ROB-ME: a tool for assessing risk of bias due to missing
    evidence in systematic reviews with meta-analysis. BMJ 2023;383:e076754.

    Examples
    --------
    >>> from livingmeta import gaps
    >>> all(gap.gap.where for gap in gaps("smith2017"))
    True
    """
    return Several(known_gaps(opened(data)))


@takes(Reading)
def diff(
    before: Data, after: Data | None = None, *, against: Data | None = None, **asked: Unpack[Reading]
) -> Several[Move]:
    """Show what moved between two states of a review: by its data, and by its methods.

    Parameters
    ----------
    before, after : str, Path, Review or DataFrame
        The two states.
    against : str, Path, Review or DataFrame, optional
        In place of `after`: what the one state is compared with, as `livingmeta diff --against`.
    **asked
        What tables leave open, of both.

    Returns
    -------
    tuple of Move
        One per synthesis and subgroup, in the direction and unit of its effects.

    Raises
    ------
    ValueError
        For what can't be read, and where one state is not given.

    References
    ----------
    Elliott JH, Synnot A, Turner T, et al. Living systematic review: 1. Introduction. J Clin Epidemiol
    2017;91:23-30.

    Examples
    --------
    >>> from livingmeta import diff
    >>> [move.synthesis for move in diff("smith2017", "living")][:2]
    ['pain-short', 'pain-medium']
    """
    if (after is None) == (against is None):
        raise RefusalError("a difference has two states: give the second, or what to compare against.")
    states: tuple[Any, Any] = (before, after) if against is None else (against, before)
    return Several(moves.diff(*(opened(one, **({} if is_review(one) else asked)) for one in states)))
