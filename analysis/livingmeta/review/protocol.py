"""What a review declares and holds: its protocol, its rows, and which row fits which synthesis."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from livingmeta.language import Own
from livingmeta.printer import Shown, cells
from livingmeta.review.schema import (
    OPTIONAL,
    TABLES,
    Agreement,
    Bias,
    CellError,
    Claim,
    Decision,
    Gap,
    Instrument,
    Key,
    Moderator,
    Outcome,
    Problem,
    QuoteRecord,
    Rated,
    Report,
    Row,
    Screening,
    SearchRecord,
    SearchRun,
    SecondOutcome,
    Severity,
    Source,
    Trial,
    columns,
)
from livingmeta.words import named

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1  # the newest of a review's files that is read; it rises when older programs can't
ScaleDomain = Literal["pain", "function", "composite"]
Side = Literal[1, 2, "unknown"]  # which group an effect below no effect favours


class _Declared(BaseModel):
    """Part of review.toml; a name nobody knows is refused, since it would change nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Groups(_Declared):
    """Names of the two groups, and which one a negative effect favours.

    Where that is not said, it is 1 if `better` of the rows' instruments turns their signs so.
    """

    group1: str = Field(alias="1")
    group2: str = Field(alias="2")
    negative_favours: Side | None = None


class Term(_Declared):
    """A window of follow-up in weeks: `min` and `max` belong to it, `above` and `below` do not."""

    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None

    def holds(self, weeks: float) -> bool:
        """Say whether a time lies in the window."""
        return (
            (self.min is None or weeks >= self.min)
            and (self.max is None or weeks <= self.max)
            and (self.above is None or weeks > self.above)
            and (self.below is None or weeks < self.below)
        )


class Methods(_Declared):
    """How the review is pooled; what is not said is as the profile has it."""

    profile: str = "today"
    assumed: str | None = None  # why these methods are an assumption
    # Profile that every answer leads with, taken whole, where the methods declared here are those
    # assumed for the authors: they are shown where they are asked for, and labelled.
    headline: str | None = None
    measure: str = "SMD"
    measure_label: str | None = None  # what effects are called that come computed
    correction: str | None = None
    smd_variance: str | None = None
    md_variance: str | None = None
    zero_cells: str | None = None
    mh_zero_cells: str | None = None
    mh_variance: str | None = None
    method: str | None = None
    model: str | None = None
    tau2: str | None = None
    ci: str | None = None
    tau2_ci: str | None = None
    prediction: str | None = None
    i2: str | None = None
    level: float = 0.95
    subgroup_tau2: Literal["separate", "common"] = "separate"
    mean_from: str = "luo"  # mean and SD of an arm that prints quartiles or a range
    sd_from: str = "shi"


class Correlation(_Declared):
    """Correlation of the scores before treatment and at the time of the effect.

    With a source it is known for that trial; without one it is an assumption, and shown as such.
    """

    r: float = Field(gt=-1, lt=1)
    why: str
    source: str | None = None
    trial: str | None = None
    instrument: str | None = None


class Ties(_Declared):
    """Which of several row sets of one trial enters a synthesis."""

    subscales: tuple[str, ...] = ()
    time: Literal["treatment end", "latest", "earliest"] = "treatment end"
    statistic: tuple[Literal["final", "change"], ...] = ("final", "change")
    composites: Literal["last", "first"] = "last"  # composite instruments among the scales
    # A trial with several comparisons: each its own effect; the people of a shared group split
    # between them; or like arms combined into one comparison.
    several_arms: Literal["separate", "split", "combine"] = "separate"


class BaselineRisk(_Declared):
    """A risk of the event without the intervention, of whom, and the source that says it."""

    risk: float = Field(gt=0, lt=1)
    who: str
    source: Key


class Plan(_Declared):
    """One declared synthesis; its id names files."""

    id: Key
    title: str
    outcome: str
    term: str | None = None
    time_label: str | None = None
    domains: tuple[ScaleDomain, ...] = ()
    overall: bool = True  # with subgroups: also pool over all of them?
    negative_favours: Side | None = None  # where it is another than the groups'
    baseline_risk: tuple[BaselineRisk, ...] = ()  # in the place of those of the trials' group 2


class Exclusion(_Declared):
    """A trial looked at and left out."""

    trial: str
    why: str
    where: str


class Judgement(_Declared):
    """What a person judged of a synthesis; a program only suggests."""

    synthesis: Key
    about: Rated | Literal["certainty"]
    judgement: str
    why: str
    by: str


