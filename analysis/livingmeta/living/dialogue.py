"""The questions that lead from a paper to rows: only what is needed, with what is known offered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from livingmeta.audit.gaps import report_of
from livingmeta.engine.measures import MEASURES
from livingmeta.exchange.entry import Entry, EntryError, read_result
from livingmeta.living.drafts import (
    Cells,
    Draft,
    empty,
    new_instrument,
    new_report,
    new_source,
    side_of,
    signed,
    taken,
    turned,
    use_of,
)
from livingmeta.review.protocol import Review, Side
from livingmeta.review.quotes import SOURCE_KEY
from livingmeta.review.schema import QUOTED, TABLES, Gap, Instrument, Report, SearchRecord, carries, read_row
from livingmeta.words import RefusalError, key_of

NEW = "new"
MOST_SAID = 5  # sentences about people that are shown
EMPTY = re.compile(r"[;.] if the report gives none, leave it empty\.", re.IGNORECASE)
SOURCE_KINDS = {
    "report": "the paper itself",
    "abstract": "its abstract only",
    "registry": "a trial registry",
    "review": "another review's table",
    "thesis": "a thesis",
}
SPREADS = {"ci": "a confidence interval", "iqr": "the quartiles", "range": "smallest and largest"}


class Asker(Protocol):
    """Somebody who can be asked; a terminal, or a test."""

    def say(self, text: str) -> None:
        """Show a line."""

    def text(
        self, question: str, *, default: str = "", wrong: Callable[[str], str | None] | None = None
    ) -> str:
        """Ask until `wrong` finds nothing wrong with the answer."""

    def choice(self, question: str, options: Mapping[str, str], *, default: str = "") -> str:
        """Ask for one of the options, shown with their meanings; return its name."""

    def yes(self, question: str, *, default: bool) -> bool:
        """Ask yes or no."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """A result as it was given: its cells, the words that carry them, and where these stand.

    `people` is a number of people that stands nearby, to be offered; `locator` is "" where somebody
    must say it; `heads` are the headings that it stands beneath.
    """

    cells: Cells
    quote: str
    locator: str = ""
    people: str = ""
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for in a paper: scale, outcome, time in weeks, and what the two groups did."""

    scale: str
    outcome: str
    weeks: float | None
    arms: tuple[str, str]
    gap: int | None = None  # number of the known gap that it is


class Typing:
    """Numbers that somebody types from a paper that only he sees."""

    doi = registration = cited = ""
    report: Report | None = None  # that the paper is, where it is known
    record: SearchRecord | None = None  # by which a search found it

    def look(self, sought: Wanted) -> None:
        """Hear what is asked for next: who types it looks for it in his paper."""

    def given(self, ask: Asker, question: str, *, group: str) -> Given:
        """Ask for the result of a group, or of the difference."""

        def wrong(text: str) -> str | None:
            return _unread(text, difference=group == "difference")

        typed = ask.text(question, wrong=wrong)
        entry = settled(ask, read_result(typed, difference=group == "difference"))
        return Given(cells=entry.cells, quote=typed)

    def people(self, ask: Asker, number: str, quote: str) -> str:
        """Return the quote of a result with what says how many people it is of: who types it sees to it."""
        return quote

    def counts(self) -> tuple[str, ...]:
        """Return what the paper says of how many people were measured: who types it reads it himself."""
        return ()

    def minus(self, ask: Asker, group1: str, group2: str) -> bool:
        """Say whether a printed difference is group 1 minus group 2: who types it sees to it."""
        return True

    def same_scale(self, ask: Asker, scale: Instrument) -> bool:
        """Say whether the numbers are on a scale as the review has it: who types them sees to it."""
        return True


def converse(review: Review, ask: Asker, *, gap: Gap | None = None, hand: Typing | None = None) -> Draft:
    """Ask for one trial's results and return the rows they make; nothing is written.

    What the review knows is offered, not asked; of a known `gap` trial, outcome, instrument and time are.
    The numbers are typed, unless a `hand` picks them in a paper.
    """
    draft = empty(review)
    hand = hand or Typing()
    hint = hand.report or (report_of(review, gap) if gap else None)
    trial = gap.trial if gap else hint.trial if hint else _trial(review, ask, draft, hand)
    report = _report(review, ask, draft, trial, hint, hand)
    source = _source(review, ask, draft, trial, report, hand)
    for row in draft["trials"]:
        row["membership_why"] = _keyed(row["membership_why"], source)
    while True:
        _result(review, ask, draft, about=(trial, source, report), gap=gap, hand=hand)
        gap = None
        if not ask.yes("Another result of this trial?", default=False):
            return draft


