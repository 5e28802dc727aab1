"""What a row of each file of a review may hold, and what is wrong with one that may not.

The field descriptions below are the data dictionary, which `pages/dictionary.py` writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from livingmeta.printer import Shown
from livingmeta.words import MINUS, RELATIONS, RefusalError, is_number, is_plain, number
from livingmeta.words import Number as PrintedNumber

QUOTE_LIMIT = 200  # characters: enough to carry a number, short enough to be a citation
# numbers of a result but those of people: centre, spread and limits
STATISTICS = ("mean", "sd", "se", "ci_low", "ci_high", "median", "q1", "q3", "minimum", "maximum")
QUOTED = (*STATISTICS, "correlation", "p_value", "t_value")
UNQUOTED = {  # numbers that a quote need not carry, and why
    "weeks": "reports give months, years and words, which are turned into weeks",
    "n": "sizes often stand in a table's head or in a flow chart, far from the result",
    "n1": "as n",
    "n2": "as n",
    "ci_level": "95 goes without saying in most reports",
    "person_time": "as n",
    "events": "a count is often printed as a word, or only as a percentage beside its size",
    "cluster_size": "it is often people divided by clusters, which stand in a flow chart",
    "icc": "it often stands in the methods, or in another trial's report, which icc_from names",
    "design_effect": "as icc",
}

# How the note of a row begins whose sign is not the printed one, as the programs that write it say.
SIGN_TURNED = "sign turned: printed as "


def printed_as(note: str | None) -> str:
    """Return how a number was printed whose sign somebody turned, as its note begins; "" where nobody did.

    Examples
    --------
    >>> printed_as("sign turned: printed as 8 (2.3 to 13.7). Lower is better."), printed_as(None)
    ('8 (2.3 to 13.7)', '')
    """
    note = note or ""
    return note.removeprefix(SIGN_TURNED).partition(". ")[0] if note.startswith(SIGN_TURNED) else ""


LONGEST_CALLED = 200  # characters of a moderator's name or words: the head of a column, not a text
UNNAMED = ("group 1", "group 2")  # what groups are called that nobody named
UNTITLED = "Table"  # what a table without a file or a title is called
# What stands in a cell where there is no value
ABSENT = frozenset({"", "na", "n/a", "nr", "n.r.", "not reported", "-", "–", "—", ".", "#n/a"})
LONGEST_SHOWN = 300  # characters of a cell in a message; no quote is longer
MOST_PEOPLE = 10**10  # there are fewer on earth
WORDED = frozenset({"text", "certainty"})  # quantities of published.csv that are words

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Problem(Shown):
    """One thing wrong (error) or doubtful (warning) in a review, placed as a spreadsheet counts.

    Examples
    --------
    >>> print(Problem(file="data/x/outcomes.csv", row=9, column="sd", value="0",
    ...               reason="a standard deviation must be above 0",
    ...               remedy="If the report gives none, leave it empty."))
    data/x/outcomes.csv row 9, sd = "0": a standard deviation must be above 0. If the report gives none, leave it empty.
    """  # noqa: E501

    file: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    reason: str
    remedy: str
    severity: Severity = "error"

    def __str__(self) -> str:
        place = self.file if self.row is None else f"{self.file} row {self.row}"
        if self.column is not None:
            place += f", {_cut(self.column)}" + ("" if self.value is None else f' = "{_cut(self.value)}"')
        return f"{place}: {self.reason}. {self.remedy}".rstrip()


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


class CellError(RefusalError):
    """A cell's reason and remedy, on their way through pydantic into a Problem."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


def _number(cell: object) -> float | None:
    if cell is None or isinstance(cell, int | float):
        return cell
    text = str(cell)
    if not is_plain(text):
        _mistyped(text)
        raise CellError(
            "this is not a number",
            "Write digits with a decimal point, without units; if the report gives none, leave it empty.",
        )
    return float(text)


def _mistyped(text: str) -> None:
    """Refuse what is meant as a number and is none here."""
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        raise CellError("a comma is not a decimal point here", f'Write "{text.replace(",", ".")}".')
    if text[0] in MINUS and not is_plain(text) and is_plain(text[1:]):
        raise CellError("the minus sign is a typographic dash", f'Write "-{text[1:]}".')


def _characteristic(cell: object) -> object:
    if cell is not None and str(cell).lower() in ABSENT:
        raise CellError("this says that there is no value", "Leave the row out, or write it in words.")
    if cell is not None:
        _mistyped(str(cell))
    return _called(cell)


def _called(cell: object) -> object:
    if cell is not None and len(str(cell)) > LONGEST_CALLED:
        raise CellError(f"this has more than {LONGEST_CALLED} characters", "Say it in a word or two.")
    return cell


_LEAVE_EMPTY = "If the report gives none, leave it empty."


def _bounded(holds: Callable[[float], bool], reason: str, remedy: str = _LEAVE_EMPTY) -> BeforeValidator:
    def check(cell: object) -> float | None:
        number = _number(cell)
        if number is not None and not holds(number):
            raise CellError(reason, remedy)
        return number

    return BeforeValidator(check)


def _whole(least: int) -> Callable[[float], bool]:
    def holds(count: float) -> bool:
        if count > MOST_PEOPLE:
            raise CellError("no study has so many", "Check the digits and the power of ten.")
        return count >= least and count == int(count)

    return holds


