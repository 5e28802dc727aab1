"""Rules between rows and between files of a review."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain, product

from livingmeta.review.protocol import Review, RowSetKey, better_known, favours, fits, lenders, row_sets
from livingmeta.review.quotes import outdated
from livingmeta.review.schema import TABLES, WORDED, Decision, Moderator, Outcome, Problem, Row
from livingmeta.review.screening import screened
from livingmeta.words import unknown

COLUMN = re.compile(r"\bcolumn (.+)$", re.IGNORECASE)  # of a locator, as `read` writes it
PEOPLE = re.compile(r"\bn\s*=\s*(\d+)", re.IGNORECASE)
CHANGE = re.compile(r"(?<!of )\bchanges?\b|\bchanged\b|Δ", re.IGNORECASE)
CELL = re.compile(r"\brow .+$", re.IGNORECASE)  # of a locator too
WORD = re.compile(r"\w+")
DENIED = re.compile(r"\b(?:not|no|never|without)\s+[\w-]+")  # "did not hurt" says the contrary
TOKEN = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
QUOTED = re.compile(r"“([^”]+)”")
OF_SMD = (  # what else papers call a standardised mean difference
    *("standardized difference", "standardised difference", "std mean difference"),
    *("cohen's d", "hedges' g", "hedges g"),
)


def across(review: Review) -> Iterator[Problem]:
    """Yield what is wrong between rows and between files."""
    yield from _keys(review)
    yield from _provenance(review)
    yield from _numbers(review)
    yield from _row_sets(review)
    yield from _sizes(review)
    yield from _located(review)
    yield from _one_set_each(review)
    yield from _placed(review)
    yield from _subgroups(review)
    yield from _scale(review)
    yield from _direction(review)
    yield from _declared_keys(review)
    yield from _judgements(review)
    yield from decisions(review, review.certainty)
    yield from _flow(review)
    yield from _clusters(review)
    yield from _moderators(review)
    yield from screened(review)
    yield from outdated(review)


def _keys(review: Review) -> Iterator[Problem]:
    keys: dict[str, list[str]] = {}
    for column in ("source", "trial", "report", "instrument"):
        first: dict[str, Row] = {}
        for row in getattr(review, f"{column}s"):
            key = getattr(row, column)
            if key in first:
                reason = f"the key stands already in {first[key].place}"
                yield row.problem(column, reason, "Choose another key.")
            first.setdefault(key, row)
        keys[column] = list(first)
    keys["synthesis"] = [plan.id for plan in review.protocol.synthesis]
    keys["outcome"] = sorted({plan.outcome for plan in review.protocol.synthesis})
    home = {"synthesis": "review.toml", "outcome": "a synthesis of review.toml"}
    for column in ("trial", "source", "report", "instrument", "synthesis", "outcome"):
        known = set(keys[column])
        tables = [name for name in (*TABLES, "moderators") if column in home or name != f"{column}s"]
        for row in chain.from_iterable(getattr(review, name) for name in tables):
            key = getattr(row, column, None)
            if key is not None and key not in known:
                near = get_close_matches(key, keys[column], n=1)
                remedy = f"Did you mean {near[0]}?" if near else "Add it there, or correct it here."
                yield row.problem(column, f"{home.get(column, f'{column}s.csv')} has no such key", remedy)


def _clusters(review: Review) -> Iterator[Problem]:
    """Warn of trials of clusters whose numbers are pooled as if people had been randomised."""
    for trial in review.trials:
        if trial.randomised != "clusters":
            continue
        rows = [
            row
            for row in review.outcomes
            if row.trial == trial.trial
            and row.use != "no"
            and row.weeks != 0
            and row.inflation is None
            and row.cluster_adjusted is None
        ]
        if rows:
            first, *others = rows
            also = f", and so do {len(others)} more rows of it" if others else ""
            yield first.problem(
                "cluster_size",
                f"{trial.label} randomised clusters, and this row does not allow for them{also}: pooled so, "
                "its interval is too narrow (a unit of analysis error)",
                "Give cluster_size and icc (with icc_from, where it is another trial's), or write "
                "cluster_adjusted = yes where its own analysis allows for clusters.",
                severity="warning",
            )


def _provenance(review: Review) -> Iterator[Problem]:
    kinds = {source.source: source.kind for source in review.sources}
    owners = {report.report: report.trial for report in review.reports}
    for row in review.outcomes:
        if kinds.get(row.source) != "dataset":
            for column in ("report", "instrument", "quote"):
                if getattr(row, column) is None:
                    yield row.problem(
                        column,
                        "this cell may not be empty, except where the source is a dataset",
                        "Say where the number stands, so that a stranger finds it.",
                    )
        if row.report is not None and owners.get(row.report, row.trial) != row.trial:
            yield row.problem(
                "report", f"this is a report of {owners[row.report]}", "Check trial and report."
            )
        if row.sd_from is not None and not lenders(review, row.sd_from):
            yield row.problem(
                "sd_from",
                "no arm rows of final scores with an SD are found under it",
                'Write "trial instrument weeks" as those rows have them.',
            )
    for claim in review.published:
        if kinds.get(claim.source) != "dataset" and claim.quote is None:
            yield claim.problem("quote", "a claim needs its words", "Quote them.")
    for known in review.moderators:
        if known.number is not None and kinds.get(known.source) != "dataset" and known.quote is None:
            yield known.problem("quote", "a number needs its words", "Quote them.")


def _numbers(review: Review) -> Iterator[Problem]:
    """Yield printed results that are shown as they stand, and not computed with."""
    for claim in review.published:
        if claim.quantity in {*WORDED, "count"}:
            continue
        if claim.number is None:
            yield claim.problem(
                "printed",
                "this is not one number, so it is shown as words and compared with nothing",
                'Where digits are printed, write them with a decimal point ("-0.27", "1,026").',
                severity="warning",
            )
        elif claim.value is None and claim.quantity in {"estimate", "ci_low", "ci_high"}:
            yield claim.problem(
                "printed",
                "a bound is no value, so no figure draws this result",
                "Nothing is to be done where the publication prints no more.",
                severity="warning",
            )


def _alone(review: Review) -> bool:
    """Say whether a review is of single groups."""
    from livingmeta.engine.measures import MEASURES

    measure = MEASURES.get(review.protocol.methods.measure)
    return measure is not None and measure.one_group


def _row_sets(review: Review) -> Iterator[Problem]:
    alone = _alone(review)
    usable = [row for row in review.outcomes if row.use != "no"]
    for rows in row_sets(usable).values():
        groups = {row.group for row in rows}
        for row in rows:
            other = {"1": "2", "2": "1"}.get(row.group)
            if alone and row.group == "2":
                yield row.problem(
                    "group",
                    f"a review of {review.protocol.methods.measure} has single groups, which are all group 1",
                    "Write 1, with another contrast where the trial has several, or declare as measure "
                    "one that compares two groups.",
                )
            elif other is not None and other not in groups and not alone:
                yield row.problem(
                    "group",
                    f"arms come in pairs, and there is no row for group {other} with the "
                    "same trial, outcome, instrument, time and statistic",
                    "Add it, or set use to no and say why in note.",
                )
        for group, use in sorted({(row.group, row.use) for row in rows}):
            twins = [row for row in rows if (row.group, row.use) == (group, use)]
            for row in twins[1:]:
                yield row.problem(
                    "group",
                    f"the same arm at the same time stands already in {twins[0].place}",
                    "Keep one, and set use of the other to no with the reason in note.",
                )


def _sizes(review: Review) -> Iterator[Problem]:
    trials = {trial.trial: trial for trial in review.trials}
    remedy = "Check both numbers against the report."
    for row in review.outcomes:
        if (trial := trials.get(row.trial)) is None:
            continue
        randomised = {"1": trial.n1_randomised, "2": trial.n2_randomised}
        for column, group in (("n", row.group), ("n1", "1"), ("n2", "2")):
            most = randomised.get(group) or trial.n_randomised
            size = getattr(row, column)
            if size is not None and most is not None and size > most:
                yield row.problem(column, f"only {most} were randomised", remedy)
    for rows in row_sets(review.outcomes).values():
        both = max(
            sum({row.group: row.n or 0 for row in rows}.values()),
            *((row.n1 or 0) + (row.n2 or 0) for row in rows),
        )
        all_randomised = trials[rows[0].trial].n_randomised if rows[0].trial in trials else None
        if all_randomised is not None and both > all_randomised:
            column = "n" if rows[0].n is not None else "n1"
            reason = f"the arms add up to {both} and {all_randomised} were randomised"
            yield rows[0].problem(column, reason, remedy)
    yield from _growth(review)


def _growth(review: Review) -> Iterator[Problem]:
    first: dict[tuple[object, ...], Outcome] = {}
    for row in sorted(review.outcomes, key=lambda row: row.weeks or 0):
        if row.n is None:
            continue
        key = (row.trial, row.contrast, row.subgroup, row.outcome, row.instrument, row.group)
        earlier = first.setdefault(key, row)
        if row.n > (earlier.n or 0) and row.weeks != earlier.weeks:
            yield row.problem(
                "n",
                f"the arm had {earlier.n} people earlier ({earlier.place})",
                "People are lost over time, not gained: check both.",
                severity="warning",
            )


def _located(review: Review) -> Iterator[Problem]:
    for row in review.outcomes:
        if column := COLUMN.search(row.locator or ""):
            yield from beneath(review, row, column[1], who="its locator names a column")
        if place := CELL.search(row.locator or ""):
            yield from changing(review, row, place[0], who="its locator speaks")
        yield from measured(row, f"{row.quote or ''} … {row.locator or ''}", who="its quote or locator names")
    groups = review.protocol.groups
    own = _apart(groups.group1, groups.group2)
    for trial in review.trials:
        if trial.arm1 and trial.arm2:
            arms = _apart(*(DENIED.sub(" ", arm.casefold()) for arm in (trial.arm1, trial.arm2)))
            straight = any(arm & names for arm, names in zip(arms, own, strict=True))
            if not straight and any(arm & names for arm, names in zip(arms, own[::-1], strict=True)):
                yield trial.problem(
                    "arm1",
                    f"its words, or those of arm2, are those of the other group: 1 is {groups.group1!r}",
                    "If the arms were swapped, the effect has the other sign: check them and outcomes.csv.",
                    severity="warning",
                )


def _apart(first: str, second: str) -> tuple[set[str], set[str]]:
    """Return the words that one of two texts has, and the other has not; small ones tell no arms apart."""
    words = ([word for word in TOKEN.findall(text.casefold()) if len(word) > 3] for text in (first, second))
    one, other = ({*listed} - {"with", "without"} for listed in words)
    return one - other, other - one


def changing(review: Review, row: Outcome, words: str, *, who: str) -> Iterator[Problem]:
    """Doubt final scores at a place whose words speak of a change; `who` says whose they are."""
    scale = next((known.name for known in review.instruments if known.instrument == row.instrument), "")
    final = row.statistic == "final" and row.group != "difference"
    if final and CHANGE.search(words) and not CHANGE.search(scale):
        reason, remedy = f"{who} of a change", "If these are changes from baseline, write change."
        yield row.problem("statistic", reason, remedy, severity="warning")


def measured(row: Outcome, words: str, *, who: str) -> Iterator[Problem]:
    """Doubt a difference whose words name another measure than its own, such as an odds ratio for RR."""
    from livingmeta.engine.measures import MEASURES

    kinds = [(key, MEASURES[key]) for key in ("SMD", "MD", "RD", "OR", "RR", "HR", "IRR", "ROM")]
    own = (row.measure or "").removeprefix("log ")
    if own not in dict(kinds):
        return
    called = {name.casefold(): key for key, kind in kinds for name in (kind.words, *kind.names)}
    called |= {**dict.fromkeys(OF_SMD, "SMD"), "difference": ""}
    phrases = "|".join(sorted(map(re.escape, called), key=len, reverse=True))
    plain = words.replace("’", "'")
    named = {called[held.casefold()] for held in re.findall(rf"\b(?:{phrases})\b", plain, re.I)}
    ratio = bool(MEASURES[own].ratio)
    short = "|".join(key for key, kind in kinds if bool(kind.ratio) == ratio)  # HR: heart rate, too
    named |= {*re.findall(rf"\ba?({short})\b(?=[\s,:=(]*[-−]?\d)", words)}
    if ratio:
        named -= {"", "MD", "SMD", "RD"}
    if named and own not in named and "" not in named:
        other = " and ".join(MEASURES[key].words.lower() for key in sorted(named))
        remedy = "Check it: the measure is what the paper calls the number."
        yield row.problem("measure", f"{who} another measure, {other}", remedy, severity="warning")


def beneath(review: Review, row: Outcome, heading: str, *, who: str) -> Iterator[Problem]:
    """Doubt a row beneath a heading that names the other group, or another number of people.

    `who` says so of the heading, as in "its locator names a column".
    """
    if row.group == "difference":
        return
    own, other = arms_named(review, row, heading)
    # where both stand there, nothing is said; but "exercise" may be a part of "painful exercise"
    if own != other and own in other:
        yield row.problem(
            "group",
            f"{who} of the other group, {other!r}",
            "If the arms were swapped, the effect has the other sign: check group and locator.",
            severity="warning",
        )
    people = PEOPLE.findall(heading)
    quoted = re.search(rf"(?<![\d.,]){row.n}(?![\d.,]*\d)", row.quote or "")
    if people and row.n is not None and str(row.n) not in people and not quoted:
        yield row.problem(
            "n",
            f"{who} of {people[-1]} people",
            "Check it. If another number was analysed, add the words that say so to the quote.",
            severity="warning",
        )


def arms_named(review: Review, row: Outcome, words: str) -> tuple[str, str]:
    """Return the names of a row's own group and of the other one that stand in words, "" where none does."""
    own, other = _arms(review, row)
    return _longest_of(own, words), _longest_of(other, words)


