"""Every combination of a review's defensible choices, pooled at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.appraisal.choices import ChosenAnalysis, analysis, unknown_choices, usual_choices
from livingmeta.audit.consistency import INTERVAL
from livingmeta.engine.counts import Cells
from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.methods.batch import Progress
from livingmeta.engine.pooling import MAY_LACK, Fit, fit, important_side, side_of_no_effect
from livingmeta.language import Said, said, together
from livingmeta.printer import Shown
from livingmeta.review.protocol import Choice, Plan, Review
from livingmeta.synthesis.choosing import choose
from livingmeta.synthesis.dependence import people_of
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import Pool, answered, effect_flags
from livingmeta.synthesis.settings import Settings, headline_settings, summed
from livingmeta.synthesis.synthesise import repooled, synthesise, unpoolable
from livingmeta.words import RefusalError, steady

if TYPE_CHECKING:
    import pandas as pd

Indices = NDArray[np.int_]
Options = dict[str, str]

POOLING = ("method", "model", "tau2", "ci")  # choices that leave the effects as they are
TRIALS = ("risk_of_bias", "without")  # choices that leave out trials and touch no other effect
RESULT_COLUMNS = ("k", "estimate", "se", "ci_low", "ci_high", *MAY_LACK)
NOT_WALD, NOT_ML, NOT_DL = map(said, ("universe.not_wald", "universe.not_ml", "universe.not_dl"))


@dataclass(frozen=True)
class Turn:
    """What one choice does while all others stay: over all pairs of analyses that differ in it.

    `moved` is the median absolute difference of their estimates, `most` the largest one, `turned`
    the share of pairs of which one interval excludes 0 and the other does not; None without pairs.
    """

    choice: str
    pairs: int
    moved: float | None = None
    most: float | None = None
    turned: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Multiverse(Shown):
    """All analyses of one synthesis, or one subgroup of it, that a review's choices allow.

    Attributes
    ----------
    main : Pool
        The review's headline, for comparison; it need not be one of the analyses.
    choices : tuple of Choice
        As declared.
    declared : int
        Combinations of their options.
    impossible : tuple of (str, int)
        Why combinations were skipped, and how many.
    equivalent : int
        Combinations that ask for the same as another by definition: no estimator of τ² applies to a
        common effect, and none of these methods to one trial, which needs no model.
    names : DataFrame
        One row per combination left, a specification. `choice_NAME`: the option, empty where the
        choice does not apply; `analysis`: the row of `analyses` that it names, and `fit`: that of
        `fits`.
    fits : DataFrame
        One row per set of effects and way to pool it. `trials` and `people`, `trial_set` (its name
        in `trial_sets`), `model`, `tau2_method` and `ci_method` (empty where there is none), what
        `pooling.Fit` holds, the flags of pooling and effects, and `analysis`.
    labels : dict
        Trials by their ids, as readers know them.
    turns : tuple of Turn
        One per choice, the one that moves the estimate most first.
    """

    main: Pool
    choices: tuple[Choice, ...]
    declared: int
    impossible: tuple[tuple[str, int], ...]
    equivalent: int
    names: pd.DataFrame
    fits: pd.DataFrame
    labels: dict[str, str]
    turns: tuple[Turn, ...]

    def __str__(self) -> str:
        return f"{self.main.name}: {len(self.analyses):,} analyses of {self.declared:,} combinations"

    def to_frame(self) -> pd.DataFrame:
        """Return every specification with its options and its whole result."""
        return self.specifications

    @cached_property
    def analyses(self) -> pd.DataFrame:
        """Those of `fits` with a result that none before has of the same effects.

        Two ways to pool the same effects that give the same estimate and interval, such as two
        estimators of τ² that are both 0, are one analysis; its row is that of the first.
        """
        return self.fits.drop_duplicates("analysis", ignore_index=True).drop(columns="analysis")

    @property
    def specifications(self) -> pd.DataFrame:
        """Every specification with its options and its whole result."""
        return self.names.join(self.fits.drop(columns="analysis"), on="fit").drop(columns="fit")

    def shares(
        self, analyses: pd.DataFrame, *, important: float | None, each: str | None = None
    ) -> Shares | None:
        """Return shares of some of its analyses, beside what the headline's source prints."""
        printed = self.main.printed
        published = printed.estimate if printed else None
        return shares(analyses, important=important, published=published, each=each)

    @property
    def telling(self) -> bool:
        """Whether any analysis pools several trials: of one trial there is little to choose."""
        return bool((self.analyses["k"] > 1).any())

    def part(self, choice: str, option: str) -> Array:
        """Return for each analysis the part of its specifications that have an option."""
        held = (self.names[f"choice_{choice}"] == option).to_numpy(float)
        place, n = self.names["analysis"].to_numpy(int), len(self.analyses)
        return np.bincount(place, held, n) / np.maximum(np.bincount(place, minlength=n), 1)


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Shares of analyses, or of trial sets, fractions; they are not probabilities.

    `below` and `above` count estimates on the two sides of no effect, which is 0 on the scale on
    which effects are pooled, `excludes_*` intervals that lie wholly there, `beyond_*` estimates at
    least the smallest important difference away from 0; None where none was given.
    `published_below` is the share of analyses whose estimate is smaller than the published one,
    `published_above` of those with a larger one.
    """

    analyses: int
    below: float
    above: float
    excludes_below: float
    excludes_above: float
    important: float | None
    beyond_below: float | None
    beyond_above: float | None
    published_below: float | None
    published_above: float | None
    lowest: float
    median: float
    highest: float
    k_low: int
    k_high: int

    @property
    def excludes(self) -> float:
        """Share of the intervals that exclude no effect, on either side."""
        return self.excludes_below + self.excludes_above


def by_estimate(table: pd.DataFrame) -> pd.DataFrame:
    """Return analyses from the lowest estimate to the highest, in the same order everywhere.

    Estimate and limits are rounded first, so that analyses which differ in the last bits of a
    processor keep the order of `table`.
    """
    return _rounded(table).sort_values([*INTERVAL], kind="stable")


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Round estimate and limits to the digits that every processor agrees on."""
    width = (table["ci_high"] - table["ci_low"]).abs()
    steadied = {name: [*map(steady, table[name], width)] for name in INTERVAL}
    return table.assign(**steadied)


