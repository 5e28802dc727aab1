"""What printed results give away, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from livingmeta.audit.candidates import ANY, TINY, Assumptions
from livingmeta.audit.contradictions import Clash
from livingmeta.audit.deduction import Deduction, Fate
from livingmeta.engine.measures import as_shown, scale_name, scale_of
from livingmeta.engine.methods.possible_sets import PossibleSets
from livingmeta.language import Said, Word, said, together
from livingmeta.words import decimal, decimals, whole

RANKED_SHOWN = 3  # of a ranking
HELD = {"all": "deduction.in_all", "some": "deduction.in_some", "none": "deduction.in_none"}
INTERVAL_WORDS = {
    "wald": "deduction.assume_interval_wald",
    "t": "deduction.assume_interval_t",
    "hksj-modified": "deduction.assume_interval_modified",
    "hksj": "deduction.assume_interval_hksj",
}
LEAST = 0.01  # a share that is worth a word


def deduced(deduction: Deduction) -> list[Said]:
    """Say what one printed result allows, a sentence each."""
    sets, zero = deduction.widest, deduction.zero
    if sets is None or zero is None:
        return [said("deduction.nothing", why=deduction.why_not)]
    if deduction.in_words:
        return _of_words(deduction, sets)
    both = deduction.any is not None and sets.subsets.size
    tried = "possible" if sets.exhaustive else "sampled"
    sentences = [
        *_precise(deduction),
        said(
            f"deduction.{tried}_open" if deduction.se is None else f"deduction.{tried}",
            sets=whole(sets.subsets.size),
            of=whole(sets.tried),
            trials=said("trials_many", n=sets.candidates),
            at_zero=said("deduction.at_zero", n=whole(zero.subsets.size)) if both else "",
        ),
        *_counted(deduction),
    ]
    if not deduction.symmetrical:
        low, high = as_shown(deduction.measure, *deduction.bounds.estimate)
        sentences.append(said("deduction.not_middle", low=low, high=high))
    if not sets.subsets.size:
        return sentences
    if both and np.isfinite(sets.tau2_high).all():
        i2 = np.nanmax(sets.i2_high, initial=0.0)
        most = decimals(float(sets.tau2_high.max()))[0]
        sentences.append(said("deduction.between", tau2=most, i2=decimal(float(i2), 0)))
    for held, key in HELD.items():
        names = [trial.label for trial in deduction.candidates if deduction.holds(trial) == held]
        if names:
            sentences.append(said(key, names=together(names, ", ")))
    if sets.mean is not None:
        low, high = as_shown(deduction.measure, *sets.mean)
        kind = "" if sets.subsets.size > 1 else "_set"
        key = f"deduction.mean{kind if np.isfinite(sets.mean).any() else '_open'}"
        sentences.append(said(key, names=_unread(deduction), low=low, high=high))
    return [*sentences, *_singly(deduction, sets), *_by_estimator(deduction, sets), *_settled(deduction)]


def _unread(deduction: Deduction) -> Said:
    names = [trial.label for trial in deduction.unread if deduction.holds(trial) in {"all", "some"}]
    return together(names, ", ")


def _precise(deduction: Deduction) -> Iterable[Said]:
    """Say between what the standard error lies, or that nothing is printed of it."""
    if deduction.se is not None:
        low, high = decimals(*deduction.se, places=3)
        key = "deduction.precise" if np.isfinite(deduction.se[1]) else "deduction.precise_least"
        yield said(f"{key}_of_log" if scale_of(deduction.measure).ratio else key, low=low, high=high)
    else:
        yield said("deduction.by_scatter" if deduction.bounds.se else "deduction.not_precise")
    if deduction.instead is not None:
        yield said(f"deduction.by_{deduction.instead}")
    if deduction.unread and all(trial.variance[0] <= TINY for trial in deduction.unread):
        yield said("deduction.unbounded")


def _counted(deduction: Deduction) -> Iterable[Said]:
    """Say which printed numbers of the scatter count, and how."""
    names = [name for name in deduction.scattered if name != "tau2"]
    if names:
        taken = deduction.assumptions
        kind = "both" if taken.tau2 == "DL" and not taken.common else taken.i2
        printed = together([said(f"quantity.{name}") for name in names], ", ")
        yield said(f"deduction.scatter_{kind}", printed=printed)
    if "tau2" in deduction.scattered:
        yield said("deduction.printed_tau2")


def _of_words(deduction: Deduction, sets: PossibleSets) -> list[Said]:
    """Say what words or P bound without heterogeneity, and with any."""
    free, n = deduction.any, len(deduction.candidates)
    if sets.mean is not None:
        low, high = as_shown(deduction.measure, *sets.mean)
        key = "deduction.mean_words" if n > 1 else "deduction.mean_words_one"
        sentences = [said(key, n=n, names=_unread(deduction), low=low, high=high), *_singly(deduction, sets)]
    elif free is None or free.mean is None:
        return [said("deduction.nothing", why=said("deduction.clash_words"))]
    else:
        sentences = [said("deduction.words_need_tau2")]
    if n > 1 and free is not None and free.mean is not None:
        low, high = as_shown(deduction.measure, *free.mean)
        least = min(trial.effect[0] for trial in deduction.unread)
        most = max(trial.effect[1] for trial in deduction.unread)
        key = "deduction.mean_words_any" if sets.mean else "deduction.mean_words_any_one"
        if free.mean[0] <= least and free.mean[1] >= most:
            key = "deduction.mean_words_open"
        names = together((trial.label for trial in deduction.unread), ", ")
        sentences += [said(key, names=names, low=low, high=high), *_by_estimator(deduction, free)]
    return [*sentences, *_settled(deduction)]


def _by_estimator(deduction: Deduction, sets: PossibleSets) -> Iterable[Said]:
    """Say what is left of the unread ones where τ² was estimated by one method, if it is less."""
    for name, possible in deduction.by_estimator.items():
        estimator = said(f"deduction.estimator_{name.lower()}")
        if not possible.subsets.size:
            yield said("deduction.estimator_none", estimator=estimator)
            continue
        ranges: dict[str, Sequence[Any]] = {said("deduction.estimator_mean"): (sets.mean, possible.mean)}
        for place, trial in enumerate(deduction.candidates):
            if not trial.known and len(deduction.unread) > 1:
                ranges[trial.label] = (
                    (sets.trial_low[place], sets.trial_high[place]),
                    (possible.trial_low[place], possible.trial_high[place]),
                )
        told = []
        for label, (was, now) in ranges.items():
            if was is None or now is None or not np.isfinite([*now]).all():
                continue
            ends, before = as_shown(deduction.measure, *now), as_shown(deduction.measure, *was)
            if ends != before:
                told.append(said("deduction.estimator_one", name=label, low=ends[0], high=ends[1]))
        if told:
            yield said("deduction.estimator", estimator=estimator, ranges=together(told))


def _singly(deduction: Deduction, sets: PossibleSets) -> Iterable[Said]:
    """Say the range of each trial that is bounded by more than the bound on all of them."""
    if len(deduction.unread) < 2:
        return
    for place, trial in enumerate(deduction.candidates):
        low, high = float(sets.trial_low[place]), float(sets.trial_high[place])
        if not trial.known and (low > trial.effect[0] or high < trial.effect[1]):
            shown = as_shown(deduction.measure, low, high)
            yield said("deduction.alone", name=trial.label, low=shown[0], high=shown[1])


def _settled(deduction: Deduction) -> Iterable[Said]:
    ranking = deduction.ranking
    if len(ranking) > 1 and ranking[0].share >= LEAST:
        each = [
            said("deduction.settle_one", name=settled.candidate.label, share=decimal(100 * settled.share, 0))
            for settled in ranking[:RANKED_SHOWN]
        ]
        yield said("deduction.settle", ranking=together(each, ", "))


def fate_words(fate: Fate) -> Said:
    """Say what became of a deduction."""
    was, now = as_shown(fate.measure, *fate.was), as_shown(fate.measure, *fate.now)
    key = "deduction.true" if fate.held else "deduction.broke"
    by = {} if fate.by is None else {"estimator": said(f"deduction.estimator_{fate.by.lower()}")}
    return said(
        f"{key}_by" if by else key,
        name=fate.label,
        claims=", ".join(fate.claims),
        was=said("from_to", low=was[0], high=was[1]),
        now=said("from_to", low=now[0], high=now[1]),
        **by,
    )


def clash_words(clash: Clash) -> Said:
    """Say what can't be."""
    return said("deduction.clash", why=clash.why, claims=", ".join(clash.claims))


def _largest(by: Assumptions) -> Said:
    """Say how large an unread effect may be, on the scale that readers see."""
    name = Word(scale_name(by.measure))
    if by.largest is None:
        return said("deduction.assume_no_largest", measure=name)
    ratio = scale_of(by.measure).ratio
    largest = as_shown(by.measure, by.largest)[0] if ratio else decimal(by.largest, 1)
    return said(f"deduction.assume_largest{'_ratio' if ratio else ''}", largest=largest, measure=name)


def assumed(by: Assumptions) -> Said:
    """Say all that deductions take for granted."""
    parts = [
        said(INTERVAL_WORDS[by.interval]),
        said("deduction.assume_common")
        if by.common
        else said("deduction.assume_any")
        if by.tau2 == ANY
        else said("deduction.assume_tau2", estimator=said(f"deduction.estimator_{by.tau2.lower()}")),
        _largest(by),
        said("deduction.assume_losses", losses=decimal(100 * by.losses, 0)),
        said("deduction.assume_measured" if by.measured else "deduction.assume_all"),
        said("deduction.assume_rows"),
    ]
    return said("deduction.assumed", what=together(parts))
