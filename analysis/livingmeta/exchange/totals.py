"""Rows of a table that sum up the others: known by their name or by their numbers, and not pooled."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from livingmeta.exchange.analyses import WHOLE, Analysis, Record
from livingmeta.words import number

# What a row is called that sums up the others
TOTAL_NAMES = re.compile(
    r"((d ?[+&] ?l|dl|reml|m-?h|i-?v|mantel-haenszel|inverse[- ]variance|peto)[\s,:-]+)?("
    r"(.*[\s:–—-])?(grand |sub-?\s?)?totals?|overall|pooled|summary|combined|sum|mean|average|"
    r"weighted (mean|average)|gesamt(ergebnis|effekt)?|summ[ea]|insgesamt|zwischensumme|totalt|"
    r"samlet|i alt|total (général|geral|general)|totale|totales|totaal|yhteensä|razem|ogółem|"
    r"итого|合計|总计|합계|[ΣƩ]|(all|\d+) (studies|trials|rcts)|[nk] ?= ?\d+|"
    r"(random|fixed|common)[- ]effects?|(re|fe|ce) model|meta-?analysis|heterogeneity|"
    r"test (for|of) (overall|subgroup|hetero|residual)\w*\b.*|prediction interval)"
    r"(\s+(effects?|estimates?|results?|means?|models?|analysis|events?|participants|patients|n|"
    r"odds ratio|risk ratio|hazard ratio|risk difference|mean difference|or|rr|hr|rd|irr|w?md|smd|"
    r"re|fe|(for|of|before|after|since|until|from)\b.*))*\s*([(\[:,;=–—-].*)?",
    re.IGNORECASE,
)
_MARKS = " \t*†‡§#◆◇♦⬥■●►▶•"  # beside the diamond or the name
# A year at the end names a study, unless it ends a span of years
DATED = re.compile(
    r"(?<!\d)(?<!before )(?<!after )(?<!since )(?<!until )(?<!from )"
    r"(?<![–—-])(?<![–—-] )(19|20)\d\d[a-z]?\W*$",
    re.IGNORECASE,
)
RARE = 0.005  # chance at which two equal numbers no longer look like chance


def _called_total(record: Record) -> bool:
    return TOTAL_NAMES.fullmatch(record.study.strip(_MARKS)) is not None


def _dated(record: Record) -> bool:
    return re.search(r"\d{4}", record.year) is not None or DATED.search(record.study) is not None


def named_total(record: Record) -> bool:
    """Say whether a row is called a total and nothing dates it as a trial."""
    return _called_total(record) and not _dated(record)


def without_totals(records: Sequence[Record], analysis: Analysis) -> list[Record]:
    """Leave out the rows that sum up others, aloud; pool what may be a trial, and say the doubt."""
    named = [record for record in records if named_total(record)]
    studies = [record for record in records if record not in named]
    by_subgroup: dict[str, list[Record]] = {}
    for study in studies:
        by_subgroup.setdefault(study.subgroup, []).append(study)
    groups = {name: (rows, _sums(rows)) for name, rows in by_subgroup.items()}
    whole = (studies, _sums(studies))
    sums = {id(study): _sums_up(study, (whole, groups[study.subgroup])) for study in studies}
    kept = []
    for record in records:
        sure = sums.get(id(record))
        if record in named:
            analysis.remarks.append(
                f"{record.place}, {record.study}: the row is called a total, or a result of pooling, "
                "so it is not pooled. If it is a trial, give it the name of one."
            )
        elif sure:
            analysis.remarks.append(
                f"{record.place}, {record.study}: the row holds the sums of the other rows, so it is "
                "taken as their total and not pooled. If it is a trial, add its year to its name."
            )
        else:
            kept.append(record)
            if sure is not None or _called_total(record):
                record.doubt = (
                    "its numbers can be those of the other rows together"
                    if sure is not None
                    else "it is called like a total"
                )
                analysis.remarks.append(
                    f"{record.place}, {record.study}: {record.doubt}; it is pooled as a trial. If it is a "
                    "total, call it Total."
                )
    return kept


# What rows have together, None where one of them lacks it: people, events, and weights
Sums = Mapping[str, float | None]


def _sums(records: Sequence[Record]) -> Sums:
    people = {name: [record.cells.get(name) or "" for record in records] for name in WHOLE}
    ses = [_se(record.cells) for record in records]
    return {
        **{name: math.fsum(map(float, cells)) if all(cells) else None for name, cells in people.items()},
        "weight": math.fsum(1 / se**2 for se in ses if se) if all(ses) else None,
    }


def _may_sum_up(record: Record, sums: Sums) -> bool:
    """Say whether the other rows need to be looked at, one by one: by what all have together.

    A total doubles the sum of people, or has the weight of all others.
    """
    summed = [name for name in WHOLE if record.cells.get(name)]
    for name in summed:
        whole = sums[name]
        if whole is None or abs(2 * float(record.cells[name]) - whole) > 1e-6 * abs(whole):
            return False
    se, weight = _se(record.cells), sums["weight"]
    if summed:
        return True
    if se is None or weight is None:
        return False
    others = max(weight - 1 / se**2, 0.0)
    return abs(se * math.sqrt(others) - 1) < 0.03 + _blur(record) + 1e-6


def _sums_up(record: Record, groups: Sequence[tuple[Sequence[Record], Sums]]) -> bool | None:
    """Say whether a row is the total of the others by its numbers; None where it can't be.

    False: its numbers can be those of a total, and as well those of a trial, which is never left
    out for that.
    """
    total: bool | None = None
    for records, sums in groups:
        if not _may_sum_up(record, sums):
            continue
        others = [other for other in records if other is not record]
        if len(others) > 1 and (summed := _adds_up(record, others)) is not None:
            sure = summed and (len(others) > 2 or not _dated(record) or _called_total(record))
            total = total or sure
    return total


def _adds_up(record: Record, others: Sequence[Record]) -> bool | None:
    """Say whether a row has the people of the others and their effect, as far as it is rounded."""
    summed = [name for name in sorted(WHOLE) if record.cells.get(name)]
    if any(not other.cells.get(name) for other in others for name in summed) or any(
        float(record.cells[name]) != math.fsum(float(other.cells[name]) for other in others)
        for name in summed
    ):
        return None
    if record.cells.get("yi") or not summed:
        return _pools(record, others, people=bool(summed))
    sure = True
    for arm in ("1", "2") if "events1" not in record.cells else ():
        own, *theirs = (row.cells.get(f"mean{arm}") or "" for row in (record, *others))
        if not own or "" in theirs:
            continue  # people alone, as the last row of a forest plot has them
        if not _among(own, theirs):
            return None
        people = [float(other.cells[f"n{arm}"]) for other in others]
        plain = [1.0] * len(others)
        # of three trials or more, equal sums of people are no chance, however means were pooled
        sure &= len(others) > 2 or any(_equal(own, theirs, by) for by in (people, plain))
    return sure


def _among(own: str, theirs: Sequence[str]) -> bool:
    spans = [number(value).span for value in theirs]
    return min(low for low, _ in spans) <= number(own).span[1] and number(own).span[0] <= max(
        high for _, high in spans
    )


def _equal(own: str, theirs: Sequence[str], weights: Sequence[float]) -> bool:
    """Say whether a number can be the mean of others, all as they are rounded."""
    low, high = number(own).span
    spans = [number(value).span for value in theirs]
    least, most = (
        sum(w * span[end] for w, span in zip(weights, spans, strict=True)) / sum(weights) for end in (0, 1)
    )
    return low <= most and high >= least


def _pools(record: Record, others: Sequence[Record], *, people: bool = False) -> bool | None:
    """Say whether an effect is the common effect of the others, by value and standard error.

    With `people` their sums are known to be equal.
    """
    own, *theirs = (row.cells.get("yi") or "" for row in (record, *others))
    ses = [_se(row.cells) for row in (record, *others)]
    if not own or "" in theirs or None in ses or not _among(own, theirs):
        return None
    error, *errors = (float(se or 0) for se in ses)
    weights = [1 / se**2 for se in errors]
    if (
        people
        and error <= max(errors)
        and (len(others) > 2 or _equal(own, theirs, [_people(other) for other in others]))
    ):
        return True
    close = abs(error * sum(weights) ** 0.5 - 1) < 0.03 + _blur(record)
    if not (close and _equal(own, theirs, weights)):
        return False if people else None
    values = [float(value) for value in theirs]
    chance = number(own).half / max(max(values) - min(values), error) * (0.01 + _blur(record))
    return True if people or chance < RARE else False if chance < 5 * RARE else None


def _people(record: Record) -> float:
    return sum(float(record.cells[name]) for name in ("n1", "n2") if record.cells.get(name))


def _blur(record: Record) -> float:
    """Return by what part a standard error may be off for its rounding."""
    for name, power in (("sei", 1.0), ("vi", 0.5)):
        if float(record.cells.get(name) or 0) > 0:
            return power * number(record.cells[name]).half / float(record.cells[name])
    low, high = (number(record.cells[name]) for name in ("low", "high"))
    return (low.half + high.half) / abs(float(record.cells["high"]) - float(record.cells["low"]))


def _se(cells: Mapping[str, str]) -> float | None:
    """Return the standard error of an effect, None where there is none above 0."""
    for name, power in (("sei", 1.0), ("vi", 0.5)):
        if cells.get(name) and float(cells[name]) > 0:
            return float(float(cells[name]) ** power)
    if cells.get("low") and cells.get("high") and float(cells["high"]) > float(cells["low"]):
        return (float(cells["high"]) - float(cells["low"])) / (2 * 1.96)
    return None
