"""Published numbers against each other.

A printed number stands for every number that rounds to it: all checks compare such spans. What
nobody says of an interval is unknown: every kind that could be meant is tried before any is said
to be wrong, and numbers that only an unusual kind makes right are not called wrong but say which.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import combinations
from math import exp, inf, log, sinh
from typing import Any, Literal, NamedTuple, TypeVar

from scipy.special import chdtrc, ndtri, stdtr, stdtrit

from livingmeta.engine.measures import kind_of, measure_of, ratios, scale_name
from livingmeta.engine.pooling import CONFIDENCE
from livingmeta.language import Said, Word, said, together
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Claim, Outcome, Problem
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Settings, settings_of
from livingmeta.words import SLACK, Number, Numeral, shown_as

# LS2 variances lie 9% under RevMan's at ten people per arm, so the N they imply lies 9% higher.
N_TOLERANCE = 1.10
# A trial's mixed or adjusted model may use other degrees of freedom than its arm sizes give.
P_TOLERANCE = 1.25
RATIO_P = 2.0  # the P of a ratio is often another test's (log-rank, chi-squared, exact)
CHI2_ERROR = 1e-7  # RevMan 5's P of Q are up to 7e-8 off the chi-squared distribution
MANY_DF = 1e6  # degrees of freedom: all that t may have
FEWEST = 2.0  # degrees of freedom that an interval of t may have, where no one gives the people
USUAL_LEVELS = (0.95, 0.90, 0.99)  # what an interval may be whose level nobody gives; the first as a rule

# What would have to be so; each is the end of "they can all be right only if …".
SKEWED = said("audit.skewed")
NATURAL = said("audit.natural")
ON_T = said("audit.on_t")
OTHER_TEST = said("audit.other_test")
OTHER_SE = said("audit.other_se")
OTHER_Z = said("audit.other_z")
T_STATISTIC = said("audit.t_statistic")
ONE_SIDED = said("audit.one_sided")
FROM_TAU2 = said("audit.from_tau2")
SEVERAL = said("audit.several_effects")
ADJUSTED = said("audit.adjusted")
IF_WORDED = said("audit.worded")
MORE = said("audit.more_trials")


def of_level(level: float, *, on_t: bool = False) -> Said:
    """Say that an interval is of a level, a fraction."""
    return said("audit.level_on_t" if on_t else "audit.level", level=Numeral(f"{100 * level:g}"))


def subject(*parts: str | None) -> Said:
    """Say what something printed is about: synthesis, subgroup, trial, or all of the review."""
    named = [part for part in parts if part]
    return together(named, ", ") if named else said("audit.whole_review")


def either(parts: Iterable[str]) -> Said:
    """Say that one of several things would do."""
    return together(parts, said("audit.or_if"))


class IntervalKind(NamedTuple):
    """An interval that may be meant: estimate ± quantile × SE, or the same on the log scale.

    The quantile is one of t with `least` to `most` degrees of freedom; of infinity it is a normal
    one. `needs` is what has to be so; nothing for usual kinds, and for those that are declared.
    """

    least: float
    most: float
    level: float
    needs: Said | None = None

    @property
    def ends(self) -> tuple[tuple[float, float], ...]:
        """Degrees of freedom with their quantile: what lies between grows or falls steadily."""
        dfs = dict.fromkeys((self.most, self.least))
        return tuple((df, float(stdtrit(df, 0.5 + self.level / 2))) for df in dfs)

    def words(self) -> Said:
        """Say level and distribution."""
        basis = said("audit.normal" if self.least == inf else "audit.normal_or_t")
        if self.most < inf:
            df = Numeral(f"{self.least:g}")
            basis = said("audit.t_of" if self.least == self.most else "audit.t_of_more", df=df)
        return said("audit.interval", level=Numeral(f"{100 * self.level:g}"), basis=basis)


# Kinds whose mention is no news about a pooled result: no headline leads with them.
ORDINARY = frozenset(
    {ON_T, T_STATISTIC, FROM_TAU2}
    | {of_level(x, on_t=on_t) for on_t in (False, True) for x in USUAL_LEVELS[1:]}
)


def kinds(
    basis: str | None, level: float | None, k: float | None, *, of_trial: bool = False
) -> tuple[IntervalKind, ...]:
    """List the symmetrical intervals that may be meant; none where it is said to be no such.

    HKSJ intervals (Hartung and Knapp 2001; Sidik and Jonkman 2002) are of t with k − 1 degrees
    of freedom, on a standard error of their own, so nothing is asked of its size.
    """
    if basis == "asymmetric":
        return ()
    on_t = (FEWEST, inf) if of_trial else (1.0, inf)
    if k is not None and k > 1 and not of_trial:  # more where a trial gives several effects
        on_t = (k - 1, MANY_DF if basis == "t" else k - 1)
    apart = basis is None and not of_trial  # t is worth a mention
    listed = []
    for x in USUAL_LEVELS if level is None else (level,):
        unusual = level is None and x != USUAL_LEVELS[0]
        plain, with_t = (of_level(x), of_level(x, on_t=True)) if unusual else (None, ON_T)
        if basis != "t" and not (of_trial and basis is None):
            listed.append(IntervalKind(inf, inf, x, plain))
        if basis != "z":
            listed.append(IntervalKind(*on_t, x, with_t if apart else plain))
    return tuple(listed)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Printed numbers that cannot all be right, or only if; or two sources that disagree.

    `claims` are keys of published.csv, or places (file and row) in outcomes.csv; `only_if` is
    empty but for "consistent only if", where any of its entries would make all of them right.
    """

    kind: Literal["inconsistent", "consistent only if", "source conflict"]
    claims: tuple[str, ...]
    detail: Said
    only_if: tuple[Said, ...] = ()

    @property
    def verdict(self) -> str:
        """Say the kind, with what it would take."""
        return together([self.kind, either(self.only_if)], " ") if self.only_if else self.kind