def _keyed(words: str, source: str) -> str:
    """Name the source behind words in quote marks, so that they are looked for in it."""
    quoted = re.sub(r'"([^"]+)"', r"“\1”", words)
    return f"{quoted} [{source}]" if "“" in quoted and not SOURCE_KEY.search(quoted) else quoted


def _choose(ask: Asker, question: str, options: Mapping[str, str], *, default: str = "") -> str:
    """Ask for an option; where there is one only, nothing needs to be asked."""
    return next(iter(options)) if len(options) == 1 else ask.choice(question, options, default=default)


def _cell(table: str, column: str, *, needed: bool = False) -> Callable[[str], str | None]:
    """Return a check of one cell by the schema, in the schema's words."""

    def wrong(text: str) -> str | None:
        if not text.strip():
            return "this is needed" if needed else None
        _, problems = read_row(TABLES[table], {column: text}, file="", row=0)
        said = next((f"{p.reason}. {p.remedy}" for p in problems if p.column == column), None)
        return EMPTY.sub(".", said) if said and needed else said

    return wrong


def _ask(
    ask: Asker, table: str, column: str, question: str, *, needed: bool = False, default: str = ""
) -> str:
    return ask.text(question, default=default, wrong=_cell(table, column, needed=needed))


def _trial(review: Review, ask: Asker, draft: Draft, hand: Typing) -> str:
    labels = {trial.trial: trial.label for trial in review.trials}
    chosen = _choose(ask, "Which trial?", {NEW: "a new trial", **labels}, default=NEW)
    if chosen != NEW:
        return chosen
    found = _found(hand.record) if hand.record else {}
    found["registration"] = found.get("registration") or hand.registration
    question = "Name and year, as a forest plot prints it"
    label = _ask(ask, "trials", "label", question, needed=True, default=found.get("label", ""))
    dated = re.search(r"\b(19|20)\d\d\b", label)
    year = dated[0] if dated else _ask(ask, "trials", "year", "Year of its first report", needed=True)
    key = key_of(label, labels)
    group1, group2 = review.protocol.groups.group1, review.protocol.groups.group2
    cells = {"trial": key, "label": label, "year": year, "membership": "documented"}
    asked = [
        ("condition", "What the people had, like chronic low back pain (empty: not said)", False),
        ("n_randomised", "People randomised (empty: not reported)", False),
        ("n1_randomised", f"Of these to {group1} (empty: not reported)", False),
        ("n2_randomised", f"Of these to {group2} (empty: not reported)", False),
        ("arm1", f"What the group “{group1}” did (empty: not said)", False),
        ("arm2", f"What the group “{group2}” did (empty: not said)", False),
        ("treatment_weeks", "Length of treatment in weeks (empty: not reported)", False),
        ("registration", "Registry number (empty: none known)", False),
        (
            "membership_why",
            "Why the trial fits the review's question, with the words of the paper in quote marks",
            True,
        ),
    ]
    if any(trial.pain_rule1 or trial.pain_rule2 for trial in review.trials):
        asked[6:6] = [
            ("pain_rule1", f"Rule on pain in “{group1}”, as documented (empty: none stated)", False),
            ("pain_rule2", f"Rule on pain in “{group2}”, as documented (empty: none stated)", False),
        ]
    for column, question, needed in asked:
        cells[column] = _ask(ask, "trials", column, question, needed=needed, default=found.get(column, ""))
    draft["trials"].append(cells)
    return key


def _found(record: SearchRecord) -> dict[str, str]:
    """Return what a search knows of a paper, to be offered."""
    first = (record.authors or "").partition(";")[0]
    year = str(record.year or "")
    parts = (record.authors, record.title.rstrip("."), f"{record.journal or ''} {year}".strip())
    return {
        "label": f"{re.sub(r' [A-Z]{1,4}$', '', first)} {year}".strip(),
        "citation": ". ".join(filter(None, parts)),
        "registration": record.registration or "",
    }