@dataclass(frozen=True, kw_only=True)
class TrialSet:
    """The analyses of a multiverse that pool the same trials.

    `made_by` names choices of which not every option gives it, with those that do.
    """

    name: str  # "1", "2", …: the set with most trials first
    trials: tuple[str, ...]  # their ids
    added: tuple[str, ...]  # labels of the trials that the headline does not pool
    lacking: tuple[str, ...]  # labels of those that it does and this set does not
    made_by: tuple[tuple[str, tuple[str, ...]], ...]
    shares: Shares  # of its analyses

    def words(self, *, short: bool = False) -> Said:
        """Name the set by what it has beside the headline's trials: "3 trials, + Ash 2001".

        `short`: by how many there are, "3 trials, +1 −2".
        """
        n = len(self.trials)
        differs = [*(f"+ {label}" for label in self.added), *(f"− {label}" for label in self.lacking)]
        if short:
            by_sign = {"+": self.added, "−": self.lacking}
            differs = [f"{sign}{len(labels)}" for sign, labels in by_sign.items() if labels]
        trials = said("trials_one" if n == 1 else "trials_many", n=n)
        return together([trials, together(differs, " ") if differs else said("universe.as_headline")], ", ")

    @property
    def excludes(self) -> str:
        """Say in how many of its analyses the interval excludes no effect: all, some or none."""
        excluding_share = self.shares.excludes
        return "none" if excluding_share == 0 else "all" if excluding_share > 1 - 1e-9 else "some"


@dataclass(frozen=True, kw_only=True, eq=False)
class MultiverseSummary:
    """What a multiverse comes to; no shares where no analysis is possible."""

    multiverse: Multiverse
    shares: Shares | None
    named: Shares | None  # of specifications, several of which may name one analysis
    each: Shares | None  # of trial sets, each counted once
    sets: tuple[TrialSet, ...]
    parts: pd.DataFrame