class Misfit(NamedTuple):
    """Numbers of one result that do not fit each other, and what would make them fit."""

    detail: Said
    only_if: tuple[Said, ...] = ()
    ruled_out: tuple[Said, ...] = ()  # what would, were nothing declared

    @classmethod
    def unless(cls, detail: Said, other: Said, *conditions: Said, declared: bool) -> Misfit:
        """Add another condition under which all fits, or rule it out where it is declared so."""
        return cls(detail, conditions, (other,)) if declared else cls(detail, (*conditions, other))

    @property
    def verdict(self) -> Said:
        """Say in a sentence whether they can be right together."""
        if self.only_if:
            return said("audit.right_if", ifs=either(self.only_if))
        if self.ruled_out:
            return said("audit.wrong_as_declared", ifs=either(self.ruled_out))
        return said("audit.wrong")


@dataclass(frozen=True, kw_only=True)
class PrintedResult:
    """Numbers and words that one source prints together, for a pool or for one trial.

    `kinds` are the symmetrical intervals that may be meant; they are `declared` where someone says
    what the interval rests on. `numbers` has the quantities of published.csv as keys, and `se`. Of
    a ratio, estimate and limits are held as logs, with the text as printed.
    """

    claims: tuple[str, ...]
    about: tuple[str | None, ...]  # synthesis, subgroup, trial
    place: Said
    source: str
    reading: str
    measure: str | None  # key of MEASURES, or log of one
    ratio: bool
    numbers: Mapping[str, Number]
    kinds: tuple[IntervalKind, ...]
    declared: bool
    words: tuple[str, ...] = ()
    i2: str | None = None  # "q" or "tau2", where it is declared
    p_tolerance: float = 1.0
    compares: bool = True  # two groups, so that 0 means no difference

    def get(self, *quantities: str) -> tuple[Number, ...] | None:
        """Return these numbers if all are printed.

        A bound ("< 0.1") that is no P value does not count: it is not the value beside it.
        """
        printed = tuple(self.numbers[q] for q in quantities if q in self.numbers)
        values = all(number.relation == "=" or number is self.numbers.get("p") for number in printed)
        return printed if len(printed) == len(quantities) and values else None

    def unless(
        self, fits: Callable[[IntervalKind], bool], detail: Said, other: Said, *, stated: bool
    ) -> Misfit | None:
        """Return what does not fit, with the kinds of interval that mend it; None where it fits.

        `other` is what else would; where it is `stated` to be otherwise, it is ruled out.
        """
        mending = [kind for kind in self.kinds if fits(kind)]
        normal = {kind.level for kind in mending if kind.least == inf}
        needs = [x.needs for x in mending if x.least == inf or x.level not in normal]
        conditions = tuple(words for words in needs if words is not None)
        if len(conditions) < len(needs) or not self.kinds:
            return None
        on_t, levels = any(x.least < inf for x in self.kinds[1:]), len({x.level for x in self.kinds}) > 1
        if (on_t or levels) and not conditions:
            tried = "both" if on_t and levels else "t" if on_t else "levels"
            detail = together([detail, said(f"audit.tried_{tried}")])
        return Misfit.unless(detail, other, *conditions, declared=stated)


LIMITS = ("ci_low", "ci_high")
INTERVAL = ("estimate", *LIMITS)


def _logs(numbers: Mapping[str, Number]) -> dict[str, Number]:
    """Take a ratio and its limits to the log scale; what rounding may have taken to 0 is left."""
    logs = dict(numbers)
    for name in set(INTERVAL) & logs.keys():
        number = logs.pop(name)
        if number.span[0] > 0 and number.relation == "=":
            low, high = map(log, number.span)
            logs[name] = number._replace(value=(low + high) / 2, half=(high - low) / 2)
    return logs


Range = tuple[float, float]


def _apart(first: Range, second: Range) -> bool:
    """Say whether two spans have nothing in common, beyond binary arithmetic."""
    finite = [abs(x) for x in (*first, *second) if abs(x) < inf]
    return max(first[0], second[0]) - min(first[1], second[1]) > 1e-12 * max(finite, default=0.0)


def _middle(low: Range, high: Range) -> Range:
    return (low[0] + high[0]) / 2, (low[1] + high[1]) / 2


def _numerals(**numbers: Number | str) -> dict[str, Numeral]:
    """Write numbers as they stand in a sentence: printed ones as they are printed."""
    return {name: Numeral(x if isinstance(x, str) else x.text) for name, x in numbers.items()}