def arms_at(review: Review, row: Outcome, words: str) -> list[tuple[int, str]]:
    """Return where words name a row's own arm and the other one, each by the longest of its names."""
    called = [
        (r"\W+".join(WORD.findall(name)), whose)
        for names, whose in zip(_arms(review, row), ("own", "other"), strict=True)
        for name in names
    ]
    longest = sorted(
        ((pattern, whose) for pattern, whose in called if pattern), key=lambda pair: -len(pair[0])
    )
    found = re.finditer("|".join(rf"\b({pattern})\b" for pattern, _ in longest), words, re.IGNORECASE)
    return [(held.start(), longest[held.lastindex - 1][1]) for held in found if held.lastindex]


def _arms(review: Review, row: Outcome) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a row's own arm is called, and what the other one."""
    groups = review.protocol.groups
    trial = next((trial for trial in review.trials if trial.trial == row.trial), None)
    first = (groups.group1, *_names(trial.arm1 if trial else None))
    second = (groups.group2, *_names(trial.arm2 if trial else None))
    return (first, second) if row.group == "1" else (second, first)


def _names(arm: str | None) -> tuple[str, ...]:
    """Return what an arm is called: all of the cell, and what stands in it in quote marks."""
    return (arm, *QUOTED.findall(arm)) if arm else ()