def multiverse_summary(multiverse: Multiverse, *, important: float | None = None) -> MultiverseSummary:
    """Return shares of analyses and of their parts, beside what the headline's source prints.

    Parameters
    ----------
    multiverse : Multiverse
    important : float, optional
        Smallest important difference, in the unit in which effects are pooled.
    """
    return MultiverseSummary(
        multiverse=multiverse,
        shares=multiverse.shares(multiverse.analyses, important=important),
        named=multiverse.shares(multiverse.specifications, important=important),
        each=multiverse.shares(multiverse.analyses, each="trial_set", important=important),
        sets=trial_sets(multiverse, important=important),
        parts=by_part(multiverse, important=important),
    )


def excluding(sets: Sequence[TrialSet]) -> dict[str, int]:
    """Count the trial sets of which all, some or none of the analyses exclude no effect."""
    counted = Counter(trial_set.excludes for trial_set in sets)
    return {name: counted[name] for name in ("all", "some", "none")}


def trial_sets(multiverse: Multiverse, *, important: float | None = None) -> tuple[TrialSet, ...]:
    """Part the analyses by the trials that they pool.

    Methods multiply the analyses of a set, so that one set may give most of them; what each set
    says is not changed by how many there are of another.

    Parameters
    ----------
    multiverse : Multiverse
    important : float, optional
        As in `shares`.

    Returns
    -------
    tuple of TrialSet
        The one with most trials first.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> analysed, = multiverse(load_review("smith2017"), synthesis="pain-short")
    >>> [(len(trials.trials), trials.shares.analyses, trials.excludes) for trials in trial_sets(analysed)]
    [(4, 108, 'none'), (3, 108, 'some'), (2, 3, 'none'), (1, 1, 'none')]
    """
    analyses, named = multiverse.analyses, multiverse.specifications
    headline = {effect.trial for effect in multiverse.main.effects}
    sets = []
    for name in sorted(set(analyses["trial_set"]), key=int):
        own_analyses, own = analyses[analyses["trial_set"] == name], named[named["trial_set"] == name]
        trials = tuple(own_analyses["trials"].iloc[0].split())
        options = {
            choice: tuple(option for option in choice.options if option in set(own[f"choice_{choice.name}"]))
            for choice in multiverse.choices
            if choice.name not in POOLING
        }
        counted = multiverse.shares(own_analyses, important=important)
        assert counted is not None
        sets.append(
            TrialSet(
                name=name,
                trials=trials,
                added=tuple(multiverse.labels[t] for t in trials if t not in headline),
                lacking=tuple(multiverse.labels[t] for t in sorted(headline - set(trials))),
                made_by=tuple((c.name, some) for c, some in options.items() if len(some) < len(c.options)),
                shares=counted,
            )
        )
    return tuple(sets)


def shares(
    analyses: pd.DataFrame,
    *,
    important: float | None = None,
    published: float | None = None,
    each: str | None = None,
) -> Shares | None:
    """Say how large a part of some analyses agrees in what a reader asks.

    Parameters
    ----------
    analyses : DataFrame
        As in `Multiverse`.
    important : float, optional
        Smallest important difference, above 0, in the unit of the estimates.
    published : float, optional
        An estimate to be placed among them.
    each : str, optional
        A column, such as "trial_set": all analyses that share a value of it count as one
        together, so that the shares are means of each part's own.

    Returns
    -------
    Shares or None
        None without analyses.

    Examples
    --------
    >>> import pandas as pd
    >>> analyses = pd.DataFrame({"k": [2, 3], "estimate": [-0.4, 0.1], "ci_low": [-0.7, -0.2],
    ...                       "ci_high": [-0.1, 0.4]})
    >>> counted = shares(analyses, important=0.3, published=-0.2)
    >>> counted.below, counted.excludes_below, counted.beyond_below, counted.published_below
    (0.5, 0.5, 0.5, 0.5)
    >>> many = pd.concat([analyses.assign(trial_set="1"), *[analyses.tail(1).assign(trial_set="2")] * 8])
    >>> shares(many).above, shares(many, each="trial_set").above
    (0.9, 0.75)
    """
    import pandas as pd  # most commands build no multiverse

    if analyses.empty:
        return None
    estimate, k = analyses["estimate"], analyses["k"]
    ones = pd.Series(1.0, analyses.index)
    parts = ones if each is None else 1 / ones.groupby(analyses[each]).transform("sum")
    weight = np.asarray(parts, dtype=float)
    side = side_of_no_effect(analyses["ci_low"], analyses["ci_high"])
    beyond = important_side(estimate, -(important or 0.0), important or 0.0)

    def share(held: pd.Series) -> float:
        return float(np.average(held, weights=weight))

    return Shares(
        analyses=len(analyses),
        below=share(estimate < 0),
        above=share(estimate > 0),
        excludes_below=share(side < 0),
        excludes_above=share(side > 0),
        important=important,
        beyond_below=None if important is None else share(beyond < 0),
        beyond_above=None if important is None else share(beyond > 0),
        published_below=None if published is None else share(estimate < published),
        published_above=None if published is None else share(estimate > published),
        lowest=float(estimate.min()),
        median=_median(estimate.to_numpy(float), weight),
        highest=float(estimate.max()),
        k_low=int(k.min()),
        k_high=int(k.max()),
    )