def _outside(_: PrintedResult, e: Number, low: Number, high: Number) -> Misfit | None:
    """Compare lower limit ≤ estimate ≤ upper limit, which holds for intervals of every kind."""
    if not _apart(e.span, (low.span[0], high.span[1])):
        return None
    return Misfit(said("audit.outside", **_numerals(e=e, low=low, high=high)))


def _off_centre(result: PrintedResult, e: Number, low: Number, high: Number) -> Misfit | None:
    """Compare the estimate with (lower + upper)/2, of the logs for a ratio.

    An interval of estimate ± quantile × SE has its estimate in the middle, whatever quantile and SE
    are (Cochrane Handbook 6.5.2.2 and 6.5.2.3 take the SE from it so): normal, t and HKSJ. Not so
    by profile likelihood (Hardy and Thompson 1996) or the bootstrap's percentiles.
    """
    middle = _middle(low.span, high.span)
    if not result.kinds or _outside(result, e, low, high) or not _apart(e.span, middle):
        return None
    back = exp if result.ratio else float
    e0, low0, high0 = ((back(x.span[0]), back(x.span[1])) for x in (e, low, high))
    natural = result.ratio and not _apart(e0, _middle(low0, high0))
    unit = min(exp(x.value) * sinh(x.half) if result.ratio else x.half for x in (e, low, high))
    centre, lowest, highest = (
        shown_as(back(x), unit, more=1) for x in ((low.value + high.value) / 2, *middle)
    )
    new_low, new_high = (shown_as(back(2 * e.value - x.value), unit) for x in (high, low))
    none = 1.0 if result.ratio else 0.0
    was = low.value * high.value > 0

    def limit(side: str, new: str, low_then: float, high_then: float) -> Said:
        words = said(side, limit=Numeral(new))
        if not result.compares or was == ((low_then - none) * (high_then - none) > 0):
            return words
        return said("audit.less_significant" if was else "audit.more_significant", limit=words)

    return Misfit.unless(
        said(
            "audit.off_centre",
            **_numerals(e=e, low=low, high=high, centre=centre, lowest=lowest, highest=highest),
            midpoint=said("audit.midpoint_of_logs" if result.ratio else "audit.midpoint", x=Numeral(centre)),
            usual=said("audit.by_normal_t" if result.about[-1] else "audit.by_normal_t_hksj"),
            new_low=limit("audit.new_low", new_low, float(new_low), back(high.value)),
            new_high=limit("audit.new_high", new_high, back(low.value), float(new_high)),
        ),
        SKEWED,
        *((NATURAL,) if natural else ()),
        declared=result.declared,
    )


def _distances(e: Number, low: Number, high: Number) -> Range:
    """Return the smallest and largest |estimate| in half-widths of the interval."""
    width, spare = (high.value - low.value) / 2, (low.half + high.half) / 2
    nearest = max(0.0, abs(e.value) - e.half) / max(width + spare, SLACK)
    return nearest, (abs(e.value) + e.half) / (width - spare) if width > spare else inf


def _p_interval(result: PrintedResult, e: Number, low: Number, high: Number, p: Number) -> Misfit | None:
    """Compare P with 2·F(−|estimate|·quantile/half-width) of the interval's own distribution F.

    Altman and Bland, BMJ 2011;343:d2304, box, (a) steps 1 to 3, for the normal distribution.
    """
    if not result.compares or not result.kinds:
        return None
    near, far = _distances(e, low, high)

    def of(kind: IntervalKind, distance: float) -> list[float]:
        return [2 * float(stdtr(df, -quantile * distance)) for df, quantile in kind.ends]

    def fits(kind: IntervalKind) -> bool:
        least, most = min(of(kind, far)), max(of(kind, near))
        return not _apart(p.span, (least / result.p_tolerance, most * result.p_tolerance))

    usual, distance = result.kinds[0], 2 * abs(e.value) / max(high.value - low.value, SLACK)
    implied = of(usual, distance)[0 if usual.most == inf else -1]
    return result.unless(
        fits,
        said(
            "audit.p_interval",
            **_numerals(p=p, e=e, low=low, high=high, implied=f"{implied:.2g}"),
            relation=p.relation,
            kind=usual.words(),
        ),
        OTHER_TEST,
        stated=result.declared and not result.about[-1],
    )


def _se_interval(result: PrintedResult, se: Number, low: Number, high: Number) -> Misfit | None:
    """Compare the SE with (upper − lower)/(2 × quantile): Cochrane Handbook 6.5.2.2, 6.5.2.3."""
    if not result.kinds:
        return None
    half, spare = (high.value - low.value) / 2, (low.half + high.half) / 2
    # Between a trial's own df and none lie those of any model of its data.
    quantiles = [quantile for kind in result.kinds for _, quantile in kind.ends]
    fits = ((half - spare) / max(quantiles), (half + spare) / min(quantiles))
    sizes = [1.0]
    if result.ratio and (e := result.get("estimate")) is not None:
        sizes.append(exp(e[0].value))  # the SE of the ratio itself, by the delta method
    if any(not _apart(se.span, (fits[0] * size, fits[1] * size)) for size in sizes):
        return None
    return Misfit.unless(
        said(
            "audit.se_interval_of_logs" if result.ratio else "audit.se_interval",
            **_numerals(se=se, low=low, high=high, least=f"{fits[0]:.3g}", most=f"{fits[1]:.3g}"),
            kind=result.kinds[0].words(),
        ),
        OTHER_SE,
        declared=result.declared,
    )