def _matching(pattern: str, reason: str, remedy: str) -> BeforeValidator:
    def check(cell: object) -> object:
        if cell is not None and not re.fullmatch(pattern, str(cell)):
            raise CellError(reason, remedy)
        return cell

    return BeforeValidator(check)


def _short(cell: object) -> object:
    if cell is not None and len(str(cell)) > QUOTE_LIMIT:
        raise CellError(
            f"the quote has {len(str(cell))} characters and {QUOTE_LIMIT} are allowed",
            "Keep the shortest span of words that carries the numbers and write … for the rest.",
        )
    return cell


def _difference(cell: object) -> object:
    from livingmeta.engine.measures import printed_kinds

    kinds = {kind.lower(): kind for kind in printed_kinds()}
    if cell is not None and cell not in kinds.values():
        near = get_close_matches(str(cell).lower(), kinds, n=1)
        remedy = f"Did you mean {kinds[near[0]]}?" if near else ""
        raise CellError(f"choose one of {', '.join(kinds.values())}", remedy)
    return cell


Real = Annotated[float, BeforeValidator(_number)]
StandardDeviation = Annotated[float, _bounded(lambda x: x > 0, "a standard deviation must be above 0")]
StandardError = Annotated[float, _bounded(lambda x: x > 0, "a standard error must be above 0")]
Size = Annotated[int, _bounded(_whole(1), "people are counted in whole numbers from 1")]
WholeNumber = Annotated[int, _bounded(_whole(0), "a count is a whole number from 0")]
_WEEKS = "weeks are counted from randomisation, so not below 0"
Weeks = Annotated[float, _bounded(lambda x: x >= 0, _WEEKS, "Write 0 for baseline, 13 for three months.")]
_P_REMEDY = 'For "P < 0.001" write 0.001 and put < into p_relation.'
Time = Annotated[float, _bounded(lambda x: x > 0, "person-time must be above 0")]
_R = "a correlation lies between -1 and 1"
Coefficient = Annotated[float, _bounded(lambda x: -1 < x < 1, _R)]
Probability = Annotated[float, _bounded(lambda x: 0 < x < 1, "a P value lies between 0 and 1", _P_REMEDY)]
_LEVEL = "a confidence level is a percentage from 50 to below 100"
Level = Annotated[float, _bounded(lambda x: 50 <= x < 100, _LEVEL, "Write 95 for a 95% interval.")]
_OF_CLUSTER = "a cluster has one person or more"
_ICC = "an intracluster correlation lies between 0 and 1"
_ICC_REMEDY = "Write 0 for a negative estimate."
_DESIGN = "a design effect is 1 or more"
_YEAR_REMEDY = "Write the year of the trial's first report."
Year = Annotated[
    int, _bounded(lambda x: x == int(x) and 1900 <= x <= 2100, "a year has four digits", _YEAR_REMEDY)
]
_KEY = "a key is made of small letters, digits, _ . and -"
Key = Annotated[str, _matching(r"[a-z0-9][a-z0-9_.-]*", _KEY, 'Write it like "smith2017" or "vas_pain".')]
Quote = Annotated[str, BeforeValidator(_short)]


def optional(description: str) -> Any:
    """Field that may be empty, with its line in the data dictionary."""
    return Field(default=None, description=description)


def required(description: str) -> Any:
    """Field that must be filled, with its line in the data dictionary."""
    return Field(description=description)