def _report(review: Review, ask: Asker, draft: Draft, trial: str, hint: Report | None, hand: Typing) -> str:
    """Ask which report of the trial it is; a gap knows already."""
    if hint is not None:
        ask.say(f"From {hint.citation}")
        return hint.report
    reports = {report.report: report.citation for report in review.reports if report.trial == trial}
    if reports:
        options = {**reports, NEW: "a report that is not listed"}
        first = next(iter(reports))
        chosen = _choose(ask, "Which report of the trial is it?", options, default=first)
        if chosen != NEW:
            return chosen
    known = hand.cited or (_found(hand.record)["citation"] if hand.record else "")
    citation = _ask(ask, "reports", "citation", "How to cite it", needed=True, default=known)
    doi = _ask(ask, "reports", "doi", "Its DOI (empty: none)", default=hand.doi)
    return new_report(review, draft, trial=trial, citation=citation, doi=doi)


def _source(review: Review, ask: Asker, draft: Draft, trial: str, report: str, hand: Typing) -> str:
    """Ask where the numbers were read: the report itself, or something about it."""
    used = {row.source for row in review.outcomes if row.trial == trial}
    used |= {row.source for row in review.trials if row.trial == trial}
    sources = {source.source: source.citation for source in review.sources if source.source in used}
    chosen = NEW
    if sources:
        options = {NEW: "in something not listed here", **sources}
        held = (s.source for s in review.sources if s.kind == "report" and hand.doi and s.doi == hand.doi)
        first = next((source for source in held if source in sources), NEW)
        chosen = _choose(ask, "Where did you read the numbers?", options, default=first)
    if chosen == NEW:
        kind = _choose(ask, "What did you read?", SOURCE_KINDS, default="report")
        cited = {report.report: (report.citation, report.doi or "") for report in review.reports}
        cited |= {row["report"]: (row["citation"], row["doi"]) for row in draft["reports"]}
        citation, doi = cited[report]
        if kind != "report":
            check = _cell("sources", "citation", needed=True)
            citation = ask.text("How to cite what you read", default=citation, wrong=check)
            doi = ask.text("Its DOI (empty: none)", default=doi)
        url = "" if doi else _ask(ask, "sources", "url", "Its address (empty: none)")
        key = f"{trial}_{kind}" if trial in taken(review, draft, "sources") else trial
        chosen = new_source(review, draft, key=key, kind=kind, citation=citation, doi=doi, url=url)
    for row in draft["trials"]:
        row["source"] = chosen
    return chosen


def _result(
    review: Review, ask: Asker, draft: Draft, *, about: tuple[str, str, str], gap: Gap | None, hand: Typing
) -> None:
    trial, source, report = about
    outcomes = {plan.outcome: plan.outcome for plan in review.protocol.synthesis}
    outcome = gap.outcome if gap else _choose(ask, "Which outcome?", outcomes, default=next(iter(outcomes)))
    instrument = (
        gap.instrument if gap and gap.instrument else _instrument(review, ask, draft, outcome, source)
    )
    weeks = ""
    if gap is not None and gap.weeks is not None:
        weeks = f"{gap.weeks:g}"
        ask.say(f"Week {weeks}, {outcome}, {instrument}: {gap.what}. Look in {gap.where}.")
    if not weeks:
        question = "Weeks since randomisation (3 months = 13, 1 year = 52)"
        weeks = _ask(ask, "outcomes", "weeks", question, needed=True)
    scale = next((known for known in review.instruments if known.instrument == instrument), None)
    if scale is not None and not hand.same_scale(ask, scale):
        instrument = _new_scale(review, ask, draft, source)
    looked_for = wanted(
        review, draft, trial=trial, outcome=outcome, instrument=instrument, weeks=float(weeks)
    )
    hand.look(looked_for)
    statistic = _choose(
        ask,
        "Scores at that time, or changes from baseline?",
        {"final": "scores at that time", "change": "changes from baseline"},
        default="final",
    )
    shape = _choose(
        ask,
        "What does the paper print?",
        {"arms": "numbers of each group", "difference": "the difference between the groups"},
        default="arms",
    )
    use, why = use_of(review, trial=trial, outcome=outcome, instrument=instrument or "", weeks=weeks)
    if why:
        ask.say(f"{why}, so that yours is kept for sensitivity analyses.")
    shared = {
        "trial": trial,
        "report": report,
        "outcome": outcome,
        "instrument": instrument or "",
        "weeks": weeks,
        "statistic": statistic,
        "source": source,
        "use": use,
    }
    side = side_of(review, draft, outcome=outcome, instrument=instrument or "")
    if shape == "arms":
        rows = _arms(review, ask, draft, trial, hand)
    else:
        rows = [_difference(review, ask, side, hand)]
    if any(not row["locator"] for row in rows):
        locator = _ask(ask, "outcomes", "locator", "Where it stands: page, table, line", needed=True)
        rows = [{**row, "locator": row["locator"] or locator} for row in rows]
    assumption = _ask(
        ask,
        "outcomes",
        "assumption",
        'What you had to assume, like "n1 = n2 = 20: arm sizes not reported" (empty: nothing)',
    )
    for row in rows:
        group, wrong = row["group"], _quoted(row)
        name = "the difference" if group == "difference" else f"group {group}"
        if type(hand) is Typing or wrong(row["quote"]):
            question = f"The words that carry the numbers of {name}"
            row["quote"] = ask.text(question, default=row["quote"], wrong=wrong)
        draft["outcomes"].append({**shared, "assumption": assumption, **row})