def _z_interval(result: PrintedResult, e: Number, low: Number, high: Number, z: Number) -> Misfit | None:
    """Compare |Z| with |estimate|·quantile/half-width: Altman and Bland 2011, (a) steps 1 and 2."""
    if not result.kinds:
        return None
    nearest, farthest = _distances(e, low, high)

    def span(kind: IntervalKind) -> Range:
        quantiles = [quantile for _, quantile in kind.ends]
        return min(quantiles) * nearest, max(quantiles) * farthest

    usual = result.kinds[0]
    near, far = span(usual)
    return result.unless(
        lambda kind: not _apart(_size(z), span(kind)),
        said(
            "audit.z_interval",
            **_numerals(z=z, e=e, low=low, high=high, near=f"{near:.2f}", far=f"{far:.2f}"),
            kind=usual.words(),
        ),
        OTHER_Z,
        stated=result.declared and usual.least == inf,
    )


def _size(number: Number) -> Range:
    return max(0.0, abs(number.value) - number.half), abs(number.value) + number.half


def _z_p(result: PrintedResult, z: Number, p: Number) -> Misfit | None:
    """Compare P with 2·Φ(−|Z|): Altman and Bland 2011, (a) step 3; and with t and one tail."""

    def spans(df: float, tails: int = 2) -> Range:
        high, low = (tails * float(stdtr(df, -size)) for size in _size(z))
        return low, high

    low, high = spans(inf)
    if not _apart(p.span, (low, high)):
        return None
    any_t = (IntervalKind(1.0, inf, USUAL_LEVELS[0]),)  # beside an interval that is none of these
    on_t = [kind for kind in result.kinds or any_t if kind.least < inf]
    mend = {
        T_STATISTIC: any(not _apart(p.span, (spans(kind.most)[0], spans(kind.least)[1])) for kind in on_t),
        ONE_SIDED: not _apart(p.span, spans(inf, 1)),
    }
    return Misfit(
        said("audit.z_p", **_numerals(p=p, z=z, low=f"{low:.2g}", high=f"{high:.2g}"), relation=p.relation),
        tuple(words for words, so in mend.items() if so),
    )


def _i2(result: PrintedResult, q: Number, i2: Number, k: Number) -> Misfit | None:
    """Compare I² with 100%·max(0, (Q − df)/Q), df = k − 1 (Higgins et al., BMJ 2003;327:557).

    Computed from τ² and the typical variance (Higgins and Thompson 2002) it is another number,
    unless τ² is DerSimonian and Laird's.
    """
    low, high = (100 * max(0.0, 1 - (k.value - 1) / x) if x > 0 else 0.0 for x in q.span)
    if result.i2 == "tau2" or not _apart(i2.span, (low, high)):
        return None
    least, most = (shown_as(x, i2.half, more=1) for x in (low, high))
    return Misfit.unless(
        said("audit.i2_q", **_numerals(i2=i2, q=q, df=f"{k.value - 1:g}", low=least, high=most)),
        FROM_TAU2,
        *((SEVERAL,) if i2.span[1] < low else ()),
        declared=result.i2 == "q",
    )


def _q_p(_: PrintedResult, q: Number, df: Number, p: Number) -> Misfit | None:
    """Compare the P of heterogeneity with the chi-squared distribution beyond Q."""
    high, low = (float(chdtrc(df.value, max(x, 0.0))) for x in q.span)
    if not _apart(p.span, (low - CHI2_ERROR, high + CHI2_ERROR)):
        return None
    shown = {"low": f"{low:.2g}", "high": f"{high:.2g}", "df": f"{df.value:g}"}
    return Misfit(said("audit.q_p", **_numerals(p=p, q=q, **shown), relation=p.relation))


@dataclass(frozen=True, kw_only=True)
class ImpliedN:
    """People that the width of an SMD's interval implies; `low`, `high`: bounds by rounding."""

    n: float
    low: float
    high: float
    detail: Said


def implied_n(e: Number, low: Number, high: Number, *, level: float) -> ImpliedN:
    """Tell how many people in two equal arms give an SMD an interval of this width.

    With N/2 in each arm the variance of g is 4/N + g²/(2N), so N = (4 + g²/2) / SE², where
    SE = (upper - lower) / 3.92 for an interval of 95%. Unequal arms and differences between trials
    widen an interval: behind a pool of independent trials stand N people or more, not fewer.

    Hedges LV, Olkin I. Statistical Methods for Meta-Analysis, 1985 (large-sample variance of an
    SMD). Altman DG, Bland JM. BMJ 2011;343:d2304, box, (a) step 1 (SE from an interval).
    """
    widths = (high.value - low.value + x * (low.half + high.half) for x in (0, 1, -1))
    unit = (4 + e.value**2 / 2) * (2 * float(ndtri(0.5 + level / 2))) ** 2
    n, least, most = (unit / width**2 if width > SLACK else inf for width in widths)
    people = _numerals(n=f"{n:.0f}", least=f"{least:.0f}", most=f"{most:.0f}")
    detail = said("audit.implied", **_numerals(low=low, high=high), **people)
    return ImpliedN(n=n, low=least, high=most, detail=detail)


