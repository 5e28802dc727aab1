"""How numbers are put into words, on every page alike, and read from them."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from decimal import Decimal
from difflib import get_close_matches
from itertools import islice
from math import inf
from typing import NamedTuple, TypeVar

STEADY = 9  # digits that every processor agrees on: the last bits of a sum or a log are its own


def steady(value: float, beside: float = 0.0, *, digits: int = STEADY) -> float:
    """Round to the digits that every processor agrees on.

    `beside` is what the value is small or large against, such as its standard error: an estimate of
    0 is known to so many digits of that. More digits are for a reader who computes with the number.

    Examples
    --------
    >>> steady(0.1 + 0.2), steady(1e-17, beside=0.2)
    (0.3, 0.0)
    """
    size = max(abs(value), abs(beside))
    if not size or not math.isfinite(size):
        return value
    return round(float(value), digits - 1 - math.floor(math.log10(size))) + 0.0  # + 0.0: never −0


class Numeral(str):
    """A number in print: of it a language changes the signs of decimals and thousands only."""

    __slots__ = ()


LONG = 1e9  # from which the digits of a number say less than its power of ten
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def decimal(number: float | None, places: int = 2) -> Numeral:
    """Format a number with a minus sign that lines up; a dash where there is none.

    Examples
    --------
    >>> decimal(-0.3), decimal(2.8e136), decimal(None)
    ('−0.30', '2.8 × 10¹³⁶', '–')
    """
    if number is None:
        return Numeral("–")
    if math.isinf(number):  # exp of a log beyond 709
        return Numeral("∞" if number > 0 else "−∞")
    if abs(number) >= LONG:
        digits, _, power = f"{number:.1e}".partition("e")
        return Numeral(f"{digits} × 10{str(int(power)).translate(_RAISED)}".replace("-", "−"))
    # 0.125 and what a processor makes of it are printed alike
    text = f"{round(float(number), places + STEADY):.{places}f}"
    return Numeral(text.replace("-", "−") if float(text) else f"{0:.{places}f}")


def whole(number: int) -> Numeral:
    """Format a count.

    Examples
    --------
    >>> whole(2873)
    '2,873'
    """
    return Numeral(f"{number:,}")


def decimals(*numbers: float | None, places: int = 2, ratio: bool = False) -> list[Numeral]:
    """Format an estimate and its limits, or one number, with decimals enough to tell them apart.

    Where an interval is so narrow that half of it is less than five units of the last place, half
    of it keeps two digits; a number alone, and the estimate of a ratio, does where it would read 0.
    All have the same decimals, and no more than six. A limit that reads 0 all the same says on
    which side of 0 it lies, and one of a ratio has two digits of its own.

    Examples
    --------
    >>> decimals(0.0012, 0.0003, 0.0021), decimals(-0.30, -0.60, -0.0027), decimals(-0.001, -0.4, 0.4)
    (['0.00120', '0.00030', '0.00210'], ['−0.30', '−0.60', '−0.00'], ['0.00', '−0.40', '0.40'])
    >>> decimals(0.05, 0.0004, 6, ratio=True), decimals(0.0006), decimals(12345.6, 12000, 12691.2)
    (['0.05', '0.00040', '6.00'], ['0.00060'], ['12345.60', '12000.00', '12691.20'])
    """
    given = [x for x in numbers if x is not None and math.isfinite(x)]
    least, most = min(given, default=0.0), max(given, default=0.0)
    first, half, unit = abs(given[0]) if given else 0.0, (most - least) / 2, 10.0**-places
    sizes = []
    if (ratio or len(given) == 1) and 5e-7 <= first < 0.5 * unit:
        sizes.append(first)
    if max(5e-7, 1e-9 * abs(least)) < half < 5 * unit:  # below that, rounding may have made it
        sizes.append(half)
    for size in sizes:  # nine digits: its power of ten is one on every processor and in a browser
        places = max(places, min(6, 1 - int(f"{size:.8e}".partition("e")[2])))
    shown = [decimal(x, places) for x in numbers]
    return [_no_less(x, shown[i], ratio) if i or ratio else shown[i] for i, x in enumerate(numbers)]


def _no_less(number: float | None, text: Numeral, ratio: bool) -> Numeral:
    if number is None or abs(number) < 5e-7 or text.strip("0."):
        return text
    if ratio:
        return decimals(number)[0]
    return Numeral("−" + text) if number < 0 else text


def count(number: float) -> Numeral:
    """Format a number of people or events, of any size; a shared group may give part of one.

    Examples
    --------
    >>> count(1200001.0), count(52 / 3)
    ('1200001', '17.3333')
    """
    return Numeral(f"{round(number, 4):.15g}")


def p_words(p_value: float | None) -> Numeral:
    """Format a P value: "P = 0.218", "P < 0.001"."""
    if p_value is None:
        return Numeral("P not computed")
    return Numeral("P < 0.001" if p_value < 0.001 else f"P = {p_value:.3f}")


T = TypeVar("T")


class RefusalError(ValueError):
    """What the program refuses, in a sentence that says why and what to do.

    The command line prints it; any other error that reaches it is a fault of ours.
    """


@contextmanager
def needing(what: str, *, extra: str) -> Iterator[None]:
    """Refuse what needs a library of an extra that is not installed, with how to install it."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise RefusalError(
            f"{what} needs the package {missing.name}: pip install 'livingmeta[{extra}]'."
        ) from None


