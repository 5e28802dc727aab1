"""Meta-regression on moderators, subgroups with a common τ², and cluster-robust inference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from livingmeta.engine.designs import MEAN, Projection
from livingmeta.engine.inputs import Array, Mask, is_numeric
from livingmeta.engine.measures import beyond
from livingmeta.engine.pooling import (
    CONFIDENCE,
    MODELS,
    OF_PREDICTION,
    ROUNDING,
    PooledEstimate,
    chosen,
    scaled,
    usable,
)
from livingmeta.engine.tau2 import TAU2, q_profile
from livingmeta.printer import Shown, cells
from livingmeta.words import RefusalError, decimal, p_words, pick, raised, refuse

COLLINEAR = 1e-9  # of a column's own length: what is left of it beside the columns before it
PER_MODERATOR = 10  # trials; Cochrane Handbook, section 10.11.4
FEW_DF = 4  # below it a Satterthwaite approximation is not to be trusted (Tipton 2015)
FEW_IN_CELL = 3  # effects, below which a level's own slope goes through every one of them
# A cluster: the places of its effects, and their covariance Φ_j by the working model
Cluster = tuple[NDArray[np.int_], Array]


Part = tuple[str, str | None]  # a moderator, and the level that a column marks; None: its number


@dataclass(frozen=True, kw_only=True)
class Coefficient:
    """One coefficient; `df` None for a normal quantile.

    It belongs to the product of its `parts`: numbers, and 1 where an effect has a level, else 0.

    Where one cluster alone determines it, it has no cluster-robust variance: all but the estimate
    is None.
    """

    name: str
    estimate: float
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    statistic: float | None = None
    df: float | None = None
    p_value: float | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TermTest:
    """Test of all coefficients of a moderator, or of an interaction; as that of all, without the others."""

    name: str
    statistic: float
    df: tuple[float, ...]
    p_value: float


@dataclass(frozen=True, kw_only=True)
class Cell:
    """How many effects have a level, or levels together."""

    levels: tuple[tuple[str, str], ...]  # moderator and level
    k: int

    @property
    def name(self) -> str:
        """The levels in words."""
        return " and ".join(f"{moderator} = {level}" for moderator, level in self.levels)


@dataclass(frozen=True, kw_only=True, repr=False)
class Predicted(Shown):
    """The mean effect where moderators have some values, and where a true one is expected there."""

    estimate: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    pi_low: float | None
    pi_high: float | None


@dataclass(frozen=True, kw_only=True, repr=False)
class MetaRegression(Shown):
    """A meta-regression and how it was made.

    `tests` are those of moderators and interactions that stand in no larger interaction; with
    cluster-robust variances there are none.

    `r2` is None where there is no variance without moderators, for a common effect, and for a
    design without a constant: it does not hold the mean it would be compared with.
    """

    k: int  # effects
    coefficients: tuple[Coefficient, ...]  # the intercept first; a level against its category's first
    tau2: float | None  # variance between trials that the moderators leave; None for a common effect
    tau2_low: float | None  # its Q-profile interval
    tau2_high: float | None
    i2: float  # percent: τ²/(τ² + s²), s² the typical variance within trials; common: (Q − df)/Q
    r2: float | None  # percent of the variance without moderators that they explain
    qe: float  # test for heterogeneity that is left
    qe_df: int
    qe_p: float
    qm: float | None  # test of all moderators at once: chi-square on m df, or F on (m, k − p)
    qm_df: tuple[float, ...]
    qm_p: float | None
    tests: tuple[TermTest, ...]
    cells: tuple[Cell, ...]  # levels of categories, and those of interactions together
    clusters: int | None  # of the robust variances
    model: str
    tau2_method: str | None
    ci_method: str
    level: float
    flags: tuple[str, ...]

    def __str__(self) -> str:
        explained = "" if self.r2 is None else f", R² = {decimal(self.r2, 0)}%"
        left = f"I² left = {decimal(self.i2, 0)}%{explained}"
        test = "" if self.qm is None else f"; all moderators {p_words(self.qm_p)}"
        by = ", ".join(filter(None, (self.model, self.tau2_method, self.ci_method)))
        return f"{self.k} effects, {len(self.coefficients)} coefficients{test}; {left}; {by}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return the coefficients."""
        for one in self.coefficients:
            yield {name: value for name, value in cells(one).items() if name != "parts"}

    def predict(self, moderators: Mapping[str, Sequence[float] | Sequence[str]]) -> tuple[Predicted, ...]:
        """Return what the regression gives where moderators have these values.

        Parameters
        ----------
        moderators : mapping of name to sequence
            As it was fitted on: as many values of each.

        Returns
        -------
        tuple of Predicted
            With the regression's own interval; the prediction interval is that of
            t(k − p) with √(SE² + τ²), and there is none for a common effect and cluster-robust variances.

        Raises
        ------
        ValueError
            For a moderator that lacks or was not fitted, and for levels that no effect has.

        Examples
        --------
        >>> found = meta_regression([0.1, 0.3, 0.6, 1.0], [0.1] * 4, {"site": ["a", "a", "b", "b"]})
        >>> [round(at.estimate, 12) for at in found.predict({"site": ["a", "b"]})]
        [0.2, 0.8]
        """
        fit: _Fit = self.__dict__["_fit"]
        x = fit.rows(moderators)
        variances, dfs = fit.variances(x)
        listed = []
        for estimate, variance, df in zip(fit.unit * (x @ fit.b), variances, dfs, strict=True):
            at = coefficient("", estimate, variance, df, self.level)
            pi: tuple[float | None, float | None] = (None, None)
            if self.tau2 is not None and self.clusters is None:
                half = stdtrit(self.qe_df, (1 + self.level) / 2) * np.sqrt(variance + self.tau2)
                pi = (float(estimate - half), float(estimate + half))
            listed.append(
                Predicted(
                    estimate=at.estimate,
                    se=at.se,
                    ci_low=at.ci_low,
                    ci_high=at.ci_high,
                    pi_low=pi[0],
                    pi_high=pi[1],
                )
            )
        return tuple(listed)