def _median(values: Array, weight: Array) -> float:
    """Return the middle of weighted values: of two that meet there, their mean."""
    order = np.argsort(values, kind="stable")
    passed = np.cumsum(weight[order]) / weight.sum()
    low, high = np.searchsorted(passed, (0.5 - 1e-9, 0.5 + 1e-9))
    return float((values[order][low] + values[order][min(high, len(values) - 1)]) / 2)


@dataclass(frozen=True)
class _Sets:
    """Distinct sets of effects, and which of them each combination of data choices gives."""

    effects: list[tuple[Effect, ...]]
    chosen: Indices  # shape (combinations,); −1: none
    why_not: Counter[str]


def multiverse(
    review: Review, *, synthesis: str | None = None, progress: Progress | None = None
) -> tuple[Multiverse, ...]:
    """Pool a review under every combination of the choices that it declares.

    An analysis counts once, however many specifications name it, and two of the same effects with
    the same result are one: those of a specification curve are "theoretically justified,
    statistically valid and non-redundant" (Simonsohn 2020). Effects
    are derived once per option that can change them, and pooled in one batch per model, estimator
    and interval.

    Parameters
    ----------
    review : Review
    synthesis : str, optional
        Only this one.
    progress : callable, optional
        Called with steps done and their number.

    Returns
    -------
    tuple of Multiverse
        One per synthesis and subgroup. What is not chosen is as in the review's headline. A table,
        for which nobody declares choices, has the usual ones.

    Raises
    ------
    ValueError
        If the review declares no choices, or some that are not known: all of them are named.

    References
    ----------
    Simonsohn U, Simmons JP, Nelson LD. Specification curve analysis. Nat Hum Behav
    2020;4:1208-1214.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> first, = multiverse(load_review("smith2017"), synthesis="pain-long")
    >>> first.declared, [n for _, n in first.impossible], first.equivalent, len(first.names)
    (3456, [1152, 2016], 264, 24)
    """
    if review.parted_by is not None:  # what is chosen, is chosen of the whole
        review = replace(review, parted_by=None)
    if not review.protocol.choice and review.file is None:
        raise RefusalError(NO_CHOICE.format(review.folder.name))
    if not review.protocol.choice:
        usual = review.protocol.model_copy(update={"choice": usual_choices(review)})
        review = replace(review, protocol=usual)
    protocol = review.protocol
    if problems := unknown_choices(review):
        raise RefusalError("\n".join(map(str, problems)))
    plans = protocol.synthesis if synthesis is None else [review.plan(synthesis)]
    data = [c for c in protocol.choice if c.name not in POOLING]
    derive = [c for c in data if c.name not in TRIALS]
    report = progress or (lambda done, steps: None)
    ways = _options(derive)
    steps = len(ways) + len(plans)
    derived: dict[tuple[str, ...], tuple[ChosenAnalysis, list[tuple[Effect, ...]]]] = {}
    for done, options in enumerate(ways, start=1):
        made = analysis(review, options)
        asked = (made.settings, made.selection)
        derived[tuple(options.values())] = (
            made,
            [choose(made.review, plan, *asked).effects for plan in plans],
        )
        report(done, steps)
    settings = analysis(review, {}).settings
    main = {p.key: p for p in synthesise(review, settings=settings)}
    worlds = []
    for i, plan in enumerate(plans):
        effects = [sets[i] for _, sets in derived.values()]
        for subgroup in _parts(plan, effects, review):
            members = {
                key: (made, tuple(e for e in sets[i] if subgroup in {None, e.subgroup}))
                for key, (made, sets) in derived.items()
            }
            pool = main.get((plan.id, subgroup)) or _empty(plan, subgroup, main.values(), settings)
            worlds.append(_all(review, pool, _sets(review, data, derive, members), settings))
        report(len(ways) + i + 1, steps)
    return tuple(worlds)


