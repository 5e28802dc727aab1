"""What a review's rows give: effects, what is pooled of them, and the questions they answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zlib import crc32

from livingmeta.engine.measures import beyond, in_sds, measure_of, no_effect_of, scale_of
from livingmeta.engine.pooling import CONFIDENCE, FEW, PREDICTION_FROM, PooledEstimate, important_side, pool
from livingmeta.language import Own, Said, Word, said, together
from livingmeta.printer import Shown
from livingmeta.synthesis.dependence import People, flags_of, people_of
from livingmeta.synthesis.derivation import Effect, yi_vi
from livingmeta.words import decimal, decimals, key_of, p_words, raised

# percent; the Cochrane Handbook (section 10.10.2) calls I² from here on considerable
CONTRADICTION = 75.0
CORRECTED = "empty_cells_corrected"
ROW_CORRECTED = "row_corrected"  # where the pooled value sums the counts as they are
# Share of the trials with an arm without events. The Cochrane Handbook (10.4.4) calls it typical of
# rare events that "a high proportion" has one, and names no number.
SPARSE = 1 / 3
LONGEST_STEM = 24  # characters of a subgroup in a file's name
DRAWN = ("estimate", "ci_low", "ci_high")  # what a figure needs of a printed result


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A trial that measured what the synthesis asks for and has no usable number here."""

    trial: str
    label: str
    n_randomised: int | None
    instruments: tuple[str, ...]
    weeks: tuple[float, ...]
    what: str
    where: str


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A trial with rows for the synthesis that were not used, and why."""

    trial: str
    label: str
    why: str
    subgroup: str | None = None


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A pooled estimate as a publication prints it; `label` says which and how it stands."""

    estimate: float
    ci_low: float
    ci_high: float
    label: str
    words: tuple[str, str, str]  # estimate and limits with the digits that are printed
    name: str | None = None  # of the publication, "Smith 2017", where its citation tells


@dataclass(frozen=True, kw_only=True)
class Sibling:
    """The same synthesis over part of its effects (without composites, final only, …)."""

    name: Said
    result: PooledEstimate | None
    trials: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SubgroupTest:
    """Test for subgroup differences: chi-square on `df` degrees of freedom.

    It takes subgroups as independent; `shared` names what is in two of them.
    """

    q: float
    df: int
    p_value: float
    shared: tuple[str, ...] = ()

    @property
    def i2(self) -> float:
        """Percent of the differences that chance does not explain, as RevMan prints it."""
        return 100 * max(0.0, 1 - self.df / self.q) if self.q else 0.0


@dataclass(frozen=True, kw_only=True)
class BesideResult:
    """The HKSJ interval, not modified, and the least and the greatest estimate of the trials."""

    hksj: tuple[float, float]
    trials: tuple[float, float]