def _longest_of(names: Iterable[str], heading: str) -> str:
    """Return the longest of the names that stand in a heading as whole words, "" where none does."""
    plain = [" ".join(WORD.findall(text.casefold())) for text in (heading, *names)]
    return max((name for name in plain[1:] if name and f" {name} " in f" {plain[0]} "), key=len, default="")


def _one_set_each(review: Review) -> Iterator[Problem]:
    for plan in review.protocol.synthesis:
        first: dict[tuple[object, ...], tuple[RowSetKey, Outcome]] = {}
        offered = [row for row in review.outcomes if row.use == "yes" and fits(review, plan, row) is None]
        for key, rows in row_sets(offered).items():
            row = rows[0]
            trial = (row.trial, row.contrast, row.subgroup)
            held = first.setdefault(trial, (key, row))
            if held[0] != key:
                yield row.problem(
                    "use",
                    f"the trial has another use = yes row set in {plan.id} ({held[1].place})",
                    "Keep yes for one and write sensitivity at the other.",
                )


def _placed(review: Review) -> Iterator[Problem]:
    for row in review.outcomes:
        if row.use == "no":
            continue
        reasons = [
            fits(review, plan, row) for plan in review.protocol.synthesis if plan.outcome == row.outcome
        ]
        if reasons and None not in reasons:
            yield row.problem(
                "use",
                f"no synthesis takes this row: {'; '.join(dict.fromkeys(map(str, reasons)))}",
                "Check weeks and instrument, or set use to no and say why in note.",
                severity="warning",
            )