NO_CHOICE = """{}/review.toml declares no choice, and a multiverse needs one or more. Write there:

[[choice]]
name = "tau2"
options = ["DL", "REML"]
why = "the review does not say how it estimated the variance between trials"

data/template/review.toml lists the names."""


def _options(choices: Sequence[Choice]) -> list[Options]:
    names = [choice.name for choice in choices]
    return [dict(zip(names, options, strict=True)) for options in product(*(c.options for c in choices))]


def _parts(plan: Plan, effects: Sequence[tuple[Effect, ...]], review: Review) -> list[str | None]:
    """Return the subgroups of a synthesis, None for the whole where that is pooled."""
    named = list(dict.fromkeys(e.subgroup for members in effects for e in members if e.subgroup))
    if named and review.protocol.methods.subgroup_tau2 == "common":
        raise RefusalError(
            f"{plan.id}: one τ² in all subgroups (subgroup_tau2 = common) is not combined with "
            "other choices here: declare separate, or leave the subgroups out."
        )
    return [*named, None] if plan.overall or not named else [*named]


def _empty(plan: Plan, subgroup: str | None, pools: Iterable[Pool], settings: Settings) -> Pool:
    """Return the headline of a subgroup that only other choices have: there is none."""
    whole = next(pool for pool in pools if pool.synthesis == plan.id)
    empty = replace(whole, subgroup=subgroup, printed=None, subgroup_test=None)
    return repooled(empty, (), settings)


def _sets(
    review: Review,
    data: Sequence[Choice],
    derive: Sequence[Choice],
    derived: Mapping[tuple[str, ...], tuple[ChosenAnalysis, tuple[Effect, ...]]],
) -> _Sets:
    """Leave out trials as chosen, and number the sets of effects that are different."""
    numbered: dict[tuple[object, ...], int] = {}
    effects: list[tuple[Effect, ...]] = []
    chosen, why_not = [], Counter[str]()
    left_out = {
        tuple(options.values()): set(analysis(review, options).selection.without)
        for options in _options([c for c in data if c.name in TRIALS])
    }
    for options in _options(data):
        made, whole = derived[tuple(options[c.name] for c in derive)]
        gone = left_out[tuple(options[c.name] for c in data if c.name in TRIALS)]
        members = tuple(e for e in whole if e.trial not in gone) if gone else whole
        if reason := unpoolable(members, _summing(review, made.settings).of(members)):
            why_not[reason] += 1
            chosen.append(-1)
            continue
        key = tuple((e.trial, e.contrast, e.yi, e.vi) for e in members)
        if key not in numbered:
            numbered[key] = len(effects)
            effects.append(members)
        chosen.append(numbered[key])
    return _Sets(effects, np.array(chosen, dtype=int), why_not)


def _summing(review: Review, settings: Settings) -> Settings:
    """Return settings by which counts are summed, where an analysis asks for that."""
    asked = any(choice.name == "method" and "MH" in choice.options for choice in review.protocol.choice)
    return replace(settings, profile=replace(settings.profile, method="MH")) if asked else settings


