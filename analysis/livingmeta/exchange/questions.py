"""What a table leaves open about its columns: what may be meant, shown and never silently used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from livingmeta.exchange.analyses import Hints
from livingmeta.exchange.cells import contents_of, numbers_in
from livingmeta.exchange.columns import ARMS, QUANTITIES, listed, measure_in, ours_of, spaced, squeezed
from livingmeta.exchange.entry import EntryError
from livingmeta.exchange.sheets import ExchangeError, Sheet
from livingmeta.review.schema import ABSENT

SHOWN = 5  # rows of a preview
MANY = 200  # rows from the top that show what a column's cells look like
# What a table can hold: a word for it, and which of our columns it needs
KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "means": (
        "a mean, its SD and the number of people in each group",
        ("mean1", "sd1", "n1", "mean2", "sd2", "n2"),
    ),
    "errors": (
        "a mean, its standard error and the number of people in each group",
        ("mean1", "se1", "n1", "mean2", "se2", "n2"),
    ),
    "counts": ("events and people in each group", ("events1", "n1", "events2", "n2")),
    "effects": ("effects that are computed, with their standard errors", ("yi", "sei")),
    "intervals": ("effects that are computed, with their confidence limits", ("yi", "low", "high")),
}
# Words that are enough for a guess, and not for more
_LOOSER: Mapping[str, str] = {
    "mean": "y, score, value, avg, mn",
    "events": "x, r, resp, responders, responded, died, dead, improved, success, successes, cured",
}
# The same where one cell holds several numbers; they are on offer where cells look so
TOGETHER: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "means and SDs": (
        "a mean with its SD in one cell, for each group",
        ("mean1,sd1", "n1", "mean2,sd2", "n2"),
    ),
    "means and SEs": (
        "a mean with its standard error in one cell, for each group",
        ("mean1,se1", "n1", "mean2,se2", "n2"),
    ),
    "means and limits": (
        "a mean with its confidence limits in one cell, for each group",
        ("mean1,low1,high1", "n1", "mean2,low2,high2", "n2"),
    ),
    "medians and quartiles": (
        "a median with its quartiles in one cell, for each group",
        ("median1,q11,q31", "n1", "median2,q12,q32", "n2"),
    ),
    "events of people": ("events of people in one cell, for each group", ("events1,n1", "events2,n2")),
    "effects and limits": ("an effect with its confidence limits in one cell", ("yi,low,high",)),
    "effects and SEs": ("an effect with its standard error in one cell", ("yi,sei",)),
}
ROLES: Mapping[str, str] = {
    "study": "the name of the study",
    **{
        f"{quantity}{arm}": f"{words} group {arm}"
        for arm in "12"
        for quantity, words in {
            "mean": "mean of",
            "sd": "standard deviation of",
            "se": "standard error of",
            "median": "median of",
            "q1": "lower quartile of",
            "q3": "upper quartile of",
            "n": "number of people in",
            "events": "number of people with the event in",
            "without": "number of people without the event in",
        }.items()
    },
    **{
        f"{side}{arm}": f"{words} confidence limit of group {arm}"
        for arm in "12"
        for side, words in (("low", "lower"), ("high", "upper"))
    },
    "yi": "effect",
    "vi": "variance of the effect",
    "sei": "standard error of the effect",
    "low": "lower confidence limit",
    "high": "upper confidence limit",
}


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which column is meant by one of our names.

    Attributes
    ----------
    role : str
        Our name, as `--column` takes it.
    words : str
        What it holds.
    candidates : tuple of str
        Columns that may be meant, likely ones first.
    guess : str, optional
        The likeliest; a person confirms it.
    """

    role: str
    words: str
    candidates: tuple[str, ...]
    guess: str | None = None