class Row(BaseModel):
    """A row of a review's file; `file` and `row` say where a spreadsheet shows it."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    # columns newer than the format: a file without them stays valid
    later: ClassVar[frozenset[str]] = frozenset()

    file: str = Field(exclude=True)
    row: int = Field(exclude=True)

    @property
    def place(self) -> str:
        """File and spreadsheet row, as messages name them."""
        return f"{self.file} row {self.row}"

    def problem(self, column: str, reason: str, remedy: str, *, severity: Severity = "error") -> Problem:
        """Build a Problem in one of this row's cells."""
        value = getattr(self, column)
        if isinstance(value, float) and value == int(value):
            value = int(value)
        return Problem(
            file=self.file,
            row=self.row,
            column=column,
            value=None if value is None else str(value),
            reason=reason,
            remedy=remedy,
            severity=severity,
        )

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong between the cells of this row."""
        yield from ()


class Source(Row):
    """Where something was read."""

    source: Key = required("key of the source")
    kind: Literal["report", "abstract", "registry", "review", "thesis", "dataset", "blog", "note"] = required(
        "what it is"
    )
    citation: str = required("how to cite it")
    doi: str | None = optional("its DOI")
    url: str | None = optional("its address")
    reading: Literal["primary", "secondary"] = required(
        "primary: the trial's or review's own words (also re-hosted); secondary: anyone else's"
    )
    note: str | None = optional("what a reader should know about it")

    @property
    def short_name(self) -> str | None:
        """First author and year, "Smith 2017"; None where the citation does not begin with authors."""
        cited = re.match(
            r"([^\W\d_][^,.;:]*?),? [A-Z]{1,3}(?=[,. ]).*?\b((?:19|20)\d\d)\b(?=[;:.])", self.citation
        )
        return f"{cited[1]} {cited[2]}" if cited else None


class Trial(Row):
    """A randomised trial, whatever the number of its reports."""

    later = frozenset({"conflict", "randomised"})

    trial: Key = required("key of the trial")
    label: str = required("name and year as a forest plot prints it")
    year: Year | None = optional("year of its first report; empty: not known")
    condition: str | None = optional("what the people had")
    n_randomised: Size | None = optional("people randomised")
    n1_randomised: Size | None = optional("of these to group 1")
    n2_randomised: Size | None = optional("of these to group 2")
    arm1: str | None = optional(
        "what group 1 did, or what the report calls it; by that, also in “quote marks” within the cell, "
        "`check` knows the arm's columns"
    )
    arm2: str | None = optional("what group 2 did")
    pain_rule1: str | None = optional("rule on pain during exercise in group 1, as documented")
    pain_rule2: str | None = optional("the same in group 2; empty: no source states one")
    membership: Literal["documented", "inferred"] = required(
        "is it documented, or only inferred, that the trial belongs to the review?"
    )
    membership_why: str = required("what documents it, or what it is inferred from")
    registration: str | None = optional("registry number")
    treatment_weeks: Weeks | None = optional("length of treatment in weeks")
    randomised: Literal["people", "clusters"] | None = optional(
        "what was randomised: people, or clusters of them (schools, wards, practices), whose results need "
        "an analysis that allows for it, or a design effect; empty: people, or not stated"
    )
    source: Key = required("key in sources.csv of what these cells rest on")
    note: str | None = optional("anything else, with quotes and [source keys]")
    conflict: str | None = optional(
        "what sources say of the trial that can't all be so, with quotes and [source keys]; `check` says it"
    )

    def problems(self) -> Iterator[Problem]:
        """Yield arm sizes that do not fit the whole, and a conflict of sources."""
        if self.conflict:
            doubt = self.problem(
                "conflict",
                f"sources disagree. {self.conflict.rstrip('.')}",
                "Whoever holds the report can settle it: correct the cells, and empty this one.",
                severity="warning",
            )
            yield replace(doubt, value=None)
        arms = (self.n1_randomised, self.n2_randomised)
        if self.n_randomised and None not in arms and sum(filter(None, arms)) > self.n_randomised:
            yield self.problem(
                "n_randomised",
                f"the arms add up to {sum(filter(None, arms))}",
                "Check the three numbers against the report.",
            )


class Report(Row):
    """A paper, abstract or thesis that reports a trial."""

    report: Key = required("key of the report")
    trial: Key = required("key of its trial")
    citation: str = required("how to cite it")
    doi: str | None = optional("its DOI")
    pmid: str | None = optional("its number in PubMed")
    open_access: Literal["yes", "no"] | None = optional("can it be read without paying?")
    note: str | None = optional("anything else")


class Instrument(Row):
    """A scale or test."""

    instrument: Key = required("key of the instrument")
    name: str = required("its name")
    domain: Literal["pain", "function", "composite"] = required(
        "what it measures; composite: pain and function in one number"
    )
    min: Real | None = optional("lowest possible value, where known")
    max: Real | None = optional("highest possible value, where known")
    better: Literal["lower", "higher", "unknown"] = required(
        "which direction is the better one for the patient; unknown: signs are not turned"
    )
    source: Key = required("key in sources.csv of what these cells rest on")

    def problems(self) -> Iterator[Problem]:
        """Yield a scale without extent."""
        if self.min is not None and self.max is not None and self.min >= self.max:
            yield self.problem("max", "the scale ends before it begins", "Check min and max.")


class Outcome(Row):
    """One printed result: of one arm, or of the difference between the arms."""

    later = frozenset(
        {
            *("t_value", "person_time", "correlation"),
            *("cluster_size", "icc", "icc_from", "design_effect", "cluster_adjusted"),
        }
    )

    trial: Key = required("key of the trial")
    report: Key | None = optional("key of the report; not needed where the source is a dataset")
    outcome: Key = required("outcome the row is offered to: pain, function, …")
    subgroup: str | None = optional("subgroup the row belongs to")
    contrast: str | None = optional(
        "label where one trial gives several comparisons; merge like arms or split the shared "
        "control's n, and say so in assumption"
    )
    instrument: Key | None = optional("key of the instrument; not needed with a dataset")
    weeks: Weeks | None = optional("weeks since randomisation (3 months = 13, 1 year = 52)")
    time_label: str | None = optional("the time in words where weeks are not known")
    group: Literal["1", "2", "difference"] = required(
        "1, 2, or difference: group 1 minus group 2 in the instrument's own direction; a review of "
        "single groups (a proportion, a rate, a mean, a correlation) has 1 alone"
    )
    statistic: Literal["final", "change"] | None = optional(
        "final score or change from baseline; empty: not stated"
    )
    adjusted: Literal["yes", "no"] | None = optional(
        "is the difference adjusted for baseline or taken from a model? empty: not stated"
    )
    n: Size | None = optional("people in the arm")
    n1: Size | None = optional("on a difference row: people in group 1")
    n2: Size | None = optional("on a difference row: people in group 2")
    mean: Real | None = optional("mean of the arm, or the difference itself, as printed")
    sd: StandardDeviation | None = optional("standard deviation, as printed")
    se: StandardError | None = optional("standard error, as printed")
    ci_low: Real | None = optional("lower confidence limit")
    ci_high: Real | None = optional("upper confidence limit")
    ci_level: Level | None = optional("confidence level in percent, 95 as a rule")
    ci_basis: Literal["t", "z"] | None = optional("quantile behind the interval, where it is known")
    sd_from: str | None = optional(
        'on a difference from an adjusted or mixed model: "trial instrument weeks" of the final '
        "scores whose raw SD is borrowed to standardise it"
    )
    median: Real | None = optional("median")
    q1: Real | None = optional("lower quartile")
    q3: Real | None = optional("upper quartile")
    minimum: Real | None = optional("smallest value seen")
    maximum: Real | None = optional("largest value seen")
    events: WholeNumber | None = optional("people with the event, or events counted in person_time")
    person_time: Time | None = optional(
        "person-time in which the events were counted, in one unit for the whole review"
    )
    correlation: Coefficient | None = optional("correlation coefficient of n people, as printed")
    measure: Annotated[str, BeforeValidator(_difference)] | None = optional(
        "on a difference row: what the difference is. A difference: MD, SMD, RD. A ratio: OR, RR, "
        "HR, IRR, ROM, with mean and limits as printed, not their logs. The log of one: log OR, "
        "log RR, …, with mean, se and limits on the log scale. GEN where nobody says what it is. "
        "A standardised one has the sign by which a negative one favours group 1 (where no "
        "scale says which direction is better, the side negative_favours of review.toml names); "
        f'where that is not the printed one, note begins with "{SIGN_TURNED.rstrip()}"'
    )
    p_value: Probability | None = optional("two-sided P value")
    p_relation: Literal["=", "<", ">"] | None = optional("how the P value is printed")
    t_value: Real | None = optional(
        "on a difference row: t of an unpaired test, with the sign of group 1 minus group 2"
    )
    cluster_size: Annotated[float, _bounded(lambda x: x >= 1, _OF_CLUSTER)] | None = optional(
        "of a trial of clusters whose numbers do not allow for them: people in a cluster, on average; with "
        "icc, it divides people and events by the design effect 1 + (cluster_size − 1)·icc, or multiplies "
        "a standard error by its root (Cochrane Handbook, section 23.1.4)"
    )
    icc: Annotated[float, _bounded(lambda x: 0 <= x <= 1, _ICC, _ICC_REMEDY)] | None = optional(
        "intracluster correlation of this outcome"
    )
    icc_from: str | None = optional(
        "where icc or design_effect is from, if not from this trial: an assumption, with which "
        "`--no-assumptions` leaves the row out"
    )
    design_effect: Annotated[float, _bounded(lambda x: x >= 1, _DESIGN)] | None = optional(
        "the design effect itself, where it is printed, in the place of cluster_size and icc"
    )
    cluster_adjusted: Literal["yes"] | None = optional(
        "yes: the row's own standard error, interval, t or P allows for clusters already"
    )
    source: Key = required("key in sources.csv")
    locator: str = required("where in the source: table, page, sentence")
    quote: Quote | None = optional(
        "the shortest span of words that carries the numbers, … for what is left out, at most "
        f"{QUOTE_LIMIT} characters; not needed with a dataset"
    )
    assumption: str | None = optional(
        'what had to be assumed to use the row ("n1 = n2 = 12: arm sizes not reported"); empty: nothing'
    )
    use: Literal["yes", "sensitivity", "no"] = required(
        "yes: main analysis; sensitivity: only where asked for; no: never, and note says why"
    )
    note: str | None = optional("anything else")

    def problems(self) -> Iterator[Problem]:
        """Yield cells that contradict each other."""
        yield from self._interval()
        yield from self._order()
        if (self.p_value is None) != (self.p_relation is None):
            yield self.problem(
                "p_relation",
                "p_value and p_relation go together",
                'Write "=" for an exact P, "<" or ">" for a bound.',
            )
        if self.weeks is None and self.time_label is None:
            yield self.problem(
                "weeks", "the row has no time", "Fill weeks, or time_label with the words of the report."
            )
        yield from self._clusters()
        if self.use == "no" and self.note is None:
            yield self.problem("note", "a row that is never used says why", "Write the reason.")
        yield from self._arm_or_difference()

    @property
    def inflation(self) -> float | None:
        """The design effect by which clusters raise a variance; None where none is declared."""
        if self.design_effect is not None or self.icc is None or self.cluster_size is None:
            return self.design_effect
        return 1 + (self.cluster_size - 1) * self.icc

    def _clusters(self) -> Iterator[Problem]:
        given = [name for name in ("cluster_size", "icc", "design_effect") if getattr(self, name) is not None]
        if "design_effect" in given and len(given) > 1:
            yield self.problem(
                "design_effect",
                f"{given[0]} says the same",
                "Keep cluster_size with icc, or the design effect alone.",
            )
        elif len(given) == 1 and "design_effect" not in given:
            lacking = "icc" if given == ["cluster_size"] else "cluster_size"
            remedy = "Give both, or the design effect alone."
            yield self.problem(lacking, "cluster_size and icc go together", remedy)
        if self.icc_from is not None and not {"icc", "design_effect"} & {*given}:
            yield self.problem("icc_from", "there is no icc or design_effect that it says of", "Give it.")
        if self.cluster_adjusted is not None and given:
            yield self.problem(
                "cluster_adjusted",
                f"the row would be corrected twice, by its own analysis and by {given[0]}",
                "Empty cluster_adjusted, or the other cells.",
            )

    def _interval(self) -> Iterator[Problem]:
        if (self.ci_low is None) != (self.ci_high is None):
            empty = "ci_low" if self.ci_low is None else "ci_high"
            yield self.problem(empty, "an interval has two limits", "Fill both or neither.")
        if self.ci_low is not None and self.ci_high is not None:
            if self.ci_low >= self.ci_high:
                yield self.problem(
                    "ci_low",
                    f"the lower limit is not below the upper one ({self.ci_high:.10g})",
                    "Put the limits in order.",
                )
            elif self.mean is not None and not self.ci_low <= self.mean <= self.ci_high:
                yield self.problem(
                    "mean",
                    f"it lies outside its interval ({self.ci_low:.10g} to {self.ci_high:.10g})",
                    "Check signs and digits against the report.",
                )
        if (self.ci_low, self.ci_high) != (None, None) and self.ci_level is None:
            yield self.problem("ci_level", "an interval has a level", "Write 95 for a 95% interval.")

    def _order(self) -> Iterator[Problem]:
        names = ("minimum", "q1", "median", "q3", "maximum")
        given = [name for name in names if getattr(self, name) is not None]
        for low, high in pairwise(given):
            if getattr(self, low) > getattr(self, high):
                yield self.problem(low, f"it is above {high}", "Check both against the report.")
        people_only = self.person_time is None  # within which one person may have several events
        if people_only and self.events is not None and self.n is not None and self.events > self.n:
            yield self.problem("events", f"there are only {self.n} people", "Check events and n.")

    def _arm_or_difference(self) -> Iterator[Problem]:
        if self.group == "difference":
            if self.n is not None:
                yield self.problem("n", "a difference has two arms", "Write n1 and n2 instead.")
            if self.measure is None and (self.mean is not None or self.use != "no"):
                yield self.problem(
                    "measure",
                    "a difference row says what it is",
                    "Write MD for a difference in points, SMD for a standardised one, OR, RR or "
                    "HR for a ratio, GEN where the source does not say.",
                )
            return
        for column in ("n1", "n2", "measure", "adjusted", "sd_from", "t_value"):
            if getattr(self, column) is not None:
                yield self.problem(
                    column, "this cell belongs to difference rows only", "Leave it empty here."
                )
        if self.use != "no" and self.n is None and self.person_time is None:
            yield self.problem(
                "n",
                "the number of people in the arm is missing",
                "Fill it, or assume it and say so in assumption.",
            )


class Gap(Row):
    """Something a source shows was measured and for which there is no usable number here."""

    trial: Key = required("key of the trial")
    outcome: Key = required("outcome")
    instrument: Key | None = optional("key of the instrument")
    weeks: Weeks | None = optional("weeks since randomisation")
    what: str = required("what was measured and is not here")
    where: str = required("paper and table to look in")
    source: Key = required("key of the source that shows it was measured")


class Claim(Row):
    """One number or statement a publication prints."""

    later = frozenset({"contrast", "ci_level", "ci_basis"})

    claim: str = required("key of the claim; the numbers of one printed result share it")
    synthesis: str | None = optional("synthesis it is about; empty: the review as a whole")
    trial: Key | None = optional("trial, where the claim is about one row")
    subgroup: str | None = optional("subgroup it is about")
    contrast: str | None = optional("comparison it is about, where the trial gives several")
    quantity: Literal[
        "estimate",
        "ci_low",
        "ci_high",
        "p",
        "z",
        "t",
        "q",
        "q_df",
        "q_p",
        "tau2",
        "tau2_low",
        "tau2_high",
        "i2",
        "pi_low",
        "pi_high",
        "between_q",
        "between_df",
        "between_p",
        "between_i2",
        "k",
        "n",
        "weight",
        "certainty",
        "count",
        "text",
    ] = required(
        "which quantity; q with its degrees of freedom q_df and its P q_p is the test for heterogeneity, "
        "between_q and so on that for subgroup differences, pi_low and pi_high the prediction interval"
    )
    printed: str = required(
        'the digits as printed ("0.30", "−0.27", "1,026", "< 0.001", "91%"); what is not one '
        'number in digits ("about 385", "seven") is shown as words, and nothing is computed with it'
    )
    ci_level: Level | None = optional(
        "level of the interval in percent, where the publication gives it; the numbers of a claim "
        "share it, so one of its rows is enough"
    )
    ci_basis: Literal["z", "t", "asymmetric"] | None = optional(
        "what the interval and P rest on, where the publication says it: z (normal distribution), "
        "t (as HKSJ has), asymmetric (bootstrap, profile likelihood, exact, a credible interval)"
    )
    where: str = required("where in the source")
    source: Key = required("key in sources.csv")
    reading: Literal["primary", "secondary"] = required("the publication's own words, or another's")
    quote: Quote | None = optional("words that carry it; not needed with a dataset")
    note: str | None = optional("anything else")

    @property
    def number(self) -> PrintedNumber | None:
        """The number printed, with its relation and rounding; None where it is in words."""
        if self.quantity in WORDED or not is_number(self.printed):
            return None
        return number(self.printed)

    @property
    def value(self) -> float | None:
        """The value printed; None where there are words, or a bound that is no value."""
        number = self.number
        return number.value if number is not None and number.relation == "=" else None

    @property
    def counted(self) -> int | None:
        """The people, trials or reports counted; None where that is no whole number."""
        value = self.value
        return int(value) if value is not None and value >= 0 and value == int(value) else None


class Bias(Row):
    """A fact or judgement on risk of bias."""

    trial: Key = required("key of the trial")
    tool: str = required("tool and, where not ours, whose judgement")
    domain: str = required("domain of the tool")
    judgement: Literal["low", "unclear", "high", "some concerns", "yes", "no"] | None = optional(
        "judgement; yes or no where the tool is a checklist, which judges no risk; empty: not judged"
    )
    support: str = required("what supports it")
    source: Key = required("key in sources.csv")

    def problems(self) -> Iterator[Problem]:
        """Yield the answer of a checklist where the tool judges a risk."""
        if self.tool.startswith("Cochrane") and self.judgement in {"yes", "no"}:
            yield self.problem(
                "judgement", f"{self.tool} judges a risk", "Write low, high, unclear or some concerns."
            )


class Moderator(Row):
    """What a trial is like, for regressions and subgroups: one value of it, in a review's own terms.

    A moderator all of whose values are numbers is regressed on as a number, any other by its
    words. What has a column elsewhere (year, condition, weeks, …) stands there.
    """

    trial: Key = required("key of the trial")
    subgroup: str | None = optional("where the value differs within the trial: the subgroup of its results")
    contrast: str | None = optional("where the value differs within the trial: the comparison")
    moderator: Annotated[str, BeforeValidator(_called)] = required(
        "name of the moderator, the same in all its rows"
    )
    value: Annotated[str, BeforeValidator(_characteristic)] = required("a number, or a word or two")
    unit: str | None = optional("unit of a number")
    source: Key = required("key in sources.csv")
    locator: str | None = optional("where in the source")
    quote: Quote | None = optional("words that carry it; of a number needed, but not with a dataset")
    note: str | None = optional("anything else")

    @property
    def number(self) -> float | None:
        """The value as a number; None where it is in words."""
        return float(self.value) if is_plain(self.value) else None


class SecondOutcome(Outcome):
    """A result as a second person extracted it; never pooled, only compared with outcomes.csv."""

    extractor: str = required("who extracted it the second time")


class Agreement(Row):
    """How two extractions that differed were settled."""

    trial: Key = required("key of the trial")
    outcome: Key = required("outcome")
    instrument: Key | None = optional("key of the instrument")
    weeks: Weeks | None = optional("weeks since randomisation")
    group: Literal["1", "2", "difference"] = required("group of the two rows")
    statistic: Literal["final", "change"] | None = optional("statistic of the two rows")
    column: str = required("column in which they differed")
    first: str | None = optional("what outcomes.csv held")
    second: str | None = optional("what the second person had")
    settled: str | None = optional("what was agreed on; empty: nothing is reported")
    who: str = required("who settled it")
    why: str = required("why")


def _down(cell: object) -> int | None:
    number = _number(cell)
    if number not in {None, 0, -1, -2}:
        raise CellError(
            "a domain lowers certainty by 0, 1 or 2 levels", "Write 0, -1 or -2, as GRADE counts."
        )
    return None if number is None else int(number)


def _day(cell: object) -> object:
    try:
        return None if cell is None else date.fromisoformat(str(cell)).isoformat()
    except ValueError:
        raise CellError("this is not a date", 'Write it like "2026-11-27".') from None


def _name(cell: object) -> object:
    if cell is not None and not any(letter.isalpha() for letter in str(cell)):
        raise CellError("a name has letters", "Write who judged it.")
    return cell


Down = Annotated[int, BeforeValidator(_down)]
_UNWRITTEN = "The rows are written by check --papers --record, not by hand."
Hash = Annotated[str, _matching("[0-9a-f]{64}", "this is no SHA-256", _UNWRITTEN)]
Day = Annotated[str, BeforeValidator(_day)]
Person = Annotated[str, BeforeValidator(_name)]
# Domains in which the certainty of a synthesis is rated
Rated = Literal[
    "risk of bias", "inconsistency", "indirectness", "imprecision", "small-study effects", "missing evidence"
]


class Decision(Row):
    """What a panel decided of a domain of a synthesis; `certainty --worksheet` writes the rows."""

    synthesis: Key = required("key of the synthesis in review.toml")
    subgroup: str | None = optional("its subgroup; empty: the synthesis as a whole")
    domain: Rated = required("domain in which certainty is rated")
    suggested: Down | None = optional(
        "levels that the program suggested when this was judged; empty: not assessable"
    )
    why: str | None = optional("its reason then")
    decision: Literal["accept", "change", "open"] | None = optional(
        "accept what is suggested, change it, or leave it open; empty: open"
    )
    levels: Down | None = optional("0, -1 or -2: levels of a change")
    reason: str | None = optional("why it is changed")
    by: Person | None = optional("who judged it")
    date: Day | None = optional("when, as year-month-day")

    @property
    def decided(self) -> int | None:
        """Levels that were decided; None while it is open."""
        return {"accept": self.suggested, "change": self.levels}.get(self.decision or "open")

    def problems(self) -> Iterator[Problem]:
        """Yield decisions that are none, and those that contradict themselves."""
        if self.decision in {None, "open"}:
            if self.levels is not None:
                yield self.problem(
                    "levels", "the decision is open", "Write accept or change, or empty levels."
                )
            return
        if self.by is None:
            yield self.problem(
                "by", f"only a person can {self.decision} a suggestion", "Write who judged it."
            )
        if self.decision == "accept":
            if self.suggested is None:
                yield self.problem(
                    "decision",
                    "no level is suggested, so there is none to accept",
                    "Write change, with levels, reason and by, or open.",
                )
            elif self.levels not in {None, self.suggested}:
                yield self.problem(
                    "levels",
                    f"what is accepted is {self.suggested}",
                    "Empty levels, or write change with a reason.",
                )
            return
        if self.levels is None:
            yield self.problem("levels", "a change needs its levels", "Write 0, -1 or -2.")
        elif self.levels == self.suggested:
            yield self.problem(
                "levels", "this is what is suggested, and no change", "Write accept, or other levels."
            )
        if self.reason is None:
            yield self.problem("reason", "a change needs its reason", "Write why.")


def _identifier(pattern: str, like: str) -> BeforeValidator:
    return _matching(
        pattern, "this is no such number", f'Write it like "{like}", without an address before it.'
    )


DIGITAL = r"10\.[0-9]{4,9}/\S+"  # a DOI: a registrant's prefix, and what the registrant chose


class SearchRecord(Row):
    """A record that a search found, as `livingmeta search` keeps it: bibliographic data, no abstract."""

    record: Key = required("key of the record")
    title: str = required("title, as the database has it")
    authors: str | None = optional('authors, as "Smith BE; Hendrick P"')
    year: Year | None = optional("year of publication")
    journal: str | None = optional("journal")
    doi: Annotated[str, _identifier(DIGITAL, "10.1136/bjsports-2016-097383")] | None = optional("its DOI")
    pmid: Annotated[str, _identifier(r"[1-9]\d{0,8}", "28596288")] | None = optional("its number in PubMed")
    pmcid: Annotated[str, _identifier(r"PMC\d{1,9}", "PMC5739826")] | None = optional(
        "its number in PubMed Central"
    )
    registration: str | None = optional("registry number of the trial, where the record names it")
    database: str = required("database that holds it")
    query: str = required("id of the [[search]] in review.toml that found it, or name of the file it came in")
    date: Day = required("when it was found, as year-month-day")
    duplicate_of: Key | None = optional("key of the record that says the same; empty: it is none")
    duplicate_why: str | None = optional(
        'what shows it: "same DOI", or what a person saw; where duplicate_of is empty, why it is none: no '
        "later record makes it one"
    )
    trial: str | None = optional(
        "what its trial is called: a key of trials.csv, or the registry number that its reports share"
    )
    report: Key | None = optional("key in reports.csv, where it is a report that the review has")
    note: str | None = optional("anything else")

    def problems(self) -> Iterator[Problem]:
        """Yield a duplicate without a reason, or of itself."""
        if self.duplicate_of == self.record:
            yield self.problem("duplicate_of", "no record is a duplicate of itself", "Empty the cell.")
        if self.duplicate_of is not None and self.duplicate_why is None:
            reason = "it is a duplicate, and nothing says why"
            yield self.problem("duplicate_why", reason, "Say what shows that both are one record.")


class SearchRun(Row):
    """One run of a search: what was asked, for which days, and how much came."""

    search: Key = required("id of the [[search]] in review.toml")
    database: str = required("database that was asked")
    query: str | None = optional(
        "the words, as they were asked, or as review.toml has them of a file; empty: not known"
    )
    since: Day | None = optional("first day that was asked for; empty: not known of a file")
    until: Day = required("last day that was asked for, or on which the file was exported")
    date: Day = required("when it ran")
    found: WholeNumber | None = optional("records that the database says it has; empty: it did not say")
    new: WholeNumber = required("records that were new in records.csv")
    complete: Literal["yes", "no"] = required("did all of them come? no: the next run goes on")
    note: str | None = optional("why not all came, or what the database remarked")


class Screening(Row):
    """What a person decided of a record; of one person's decisions on it the latest holds."""

    record: Key = required("key in records.csv")
    stage: Literal["title", "full text"] = required("what was read: title and abstract, or the report")
    decision: Literal["include", "exclude", "unsure", "not retrieved"] = required(
        "include; exclude; unsure, which goes on to the full text; not retrieved: there was no report to read"
    )
    reason: str | None = optional("why it is excluded; needed where the full text was read")
    by: Person = required("who decided")
    date: Day = required("when, as year-month-day")
    settles: Literal["yes"] | None = optional("yes: it settles what others decided differently")
    note: str | None = optional("anything else")

    def problems(self) -> Iterator[Problem]:
        """Yield an exclusion without its reason, and what only a full text can be."""
        if self.stage == "full text" and self.decision == "exclude" and self.reason is None:
            yield self.problem("reason", "a report that was read is excluded for a reason", "Write it.")
        if self.stage == "title" and self.decision == "not retrieved":
            yield self.problem(
                "decision", "a report is sought once its title is included", "Write it at stage full text."
            )


