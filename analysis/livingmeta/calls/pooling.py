"""Pooling what somebody has at hand, and what each study does to the pooled value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Unpack

import numpy as np

from livingmeta.appraisal.changes import ordered
from livingmeta.appraisal.choices import with_arms
from livingmeta.calls.opening import Data, Reading, effects, is_review, is_table, opened
from livingmeta.calls.options import Choosing, Fitting, Pooling, methods_of, selection_of, split, takes
from livingmeta.engine import pooling
from livingmeta.engine.inputs import Array
from livingmeta.engine.measures import MEASURES
from livingmeta.engine.methods import influence as diagnostics
from livingmeta.engine.methods.influence import Influence, Refits
from livingmeta.engine.pooling import PooledEstimate
from livingmeta.printer import Several
from livingmeta.review.protocol import Review
from livingmeta.synthesis.derivation import yi_vi
from livingmeta.synthesis.moderators import moderator_of
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Settings
from livingmeta.synthesis.synthesise import synthesise as synthesised
from livingmeta.words import RefusalError, refuse, unknown


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a pooled estimate of a review or a table is of: the pool, and what else is known of it."""

    pool: Pool
    review: Review

    @property
    def left_out(self) -> Sequence[str]:
        """Trials with rows that were not used, by their labels."""
        return self.pool.left_out

    def listed(self, result: PooledEstimate) -> Iterable[Mapping[str, Any]]:
        """Return a row for each effect, with the moderators that the review has of its own."""
        plan = self.review.plan(self.pool.synthesis)
        own = {name: moderator_of(self.review, name) for name in self.review.characteristics}
        for effect, row in zip(self.pool.effects, self.pool._listed(), strict=True):
            yield {**row, **{name: read(effect, plan) for name, read in own.items()}}


@takes(Pooling)
def synthesise(data: Data, vi: Any = None, **asked: Unpack[Pooling]) -> Several[Pool]:
    """Pool every synthesis of a review or a table, each subgroup for itself, as `livingmeta pool` does.

    Parameters
    ----------
    data : str, Path, Review, DataFrame or sequence of float
        A review by name or folder, a file, a table with a row per study, or effects.
    vi : sequence of float, or str, optional
        Variances of effects; of a table the column that holds them.
    **asked
        Options of `livingmeta pool`. How: `profile`, `measure`, `model`, `tau2`, `ci`, `tau2_ci`,
        `prediction`, `level`, `several_arms`, `cluster`. Of what: `synthesis`, `subgroup`,
        `without`, `include_sensitivity`, `no_assumptions`, `documented_only`, `terms`. What a table
        leaves open: `yi`, `sei`, `labels`, `columns`, `sheet`, `header_row`, `log`, `favours`,
        `mapping`, `missing`, as `read_table` takes it.

    Returns
    -------
    tuple of Pool
        In the order of review.toml, subgroups in the order of the rows, the whole last; one is also
        found by its id. Effects are group 1 minus group 2 (logs of ratios), in the unit of the measure.
        A synthesis without usable rows is there too, with the reason.

    Raises
    ------
    ValueError
        For what can't be read or pooled, and for names that are not known.

    References
    ----------
    Higgins JPT, Thomas J, et al. Cochrane Handbook for Systematic Reviews of Interventions, chapter 10.

    Examples
    --------
    >>> from livingmeta import synthesise
    >>> [(pool.synthesis, len(pool.effects)) for pool in synthesise("smith2017")][:2]
    [('pain-short', 3), ('pain-medium', 0)]
    """
    return pools_of(data, vi, asked)[1]


def pools_of(
    data: Data, vi: Any, asked: Mapping[str, Any], *, repeated: bool = False
) -> tuple[Review, Several[Pool], Settings]:
    """Return the review that is given, what it pools to, and the methods.

    `repeated` computed effects of a trial, which by default count once, are pooled where it is true.
    """
    fitting, choosing, reading = split(dict(asked), Fitting, Choosing, Reading)
    measure = reading.pop("measure", None) if is_review(data) else None
    review = opened(data, vi, **reading)
    if (several_arms := choosing.get("several_arms")) is not None:
        review = with_arms(review, several_arms)
    named = {"name": choosing.get("profile"), "cluster": choosing.get("cluster"), "measure": measure}
    settings = methods_of(review, fitting, **named)
    only = choosing.get("synthesis")
    selection = replace(selection_of(review, choosing), repeated=repeated)
    pools = synthesised(review, settings=settings, selection=selection, only=only)
    return review, Several(pools), settings