@dataclass(frozen=True, kw_only=True)
class OpenColumns:
    """What has to be asked before a table can be read.

    Attributes
    ----------
    file : str
    header : tuple of str
    preview : tuple of (int, tuple of str)
        The first rows, each with its number.
    kinds : mapping of str to (str, tuple of Question)
        What the table may hold: in words, and what is then to be asked. Of a single one nothing is
        chosen.
    guess : str, optional
        The likeliest kind.
    note : str
        What the names of the columns leave open about their cells.
    """

    file: str
    header: tuple[str, ...]
    preview: tuple[tuple[int, tuple[str, ...]], ...]
    kinds: Mapping[str, tuple[str, tuple[Question, ...]]]
    guess: str | None = None
    note: str = ""

    @property
    def guessed(self) -> str:
        """The options that say the guess, empty where a part of it is missing."""
        questions = self.kinds[self.guess][1] if self.guess else ()
        if not questions or any(question.guess is None for question in questions):
            return ""
        return _typed(questions)


class OpenColumnsError(ExchangeError):
    """Columns that can be read once somebody says what they hold; `left` asks it."""

    def __init__(self, message: str, left: OpenColumns) -> None:
        self.left = left
        super().__init__(message)


def answered(hints: Hints, answers: Mapping[str, str]) -> Hints:
    """Return what is said of a file together with the columns that were chosen.

    Examples
    --------
    >>> answered(Hints(columns={"yi": "es"}), {"sei": "error"}).columns
    {'yi': 'es', 'sei': 'error'}
    """
    return replace(hints, columns={**hints.columns, **answers})


def which_of(sheet: Sheet, role: str, columns: Sequence[str]) -> OpenColumns:
    """Ask which of several columns is meant."""
    question = Question(role=role, words=ROLES.get(role, role), candidates=tuple(columns))
    return _open(sheet, {"columns": ("", (question,))}, None)


def what_of(sheet: Sheet, known: Mapping[str, Sequence[str]], said: Mapping[str, str]) -> OpenColumns:
    """Ask what a table holds, and which column is which, with a guess by words in their names."""
    numbers = [
        column
        for column in sheet.header
        if (ours_of(column) or ("",))[0] not in {"study", "year", "subgroup"}
        and column not in said.values()
        and _numeric(cells[column] for _, cells in sheet.rows)
    ]
    several = {column: fits for column in numbers if (fits := _together(sheet, column))}
    single = [column for column in numbers if column not in several]
    here = {kind for fits in several.values() for kind in fits}
    told = {ours for names in said for ours in listed(names)}
    kinds: dict[str, tuple[str, tuple[Question, ...]]] = {}
    for kind, (words, roles) in {**{k: v for k, v in TOGETHER.items() if k in here}, **KINDS}.items():
        used: set[str] = set()
        questions = []
        for role in roles:
            columns = [column for column, held in several.items() if kind in held] if "," in role else single
            if told & set(listed(role)) or (
                kind in TOGETHER and "," not in role and _holds_n(sheet, several)
            ):
                continue
            first = [column for column in known.get(role, ()) if column in columns]
            likely = list(dict.fromkeys((*first, *_likely(role, columns))))
            guess = next((column for column in likely if column not in used), None)
            used |= {guess} if guess else set()
            rest = [column for column in columns if column not in likely]
            held = " and ".join(ROLES[ours] for ours in listed(role))
            questions.append(Question(role=role, words=held, candidates=(*likely, *rest), guess=guess))
        kinds[kind] = (words, tuple(questions))
    share = {
        kind: sum(question.guess is not None for question in questions) / max(len(questions), 1)
        for kind, (_, questions) in kinds.items()
    }
    best = max(share.values())
    guesses = [kind for kind in share if share[kind] == best > 0]
    note = ""
    if several and sum(kind in TOGETHER for kind in guesses) > 1:
        shown = next(cells[column] for column in several for _, cells in sheet.rows if cells[column])
        ways = [kinds[kind] for kind in guesses if kind in TOGETHER]
        note = f' {", ".join(several)}: what does "{shown}" hold? ' + "; ".join(
            f"{words}: {_typed(questions)}" for words, questions in ways
        )
        guesses = []  # what a bracket holds is not to be guessed
    return replace(_open(sheet, kinds, guesses[0] if guesses else None), note=note)