def _subgroups(review: Review) -> Iterator[Problem]:
    for plan in review.protocol.synthesis:
        offered = [row for row in review.outcomes if row.use != "no" and fits(review, plan, row) is None]
        bare = [row for row in offered if row.subgroup is None]
        for row in bare if len(bare) < len(offered) else ():
            yield row.problem(
                "subgroup",
                f"other rows of {plan.id} have a subgroup and this one has none",
                "Fill it in all rows of a synthesis, or in none.",
            )


def _scale(review: Review) -> Iterator[Problem]:
    scales = {instrument.instrument: instrument for instrument in review.instruments}
    for row in review.outcomes:
        scale = scales.get(row.instrument or "")
        if scale is None or row.statistic != "final" or row.group == "difference":
            continue
        for column in ("mean", "median"):
            value = getattr(row, column)
            low, high = scale.min, scale.max
            if value is not None and (
                (low is not None and value < low) or (high is not None and value > high)
            ):
                limits = " to ".join("?" if end is None else f"{end:g}" for end in (low, high))
                yield row.problem(
                    column,
                    f"it lies outside the scale ({limits})",
                    "Check the digits, and the scale in instruments.csv.",
                    severity="warning",
                )


def _direction(review: Review) -> Iterator[Problem]:
    """Yield a declared direction that `better` contradicts, and syntheses without one."""
    groups = review.protocol.groups
    if _alone(review):  # nobody is favoured
        return
    unknown_in: list[str] = []
    seen: set[str] = set()
    for plan in review.protocol.synthesis:
        rows = [row for row in review.outcomes if row.outcome == plan.outcome and row.use != "no"]
        declared = [row for row in rows if better_known(review, row)]
        own = plan.negative_favours
        column = f"synthesis {plan.id}, negative_favours" if own else "groups.negative_favours"
        if declared and (own or groups.negative_favours) == 2 and column not in seen:
            seen.add(column)
            yield review.problem(
                column,
                f"the instrument {declared[0].instrument} of {declared[0].place} says which "
                "direction is better, and every sign is turned by it so that a negative effect "
                f"favours group 1 ({groups.group1})",
                "Leave negative_favours out, or write 1; if group 2 does better where "
                "this says otherwise, correct better in instruments.csv or the rows' groups.",
                value=2,
            )
        elif rows and favours(review, plan) is None:
            unknown_in.append(plan.id)
    if unknown_in:
        yield review.problem(
            "groups.negative_favours",
            "which group an effect below no effect (below 0; for a ratio, below 1) favours "
            f"is not known in {', '.join(unknown_in)}, so that nothing can say whom it favours",
            f'Write 1 if it is good for "{groups.group1}", 2 if for "{groups.group2}": '
            "under [groups], or in a [[synthesis]] for it alone.",
            value=groups.negative_favours,
            severity="warning",
        )