class QuoteRecord(Row):
    """A quote held against the paper that it is from; `check --papers FOLDER --record` writes the rows."""

    table: str = required("file that the quote stands in, without .csv")
    key: str = required("what names its row there, and the column where that is not quote")
    source: Key = required("key in sources.csv of what is quoted")
    quote_sha256: Hash = required(
        "SHA-256 of the quote: one that is another now is proved no more, and `check` says so"
    )
    result: Literal["found", "elsewhere", "other digits", "not found"] = required(
        "found: word for word, where locator says; elsewhere: on another page or in another table; other "
        "digits: the words, and not their numbers; not found: neither"
    )
    page: WholeNumber | None = optional("page of the file that it was found on, where the paper has pages")
    proved: str | None = optional(
        "what of the row stands in the quote, or at its place in the table, with the values that were held "
        "against it: group=1 n=34"
    )
    unproved: str | None = optional("what of the row neither carries, or it calls assumed, in the same way")
    paper_sha256: Hash = required("SHA-256 of the file with the paper, which is not a part of the review")
    date: Day = required("when, as year-month-day")
    by: Person = required("who held the paper")

    @property
    def numbers(self) -> dict[str, str]:
        """What the row held then, by column."""
        pairs = (
            each.partition("=") for cell in (self.proved, self.unproved) for each in (cell or "").split()
        )
        return {column: value for column, _, value in pairs}

    @property
    def lacking(self) -> tuple[str, ...]:
        """The columns that nothing carries."""
        return tuple(each.partition("=")[0] for each in (self.unproved or "").split())

    @property
    def record(self) -> tuple[str, str, str, str]:
        """What it is about: file, row, source and quote."""
        return self.table, self.key, self.source, self.quote_sha256