def meta_regression(
    yi: ArrayLike,
    vi: ArrayLike,
    moderators: Mapping[str, Sequence[float] | Sequence[str]],
    *,
    interactions: Sequence[Sequence[str]] = (),
    intercept: bool = True,
    model: str = "random",
    tau2: str | None = None,
    ci: str | None = None,
    cluster: Sequence[object] | None = None,
    level: float = 0.95,
) -> MetaRegression:
    """Regress effects on moderators, with a variance between trials that they leave.

    Parameters
    ----------
    yi, vi : sequence of float, shape (k,)
        Effects and their variances.
    moderators : mapping of name to sequence, shape (k,)
        Numbers, or words for the levels of a category; its first level in the order of the
        alphabet is the one the others are compared with. An empty mapping fits a mean.
    interactions : sequence of (sequence of str or str), optional
        Moderators whose products enter beside them: ("year", "setting"), or "year:setting". Every
        part of an interaction must be fitted too.
    intercept : bool
        Fit one; without it a single category gives the mean of each level.
    model : str
        "random", or "common": trials differ by their moderators and by chance only.
    tau2 : str, optional
        Estimator of τ² for random effects, an entry of `tau2.TAU2`; by default "REML".
    ci : str, optional
        By default "hksj-modified", for a common effect "wald", which is all it takes.
        "wald" (normal), "t", "hksj" or "hksj-modified" (t with k − p df; SE scaled by √q or
        √max(1, q), q = Σwr²/(k − p); Knapp and Hartung 2003).
    cluster : sequence, shape (k,), optional
        What effects belong together (trials). Standard errors are then cluster-robust (CR2) with
        Satterthwaite's df, whatever `ci` (Pustejovsky and Tipton 2018). A coefficient that can't
        be estimated without some cluster has no such variance: how clusters differ is not seen.
    level : float
        Confidence level, a fraction.

    Returns
    -------
    MetaRegression
        Coefficients in the unit of `yi` per unit of the moderator.

    Raises
    ------
    ValueError
        For values that can't be used, each with its position; for columns that follow from
        others, with the levels or combinations of them that no effect has; for too few effects.

    References
    ----------
    Knapp G, Hartung J. Improved tests for a random effects meta-regression with a single
    covariate. Stat Med 2003;22:2693-2710.
    Pustejovsky JE, Tipton E. Small-sample methods for cluster-robust variance estimation and
    hypothesis testing in fixed effects models. J Bus Econ Stat 2018;36:672-683.

    Examples
    --------
    Two trials a level: the intercept is the mean of the first, the slope the gap between them.

    >>> found = meta_regression([0.1, 0.3, 0.6, 1.0], [0.1] * 4, {"site": ["a", "a", "b", "b"]})
    >>> [(c.name, round(c.estimate, 12)) for c in found.coefficients]
    [('intercept', 0.2), ('site: b against a', 0.6)]
    """
    y, v = usable(yi, vi, level)
    terms = _terms(interactions, moderators)
    columns, counted = design_columns(moderators, y.size, interactions=terms, intercept=intercept)
    names, x = [column.name for column in columns], np.stack([column.values for column in columns], -1)
    intervals = {name: interval for name, interval in CONFIDENCE.items() if not interval.is_profile}
    if ci is not None:
        pick(intervals, ci, "ci")
    by = chosen(model=model, tau2=tau2, ci=ci)
    random, tau2, ci = MODELS[model], by["tau2"], by["ci"]
    estimator, interval = TAU2[tau2 if random else "DL"], intervals[ci]
    clusters = None if cluster is None else clusters_of(cluster, y.size)
    # lengths of 1 keep the digits; the coefficients are turned back below
    lengths = np.sqrt((x**2).sum(0))
    effects = scaled(y[None], v[None], None)
    shift = effects.y[0] + effects.origin[0] if not _has_constant(x) else effects.y[0]
    design = Regression(x / lengths)
    present = np.ones((1, y.size), bool)
    t2, converged = np.zeros(1), np.ones(1, bool)
    if random:
        t2, converged = estimator(shift[None], effects.v, present, design)
    weights = 1 / (effects.v[0] + t2[0])
    fit = _Fitted.of(shift, weights, design.x)
    df = y.size - len(names)
    q = float((weights * fit.residual**2).sum()) / df
    vcov = fit.vcov * float(interval.scale(np.array(q))) ** 2
    dfs: Array | None = np.full(len(names), float(df)) if interval.is_t else None
    robust = clusters is not None
    working = None
    if clusters is not None:
        working = (fit.x, fit.vcov, fit.residual, _independent(effects.v[0] + t2[0], clusters))
        vcov, dfs = cr2(*working)
    b = fit.b
    if _has_constant(x):  # the origin that was taken off belongs to the constant
        b = b + effects.origin[0] * _constant(x / lengths)
    unit = effects.unit[0]
    held = _Fit(
        columns=columns,
        known={name: frozenset(map(str, v)) if _worded(v) else None for name, v in moderators.items()},
        b=b / lengths,
        unit=float(unit),
        lengths=lengths,
        vcov=vcov,
        df=float(df) if interval.is_t else None,
        robust=working,
    )
    b, vcov = b * unit / lengths, vcov * unit**2 / np.outer(lengths, lengths)
    tested = [i for i, name in enumerate(names) if name != INTERCEPT]
    low, high = q_profile(shift[None], effects.v, present, level=level, design=design)
    left = design.project(1 / effects.v[:, None], shift[None, None])
    qe = float((left.residual**2 / effects.v[0]).sum())
    typical = df / float((left.kept() / effects.v[0]).sum())
    total, _ = estimator(effects.y, effects.v, present, MEAN)
    crossed = {name for term in terms for name in term}
    flags = {
        "not_converged": not converged[0],
        "tau2_at_zero": random and t2[0] == 0,
        "tau2_interval_empty": random and not np.isfinite(high[0]),
        "few_trials_in_cell": any(
            cell.k < FEW_IN_CELL for cell in counted if crossed & {name for name, _ in cell.levels}
        ),
        "few_trials_per_moderator": y.size < PER_MODERATOR * max(1, len(tested)),
        "hksj_scale_below_one": not robust and interval.is_hksj and q < 1 - ROUNDING,
        "few_clusters": robust and dfs is not None and (dfs < FEW_DF).any(),
        "one_cluster_determines": np.isnan(np.diag(vcov)).any(),
    }
    qm, qm_df, qm_p = (
        (None, (), None) if robust else _omnibus(b, vcov, tested, df=df if interval.is_t else None)
    )
    compared = random and total[0] > 0 and bool(tested) and _has_constant(x)
    result = MetaRegression(
        k=y.size,
        coefficients=tuple(
            replace(
                coefficient(column.name, b[i], vcov[i, i], None if dfs is None else dfs[i], level),
                parts=column.parts,
            )
            for i, column in enumerate(columns)
        ),
        tau2=float(t2[0] * unit**2) if random else None,
        tau2_low=_finite(low[0] * unit**2) if random else None,
        tau2_high=_finite(high[0] * unit**2) if random else None,
        i2=float(100 * (t2[0] / (t2[0] + typical) if random else max(0.0, 1 - df / max(qe, df)))),
        r2=float(100 * max(0, 1 - t2[0] / total[0])) if compared else None,
        qe=qe,
        qe_df=df,
        qe_p=float(chdtrc(df, qe)),
        qm=qm,
        qm_df=qm_df,
        qm_p=qm_p,
        tests=() if robust else tuple(_tests(columns, b, vcov, df=df if interval.is_t else None)),
        cells=counted,
        clusters=len(clusters) if clusters is not None else None,
        model=model,
        tau2_method=tau2 if random else None,
        ci_method="CR2" if robust else ci,
        level=level,
        flags=raised(flags),
    )
    # no field, as the studies of an estimate: what `predict` needs, and JSON does not
    object.__setattr__(result, "_fit", held)
    return result