def _methods(review: Review) -> tuple[list[Options], Indices, Counter[str]]:
    """Return the distinct ways to pool, which of them each combination is, and why others can't be.

    −1 stands for those.
    """
    settings = headline_settings(review)
    own = settings.profile
    random = own.with_choices(model="random")  # for tau2 and ci that nobody chooses
    usual = {"method": settings.method, "model": own.model, "tau2": random.tau2, "ci": random.ci}
    declared = {choice.name: choice.options for choice in review.protocol.choice}
    distinct: dict[tuple[str, ...], int] = {}
    index, why = [], Counter[str]()
    for asked, model, estimator, ci in product(*(declared.get(name, (usual[name],)) for name in POOLING)):
        method, tau2 = asked, estimator
        if "method" not in declared and settings.method != "Peto" and summed(settings.measure):
            of_random = {"tau2": estimator} if model == "random" else {}
            method = replace(settings, profile=own.with_choices(model=model, **of_random)).method
        sums = method == "MH" and model == "random"
        if sums and "tau2" not in declared:
            tau2 = "DL"
        refused = {
            NOT_DL: sums and tau2 != "DL",
            NOT_ML: model == "random" and ci == "profile" and tau2 != "ML",
            NOT_WALD: model == "common" and "ci" in declared and ci != "wald",
        }
        if any(refused.values()):
            why += Counter({reason: int(refuses) for reason, refuses in refused.items()})
            index.append(-1)
            continue
        apply = (method, model, tau2, ci) if model == "random" else (method, model, "", "")
        index.append(distinct.setdefault(apply, len(distinct)))
    ways = [dict(zip(POOLING, way, strict=True)) for way in distinct]
    return ways, np.array(index, dtype=int), why


def _all(review: Review, main: Pool, sets: _Sets, settings: Settings) -> Multiverse:
    import pandas as pd

    methods, method_of, refused = _methods(review)
    possible = method_of >= 0
    data, method = np.nonzero((sets.chosen >= 0)[:, None] & possible)
    # One trial needs no model, so all ways to pool it are one.
    single = np.array([len(members) == 1 for members in sets.effects], dtype=bool)[sets.chosen[data]]
    way = np.where(single, 0, method_of[method])
    distinct, fit_of = np.unique(sets.chosen[data] * len(methods) + way, return_inverse=True)
    effects, way_of_fit = np.divmod(distinct, max(len(methods), 1))
    fits = _pooled(sets, methods, effects, way_of_fit, settings)
    # The same estimate and limits of the same effects are one analysis.
    fits["analysis"] = _rounded(fits).groupby([effects, *INTERVAL], sort=False, dropna=False).ngroup()
    combined = pd.DataFrame({"data": data, "way": way, "single": single, "fit": fit_of})
    names = _names(review.protocol.choice, methods, combined.drop_duplicates(["data", "fit"]))
    names["analysis"] = fits["analysis"].to_numpy()[names["fit"]]
    grid = np.full((len(sets.chosen), len(method_of)), -1)
    grid[data, method] = fit_of
    skipped = Counter({why: len(grid) * n for why, n in refused.items()})
    skipped += Counter({why: n * int(possible.sum()) for why, n in sets.why_not.items()})
    return Multiverse(
        main=main,
        choices=review.protocol.choice,
        declared=grid.size,
        impossible=tuple((why, n) for why, n in skipped.items() if n),
        equivalent=len(combined) - len(names),
        names=names,
        fits=fits,
        labels={trial.trial: trial.label for trial in review.trials},
        turns=_turns(review.protocol.choice, fits, grid),
    )


def _names(choices: Sequence[Choice], methods: list[Options], combined: pd.DataFrame) -> pd.DataFrame:
    """Say the options of each specification; none of methods where there is a single trial."""
    import pandas as pd

    shape = [len(c.options) for c in choices if c.name not in POOLING]
    places = iter(np.unravel_index(combined["data"], shape) if shape else ())
    columns: dict[str, Any] = {}
    for choice in choices:
        if choice.name in POOLING:
            of_way = np.array([method[choice.name] for method in methods], dtype=object)[combined["way"]]
            columns[f"choice_{choice.name}"] = np.where(combined["single"], "", of_way)
        else:
            columns[f"choice_{choice.name}"] = np.array(choice.options, dtype=object)[next(places)]
    return pd.DataFrame(columns | {"fit": combined["fit"].to_numpy()})


