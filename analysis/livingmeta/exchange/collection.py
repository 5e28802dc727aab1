"""Many analyses that another program pooled, pooled again and set beside what it printed."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from livingmeta.audit.results import results_of
from livingmeta.audit.verdicts import Verdict
from livingmeta.engine.effect_sizes import mean_difference, smd
from livingmeta.engine.pooling import fit
from livingmeta.exchange.imports import FILES, reviews_in
from livingmeta.review.folder import TEMPLATE, load_review
from livingmeta.review.protocol import Review
from livingmeta.words import SLACK, RefusalError, is_number, number, where

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
ARMS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
ANALYSIS = ("review", "analysis", "measure", "model")
PRINTED = {"estimate": "revman_effect", "ci_low": "revman_ci_low",
           "ci_high": "revman_ci_high", "weight": "revman_weight"}  # fmt: skip
COLUMNS = {*ANALYSIS, "study", *ARMS, *PRINTED.values()}
MODELS = {"FE": ("common", None), "DL": ("random", "DL"), "REML": ("random", "REML")}
EFFECTS: Mapping[str, Callable[..., tuple[Array, Array]]] = {"SMD": smd, "MD": mean_difference}
# RevMan Web stops its search for REML before the maximum; percent points of a weight.
STOPS_EARLY = 0.02
EARLY = "RevMan Web's REML stops early"
AT_ONCE = 10_000  # rows: bounds what is held beside the table, and lets the bar move
JUDGED = {"reproduced", "differs"}  # verdicts on numbers that could be compared
Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """A printed number that ours does not round to; `known` says why, None: nobody knows."""

    place: str
    quantity: str
    printed: str
    ours: float
    size: float
    known: str | None


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """One analysis: how many of its rows and printed numbers ours agree with.

    A row of a review is what one claim of published.csv prints.
    A row agrees if each of its printed numbers that was compared does, or deviates for a known
    reason.
    """

    file: str
    analysis: str
    rows: int  # with a number to compare
    agreeing: int
    compared: Mapping[str, int]  # printed numbers by quantity
    equal: Mapping[str, int]  # to the last printed digit
    deviations: tuple[Deviation, ...]
    skipped: tuple[str, ...]  # why a number was not compared, one entry for each

    @property
    def unexplained(self) -> tuple[Deviation, ...]:
        """Deviations that nobody can explain."""
        return tuple(one for one in self.deviations if one.known is None)


class Source(NamedTuple):
    """A review folder or a file in a folder."""

    path: Path
    name: str


def sources(folder: Path) -> list[Source]:
    """List the reviews and files in a folder; a review stands for itself.

    Raises
    ------
    ValueError
        If there is none.
    """
    if (folder / "review.toml").is_file():
        return [Source(folder, folder.name)]
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [
        Source(path, path.name)
        for path in inside
        if path.suffix.lower() in FILES
        or ((path / "review.toml").is_file() and path.name != TEMPLATE)
    ]
    if not found:
        raise RefusalError(
            f"{folder}: there is no review and no table in this folder. Put review folders, RevMan "
            "files or tables into it."
        )
    return found


def rerun(source: Source, *, progress: Progress | None = None) -> list[Rerun]:
    """Pool every analysis of a source again.

    Parameters
    ----------
    source : Source
        A review folder; a RevMan file, package or export; or a CSV with a row per study and the
        columns review, analysis, measure (SMD, MD), model (FE, DL, REML), study, mean1, sd1, n1,
        mean2, sd2, n2, revman_effect, revman_ci_low, revman_ci_high and revman_weight.
    progress : callable, optional
        Called with the rows done and their number; of a CSV with those columns only.

    Returns
    -------
    list of Rerun
        In the order of the source.

    Raises
    ------
    ValueError
        If it can't be read; the message says where and why.
    """
    path, name = source
    if path.is_dir():
        return _of_review(load_review(path), name)
    if path.suffix.lower() == ".csv" and _header(path) >= COLUMNS:
        return _of_blocks(path, name, progress)
    loaded, remarks = reviews_in(path)
    found = [one for review in loaded for one in _of_review(review, name)]
    if not remarks:
        return found
    left = Rerun(file=name, analysis="left out", rows=0, agreeing=0, compared={}, equal={},
                 deviations=(), skipped=tuple(remarks))  # fmt: skip
    return [*found, left]


def _of_blocks(path: Path, file: str, progress: Progress | None) -> list[Rerun]:
    """Rerun a table some thousand rows at a time, each analysis whole."""
    import pandas as pd

    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    keys, _ = pd.factorize(pd.MultiIndex.from_frame(table[list(ANALYSIS)]))
    sizes = np.bincount(keys)
    block = (np.cumsum(sizes) - sizes)[keys] // AT_ONCE
    found: list[Rerun] = []
    done = 0
    for number_of in np.unique(block):
        rows = block == number_of
        found += of_table(table[rows], file=file)
        done += int(rows.sum())
        if progress is not None:
            progress(done, len(table))
    return found


def _header(path: Path) -> set[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return set(next(csv.reader(file), []))


def _of_review(review: Review, file: str) -> list[Rerun]:
    results = results_of(review)
    methods = {where(pool.synthesis, pool.subgroup): pool.result and pool.result.tau2_method
               for pool in results.pools}  # fmt: skip
    about: dict[tuple[str | None, str | None], list[Verdict]] = defaultdict(list)
    for one in results.verdicts:
        if one.verdict != "not numeric":
            about[one.synthesis, one.subgroup].append(one)
    return [
        _judged(listed, file=file, analysis=where(*key), reml=methods.get(where(*key)) == "REML")
        for key, listed in about.items()
    ]


def _judged(verdicts: Sequence[Verdict], *, file: str, analysis: str, reml: bool) -> Rerun:
    compared = [one for one in verdicts if one.verdict in JUDGED]
    off = [one for one in compared if one.verdict == "differs" and one.recomputed is not None]
    deviations = [
        _deviation(where(analysis, one.trial), one.quantity, one.printed, one.recomputed or 0.0,
                   reml=reml)
        for one in off
    ]  # fmt: skip
    failed = {one.claim for one, told in zip(off, deviations, strict=True) if told.known is None}
    rows = {one.claim for one in compared}
    return Rerun(
        file=file, analysis=analysis, rows=len(rows), agreeing=len(rows - failed),
        compared=dict(Counter(one.quantity for one in compared)),
        equal=dict(Counter(one.quantity for one in compared if one.verdict == "reproduced")),
        deviations=tuple(deviations),
        skipped=tuple(f"{one.verdict}: {one.detail}" for one in verdicts
                      if one.verdict not in JUDGED),
    )  # fmt: skip


def _deviation(place: str, quantity: str, printed: str, ours: float, *, reml: bool) -> Deviation:
    size = abs(ours - number(printed).value)
    early = quantity == "weight" and reml and size <= STOPS_EARLY
    return Deviation(place=place, quantity=quantity, printed=printed, ours=ours, size=size,
                     known=EARLY if early else None)  # fmt: skip


def of_table(table: pd.DataFrame, *, file: str) -> list[Rerun]:
    """Pool a table of studies analysis by analysis, all of one size and model at once.

    Parameters
    ----------
    table : DataFrame of str
        With the columns that `rerun` lists; cells as printed, empty or NA where there is nothing.
    file : str
        Its name in places.

    Returns
    -------
    list of Rerun
        In the order of the table.
    """
    import pandas as pd

    arms = {name: pd.to_numeric(table[name], errors="coerce").to_numpy(float) for name in ARMS}
    printed = {quantity: _cells(table[column]) for quantity, column in PRINTED.items()}
    why = _unusable(table, arms)
    yi, vi = _effects(table["measure"].to_numpy(), arms, why == "")
    keys, names = pd.factorize(pd.MultiIndex.from_frame(table[list(ANALYSIS)]))
    weights = _weights(yi, vi, keys, table["model"].to_numpy())
    # a row that was pooled there and can't be here moves the weights of all others
    lost = (why != "") & (printed["weight"][0] > 0)
    weights[np.isin(keys, keys[lost])] = np.nan
    reach = ndtri(0.975) * np.sqrt(vi)
    ours = {"estimate": yi, "ci_low": yi - reach, "ci_high": yi + reach, "weight": weights}
    return _set_beside(table, ours, printed, keys=keys, why=why, file=file,
                       names=[f"{name[0]} {name[1]}" for name in names])  # fmt: skip


def _unusable(table: pd.DataFrame, arms: Mapping[str, Array]) -> NDArray[np.str_]:
    """Say for each row why there is no effect; empty where there is one."""
    why = np.full(len(table), "", dtype="U60")

    def say(wrong: NDArray[np.bool_], reason: str) -> None:
        why[wrong & (why == "")] = reason

    say(~table["measure"].isin(EFFECTS).to_numpy(), f"the measure is none of {', '.join(EFFECTS)}")
    say(~table["model"].isin(MODELS).to_numpy(), f"the model is none of {', '.join(MODELS)}")
    for name, values in arms.items():
        say(~np.isfinite(values), f"no {name}")
        if name.startswith("sd"):
            say(values <= 0, f"{name} is not above 0")
        elif name.startswith("n"):
            say(values < 2, f"{name} is below 2")
    return why


def _effects(
    measure: NDArray[np.object_], arms: Mapping[str, Array], good: NDArray[np.bool_]
) -> tuple[Array, Array]:
    yi, vi = np.full(good.size, np.nan), np.full(good.size, np.nan)
    for name, effect in EFFECTS.items():
        rows = good & (measure == name)
        if rows.any():
            yi[rows], vi[rows] = effect(*(values[rows] for values in arms.values()))
    return yi, vi


def _weights(yi: Array, vi: Array, keys: NDArray[np.intp], model: NDArray[np.object_]) -> Array:
    """Return the weight of each row in percent of its analysis, NaN where it has no effect."""
    weights = np.full(yi.size, np.nan)
    good = np.flatnonzero(np.isfinite(yi))
    order = good[np.argsort(keys[good], kind="stable")]
    _, first, sizes = np.unique(keys[order], return_index=True, return_counts=True)
    for name, (kind, tau2) in MODELS.items():
        mine = model[order[first]] == name
        for k in np.unique(sizes[mine]):
            rows = order[first[mine & (sizes == k)][:, None] + np.arange(k)]
            pooled = fit(yi[rows], vi[rows], model=kind, tau2=tau2, ci="wald", prediction="none")
            weights[rows] = pooled.weights
    return weights


def _cells(column: pd.Series) -> tuple[Array, Array]:
    """Return printed values and half a unit of their last digits; NaN where nothing is printed."""
    read = [_cell(text) for text in column.tolist()]
    return np.array([one[0] for one in read]), np.array([one[1] for one in read])


def _cell(text: str) -> tuple[float, float]:
    units, _, decimals = text.partition(".")
    if (units.removeprefix("-") + decimals).isdecimal():  # ten times as fast, and most are so
        return float(text), 0.5 * 10.0 ** -len(decimals)
    return number(text)[:2] if is_number(text) else (np.nan, np.nan)


def _set_beside(
    table: pd.DataFrame, ours: Mapping[str, Array], printed: Mapping[str, tuple[Array, Array]],
    *, keys: NDArray[np.intp], names: Sequence[str], why: NDArray[np.str_], file: str,
) -> list[Rerun]:  # fmt: skip
    deviations: dict[int, list[Deviation]] = defaultdict(list)
    skipped: dict[int, list[str]] = defaultdict(list)
    here, equal = {}, {}
    failed = np.zeros(len(table), bool)
    model, study = table["model"].to_numpy(), table["study"].to_numpy()
    lines = table.index.to_numpy() + 2  # of the file; its header is the first
    for row in np.flatnonzero(why != ""):
        skipped[keys[row]].append(f"row: {why[row]}")
    for quantity, (values, halves) in printed.items():
        found, texts = ours[quantity], table[PRINTED[quantity]].to_numpy()
        here[quantity] = np.isfinite(values) & np.isfinite(found)
        equal[quantity] = here[quantity] & (np.abs(found - values) <= halves + SLACK)
        for row in np.flatnonzero(here[quantity] & ~equal[quantity]):
            place = f"{names[keys[row]]}, {study[row]} (row {lines[row]})"
            told = _deviation(place, quantity, texts[row], float(found[row]),
                              reml=model[row] == "REML")  # fmt: skip
            deviations[keys[row]].append(told)
            failed[row] |= told.known is None
        for row in np.flatnonzero(~here[quantity] & (why == "")):
            reason = "not printed" if np.isnan(values[row]) else "a row it pooled can't be used"
            skipped[keys[row]].append(f"{quantity}: {reason}")
    any_here = np.any(list(here.values()), axis=0)
    counts = {
        name: np.bincount(keys[rows], minlength=len(names))
        for name, rows in (("rows", any_here), ("agreeing", any_here & ~failed))
    }
    compared, same = (
        {quantity: np.bincount(keys[rows], minlength=len(names)) for quantity, rows in of.items()}
        for of in (here, equal)
    )
    return [
        Rerun(
            file=file, analysis=name, rows=int(counts["rows"][i]),
            agreeing=int(counts["agreeing"][i]),
            compared={quantity: int(number[i]) for quantity, number in compared.items()},
            equal={quantity: int(number[i]) for quantity, number in same.items()},
            deviations=tuple(deviations[i]), skipped=tuple(skipped[i]),
        )
        for i, name in enumerate(names)
    ]  # fmt: skip