def wanted(
    review: Review,
    draft: Draft,
    *,
    trial: str,
    outcome: str,
    instrument: str | None,
    weeks: float | None,
    gap: int | None = None,
) -> Wanted:
    """Say what is looked for, in the words of the review and of what was just told."""
    scales = {known.instrument: known.name for known in review.instruments}
    scales |= {row["instrument"]: row["name"] for row in draft["instruments"]}
    did = {known.trial: (known.arm1, known.arm2) for known in review.trials}
    did |= {row["trial"]: (row.get("arm1"), row.get("arm2")) for row in draft["trials"]}
    groups = (review.protocol.groups.group1, review.protocol.groups.group2)
    first, second = (f"{group} {arm or ''}" for group, arm in zip(groups, did[trial], strict=True))
    scale = scales.get(instrument or "", outcome)
    return Wanted(scale=scale, outcome=outcome, weeks=weeks, arms=(first, second), gap=gap)


def _quoted(row: Mapping[str, str]) -> Callable[[str], str | None]:
    limit = _cell("outcomes", "quote", needed=True)

    def wrong(text: str) -> str | None:
        lacking = [row[name] for name in QUOTED if row.get(name) and not carries(text, row[name])]
        if lacking:
            return f"the quote does not show {', '.join(lacking)}. Copy the words that carry them."
        return limit(text)

    return wrong


def _instrument(review: Review, ask: Asker, draft: Draft, outcome: str, source: str) -> str:
    domains = {
        domain for plan in review.protocol.synthesis if plan.outcome == outcome for domain in plan.domains
    }
    scales = {
        instrument.instrument: instrument.name
        for instrument in review.instruments
        if not domains or instrument.domain in domains
    }
    scales |= {row["instrument"]: row["name"] for row in draft["instruments"]}
    chosen = _choose(
        ask, "Measured with?", {**scales, NEW: "a scale that is not listed"}, default=next(iter(scales), NEW)
    )
    return chosen if chosen != NEW else _new_scale(review, ask, draft, source)


def _new_scale(review: Review, ask: Asker, draft: Draft, source: str) -> str:
    name = _ask(ask, "instruments", "name", "Name of the scale", needed=True)
    domain = _choose(
        ask,
        "What does it measure?",
        {"pain": "pain", "function": "function or disability", "composite": "both in one number"},
        default="pain",
    )
    low = _ask(ask, "instruments", "min", "Lowest possible value (empty: not known)")
    high = _ask(ask, "instruments", "max", "Highest possible value (empty: not known)")
    better = _choose(
        ask,
        "Which direction is better for the patient?",
        {"lower": "lower", "higher": "higher", "unknown": "not known"},
        default="unknown",
    )
    about = {"name": name, "domain": domain, "min": low, "max": high, "better": better}
    return new_instrument(review, draft, {**about, "source": source})


def _arms(review: Review, ask: Asker, draft: Draft, trial: str, hand: Typing) -> list[Cells]:
    rows, heads = [], []
    names = (review.protocol.groups.group1, review.protocol.groups.group2)
    for group, name in zip(("1", "2"), names, strict=True):
        result = hand.given(ask, f"Result of “{name}”, like 37.2 (SD 14.1)", group=group)
        cells = dict(result.cells)
        if "n" not in cells:
            said = hand.counts() if group == "1" else ()
            for words in said[:MOST_SAID]:
                ask.say(f"The paper says of people: “{words}”")
            if len(said) > MOST_SAID:
                ask.say(f"and {len(said) - MOST_SAID} sentences more that may say how many they were")
            question = f"People in “{name}” at that time"
            cells["n"] = _ask(ask, "outcomes", "n", question, needed=True, default=result.people)
        quote = result.quote
        if cells["n"] != result.people and "n" not in result.cells:
            quote = hand.people(ask, cells["n"], quote)
        rows.append({"group": group, **cells, "quote": quote, "locator": result.locator})
        heads.append(result.heads)
    _called(ask, draft, trial, heads)
    return rows