class Choice(_Declared):
    """A choice that can be defended either way; `livingmeta multiverse` combines all of them.

    The names and options that are known stand in `choices.CHOICES`.
    """

    name: str
    options: tuple[str, ...] = Field(min_length=2)
    why: str


# Days in what a search may be repeated after; months and years are counted in calendars
_INTERVAL = re.compile(r"([1-9][0-9]{0,3}) (day|week|month|year)s?")


def _first_day(given: object) -> object:
    try:
        return given if isinstance(given, date) else date.fromisoformat(str(given))
    except ValueError:
        raise CellError("this is not a date", 'Write it like "2026-11-27".') from None


def _interval(given: object) -> str:
    text = f"{given} days" if isinstance(given, int) else str(given)
    if not _INTERVAL.fullmatch(text):
        raise CellError("this is no interval", 'Write it like "3 months", "2 weeks" or "90 days".')
    return text


SEARCH_LINES = """[[search]]
id = "…"            # your name for it, such as embase
database = "…"      # such as PubMed or Embase
query = "…"         # as you typed it there; without this line it is not known
since = YYYY-MM-DD  # the first day that it covers; without this line it is not known
every = "3 months"  # how often it is repeated; without this line it is not
note = "…"          # who made the query"""


class Search(_Declared):
    """A search: where, in which words, from which day on, and how often it is repeated.

    Whose the words are is said: `source` is where they were read, or `note` names who made them.
    """

    id: Key
    database: str  # of those in `SERVICES` a program asks; any other is asked by a person
    query: str | None = None  # in the database's own language; not said: not known
    since: Annotated[date, BeforeValidator(_first_day)] | None = None  # not said: not known
    every: Annotated[str, BeforeValidator(_interval)] | None = None  # not said: it is not repeated
    source: Key | None = None
    note: str | None = None

    def due(self, last: date) -> date | None:
        """Return the day from which it is due, if `last` is the last day it has covered; None for never.

        Examples
        --------
        >>> Search(id="x", database="PubMed", since="2026-01-01", every="3 months").due(date(2026, 11, 30))
        datetime.date(2027, 2, 28)
        """
        if self.every is None:
            return None
        number, unit = self.every.removesuffix("s").split()
        if unit in {"day", "week"}:
            return last + timedelta(days=int(number) * (7 if unit == "week" else 1))
        months = last.month - 1 + int(number) * (12 if unit == "year" else 1)
        first = date(last.year + months // 12, months % 12 + 1, 1)
        longest = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return min(first + timedelta(days=last.day - 1), longest)


class Screens(_Declared):
    """What a person who screens sees beside a record, and the reasons that one key gives."""

    criteria: tuple[str, ...] = ()
    section: str | None = None  # heading of protocol.md under which the criteria stand
    reasons: tuple[str, ...] = Field(
        default=("population", "intervention", "comparison", "outcome", "study design"), max_length=9
    )


# Boxes of the PRISMA 2020 flow that a printed count may fill
Box = Literal[
    "records",
    "databases",
    "registers",
    "removed",
    "screened",
    "excluded",
    "sought",
    "not_retrieved",
    "assessed",
    "reports_excluded",
    "studies",
    "reports",
    "total_studies",
    "total_reports",
]


class Protocol(_Declared):
    """What review.toml says; its id names the folder of its figures."""

    format: int = 1  # of all files of the folder; `review.folder` asks it before anything else
    id: Key
    title: str
    citation: str | None = None
    doi: str | None = None
    question: str
    extends: str | None = None
    groups: Groups
    terms: dict[str, dict[str, Term]] = {}
    methods: Methods = Methods()
    ties: Ties = Ties()
    correlation: tuple[Correlation, ...] = ()
    not_accepted: dict[str, str] = {}  # instrument: why no synthesis takes it
    synthesis: tuple[Plan, ...]
    exclusion: tuple[Exclusion, ...] = ()
    judgement: tuple[Judgement, ...] = ()
    # Where a panel's rating begins: "high" for randomised trials. Not said: no level follows.
    starting_certainty: Literal["high", "low"] | None = None
    choice: tuple[Choice, ...] = ()
    search: tuple[Search, ...] = ()
    screening: Screens = Screens()
    prisma: dict[Box, Key] = {}  # box of the flow: claim of published.csv that counts it
    caution: str | None = None  # what every page about the review must say
    translation: dict[str, dict[str, str]] = {}  # language: the review's English words in it


@dataclass(frozen=True, kw_only=True, repr=False)
class Review(Shown):
    """A review as its folder gives it: the protocol and one tuple of rows per file.

    Where the review extends another, the rows of that one stand first. What is always its
    own: `published`, since what another printed is not what this one could reproduce; `certainty`,
    since a panel judged the other's numbers; and what it searched and screened.

    Attributes
    ----------
    protocol : Protocol
        What review.toml says: the question, groups, syntheses and methods.
    folder : Path
    sources, trials, reports, instruments, outcomes, gaps, published, … : tuple
        The rows of each file, in its order; `table` gives one as pandas has it.
    warnings : tuple of Problem
        What is doubtful in it.
    file : str or None
        Of a review that was read from a table.

    Examples
    --------
    >>> from livingmeta import load_review
    >>> review = load_review("smith2017")
    >>> len(review.trials), len(review.outcomes) == len(review.table("outcomes"))
    (7, True)
    """

    protocol: Protocol
    folder: Path
    sources: tuple[Source, ...] = ()
    trials: tuple[Trial, ...] = ()
    reports: tuple[Report, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    gaps: tuple[Gap, ...] = ()
    published: tuple[Claim, ...] = ()
    risk_of_bias: tuple[Bias, ...] = ()
    moderators: tuple[Moderator, ...] = ()
    second_extraction: tuple[SecondOutcome, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    certainty: tuple[Decision, ...] = ()
    searches: tuple[SearchRun, ...] = ()
    records: tuple[SearchRecord, ...] = ()
    screening: tuple[Screening, ...] = ()
    verification: tuple[QuoteRecord, ...] = ()
    warnings: tuple[Problem, ...] = field(default=(), repr=False)
    file: str | None = None  # of a review read from one: nobody wrote a protocol, sources or gaps
    parted_by: str | None = None  # moderator that somebody asked for, instead of the review's own subgroups
    # What other rooms have computed from these rows, each once; a copy with other rows begins anew.
    memo: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def _trials(self) -> dict[str, Trial]:
        return {trial.trial: trial for trial in self.trials}

    @cached_property
    def _instruments(self) -> dict[str | None, Instrument]:
        return {instrument.instrument: instrument for instrument in self.instruments}

    @cached_property
    def _sources(self) -> dict[str, Source]:
        return {source.source: source for source in self.sources}

    @cached_property
    def characteristics(self) -> dict[str, dict[tuple[str, str | None, str | None], float | str]]:
        """Values of each of the review's own moderators, by trial, subgroup and contrast.

        They are numbers where all values of the moderator are.
        """
        rows: dict[str, list[Moderator]] = defaultdict(list)
        for row in self.moderators:
            rows[row.moderator].append(row)
        wordy = {name for name, listed in rows.items() if any(row.number is None for row in listed)}
        return {
            name: {
                (row.trial, row.subgroup, row.contrast): (
                    row.value if name in wordy or row.number is None else row.number
                )
                for row in listed
            }
            for name, listed in rows.items()
        }

    def rows_by(self, *columns: str) -> dict[tuple[object, ...], list[Outcome]]:
        """Group the rows of outcomes.csv by what they hold in two columns or more."""
        asked = (Review.rows_by, columns)
        if asked not in self.memo:
            self.memo[asked] = grouped = defaultdict(list)
            of = attrgetter(*columns)
            for row in self.outcomes:
                grouped[of(row)].append(row)
        held: dict[tuple[object, ...], list[Outcome]] = self.memo[asked]
        return held

    @cached_property
    def rules_known(self) -> bool:
        """Whether a rule on pain is documented of any of its trials."""
        return any(trial.pain_rule1 or trial.pain_rule2 for trial in self.trials)

    def trial(self, key: str) -> Trial:
        """Return the trial with this key."""
        return self._trials[key]

    def instrument(self, key: str | None) -> Instrument | None:
        """Return the instrument with this key, None where a row names none."""
        return self._instruments.get(key)

    def source(self, key: str) -> Source:
        """Return the source with this key."""
        return self._sources[key]

    def __str__(self) -> str:
        about = self.protocol
        sizes = f"{len(self.trials)} trials, {len(self.outcomes)} rows"
        return f"{about.id}, {about.title}: {sizes}, {len(about.synthesis)} syntheses"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        return map(cells, self.trials)

    def problem(
        self, column: str, reason: str, remedy: str, *, value: object = None, severity: Severity = "error"
    ) -> Problem:
        """Build a Problem in what review.toml declares."""
        return Problem(
            file=f"{self.folder.name}/review.toml",
            column=column,
            value=None if value is None else str(value),
            reason=reason,
            remedy=remedy,
            severity=severity,
        )

    def labels(self, what: str) -> dict[str, str]:
        """Map the keys of what can be named, "trial" or "synthesis", to what is printed for them."""
        if what == "trial":
            return {key: trial.label for key, trial in self._trials.items()}
        return {plan.id: plan.title for plan in self.protocol.synthesis}

    def plan(self, synthesis: str) -> Plan:
        """Return a declared synthesis, by its id or title, in whatever case.

        Raises
        ------
        ValueError
            If there is none of that name; the message lists those there are.
        """
        key = named(self.labels("synthesis"), synthesis, "synthesis")
        return next(plan for plan in self.protocol.synthesis if plan.id == key)

    def trial_named(self, name: str) -> str:
        """Return the key of a trial, by its key or label, in whatever case; ValueError if there is none."""
        return named(self.labels("trial"), name, "trial")

    def table(self, name: str) -> pd.DataFrame:
        """Return one file's rows as a data frame, one column per column of the file.

        Examples
        --------
        >>> from livingmeta.review.folder import load_review
        >>> review = load_review("smith2017")
        >>> len(review.table("trials"))
        7
        """
        import pandas as pd

        rows: tuple[Row, ...] = getattr(self, name)
        return pd.DataFrame(
            [row.model_dump() for row in rows], columns=list(columns({**TABLES, **OPTIONAL}[name]))
        )


def lenders(review: Review, sd_from: str) -> list[Outcome]:
    """Return the arm rows, one per group, whose raw SD `sd_from` names."""
    arms: dict[str, Outcome] = {}
    lender = tuple(sd_from.split())
    for row in review.rows_by("trial", "instrument").get(lender[:2], ()):
        weeks = None if row.weeks is None else f"{row.weeks:g}"
        if (
            lender[2:] == (weeks,)
            and row.group != "difference"
            and row.statistic == "final"
            and row.sd is not None
            and row.n is not None
        ):
            arms.setdefault(row.group, row)
    return list(arms.values())


RowSetKey = tuple[object, ...]
_set_of = attrgetter("trial", "subgroup", "outcome", "instrument", "weeks", "time_label", "statistic")


def row_sets(rows: Iterable[Outcome], *, together: bool = False) -> dict[RowSetKey, list[Outcome]]:
    """Group rows that share trial, contrast, subgroup, outcome, instrument, time and statistic.

    With `together` the contrasts of a trial are not held apart.
    """
    sets: dict[RowSetKey, list[Outcome]] = defaultdict(list)
    for row in rows:
        sets[None if together else row.contrast, *_set_of(row)].append(row)
    return sets


def better_known(review: Review, row: Outcome) -> bool:
    """Say whether the sign of a row's effect is one that favours group 1 where it is negative."""
    instrument = review.instrument(row.instrument)
    return instrument is not None and instrument.better != "unknown"


def favours(review: Review, plan: Plan) -> tuple[str, str] | None:
    """Name the groups that an effect below and above no effect favours; None: not known.

    It is as review.toml declares it for the synthesis or for all; where it says nothing, it is
    known only if each usable row of the outcome has an instrument whose `better` is known, since
    that turns every sign so that negative favours group 1.
    """
    groups = review.protocol.groups
    side = plan.negative_favours or groups.negative_favours
    if side is None:
        rows = [row for row in review.outcomes if row.outcome == plan.outcome and row.use != "no"]
        side = 1 if rows and all(better_known(review, row) for row in rows) else "unknown"
    names = (Own(groups.group1), Own(groups.group2))
    return None if side == "unknown" else names if side == 1 else names[::-1]


def fits(review: Review, plan: Plan, row: Outcome | Gap, *, terms: str = "default") -> str | None:
    """Say why a row is not for a synthesis; None where it is.

    `terms` names a set of follow-up terms of review.toml.
    """
    if row.outcome != plan.outcome:
        return "another outcome"
    if row.instrument in review.protocol.not_accepted:
        return review.protocol.not_accepted[row.instrument]
    instrument = review.instrument(row.instrument)
    if plan.domains and instrument is not None and instrument.domain not in plan.domains:
        return f"the synthesis does not take instruments of domain {instrument.domain}"
    if plan.term is not None:
        window = review.protocol.terms[terms][plan.term]
        if row.weeks is None or not window.holds(row.weeks):
            return f"outside the {plan.term} term"
    if plan.time_label is not None and getattr(row, "time_label", None) != plan.time_label:
        return "another time"
    return None
