"""Every document that a command prints with --json, of results that Python users have, too.

A function here makes a document; `text` writes it as the command does, and `schema` says what it
holds. Where a result is a document as it stands, its own class is the schema.
"""

import dataclasses
import inspect
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, NotRequired, TypeVarTuple, cast, get_args

import pandas as pd
from pydantic import BaseModel, Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import TypedDict

from livingmeta.appraisal.absolute import Absolute
from livingmeta.appraisal.certainty import PrintedCertainty, Rating, Suggestion, SummaryOfFindings
from livingmeta.appraisal.changes import Move, Stage
from livingmeta.appraisal.comparison import Comparison, Step
from livingmeta.appraisal.directions import Direction, EffectDirections
from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.flow import BoxCount
from livingmeta.appraisal.missing_evidence import Absence, funnel_of
from livingmeta.appraisal.moderation import Moderation
from livingmeta.appraisal.multiverse import MultiverseSummary, Shares, TrialSet, Turn, excluding
from livingmeta.appraisal.scenarios import Sensitivity, Without
from livingmeta.audit.candidates import Assumptions
from livingmeta.audit.consistency import Finding
from livingmeta.audit.contradictions import Clash, clashes
from livingmeta.audit.deduction import Deduction
from livingmeta.audit.gaps import KnownGap
from livingmeta.audit.lock import Difference, Verification
from livingmeta.audit.results import Results
from livingmeta.audit.verdicts import Verdict
from livingmeta.audit.witnesses import Certificate
from livingmeta.engine.measures import on_scale, scale_name, scale_of
from livingmeta.engine.methods.bayes import Marginal, Posterior
from livingmeta.engine.methods.multilevel import ThreeLevel
from livingmeta.engine.methods.patient import NewSetting, vas_points
from livingmeta.engine.methods.possible_sets import PossibleSets
from livingmeta.engine.methods.resampling import Bootstrap, Permutation, Simulated
from livingmeta.engine.methods.selection import Selected
from livingmeta.engine.methods.small_study import Asymmetry, Filled, Suited, warned
from livingmeta.engine.methods.subsets import MOST_TRIALS, QUANTILES, Gosh
from livingmeta.engine.pooling import OF_PREDICTION, PooledEstimate
from livingmeta.exchange.collection import Reproduced
from livingmeta.exchange.paper_tables import PaperTable
from livingmeta.living.proving import Proofs
from livingmeta.living.reading import Candidate, Closing
from livingmeta.pages.changes import beyond, conclusion
from livingmeta.pages.deductions import assumed, deduced
from livingmeta.pages.phrases import Interval, counted, coverage, judged_line, published, suggested_line
from livingmeta.pages.rob_me import MissingEvidence
from livingmeta.printer import Several
from livingmeta.review.protocol import Choice, Judgement, Review
from livingmeta.review.quotes import Proved
from livingmeta.review.schema import Decision, Gap, Problem
from livingmeta.synthesis.dependence import shared_flags
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import Pool
from livingmeta.words import pick

FIRST = ("trial", "yi", "vi", "ci_low", "ci_high", "derivation", "flags")  # what a reader looks for


# Flags of the pooled estimate, which a posterior or another model of the same rows does not share.
OF_ESTIMATE = {
    "not_converged",
    "tau2_at_zero",
    "tau2_interval_empty",
    "tau2_outside_interval",
    "single_trial",
    *OF_PREDICTION,
    "beyond_range",
    "hksj_narrower_than_wald",
    "hksj_scale_below_one",
}


def _meanings(of: type) -> dict[str, str]:
    """Return what a class says of its fields: in its docstring, or in a comment behind each."""
    ours = [base for base in reversed(of.__mro__) if base.__module__.startswith("livingmeta")]
    source = "\n".join(map(inspect.getsource, ours))
    meanings = dict(re.findall(r"^    (\w+): .*?  # (?!type:)(.+)$", source, re.M))
    listed = (inspect.getdoc(of) or "").partition("Attributes\n----------\n")[2]
    for names, words in re.findall(r"^(\w[\w, ]*?) : [^\n]*\n((?:    .*\n?)*)", listed + "\n", re.M):
        meanings |= dict.fromkeys(names.split(", "), " ".join(words.split()))
    return meanings