def _enough(numbers: Sequence[Number], n: Number, result: PrintedResult, kind: IntervalKind) -> bool:
    """Say whether so many people can give such an interval; t takes more than a normal one."""
    people = implied_n(*numbers, level=kind.level).low <= n.span[1] * N_TOLERANCE
    return people and (result.declared or kind.most == inf)


def _too_many_people(results: Sequence[PrintedResult], _: Sequence[Claim]) -> Iterator[Finding]:
    """Compare the people printed with those that the width of an SMD's interval takes."""
    sized = [r for r in results if "n" in r.numbers]
    # Where several are printed, the largest: the claim to be refuted is the weakest one.
    printed = {r.about: r for r in sorted(sized, key=lambda r: r.numbers["n"].value)}
    for result in results:
        whole = None if result.about[-1] else printed.get((None, None, None))
        limit = result if "n" in result.numbers else printed.get(result.about, whole)
        measure, numbers = measure_of(result.measure), result.get(*INTERVAL)
        if measure is None or not measure.from_sizes or limit is None or numbers is None:
            continue
        n, level = limit.numbers["n"], result.kinds[0].level if result.kinds else USUAL_LEVELS[0]
        implied, fits = implied_n(*numbers, level=level), partial(_enough, numbers, n, result)
        detail = said("audit.too_many", implied=implied.detail, source=limit.source, n=Numeral(n.text))
        if (wrong := result.unless(fits, detail, ADJUSTED, stated=False)) is not None:
            yield _finding([result, limit], wrong)


def _finding(results: Sequence[PrintedResult], wrong: Misfit) -> Finding:
    """State what is wrong with, or between, results; the first one says where."""
    claims = tuple(dict.fromkeys(key for r in results for key in r.claims))
    if len({(r.source, r.reading) for r in results}) == 1:
        return _worded(claims, results[0].place, wrong)
    detail = said("audit.conflict", place=results[0].place, detail=wrong.detail)
    return Finding(kind="source conflict", claims=claims, detail=detail)


def _worded(claims: tuple[str, ...], place: Said, wrong: Misfit) -> Finding:
    detail = said("audit.at", place=place, detail=wrong.detail)
    if wrong.only_if:
        return Finding(kind="consistent only if", claims=claims, detail=detail, only_if=wrong.only_if)
    return Finding(kind="inconsistent", claims=claims, detail=together([detail, wrong.verdict], " "))


_NEGATED = re.compile(
    r"\b(?:no|not|non|nor|without)\b[\s-]+(?:(?:statistically|clear|important|overall|longer|"
    r"evidence of|an?|any|between-groups?)\s+)*(?:significan|differen)|\binsignifican",
    re.IGNORECASE,
)
_ASSERTED = re.compile(r"(?<!clinically )\bsignifican", re.IGNORECASE)


def denied(words: str) -> bool:
    """Say whether words deny a difference, or that it is significant."""
    return _NEGATED.search(words) is not None


def _words(results: Sequence[PrintedResult], _: Sequence[Claim]) -> Iterator[Finding]:
    """Compare the words with the interval: at the same limit it leaves out 0 where P is below it.

    That is the duality of a test and its interval, whatever both rest on.
    """
    spoken = [(r, words) for r in results if r.about[0] for words in r.words]
    for speaker, words in spoken:
        negated = denied(words)
        for result in results:
            limits = result.get(*LIMITS) if result.about == speaker.about else None
            if limits is None or not (negated or _ASSERTED.search(words)):
                continue
            low, high = limits
            excludes = low.span[0] > 0 or high.span[1] < 0
            includes = low.span[1] < 0 < high.span[0]
            if excludes if negated else includes:
                source = said(f"audit.source_{result.reading}", source=result.source)
                key = "audit.words_exclude" if negated else "audit.words_include"
                detail = said(key, words=words, **_numerals(low=low, high=high), source=source)
                yield _finding([speaker, result], Misfit(detail, (IF_WORDED,)))


Held = Mapping[Hashable, tuple[set[float], list[str]]]


def held_sizes(claims: Iterable[Claim]) -> Held:
    """Collect printed numbers of trials, and trials with a weight, per synthesis and subgroup."""
    held: dict[Hashable, tuple[set[float], list[str]]] = defaultdict(lambda: (set(), []))
    for claim in (claim for claim in claims if claim.reading == "primary"):
        numbers, trials = held[claim.synthesis, claim.subgroup]
        if claim.quantity == "k" and claim.trial is None and claim.value is not None:
            numbers.add(claim.value)
        elif claim.quantity == "q_df" and claim.trial is None and claim.value is not None:
            numbers.add(claim.value + 1)
        elif claim.quantity == "weight" and claim.trial:
            trials.append(claim.trial)
    return held


