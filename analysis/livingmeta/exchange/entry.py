"""A result as a person copies it from a paper, turned into cells; what is not clear is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from livingmeta.words import MINUS, RefusalError

NUMBER = r"[+-]?(?:\d+(?:[.,]\d+)*|[.,]\d+)"
_PLAIN = str.maketrans({**dict.fromkeys(MINUS, "-"), **dict.fromkeys("\u00a0\u2009\u202f", " "), "·": "."})
_SPREADS = {
    "sd": r"s\.?d\.?|standard deviation",
    "se": r"s\.?e\.?m?\.?|standard error(?: of the mean)?",
    "iqr": r"iqr|inter-?quartile range|quartiles",
    "range": r"(?<!quartile )range|min(?:imum)?(?: to |-)max(?:imum)?",
    "ci": r"ci|c\.i\.|confidence interval",
}
PAIRS = {"ci": ("ci_low", "ci_high"), "iqr": ("q1", "q3"), "range": ("minimum", "maximum")}


class EntryError(RefusalError):
    """A text that can't be read as a result; the message says what to write instead."""


@dataclass(frozen=True)
class Entry:
    """Cells read from a text, and what it leaves open.

    Attributes
    ----------
    cells : dict of str to str
        Columns of outcomes.csv with the digits as printed, decimal points and plain minus signs.
    pair : tuple of str or None
        Two numbers of which the text does not say what they are.
    open : tuple of str
        What must be asked: "spread" (what the pair is), "level" (of an interval), "sd_or_se" (which
        of them stands behind ± or in brackets), "centre" (mean or median).
    """

    cells: dict[str, str]
    pair: tuple[str, str] | None = None
    open: tuple[str, ...] = ()

    def with_answer(self, question: str, answer: str) -> Entry:
        """Answer a question that is open.

        "spread" is answered by "ci", "iqr" or "range", "level" by a percentage, "sd_or_se" by "sd"
        or "se", "centre" by "mean" or "median".
        """
        cells, pair = dict(self.cells), self.pair
        still = [left for left in self.open if left != question]
        if question == "spread":
            assert pair is not None
            cells |= zip(PAIRS[answer], pair, strict=True)
            pair = None
            if answer == "ci":
                still = [left for left in still if left != "centre"]
                still += [] if "ci_level" in cells else ["level"]
        elif question == "level":
            cells["ci_level"] = answer
        elif question == "sd_or_se" and answer == "se":
            cells["se"] = cells.pop("sd")
        elif question == "centre" and answer == "median":
            cells["median"] = cells.pop("mean")
        return Entry(cells, pair, tuple(still))