def refuse(problems: Iterable[str]) -> None:
    """Refuse what has problems, all of them at once, a line each; without any do nothing."""
    if lines := list(problems):
        raise RefusalError("\n".join(lines))


def raised(flags: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of the flags that hold."""
    return tuple(name for name, holds in flags.items() if holds)


MOST_NAMES = 40  # that a refusal lists


def unknown(what: str, name: str, allowed: Iterable[str]) -> str:
    """Word the refusal of a name: the allowed ones, and the nearest.

    Examples
    --------
    >>> unknown("tau2", "PN", ["DL", "PM", "REML"])
    "tau2 = 'PN': choose one of DL, PM, REML. Did you mean PM?"
    """
    names = {name.lower(): name for name in allowed}
    near = get_close_matches(str(name).lower(), names, n=1, cutoff=0.5)
    hint = f" Did you mean {names[near[0]]}?" if near else ""
    listed = ", ".join(islice(names.values(), MOST_NAMES))
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return f"{what} = {name!r}: choose one of {listed}{more}.{hint}"


def unread_format(given: object, read: int) -> tuple[str, str] | None:
    """Say why a file of this format is not read, and what to do; None where it is.

    `given` stands in the file as its `format`, 1 where none does; `read` is the newest that this
    program reads.

    Examples
    --------
    >>> unread_format(1, 1)
    >>> unread_format(2, 1)[0]
    'a newer livingmeta wrote this; this one reads format 1'
    """
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        return "this is no format, so nothing else was read", (
            "A format is a whole number without quote marks; write 1, or leave the line out."
        )
    if given > read:
        upto = "format 1" if read == 1 else f"formats 1 to {read}"
        return f"a newer livingmeta wrote this; this one reads {upto}", (
            "Update livingmeta. Nothing else was read, and nothing is changed."
        )
    return None


def answered(call: Callable[[], T]) -> T | str:
    """Return what a call gives, or why it refuses.

    Examples
    --------
    >>> answered(lambda: pick({"DL": 1}, "DL", "tau2"))
    1
    >>> answered(lambda: pick({"DL": 1}, "PN", "tau2"))
    "tau2 = 'PN': choose one of DL."
    """
    try:
        return call()
    except RefusalError as refusal:
        return str(refusal)


def pick(registry: Mapping[str, T], name: str, what: str) -> T:
    """Return the entry of this name.

    `what` says what it names ("tau2"), for the message of the ValueError where there is no such
    entry: it lists the allowed names and the nearest.

    Examples
    --------
    >>> pick({"DL": 1, "REML": 2}, "REML", "tau2")
    2
    """
    if name not in registry:
        raise RefusalError(unknown(what, name, registry))
    return registry[name]


def named(labels: Mapping[str, str], name: str, what: str) -> str:
    """Return the key of what a key or its label names, in whatever case.

    Raises
    ------
    ValueError
        If nothing is called so, or several things are; the message lists their keys.

    Examples
    --------
    >>> named({"hansen2015": "Hansen 2015", "ash": "Ash 2020"}, "HANSEN 2015", "trial")
    'hansen2015'
    """
    if name in labels:
        return name
    wanted = " ".join(name.split()).casefold()
    keys = [key for key in labels if key.casefold() == wanted]
    keys = keys or [key for key, label in labels.items() if " ".join(label.split()).casefold() == wanted]
    if len(keys) > 1:
        raise RefusalError(f"{what} = {name!r}: several are called so. Choose one of {', '.join(keys)}.")
    if keys:
        return keys[0]
    raise RefusalError(unknown(what, name, labels))


SLACK = 1e-9  # for binary arithmetic only: far below any printed digit


class Number(NamedTuple):
    """A printed number and half a unit of its last digit; `relation` is =, < or >."""

    value: float
    half: float
    text: str
    relation: str = "="

    @property
    def span(self) -> tuple[float, float]:
        """All that the printed text leaves possible."""
        low, high = self.value - self.half, self.value + self.half
        return {"<": (-inf, self.value), ">": (self.value, inf)}.get(self.relation, (low, high))


LONGEST = 30  # digits and signs of one printed number: beyond them it is something else
MINUS = "-‐‑‒–—−"  # what printers set where they mean a minus sign
RELATIONS = "<>=≤≥"
_PRINTED = re.compile(
    rf"(?P<relation>[{RELATIONS}]?)\s*(?P<sign>[{MINUS}+]?)\s*"
    # "0,270" is no number of thousands; a power of three digits is no printed number of a trial
    r"(?P<digits>(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)"
    r"(?P<power>[eE][+-]?[0-9]{1,2})?\s*%?"
)


def number(text: str) -> Number:
    """Read a printed number, how it is rounded, and whether it is a bound.

    The minus may be a dash, a comma groups thousands, and a percent sign is left out. ValueError
    is raised where the text is not one number.

    Examples
    --------
    >>> number("−0.27")[:2], number("0.30")[:2], number("1,026")[:2]
    ((-0.27, 0.005), (0.3, 0.005), (1026.0, 0.5))
    >>> number("< 0.001").relation
    '<'
    """
    match = _match(text)
    if match is None:
        raise RefusalError(
            f'printed = "{text}" is not one number; write the digits as printed, with a decimal '
            'point ("-0.27", "1,026"), and words as a claim of quantity text'
        )
    digits = Decimal(match["digits"].replace(",", "") + (match["power"] or ""))
    value = float(-digits if match["sign"] and match["sign"] in MINUS else digits)
    relation = {"": "=", "≤": "<", "≥": ">"}.get(match["relation"], match["relation"])
    shown = re.sub(f"[{MINUS}]", "-", text.strip().lstrip(f"{RELATIONS} "))
    return Number(value, 0.5 * 10.0 ** int(digits.as_tuple().exponent), shown, relation)


_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def is_plain(text: str) -> bool:
    """Say whether a text is a finite number in digits with a decimal point, as cells hold it.

    One that is too small for a computer to tell from 0 is none.

    Examples
    --------
    >>> is_plain("-0.30"), is_plain("0e-400"), is_plain("1e-400"), is_plain("1e400")
    (True, True, False, False)
    """
    match = _PLAIN.fullmatch(text)
    if match is None or len(text) > 400 or not math.isfinite(float(text)):
        return False
    return bool(float(text)) or not match[1].strip("0.")


def is_number(text: str) -> bool:
    """Say whether a text is one printed number, and one that can be computed with."""
    return _match(text) is not None


def _match(text: str) -> re.Match[str] | None:
    match = _PRINTED.fullmatch(text.strip())
    return match if match and len(match["digits"]) <= LONGEST else None


def shown_as(value: float, half: float, *, more: int = 0) -> str:
    """Format a value as one whose last digit is worth twice `half`, with `more` digits."""
    decimals = max(0, -Decimal(f"{2 * half:.3g}").adjusted()) + more
    steady = round(float(value), decimals + 9)  # an edge of rounding is one on every processor
    return f"{round(steady, decimals) + 0.0:.{decimals}f}"  # + 0.0: never "-0.00"


_FORMULA = re.compile(r"'*[=+\-−@\t\r](?s:.)")  # a sign alone computes nothing


def inert(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula: an apostrophe stands before it.

    Numbers stay as they are, negative ones too.

    Examples
    --------
    >>> inert("=1+1"), inert("-0.27"), inert("="), inert("Alpha 2001")
    ("'=1+1", '-0.27', '=', 'Alpha 2001')
    """
    if not _FORMULA.match(text) or is_plain(text) or (text[:1] != "=" and is_number(text)):
        return text
    return f"'{text}"


def as_meant(cell: str) -> str:
    """Return the text that `inert` made a cell of.

    Examples
    --------
    >>> as_meant("'=1+1"), as_meant("'tis")
    ('=1+1', "'tis")
    """
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


# What moves a terminal's cursor, rings or begins a command to it, and what turns reading around.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""Show control characters as pictures, so that a terminal prints them and obeys none.

    Examples
    --------
    >>> visible("\x1b[2Jgone")
    '␛[2Jgone'
    """
    return CONTROLS.sub(lambda found: chr(0x2400 + ord(found[0])) if found[0] < " " else "�", text)


def where(*parts: str | None) -> str:
    """Join what a claim is about."""
    return ", ".join(filter(None, parts)) or "the review as a whole"


def show(number: float) -> Numeral:
    """Format a number as printed."""
    return Numeral(f"{number:.10g}".replace("-", "−"))


def derived(number: float) -> Numeral:
    """Format a number that we computed: three digits, so that a reader can check the step."""
    return Numeral(f"{number:#.3g}".rstrip(".").replace("-", "−"))


def key_of(words: str, taken: Iterable[str]) -> str:
    """Make a key out of a name that no other row has.

    Examples
    --------
    >>> key_of("Vallés-Carrascosa 2018", ["x"]), key_of("Smith 2024", ["smith2024"])
    ('vallescarrascosa2018', 'smith2024_2')
    """
    import unicodedata

    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9_]+", "", plain).lstrip("_") or "row"
    held = taken if isinstance(taken, Set) else set(taken)
    if key not in held:
        return key
    return next(name for n in range(2, len(held) + 3) if (name := f"{key}_{n}") not in held)