def one_pool(data: Data, vi: Any, asked: Mapping[str, Any]) -> tuple[Review, Pool, Settings]:
    """Return the only synthesis, pooled as a whole."""
    review, pools, settings = pools_of(data, vi, asked)
    wholes = [pool for pool in pools if pool.subgroup is None]
    if len(wholes) != 1:
        names = ", ".join(dict.fromkeys(pool.synthesis for pool in pools)) or "none"
        raise RefusalError(
            f"one pooled value is asked for, and here are {len(wholes)} ({names}): choose one by "
            "synthesis=, or have them all by synthesise."
        )
    if wholes[0].result is None:
        raise RefusalError(f"{wholes[0].name} has no pooled value: {wholes[0].why_not}.")
    return review, wholes[0], settings


@takes(Pooling)
def pool(data: Data | None = None, vi: Any = None, **asked: Unpack[Pooling]) -> PooledEstimate:
    """Pool independent effects: plain numbers, a table of studies, or one synthesis of a review.

    Parameters
    ----------
    data : sequence of float, DataFrame, str, Path or Review
        Effects, shape (k,), logs for ratios; a table with a row per study, of effects, means or counts;
        a file; or a review.
    vi : sequence of float, or str, optional
        Variances of effects, the squares of their standard errors; of a table the column that holds them.
    **asked
        `labels` (names of the studies, or their column); `missing` ("refuse" names studies without
        a value, "drop" leaves them out and says so); `measure` (what effects are, "SMD", "OR"); how to
        pool, as `livingmeta pool` has it: `method` (of counts: "IV", "MH" or "Peto"), `model` ("common"
        or "random"), `tau2` (an estimator, or a
        number taken as known), `ci`, `tau2_ci`, `prediction`, `level` (0.95, or 95). Of a table or a
        review the other options of `synthesise`, too.

    Returns
    -------
    PooledEstimate
        In the direction and unit of the effects; `to_frame()` lists the studies.

    Raises
    ------
    ValueError
        For values that can't be pooled, all of them, by the labels of their studies; for methods that
        are not known or don't go together; for data of several syntheses, which `synthesise` pools.

    References
    ----------
    DerSimonian R, Laird N. Control Clin Trials 1986;7:177-188.
    Röver C, Knapp G, Friede T. Hartung-Knapp-Sidik-Jonkman approach and its modification for
    random-effects meta-analysis with few studies. BMC Med Res Methodol 2015;15:99.

    Examples
    --------
    Four trials that agree better than chance lets them; the modified interval stays wide:

    >>> from livingmeta import pool
    >>> result = pool([0.10, 0.12, 0.09, 0.11], [0.04, 0.05, 0.03, 0.06], measure="SMD")
    >>> print(result)
    k = 4: SMD 0.10 (95% CI −0.22 to 0.43); random, REML, hksj-modified

    A table of pandas, by the names of its columns:

    >>> import pandas as pd
    >>> table = pd.DataFrame({"study": ["Ash", "Birch"], "es": [0.1, 0.3], "var": [0.04, 0.05]})
    >>> pool(table, yi="es", vi="var", model="common").to_frame()[["label", "yi", "weight"]].round(1)
       label   yi  weight
    0    Ash  0.1    55.6
    1  Birch  0.3    44.4
    """
    if data is None:  # both by name, as the engine's own function takes them
        data = asked.pop("yi", None)
    if data is not None and is_table(data):
        return _of_table(data, vi, asked)
    labels, y, v, fitting, measure = _plain(data, vi, asked)
    result = pooling.pool(y, v, measure=measure, **fitting)
    return result.of(Studies(labels, np.asarray(y, float), np.asarray(v, float)))


