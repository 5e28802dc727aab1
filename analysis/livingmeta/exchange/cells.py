"""Several numbers in one cell: "12.6 ± 8.1", "12/34", "0.74 (0.58 to 0.95)", as its column says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from livingmeta.exchange.analyses import WHOLE
from livingmeta.exchange.columns import (
    ARMS,
    COLUMN_NAMES,
    ONE_GROUP,
    alone,
    bare,
    level_in,
    listed,
    measure_in,
    ours_of,
    spaced,
    squeezed,
)
from livingmeta.exchange.entry import EntryError, read_result
from livingmeta.exchange.sheets import Sheet
from livingmeta.review.schema import ABSENT

_SPREADS = {
    "sd": r"s\.?d\.?s?|standard deviations?",
    "se": r"s\.?e\.?m?\.?|standard errors?",
    "ci": r"(?:9\d(?:[.,]\d)?\s*%[\s-]*)?(?:[ck]\.?i\.?|confidence intervals?|konfidensintervall)",
}
_QUARTILES = r"iqr|inter-?quartile range|quartiles|q1\s*[-–,;to]+\s*q3"
_JOINED = r"\s*(?:±|\+\s*/?\s*-|\(|\[|/|,|;|\band\b|&)\s*(?:±\s*)?"
# What a heading says that its cells hold, by the words for it; the rest of it may name the arm
_CONTENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    *(
        (rf"\b(?:means?|m|average){_JOINED}(?:{words})(?!\w)", quantities)
        for words, quantities in (
            (_SPREADS["sd"], ("mean", "sd")),
            (_SPREADS["se"], ("mean", "se")),
            (_SPREADS["ci"], ("mean", "low", "high")),
        )
    ),
    (rf"\b(?:median|mdn|med){_JOINED}(?:{_QUARTILES})(?!\w)", ("median", "q1", "q3")),
    (rf"±\s*(?:{_SPREADS['sd']})(?!\w)", ("mean", "sd")),
    (rf"±\s*(?:{_SPREADS['se']})(?!\w)", ("mean", "se")),
    (r"\b(?:n|r|x|events?|cases|no)\s*(?:/|\bof\b)\s*(?:n|total)\b", ("events", "n")),
    (r"\b(?:n|no\.?|events?|cases)\s*[(\[,]\s*%", ("events",)),
    (rf"(?<!\w)(?:{_SPREADS['ci']})(?!\w)", ("low", "high")),
)
# What one cell may hold together
TOGETHER = (
    ("mean", "sd"),
    ("mean", "se"),
    ("mean", "low", "high"),
    ("median", "q1", "q3"),
    ("events", "n"),
    ("yi", "low", "high"),
    ("yi", "sei"),
    ("low", "high"),
    ("events",),
)
_OURS = {"ci_low": "low", "ci_high": "high", "ci_level": "level"}


@dataclass
class Parts:
    """Cells that hold several numbers, parted.

    `columns` maps our names to the columns that hold them, `cells` a row, a column and a name of ours to
    the number; `problems` says which can't be read.
    """

    columns: dict[str, list[str]] = field(default_factory=dict)
    cells: dict[tuple[int, str, str], str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    of: set[str] = field(default_factory=set)  # columns that are parted


def contents_of(name: str) -> tuple[tuple[str, ...], str] | None:
    """Return what the cells of a column hold together, and its arm; None for one number.

    The arm is "" where the heading names none of `ARMS`.

    Examples
    --------
    >>> contents_of("Control, mean (SD)"), contents_of("Exercise (mean ± SE)"), contents_of("OR (95% CI)")
    ((('mean', 'sd'), '2'), (('mean', 'se'), ''), (('yi', 'low', 'high'), ''))
    """
    if (both := re.fullmatch(rf"(.+?)\s*[(\[±]+\s*(?:{_SPREADS['se']})[)\]]?", bare(name))) and measure_in(
        both[1]
    ):
        return ("yi", "sei"), ""
    if squeezed(name) != "ci" and (ours_of(name) or measure_in(name)):
        return None  # ci alone is metafor's count only beside ai
    words = bare(name)
    for pattern, quantities in _CONTENTS:
        match = re.search(pattern, words)
        if match is None:
            continue
        rest = spaced(f"{words[: match.start()]} {words[match.end() :]}".replace("%", " "))
        arm = next((arm for arm, names in ARMS.items() if rest in listed(names)), "")
        if quantities == ("low", "high") and rest:
            effect = measure_in(rest) or (ours_of(rest) or ("",))[0] == "yi"
            return (("yi", "low", "high"), "") if effect else None
        return quantities, arm
    return None


def parted(sheet: Sheet, said: Mapping[str, str]) -> Parts:
    """Part the cells that hold several numbers, where the heading or the user says which these are.

    Parameters
    ----------
    sheet : Sheet
    said : mapping
        Our names to columns, as the user says it: "mean1,sd1" to one that holds both.
    """
    parts = Parts()
    told = {column: [name.strip() for name in names.split(",")] for names, column in said.items()}
    counts = any(column.casefold() == "ai" for column in sheet.header)  # ci is one of them beside ai
    for column in sheet.header:
        roles = told.get(column, [])
        if not roles and (contents := contents_of(column)):
            quantities, arm = contents
            if (quantities[0] in {"mean", "events"} and not arm) or (counts and column.casefold() == "ci"):
                continue
            roles = [f"{quantity}{arm}" for quantity in quantities]
        if len(roles) > 1 or (column not in told and roles):
            _part(sheet, column, roles, parts)
        arm = next((role[-1] for role in roles or [(ours_of(column) or ("",))[0]] if role[-1:] in ARMS), "")
        if (people := re.search(r"\bn\s*=\s*(\d+)", column, re.IGNORECASE)) and arm:
            for row, _ in sheet.rows:
                parts.cells.setdefault((row, column, f"n{arm}"), people[1])
            parts.columns.setdefault(f"n{arm}", [column])
    return parts


def _part(sheet: Sheet, column: str, roles: list[str], parts: Parts) -> None:
    parts.of.add(column)
    arm = roles[0][-1] if roles[0][-1] in ARMS else ""
    wanted = tuple(role.removesuffix(arm) for role in roles)
    for role in roles:
        parts.columns.setdefault(role, []).append(column)
    for row, cells in sheet.rows:
        try:
            numbers = numbers_in(cells[column], wanted)
        except EntryError as wrong:
            quoted = f'"{cells[column]}"'
            reason = str(wrong).removeprefix(quoted).lstrip(": ")
            parts.problems.append(f"{sheet.file} row {row}, {column} = {quoted}: {reason}")
            continue
        if "low" in wanted and (level := level_in(column)):
            numbers.setdefault("level", level)
        for quantity, number in numbers.items():
            parts.cells[row, column, quantity + arm] = number
            if quantity == "n" and column not in parts.columns.setdefault(f"n{arm}", []):
                parts.columns[f"n{arm}"].append(column)


def numbers_in(text: str, wanted: Iterable[str]) -> dict[str, str]:
    """Read a cell that holds certain quantities together.

    Raises
    ------
    EntryError
        Where it holds others, or can't be read without guessing.

    Examples
    --------
    >>> numbers_in("12,6 ± 8,1", ("mean", "sd")), numbers_in("12/34 (35%)", ("events", "n"))
    ({'mean': '12.6', 'sd': '8.1'}, {'events': '12', 'n': '34'})
    >>> numbers_in("[0.58; 0.95]", ("low", "high"))
    {'low': '0.58', 'high': '0.95'}
    """
    wanted = tuple(wanted)
    if text.strip().lower() in ABSENT:
        return {}
    if wanted == ("events",):
        match = re.fullmatch(r"(\d+)\s*(?:[(\[]\s*[\d.,]+\s*%?\s*[)\]])?", text.strip())
        if match is None:
            raise EntryError('write the number of people with the event, as in "12 (35%)" or "12".')
        return {"events": match[1]}
    inner = text.strip().strip("()[]")
    of_arm = wanted[0] in {"mean", "median"}
    entry = read_result(f"1 ({inner})" if wanted == ("low", "high") else text, difference=not of_arm)
    if "q1" in wanted and entry.pair:
        entry = entry.with_answer("spread", "iqr")
    if "q1" in wanted and "centre" in entry.open:
        entry = entry.with_answer("centre", "median")
    if {"se", "sei"} & set(wanted) and "sd_or_se" in entry.open:
        entry = entry.with_answer("sd_or_se", "se")
    if "low" in wanted and entry.pair:
        entry = entry.with_answer("spread", "ci")
    numbers = {_OURS.get(name, name): number for name, number in entry.cells.items()}
    if wanted == ("low", "high"):
        numbers.pop("mean", None)
    for name, of_effect in (("mean", "yi"), ("se", "sei")) if wanted[0] == "yi" else ():
        if name in numbers:
            numbers[of_effect] = numbers.pop(name)
    other = set(numbers) - {*wanted, "n", "level", "p_value", "p_relation"}
    if entry.pair or other:
        holds = "two numbers behind the first" if entry.pair else " and ".join(sorted(other))
        raise EntryError(
            f"it holds {holds}, and the column {' and '.join(wanted)}. Write all rows in one way, or say "
            "with --column what they hold."
        )
    return {name: numbers[name] for name in (*wanted, "n", "level") if name in numbers}


def roles_in(names: str) -> list[str]:
    """Part names of ours that stand for one column, and see that one cell can hold them together.

    Raises
    ------
    EntryError
    """
    roles = listed(names)
    unknown = [role for role in roles if role not in {*COLUMN_NAMES, *ONE_GROUP}]
    arms = {role[-1] for role in roles if role[-1] in ARMS}
    quantities = tuple(role[:-1] if role[-1] in ARMS else role for role in roles)
    if len(roles) > 1 and (unknown or len(arms) > 1 or quantities not in TOGETHER):
        allowed = [
            ",".join(f"{name}1" if way[0] != "yi" and way != ("low", "high") else name for name in way)
            for way in TOGETHER
            if len(way) > 1
        ]
        raise EntryError(f'--column "{names}=…": one cell can hold {"; ".join(allowed)}.')
    return roles


def several_in(cell: str, name: str, column: str) -> str:
    """Say what to type where a cell for one number of ours holds several; "" where it does not."""
    if name in WHOLE and re.fullmatch(r"[\d.,\s]+%", cell.strip()):
        return " A percentage is not the number of people: write that, or n and events in other columns."
    try:
        entry = read_result(cell)
    except EntryError:
        return ""
    arm = name[-1] if name[-1] in ARMS else ""
    if not arm:
        return f' If they are limits, say --column "yi,low,high={column}".' if entry.pair else ""
    for held, roles, words in (
        ("sd_or_se" in entry.open, ("mean", "sd"), "If the second number is an SD, say"),
        (entry.pair, ("mean", "low", "high"), "If the limits are those of a mean, say"),
        ("events" in entry.cells, ("events", "n"), "Say"),
    ):
        if held:
            return f' {words} --column "{",".join(role + arm for role in roles)}={column}".'
    return ""


def are_columns(names: Sequence[str]) -> bool:
    """Say whether cells are names of columns that a table of studies has: none a number, and two known.

    Examples
    --------
    >>> are_columns(["Author", "Mean 1", "SD 1", "site"]), are_columns(["Table 3. Pain", ""])
    (True, False)
    """
    filled = [name for name in names if name.strip()]
    if any(re.fullmatch(r"[-−+]?[\d.,\s]+%?", name) for name in filled):
        return False
    known = [name for name in filled if ours_of(name) or measure_in(name) or contents_of(name)]
    known += [name for names in alone(filled).values() for name in names if name not in known]
    about = {"study", "year", "subgroup"}
    return len(known) >= 2 and any((ours_of(name) or ("yi",))[0] not in about for name in known)
