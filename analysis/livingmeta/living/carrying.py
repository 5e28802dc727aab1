"""Where what a row takes from its source stands: in its quote, or about its place in a paper's table."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf

from livingmeta.exchange.entry import PAIRS, named_in
from livingmeta.exchange.verbatim import CELL, ELLIPSIS, Around, numbers_in, spelled
from livingmeta.living.reading import TIME, close, fitting, times_at, tokens, weeks_in
from livingmeta.living.sentences import COUNTED, LEVEL, NUMERAL, P_VALUE, PEOPLE, Sentence, blank
from livingmeta.review.protocol import Review
from livingmeta.review.quotes import Quoted
from livingmeta.review.rules import CHANGE, COLUMN, arms_at, arms_named, beneath, changing, measured
from livingmeta.review.schema import Outcome, Problem, Row, printed_as

RESULT = ("quote", "cell")
NEAREST = ("column", "row", "quote")  # where arm and time are named, the nearest to the numbers first
BOUND = re.compile(r"([<>≤≥]?)\s*(\d+(?:[.,·]\d+)*|[.,·]\d+)")
TURN = {"≤": "<", "≥": ">"}
SHARE = re.compile(r"\(\s*[\d.,·]+\s*%?\s*\)|[\d.,·]+\s*%")
SIDES = {"n1": "own", "n2": "other"}  # arms, seen from group 1
PEOPLE_OF = {"n", *SIDES}
HEADED = re.compile(rf"{PEOPLE}|\(\d[\d,]*\)", re.IGNORECASE)
SPREADS = ("sd", "se")
LIMITS = re.compile(rf"[(\[][^()\[\]]*?{NUMERAL}\s*(?:to|[-–])\s*{NUMERAL}")
# What a column holds, what it is taken for by mistake, and what else names it as what it is
KINDS: Mapping[str, tuple[str, str, str]] = {
    "sd": ("sd", "se", ""),
    "se": ("se", "sd", ""),
    **dict.fromkeys(("minimum", "maximum"), ("range", "iqr", "")),
    **dict.fromkeys(("q1", "q3"), ("iqr", "ci", "median")),
    "mean": ("mean", "median", "sd se"),
    "median": ("median", "mean", "iqr range"),
}
RESULTS = ("mean", "median", "events", "correlation", "t_value")
BESIDE = {  # what is printed with a result
    *SPREADS,
    "ci_low",
    "ci_high",
    "q1",
    "q3",
    "minimum",
    "maximum",
    "p_value",
}
TURNED = {"mean", "ci_low", "ci_high", "t_value"}  # what has the other sign in a row that says so
WEEKS = 0.6  # a month is 4.3 weeks, and four to some
WORD = re.compile(r"\w+")
STOP = re.compile(r"(?<=[a-z)\]%\d])(?<!\bvs)\.\s+(?=[A-Z])")
SHORT = re.compile(r"\b(?!IQR|SEM|ITT)[A-Z]{3,}\b")  # what a scale is called by its initials
CHANGED = re.compile(
    rf"{CHANGE.pattern}|\b(?:decrease|reduction|improvement)\b|\bfrom baseline\b", re.IGNORECASE
)
MEAN_CHANGE = re.compile(
    r"\b(?:mean|median|average)\s+(?:\(\w+\)\s+)?(?:changes?|improvements?|reductions?|decreases?)\b"
    r"(?!.*\b(?:final|scores? (?:was|were)|greater|larger|smaller|differ\w*|to\s+(?:an?\s|\d)))",
    re.IGNORECASE,
)
OF_CHANGES = re.compile(
    r"\W*(?:table \w+\W*)?(?:(?:mean|adjusted|within-group)\s+)*changes?\b", re.IGNORECASE
)
OF_TWO = re.compile(r"\b(?:differ\w*|between|relative|compared|versus|vs|than|over|against)\b", re.IGNORECASE)
WITHIN = re.compile(r"\bwithin[-‐‑– ]groups?\b", re.IGNORECASE)
UNLESS = re.compile(r"\b(?:unless|otherwise)\b", re.IGNORECASE)
OF_SCALES = {"scale", "subscale", "score", "index", "questionnaire", "total", "points", "test", "change"}

Words = Mapping[str, str]  # of the quote, and of cell, column, row and caption where a place is sure


def carried(
    review: Review, quoted: Quoted, words: Words, *, astray: Collection[float] = ()
) -> dict[str, str]:
    """Say where a row's numbers, time, arm and scale stand: "assumed" where it says so, else "" for nowhere.

    What is printed once carries one column, results before people; of the quote no result counts that
    is `astray`: that the table has elsewhere.
    """
    row, stands = quoted.row, {}
    words = _of_days(review, row, words)
    # 12 weeks are no 12 people, and a 95% interval no 95
    plain = {where: spelled(blank(text, TIME, LEVEL)) for where, text in words.items()}
    left = {where: list(numbers_in(text)) for where, text in plain.items() if where in RESULT}
    turned = printed_as(getattr(row, "note", None))
    values = {
        c: -float(t) if turned and c in TURNED else float(t)
        for c, t in quoted.numbers.items()
        if c not in ABOUT
    }
    result = next((values[column] for column in RESULTS if column in values), None)
    alone = isinstance(row, Outcome) and {*values} & {*RESULTS, *BESIDE} == {"p_value"}
    if alone and len(P_VALUE.findall(words["quote"])) > 1:  # one alone is of all that is named
        result = values["p_value"]
    said = {where: Sentence(spelled(words[where]), result) for where in left}
    assumption = getattr(row, "assumption", None) or ""
    for column, text in sorted(quoted.numbers.items(), key=lambda pair: pair[0] in PEOPLE_OF):
        if column in ABOUT:
            carrying = ABOUT[column](review, row, text, words, said["quote"])
        else:
            value = values[column]
            carrying = _printed(row, column, value, plain, left, said)
            if column == "n" and (told := _counted(review, row, quoted.words, result)):
                carrying = ["quote"] if value in told else []
            if column in SIDES and value in _exchanged(review, row, quoted.words, SIDES[column]):
                carrying = [where for where in carrying if where != "quote"]
            if value in astray and column not in PEOPLE_OF:
                carrying = [where for where in carrying if where != "quote"]
            for listed in left.values() if carrying and column not in PEOPLE_OF else ():
                if value in listed:
                    listed.remove(value)
        named = column not in {"instrument", "statistic"} and column in WORD.findall(assumption)
        assumed = named and float(text) in numbers_in(assumption)
        stands[column] = next(iter(carrying), "assumed" if assumed else "")
    return stands


def _of_days(review: Review, row: Row, words: Words) -> Words:
    """Take "9 days" for the result that it is, where the scale counts days, and for no time."""
    named = (
        scale.name for scale in review.instruments if scale.instrument == getattr(row, "instrument", None)
    )
    unit = re.search(r"\b(?:day|week|month|year)(?=s?\b)", next(named, ""), re.IGNORECASE)
    result = getattr(row, "mean", None) or getattr(row, "median", None)
    if unit is None or result in numbers_in(blank(words["quote"], TIME)):
        return words
    counted = re.compile(rf"(?<=\d)[\s-]*{unit[0]}s?\b", re.IGNORECASE)
    return {where: blank(text, counted) if where in RESULT else text for where, text in words.items()}


def astray(review: Review, quoted: Quoted, place: Around) -> frozenset[float]:
    """Return the numbers that a table has, but not at a place: in other rows, or of another arm or time."""
    own, others = [place.cell], [place.others]
    for heads, text in place.line:
        mine, other = arms_named(review, quoted.row, heads) if isinstance(quoted.row, Outcome) else ("", "")
        theirs = mine != other and mine in other  # "exercise" may be a part of "painful exercise"
        weeks, times = getattr(quoted.row, "weeks", None), weeks_in(heads)
        later = weeks is not None and times and not any(close(weeks, time) for time in times)
        (others if theirs or later else own).append(text)
    return frozenset(numbers_in("; ".join(others))) - frozenset(numbers_in("; ".join(own)))


def _printed(
    row: Row,
    column: str,
    value: float,
    plain: Words,
    left: Mapping[str, Sequence[float]],
    said: Mapping[str, Sentence],
) -> list[str]:
    """Return where a number of a column is printed; people also in headings that count them."""
    carrying = [where for where, listed in left.items() if value in listed]
    if column == "se":  # what nothing names may be an SD
        carrying = [where for where in carrying if any("se" in named_in(text)[0] for text in plain.values())]
    if column in SPREADS:  # and not a limit
        carrying = [where for where in carrying if value in numbers_in(LIMITS.sub(" ; ", plain[where]))]
    if column == "events" or column in PEOPLE_OF:  # and not the percentage behind them
        carrying = [where for where in carrying if value in numbers_in(SHARE.sub(" ; ", plain[where]))]
    counted = [(held.start(), numbers_in(held[0])[0]) for held in COUNTED.finditer(plain["quote"])]
    of_another = column == "n" and counted and value not in said["quote"].belonging(counted)
    wrongly = _mistaken(row, column, plain["quote"])
    if (
        wrongly
        and column not in named_in(" ".join(plain[where] for where in plain if where not in RESULT))[0]
    ):
        carrying = []  # the quote says of the cell, too, what it holds
    if of_another or wrongly:
        carrying = [where for where in carrying if where != "quote"]
    if column in PEOPLE_OF:
        heads = (where for where in plain if where not in RESULT)
        carrying += [w for w in heads if value in numbers_in(" ".join(HEADED.findall(plain[w])))]
    if column == "p_value":
        sign = getattr(row, "p_relation", None)
        carrying = [where for where in carrying if sign in _relations(value, plain[where])]
    if column in BESIDE:
        carrying = [w for w in carrying if said[w].beside(value, behind=column != "p_value")]
    return carrying


def _mistaken(row: Row, column: str, words: str) -> str:
    """Return what words call a number that a row takes for another kind, such as an SE for an SD; else ""."""
    kind, other, also = KINDS.get(column, ("", "", ""))
    named = named_in(re.sub(r"\b(mean|median) of\b", r"\1:", words, flags=re.IGNORECASE))[0]
    of_arms = column != "mean" or getattr(row, "group", "") != "difference"
    return other if of_arms and other in named and not named & {kind, *also.split()} else ""


def _counted(review: Review, row: Row, quote: str, result: float | None) -> set[float]:
    """Return the people that a quote gives to a row's arm and time apart from its result.

    In "39 (painful) and 40 (not) at 12 weeks, 36 and 35 at 52" arms keep their order.
    """
    told = set[float]()
    if not isinstance(row, Outcome):
        return told
    for part in _sentences(quote, result):
        every = arms_at(review, row, part)
        if result in numbers_in(blank(part, TIME, LEVEL)):
            continue
        parts = _at_times(part)
        for time, words in parts:
            if time is None or row.weeks is None or close(row.weeks, time):
                numbers, arms = numbers_in(SHARE.sub(" ; ", words)), arms_at(review, row, words) or every[:2]
                if len(numbers) == len(arms):
                    pairs = zip(numbers, arms, strict=True)
                    told |= {number for number, (_, arm) in pairs if arm == "own"}
                elif len(parts) > 1:
                    told |= {*numbers}
        if len({time for time, _ in parts}) > 1:  # nothing else that is said of another time counts
            told |= {inf}
    return told


def _sentences(quote: str, result: float | None = None) -> Iterator[str]:
    """Yield a quote's parts by sentences; whole where people are counted in that of the result."""
    for part in ELLIPSIS.split(spelled(quote)):
        sentences = STOP.split(part)
        beside = any(result in numbers_in(words) and COUNTED.search(words) for words in sentences)
        yield from [part] if beside else sentences