def _of_table(data: Data, vi: Any, asked: Mapping[str, Any]) -> PooledEstimate:
    given = asked.get("tau2")
    known = given is not None and not isinstance(given, str)
    review, whole, settings = one_pool(data, vi, {**asked, "tau2": None} if known else asked)
    result = whole.result
    assert result is not None
    if known:  # a profile names estimators only
        by = {**settings.fitting(whole.effects), "tau2": given}
        result = pooling.pool(*yi_vi(whole.effects), measure=result.measure, **by)
    return result.of(Source(pool=whole, review=review))


def _plain(
    data: Any, vi: Any, asked: Mapping[str, Any]
) -> tuple[tuple[str, ...], Any, Any, dict[str, Any], str]:
    """Return labels, effects, variances, methods and measure of plain effects."""
    fitting, choosing, reading = split(dict(asked), Fitting, Choosing, Reading)
    others = [*choosing, *(name for name in reading if name not in {"labels", "missing", "measure", "log"})]
    if others:
        raise RefusalError(
            f"{', '.join(others)}: this says what to take of a table or a review, not of effects."
        )
    labels, y, v = effects(data, vi, labels=reading.get("labels"), missing=reading.get("missing"))
    if (level := fitting.get("level")) is not None and 1 < level < 100:
        fitting["level"] = level / 100
    if fitting.get("method", "IV") != "IV":
        raise RefusalError(
            f"method = {fitting['method']!r}: it pools counts, and these are effects. Give a table of events "
            "and people, or leave it out."
        )
    named = str(reading.get("measure", ""))
    return labels, y, v, fitting, MEASURES[named].label if named in MEASURES else named


def _studied(
    data: Data, vi: Any, asked: Mapping[str, Any]
) -> tuple[Sequence[str], Any, Any, dict[str, Any], str, Any]:
    """Return labels, effects, variances, methods of a batch, measure, and the effects of a review if any."""
    if is_table(data):
        _, whole, settings = one_pool(data, vi, asked)
        yi, variances = yi_vi(whole.effects)
        labels = tuple(effect.label for effect in whole.effects)
        return labels, yi, variances, settings.fitting(whole.effects), whole.measure, whole.effects
    labels, y, v, fitting, measure = _plain(data, vi, asked)
    if "tau2_ci" in fitting:
        raise RefusalError("tau2_ci: none of these estimates has an interval of τ². Leave it out.")
    return labels, y, v, fitting, measure, None


@takes(Pooling)
def leave_one_out(data: Data, vi: Any = None, **asked: Unpack[Pooling]) -> Refits:
    """Pool without each study in turn.

    Parameters
    ----------
    data, vi, **asked
        As `pool` takes them: two studies or more.

    Returns
    -------
    Refits
        Arrays of shape (k,) by the names of `PooledEstimate`: without the first study, the second, and
        so on, in the direction and unit of the effects; `labels` and `to_frame()` name them.

    Raises
    ------
    ValueError
        For values that can't be pooled, and for one study.

    References
    ----------
    Viechtbauer W, Cheung MWL. Outlier and influence diagnostics for meta-analysis. Res Synth
    Methods 2010;1:112-125.

    Examples
    --------
    >>> from livingmeta import leave_one_out
    >>> left = leave_one_out([0.1, 0.5, 0.3], [0.1, 0.1, 0.1], labels=["Ash", "Birch", "Cedar"])
    >>> left.to_frame()[["label", "k", "estimate"]].round(2)
       label  k  estimate
    0    Ash  2       0.4
    1  Birch  2       0.2
    2  Cedar  2       0.3
    """
    labels, y, v, fitting, measure, _ = _studied(data, vi, asked)
    return Refits.of(diagnostics.leave_one_out(y, v, **fitting), labels, measure=measure)


