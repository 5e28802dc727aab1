"""Numbers as they are printed: each stands for every number that rounds to it."""

from __future__ import annotations

import re
from decimal import Decimal
from math import inf
from typing import NamedTuple

from livingmeta.names import RefusalError

SLACK = 1e-9  # for binary arithmetic only: far below any printed digit
NAMES = {
    "ci_low": "lower limit", "ci_high": "upper limit", "p": "P", "z": "Z", "q": "Q",
    "tau2": "tau²", "i2": "I²", "k": "number of trials", "n": "number of people",
}  # fmt: skip


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

    Parameters
    ----------
    text : str
        As printed; the minus may be a dash, a comma groups thousands, and a percent sign is left
        out.

    Raises
    ------
    ValueError
        Where the text is not one number.

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


def where(*parts: str | None) -> str:
    """Join what a claim is about."""
    return ", ".join(filter(None, parts)) or "the review as a whole"


def quantity_name(quantity: str) -> str:
    """Return the name of a quantity of published.csv in a sentence."""
    return NAMES.get(quantity, quantity)