def _weights(_: Sequence[PrintedResult], claims: Sequence[Claim]) -> Iterator[Finding]:
    """Compare the sum of the weights in percent with 100, or with 100 for each of several models.

    Rows of subgroups may bear the weights of the total: then all of them together make 100.
    """
    rows = [c for c in claims if c.quantity == "weight" and c.trial and c.value is not None]
    held = held_sizes(claims)
    totals = {key: _sum(group) for key, group in _grouped(rows, "synthesis", "source").items()}
    for (synthesis, subgroup, source), group in _grouped(rows, "synthesis", "subgroup", "source").items():
        low, high = _sum(group)
        k, _trials = held[synthesis, subgroup]
        most = 100.0 * max(Counter((c.trial, c.contrast) for c in group).values())
        fits = any(low - SLACK <= x <= high + SLACK for x in (100.0, most))
        whole = not _apart(totals[synthesis, source], (100.0, 100.0))
        if fits or whole or (high < 100 and k and k != {len(group)}):
            continue
        detail = said("audit.weights", n=len(group), sum=Numeral(f"{(low + high) / 2:.6g}"))
        yield _worded(
            tuple(dict.fromkeys(c.claim for c in group)),
            said("audit.place", about=subject(synthesis, subgroup), source=source),
            Misfit(detail, (MORE,) if high < 100 and (subgroup or not k) else ()),
        )


def _sum(group: Iterable[Claim]) -> Range:
    low, high = zip(*(c.number.span for c in group if c.number is not None), strict=True)
    return sum(low), sum(high)


def _reports(_: Sequence[PrintedResult], claims: Sequence[Claim]) -> Iterator[Finding]:
    rows = [
        c for c in claims if c.quantity in {"k", "n"} or (c.synthesis and c.quantity not in {"text", "count"})
    ]
    for (*about, quantity), group in _grouped(rows, "synthesis", "subgroup", "trial", "quantity").items():
        if not any(a.source != b.source and _unlike(a, b) for a, b in combinations(group, 2)):
            continue
        who = defaultdict[str, list[str]](list)
        for claim in group:
            printed = Numeral(claim.printed) if claim.number else Word(claim.printed)
            second = claim.reading == "secondary"
            who[printed].append(said("audit.secondhand", source=claim.source) if second else claim.source)
        prints = [said("audit.prints", text=text, sources=together(names)) for text, names in who.items()]
        yield Finding(
            kind="source conflict",
            claims=tuple(dict.fromkeys(c.claim for c in group)),
            detail=said(
                "audit.disagree",
                place=subject(*about),
                quantity=said(f"quantity.{quantity}"),
                prints=together(prints, ", "),
            ),
        )


def _unlike(claim: Claim, beside: Claim) -> bool:
    a, b = claim.number, beside.number
    if a is None or b is None:
        return claim.printed.strip().casefold() != beside.printed.strip().casefold()
    if a.relation != "=" or b.relation != "=":
        return _apart(a.span, b.span)
    # The coarser of the two may be the finer one, rounded: one half unit, not the sum of both.
    return _apart((a.value, a.value), (b.value - max(a.half, b.half), b.value + max(a.half, b.half)))


AsPrinted = TypeVar("AsPrinted", Claim, Outcome)


def _grouped(rows: Iterable[AsPrinted], *names: str) -> dict[tuple[Any, ...], list[AsPrinted]]:
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(getattr(row, name) for name in names)].append(row)
    return groups


class ResultCheck(NamedTuple):
    """A check on numbers printed together, and an error that it must find.

    `finds` is asked of a result with the numbers that it `needs`, in this order. `error` has the
    quantities of published.csv as keys; `doubted` is the column of outcomes.csv to look at.
    """

    finds: Callable[..., Misfit | None]
    needs: tuple[str, ...]
    error: Mapping[str, str]
    doubted: str = "mean"

    def misfit(self, result: PrintedResult) -> Misfit | None:
        """Return what does not fit; None where all fits, or not all that is needed is printed."""
        numbers = result.get(*self.needs)
        return None if numbers is None else self.finds(result, *numbers)


class ReviewCheck(NamedTuple):
    """A check across what a review prints of one synthesis, and an error that it must find.

    `error` has the quantities of each claim, and its columns where they differ between claims.
    """

    finds: Callable[[Sequence[PrintedResult], Sequence[Claim]], Iterator[Finding]]
    error: tuple[Mapping[str, str], ...]