def _exchanged(review: Review, row: Row, quote: str, whose: str) -> set[float]:
    """Return the people that a quote gives to the other arm alone, where it counts one number for each."""
    told: dict[bool, set[float]] = {True: set(), False: set()}
    if not isinstance(row, Outcome):
        return told[False]
    first = row.model_copy(update={"group": "1"})
    for part in _sentences(quote):
        plain = blank(part, TIME, LEVEL)
        numbers, arms = numbers_in(SHARE.sub(" ; ", plain)), arms_at(review, first, part)
        counted = [numbers_in(held[0])[0] for held in COUNTED.finditer(plain)]
        people = numbers if len(numbers) == 2 else counted
        if len(people) == 2 and {arm for _, arm in arms} == {*SIDES.values()} and len(arms) == 2:
            for number, (_, arm) in zip(people, arms, strict=True):
                told[arm == whose].add(number)
    return told[False] - told[True]


def _at_times(words: str) -> list[tuple[float | None, str]]:
    """Part words about people at several times: what follows each time, or comes before it."""
    named, plain = times_at(words), blank(words, TIME, LEVEL)
    if len({time for _, time in named}) < 2:
        return [(None, plain)]
    starts = [place for place, _ in named]
    before, *between, after = (plain[a:b] for a, b in pairwise([0, *starts, None]))
    own = [before, *between] if numbers_in(before) else [*between, after]
    clear = not (numbers_in(before) and numbers_in(after)) and all(map(numbers_in, own))
    return [(time, part if clear else "") for (_, time), part in zip(named, own, strict=True)]