def read_result(text: str, *, difference: bool = False) -> Entry:
    """Read a result as a paper prints it.

    Parameters
    ----------
    text : str
        "37.2 ± 14.1", "29 (6 to 52)", "−0.3 (95% CI −0.6; 0.1)", "median 3 [IQR 2–4]",
        "12 of 40", "p < .001" and the like, with decimal points or commas.
    difference : bool
        True where it is a difference between arms: two numbers behind it are then its interval.

    Returns
    -------
    Entry

    Raises
    ------
    EntryError
        Where a number or a word can't be read without guessing.

    Examples
    --------
    >>> read_result("37,2 ± 14,1 (SD)").cells
    {'mean': '37.2', 'sd': '14.1'}
    >>> read_result("−0.3 (95% CI −0.6; 0.1), p=.04", difference=True).cells
    {'p_value': '0.04', 'p_relation': '=', 'ci_level': '95', 'mean': '-0.3', 'ci_low': '-0.6', 'ci_high': '0.1'}
    >>> read_result("29 (6 to 52)").open
    ('spread', 'centre')
    """  # noqa: E501
    rest = re.sub(r"\+\s*/?\s*-", "±", text.translate(_PLAIN)).strip()
    rest = re.sub(r"(\.\d+),(?=[+-]?\d)", r"\1, ", rest)  # -7.20,9.05 are two numbers
    if not rest:
        raise EntryError("nothing was typed.")
    comma = _comma(rest)
    cells: dict[str, str] = {}

    def take(pattern: str) -> re.Match[str] | None:
        nonlocal rest
        match = re.search(pattern, rest, re.IGNORECASE)
        if match:
            rest = f"{rest[: match.start()]} {rest[match.end() :]}"
        return match

    if match := take(rf"\bp(?:[- ]?values?)?\s*(<=|>=|[<>=≤≥])\s*({NUMBER})"):
        cells["p_value"] = _digits(match[2], comma, text)
        relation = {"<=": "<", "≤": "<", ">=": ">", "≥": ">"}
        cells["p_relation"] = relation.get(match[1], match[1])
    if match := take(rf"\bt\s*(?:\(\s*(?:df\s*=?\s*)?[\d.,]+\s*\))?\s*=\s*({NUMBER})"):
        cells["t_value"] = _digits(match[1], comma, text)
    if match := take(rf"\bn\s*=\s*({NUMBER}(?: \d{{3}}(?!\d))*)"):
        if not match[1].isdecimal():
            plain = re.sub(r"\D", "", match[1])
            asked = (
                f"Is it n = {plain}?" if re.fullmatch(r"\d{1,3}([., ]\d{3})+", match[1]) else "What is it?"
            )
            raise EntryError(
                f'"{text}": n = {match[1]} is no whole number of people. {asked} Write it in digits alone.'
            )
        cells["n"] = match[1]
    kinds = set()
    ci = _SPREADS["ci"]
    if match := take(rf"(\d+(?:[.,]\d+)?)\s*%\s*-?(?:{ci})") or take(rf"\b(?:{ci})\s*\(?(\d\d)\s*%"):
        cells["ci_level"] = match[1].replace(",", ".")
        kinds.add("ci")
    for spread, words in _SPREADS.items():
        if take(rf"(?<![a-z])(?:{words})(?![a-z])\s*[:=]?"):
            kinds.add(spread)
    is_median = take(r"\b(?:median|mdn|med\.?)(?![a-z])\s*[:=]?") is not None
    is_mean = take(r"\b(?:mean(?: difference)?|md|average|m)(?![a-z])\s*[:=]?") is not None
    if len(kinds) > 1:
        raise EntryError(f'"{text}" names {" and ".join(sorted(kinds))}: type one at a time.')
    kind = next(iter(kinds), None)
    centre = "median" if is_median else "mean"
    sure = is_median or is_mean or difference
    return _numbers(text, rest, comma, cells, kind, centre=(centre, sure), difference=difference)


def named_in(text: str) -> tuple[frozenset[str], str]:
    """Return which spreads and centres a heading names, and the level of an interval ("" for none).

    Examples
    --------
    >>> sorted(named_in("Range of motion, mean (SD)")[0]), named_in("median, 95% CI")[1]
    (['mean', 'sd'], '95')
    """
    words = {**_SPREADS, "mean": "means?|average", "median": "medians?|mdn"}
    kinds = (
        k for k, w in words.items() if re.search(rf"(?<![a-z])(?:{w})(?![a-z]| of\b)", text, re.IGNORECASE)
    )
    level = re.search(rf"(\d\d(?:\.\d)?)\s*%\s*-?(?:{_SPREADS['ci']})", text, re.IGNORECASE)
    return frozenset(kinds), level[1] if level else ""