@dataclass(frozen=True, kw_only=True, repr=False)
class Pool(Shown):
    """One synthesis, or one subgroup of it: what was pooled, what is missing, the result.

    Attributes
    ----------
    synthesis, title : str
        Its id and its name.
    subgroup : str or None
        None for the whole.
    measure : str
        Of effects and result, which are group 1 minus group 2 in its unit (logs of ratios).
    groups : (str, str)
        Names of group 1 and group 2.
    favours : (str, str) or None
        Whom an effect below and one above no effect favours; None where nobody said it.
    effects : tuple of Effect
    result : PooledEstimate or None
        None where nothing is pooled; `why_not` says why.
    missing : tuple of Missing
        Trials that measured it and have no number here.
    dropped, sensitivity_only : tuple of LeftOut
        Trials whose rows are not used, each with the reason.
    flags : tuple of str
        What a reader must know.

    Examples
    --------
    >>> from livingmeta import synthesise
    >>> pool = synthesise("smith2017")["pain-short"]
    >>> pool.k, len(pool.missing), pool.favours
    (3, 3, ('painful exercise', 'pain-free exercise'))
    """

    review: str
    synthesis: str
    title: str
    outcome: str
    term: str | None
    subgroup: str | None  # None: the whole synthesis
    measure: str
    i2_by: str  # the I² that its methods ask for: "q" or "tau2"
    methods: str  # "DL, Wald (profile revman5, assumed)"
    groups: tuple[str, str]  # names of group 1 and group 2
    favours: tuple[str, str] | None  # whom an effect below and above no effect favours, if known
    effects: tuple[Effect, ...]
    result: PooledEstimate | None
    why_not: Said | None  # why there is no result
    flags: tuple[str, ...]  # of result and effects together
    missing: tuple[Missing, ...]
    sensitivity_only: tuple[LeftOut, ...]  # only a sensitivity analysis would use them
    dropped: tuple[LeftOut, ...]
    siblings: tuple[Sibling, ...]
    subgroup_test: SubgroupTest | None
    printed: Printed | None
    total_weights: tuple[float, ...] | None = None  # of a subgroup, in the total beside it

    def __str__(self) -> str:
        whole = len(self.measured)
        of = f"{self.k} trials" if self.k == whole else f"{self.k} of {whole} trials that measured it"
        return f"{self.synthesis}, {self.name}: {of}; {self.result or f'no value, {self.why_not}'}"

    def _line(self) -> str:
        varies = self.result is not None and self.result.tau2 is not None
        return f"{self}; {heterogeneity(self)}" if varies else str(self)

    def _beside(self) -> Iterable[str]:
        yield self.methods
        if (test := self.subgroup_test) is not None:
            yield f"subgroup differences: Chi² = {decimal(test.q)}, df = {test.df} ({p_words(test.p_value)})"
        for left in (*self.dropped, *self.sensitivity_only):
            yield f"left out: {left.label} – {left.why}"
        for lack in self.missing:
            yield f"not available: {lack.label} – look in {lack.where}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return the effects, each with its weight in percent."""
        weights = self.weights or (None,) * len(self.effects)
        parted = any(effect.subgroup for effect in self.effects)
        for effect, weight in zip(self.effects, weights, strict=True):
            about = {"label": effect.label, **({"subgroup": effect.subgroup} if parted else {})}
            ends = {"ci_low": effect.ci_low, "ci_high": effect.ci_high, "weight": weight}
            yield {**about, "n1": effect.n1, "n2": effect.n2, "yi": effect.yi, "se": effect.vi**0.5, **ends}

    @property
    def left_out(self) -> tuple[str, ...]:
        """Trials with rows that were not used, by their labels."""
        return tuple(dict.fromkeys(left.label for left in self.dropped))

    @property
    def name(self) -> Said:
        """The title, with the subgroup: "Pain, short term – women"."""
        return named(self.title, self.subgroup)

    @property
    def called(self) -> str:
        """The name, with the id that a command takes where that is another word."""
        same = key_of(self.title, ()) == self.synthesis
        return self.name if same else f"{self.name} ({self.synthesis})"

    @property
    def key(self) -> tuple[str, str | None]:
        """What tells it from the other pools of a review: synthesis and subgroup."""
        return self.synthesis, self.subgroup

    @property
    def stem(self) -> str:
        """The key as a part of a file's name, another one for each subgroup."""
        if not self.subgroup:
            return self.synthesis
        part = key_of(self.subgroup, [])
        if len(part) > LONGEST_STEM or set(self.subgroup) & set("<>≤≥"):  # others may begin alike
            part = f"{part[:LONGEST_STEM]}_{crc32(self.subgroup.encode()):08x}"
        return f"{self.synthesis}_{part}"

    @property
    def counted(self) -> list[tuple[float, ...]] | None:
        """Counts that a method pools to a common effect, 0.5 added where it was; else None."""
        result = self.result
        if result is None or result.method == "IV" or result.model != "common":
            return None
        half = 0.5 * ("sums_corrected" in result.flags)
        listed = [effect.cells or () for effect in self.effects]
        return [tuple(cell + half * (0 in cells) for cell in cells) for cells in listed]

    @property
    def weights(self) -> tuple[float, ...]:
        """Percent of each effect: of the total where one is pooled, else of this pool itself."""
        if self.total_weights is not None:
            return self.total_weights
        return self.result.weights if self.result else ()

    @property
    def k(self) -> int:
        """Trials that are pooled, those with several comparisons once."""
        return len({effect.trial for effect in self.effects})

    @property
    def imputed(self) -> int:
        """Effects that a scenario imagines."""
        return sum("imputed" in effect.flags for effect in self.effects)

    @property
    def ahead(self) -> tuple[float, float] | None:
        """Limits in which the true effect of a new setting is expected; None for too few trials."""
        result = self.result
        if result is None or result.pi_low is None or result.pi_high is None:
            return None
        return (result.pi_low, result.pi_high) if self.k >= PREDICTION_FROM else None

    @property
    def beside(self) -> BesideResult | None:
        """What stands beside an interval of few trials that is wider than its level asks for."""
        result = self.result
        if result is None or result.tau2 is None or not 1 < result.k < FEW:
            return None
        if result.ci_method not in CONFIDENCE or not CONFIDENCE[result.ci_method].is_wide:
            return None
        yi, vi = yi_vi(self.effects)
        plain = pool(yi, vi, tau2=result.tau2, ci="hksj", prediction="none", level=result.level)
        return BesideResult(hksj=(plain.ci_low, plain.ci_high), trials=(min(yi), max(yi)))

    @property
    def one_group(self) -> bool:
        """Whether its effects are of one group each: nothing is compared, and nobody favoured."""
        measure = measure_of(self.measure)
        return measure is not None and measure.one_group

    @property
    def no_effect(self) -> str | None:
        """Write the value of no effect on the scale that is shown: "0", or "1" for a ratio.

        None where there is none, as of a proportion.
        """
        none = no_effect_of(self.measure)
        return None if none is None else f"{none:g}"

    def side(self, above: bool, known: str = "pool.favours") -> Said:
        """Say which side of no effect is meant.

        Parameters
        ----------
        above : bool
            The side above no effect, else the one below.
        known : str
            Key of what to say where it is known which `group` that side favours.
        """
        if self.favours is None:
            return said("above" if above else "below", no_effect=self.no_effect)
        return said(known, group=Own(self.favours[above]))

    @property
    def independent(self) -> int | None:
        """How many of the people count as independent: fewer in clusters; None where not known."""
        sizes = [
            (sum(effect.sizes), sum(effect.independent or ())) for effect in self.effects if effect.sizes
        ]
        if self.people.all is None or len(sizes) < len(self.effects):
            return None
        return round(self.people.all * sum(few for _, few in sizes) / sum(all_ for all_, _ in sizes))

    @property
    def measured(self) -> frozenset[str]:
        """Trials known to have measured it, pooled or not."""
        pooled = {effect.trial for effect in self.effects}
        return frozenset(pooled | {listing.trial for listing in self.absent})

    @property
    def absent(self) -> tuple[Missing | LeftOut, ...]:
        """Trials that are not pooled: those without numbers, and those not used."""
        return (*self.missing, *self.sensitivity_only, *self.dropped)

    @cached_property
    def people(self) -> People:
        """People whose numbers are pooled, each once, and trials whose number is not known."""
        return people_of(self.effects)

    @property
    def i2(self) -> float | None:
        """The I² to show, that of the pool's methods, in percent."""
        if self.result is None:
            return None
        return self.result.i2_tau2 if self.i2_from == "tau2" else self.result.i2

    @property
    def i2_from(self) -> str:
        """What the I² to show is from: "q" or "tau2"; "q" for a common effect."""
        has_tau2 = self.result is not None and self.result.i2_tau2 is not None
        return "tau2" if self.i2_by == "tau2" and has_tau2 else "q"

    def contradictory(self, *, beyond: tuple[float, float] = (0.0, 0.0)) -> bool:
        """Say whether I² is considerable and trials exclude no effect on both sides.

        One stray trial among many does not make a contradiction: the smaller side must hold a
        quarter of the trials that exclude no effect. Only trials with an estimate at or `beyond`
        the limits count.
        """
        if self.no_effect is None:
            return False
        sides = [effect.side for effect in self.effects if important_side(effect.yi, *beyond) == effect.side]
        low, high = sides.count(-1), sides.count(1)
        i2 = self.result.i2 if self.result else None
        return i2 is not None and i2 >= CONTRADICTION and 4 * min(low, high) >= max(low + high, 1)