def _relations(value: float, words: str) -> set[str]:
    """Return how a number is printed: after <, after >, or as it is (=)."""
    pairs = BOUND.findall(words)
    return {TURN.get(sign, sign) or "=" for sign, text in pairs if value in numbers_in(text)}


def _arm(review: Review, row: Row, text: str, words: Words, said: Sentence) -> list[str]:
    """Return the nearest place that names an arm, if it is the row's, and not the other one."""
    assert isinstance(row, Outcome)
    named = {where: arms_named(review, row, words[where]) for where in NEAREST if where in words}
    nearest = [where for where, names in named.items() if any(names)][:1]
    if nearest == ["quote"]:  # what … leaves out may name the other arm
        parts = [part for part in ELLIPSIS.split(words["quote"]) if said.result in numbers_in(part)]
        whole = parts or [words["quote"]]
        both = len({arm for _, arm in arms_at(review, row, words["quote"])}) > 1
        held = [
            set[str]() if both and _cut(part, named) else Sentence(part, said.result).belonging(named)
            for part in whole
            for named in [arms_at(review, row, part)]
        ]
        return nearest if {"own"} in held else []
    return [where for where in nearest if named[where][1] in named[where][0]]


def _cut(part: str, named: Collection[tuple[int, str]]) -> bool:
    """Say whether … left out an arm of those that "respectively" speaks of."""
    return len(named) == 1 and "respectively" in part and len({time for _, time in times_at(part)}) < 2