INTERCEPT = "intercept"


@dataclass(frozen=True)
class Column:
    """A column of a design: the product of its parts, none for the constant."""

    parts: tuple[Part, ...]
    base: str | None  # level that one of a category is compared with
    values: Array

    @property
    def name(self) -> str:
        """What its coefficient is called."""
        against = f" against {self.base}" if self.base is not None and len(self.parts) == 1 else ""
        return (
            " × ".join(n if level is None else f"{n}: {level}" for n, level in self.parts) + against
            or INTERCEPT
        )

    @property
    def term(self) -> tuple[str, ...]:
        """Its moderator, or those of its interaction."""
        return tuple(name for name, _ in self.parts)


def _terms(interactions: Sequence[Sequence[str]], moderators: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return interactions, smaller ones first, or refuse those without what they are made of."""
    if not isinstance(moderators, Mapping) and not hasattr(moderators, "items"):
        raise RefusalError(
            "moderators: give values by their names, as in {'year': [2001, 2004]}, or a table."
        )
    if isinstance(interactions, str):
        raise RefusalError(f"interactions = {interactions!r}: give a list, as in [('year', 'setting')].")
    terms = [
        tuple(part.strip() for part in term.split(":")) if isinstance(term, str) else tuple(term)
        for term in interactions
    ]
    terms = sorted(dict.fromkeys(terms), key=len)
    known = {frozenset({name}) for name in moderators} | {frozenset(term) for term in terms}
    problems = []
    for term in terms:
        named = ":".join(map(str, term))
        if len(term) < 2 or len(set(term)) < len(term):
            problems.append(
                f'interaction "{named}": it is of two moderators or more, each once. A moderator times '
                "itself is a curve, for which a column of its squares is a moderator of its own."
            )
            continue
        below = [part for n in range(1, len(term)) for part in combinations(term, n)]
        if lacking := [":".join(part) for part in below if frozenset(part) not in known]:
            problems.append(
                f'interaction "{named}": what it is made of must be fitted too, and {", ".join(lacking)} '
                f'{"is" if len(lacking) == 1 else "are"} not. "{"*".join(map(str, term))}" has all of it.'
            )
    refuse(problems)
    return terms


def _largest(terms: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the terms that stand in no larger one."""
    listed = [term for term in dict.fromkeys(terms) if term]
    return [term for term in listed if not any(set(term) < set(other) for other in listed)]


def _tests(columns: Sequence[Column], b: Array, vcov: Array, *, df: int | None) -> Iterator[TermTest]:
    """Test each term that stands in no larger one."""
    for term in _largest(column.term for column in columns):
        own = [i for i, column in enumerate(columns) if column.term == term]
        statistic, of, p_value = _omnibus(b, vcov, own, df=df)
        if statistic is not None and p_value is not None:
            yield TermTest(name=" × ".join(term), statistic=statistic, df=of, p_value=p_value)


def _worded(values: Sequence[Any]) -> bool:
    return any(isinstance(value, str) for value in values)


def design_columns(
    moderators: Mapping[str, Sequence[float] | Sequence[str]],
    k: int,
    *,
    interactions: Sequence[tuple[str, ...]] = (),
    intercept: bool = True,
) -> tuple[list[Column], tuple[Cell, ...]]:
    """Turn moderators into the columns of a design, or refuse all that is wrong; count levels.

    Refused are lengths that differ from k, values that are missing, columns that follow from
    others, and k not above the number of columns.
    """
    listed: list[Column] = [Column((), None, np.ones(k))] if intercept else []
    contrasts: dict[str, list[Column]] = {}  # of each moderator, without the first level
    places: dict[str, dict[str, Array]] = {}  # of each level of a category
    problems: list[str] = []
    for name, given in moderators.items():
        values = list(given)
        if len(values) != k:
            problems.append(f"{name} has {len(values)} values for {k} effects: give one each.")
            continue
        words = _worded(values)
        wrong = [i for i, value in enumerate(values) if not _known(value, words)]
        problems += [
            f"{name}[{i + 1}] = {values[i]}: "
            + ("this is no level. " if words else "this is not a finite number. ")
            + "Leave the effect out, or give its value."
            for i in wrong
        ]
        if wrong:
            continue
        if not words:
            contrasts[name] = [Column(((name, None),), None, np.array(values, dtype=float))]
            listed += contrasts[name]
            continue
        levels = sorted({str(value) for value in values})
        base = levels[0] if intercept or listed else None
        if len(levels) == 1 and base is not None:
            problems.append(f"{name} has one level only, {base}: there is nothing to compare. Leave it out.")
        places[name] = {level: np.array([v == level for v in values], dtype=float) for level in levels}
        marked = [Column(((name, level),), base, at) for level, at in places[name].items()]
        contrasts[name] = marked[1:]
        listed += marked[1:] if base is not None else marked
    refuse(problems)
    if not listed:
        raise RefusalError("there is nothing to fit: give a moderator or an intercept.")
    for term in interactions:
        for crossed in product(*(contrasts[name] for name in term)):
            parts = tuple(part for column in crossed for part in column.parts)
            listed.append(Column(parts, None, np.prod([column.values for column in crossed], axis=0)))
    counted = _cells(places, interactions)
    refuse(_uncrossed(counted, interactions, moderators, places))
    names, x = [column.name for column in listed], np.stack([column.values for column in listed], axis=-1)
    if k <= len(names):
        raise RefusalError(
            f"{k} effects can't give {len(names)} coefficients and a variance: there must be more "
            "effects than coefficients. Use fewer moderators."
        )
    for i, name in enumerate(names):
        length = np.sqrt((x[:, i] ** 2).sum())
        before = x[:, :i] / np.maximum(np.sqrt((x[:, :i] ** 2).sum(0)), np.finfo(float).tiny)
        gap = x[:, i] - before @ np.linalg.lstsq(before, x[:, i], rcond=None)[0] if i else x[:, i]
        if np.sqrt((gap**2).sum()) <= COLLINEAR * length or length == 0:
            others = ", ".join(names[:i]) or "nothing: it is 0 throughout"
            problems.append(
                f"{name} follows from {others}, so that its coefficient can't be told apart. Leave it out."
            )
    refuse(problems)
    return listed, counted


def _cells(
    places: Mapping[str, Mapping[str, Array]], interactions: Sequence[tuple[str, ...]]
) -> tuple[Cell, ...]:
    """Count the effects at each level of each category, and at those that an interaction joins."""
    joined = [tuple(name for name in term if name in places) for term in interactions]
    counted = []
    for names in dict.fromkeys([*((name,) for name in places), *filter(None, joined)]):
        for levels in product(*(places[name] for name in names)):
            at = np.prod([places[name][level] for name, level in zip(names, levels, strict=True)], axis=0)
            counted.append(Cell(levels=tuple(zip(names, levels, strict=True)), k=int(at.sum())))
    return tuple(counted)


def _uncrossed(
    counted: Iterable[Cell],
    interactions: Sequence[tuple[str, ...]],
    moderators: Mapping[str, Sequence[Any]],
    places: Mapping[str, Mapping[str, Array]],
) -> Iterator[str]:
    """Say where effects can't tell an interaction: where none is, or a number is the same in all."""
    for term in interactions:
        numbers = [name for name in term if name not in places]
        words = tuple(name for name in term if name in places)
        fitted = f'the interaction "{":".join(term)}" can\'t be estimated'
        remedy = "Leave it out, or name levels that are alike by one word."
        for cell in counted:
            if not words or tuple(name for name, _ in cell.levels) != words:
                continue
            if cell.k == 0:
                yield f"no effect has {cell.name}: {fitted}. {remedy}"
            at = np.prod([places[name][level] for name, level in cell.levels], axis=0) > 0
            for name in numbers if cell.k else ():
                held = {float(value) for value, here in zip(moderators[name], at, strict=True) if here}
                if len(held) == 1:
                    these = f"all {cell.k} effects" if cell.k > 1 else "the one effect"
                    have = "have" if cell.k > 1 else "has"
                    yield (
                        f"{these} with {cell.name} {have} {name} = {held.pop():g}, and so no slope: "
                        f"{fitted}. {remedy}"
                    )


@dataclass(frozen=True)
class _Fit:
    """What was fitted, to be asked at other values of the moderators."""

    columns: list[Column]
    known: Mapping[str, frozenset[str] | None]  # levels of each moderator; None: numbers
    b: Array  # per unit of each column, in units of the scaled effects
    unit: float
    lengths: Array
    vcov: Array  # of the columns by their lengths, as all that follows
    df: float | None
    robust: tuple[Array, Array, Array, list[Cluster]] | None  # what `cr2` takes

    def rows(self, moderators: Mapping[str, Sequence[Any]]) -> Array:
        """Return the rows of the design at values of the moderators, or refuse all that is wrong."""
        problems = [f"{name} was not fitted: leave it out." for name in moderators if name not in self.known]
        problems += [f"{name} lacks: give its values." for name in self.known if name not in moderators]
        refuse(problems)
        sizes = {len(values) for values in moderators.values()} or {1}
        if len(sizes) > 1:
            raise RefusalError("give as many values of each moderator.")
        for name, levels in self.known.items():
            for value in moderators[name]:
                if levels is not None and str(value) not in levels:
                    problems.append(f"{name} = {value}: choose one of {', '.join(sorted(levels))}.")
                elif levels is None and not _known(value, False):
                    problems.append(f"{name} = {value}: give a finite number.")
        refuse(problems)
        (k,) = sizes

        def values(part: Part) -> Array:
            name, level = part
            given = moderators[name]
            return np.array([float(v) if level is None else float(str(v) == level) for v in given])

        return np.stack([np.prod([np.ones(k), *map(values, c.parts)], axis=0) for c in self.columns], -1)

    def variances(self, x: Array) -> tuple[Array, Sequence[float | None]]:
        """Return the variance of the mean at each row, and its degrees of freedom."""
        rows = x / self.lengths
        if self.robust is None:
            return self.unit**2 * np.einsum("ip,pq,iq->i", rows, self.vcov, rows), [self.df] * len(rows)
        vcov, dfs = cr2(*self.robust, rows)
        return self.unit**2 * np.diag(vcov), [float(df) for df in dfs]


def _known(value: object, words: bool) -> bool:
    if words:
        return isinstance(value, str) and value.strip() != ""
    numeric = isinstance(value, bool | np.bool_) or is_numeric(value)
    return numeric and bool(np.isfinite(float(value)))  # type: ignore[arg-type]


def common_tau2(yi: ArrayLike, vi: ArrayLike, groups: Sequence[str], *, tau2: str) -> float:
    """Return the variance between trials within subgroups, taken as equal in all of them.

    Examples
    --------
    Equal variances: the mean square within the groups less their variance, 0.01 − 0.005.

    >>> y, v, groups = [0.0, 0.2, 1.0, 1.2], [0.005] * 4, ["a", "a", "b", "b"]
    >>> round(common_tau2(y, v, groups, tau2="REML"), 12)
    0.015
    """
    shared = meta_regression(yi, vi, {"group": list(groups)}, intercept=False, tau2=tau2).tau2
    assert shared is not None  # of random effects
    return shared


@dataclass(frozen=True)
class _Fitted:
    """A weighted least squares fit: coefficients, their variance, and what it rests on."""

    b: Array
    vcov: Array  # (X'WX)⁻¹
    residual: Array
    x: Array
    w: Array

    @classmethod
    def of(cls, y: Array, w: Array, x: Array) -> _Fitted:
        root = np.sqrt(w)
        q, r = np.linalg.qr(root[:, None] * x)
        inverse = np.linalg.inv(r)
        b = inverse @ (q.T @ (root * y))
        return cls(b, inverse @ inverse.T, y - x @ b, x, w)


def cluster_robust(
    result: PooledEstimate, yi: ArrayLike, vi: ArrayLike, cluster: Sequence[object]
) -> PooledEstimate:
    """Return a pooled estimate with the interval that effects which belong together allow.

    The estimate, its τ² and its weights stay; the standard error is cluster-robust (CR2), and P
    and interval are by t with Satterthwaite's df (Pustejovsky and Tipton 2018).

    Parameters
    ----------
    result : PooledEstimate
        As `pool(yi, vi, ...)` gave it.
    yi, vi : sequence of float, shape (k,)
        Effects and their variances.
    cluster : sequence, shape (k,)
        What effects belong together (trials).

    Returns
    -------
    PooledEstimate
        With `ci_method` "CR2" and without a prediction interval: none is known to hold here.

    Raises
    ------
    ValueError
        For fewer than two clusters.

    Examples
    --------
    Three pairs of equal effects are three effects:

    >>> from livingmeta.engine.pooling import pool
    >>> yi, vi, pairs = [0.1, 0.1, 0.3, 0.3, 0.8, 0.8], [0.1] * 6, list("aabbcc")
    >>> found = cluster_robust(pool(yi, vi, model="common", ci="wald"), yi, vi, pairs)
    >>> three = pool([0.1, 0.3, 0.8], [0.1] * 3, model="common", ci="wald")
    >>> round(found.estimate - three.estimate, 12), round(found.ci_df, 12)
    (0.0, 2.0)
    """
    y, v = usable(yi, vi, result.level)
    clusters = clusters_of(cluster, y.size)
    working = v + (result.tau2 or 0.0)
    fit = _Fitted.of(y - result.estimate, 1 / working, np.ones((y.size, 1)))
    vcov, dfs = cr2(fit.x, fit.vcov, fit.residual, _independent(working, clusters))
    mean = coefficient(INTERCEPT, result.estimate, vcov[0, 0], dfs[0], result.level)
    assert mean.se is not None  # a mean follows from any cluster
    assert mean.ci_low is not None
    assert mean.ci_high is not None
    gone = {"hksj_scale_below_one", "hksj_narrower_than_wald", "beyond_range", *OF_PREDICTION}
    own = [flag for flag in result.flags if flag not in gone]
    own += ["beyond_range"] * beyond(result.measure, mean.ci_low, mean.ci_high)
    return replace(
        result,
        se=mean.se,
        ci_low=mean.ci_low,
        ci_high=mean.ci_high,
        statistic=mean.statistic,
        p_value=mean.p_value,
        pi_low=None,
        pi_high=None,
        pi_method=None,
        ci_method="CR2",
        ci_df=mean.df,
        flags=(*own, *(("few_clusters",) if dfs[0] < FEW_DF else ())),
    )


def _independent(working: Array, clusters: list[NDArray[np.int_]]) -> list[Cluster]:
    """Return clusters whose effects are independent by the working model, of these variances."""
    return [(members, np.diag(working[members])) for members in clusters]


def cr2(
    x: Array, inverse: Array, residual: Array, clusters: Sequence[Cluster], of: Array | None = None
) -> tuple[Array, Array]:
    """Return the CR2 variance of coefficients fitted by a working model, and Satterthwaite's df of each.

    Of the combinations of coefficients in the rows of `of`, where it is given.

    With working covariances Φ, weights W = Φ⁻¹, M = (X'WX)⁻¹ (`inverse`) and H = XMX'W: A_j =
    D_j' B_j^(−½) D_j, D_j the Cholesky root of Φ_j = D_j'D_j and B_j = D_j (I − H)_j Φ (I − H)_j' D_j'
    (Pustejovsky and Tipton 2018); V = M Σ X_j' W_j A_j e_j e_j' A_j' W_j X_j M. For a coefficient, with
    p_j = (I − H)_j' A_j' W_j X_j M c and S_ij = p_i' Φ p_j, the df are (Σ S_ii)² / ΣΣ S_ij²
    (ibid.). NaN where a coefficient does not follow from the clusters without one of them: the
    residuals of that one say nothing of it.
    """
    asked = np.eye(x.shape[1]) if of is None else of
    scores, own, pulls = [], [], []
    for members, covariance in clusters:
        xj = x[members]
        root = np.linalg.cholesky(covariance).T
        # (I − H)_j Φ (I − H)_j' = Φ_j − X_j M X_j', since HΦ = XMX' = HΦH'
        left = covariance - xj @ inverse @ xj.T
        values, vectors = np.linalg.eigh(root @ left @ root.T)
        keep = values > values.max() * 1e-12  # a cluster that fixes a coefficient has none left
        half = (vectors[:, keep] / np.sqrt(values[keep])) @ vectors[:, keep].T
        weighted = np.linalg.solve(covariance, xj)  # W_j X_j
        pull = inverse @ weighted.T @ root.T @ half @ root  # (p, n_j)
        scores.append(pull @ residual[members])
        combined = asked @ pull
        own.append(np.einsum("pn,nm,pm->p", combined, left, combined))  # S_jj of each
        pulls.append(combined @ xj)  # (m, p)
    meat = np.array(scores) @ asked.T
    vcov = meat.T @ meat
    diagonal = np.array(own)
    # Off the diagonal S_ij = −u_i M u_j', u_i a row of pulls: their squares add up without J² numbers.
    u = np.array(pulls)  # (J, m, p)
    dfs = np.empty(len(asked))
    for i in range(len(asked)):
        shared = inverse @ (u[:, i].T @ u[:, i])
        q_jj = np.einsum("jp,pq,jq->j", u[:, i], inverse, u[:, i])
        squares = (shared * shared.T).sum() + (diagonal[:, i] ** 2 - q_jj**2).sum()
        # 0: nothing is left of a coefficient that one cluster fixes, which is told apart below
        dfs[i] = diagonal[:, i].sum() ** 2 / squares if squares > 0 else np.nan
    basis = np.linalg.qr(x)[0]
    # without a cluster that has little of the leverage all columns are still there
    heavy = [members for members, _ in clusters if np.linalg.norm(basis[members], 2) ** 2 > 0.9]
    none = np.zeros(len(asked), bool)
    alone = np.any([none, *(~_estimable(np.delete(x, m, 0), asked) for m in heavy)], axis=0)
    vcov[alone], vcov[:, alone], dfs[alone] = np.nan, np.nan, np.nan
    return vcov, dfs


def _estimable(x: Array, asked: Array) -> Mask:
    """Say which combinations of coefficients a design determines: those that its rows span."""
    spanned = np.linalg.pinv(x, rcond=COLLINEAR) @ x
    return np.asarray(np.abs(asked @ spanned - asked).max(1) < 1e-6)


def clusters_of(
    given: Sequence[object],
    k: int,
    *,
    name: str = "cluster",
    alone: str = "a cluster-robust variance needs two clusters or more.",
) -> list[NDArray[np.int_]]:
    """Return the places of the effects of each cluster, or refuse labels that make none of them.

    Examples
    --------
    >>> [places.tolist() for places in clusters_of(["Ash", "Birch", "Ash"], 3)]
    [[0, 2], [1]]
    """
    labels = list(given)
    if len(labels) != k:
        raise RefusalError(f"{name} has {len(labels)} values for {k} effects: give one each.")
    members: dict[object, list[int]] = {}
    for i, label in enumerate(labels):
        members.setdefault(label, []).append(i)
    if len(members) < 2:
        raise RefusalError(alone)
    return [np.array(places) for places in members.values()]


def _has_constant(x: Array) -> bool:
    constant = _constant(x)
    return bool(np.abs(x @ constant - 1).max() < 1e-9)


def _constant(x: Array) -> Array:
    """Return the coefficients that make the columns 1, or come nearest to it."""
    return np.asarray(np.linalg.lstsq(x, np.ones(len(x)), rcond=None)[0])


def _omnibus(
    b: Array, vcov: Array, tested: list[int], *, df: int | None
) -> tuple[float | None, tuple[float, ...], float | None]:
    """Test all moderators at once."""
    m = len(tested)
    if m == 0:
        return None, (), None
    part = b[tested]
    try:
        qm = float(part @ np.linalg.solve(vcov[np.ix_(tested, tested)], part))
    except np.linalg.LinAlgError:  # no residual at all: every SE is 0
        return None, (), None
    if df is None:
        return qm, (m,), float(chdtrc(m, qm))
    return qm / m, (m, df), float(fdtrc(m, df, qm / m))


def coefficient(name: str, b: float, variance: float, df: float | None, level: float) -> Coefficient:
    """Return an estimate with its interval and test: by t with `df`, or normal where that is None."""
    if np.isnan(variance):
        return Coefficient(name=name, estimate=float(b))
    b, se, upper = float(b), float(np.sqrt(variance)), (1 + level) / 2
    half = se * float(ndtri(upper) if df is None else stdtrit(df, upper))
    ratio = b / se if se > 0 else None
    p_value = None
    if ratio is not None:
        p_value = float(2 * (ndtr(-abs(ratio)) if df is None else stdtr(df, -abs(ratio))))
    return Coefficient(
        name=name,
        estimate=b,
        se=se,
        ci_low=b - half,
        ci_high=b + half,
        statistic=ratio,
        df=None if df is None else float(df),
        p_value=p_value,
    )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


# Effects up to which the basis of what the columns leave is held whole, k² numbers
MANY = 500


class Regression:
    """A regression on the columns of `x`, shape (k, p) or (B, k, p), of full rank."""

    def __init__(self, x: Array) -> None:
        self.x = x
        self.columns = x.shape[-1]

    def project(self, w: Array, y: Array) -> Projection:
        """Fit by an orthogonal basis of what the columns leave, so that no digit is lost."""
        root = np.sqrt(w)
        x = self.x if self.x.ndim == 2 else self.x[:, None]
        if w.shape[-1] > MANY:
            return _reduced(root, x, y)
        q, r = np.linalg.qr(root[..., None] * x, mode="complete")
        left = q[..., self.columns :]
        z = (left.swapaxes(-1, -2) @ (root * y)[..., None])[..., 0]
        weighted = (left @ z[..., None])[..., 0]
        residual = weighted / np.where(root > 0, root, 1.0)
        diagonal = np.abs(np.diagonal(r, axis1=-2, axis2=-1))
        return Projection(
            residual, lambda: (left**2).sum(-1) * (root > 0), lambda: 2 * np.log(diagonal).sum(-1)
        )

    def part(self, chosen: NDArray[np.int_]) -> Regression:
        """Return the design of these sets of the batch."""
        return self if self.x.ndim == 2 else Regression(self.x[chosen])

    def numbers(self, k: int) -> int:
        """Count what the orthogonal basis holds."""
        return k * (k if k <= MANY else self.columns)


def _reduced(root: Array, x: Array, y: Array) -> Projection:
    """Fit by an orthogonal basis of the columns alone, whose share is taken off twice."""
    q, r = np.linalg.qr(root[..., None] * x)
    z = (root * y)[..., None]
    for _ in range(2):  # what rounding left of them goes with the second
        z = z - q @ (q.swapaxes(-1, -2) @ z)
    residual = z[..., 0] / np.where(root > 0, root, 1.0)

    def kept() -> Array:
        leverage = (q**2).sum(-1)
        left = 1 - leverage
        for *of, place in np.argwhere(leverage > 0.9):  # few: they add up to the columns
            own = q[(*of,)] @ q[(*of, place)]
            own[place] -= 1
            left[(*of, place)] = (own**2).sum()
        return np.asarray(left * (root > 0))

    diagonal = np.abs(np.diagonal(r, axis1=-2, axis2=-1))
    return Projection(residual, kept, lambda: 2 * np.log(diagonal).sum(-1))