TABLES: dict[str, type[Row]] = {
    "sources": Source,
    "trials": Trial,
    "reports": Report,
    "instruments": Instrument,
    "outcomes": Outcome,
    "gaps": Gap,
    "published": Claim,
    "risk_of_bias": Bias,
}
# Files that a review has only where trials have moderators of its own, results were extracted
# twice, a panel rated certainty, databases were searched, or quotes were held against their papers.
OPTIONAL: dict[str, type[Row]] = {
    "moderators": Moderator,
    "second_extraction": SecondOutcome,
    "agreements": Agreement,
    "certainty": Decision,
    "searches": SearchRun,
    "records": SearchRecord,
    "screening": Screening,
    "verification": QuoteRecord,
}


def columns(model: type[Row]) -> dict[str, Any]:
    """Return the columns of a file in order, with their pydantic fields."""
    return {name: field for name, field in model.model_fields.items() if name not in {"file", "row"}}


def read_row(
    model: type[Row], cells: Mapping[str, str | None], *, file: str, row: int
) -> tuple[Row | None, list[Problem]]:
    """Turn the cells of one row into a typed row, or say what is wrong with each cell.

    `cells` map columns to text, where None or white space means not reported; `file` and `row` are
    the place as the user sees it. There is no row where a cell could not be read.
    """
    given = {name: text.strip() for name, text in cells.items() if text is not None and text.strip()}
    try:
        typed = model.model_validate({**given, "file": file, "row": row})
    except ValidationError as error:
        return None, [_worded(model, given, e, file, row) for e in error.errors()]
    return typed, list(typed.problems())