def _pooled(
    sets: _Sets, methods: list[Options], effects: Indices, way: Indices, settings: Settings
) -> pd.DataFrame:
    """Pool every set of effects in every way, and take what each analysis asks for."""
    import pandas as pd

    by = {"method": "method", "model": "model", "tau2": "tau2_method", "ci": "ci_method"}
    if all(method["method"] == "IV" for method in methods):
        del by["method"]
    if not effects.size:
        names = ["trials", "people", "trial_set", *by.values(), *RESULT_COLUMNS, "flags"]
        return pd.DataFrame(columns=names, dtype=float)
    k = max(len(members) for members in sets.effects)
    shape = (len(sets.effects), k)
    yi, vi, present = np.zeros(shape), np.ones(shape), np.zeros(shape, bool)
    for i, members in enumerate(sets.effects):
        yi[i, : len(members)] = [effect.yi for effect in members]
        vi[i, : len(members)] = [effect.vi for effect in members]
        present[i, : len(members)] = True
    sums = None
    if any(method["method"] == "MH" for method in methods):
        counts = np.ones((4, *shape))
        for i, members in enumerate(sets.effects):
            counts[:, i, : len(members)] = np.array([effect.cells for effect in members], float).T
        profile = settings.profile
        sums = Cells(settings.measure, counts, profile.mh_zero_cells, profile.mh_variance)
    ahead = settings.profile.with_choices(model="random").prediction
    fits = [
        fit(
            yi,
            vi,
            present,
            model=method["model"],
            tau2=method["tau2"] or None,
            ci=method["ci"] or None,
            prediction=ahead if method["model"] == "random" else None,
            level=settings.level,
            method=method["method"],
            cells=sums,
        )
        for method in methods
    ]
    alone = (present.sum(-1) == 1)[effects]

    def spread(values: Sequence[object], of: Indices) -> NDArray[np.object_]:
        return np.array([*values, None], dtype=object)[of]  # None: an object array at any length

    trials = [" ".join(dict.fromkeys(effect.trial for effect in members)) for members in sets.effects]
    people = [people_of(members).all for members in sets.effects]
    whose = [tuple(sorted(ids.split())) for ids in trials]
    named = sorted(set(whose), key=lambda ids: (-len(ids), ids))
    columns: dict[str, Any] = {
        "trials": spread(trials, effects),
        "people": spread(people, effects),
        "trial_set": spread([f"{named.index(ids) + 1}" for ids in whose], effects),
    }
    for name, to in by.items():
        columns[to] = np.where(alone, "", spread([method[name] for method in methods], way))
    for name in RESULT_COLUMNS:
        values = np.stack([getattr(fitted, name) for fitted in fits])[way, effects]
        # As in an estimate, what is infinite (a statistic by an SE of 0) is not given.
        columns[name] = np.where(np.isinf(values), np.nan, values) if values.dtype == float else values
    columns["flags"] = _flags(sets, methods, fits, effects, way)
    return pd.DataFrame(columns)


def _flags(
    sets: _Sets, methods: list[Options], fits: Sequence[Fit], effects: Indices, way: Indices
) -> NDArray[np.object_]:
    """Name the flags of pooling and effects of each analysis: few combinations, worded once."""
    names = dict.fromkeys(name for fitted in fits for name in fitted.flags)
    del names["few_trials_for_prediction"]  # none is shown
    bits, none = 1 << np.arange(len(names)), np.zeros(len(sets.effects), bool)
    code = np.stack([np.stack([fit.flags.get(name, none) for name in names], -1) @ bits for fit in fits])
    gone = [answered(method["method"], method["model"]) for method in methods]
    own = [effect_flags(members) for members in sets.effects]
    kinds = list(dict.fromkeys(own))
    kind = np.array([kinds.index(flags) for flags in own])[effects]
    alike = np.array([gone.index(flags) for flags in gone])[way]
    seen, place = np.unique(np.stack([code[way, effects], kind, alike]), axis=1, return_inverse=True)
    words = [
        " ".join(
            [
                *(name for i, name in enumerate(names) if flag_bits >> i & 1),
                *(flag for flag in kinds[which] if flag not in gone[by]),
            ]
        )
        for flag_bits, which, by in seen.T
    ]
    return np.array(words, dtype=object)[place.ravel()]