@takes(Pooling)
def cumulative(
    data: Data, vi: Any = None, order: Sequence[int] | str | None = None, **asked: Unpack[Pooling]
) -> Refits:
    """Pool one study, two, and so on, as evidence came in.

    Parameters
    ----------
    data, vi, **asked
        As `pool` takes them.
    order : sequence of str or int, or str, optional
        The studies in the order in which they enter, by their labels, or by places as Python counts
        (0 is the first), which `argsort` returns. Of a table or a review also "year" (the oldest first,
        the default), "size" (the largest) or "precision" (the most precise); of plain effects their own
        order by default.

    Returns
    -------
    Refits
        Arrays of shape (k,), after each study, in the direction and unit of the effects; `labels` are
        those of the studies as they enter, and `weights` in that order, too.

    Raises
    ------
    ValueError
        For values that can't be pooled, and an order that does not name each study once.

    References
    ----------
    Lau J, Antman EM, Jimenez-Silva J, et al. Cumulative meta-analysis of therapeutic trials for
    myocardial infarction. N Engl J Med 1992;327:248-254.

    Examples
    --------
    >>> from livingmeta import cumulative
    >>> named = {"labels": ["Ash", "Birch", "Cedar"], "order": ["Birch", "Ash", "Cedar"]}
    >>> grown = cumulative([0.1, 0.5, 0.3], [0.1, 0.1, 0.1], **named)
    >>> grown.labels, grown.estimate.round(2).tolist()
    (('Birch', 'Ash', 'Cedar'), [0.5, 0.3, 0.3])
    """
    labels, y, v, fitting, measure, of_review = _studied(data, vi, asked)
    if order is None and of_review is not None:
        entering = ordered(of_review, "year") or list(range(len(labels)))
    elif isinstance(order, str):
        if of_review is None:
            raise RefusalError(f"order = {order!r}: plain effects have none of these; give positions.")
        entering = ordered(of_review, order)
        if not entering:
            raise RefusalError(f"order = {order!r}: it is known of no study; give positions.")
    else:
        entering = list(range(len(labels))) if order is None else _places(order, labels)
    grown = diagnostics.cumulative(y, v, entering, **fitting)
    return Refits.of(grown, [labels[i] for i in entering], measure=measure)


def _places(order: Sequence[int | str], labels: Sequence[str]) -> list[int]:
    """Return the places of studies that are named by label, or by place, each once."""
    named = {label: place for place, label in enumerate(labels)}
    given = [named.get(one, one) if isinstance(one, str) else one for one in order]
    refuse(unknown("order", one, labels) for one in given if isinstance(one, str))
    return [place if isinstance(place, int) else int(place) for place in given]


@takes(Pooling)
def influence(data: Data, vi: Any = None, **asked: Unpack[Pooling]) -> Influence:
    """Measure what each study does to a pooled estimate.

    Parameters
    ----------
    data, vi, **asked
        As `pool` takes them: three studies or more.

    Returns
    -------
    Influence
        Arrays of shape (k,): standardised residuals, DFFITS, Cook's distances, hat values (fractions)
        and the others, without unit; `labels` and `to_frame()` name the studies.

    Raises
    ------
    ValueError
        For values that can't be pooled, and for fewer than three studies.

    References
    ----------
    Viechtbauer W, Cheung MWL. Outlier and influence diagnostics for meta-analysis. Res Synth
    Methods 2010;1:112-125.
    Baujat B, Mahé C, Pignon JP, Hill C. A graphical method for exploring heterogeneity in
    meta-analyses. Stat Med 2002;21:2641-2652.

    Examples
    --------
    >>> from livingmeta import influence
    >>> measured = influence([0.1, 0.2, 0.9], [0.01, 0.01, 0.01], labels=["Ash", "Birch", "Cedar"])
    >>> measured.labels[int(measured.cook.argmax())]
    'Cedar'
    """
    labels, y, v, fitting, *_ = _studied(data, vi, asked)
    return replace(diagnostics.influence(y, v, **fitting), labels=tuple(labels))


class Studies(NamedTuple):
    """Effects with the labels that their caller gave, in the order of the weights."""

    labels: tuple[str, ...]
    yi: Array
    vi: Array

    def listed(self, result: PooledEstimate) -> Iterable[Mapping[str, Any]]:
        """Return a row for each study: its effect, standard error and weight in percent."""
        columns = zip(self.labels, self.yi.tolist(), np.sqrt(self.vi).tolist(), result.weights, strict=True)
        return (dict(zip(("label", "yi", "se", "weight"), row, strict=True)) for row in columns)