def _numbers(
    text: str,
    rest: str,
    comma: str | None,
    cells: dict[str, str],
    kind: str | None,
    *,
    centre: tuple[str, bool],
    difference: bool,
) -> Entry:
    rest = re.sub(r"[\s,;.:]+$", "", rest.strip()).strip()
    rest = re.sub(r"^[,;:]+", "", rest).strip()
    rest = re.sub(r"[(\[]\s*[,;:]?\s*[)\]]", "", rest).strip()
    if not rest and not cells:
        raise EntryError(f'"{text}" holds no number.')
    counted = re.fullmatch(r"(\d+)\s*(?:/|of|out of)\s*(\d+)(?:\s*\(\s*[\d.,]+\s*%\s*\))?", rest)
    if not rest or counted:
        return Entry({**cells, "events": counted[1], "n": counted[2]} if counted else cells)
    middle, told_which = centre
    if match := re.fullmatch(rf"({NUMBER})\s*±\s*({NUMBER})", rest):
        spread = _digits(match[2], comma, text)
        printed = {**cells, middle: _digits(match[1], comma, text), kind or "sd": spread}
        if kind not in {None, "sd", "se"}:
            raise EntryError(f'"{text}": ± stands before an SD or an SE, not before a {kind}.')
        return Entry(printed, None, () if kind else ("sd_or_se",))
    separator = r"\s*(?:\bto\b|\btil\b|;|,\s|\s-\s|-|\band\b|/)\s*"
    pair = rf"[(\[{{]\s*[,;:]?\s*({NUMBER}){separator}({NUMBER})\s*[,;:]?\s*[)\]}}]"
    if match := re.fullmatch(rf"({NUMBER})\s*,?\s*{pair}", rest) or re.fullmatch(
        rf"({NUMBER})\s*,?\s+({NUMBER}){separator}({NUMBER})", rest
    ):
        value, low, high = (_digits(match[i], comma, text) for i in (1, 2, 3))
        if float(low) >= float(high):
            raise EntryError(f'"{text}": {low} to {high} is not in order. Check the digits and signs.')
        if kind in {"sd", "se"}:
            raise EntryError(f'"{text}": an {kind.upper()} is one number, and here are two.')
        asked = ("spread",) if told_which else ("spread", "centre")
        entry = Entry({**cells, middle: value}, (low, high), asked)
        if kind is None and difference:
            kind = "ci"
        return entry.with_answer("spread", kind) if kind else entry
    if match := re.fullmatch(rf"({NUMBER})\s*,?\s*[(\[]\s*({NUMBER})\s*[)\]]", rest):
        if kind in PAIRS:
            raise EntryError(f'"{text}": a {kind.upper()} is two numbers, and here is one.')
        if comma is None and re.fullmatch(r"\d+,\d+", match[2]):
            raise EntryError(
                f'"{text}": is {match[2]} one number or two? Write ({match[2].replace(",", ".")}) '
                f"or ({match[2].replace(',', ' to ')})."
            )
        value, spread = _digits(match[1], comma, text), _digits(match[2], comma, text)
        return Entry({**cells, middle: value, kind or "sd": spread}, None, () if kind else ("sd_or_se",))
    if match := re.fullmatch(NUMBER, rest):
        return Entry({**cells, middle: _digits(match[0], comma, text)})
    raise EntryError(
        f'"{text}" can\'t be read. Type it like 37.2 ± 14.1, 29 (95% CI 6 to 52), '
        "median 3 [IQR 2 to 4], 12 of 40 or p = 0.03."
    )


def _comma(text: str) -> str | None:
    """Say what a comma inside a number is in this text: "decimal", "thousands", None: not clear."""
    if re.search(r"\d\.\d", text):
        return "thousands"
    inner = re.findall(r"(?<![\d.,])(\d+),(\d+)(?![\d,])", re.sub(r"[(\[].*?[)\]]", "", text))
    if any(len(after) != 3 or before == "0" for before, after in inner):
        return "decimal"
    return None


def _digits(number: str, comma: str | None, text: str) -> str:
    """Write a number with a decimal point, without thousands separators."""
    sign, body = ("-", number[1:]) if number.startswith("-") else ("", number.lstrip("+"))
    if body.count(",") and body.count("."):
        if body.rfind(",") > body.rfind("."):
            raise EntryError(f'"{text}": {body} has points and a comma. Write it without groups.')
        body = body.replace(",", "")
    elif "," in body:
        grouped = re.fullmatch(r"\d{1,3}(,\d{3})+", body) is not None and not body.startswith("0,")
        if grouped and comma == "thousands":
            body = body.replace(",", "")
        elif grouped and comma is None:
            plain, point = body.replace(",", ""), body.replace(",", ".", 1)
            raise EntryError(f'"{text}": is {body} {plain} or {point}? Write it one of these two ways.')
        elif body.count(",") > 1 or comma == "thousands":
            raise EntryError(f'"{text}": {body} can\'t be read. Write it with a decimal point.')
        else:
            body = body.replace(",", ".")
    elif body.count(".") > 1:
        raise EntryError(f'"{text}": {body} has two points. Write it without groups.')
    return sign + (f"0{body}" if body.startswith(".") else body)