def _time(review: Review, row: Row, text: str, words: Words, said: Sentence) -> list[str]:
    named = {where: times_at(words[where]) for where in (*NEAREST, "caption") if where in words}
    nearest = next((where for where, held in named.items() if held), "")
    times = {time for _, time in named.get(nearest, ())}
    if nearest == "quote":  # "fell from 5.2 to 2.7 at 12 weeks" says not when it was 5.2
        times = said.belonging(named[nearest]) if len(times) > 1 or not said.falls else set()
    return [nearest] if any(abs(time - float(text)) < WEEKS for time in times) else []


def _level(review: Review, row: Row, text: str, words: Words, said: Sentence) -> list[str]:
    return [where for where in words if re.search(rf"(?<![\d.]){text}\s*%", words[where])]


def _change(review: Review, row: Row, text: str, words: Words, said: Sentence) -> list[str]:
    final = {"quote"} if said.falls or said.reached else set[str]()  # from 5.2 to 2.7
    places = (where for where in (*NEAREST, "caption") if where not in final)
    return [where for where in places if CHANGED.search(words.get(where, ""))]


def _scale(review: Review, row: Row, text: str, words: Words, said: Sentence) -> list[str]:
    """Return where a scale is named: a caption must name it, the words beside a number its outcome.

    Beside another scale's abbreviation the outcome alone names none.
    """
    name = next((scale.name for scale in review.instruments if scale.instrument == text), "")
    own, outcome = tokens(name) - OF_SCALES, {getattr(row, "outcome", "").lower()}
    initials = "".join(word[0] for word in WORD.findall(name)).upper()
    arms = {word for trial in review.trials for word in tokens(f"{trial.arm1} {trial.arm2}")}
    short = {
        where: set(SHORT.findall(words.get(where, ""))) for where in ("row", "column", "quote", "caption")
    }
    carrying = [where for where, names in short.items() if any(one in initials for one in names)]
    known = {word for scale in review.instruments for word in tokens(scale.name)}
    beside = short["row"] | short["column"] | {one for one in short["quote"] if one.lower() in known}
    other = any(one.lower() not in own | outcome | arms and one not in initials for one in beside)
    near = tokens(f"{words.get('row', '')} {words.get('column', '')}")
    others = frozenset(
        word
        for scale in review.instruments
        for word in tokens(scale.name) - OF_SCALES - own - outcome
        if scale.instrument != text
    )
    of_another = fitting(near, others) and not fitting(near, own)  # nearer than the caption
    if of_another:
        carrying = [where for where in carrying if where != "caption"]
        del short["caption"]
    for where in short:
        sought = own - outcome if where == "caption" or other else own | outcome
        if fitting(tokens(words.get(where, "")), sought):
            carrying.append(where)
    return carrying


ABOUT = {"instrument": _scale, "group": _arm, "weeks": _time, "ci_level": _level, "statistic": _change}


def _result(row: Row) -> float | None:
    return next((value for name in RESULTS if (value := getattr(row, name, None)) is not None), None)