def _declared_keys(review: Review) -> Iterator[Problem]:
    """Yield keys of review.toml that no file has."""
    keyed = {
        "source": [source.source for source in review.sources],
        "trial": [trial.trial for trial in review.trials],
        "instrument": [row.instrument for row in review.instruments],
    }
    places: list[tuple[str, object]] = [
        (f"correlation {number}", declared)
        for number, declared in enumerate(review.protocol.correlation, start=1)
    ]
    places += [
        (f"synthesis {plan.id}, baseline_risk {number}", declared)
        for plan in review.protocol.synthesis
        for number, declared in enumerate(plan.baseline_risk, start=1)
    ]
    for place, declared in places:
        for column, keys in keyed.items():
            key = getattr(declared, column, None)
            if key is not None and key not in keys:
                remedy = unknown(column, key, keys) if keys else "Add it there."
                reason = f"{column}s.csv has no such key"
                yield review.problem(f"{place}, {column}", reason, remedy, value=key)


# Where a review's own files say what effects can be regressed on, so that no moderator does
HOMES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "year": ("trials", ("year",)),
    "weeks": ("outcomes", ("weeks",)),
    "n": ("outcomes", ("n", "n1", "n2")),
    "outcome": ("outcomes", ("outcome",)),
    "term": ("outcomes", ("weeks", "time_label")),
    "subgroup": ("outcomes", ("subgroup",)),
    "contrast": ("outcomes", ("contrast",)),
    "instrument": ("outcomes", ("instrument",)),
    "domain": ("outcomes", ("instrument",)),
    "statistic": ("outcomes", ("statistic",)),
    "condition": ("trials", ("condition",)),
    "membership": ("trials", ("membership",)),
    "treatment_weeks": ("trials", ("treatment_weeks",)),
    "n_randomised": ("trials", ("n_randomised",)),
}