def _worded(model: type[Row], given: Mapping[str, str], error: Any, file: str, row: int) -> Problem:
    column = str(error["loc"][0])
    wrong = error.get("ctx", {}).get("error")
    if isinstance(wrong, CellError):
        reason, remedy = wrong.reason, wrong.remedy
    elif error["type"] == "missing":
        meaning = model.model_fields[column].description
        reason, remedy = "this cell may not be empty", f"It holds: {meaning}."
    else:
        allowed = choices(model.model_fields[column].annotation)
        near = get_close_matches(given[column].lower(), allowed, n=1)
        reason = f"choose one of {', '.join(allowed)}"
        remedy = f"Did you mean {near[0]}?" if near else ""
    return Problem(file=file, row=row, column=column, value=given.get(column), reason=reason, remedy=remedy)


def choices(annotation: Any) -> list[str]:
    """Return the words of which a cell may hold one."""
    parts = get_args(annotation)
    return [word for part in parts for word in ([part] if isinstance(part, str) else choices(part))]


def carries(quote: str, cell: str) -> bool:
    """Say whether a quote shows a number, sign turned or not.

    A leading zero may be missing (P = .505) and the decimal point may be a comma, or stand high (2·8).

    Examples
    --------
    >>> carries("5.0 points (−2.5 to 12; P = .505)", "2.5")
    True
    >>> carries("15.5 points", "5.5")
    False
    """
    digits = cell.strip().lstrip(f"{RELATIONS}{MINUS}+ ").rstrip("% ").replace(",", "")
    whole, point, rest = digits.partition(".")
    whole = "0?" if whole in {"", "0"} and point else re.escape(whole)
    pattern = whole + (f"[.,]{re.escape(rest)}" if point else "")
    quote = re.sub(r"(?<=\d)[·∙⋅•‧](?=\d)", ".", quote)  # as the Lancet prints it
    ungrouped = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", quote)  # 1,026 is 1026
    separated = re.sub(r"(\.\d+),(?=[-−]?\d)", r"\1, ", quote)  # 7.20,9.05 are two numbers
    bounded = rf"(?<![\d.])(?<!\d,){pattern}(?!\d)(?![.,]\d)"
    return any(re.search(bounded, text) for text in (quote, ungrouped, separated))