_SOUND = {"estimate": "-0.30", "ci_low": "-0.54", "ci_high": "-0.06"}
RESULT_CHECKS: dict[str, ResultCheck] = {
    "estimate outside its interval": ResultCheck(_outside, INTERVAL, {**_SOUND, "estimate": "0.30"}),
    "symmetry of interval and estimate": ResultCheck(_off_centre, INTERVAL, {**_SOUND, "estimate": "-0.20"}),
    "P against interval": ResultCheck(_p_interval, (*INTERVAL, "p"), {**_SOUND, "p": "0.14"}, "p_value"),
    "SE against interval": ResultCheck(_se_interval, ("se", *LIMITS), {**_SOUND, "se": "0.24"}, "se"),
    "Z against interval": ResultCheck(_z_interval, (*INTERVAL, "z"), {**_SOUND, "z": "1.22"}),
    "Z against P": ResultCheck(_z_p, ("z", "p"), {"z": "1.96", "p": "0.50"}),
    "I² against Q and degrees of freedom": ResultCheck(
        _i2, ("q", "i2", "k"), {"q": "20.0", "k": "11", "i2": "5"}
    ),
    "P of heterogeneity against Q": ResultCheck(
        _q_p, ("q", "q_df", "q_p"), {"q": "14.3", "q_df": "3", "q_p": "0.01"}
    ),
}
REVIEW_CHECKS: dict[str, ReviewCheck] = {
    "N that an interval implies": ReviewCheck(_too_many_people, ({**_SOUND, "n": "100"},)),
    "weights that sum to 100": ReviewCheck(
        _weights, ({"trial": "a", "weight": "60"}, {"trial": "b", "weight": "60"})
    ),
    "words against interval": ReviewCheck(_words, ({**_SOUND, "text": "no significant difference"},)),
    "one source against another": ReviewCheck(
        _reports, ({"source": "a", "estimate": "-0.30"}, {"source": "b", "estimate": "0.30"})
    ),
}


def findings(
    claims: Sequence[Claim],
    pools: Sequence[Pool],
    outcomes: Sequence[Outcome] = (),
    *,
    authors: Settings | None = None,
) -> tuple[Finding, ...]:
    """Hold printed numbers against each other; a finding is what rounding cannot explain.

    Each check is an entry of `RESULT_CHECKS` (numbers printed together, by a review or a trial)
    or of `REVIEW_CHECKS` (across the results and sources of a review).
    What an interval rests on is taken from the columns ci_level and ci_basis, else from `authors`.
    Where nobody says it, the normal distribution, t(k - 1) and HKSJ are tried, at 95, 90 and 99%,
    and kinds that are not symmetrical (bootstrap, profile likelihood) are named where they could
    explain the numbers.

    Parameters
    ----------
    claims : sequence of Claim
        Rows of one review's published.csv.
    pools : sequence of Pool
        Only their measure is used: an interval implies an N if it is one of an SMD.
    outcomes : sequence of Outcome
        Rows of outcomes.csv; the same numbers offered to two outcomes give one finding.
    authors : Settings, optional
        Methods that the publication is known, not assumed, to have pooled by (`authors_settings`).

    Returns
    -------
    tuple of Finding
        `inconsistent`: one source prints them, and they cannot all be right.
        `consistent only if`: they can, under one of the assumptions in `only_if`, which the
        source is not known to make; no accusation.
        `source conflict`: two sources disagree, which by itself is no error of the review.

    References
    ----------
    Altman DG, Bland JM. BMJ 2011;343:d2304, box, (a) steps 1 and 2 (P from an interval).
    Higgins JPT et al. BMJ 2003;327:557 (I² = 100% × (Q - df)/Q).
    Hardy RJ, Thompson SG. Stat Med 1996;15:619-629 (intervals that are not symmetrical).

    Examples
    --------
    The abstract of doi 10.1136/bjsports-2016-097383 prints -0.27 (-0.54 to -0.05):

    >>> from livingmeta.review.schema import Claim
    >>> printed = {"estimate": "-0.27", "ci_low": "-0.54", "ci_high": "-0.05"}
    >>> claims = [
    ...     Claim(file="published.csv", row=row, claim="abstract", synthesis="pain-short",
    ...           quantity=quantity, printed=text, where="Abstract", source="smith2017",
    ...           reading="primary")
    ...     for row, (quantity, text) in enumerate(printed.items(), start=2)
    ... ]
    >>> for finding in findings(claims, ()):
    ...     print(finding.verdict, finding.detail, sep=": ")
    consistent only if the interval is a skewed one (bootstrap, profile likelihood, exact,
    back-transformed): pain-short (smith2017): the estimate -0.27 is not in the middle of its
    interval -0.54 to -0.05 (midpoint -0.295), where intervals by the normal distribution, t and
    HKSJ have it, and rounding cannot explain it; one correction would mend it: estimate about
    -0.295 (between -0.300 and -0.290), or lower limit about -0.49, or upper limit about 0.00 (which
    would take away the significance).
    """
    results = printed_results(claims, pools, authors)
    single = (*results, *(result for _, result in _trial_results(outcomes)))
    within = (
        _finding([result], wrong)
        for check in RESULT_CHECKS.values()
        for result in single
        if (wrong := check.misfit(result)) is not None
    )
    across = (finding for check in REVIEW_CHECKS.values() for finding in check.finds(results, claims))
    return (*within, *across)


def findings_of(review: Review, pools: Sequence[Pool]) -> tuple[Finding, ...]:
    """Return the `findings` of a review, with what is known of its authors' methods."""
    return findings(review.published, pools, review.outcomes, authors=authors_settings(review))


def _basis(authors: Settings | None) -> str | None:
    if authors is None:
        return None
    interval = CONFIDENCE[authors.profile.ci]
    return "asymmetric" if interval.is_profile else "t" if interval.is_t else "z"