def _moderators(review: Review) -> Iterator[Problem]:
    by_name: dict[str, list[Moderator]] = defaultdict(list)
    for row in review.moderators:
        by_name[row.moderator.casefold()].append(row)
    parts: dict[str, dict[str, set[str]]] = {"subgroup": defaultdict(set), "contrast": defaultdict(set)}
    for result, column in product(review.outcomes, parts):
        parts[column][result.trial].add(getattr(result, column))
    for name, rows in by_name.items():
        yield from _elsewhere(review, name, rows)
        yield from _one_value_each(rows)
        for row, column in product(rows, parts):
            value, there = getattr(row, column), parts[column][row.trial] - {None}
            if value is not None and value not in there:
                remedy = unknown(column, value, sorted(there)) if there else "Leave it empty."
                yield row.problem(column, f"the trial has no result of this {column}", remedy)
        for row in rows:
            if row.moderator != rows[0].moderator:
                remedy = "Write it alike in all rows, or choose another name."
                yield row.problem("moderator", f"{rows[0].place} writes it as {rows[0].moderator}", remedy)
        worded = [row for row in rows if row.number is None]
        if 0 < len(worded) < len(rows):
            yield worded[0].problem(
                "value",
                f"{len(worded)} of the {len(rows)} values of {rows[0].moderator} are no numbers, "
                "so that all count as words",
                "Write numbers in all its rows to regress on it as a number.",
                severity="warning",
            )


def _elsewhere(review: Review, name: str, rows: Sequence[Moderator]) -> Iterator[Problem]:
    """Yield rows of a moderator that another file says of the trial, too."""
    plans = review.protocol.synthesis
    one_for_all = {
        "outcome": len({plan.outcome for plan in plans}) == 1,
        "term": not any(plan.term or plan.time_label for plan in plans),
    }
    if name not in HOMES or one_for_all.get(name):
        return
    table, names = HOMES[name]
    said = {
        row.trial: row.place
        for row in getattr(review, table)
        if any(getattr(row, column) is not None for column in names)
    }
    for row in rows:
        if row.trial in said:
            yield row.problem(
                "moderator",
                f"this is no moderator of its own: {said[row.trial]} has it ({', '.join(names)})",
                "Delete the row, or choose another name.",
            )


