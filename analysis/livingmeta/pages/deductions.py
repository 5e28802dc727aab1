"""What printed results give away, in sentences."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from livingmeta.audit.candidates import Assumptions
from livingmeta.audit.contradictions import Clash
from livingmeta.audit.deduction import Deduction, Fate
from livingmeta.language import Said, said, together
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
    unread = [trial.label for trial in deduction.unread if deduction.holds(trial) in {"all", "some"}]
    if deduction.se is None:
        return _of_words(deduction, unread)
    low, high = decimals(*deduction.se, places=3)
    both = deduction.any is not None and sets.subsets.size
    sentences = [
        said(
            "deduction.precise" if sets.exhaustive else "deduction.sampled",
            low=low,
            high=high,
            sets=whole(sets.subsets.size),
            of=whole(sets.tried),
            trials=said("trials_many", n=sets.candidates),
            at_zero=said("deduction.at_zero", n=whole(zero.subsets.size)) if both else "",
        )
    ]
    if deduction.beside:
        key = f"deduction.scatter_{deduction.assumptions.i2}"
        beside = together([said(f"quantity.{name}") for name in deduction.beside], ", ")
        sentences.append(said(key, printed=beside))
    if deduction.tau2 is not None:
        sentences.append(said("deduction.printed_tau2"))
    if deduction.instead is not None:
        sentences.append(said(f"deduction.by_{deduction.instead}"))
    if not deduction.symmetrical:
        low, high = decimals(*deduction.means)
        sentences.append(said("deduction.not_middle", low=low, high=high))
    if not sets.subsets.size:
        return sentences
    if both:
        i2 = np.nanmax(sets.i2_high, initial=0.0)
        most = decimals(float(sets.tau2_high.max()))[0]
        sentences.append(said("deduction.between", tau2=most, i2=decimal(float(i2), 0)))
    for held, key in HELD.items():
        names = [trial.label for trial in deduction.candidates if deduction.holds(trial) == held]
        if names:
            sentences.append(said(key, names=together(names, ", ")))
    if sets.mean is not None:
        low, high = decimals(*sets.mean)
        key = "deduction.mean" if sets.subsets.size > 1 else "deduction.mean_set"
        sentences.append(said(key, names=together(unread, ", "), low=low, high=high))
    return [*sentences, *_singly(deduction), *_settled(deduction)]


def _of_words(deduction: Deduction, unread: list[str]) -> list[Said]:
    sets = deduction.widest
    if sets is None or sets.mean is None:
        return [said("deduction.nothing", why=said("deduction.clash_words"))]
    low, high = decimals(*sets.mean)
    n = sum(deduction.holds(trial) == "all" for trial in deduction.candidates)
    key = "deduction.mean_words" if n > 1 else "deduction.mean_words_one"
    sentences = [said(key, n=n, names=together(unread, ", "), low=low, high=high)]
    return [*sentences, *_singly(deduction), *_settled(deduction)]


def _singly(deduction: Deduction) -> Iterable[Said]:
    """Say the range of each trial that is bounded by more than the bound on all of them."""
    sets = deduction.widest
    if sets is None or len(deduction.unread) < 2:
        return
    for place, trial in enumerate(deduction.candidates):
        low, high = float(sets.trial_low[place]), float(sets.trial_high[place])
        if not trial.known and (low > trial.effect[0] or high < trial.effect[1]):
            shown = decimals(low, high)
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
    was, now = decimals(*fate.was), decimals(*fate.now)
    return said(
        "deduction.true" if fate.held else "deduction.broke",
        name=fate.label,
        claims=", ".join(fate.claims),
        was=said("from_to", low=was[0], high=was[1]),
        now=said("from_to", low=now[0], high=now[1]),
    )


def clash_words(clash: Clash) -> Said:
    """Say what can't be."""
    return said("deduction.clash", why=clash.why, claims=", ".join(clash.claims))


def assumed(by: Assumptions) -> Said:
    """Say all that deductions take for granted."""
    parts = [
        said(INTERVAL_WORDS[by.interval]),
        said("deduction.assume_common" if by.common else "deduction.assume_any"),
        said("deduction.assume_no_largest")
        if by.largest is None
        else said("deduction.assume_largest", largest=decimal(by.largest, 1)),
        said("deduction.assume_losses", losses=decimal(100 * by.losses, 0)),
        said("deduction.assume_measured" if by.measured else "deduction.assume_all"),
        said("deduction.assume_rows"),
    ]
    return said("deduction.assumed", what=together(parts))