def named(title: str, subgroup: str | None) -> Said:
    """Name a synthesis by its title, with the subgroup where it is one."""
    parts = (title, subgroup) if subgroup else (title,)
    return together([part if isinstance(part, Said | Word) else Own(part) for part in parts], " – ")


def effect_flags(effects: Sequence[Effect]) -> tuple[str, ...]:
    """Return the flags that effects bring to what is pooled of them."""
    flags = dict.fromkeys(flag for effect in effects for flag in effect.flags)
    mixed = {"final", "change"} <= {e.statistic for e in effects if in_sds(e.measure)}
    empty = sum("empty_cells" in effect.flags for effect in effects)
    compared = not any(len(effect.numbers) == 1 for effect in effects)
    sparse = compared and empty and empty >= SPARSE * len(effects)
    of_people = all(effect.cells is not None for effect in effects)
    of_all = {
        "mixed_standardisers": mixed,
        "sparse_events": sparse and of_people,
        "sparse_rates": sparse and not of_people,
        "double_arcsine": any(scale_of(effect.measure).by_people for effect in effects),
        "trial_beyond_range": any(beyond(e.measure, e.ci_low, e.ci_high) for e in effects),
    }
    own = [*flags, *flags_of(effects), *raised(of_all)]
    return tuple(dict.fromkeys(own))


def answered(method: str, model: str) -> Collection[str]:
    """Return the flags of effects of counts that a method answers: it has no use for their variances."""
    if method == "MH" and model == "common":
        return ("sparse_events", "no_contrast")
    return ("sparse_events",) if method == "Peto" else ()


def heterogeneity(pool: Pool) -> Said:
    """Say τ², Q and I² in a line, each with what it is from: they need not tell the same."""
    result = pool.result
    assert result is not None
    said_of = []
    if result.tau2 is not None:
        said_of.append(said("pool.tau2", method=result.tau2_method, tau2=decimals(result.tau2)[0]))
    numbers = {"q": decimal(result.q), "df": result.q_df, "p": p_words(result.q_p), "i2": decimal(pool.i2, 0)}
    kind = said("pool.from_tau2" if pool.i2_from == "tau2" else "pool.from_q")
    return together([*said_of, said("pool.chi2", kind=kind, **numbers)], "")
