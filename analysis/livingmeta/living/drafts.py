"""New rows for a review before they are written, and what they would do."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter

from livingmeta.audit.consistency import findings_of
from livingmeta.audit.doubts import implausible
from livingmeta.engine.measures import MEASURES
from livingmeta.exchange.sheets import as_csv
from livingmeta.review.protocol import Review, Side, fits, row_sets
from livingmeta.review.schema import SIGN_TURNED, Gap
from livingmeta.synthesis.derivation import Effect, NotComputableError, effect_of
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.settings import Selection, headline_settings
from livingmeta.synthesis.synthesise import synthesise
from livingmeta.words import RefusalError, key_of

Cells = dict[str, str]
Draft = dict[str, list[Cells]]  # table to new rows, in the order in which files refer to each other
ASKED = ("sources", "instruments", "trials", "reports", "outcomes")  # what a form and the questions fill
SEARCHED = ("records", "searches", "screening")
ORDER = (*ASKED, "gaps", "risk_of_bias", "second_extraction", "agreements", *SEARCHED)


def empty(review: Review) -> Draft:
    """Return a draft without a row.

    Raises
    ------
    RefusalError
        For a review of single groups: questions and form ask for two.
    """
    name = review.protocol.methods.measure
    if MEASURES[name].one_group:
        raise RefusalError(
            f"a review of {name} is of single groups, and questions and form ask what two groups have. Write "
            "its rows into outcomes.csv, group 1 alone, as data/README.md has the columns, and check them "
            "with livingmeta check."
        )
    return {table: [] for table in ASKED}


def taken(review: Review, draft: Draft, table: str) -> list[str]:
    """List the keys that no new row of a table may have: trials have a trial, sources a source."""
    key = table.removesuffix("s")
    return [*(getattr(row, key) for row in getattr(review, table)), *(row[key] for row in draft[table])]


def new_source(
    review: Review, draft: Draft, *, key: str, kind: str, citation: str, doi: str, url: str
) -> str:
    """Add what was read, under this key or the next that is free; return it."""
    cells = {"source": key_of(key, taken(review, draft, "sources")), "kind": kind, "citation": citation}
    reading = "secondary" if kind == "review" else "primary"
    draft["sources"].append({**cells, "doi": doi, "url": url, "reading": reading})
    return cells["source"]


def new_report(review: Review, draft: Draft, *, trial: str, citation: str, doi: str) -> str:
    """Add a report of a trial; return its key."""
    key = key_of(trial, taken(review, draft, "reports"))
    draft["reports"].append({"report": key, "trial": trial, "citation": citation, "doi": doi})
    return key


def new_instrument(review: Review, draft: Draft, cells: Cells) -> str:
    """Add a scale, its key made of its name; return the key."""
    name = re.sub(r"\W+", "_", cells["name"].lower()).strip("_")[:30]
    key = key_of(name, taken(review, draft, "instruments"))
    draft["instruments"].append({"instrument": key, **cells})
    return key


def appended(text: str, rows: Sequence[Mapping[str, str]], *, file: str) -> str:
    r"""Add rows to a CSV text; what stands in it stays as it is, to the last byte.

    Parameters
    ----------
    text : str
        The file, with its own line ends, comments, column order and extra columns.
    rows : sequence of mapping
        Cells by column; a column of the file that is not named stays empty.
    file : str
        Its name, for messages.

    Raises
    ------
    ValueError
        If a filled cell has no column in the file.

    Examples
    --------
    >>> appended("# mine\r\ntrial,extra,label\r\n", [{"label": "A, B", "trial": "a"}], file="x")
    '# mine\r\ntrial,extra,label\r\na,,"A, B"\r\n'
    """
    if not rows:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    header = next(
        line for line in lines if any(cell.strip() for cell in line) and not line[0].lstrip().startswith("#")
    )
    names = [name.strip() for name in header]
    lacking = sorted({name for row in rows for name, cell in row.items() if cell} - set(names))
    if lacking:
        raise RefusalError(
            f"{file} has no column {', '.join(lacking)}: add it to the header line and to each "
            "row (it may stay empty there)."
        )
    added = as_csv(([row.get(name, "") for name in names] for row in rows), end=end)
    return text + ("" if text.endswith(("\n", "\r")) else end) + added


def use_of(
    review: Review, *, trial: str, outcome: str, instrument: str, weeks: str
) -> tuple[str, str | None]:
    """Say how a new result can be used: "yes", or "sensitivity" with the row that is pooled now.

    A trial enters a synthesis with one result; which one is the review's decision, not that of
    the person who adds.
    """
    try:
        new = Gap(
            file="",
            row=0,
            trial=trial,
            outcome=outcome,
            instrument=instrument or None,
            weeks=float(weeks),
            what="",
            where="",
            source="x",
        )
    except ValueError:  # what is wrong with the cells is said elsewhere
        return "yes", None
    for plan in review.protocol.synthesis:
        if fits(review, plan, new) is not None:
            continue
        for row in review.outcomes:
            same = (row.instrument, row.weeks) == (new.instrument, new.weeks)
            if row.trial == trial and row.use == "yes" and not same and (fits(review, plan, row) is None):
                return "sensitivity", f"{plan.id} pools {row.place} of this trial"
    return "yes", None


def side_of(review: Review, draft: Draft, *, outcome: str, instrument: str) -> Side:
    """Say which group a negative standardised difference must favour in a new row.

    It is 1 where the scale, known or new, says which direction is better; else what review.toml
    says for all syntheses of the outcome.
    """
    better = {instrument.instrument: instrument.better for instrument in review.instruments}
    better |= {row["instrument"]: row["better"] for row in draft["instruments"]}  # type: ignore[misc]
    if better.get(instrument) in {"lower", "higher"}:
        return 1
    declared = review.protocol.groups.negative_favours
    sides = {
        plan.negative_favours or declared for plan in review.protocol.synthesis if plan.outcome == outcome
    }
    return (sides.pop() if len(sides) == 1 else None) or "unknown"


def signed(review: Review, cells: Cells, *, printed: str, wanted: Side) -> Cells:
    """Give a standardised difference the sign by which a negative one favours the group wanted.

    Parameters
    ----------
    review : Review
        Its groups are named in the note.
    cells : dict of str to str
        The row, with its numbers as printed.
    printed : str
        Group that a negative value favours as printed: "1", "2", or "unknown", which makes the
        row one that is never used.
    wanted : {1, 2, "unknown"}
        As `side_of` says.
    """
    if printed == str(wanted) or not cells.get("mean"):
        return cells
    if printed not in {"1", "2"}:
        why = "the source does not say which group a negative value of it favours"
        return {**cells, "use": "no", "note": why}
    both = (review.protocol.groups.group1, review.protocol.groups.group2)
    return turned(cells, f"where a negative one favours {both[printed == '2']}")


def turned(cells: Cells, printed: str) -> Cells:
    """Turn the sign of a difference, and note how it was printed."""
    text = cells["mean"]
    if cells.get("ci_low"):
        text += f" ({cells['ci_low']} to {cells['ci_high']})"
    note = f"{SIGN_TURNED}{text}, {printed}"
    pairs = {"mean": "mean", "ci_low": "ci_high", "ci_high": "ci_low", "t_value": "t_value"}
    other = {name: _minus(cells[old]) for name, old in pairs.items() if cells.get(old)}
    return {**cells, **other, "note": note}


def _minus(text: str) -> str:
    if float(text) == 0:
        return text
    return text.removeprefix("-") if text.startswith("-") else f"-{text}"


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What a draft would do: effects that are new, what is doubtful about them."""

    effects: tuple[tuple[Pool, Effect], ...]
    apart: tuple[Effect, ...]  # computed, and pooled nowhere while the trial has another result
    doubts: tuple[str, ...]
    unused: tuple[str, ...]  # why a new trial gives no effect


