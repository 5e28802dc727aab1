"""The registry of effect measures, and the scales on which their numbers are read.

Effects are pooled on the scale of analysis (logs of a ratio, logits of a proportion) and shown on that
of readers; nothing is pooled on the latter where the two differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from inspect import signature
from typing import Any

from scipy.special import expit, logit

from livingmeta.engine.counts import EVENTS, odds_ratio, peto_odds_ratio, risk_difference, risk_ratio
from livingmeta.engine.effect_sizes import (
    correlation_coefficient,
    glass_delta,
    incidence_rate,
    incidence_rate_ratio,
    mean_difference,
    prepost_smd,
    proportion,
    ratio_of_means,
    single_mean,
    smd,
)
from livingmeta.language import Said, Word, registered, said
from livingmeta.words import Numeral, RefusalError, decimals, unknown

MOST_LOG = 700.0  # exp of more is no number


# Printed differences that can be turned into a standardised one; derivation has the formulas.
CONVERTED = frozenset({"MD", "t", "OR"})
ONE_GROUP = frozenset({"events", "rate", "mean", "correlation"})
OF_EVENTS = "{label} of {{events1}}/{{n1}} v {{events2}}/{{n2}} (empty cells: {{zero_cells}}): {{yi}}"
NEEDS = {
    "means": ("mean1", "mean2", "sd1", "sd2", "n1", "n2"),
    "prepost": ("change1", "change2", "r"),  # means before and after
    "counts": (*EVENTS, "zero_cells"),
    "rates": ("events1", "time1", "events2", "time2", "zero_cells"),  # of person-time
    "events": ("events", "n", "zero_cells"),  # these of one group
    "rate": ("events", "time", "zero_cells"),
    "mean": ("mean", "sd", "n"),
    "correlation": ("r", "n"),
    "effect": (),  # comes computed, as a trial's model printed it
}


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From the scale of analysis to that of readers, and back.

    `back` and `forth` take a value and the number of people that it is of, which only those of
    `by_people` look at.
    """

    back: Callable[[float, float], float]  # from the scale of analysis to that of readers
    forth: Callable[[float, float], float]
    bounds: tuple[float, float] = (-math.inf, math.inf)  # of what readers see
    ratio: bool = False  # what readers see is a ratio, and differences of effects are factors
    by_people: bool = False

    @property
    def plain(self) -> bool:
        """Say whether readers see what is pooled."""
        return self is SCALES["plain"]

    @property
    def ends(self) -> bool:
        """Say whether the ends of what readers see have a place, beyond which nothing is."""
        return self in {SCALES["arcsine"], SCALES["double arcsine"], SCALES["square root"]}

    @property
    def of_logs(self) -> bool:
        """Say whether logs are pooled."""
        return self.back is _power

    def holds(self, *values: float) -> bool:
        """Say whether readers can see such values: those at the end of a transformation's have none."""
        low, high = self.bounds
        return all(low < value < high for value in values)

    def on(self, value: float, people: float = math.nan) -> float:
        """Return what readers see of a value, infinite where no number holds it."""
        return float(self.back(value, people))


def _power(value: float, _: float) -> float:
    return math.inf if value > MOST_LOG else math.exp(value)