def _typed(questions: Sequence[Question]) -> str:
    return " ".join(f'--column "{question.role}={question.guess or "…"}"' for question in questions)


def _together(sheet: Sheet, column: str) -> set[str]:
    """Return the kinds of `TOGETHER` that most cells of a column can be, and its heading allows."""
    contents = contents_of(column)
    rows = sheet.rows[:MANY]
    filled = [cells[column] for _, cells in rows if cells[column].lower() not in ABSENT]
    fits: dict[str, int] = {}
    for kind, (_, roles) in TOGETHER.items():
        wanted = tuple(ours[:-1] if ours[-1] in ARMS else ours for ours in listed(roles[0]))
        if contents is None or contents[0] == wanted:
            fits[kind] = sum(_holds(cell, wanted) for cell in filled)
    return {kind for kind, fitting in fits.items() if filled and fitting >= 0.8 * len(filled)}


def _holds(cell: str, wanted: Sequence[str]) -> bool:
    try:
        return numbers_in(cell, wanted).keys() >= set(wanted)
    except EntryError:
        return False


def _holds_n(sheet: Sheet, several: Iterable[str]) -> bool:
    """Say whether the number of people stands in headings or cells: "Exercise (n = 34)"."""
    n = re.compile(r"\bn\s*=\s*\d", re.IGNORECASE)
    return all(
        n.search(column) or all(n.search(cells[column]) for _, cells in sheet.rows) for column in several
    )


def _open(
    sheet: Sheet, kinds: Mapping[str, tuple[str, tuple[Question, ...]]], guess: str | None
) -> OpenColumns:
    rows = tuple((row, tuple(cells.values())) for row, cells in sheet.rows[:SHOWN])
    return OpenColumns(file=sheet.file, header=sheet.header, preview=rows, kinds=kinds, guess=guess)


def _numeric(cells: Iterable[str]) -> bool:
    """Say whether most cells begin with a number."""
    filled = [cell for cell in cells if cell.lower() not in ABSENT]
    return bool(filled) and sum(bool(re.match(r"[-−+(\[<]?\s*[.,]?\d", c)) for c in filled) >= 0.8 * len(
        filled
    )


def _likely(role: str, columns: Sequence[str]) -> Iterator[str]:
    """Yield the columns that have a word for the role in their names, those of the arm first."""
    if role.startswith("yi,"):
        yield from columns
        return
    if role[-1] in ARMS:
        quantity, arm = role[:-1], role[-1]
        words = f"{QUANTITIES.get(quantity, quantity)}, {_LOOSER.get(quantity, quantity)}"
        named = [column for column in columns if "," in role or _has(column, words)]
        other = "2" if arm == "1" else "1"
        yield from (column for column in named if _has(column, ARMS[arm]))
        neither = [
            column for column in named if not _has(column, ARMS[arm]) and not _has(column, ARMS[other])
        ]
        # of two columns that name no arm the first is the first group's
        yield from neither if arm == "1" else neither[1:]
        return
    words = {
        "yi": "effect, es, estimate, difference, diff, beta, coefficient, theta, ratio",
        "sei": "se, stderr, error, std error",
        "low": "lower, low, ll, lcl, lb, min",
        "high": "upper, high, ul, ucl, ub, max",
    }[role]
    yield from (
        column
        for column in columns
        if _has(column, words)
        or (ours_of(column) or ("",))[0] == role
        or (role == "yi" and measure_in(column))
    )


def _has(column: str, names: str) -> bool:
    words = spaced(column).split()
    pairs = {*words, *(" ".join(pair) for pair in pairwise(words))}
    # "xt" and "mean1" set nothing apart
    ends = {squeezed(column)[:-1], squeezed(column)[-1:]} if len(squeezed(column)) <= 4 else set()
    return bool({*pairs, *ends} & set(listed(names)))