def prospect(before: Review, after: Review) -> Prospect:
    """Look at a review with and without new rows."""
    result = attrgetter("trial", "outcome", "instrument", "weeks", "group", "statistic", "mean")
    old_results = set(map(result, before.outcomes))
    new = dict.fromkeys(row for row in after.outcomes if result(row) not in old_results)
    pools = synthesise(after, selection=Selection(include_sensitivity=True))
    effects = tuple(
        (pool, effect)
        for pool in pools
        for effect in pool.effects
        if new.keys() & effect.rows and (pool.subgroup is not None or effect.subgroup is None)
    )
    wording = attrgetter("file", "row", "column", "reason")
    old = {wording(problem) for problem in (*before.warnings, *implausible(before))}
    doubts = [
        str(problem) for problem in (*after.warnings, *implausible(after)) if wording(problem) not in old
    ]
    was = {finding.detail for finding in findings_of(before, ())}
    doubts += [
        f"{', '.join(finding.claims)}, {finding.verdict}: {finding.detail}"
        for finding in findings_of(after, ())
        if finding.detail not in was
    ]
    doubts += [doubt for pool, effect in effects if (doubt := sign_doubt(pool, effect))]
    entered = {row for _, effect in effects for row in effect.rows}
    apart = []
    settings = headline_settings(after)
    for rows in row_sets(row for row in new if row not in entered).values():
        with suppress(NotComputableError):
            apart.append(effect_of(after, rows, settings, Selection(include_sensitivity=True)))
    trials = {row.trial for row in new}
    used = {effect.trial for _, effect in effects}
    unused = [
        f"{left.label}, {pool.title}: {left.why}"
        for pool in pools
        for left in pool.dropped
        if left.trial in trials - used
    ]
    return Prospect(
        effects=effects,
        apart=tuple(apart),
        doubts=tuple(dict.fromkeys(doubts)),
        unused=tuple(dict.fromkeys(unused)),
    )


def place_among(pool: Pool, effect: Effect) -> str:
    """Say where an effect lies among the other trials of its synthesis."""
    others = sorted(other.yi for other in pool.effects if other.trial != effect.trial)
    if not others:
        return "the only trial here"
    below = sum(other < effect.yi for other in others)
    text = f"{below} of {len(others)} other trials lie lower, {len(others) - below} higher"
    if effect.yi < others[0]:
        return f"{text}: lower than all"
    return f"{text}: higher than all" if effect.yi > others[-1] else text


def sign_doubt(pool: Pool, effect: Effect) -> str | None:
    """Doubt an effect that fits the others only with its sign turned."""
    others = [other for other in pool.effects if other.trial != effect.trial]
    if len(others) < 2:
        return None
    low, high = min(o.yi for o in others), max(o.yi for o in others)
    half = (effect.ci_high - effect.ci_low) / 2
    apart = effect.yi - half > high or effect.yi + half < low
    if apart and low <= -effect.yi <= high:
        return (
            f"{effect.label}, {pool.title}: the effect {effect.yi:.2f} lies outside all others and "
            f"would fit with its sign turned. Check which arm is group 1 ({pool.groups[0]}) and "
            "which direction of the scale is better."
        )
    return None