def _log(value: float, _: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _share(value: float, _: float) -> float:
    """Return the proportion whose arcsine transformation a value is, 0 or 1 for one beyond."""
    return math.sin(min(max(value, 0.0), math.pi / 2)) ** 2


def double_arcsine(events: float, people: float) -> float:
    """Return the double arcsine transformation of a proportion (Freeman and Tukey 1950).

    It is (asin √(x/(n + 1)) + asin √((x + 1)/(n + 1)))/2, half of theirs.
    """
    return (
        math.asin(math.sqrt(events / (people + 1))) + math.asin(math.sqrt((events + 1) / (people + 1)))
    ) / 2


def from_double_arcsine(value: float, people: float) -> float:
    """Return the proportion whose double arcsine transformation a value is (Miller 1978).

    Of several trials `people` is the harmonic mean of their numbers. A value beyond that of nobody
    or everybody has the proportion 0 or 1. Without people it is that of infinitely many.

    References
    ----------
    Miller JJ. The inverse of the Freeman-Tukey double arcsine transformation. Am Stat 1978;32:138.

    Examples
    --------
    metafor 3.8: transf.ipft(0.6, 20)

    >>> round(from_double_arcsine(0.6, 20), 7), from_double_arcsine(0.01, 20)
    (0.3100106, 0.0)
    """
    if math.isnan(people):
        return _share(value, people)
    if value <= double_arcsine(0, people):
        return 0.0
    if value >= double_arcsine(people, people):
        return 1.0
    sine = math.sin(2 * value)
    root = math.sqrt(max(0.0, 1 - (sine + (sine - 1 / sine) / people) ** 2))
    return (1 - math.copysign(root, math.cos(2 * value))) / 2


SCALES: Mapping[str, Scale] = {
    "plain": Scale(back=lambda value, _: value, forth=lambda value, _: value),
    "ratio": Scale(back=_power, forth=_log, bounds=(0, math.inf), ratio=True),
    "log": Scale(back=_power, forth=_log, bounds=(0, math.inf)),
    "logit": Scale(
        back=lambda value, _: float(expit(value)), forth=lambda value, _: float(logit(value)), bounds=(0, 1)
    ),
    "arcsine": Scale(back=_share, forth=lambda value, _: math.asin(math.sqrt(value)), bounds=(0, 1)),
    "double arcsine": Scale(
        back=from_double_arcsine,
        forth=lambda value, people: double_arcsine(value * people, people),
        bounds=(0, 1),
        by_people=True,
    ),
    "square root": Scale(
        back=lambda value, _: max(value, 0.0) ** 2,
        forth=lambda value, _: math.sqrt(value),
        bounds=(0, math.inf),
    ),
    "Fisher's z": Scale(
        back=lambda value, _: math.tanh(value), forth=lambda value, _: math.atanh(value), bounds=(-1, 1)
    ),
}


class Sized(str):
    """The label of a measure that knows of how many people its numbers are.

    The inverse of the double arcsine transformation depends on them: of a trial its own, of a pool
    the harmonic mean of its trials'. It is a text like any other label to everybody else.

    Examples
    --------
    >>> label = Sized("double arcsine proportion", 20)
    >>> label == "double arcsine proportion", round(on_scale(label, 0.6), 4)
    (True, 0.31)
    """

    people: float

    def __new__(cls, label: str, people: float = math.nan) -> Sized:
        """Make it of a label and the number of people."""
        made = super().__new__(cls, label)
        made.people = people
        return made

    def __getnewargs__(self) -> tuple[str, float]:  # type: ignore[override]
        """Return what a copy is made of."""
        return "".join(self), self.people

    def __str__(self) -> str:
        return self


@dataclass(frozen=True, kw_only=True)
class Measure:
    """An effect measure: everything that is particular to it.

    Catalogues of other languages have `words` under `[measure]` and `step` under `[measure_step]`,
    both by the label.

    Raises
    ------
    ValueError
        For an entry with which some layer could do nothing; it lists what is missing.
    """

    label: str  # how its numbers are called where they are pooled ("log OR")
    words: str  # its name in English ("Odds ratio")
    needs: str  # what it is computed from, an entry of `NEEDS`
    function: Callable[..., tuple[Any, Any]] | None = None  # from that to yi and vi
    step: str = ""  # how the trail says that computation, names of `NEEDS` in braces, and yi
    options: Mapping[str, str] = field(default_factory=dict)  # keyword of `function`: method of a profile
    scale: str = "plain"  # on which readers see its numbers, an entry of `SCALES`
    shown: str = ""  # what they are called there ("OR"); the label where that scale is plain
    entangled: bool = False  # its standard error holds the effect, so that a funnel of it slants by itself
    standardised: bool = False  # in SDs: no scale is left whose direction could be turned
    # its variance follows from the effect and the arm sizes alone, by the formula of an SMD, so that
    # trials can be imagined of which no more is known
    from_sizes: bool = False
    # least and greatest variance that arms of n1 and n2 people allow, of effects up to a largest one;
    # None: people bound neither
    of_people: Callable[[float, float, float], tuple[float, float]] | None = None
    possible: tuple[float, float] = (-math.inf, math.inf)  # values, on the scale of analysis
    one_instrument: bool = False  # in units of one scale, so that trials on others are not pooled with it
    converted: frozenset[str] = frozenset()  # which of `CONVERTED` it may be computed from
    largest: float | None = None  # effect beyond which a typing error is likelier than a finding
    names: tuple[str, ...] = ()  # what else other programs call it; in small letters

    def __post_init__(self) -> None:
        """Refuse an entry with which some layer could do nothing."""
        wrong = [f"{name} is empty" for name in ("label", "words") if not getattr(self, name)]
        if self.needs not in NEEDS:
            wrong.append(unknown("needs", self.needs, NEEDS).rstrip("."))
        elif self.needs != "effect":
            wrong += self._uncomputable()
        if self.scale not in SCALES:
            wrong.append(unknown("scale", self.scale, SCALES).rstrip("."))
        elif bool(self.shown) is SCALES[self.scale].plain:
            wrong.append("shown says what its numbers are called on a scale other than plain")
        if self.ratio is not None and not self.label.startswith("log "):
            wrong.append(f"effects are logs of the {self.ratio}, so label begins with log")
        if strange := sorted(self.converted - CONVERTED):
            wrong.append(f"converted has {', '.join(strange)}; {', '.join(sorted(CONVERTED))} are")
        if wrong:
            raise RefusalError(f"measure {self.label or '?'}: {'; '.join(wrong)}.")
        object.__setattr__(self, "words", registered("measure", self.label, self.words))

    @property
    def one_group(self) -> bool:
        """Say whether its effects are of one group, and compare none."""
        return self.needs in ONE_GROUP

    @property
    def no_effect(self) -> float | None:
        """Return the value of no effect on the scale of analysis; None where nothing is compared with it."""
        return None if self.one_group and self.needs != "correlation" else 0.0

    @property
    def ratio(self) -> str | None:
        """What exp(yi) is called, where effects are logs of a ratio."""
        return self.shown if self.scale in SCALES and SCALES[self.scale].ratio else None

    def computed(self, **numbers: object) -> Said:
        """Say the computation, as `step` has it."""
        return registered("measure_step", self.label, self.step, **numbers)

    def _uncomputable(self) -> list[str]:
        wrong = []
        if self.function is None:
            wrong.append(f"function is missing, which computes yi and vi from {self.needs}")
        else:
            taken = signature(self.function).parameters
            # An arm that several comparisons share is split between them.
            asked = (*self.options, "shared") if self.needs in {"counts", "rates"} else self.options
            wrong += [f"function does not take {option}" for option in asked if option not in taken]
        try:
            shown = self.step.format_map(dict.fromkeys((*NEEDS[self.needs], "yi"), "0"))
        except KeyError as name:
            return [*wrong, f"step names {name}, and {', '.join(NEEDS[self.needs])}, yi are known"]
        return wrong if shown else [*wrong, "step is missing, which says the computation in words"]


MEASURES: dict[str, Measure] = {
    "SMD": Measure(
        label="SMD",
        words="Standardised mean difference",
        needs="means",
        function=smd,
        step="SMD = J·({mean1} − {mean2})/pooled SD, n = {n1} and {n2}: {yi}",
        options={"correction": "correction", "variance": "smd_variance"},
        standardised=True,
        from_sizes=True,
        converted=CONVERTED,
        largest=2.0,
        names=("standardized mean difference", "std. mean difference"),
    ),
    "MD": Measure(
        label="MD",
        words="Mean difference",
        needs="means",
        function=mean_difference,
        step="mean difference {mean1} − {mean2}",
        options={"variance": "md_variance"},
        one_instrument=True,
    ),
    "GLASS": Measure(
        label="Glass's Δ",
        words="Glass's Δ",
        needs="means",
        function=glass_delta,
        step="Glass's Δ = J·({mean1} − {mean2})/{sd2}, SD of group 2: {yi}",
        options={"correction": "correction"},
        standardised=True,
        of_people=lambda n1, n2, most: (1 / n1 + 1 / n2, 1 / n1 + 1 / n2 + most**2 / (2 * n2)),
    ),
    "ROM": Measure(
        label="log ratio of means",
        words="Ratio of means",
        needs="means",
        function=ratio_of_means,
        step="log({mean1}/{mean2}): {yi}",
        scale="ratio",
        shown="ratio of means",
    ),
    "SMD-PP": Measure(
        label="pre-post SMD",
        words="Pre-post standardised mean difference",
        needs="prepost",
        function=prepost_smd,
        options={"correction": "correction"},
        standardised=True,
        step="J·({change1} − {change2})/pooled SD before (Morris 2008), r = {r}: {yi}",
    ),
    "OR": Measure(
        label="log OR",
        words="Odds ratio",
        needs="counts",
        function=odds_ratio,
        scale="ratio",
        shown="OR",
        options={"zero_cells": "zero_cells"},
        step=OF_EVENTS.format(label="log OR"),
        # 1/a + 1/(n − a) is least where half have the event; of cells to which 0.5 was added, too
        of_people=lambda n1, n2, _: (4 / (n1 + 1) + 4 / (n2 + 1), math.inf),
    ),
    # Peto's method is inverse variance of effects of its own, that must not be read as odds ratios
    "PETO": Measure(
        label="log Peto OR",
        words="Peto odds ratio",
        needs="counts",
        function=peto_odds_ratio,
        scale="ratio",
        shown="Peto OR",
        step="log Peto OR of {events1}/{n1} v {events2}/{n2}: (O − E)/V = {yi}",
        # V = n1·n2·m(N − m)/(N²(N − 1)) is greatest where half have the event
        of_people=lambda n1, n2, _: (4 * (n1 + n2 - 1) / (n1 * n2), math.inf),
        names=("peto odds ratio", "peto or"),
    ),
    "RR": Measure(
        label="log RR",
        words="Risk ratio",
        needs="counts",
        function=risk_ratio,
        scale="ratio",
        shown="RR",
        options={"zero_cells": "zero_cells"},
        step=OF_EVENTS.format(label="log RR"),
        names=("relative risk",),
    ),
    "RD": Measure(
        label="RD",
        words="Risk difference",
        needs="counts",
        function=risk_difference,
        options={"zero_cells": "zero_cells"},
        step=OF_EVENTS.format(label="RD"),
        of_people=lambda n1, n2, _: (0.0, (1 / n1 + 1 / n2) / 4),
        possible=(-1, 1),
    ),
    "HR": Measure(
        label="log HR",
        words="Hazard ratio",
        needs="effect",
        scale="ratio",
        shown="HR",
        # the partial likelihood's information is Σ p(1 − p) over the events, of which nobody has two
        of_people=lambda n1, n2, _: (4 / (n1 + n2), math.inf),
    ),
    "IRR": Measure(
        label="log IRR",
        words="Incidence rate ratio",
        needs="rates",
        function=incidence_rate_ratio,
        options={"zero_cells": "zero_cells"},
        step="log IRR of {events1} in {time1} v {events2} in {time2} (empty cells: {zero_cells}): {yi}",
        scale="ratio",
        shown="IRR",
        names=("rate ratio",),
    ),
    "PLO": Measure(
        label="logit proportion",
        words="Proportion, pooled as its logit",
        needs="events",
        function=partial(proportion, scale="logit"),
        options={"zero_cells": "zero_cells"},
        step="logit of {events}/{n} (empty cells: {zero_cells}): {yi}",
        scale="logit",
        shown="proportion (logit)",
        entangled=True,
    ),
    "PFT": Measure(
        label="double arcsine proportion",
        words="Proportion, pooled as its double arcsine",
        needs="events",
        function=partial(proportion, scale="double arcsine"),
        step="double arcsine of {events}/{n}: {yi}",
        scale="double arcsine",
        shown="proportion (double arcsine)",
    ),
    "PAS": Measure(
        label="arcsine proportion",
        words="Proportion, pooled as its arcsine",
        needs="events",
        function=partial(proportion, scale="arcsine"),
        step="arcsine of the square root of {events}/{n}: {yi}",
        scale="arcsine",
        shown="proportion (arcsine)",
    ),
    "PLN": Measure(
        label="log proportion",
        words="Proportion, pooled as its log",
        needs="events",
        function=partial(proportion, scale="log"),
        options={"zero_cells": "zero_cells"},
        step="log of {events}/{n} (empty cells: {zero_cells}): {yi}",
        scale="log",
        possible=(-math.inf, 0),
        shown="proportion (log)",
        entangled=True,
    ),
    "PR": Measure(
        label="raw proportion",
        words="Proportion, pooled as it is",
        needs="events",
        function=partial(proportion, scale="raw"),
        options={"zero_cells": "zero_cells"},
        step="{events}/{n} (empty cells: {zero_cells}): {yi}",
        possible=(0, 1),
        entangled=True,
    ),
    "IRLN": Measure(
        label="log incidence rate",
        words="Incidence rate, pooled as its log",
        needs="rate",
        function=partial(incidence_rate, scale="log"),
        options={"zero_cells": "zero_cells"},
        step="log of {events}/{time} (empty cells: {zero_cells}): {yi}",
        scale="log",
        shown="incidence rate (log)",
        entangled=True,
    ),
    "IR": Measure(
        label="raw incidence rate",
        words="Incidence rate, pooled as it is",
        needs="rate",
        function=partial(incidence_rate, scale="raw"),
        options={"zero_cells": "zero_cells"},
        step="{events}/{time} (empty cells: {zero_cells}): {yi}",
        possible=(0, math.inf),
        entangled=True,
    ),
    "IRS": Measure(
        label="square root incidence rate",
        words="Incidence rate, pooled as its square root",
        needs="rate",
        function=partial(incidence_rate, scale="square root"),
        step="square root of {events}/{time}: {yi}",
        scale="square root",
        shown="incidence rate (square root)",
    ),
    "MN": Measure(
        label="raw mean",
        words="Mean, pooled as it is",
        needs="mean",
        function=single_mean,
        step="mean {mean}, SD {sd}, n = {n}",
        one_instrument=True,
    ),
    "MNLN": Measure(
        label="log mean",
        words="Mean, pooled as its log",
        needs="mean",
        function=partial(single_mean, scale="log"),
        step="log of the mean {mean}, SD {sd}, n = {n}: {yi}",
        scale="log",
        shown="mean (log)",
        one_instrument=True,
        entangled=True,
    ),
    "ZCOR": Measure(
        label="Fisher's z",
        words="Correlation, pooled as Fisher's z",
        needs="correlation",
        function=correlation_coefficient,
        step="atanh({r}), n = {n}: {yi}",
        scale="Fisher's z",
        shown="correlation (Fisher's z)",
        names=("fisher z", "fisher's z correlation"),
    ),
    "COR": Measure(
        label="raw correlation",
        words="Correlation, pooled as it is",
        needs="correlation",
        function=partial(correlation_coefficient, scale="raw"),
        step="correlation {r}, n = {n}",
        possible=(-1, 1),
        entangled=True,
    ),
    "GEN": Measure(label="effect", words="Effect, kind not named", needs="effect"),
}


def printed_kinds() -> tuple[str, ...]:
    """Return what a printed difference may be: a key of `MEASURES`, or the log of a ratio.

    Examples
    --------
    >>> [kind for kind in printed_kinds() if kind.endswith("OR") and "C" not in kind]
    ['OR', 'log OR']
    """
    return (*MEASURES, *(f"log {key}" for key, measure in MEASURES.items() if measure.ratio))


def kind_of(printed: str) -> tuple[str, bool]:
    """Return the measure of a printed difference, and whether it is printed as a ratio.

    Examples
    --------
    >>> kind_of("OR"), kind_of("log OR"), kind_of("MD")
    (('OR', True), ('OR', False), ('MD', False))
    """
    key = printed.removeprefix("log ")
    return key, key == printed and MEASURES[key].ratio is not None


def measure_named(text: str) -> str | None:
    """Return the key of the measure that a file or a user calls so; None for other words.

    Case and blanks at the ends do not count. A ratio and its log are one measure: whether the
    numbers are logs is another question.

    Examples
    --------
    >>> measure_named("Std. mean difference"), measure_named("hazard ratio"), measure_named("r")
    ('SMD', 'HR', None)
    """
    wanted = text.strip().casefold()
    for key, measure in MEASURES.items():
        names = (key, measure.label, measure.words, measure.ratio or "", *measure.names)
        if wanted and wanted in {name.casefold() for name in names}:
            return key
    return None


def ratios() -> dict[str, str]:
    """Return what exp(yi) is called, by the label of the log."""
    return {measure.label: measure.ratio for measure in MEASURES.values() if measure.ratio}


def measure_of(label: str | None) -> Measure | None:
    """Return the measure whose numbers have this label; None for a label that a review made up.

    Examples
    --------
    >>> measure_of("log OR").words, measure_of("points of pain")
    ('Odds ratio', None)
    """
    return next((measure for measure in MEASURES.values() if measure.label == label), None)


def beyond(label: str | None, *limits: float | None) -> bool:
    """Say whether a limit is one that its measure can't take, such as a proportion below 0.

    Examples
    --------
    >>> beyond("raw proportion", -0.03, 0.16), beyond("log proportion", -2.0, None), beyond("MD", -9.0)
    (True, False, False)
    """
    measure = measure_of(label)
    low, high = (-math.inf, math.inf) if measure is None else measure.possible
    return any(limit is not None and not low <= limit <= high for limit in limits)


def turning(label: str) -> Said:
    """Name what the turned sign of an effect is to whoever compares it with its source.

    Examples
    --------
    >>> turning("SMD"), turning("log OR")
    ('sign turned', 'ratio inverted')
    """
    return said("step.ratio_inverted" if scale_of(label).ratio else "step.sign_turned")


def in_sds(label: str) -> bool:
    """Say whether effects of this label are in units of a standard deviation.

    Examples
    --------
    >>> in_sds("SMD"), in_sds("log OR")
    (True, False)
    """
    measure = measure_of(label)
    return measure is not None and measure.standardised


def of_counts(label: str) -> bool:
    """Say whether a measure is one of counts.

    Examples
    --------
    >>> of_counts("log OR"), of_counts("SMD")
    (True, False)
    """
    measure = measure_of(label)
    return measure is not None and measure.needs == "counts"


def scale_of(label: str) -> Scale:
    """Return the scale on which readers see numbers of a label."""
    measure = measure_of(label)
    return SCALES["plain" if measure is None else measure.scale]


def scale_name(label: str) -> Word:
    """Return what readers see of a measure: the ratio where effects are logs of one.

    Examples
    --------
    >>> scale_name("log OR"), scale_name("SMD")
    ('OR', 'SMD')
    """
    measure = measure_of(label)
    return Word(label if measure is None else measure.shown or label)


def sized(label: str, vi: Iterable[float]) -> str:
    """Return a label that knows of how many people effects of these variances are, if its scale asks.

    The variance of a double arcsine is 1/(4n + 2). Of several trials it is their harmonic mean.

    Examples
    --------
    >>> sized("double arcsine proportion", [1 / 42, 1 / 162]).people, sized("SMD", [0.1])
    (16.0, 'SMD')
    """
    if not scale_of(label).by_people:
        return label
    sizes = [1 / (4 * v) - 0.5 for v in vi]
    return Sized(label, len(sizes) / sum(1 / n for n in sizes)) if sizes else label


def no_effect_of(label: str) -> float | None:
    """Return the value of no effect as readers see it; None where there is none, as of a proportion.

    Examples
    --------
    >>> no_effect_of("log OR"), no_effect_of("SMD")
    (1.0, 0.0)
    """
    measure = measure_of(label)
    none = 0.0 if measure is None else measure.no_effect
    return None if none is None else on_scale(label, none)


def nulls(label: str) -> list[float]:
    """Return where no effect lies on the scale of analysis: at 0, and nowhere for measures without it.

    Examples
    --------
    >>> nulls("log OR"), nulls("logit proportion")
    ([0.0], [])
    """
    return [] if no_effect_of(label) is None else [0.0]


def on_scale(label: str, value: float) -> float:
    """Return a value as readers see it: exp of it, infinite where no number holds it, if effects are logs.

    Examples
    --------
    >>> on_scale("log OR", 0.0), on_scale("SMD", -0.3), on_scale("log OR", 9000)
    (1.0, -0.3, inf)
    """
    return scale_of(label).on(value, getattr(label, "people", math.nan))


def off_scale(label: str, value: float) -> float:
    """Return on the scale of analysis what readers see: the inverse of `on_scale`.

    Examples
    --------
    >>> off_scale("log OR", 1.0), round(on_scale("logit proportion", off_scale("logit proportion", 0.2)), 12)
    (0.0, 0.2)
    """
    scale, people = scale_of(label), getattr(label, "people", math.nan)
    if scale.by_people and math.isnan(people):  # that of infinitely many
        scale = SCALES["arcsine"]
    return float(scale.forth(value, people))


def as_shown(label: str, *values: float | None) -> list[Numeral]:
    """Format an estimate and its limits, or one value, on the scale that readers see.

    Examples
    --------
    >>> as_shown("log OR", -6.9, -8.1, -5.7), as_shown("SMD", -0.3, None)
    (['0.0010', '0.0003', '0.0033'], ['−0.30', '–'])
    >>> as_shown("log OR", 0.1, -9000, 9000)
    ['1.11', '0.00', '∞']
    """
    on = (None if value is None else on_scale(label, value) for value in values)
    return decimals(*on, ratio=scale_of(label).bounds[0] == 0)