def changed(review: Review, quoted: Quoted) -> Iterator[Problem]:
    """Doubt what a row takes for final scores, or a difference, and its quote for mean changes in an arm."""
    row, words = quoted.row, spelled(quoted.words)
    if not isinstance(row, Outcome) or quoted.column != "quote":
        return
    result = _result(row)
    said = Sentence(words, result)
    before = [words[:place] for place, numbers in said.results if result in numbers]
    clauses = [re.split(r"[.;…]\s", part)[-1] for part in before]
    if not clauses or not all(map(MEAN_CHANGE.search, clauses)):
        return
    yield from changing(review, row, "change", who="its quote speaks")
    arms = [{arm for _, arm in arms_at(review, row, clause)} for clause in clauses]
    if (
        row.group == "difference"
        and all(len(named) == 1 for named in arms)
        and not any(map(OF_TWO.search, clauses))
    ):
        reason, remedy = "its quote speaks of a mean change in one group", "Check group and quote."
        yield row.problem("group", reason, remedy, severity="warning")


def elsewhen(quoted: Quoted, told: Callable[[str], Collection[str]]) -> bool:
    """Say whether … left out another time, which the paper's sentence names before the result."""
    row = quoted.row
    parts = ELLIPSIS.split(quoted.words)
    result = _result(row)
    part = next((words for words in parts if result in numbers_in(words)), "")
    if len(parts) < 2 or not isinstance(row, Outcome) or row.weeks is None or not part or times_at(part):
        return False
    named = [weeks_in(re.sub(r"\d-\w+", "", words)) for words in told(part)]  # a 12-week course is no time
    return bool(named) and all(times and not any(close(row.weeks, t) for t in times) for times in named)


def mistaken(quoted: Quoted, words: Words, told: Collection[str]) -> Iterator[Problem]:
    """Doubt an SD that quote and place call nothing, and the paper's words about it, `told`, an SE."""
    row = quoted.row
    silent = not any({*SPREADS} & named_in(text)[0] for text in words.values())
    if quoted.numbers.get("sd") and silent and told and all(_mistaken(row, "sd", text) for text in told):
        reason = "the paper's words before it, or the note below its table, say SE"
        remedy = (
            "Check it. If it is one, move it to the column se; else add the words that say SD to the quote."
        )
        yield row.problem("sd", reason, remedy, severity="warning")


def contradicted(review: Review, quoted: Quoted, words: Words) -> Iterator[Problem]:
    """Doubt a row whose place in a table names another arm, n, time or kind of spread."""
    row, said = quoted.row, COLUMN.search(quoted.locator)
    if not isinstance(row, Outcome):
        return
    if said is None or said[1].isdigit():  # else the rules have said it, of the locator
        yield from beneath(review, row, words["column"], who="it stands in a column")
        place = " / ".join(words[where] for where in ("column", "row"))
        yield from changing(review, row, place, who="the words about its place in the table speak")
    heads = f"{words['row']} / {words['column']}"
    if row.group == "difference" and WITHIN.search(heads) and "between" not in heads.lower():
        reason, remedy = "it stands where a change within a group is named", "Check group and locator."
        yield row.problem("group", reason, remedy, severity="warning")
    yield from measured(row, heads, who="the words about its place in the table name")
    if OF_CHANGES.match(words["caption"]):
        yield from changing(review, row, words["caption"], who="the caption of its table speaks")
    value = _result(row)
    held = {abs(number) for number in numbers_in(words["cell"])}
    if CELL.search(quoted.locator) and value is not None and abs(value) not in held:
        reason = f"the cell that it names holds “{words['cell']}”"
        remedy = "Check the numbers, or name the cell that holds them."
        yield row.problem("locator", reason, remedy, severity="warning")
    times = next(filter(None, (weeks_in(words[where]) for where in ("column", "row"))), frozenset[float]())
    if row.weeks is not None and times and not any(close(row.weeks, time) for time in times):
        named = " and ".join(f"{time:g}" for time in sorted(times))
        remedy = "Check time and locator: 3 months are 13 weeks, a year 52."
        yield row.problem("weeks", f"it stands where {named} weeks are named", remedy, severity="warning")
    for column, of in KINDS.items():
        near = (w for w in ("row", "column", "caption") if named_in(words[w])[0] & {*of[:2], *of[2].split()})
        nearest = next(near, "caption")
        apart = nearest == "caption" and UNLESS.search(words["caption"]) and column not in SPREADS
        other = "" if apart or getattr(row, column) is None else _mistaken(row, column, words[nearest])
        if other:
            told = other.upper() if len(other) < len("mean") else other
            low, high = PAIRS.get(other, (other, other))
            column_of = high if column in {"q3", "maximum"} else low
            reason = f"the words about its place in the table say {told}"
            remedy = f"Check it. If it is one, move it to the column {column_of}."
            yield row.problem(column, reason, remedy, severity="warning")