def printed_results(
    claims: Sequence[Claim], pools: Sequence[Pool], authors: Settings | None
) -> list[PrintedResult]:
    """Gather what one source prints together of a pool or of a trial."""
    measures = {pool.synthesis: pool.measure for pool in pools}
    results = []
    for (key, *about, source), group in _grouped(
        claims, "claim", "synthesis", "subgroup", "trial", "source"
    ).items():
        synthesis, _, trial = about
        numbers: dict[str, Number] = {
            x.quantity: x.number for x in group if x.quantity != "count" and x.number is not None
        }
        measure = measures.get(synthesis or "", "")
        ratio = measure in ratios()
        k = next((x.value for x in group if x.quantity == "k" and x.value is not None), None)
        methods = None if trial else authors
        basis = next((x.ci_basis for x in group if x.ci_basis), _basis(methods))
        level = next((x.ci_level / 100 for x in group if x.ci_level), methods.level if methods else None)
        results.append(
            PrintedResult(
                claims=(key,),
                about=tuple(about),
                place=said("audit.place", about=subject(*about), source=source),
                source=source,
                reading=group[0].reading,
                measure=scale_name(measure),
                ratio=ratio,
                numbers=_logs(numbers) if ratio else numbers,
                words=tuple(x.printed for x in group if x.quantity == "text"),
                kinds=kinds(basis, level, k, of_trial=trial is not None),
                declared=basis is not None,
                i2=authors.profile.i2 if authors else None,
            )
        )
    return results


def doubts(outcomes: Sequence[Outcome]) -> list[Problem]:
    """Say which numbers of one row, or of one arm, do not fit each other.

    Parameters
    ----------
    outcomes : sequence of Outcome

    Returns
    -------
    list of Problem
        Warnings: an interval of an unusual kind may be right.
    """
    check_it = "Check the digits, and level and basis of the interval, against the report."
    return [
        row.problem(check.doubted, wrong.detail, f"{wrong.verdict} {check_it}", severity="warning")
        for row, result in _trial_results(outcomes)
        for check in RESULT_CHECKS.values()
        if (wrong := check.misfit(result)) is not None
    ]


def _trial_results(outcomes: Sequence[Outcome]) -> Iterator[tuple[Outcome, PrintedResult]]:
    same = ("trial", "instrument", "weeks", "time_label", "contrast", "subgroup", "group", "statistic")
    printed = ("measure", "mean", "se", "ci_low", "ci_high", "p_value")
    for rows in _grouped(outcomes, *same, *printed).values():
        o = rows[0]
        cells = {"estimate": o.mean, "ci_low": o.ci_low, "ci_high": o.ci_high, "se": o.se, "p": o.p_value}
        numbers = {}
        for name, value in cells.items():
            if value is not None:
                half = half_unit(value, o.quote)
                relation = (o.p_relation or "=") if name == "p" else "="
                numbers[name] = Number(value, half, shown_as(value, half), relation)
        if o.n1 is None or o.n2 is None:
            numbers.pop("p", None)  # the quantile behind the interval is not known
        people = (o.n1 or 0) + (o.n2 or 0) - 1 if o.group == "difference" else o.n or 0
        df = people - 1.0 if people > 1 else FEWEST
        least = max(FEWEST, df / 2)  # a model spends some of them
        time = o.time_label if o.weeks is None else said("audit.weeks", n=Numeral(f"{o.weeks:g}"))
        arm = None if o.group == "difference" else said("audit.arm", group=o.group)
        ratio = o.measure is not None and kind_of(o.measure)[1]
        yield (
            o,
            PrintedResult(
                claims=tuple(row.place for row in rows),
                about=(None, o.subgroup, o.trial),
                place=subject(o.trial, o.instrument, time, arm),
                source=o.source,
                reading="primary",
                measure=o.measure,
                ratio=ratio,
                numbers=_logs(numbers) if ratio else numbers,
                kinds=(
                    IntervalKind(
                        inf if o.ci_basis == "z" else least,
                        df if o.ci_basis == "t" else inf,
                        (o.ci_level or 95) / 100,
                    ),
                ),
                declared=o.ci_basis is not None,
                p_tolerance=RATIO_P if ratio else P_TOLERANCE,
                compares=o.group == "difference",
            ),
        )


def half_unit(value: float, quote: str | None = None) -> float:
    """Half a unit of the last digit, as the quote has it, else of the shortest form."""
    tokens = re.findall(r"\d*\.\d+|\d+", quote or "")
    decimals = [len(t.partition(".")[2]) for t in tokens if float(t) == abs(value)]
    shortest = -int(Decimal(repr(value)).normalize().as_tuple().exponent)
    # Of several the coarsest: a finding must not rest on digits that may not be printed.
    return 0.5 * 10.0 ** -min(decimals, default=max(0, shortest))


def authors_settings(review: Review) -> Settings | None:
    """Return the methods that the authors of a published review are known to have pooled by.

    They are those that review.toml declares beside a `headline` of ours; None where it has none,
    so that the methods are ours, or says why they are `assumed`.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> print(authors_settings(load_review("smith2017")))
    None
    """
    methods = review.protocol.methods
    stated = methods.headline is not None and methods.assumed is None
    return settings_of(methods) if stated else None