def _called(ask: Asker, draft: Draft, trial: str, heads: Sequence[Sequence[str]]) -> None:
    """Keep what a table calls the groups of a new trial, by which `check` knows an arm's column."""
    ends = re.compile(r"[(\[,;:]|\bn\s*=|\b(?:mean|SD|SEM?|n)$")
    plain = [[ends.split(head)[0].strip() for head in listed] for listed in heads]
    own = [[name for name in plain[n] if name and name not in plain[1 - n]] for n in (0, 1)]
    for row in draft["trials"]:
        if row["trial"] != trial or [len(names) for names in own] != [1, 1]:
            continue
        names = [name for (name,) in own]
        for column, name in zip(("arm1", "arm2"), names, strict=True):
            told = row.get(column, "")
            if name.casefold() != told.casefold():
                row[column] = f"{told} (“{name}”)" if told else name
        ask.say(f"In the table the groups are “{names[0]}” and “{names[1]}”: kept in arm1 and arm2.")


def _difference(review: Review, ask: Asker, wanted: Side, hand: Typing) -> Cells:
    group1, group2 = review.protocol.groups.group1, review.protocol.groups.group2
    measure = _choose(
        ask, "What is it?", {key: measure.words for key, measure in MEASURES.items()}, default="MD"
    )
    # No scale is left in a standardised one to turn it by: whom it favours, only its source says.
    as_printed = MEASURES[measure].standardised and wanted != "unknown"
    what = "Difference as printed" if as_printed else f"Difference “{group1}” minus “{group2}”"
    question = f"{what}, like −0.3 (95% CI −0.6 to 0.1), p = 0.04"
    result = hand.given(ask, question, group="difference")
    printed = str(wanted)
    if as_printed and "mean" in result.cells:
        printed = _choose(
            ask,
            "Which group does a negative value of it favour, as printed?",
            {"1": group1, "2": group2, "unknown": "the source does not say"},
            default="unknown",
        )
    adjusted = _choose(
        ask,
        "Adjusted for baseline, or from a model?",
        {"no": "no", "yes": "yes", "": "not stated"},
        default="no",
    )
    row = {
        "group": "difference",
        "measure": measure,
        "adjusted": adjusted,
        "n1": _ask(ask, "outcomes", "n1", f"People in “{group1}”", needed=True),
        "n2": _ask(ask, "outcomes", "n2", f"People in “{group2}”", needed=True),
        **{name: cell for name, cell in result.cells.items() if name != "n"},
        "quote": result.quote,
        "locator": result.locator,
    }
    if not as_printed and row.get("mean") and not hand.minus(ask, group1, group2):
        if MEASURES[measure].ratio:
            raise RefusalError(
                f"a ratio of “{group2}” to “{group1}” is not turned here: `livingmeta add` takes it as typed."
            )
        return turned(row, f"“{group2}” minus “{group1}”")
    return signed(review, row, printed=printed, wanted=wanted)


def _unread(text: str, *, difference: bool) -> str | None:
    """Return why a text can't be read as a result."""
    try:
        read_result(text, difference=difference)
    except EntryError as refusal:
        return str(refusal)
    return None


def settled(ask: Asker, entry: Entry) -> Entry:
    """Ask for what a result leaves open."""
    if "spread" in entry.open and entry.pair is not None:
        kind = _choose(ask, f"What are {entry.pair[0]} and {entry.pair[1]}?", SPREADS, default="ci")
        entry = entry.with_answer("spread", kind)
    if "centre" in entry.open:
        options = {"mean": "a mean", "median": "a median"}
        answer = _choose(ask, "Is the first number a mean or a median?", options, default="mean")
        entry = entry.with_answer("centre", answer)
    if "sd_or_se" in entry.open:
        value = entry.cells["sd"]
        options = {"sd": "a standard deviation", "se": "a standard error of the mean"}
        question = f"Does {value} say how people differ, or how sure the mean is?"
        entry = entry.with_answer("sd_or_se", _choose(ask, question, options, default="sd"))
    if "level" in entry.open:
        level = ask.text(
            "Level of the interval in percent", default="95", wrong=_cell("outcomes", "ci_level", needed=True)
        )
        entry = entry.with_answer("level", level)
    return entry