def _turns(choices: Sequence[Choice], fits: pd.DataFrame, grid: Indices) -> tuple[Turn, ...]:
    """Compare all pairs of analyses whose combinations differ in one choice only."""
    sizes = {c.name: len(c.options) for c in choices}
    axes = [*(name for name in sizes if name not in POOLING), *POOLING]
    grid = grid.reshape([sizes.get(name, 1) for name in axes])
    result = np.append(fits["analysis"], -1).astype(int)
    first = fits.drop_duplicates("analysis")
    estimate, *ends = (first[name].to_numpy(float) for name in ("estimate", "ci_low", "ci_high"))
    excludes = side_of_no_effect(*ends) != 0
    needs = {"model": "model", "tau2": "tau2_method", "ci": "tau2_method"}
    turns = []
    for name, size in sizes.items():
        options = np.moveaxis(grid, axes.index(name), 0).reshape(size, -1)
        applies = fits[needs[name]] != "" if name in needs else np.ones(len(fits), bool)
        applies = np.append(applies, False)  # of fit −1: there is none
        pairs = [_pairs(*two, applies, result) for two in combinations(options, 2)]
        first_of, second_of = np.concatenate(pairs, axis=1)
        moved = np.abs(estimate[first_of] - estimate[second_of])
        turned = excludes[first_of] != excludes[second_of]
        summary = (np.median(moved), moved.max(), turned.mean()) if moved.size else ()
        turns.append(Turn(name, int(moved.size), *map(float, summary)))
    # of equal choices the one declared first, on every processor
    return tuple(sorted(turns, key=lambda turn: (-steady(turn.moved or 0), -steady(turn.most or 0))))


def _pairs(first: Indices, other: Indices, applies: Mask, result: Indices) -> Indices:
    """Return pairs of analyses, each once, however many combinations name it."""
    both = applies[first] & applies[other]
    n = len(applies)
    return np.stack(np.divmod(np.unique(result[first[both]] * n + result[other[both]]), n))


def by_option(multiverse: Multiverse, *, important: float | None = None) -> pd.DataFrame:
    """Summarise the analyses that an option names.

    Parameters
    ----------
    multiverse : Multiverse
    important : float, optional
        As in `shares`.

    Returns
    -------
    DataFrame
        One row per option in the declared order: choice, option, trial_sets (how many its analyses
        are of), excludes (the share of them whose interval excludes no effect), and all of
        `Shares`; None without analyses.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> analysed, = multiverse(load_review("smith2017"), synthesis="pain-short")
    >>> options = by_option(analysed)
    >>> options.loc[options.choice == "model", ["option", "trial_sets", "analyses"]].values.tolist()
    [['random', 3, 195], ['common', 3, 25]]
    """
    import pandas as pd

    analyses = multiverse.analyses
    rows: list[dict[str, Any]] = []
    for choice in multiverse.choices:
        for option in choice.options:
            named = analyses[multiverse.part(choice.name, option) > 0]
            counted = multiverse.shares(named, important=important)
            row = {
                "choice": choice.name,
                "option": option,
                "analyses": 0,
                "median": None,
                "trial_sets": named["trial_set"].nunique(),
                "excludes": None,
            }
            if counted is not None:
                row |= {"excludes": counted.excludes} | asdict(counted)
            rows.append(row)
    return pd.DataFrame(rows)


def by_part(multiverse: Multiverse, *, important: float | None = None) -> pd.DataFrame:
    """Put beside each other what all analyses say, each trial set once, and each part of them.

    Parameters, and the columns of the options, as in `by_option`. The rows before them have the
    choices "all analyses", "each trial set once" and "trial set".

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> analysed, = multiverse(load_review("smith2017"), synthesis="pain-short")
    >>> by_part(analysed)["choice"].head(3).tolist()
    ['all analyses', 'each trial set once', 'trial set']
    """
    import pandas as pd

    analyses, sets = multiverse.analyses, trial_sets(multiverse, important=important)
    parts = [
        ("all", "", len(sets), multiverse.shares(analyses, important=important)),
        ("each", "", len(sets), multiverse.shares(analyses, important=important, each="trial_set")),
        *(("set", f"{trials.name}: {trials.words()}", 1, trials.shares) for trials in sets),
    ]
    rows = [
        {"choice": said(f"universe.{part}"), "option": option, "trial_sets": n, "excludes": counted.excludes}
        | asdict(counted)
        for part, option, n, counted in parts
        if counted is not None
    ]
    return pd.DataFrame([*rows, *by_option(multiverse, important=important).to_dict("records")])