def _values(result: Any, *, without: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields of a result, one level deep; of a row, without its place in the file."""
    if isinstance(result, BaseModel):
        names = [name for name, field in type(result).model_fields.items() if not field.exclude]
    else:
        names = [field.name for field in dataclasses.fields(result)]
    return {name: getattr(result, name) for name in names if name not in without}


if TYPE_CHECKING:
    Held = TypeVarTuple("Held")

    class Keys(dict[str, Any], Generic[*Held]):
        """For a type checker, a document with more keys than a result has fields."""

else:

    class Keys:
        """`Keys[Result]`: the fields of a result as keys; names in a Literal are left out."""

        def __class_getitem__(cls, held: Any) -> type:
            of, *out = held if isinstance(held, tuple) else (held,)
            without = {name for literal in out for name in get_args(literal)}
            keys = inspect.get_annotations(of, eval_str=True)
            if issubclass(of, BaseModel):
                keys = {
                    name: Annotated[field.annotation, Field(description=field.description)]
                    for name, field in of.model_fields.items()
                    if not field.exclude
                }
            keyed = TypedDict(of.__name__, {k: v for k, v in keys.items() if k not in without})
            keyed.__doc__, keyed.__module__ = of.__doc__, of.__module__
            return keyed


# What the tests of small trials do instead of the pool's methods.
OWN_MODEL = (
    "The tests in the table have no model of pooling: lines weigh with free dispersion, Begg's "
    "test ranks. Trim and fill and the selection model are of the review's "
    "model, the latter by maximum likelihood."
)


class Of(TypedDict):
    """It is of one synthesis."""

    synthesis: str  # its id
    subgroup: str | None  # None: the whole synthesis


def _of(pool: Pool | Move | Deduction) -> Of:
    return {"synthesis": pool.synthesis, "subgroup": pool.subgroup}


class OnScale(TypedDict):
    """What readers see of an estimate: the ratio beside its log, the proportion beside its logit."""

    measure: str  # what the numbers are called there
    estimate: float | None  # None, as a limit may be: no number holds it
    ci_low: float | None
    ci_high: float | None
    pi_low: NotRequired[float | None]  # limits of the prediction interval
    pi_high: NotRequired[float | None]


def turned_back(measure: str, result: Any) -> OnScale | None:
    """Return what readers see of a result or an effect; None where that is what is pooled."""
    if scale_of(measure).plain or result is None:
        return None
    names = {
        "estimate": "estimate" if hasattr(result, "estimate") else "yi",
        "ci_low": "ci_low",
        "ci_high": "ci_high",
    }
    if hasattr(result, "pi_low"):
        names |= {"pi_low": "pi_low", "pi_high": "pi_high"}
    held = {name: getattr(result, field) for name, field in names.items()}
    seen = {name: None if value is None else on_scale(measure, value) for name, value in held.items()}
    finite = {
        name: value if value is not None and math.isfinite(value) else None for name, value in seen.items()
    }
    return OnScale({"measure": scale_name(measure), **finite})  # type: ignore[typeddict-item,no-any-return]


class Located(Keys[Effect, Literal["rows"]]):
    """Each row is named by its place."""

    rows: list[tuple[str, int]]  # file and spreadsheet row of each row used


class Weighted(Located):
    """Its weight stands beside it."""

    weight: float | None  # percent; of the total where one is pooled, else of this pool itself
    shown: OnScale | None  # on the scale that readers see, where it is another one


class Pooled(Keys[Pool, Literal["effects"]]):
    """The effects stand with their weights in `trials`."""

    shown: OnScale | None  # the result on the scale that readers see, where it is another one
    trials: list[Weighted]  # the effects that are pooled
    people: int | None  # that are pooled, each once; None where that of a trial is not known
    people_at_least: int  # those of the trials of which it is known


class Changed(Keys[Step]):
    """The pool is a document."""

    pool: Pooled  # the synthesis with it changed


class Compared(Of):
    """One synthesis, or one subgroup of it, by the methods of the headline and of every profile."""

    own: Pooled  # by the methods of the headline
    profiles: dict[str, Pooled]  # by those of each profile
    steps: list[Changed]  # from the headline, one method at a time


class Listed(TypedDict):
    """One review that can be found."""

    review: str  # the name by which commands know it
    question: str  # as its review.toml states it, or why that is not known
    folder: str  # where it lies


class Problematic(Keys[Problem]):
    """It is told in one line, too."""

    message: str  # where, what, why, and what to do


class NumberHeld(TypedDict):
    """A number, time, arm or scale of a row whose quote was found in its paper."""

    column: str  # group: the arm; instrument: the scale
    value: str
    stands: (
        Literal["quote", "cell", "column", "row", "caption", "assumed"] | None
    )  # where, as the row names it


class QuoteHeld(TypedDict):
    """A quote held against the paper that it is from."""

    file: str  # that the quote stands in
    row: int  # as a spreadsheet counts
    column: str  # quote, or the one in which it stands in quote marks
    source: str  # key in sources.csv
    locator: str  # where in the source, as the row says
    quote: str
    result: Literal["found", "elsewhere", "other digits", "not found", "paper not there"]
    page: int | None  # of the file, where the paper has pages
    table: str | None  # in which it stands, where the locator names another
    words: str | None  # those of the paper, where its digits are others
    others: list[list[str]]  # numbers that differ: the quote's, and the paper's
    paper: str | None  # name of the file
    paper_sha256: str | None  # its hash
    numbers: list[NumberHeld]  # what of the row stands there; empty unless the quote was found


class Check(TypedDict):
    """Everything that is wrong or doubtful in a review."""

    review: str  # as it was typed
    errors: int  # how many problems are wrong
    warnings: int  # how many are doubtful
    problems: list[Problematic]  # wrong or doubtful, one by one
    quotes: NotRequired[list[QuoteHeld]]  # what became of each quote, with --papers


class Offered(TypedDict):
    """A cell of a paper that may hold what a gap asks for; nothing is decided by it."""

    gap: int  # as `livingmeta read --gap` takes it
    place: str  # as `livingmeta read --pick` takes it: table, row and column
    text: str  # as printed, without footnote marks
    label: str  # of its table
    page: int | None  # of a PDF
    row_headings: tuple[str, ...]  # what names its row
    column_headings: tuple[str, ...]  # what stands above it
    group: str  # 1 or 2, where its headings fit one of them better
    fits: tuple[str, ...]  # words that its headings and caption share with what is looked for
    doubts: tuple[str, ...]  # why it is uncertain that this is printed there


class PaperRead(TypedDict):
    """What a paper holds: its tables, and what of them may fill the gaps of a review."""

    paper: str  # name of the file
    tables: list[PaperTable]  # in the paper's order
    candidates: list[Offered]  # of each gap those that fit best in front; empty without a review


class PaperOf(Keys[Closing, Literal["paper", "gaps"]]):
    """Its gaps are known by their numbers."""

    gaps: tuple[int, ...]  # known gaps that it may close, as `livingmeta gaps` numbers them


class PapersHeld(TypedDict):
    """The papers of a folder, and what is wrong with those that can't be read."""

    papers: list[PaperOf]
    problems: list[str]  # each with its file, why it can't be read, and what to do


class Reproduction(TypedDict):
    """Each printed number beside ours, and what does not fit together."""

    methods: str  # by which ours are computed
    claims: tuple[Verdict, ...]  # what became of each printed number
    findings: tuple[Finding, ...]  # what can't all be right


class Unread(TypedDict):
    """What is left of the trials nobody could read, of words at any τ²."""

    possible: int  # sets of trials
    mean: Sequence[float] | None
    effects: Mapping[str, Sequence[float]]


class Deduced(TypedDict):
    """What a printed pooled result says of the trials behind it; null where it says nothing."""

    claims: Sequence[str]
    synthesis: str
    subgroup: str | None
    measure: str  # of all numbers, on the scale of analysis ("log OR")
    printed: Sequence[str]  # estimate and limits, estimate and z or P, or words
    se: Sequence[float] | None  # the least and the greatest standard error by what is printed
    tried: int | None  # sets of trials
    possible: int | None  # of them can stand behind it
    possible_without_heterogeneity: int | None
    in_all: Sequence[str]  # trials in all of the possible sets
    in_some: Sequence[str]
    in_none: Sequence[str]
    tau2: Sequence[float] | None  # least and greatest
    unread: Sequence[str]  # trials whose effects are not known
    unread_mean: Sequence[float] | None  # their weighted mean, least and greatest
    unread_effects: Mapping[str, Sequence[float]]  # of each of them, by trial
    by_estimator: Mapping[str, Unread]  # the same if τ² was estimated by DL, PM or REML
    why_not: str | None
    said: Sequence[str]  # all of this in sentences


class Deductions(TypedDict):
    """What printed results give away, what of it can't be, and what is taken for granted."""

    assumptions: Assumptions
    deductions: Sequence[Deduced]
    clashes: Sequence[Clash]
    said: str  # the assumptions in words


class Folder(TypedDict):
    """Every analysis of a folder beside what is printed there."""

    analyses: list[Reproduced]  # one by one
    skipped: dict[str, str]  # files that gave none, and why


class Certified(Keys[Certificate]):
    """It is summed up in words."""

    summary: list[str]  # how far each witness agrees


class Verified(TypedDict):
    """What is not as the lock of a review holds it."""

    review: str  # its id
    commit: str | None  # that wrote the lock, "changed since" where it is not as that one left it
    sound: bool  # whether numbers, data and methods are those of the lock, and it is as written
    compared: int  # numbers compared; 0 where this is the first lock
    differences: tuple[Difference, ...]  # those that are others
    changes: Mapping[str, tuple[str, ...]]  # by "lock", "data", "work", "method", "library", "code", in words


class Lacking(Keys[Gap]):
    """Beside the row of gaps.csv stands what it would add."""

    number: int  # as `livingmeta add --gap` takes it
    people: int | None  # people it would add; None where that is not known
    syntheses: tuple[str, ...]  # those it would feed
    filled: bool  # whether both arms are here by now


class Moved(Of):
    """One synthesis, or a subgroup of it, before and after a change."""

    changed: bool  # whether anything is different
    conclusion: str  # whether the answer is another one, in words
    before: PooledEstimate | None  # the result; None where there is none
    after: PooledEstimate | None  # the result; None where there is none
    moved_by_data: tuple[float, float, float] | None  # of estimate and limits
    moved_by_methods: tuple[float, float, float] | None  # of estimate and limits
    entered: list[str]  # effects that are new, or new in their numbers
    left: list[str]  # effects that are gone, or old in their numbers
    flags_came: tuple[str, ...]  # those of after alone
    flags_went: tuple[str, ...]  # those of before alone


class Asked(TypedDict, total=False):
    """Points and importance are said where they are asked for."""

    vas_points: list[float] | None  # with --vas-sd: estimate and limits on a 0-100 mm VAS
    beyond_important: str | None  # with --important: whether the interval lies beyond


class Bent(Pooled, Asked):  # type: ignore[misc]
    """Two more keys stand there where they were asked for."""


class Left(Keys[Without], Asked):  # type: ignore[misc]
    """Two more keys stand there where they were asked for."""

    shown: OnScale | None  # on the scale that readers see, where it is another one


class Grown(Keys[Stage], Asked):  # type: ignore[misc]
    """Two more keys stand there where they were asked for."""

    shown: OnScale | None  # on the scale that readers see, where it is another one


class Scenario(TypedDict):
    """Another way to pool a synthesis."""

    name: str  # in words
    imputed: NotRequired[int]  # effects that are imagined, of missing trials
    pool: Bent | None  # None where the synthesis does not exist that way


class Absent(Keys[Absence]):
    """The pools are documents."""

    scenarios: list[Scenario]


class Bending(Of):
    """How far one synthesis, or subgroup of it, bends."""

    main: Bent  # the main analysis
    scenarios: list[Scenario]  # other choices, one at a time
    no_different: tuple[str, ...]  # those that change no row and no method here
    without: list[Left]  # without each effect
    cumulative: dict[str, list[Grown]]  # one more trial at a time, by year and by size
    missing_trials: Absent  # what trials without a usable number could do


class Evidence(Keys[MissingEvidence]):
    """Judgements are "not assessed" where no person recorded one."""

    judgements: tuple[Judgement, ...] | Literal["not assessed"]


class SensitivityAnalyses(TypedDict):
    """Other choices, syntheses without each trial, and what is missing."""

    analyses: list[Bending]  # each synthesis
    missing_evidence: list[Evidence]  # as ROB-ME asks for it


class Impossible(TypedDict):
    """Combinations of options that can't be."""

    why: str  # in words
    combinations: int  # how many


class Trials(Keys[TrialSet]):
    """It is told in words."""

    words: str  # what it has beside the headline's trials
    excludes: str  # in how many of its analyses the interval excludes no effect


class Combined(Of):
    """One synthesis under every combination of the declared choices."""

    measure: str  # of the effects
    coverage: str  # what is pooled, held back and missing, in a line
    main: Pooled  # the headline
    choices: tuple[Choice, ...]  # as declared
    declared: int  # combinations of their options
    impossible: list[Impossible]  # those that can't be
    equivalent: int  # those that are the same as another by definition
    shares: Shares | None  # of analyses that differ; None where none is possible
    shares_of_specifications: Shares | None  # of all combinations
    shares_of_trial_sets: Shares | None  # of trial sets, each once
    trial_sets: list[Trials]  # what each set of trials says
    trial_sets_excluding_no_effect: dict[str, int]  # by how many of their analyses do
    parts: list[dict[str, Any]]  # the same by option
    published: str | None  # what was published, in words
    turns: tuple[Turn, ...]  # what each choice moves
    specifications: list[dict[str, Any]]  # every one, as multiverse_….csv has it


class Regressed(Keys[Moderation]):
    """The effects name their rows."""

    effects: list[Located]


class Suggested(Keys[Suggestion]):
    """It is told in words."""

    words: str  # the suggestion
    moved: bool  # whether a panel decided on another suggestion than there is now


class Summarised(Of):
    """One row of a summary-of-findings table."""

    coverage: str  # what is pooled, held back and missing, in a line
    trials: int  # that are pooled
    people: int | None  # None where the number of a trial is not known
    result: PooledEstimate | None  # None where nothing is pooled
    vas_points: list[float] | None  # with --vas-sd: estimate and limits on a 0-100 mm VAS
    absolute: Absolute  # the same in people, where that can be said
    suggestions: list[Suggested]  # domain by domain
    overall: str  # what follows, in words
    rating: Rating | None  # what follows from a panel's decisions
    judged: Judgement | None  # what a person judged of the whole
    printed: tuple[PrintedCertainty, ...]  # what publications print
    proved: Proved | None  # quotes found in their papers; None where none was held against one


class Directed(Keys[Direction]):
    """The side is told in words."""

    direction: str  # whom it favours, if that is known


class Directions(Keys[EffectDirections]):
    """Rows name their sides, and are counted."""

    rows: list[Directed]
    tally: str  # trials by direction, in words


class Domain(TypedDict):
    """What is recorded of one domain of a trial."""

    state: str  # the judgement, or that there are facts alone, or nothing
    words: list[str]  # judgement, support and source, a line for each row


class Biased(TypedDict):
    """The risk of bias of one trial, as recorded with one tool."""

    trial: str  # its key
    tool: str  # as it stands in the file
    overall: str | None  # None while a domain has no judgement
    domains: dict[str, Domain]  # one by one


class Certainty(TypedDict):
    """How certain each synthesis is, and what is known where nothing is pooled."""

    summary_of_findings: list[Summarised]  # each synthesis
    directions: list[Directions]  # what each report says
    risk_of_bias: list[Biased]  # as recorded
    prisma: dict[str, BoxCount]  # the flow of records, box by box


class Worksheet(TypedDict):
    """What stands in the table that a panel decides in."""

    worksheet: str  # the file
    rows: int  # how many stand there
    added: int  # those that are new
    decided: int  # those that a panel decided
    open: int  # those that it did not
    remarks: list[str]  # rows that have no place, or whose suggestion is another by now


class About(Of):
    """The synthesis that a document is of."""

    measure: str  # of the effects
    methods: str  # of the pool
    coverage: str  # what is pooled, held back and missing, in a line
    pool_flags: tuple[str, ...]  # flags of the pooled value
    refused: NotRequired[str]  # why nothing more is known; then no other key stands beside these


class EffectGroup(TypedDict):
    """Effects that belong together."""

    group: str  # a trial by its label, or what the moderator says
    effects: int  # how many
    weight: float  # percent


class Multilevel(Of, total=False):
    """The effects of one synthesis within their trials."""

    measure: str  # of the effects
    coverage: str  # what is pooled, held back and missing, in a line
    refused: str  # why there is no such model; then no other key stands beside these
    cluster: str  # by what effects are grouped: "trial", or a moderator
    methods: str  # of the model, in words
    result: ThreeLevel  # mean, and variances between and within trials
    shown: OnScale | None  # the mean on the scale that readers see, where it is another one
    groups: list[EffectGroup]  # in the order of the rows
    trials: list[Weighted]  # the effects that are pooled
    repeated: list[str]  # labels of those with all numbers of another effect of their trial
    flags: tuple[str, ...]  # of the model and of the rows


class Beside(TypedDict):
    """The subsets that hold a trial, and those that don't."""

    trial: str  # its key
    label: str  # its name
    estimate: list[float]  # medians, with the trial and without it
    i2: list[float]  # medians, with the trial and without it


class Subsets(About, total=False):
    """What a GOSH plot shows, in numbers."""

    trials: int  # from which they are taken
    subsets: int  # how many
    exhaustive: bool  # whether these are all subsets, else a sample
    seed: int | None  # of the sample
    not_converged: int  # those whose estimate of τ² did not
    subsets_of_two_or_more: int  # all that follows is of these
    quantiles: list[float]  # those of which `estimate` and `i2` hold the values
    estimate: list[float]  # at those quantiles
    share_below_zero: float | None  # subsets whose estimate is below no effect
    i2_by: str  # which I²: "i2" by Q, "i2_tau2" by τ²
    i2: list[float]  # at those quantiles
    with_and_without: list[Beside]  # trial by trial
    flags: list[str]  # of subsets and pool


class Resampled(About, total=False):
    """The mean tested by turning signs, and bootstrapped."""

    permutation_test: Permutation  # of the mean, by turning signs
    bootstrap: Bootstrap  # of the mean and τ²
    shown: OnScale | None  # that mean on the scale that readers see, where it is another one


class SimulatedReviews(About, total=False):
    """How often intervals are right in simulated reviews of the same trials."""

    trials: str  # how they measure, in words
    simulated: tuple[Simulated, ...]  # how often each interval is right, for each true mean and τ²


class Shrunk(Keys[Marginal]):
    """The true effect of one trial."""

    trial: str  # its key


class PosteriorOf(Keys[Posterior, Literal["curves"]]):
    """Trials are named; the curves are left to the figure."""

    trials: list[Shrunk]


class Believed(Of):
    """What trials and a prior say together of one synthesis."""

    coverage: str  # what is pooled, held back and missing, in a line
    favours: tuple[str, str] | None  # whom an effect below and above no effect favours, if known
    posterior: PosteriorOf | None  # None where there is no trial
    why_not: NotRequired[str | None]  # why there is none; then no other key stands beside these
    prior: NotRequired[str]  # in words
    new_setting: NotRequired[NewSetting | None]  # its probabilities without a prior
    new_setting_refused: NotRequired[str | None]  # why there are none
    flags: NotRequired[list[str]]  # of posterior and rows


class SmallStudy(Of):
    """Whether small trials tell another story in one synthesis."""

    refused: NotRequired[str]  # why there is no test; then no other key stands beside these
    trials: NotRequired[int]  # that are tested
    methods: NotRequired[str]  # of the pool
    methods_of_tests: NotRequired[str]  # what the tests do instead
    flags: NotRequired[list[str]]  # of pool and tests
    suited: NotRequired[Suited]  # the test that suits the measure
    tests: NotRequired[tuple[Asymmetry, ...]]  # all of them
    filled: NotRequired[Filled]  # trim and fill
    selection: NotRequired[Selected | str]  # the selection model, or why there is none


def located(effect: Effect) -> Located:
    """Return an effect as a document, the places of its rows instead of the rows."""
    return Located({**_values(effect), "rows": [(row.file, row.row) for row in effect.rows]})


def pooled(pool: Pool) -> Pooled:
    """Return a synthesis as a document, the effects with their weights first."""
    trials = _weighted(pool, pool.weights or [None] * len(pool.effects))
    values = _values(pool, without={"effects"})
    first = {name: values[name] for name in ("synthesis", "subgroup", "result")}
    people = {"people": pool.people.all, "people_at_least": pool.people.known}
    shown = turned_back(pool.measure, pool.result)
    return Pooled({**first, "shown": shown, "trials": trials, **people, **values})


def _weighted(pool: Pool, weights: Sequence[float | None]) -> list[Weighted]:
    trials = []
    for effect, weight in zip(pool.effects, weights, strict=True):
        document = located(effect)
        beside = {"weight": weight, "shown": turned_back(effect.measure, effect)}
        trials.append(Weighted({**{name: document[name] for name in FIRST}, **beside, **document}))
    return trials


def compared(comparison: Comparison) -> Compared:
    """Return a synthesis by every profile as a document."""
    return {
        **_of(comparison.own),
        "own": pooled(comparison.own),
        "profiles": {name: pooled(pool) for name, pool in comparison.pools},
        "steps": [Changed({**_values(step), "pool": pooled(step.pool)}) for step in comparison.steps],
    }


def reproduction(results: Results) -> Reproduction:
    """Return the verdicts on what was printed as a document.

    Examples
    --------
    >>> from livingmeta import load_review
    >>> from livingmeta.audit.results import results_of
    >>> document = reproduction(results_of(load_review("smith2017")))
    >>> len(document["claims"]) > 20
    True
    """
    return {"methods": results.pools[0].methods, "claims": results.verdicts, "findings": results.findings}


def deductions(printed: Sequence[Deduction], taken: Assumptions) -> Deductions:
    """Return what printed results give away as a document."""
    return {
        "assumptions": taken,
        "deductions": [_deduced(deduction) for deduction in printed],
        "clashes": clashes(printed),
        "said": assumed(taken),
    }


def _deduced(deduction: Deduction) -> Deduced:
    sets, zero = deduction.widest, deduction.zero
    some = sets is not None and sets.subsets.size > 0

    def held(key: str) -> list[str]:
        return [trial.trial for trial in deduction.candidates if deduction.holds(trial) == key]

    return {
        "claims": deduction.claims,
        **_of(deduction),
        "measure": deduction.measure,
        "printed": deduction.printed,
        "se": deduction.se,
        "tried": sets.tried if sets else None,
        "possible": int(sets.subsets.size) if sets else None,
        "possible_without_heterogeneity": int(zero.subsets.size) if zero else None,
        "in_all": held("all"),
        "in_some": held("some"),
        "in_none": held("none"),
        "tau2": [float(sets.tau2_low.min()), float(sets.tau2_high.max())] if sets and some else None,
        "unread": [trial.trial for trial in deduction.unread],
        "unread_mean": sets.mean if sets and some else None,
        "unread_effects": _effects(deduction, sets),
        "by_estimator": {
            name: {
                "possible": int(left.subsets.size),
                "mean": left.mean if left.subsets.size else None,
                "effects": _effects(deduction, left),
            }
            for name, left in deduction.by_estimator.items()
        },
        "why_not": deduction.why_not,
        "said": deduced(deduction),
    }


def _effects(deduction: Deduction, sets: PossibleSets | None) -> dict[str, Sequence[float]]:
    """Return between what each unread trial lies that is in a set."""
    if sets is None:
        return {}
    ends = zip(deduction.candidates, sets.trial_low.tolist(), sets.trial_high.tolist(), strict=True)
    return {trial.trial: (low, high) for trial, low, high in ends if low <= high}


def checked(review: str, problems: Sequence[Problem], proofs: Proofs | None = None) -> Check:
    """Return everything that is wrong or doubtful in a review as a document."""
    errors = sum(problem.severity == "error" for problem in problems)
    document: Check = {
        "review": review,
        "errors": errors,
        "warnings": len(problems) - errors,
        "problems": [Problematic({**_values(problem), "message": str(problem)}) for problem in problems],
    }
    if proofs:
        document["quotes"] = [cast("QuoteHeld", proof.cells()) for proof in proofs.proofs]
    return document


def paper_read(paper: str, tables: Iterable[PaperTable], offered: Iterable[Candidate]) -> PaperRead:
    """Return what a paper holds as a document."""
    cells = [cast("Offered", candidate.row) for candidate in offered]
    return {"paper": paper, "tables": list(tables), "candidates": cells}


def papers_held(held: Several[Closing]) -> PapersHeld:
    """Return the papers of a folder as a document."""
    papers = [cast("PaperOf", closing.row) for closing in held]
    return {"papers": papers, "problems": list(held.remarks)}


def folder(analyses: Sequence[Reproduced], skipped: Mapping[str, str]) -> Folder:
    """Return every analysis of a folder, and the files that gave none, as a document."""
    return {"analyses": list(analyses), "skipped": dict(skipped)}


def listed(questions: Mapping[Path, str]) -> list[Listed]:
    """Return the reviews that can be found as a document."""
    return [
        {"review": place.name, "question": question, "folder": str(place)}
        for place, question in questions.items()
    ]


def certified(certificate: Certificate) -> Certified:
    """Return a certificate and what it comes to as a document."""
    return Certified({**_values(certificate), "summary": certificate.summary()})


def as_locked(review: str, verification: Verification | None, *, commit: str | None = None) -> Verified:
    """Return how a review stands to its lock as a document; None: there was no lock."""
    return {
        "review": review,
        "commit": commit,
        "sound": verification is None or verification.sound,
        "compared": verification.compared if verification else 0,
        "differences": verification.differences if verification else (),
        "changes": verification.changes if verification else {},
    }


def lacking(gap: KnownGap) -> Lacking:
    """Return a known gap as a document."""
    more = ("number", "people", "syntheses", "filled")
    return Lacking({**_values(gap.gap), **{name: getattr(gap, name) for name in more}})


def moved(move: Move) -> Moved:
    """Return a synthesis before and after as a document."""
    return {
        **_of(move),
        "changed": move.changed,
        "conclusion": conclusion(move),
        "before": move.before.result if move.before else None,
        "after": move.after.result if move.after else None,
        "moved_by_data": move.moved(by="data"),
        "moved_by_methods": move.moved(by="methods"),
        "entered": [effect.label for effect in move.entered],
        "left": [effect.label for effect in move.left],
        "flags_came": move.flags[0],
        "flags_went": move.flags[1],
    }


def points(result: Interval | None, vas_sd: float | None) -> list[float] | None:
    """Return estimate and limits in points on a VAS, None without an SD or a result."""
    if vas_sd is None or result is None:
        return None
    ends = (result.estimate, result.ci_low, result.ci_high)
    return [vas_points(end, vas_sd=vas_sd) for end in ends]


def asked(result: Interval | None, *, important: float | None = None, vas_sd: float | None = None) -> Asked:
    """Return what was asked for beside a result: points on a VAS, and whether it matters.

    The smallest important difference is in the unit in which effects are pooled; the SD is that
    between people in mm.
    """
    document: Asked = {}
    if vas_sd is not None:
        document["vas_points"] = points(result, vas_sd)
    if important is not None:
        document["beyond_important"] = beyond(result, important) if result else None
    return document


def bending(analysis: Sensitivity, *, important: float | None = None, vas_sd: float | None = None) -> Bending:
    """Return how far a synthesis bends as a document; what is asked beside is as `asked` takes it."""
    absence = analysis.absence

    def beside(values: dict[str, Any], result: Interval | None) -> Any:
        return {**values, **asked(result, important=important, vas_sd=vas_sd)}

    def row(left: Without | Stage) -> Any:
        return beside({**_values(left), "shown": turned_back(analysis.main.measure, left)}, left)

    def of(pool: Pool | None) -> Bent | None:
        return beside(pooled(pool), pool.result) if pool else None

    scenarios: list[Scenario] = [
        {"name": name, "imputed": other.imputed, "pool": of(other)} for name, other in absence.scenarios
    ]
    return {
        **_of(analysis.main),
        "main": beside(pooled(analysis.main), analysis.main.result),
        "scenarios": [{"name": name, "pool": of(other)} for name, other in analysis.scenarios],
        "no_different": analysis.no_different,
        "without": [row(left) for left in analysis.without],
        "cumulative": {order: [row(stage) for stage in stages] for order, stages in analysis.growth.items()},
        "missing_trials": Absent({**_values(absence), "scenarios": scenarios}),
    }


def regressed(moderation: Moderation) -> Regressed:
    """Return a meta-regression as a document."""
    effects = [located(effect) for effect in moderation.effects]
    return Regressed({**_values(moderation), "effects": effects})


def multilevel(review: Review, found: Any) -> Multilevel:
    """Return what `livingmeta.multilevel` finds of a pool as a document."""
    pool, result = found.pool, found.result
    document: Multilevel = {
        "synthesis": pool.synthesis,
        "subgroup": pool.subgroup,
        "measure": pool.measure,
        "coverage": coverage(review, pool),
    }
    if result is None:
        return {**document, "refused": str(found.refused)}
    return {
        **document,
        "cluster": found.cluster,
        "methods": result.methods,
        "result": result,
        "shown": turned_back(pool.measure, result),
        "groups": [EffectGroup(group=g, effects=n, weight=weight) for g, n, weight in found.groups],
        "trials": _weighted(pool, result.weights),
        "repeated": list(found.repeated),
        "flags": found.flags,
    }


def sensitivity_analyses(
    analyses: Sequence[Sensitivity],
    missing: Sequence[MissingEvidence],
    *,
    important: float | None = None,
    vas_sd: float | None = None,
) -> SensitivityAnalyses:
    """Return how far syntheses bend, and what may be missing from them, as a document."""
    return {
        "analyses": [bending(bent, important=important, vas_sd=vas_sd) for bent in analyses],
        "missing_evidence": [
            Evidence({**_values(lack), "judgements": lack.judgements or "not assessed"}) for lack in missing
        ],
    }


def combined(results: Results, summary: MultiverseSummary) -> Combined:
    """Return a synthesis under every combination of choices as a document."""
    multiverse, pool = summary.multiverse, summary.multiverse.main
    return {
        **_of(pool),
        "measure": pool.measure,
        "coverage": coverage(results.review, pool),
        "main": pooled(pool),
        "choices": multiverse.choices,
        "declared": multiverse.declared,
        "impossible": [{"why": why, "combinations": n} for why, n in multiverse.impossible],
        "equivalent": multiverse.equivalent,
        "shares": summary.shares,
        "shares_of_specifications": summary.named,
        "shares_of_trial_sets": summary.each,
        "trial_sets": [
            Trials({**_values(held), "words": held.words(), "excludes": held.excludes})
            for held in summary.sets
        ],
        "trial_sets_excluding_no_effect": excluding(summary.sets),
        "parts": _rows(summary.parts),
        "published": published(results, pool) or None,
        "turns": multiverse.turns,
        "specifications": _rows(multiverse.specifications),
    }


def _rows(table: pd.DataFrame) -> list[Any]:
    finite = table.replace([inf, -inf], nan).astype(object)  # an SE of 0 has no finite weight
    return finite.where(finite.notna(), None).to_dict("records")


def certainty(dossier: Dossier) -> Certainty:
    """Return how certain each synthesis is as a document."""
    return {
        "summary_of_findings": [_summarised(dossier, row) for row in dossier.certainty],
        "directions": [
            Directions(
                {
                    **_values(table),
                    "rows": [
                        Directed({**_values(row), "direction": table.side(row.side)}) for row in table.rows
                    ],
                    "tally": table.tally(),
                }
            )
            for table in dossier.directions
        ],
        "risk_of_bias": [
            {
                "trial": trial.trial,
                "tool": trial.tool,
                "overall": trial.overall,
                "domains": {
                    cell.domain: {"state": cell.state, "words": cell.words()} for cell in trial.cells
                },
            }
            for trial in dossier.bias
        ],
        "prisma": {count.box: count for count in dossier.flow.counts},
    }


def _summarised(dossier: Dossier, row: SummaryOfFindings) -> Summarised:
    return {
        **_of(row.pool),
        "coverage": coverage(dossier.review, row.pool),
        "trials": row.trials,
        "people": row.people,
        "result": row.pool.result,
        "vas_points": points(row.pool.result, dossier.vas_sd),
        "absolute": row.absolute,
        "suggestions": [
            Suggested({**_values(s), "words": s.words(), "moved": s.moved}) for s in row.suggestions
        ],
        "overall": f"{suggested_line(row)}; {judged_line(row)}",
        "rating": row.rating,
        "judged": row.certainty,
        "printed": row.printed,
        "proved": row.proved,
    }


def panel(path: Path, rows: Sequence[Decision], *, added: int, remarks: Sequence[str]) -> Worksheet:
    """Return what stands in a panel's worksheet now, and how many rows are new, as a document."""
    decided = sum(row.decided is not None for row in rows)
    return {
        "worksheet": str(path),
        "rows": len(rows),
        "added": added,
        "decided": decided,
        "open": len(rows) - decided,
        "remarks": list(remarks),
    }


def about(review: Review, pool: Pool, *, refused: str | None = None) -> About:
    """Return which synthesis a document is of, and why no more is said of it."""
    document: About = {
        "synthesis": pool.synthesis,
        "subgroup": pool.subgroup,
        "measure": pool.measure,
        "methods": pool.methods,
        "coverage": coverage(review, pool),
        "pool_flags": pool.flags,
    }
    if refused is not None:
        document["refused"] = refused
    return document


def why_no_sets(pool: Pool, *, least: int, test: str = "") -> str | None:
    """Say why no sets of trials can be drawn from a pool, so many trials at least; None: they can.

    `test` names what asks whether there is an effect, which not every measure has.
    """
    if pool.result is None:
        return f"no pooled value, {pool.why_not}"
    if test and pool.no_effect is None:
        return f"{scale_name(pool.measure)} has no value of no effect, which {test} asks for"
    if test and pool.result.method == "MH":
        return f"{test} draws effects, which have no counts for Mantel-Haenszel to sum: declare method = IV"
    if least <= len(pool.effects) <= MOST_TRIALS:
        return None
    return f"{counted(len(pool.effects), 'comparison')}: this needs {least} to {MOST_TRIALS}"


def subsets(review: Review, pool: Pool, gosh: Gosh, *, against: str) -> Subsets:
    """Return what a GOSH plot shows as a document, against which I²: "i2" or "i2_tau2"."""
    heterogeneity = getattr(gosh, against)
    middles = zip(pool.effects, gosh.medians(gosh.estimate), gosh.medians(heterogeneity), strict=True)
    return {
        **about(review, pool),
        "trials": gosh.trials,
        "subsets": gosh.subsets.size,
        "exhaustive": gosh.exhaustive,
        "seed": gosh.seed,
        "not_converged": gosh.not_converged,
        "subsets_of_two_or_more": gosh.several,
        "quantiles": list(QUANTILES),
        "estimate": gosh.quantiles(gosh.estimate),
        "share_below_zero": None if pool.no_effect is None else gosh.share_below_zero,
        "i2_by": against,
        "i2": gosh.quantiles(heterogeneity),
        "with_and_without": [
            {"trial": effect.trial, "label": effect.label, "estimate": estimates.tolist(), "i2": i2.tolist()}
            for effect, estimates, i2 in middles
        ],
        "flags": [*gosh.flags, *shared_flags(pool.flags)],
    }


def resampled(review: Review, pool: Pool, test: Permutation, sets: Bootstrap) -> Resampled:
    """Return a mean tested by turning signs, and bootstrapped, as a document."""
    return {
        **about(review, pool),
        "permutation_test": test,
        "bootstrap": sets,
        "shown": turned_back(pool.measure, sets),
    }


def simulated_reviews(
    review: Review, pool: Pool, simulated: tuple[Simulated, ...], *, trials: str
) -> SimulatedReviews:
    """Return how often intervals are right as a document; `trials` says how they measure."""
    return {**about(review, pool), "trials": trials, "simulated": simulated}


def small_study(found: Any) -> SmallStudy:
    """Return what `livingmeta.small_study` finds of a pool as a document."""
    pool = found.pool
    if found.refused is not None:
        return {"synthesis": pool.synthesis, "subgroup": pool.subgroup, "refused": found.refused}
    k = funnel_of(pool).k
    return {
        "synthesis": pool.synthesis,
        "subgroup": pool.subgroup,
        "trials": k,
        "methods": pool.methods,
        "methods_of_tests": OWN_MODEL,
        "flags": [*shared_flags(pool.flags), *warned(k)],
        "suited": found.best,
        "tests": found.tests,
        "filled": found.filled,
        "selection": found.selection,
    }


def believed(review: Review, found: Any) -> Believed:
    """Return what `livingmeta.bayes` finds of a pool as a document."""
    pool, posterior, setting = found.pool, found.posterior, found.new_setting
    document: Believed = {
        "synthesis": pool.synthesis,
        "subgroup": pool.subgroup,
        "coverage": coverage(review, pool),
        "favours": pool.favours,
        "prior": found.prior,
        "posterior": None,
    }
    if posterior is None:
        del document["prior"]
        return {**document, "why_not": pool.why_not}
    trials = [
        Shrunk({"trial": effect.trial, **_values(marginal)})
        for effect, marginal in zip(pool.effects, posterior.trials, strict=True)
    ]
    return {
        **document,
        "posterior": PosteriorOf({**_values(posterior, without={"curves"}), "trials": trials}),
        "new_setting": None if isinstance(setting, str) else setting,
        "new_setting_refused": setting if isinstance(setting, str) else None,
        "flags": posterior_flags(pool, posterior),
    }


def posterior_flags(pool: Pool, posterior: Posterior) -> list[str]:
    """Return the flags of posterior and rows, without those of the estimate without a prior."""
    return list(dict.fromkeys((*posterior.flags, *of_rows(pool))))


def of_rows(pool: Pool) -> list[str]:
    """Return the flags of a pool's rows, which hold whatever is computed of them."""
    return [flag for flag in pool.flags if flag not in OF_ESTIMATE]


# By command; the functions above make them.
DOCUMENTS: Mapping[str, Any] = {
    "reviews": list[Listed],
    "check": Check,
    "pool": list[Pooled],
    "pool --profile all": list[Compared],
    "multilevel": list[Multilevel],
    "regress": Regressed,
    "sensitivity": SensitivityAnalyses,
    "bayes": list[Believed],
    "multiverse": list[Combined],
    "certainty": Certainty,
    "certainty --worksheet": Worksheet,
    "gosh": list[Subsets],
    "resample": list[Resampled],
    "simulate": list[SimulatedReviews],
    "small-study": list[SmallStudy],
    "reproduce": Reproduction,
    "reproduce FOLDER": Folder,
    "deduce": Deductions,
    "certify": Certified,
    "verify": Verified,
    "gaps": list[Lacking],
    "read": PaperRead,
    "fill": PapersHeld,
    "diff": list[Moved],
}


@cache
def _adapter(command: str) -> TypeAdapter[Any]:
    return TypeAdapter(pick(DOCUMENTS, command, "command"))


def text(command: str, document: object) -> str:
    """Write a document as its command prints it.

    Parameters
    ----------
    command : str
        One of `DOCUMENTS`.
    document : object
        What the functions of this module return, in a list where the command tells of several.

    Raises
    ------
    RefusalError
        If no command of this name prints a document.
    """
    import json

    plain = _adapter(command).dump_python(document)  # 35 people stay 35, not 35.0
    return json.dumps(plain, ensure_ascii=False, indent=2, allow_nan=False)


class _Meaning(GenerateJsonSchema):
    """Puts beside each key what the class says of it."""

    def dataclass_schema(self, schema: Any) -> dict[str, Any]:
        return self._described(super().dataclass_schema(schema), schema["cls"])

    def typed_dict_schema(self, schema: Any) -> dict[str, Any]:
        return self._described(super().typed_dict_schema(schema), schema["cls"])

    def _described(self, made: dict[str, Any], of: type) -> dict[str, Any]:
        line = list(_line(of))
        classes = [part for part in line if part is of or part.__module__ != __name__]
        heads = [re.split(r"\n*\w+\n-{4,}\n", inspect.getdoc(part) or "")[0] for part in classes]
        made["description"] = " ".join(" ".join(heads).split())
        said = {name: words for part in line for name, words in _meanings(part).items()}
        for name, words in said.items():
            if name in made["properties"]:
                made["properties"][name].setdefault("description", words)
        return made


def _line(of: type) -> Iterator[type]:
    """Yield the classes that a document is made of, its own last."""
    for base in getattr(of, "__orig_bases__", ()):
        if base is not TypedDict:
            yield from _line(base)
    yield of


def schema(command: str) -> dict[str, Any]:
    """Return the JSON Schema of the document that a command prints.

    Examples
    --------
    >>> schema("reproduce")["properties"]["methods"]["description"]
    'by which ours are computed'
    """
    return _adapter(command).json_schema(mode="serialization", schema_generator=_Meaning)