def _one_value_each(rows: Sequence[Moderator]) -> Iterator[Problem]:
    """Yield rows of a moderator that another row of the same trial speaks for, too."""
    of_trial: dict[str, dict[tuple[str | None, str | None], Moderator]] = defaultdict(dict)
    for row in rows:
        of_trial[row.trial].setdefault((row.subgroup, row.contrast), row)
    for row in rows:
        held = of_trial[row.trial]
        parts = ((s, c) for s in (row.subgroup, None) for c in (row.contrast, None))
        same = [held[part] for part in parts if part in held]
        other = next((first for first in same if first is not row), None)
        if other is not None:
            yield row.problem(
                "moderator",
                f"the trial has a value of it already ({other.place}, {other.value})",
                "Keep one; where it differs within the trial, say of which subgroup or contrast in each row.",
            )


def _judgements(review: Review) -> Iterator[Problem]:
    syntheses = [plan.id for plan in review.protocol.synthesis]
    first: set[tuple[str, str]] = set()
    for number, judgement in enumerate(review.protocol.judgement, start=1):
        column, key = f"judgement {number}, synthesis", judgement.synthesis
        if key not in syntheses:
            remedy = unknown("synthesis", key, syntheses)
            yield review.problem(column, "there is no such synthesis", remedy, value=key)
        if (key, judgement.about) in first:
            yield review.problem(column, f"its {judgement.about} is judged twice", "Keep one.", value=key)
        first.add((key, judgement.about))


def decisions(review: Review, rows: Sequence[Decision]) -> Iterator[Problem]:
    """Yield decisions of a panel about what there is not, or what is decided elsewhere, too."""
    plans = {plan.id: plan for plan in review.protocol.synthesis}
    elsewhere = {judgement.synthesis for judgement in review.protocol.judgement}
    first: dict[tuple[str, str | None, str], Decision] = {}
    for row in rows:
        plan = plans.get(row.synthesis)
        if plan is None:
            remedy = unknown("synthesis", row.synthesis, plans)
            yield row.problem("synthesis", "there is no such synthesis", remedy)
            continue
        every = {row.subgroup: None for row in review.outcomes if row.outcome == plan.outcome}
        parts = [name for name in every if name is not None]
        if row.subgroup is not None and row.subgroup not in parts:
            remedy = unknown("subgroup", row.subgroup, parts) if parts else "Leave it empty."
            yield row.problem("subgroup", f"{plan.id} has no such subgroup", remedy)
        elif row.subgroup is None and parts and None not in every and not plan.overall:
            reason = f"{plan.id} is not pooled as a whole (overall = false in review.toml)"
            yield row.problem("subgroup", reason, f"Write one of {', '.join(parts)}.")
        about = (row.synthesis, row.subgroup, row.domain)
        if about in first:
            yield row.problem("domain", f"row {first[about].row} is about the same domain", "Keep one.")
        first.setdefault(about, row)
        if row.decided is not None and row.synthesis in elsewhere:
            yield row.problem(
                "synthesis",
                "review.toml has a [[judgement]] of it, too",
                "Keep one: a synthesis is judged in one place.",
            )


def _flow(review: Review) -> Iterator[Problem]:
    counts = [claim for claim in review.published if claim.quantity in {"count", "k"}]
    counted = [claim.claim for claim in counts if claim.counted is not None]
    for box, key in review.protocol.prisma.items():
        if key not in counted:
            yield review.problem(
                f"prisma, {box}",
                "published.csv has no claim of this name that counts in digits",
                unknown("claim", key, counted) if counted else "Add it there.",
                value=key,
            )
