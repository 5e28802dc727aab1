"""How numbers and flags are put into words, on every page alike."""

import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from math import inf
from typing import NamedTuple, TypeVar

WEIGHTS_OF_TOTAL = "Weights are those in the total; a subtotal's is the sum of its trials'."
FLAG_WORDS = {
    "not_converged": ("An estimate of τ², or an integral over τ, did not converge; do not use the result."),
    "tau2_at_zero": "The estimate of τ² is exactly 0.",
    "tau2_outside_interval": (
        "The interval of τ² does not hold its estimate: they rest on different methods, and these "
        "trials make the two disagree."
    ),
    "tau2_interval_empty": (
        "The trials agree better than chance lets them, so the Q-profile interval of τ² is empty."
    ),
    "few_trials": "Fewer than five trials: the interval rests on its assumptions.",
    "single_trial": "One trial: nothing is pooled, the interval is its own.",
    "few_trials_for_prediction": (
        "A 95% prediction interval that takes τ² as estimated, as this one does, holds the true "
        "effect in 79 to 92% of simulated reviews of 5 to 20 trials that differ (τ² = 0.1); "
        "prediction = nagashima, a parametric bootstrap, in 94%."
    ),
    "hksj_narrower_than_wald": (
        "The HKSJ interval of these few trials is narrower than the Wald interval: compare the "
        "modified one, and check that no trial or group of people counts twice. That they agree "
        "so well can be chance."
    ),
    "hksj_scale_below_one": (
        "With τ² in the model, the trials scatter less around the pooled value than it expects (q "
        "below 1); a modified interval does not shrink with it."
    ),
    "tau_from_prior": "One trial says next to nothing of τ: what is shown of it is the prior.",
    "moments_infinite": ("The half-Cauchy tail makes a mean or an SD infinite; medians and intervals hold."),
    "few_for_subsets": (
        "Fewer than six trials: their subsets are too few to show a cluster or a stray trial."
    ),
    "few_for_permutation": (
        "Fewer than six trials: no arrangement of signs has a P below 0.05, so the permutation "
        "test can find no effect."
    ),
    "some_not_converged": "The estimate of τ² did not converge in some of the analyses.",
    "few_trials_per_moderator": "Fewer than ten effects per moderator: a regression explores here.",
    "dependent_effects": (
        "Several effects of one trial enter as if they were independent: the interval does not "
        "allow for what they share, and can be too narrow."
    ),
    "shared_group": "A group of people is counted in more than one comparison of its trial.",
    "duplicate_numbers": (
        "Two trials have the same numbers, more than chance explains: perhaps the same people, "
        "entered twice and counted as independent."
    ),
    "several_arms_kept": (
        "A trial's comparisons can't be combined or split as asked, and are pooled as they are; a "
        "cluster-robust interval (pool --cluster trial) allows for what they share."
    ),
    "few_trials_for_funnel": (
        "Fewer than ten trials: a test for small-study effects can't tell chance from bias."
    ),
    "interval_open": (
        "The likelihood of the selection model does not end an interval on one side: the trials "
        "can't tell how often others go unreported."
    ),
    "few_clusters": ("Fewer than four degrees of freedom: the cluster-robust interval can't be trusted."),
    "one_cluster_determines": (
        "One cluster (trial) alone determines a coefficient: how clusters differ is not seen in "
        "it, so it has no cluster-robust interval."
    ),
    "rows_assumed": "A row rests on an assumption, such as equal arms.",
    "other_method": (
        "Its source pooled this analysis by another method than inverse variance, which is used "
        "here: the pooled numbers of the two need not agree."
    ),
    "secondary_source": ("A trial's numbers come from somebody else's report of it, such as a review."),
    "membership_inferred": "That the trial belongs to the review is inferred, not documented.",
    "contrast_undocumented": "No source gives a pain rule for the comparison arm.",
    "mixed_standardisers": "Final and change scores are pooled in one standardised difference.",
    "composite_shared": (
        "A trial enters pain and function with the same composite numbers: one piece of evidence."
    ),
    "empty_cells": "In an arm of a trial nobody, or everybody, has the event.",
    "empty_cells_corrected": (
        "0.5 was added to each cell of a trial (§), which without it would have no effect or "
        "variance, or as the rule for empty cells asks: the result depends on that number."
    ),
    "no_contrast": (
        "A trial in which nobody, or everybody, has the event in either arm has weight here, which "
        "rests on the 0.5 added to its cells."
    ),
    "sparse_events": (
        "In a third of the trials or more an arm is without events, or with nothing else: methods "
        "of inverse variance are unfit for so few events (Cochrane Handbook 10.4.4), and no other "
        "is computed here."
    ),
    "sd_external": "A model's difference is standardised by an SD borrowed from another row.",
    "sd_from_adjusted": "An adjusted difference is standardised by the SD that its SE implies.",
    "quantiles_converted": (
        "A mean or SD is estimated from a median, quartiles or a range, as if the data were normal."
    ),
    "quantiles_skewed": ("The quartiles or range of an arm look skewed (Shi 2023); mean and SD may mislead."),
    "correlation_assumed": (
        "An effect rests on a correlation of scores before and after that no source gives."
    ),
    "from_odds_ratio": "An odds ratio was turned into an SMD, as if the outcome were logistic.",
    "p_bound": "P is printed as below a bound, so the effect is at least this far from 0.",
    "imputed": "A trial without usable numbers enters at an assumed effect: a scenario, not data.",
    "trials_missing": "Trials that measured the outcome have no usable numbers here.",
}


STEADY = 9  # digits that every processor agrees on: the last bits of a sum or a log are its own


def steady(value: float, beside: float = 0.0, *, digits: int = STEADY) -> float:
    """Round to the digits that every processor agrees on.

    Parameters
    ----------
    value : float
    beside : float
        What `value` is small or large against, such as its standard error: an estimate of 0 is
        known to so many digits of that.
    digits : int
        More of them where a reader computes with the number.

    Examples
    --------
    >>> steady(0.1 + 0.2), steady(1e-17, beside=0.2)
    (0.3, 0.0)
    """
    size = max(abs(value), abs(beside))
    if not size or not math.isfinite(size):
        return value
    return round(float(value), digits - 1 - math.floor(math.log10(size))) + 0.0  # + 0.0: never −0


def decimal(number: float | None, places: int = 2) -> str:
    """Format a number with a minus sign that lines up; a dash where there is none."""
    if number is None:
        return "–"
    # 0.125 and what a processor makes of it are printed alike
    text = f"{round(float(number), places + STEADY):.{places}f}"
    return text.replace("-", "−") if float(text) else f"{0:.{places}f}"


def decimals(*numbers: float | None, places: int = 2, ratio: bool = False) -> list[str]:
    """Format an estimate and its limits, or one number, with decimals enough to tell them apart.

    Where an interval is so narrow that half of it is less than five units of the last place, half
    of it keeps two digits; a number alone, and the estimate of a ratio, does where it would read 0.
    All have the same decimals, and no more than six. A limit that reads 0 all the same says on
    which side of 0 it lies, and one of a ratio has two digits of its own.

    Examples
    --------
    >>> decimals(0.0012, 0.0003, 0.0021), decimals(-0.30, -0.60, -0.0027)
    (['0.00120', '0.00030', '0.00210'], ['−0.30', '−0.60', '−0.00'])
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
    return [_no_less(x, decimal(x, places), ratio) for x in numbers]


def _no_less(number: float | None, text: str, ratio: bool) -> str:
    if number is None or abs(number) < 5e-7 or text.strip("0."):
        return text
    if ratio:
        return decimals(number)[0]
    return "−" + text if number < 0 else text


def count(number: float) -> str:
    """Format a number of people or events, of any size; a shared group may give part of one.

    Examples
    --------
    >>> count(1200001.0), count(52 / 3)
    ('1200001', '17.3333')
    """
    return f"{round(number, 4):.15g}"


def p_words(p_value: float | None) -> str:
    """Format a P value: "P = 0.218", "P < 0.001"."""
    if p_value is None:
        return "P not computed"
    return "P < 0.001" if p_value < 0.001 else f"P = {p_value:.3f}"


T = TypeVar("T")


class RefusalError(ValueError):
    """What the program refuses, in a sentence that says why and what to do.

    The command line prints it; any other error that reaches it is a fault of ours.
    """


def unknown(what: str, name: str, allowed: Iterable[str]) -> str:
    """Word the refusal of a name: the allowed ones, and the nearest.

    Examples
    --------
    >>> unknown("tau2", "PN", ["DL", "PM", "REML"])
    "tau2 = 'PN': choose one of DL, PM, REML. Did you mean PM?"
    """
    names = {one.lower(): one for one in allowed}
    near = get_close_matches(str(name).lower(), names, n=1, cutoff=0.5)
    hint = f" Did you mean {names[near[0]]}?" if near else ""
    return f"{what} = {name!r}: choose one of {', '.join(names.values())}.{hint}"


def unread_format(given: object, read: int) -> tuple[str, str] | None:
    """Say why a file of this format is not read, and what to do; None where it is.

    Parameters
    ----------
    given : object
        What stands in the file as its `format`; 1 where none does.
    read : int
        The newest format that this program reads.

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


def pick(registry: Mapping[str, T], name: str, what: str) -> T:
    """Return the entry of this name.

    Parameters
    ----------
    registry : mapping of str to anything
        The dict that is at once the list of allowed names.
    name, what : str
        The name asked for, and what it names ("tau2"), for the message.

    Raises
    ------
    ValueError
        If there is no such entry; the message lists the allowed names and the nearest.

    Examples
    --------
    >>> pick({"DL": 1, "REML": 2}, "REML", "tau2")
    2
    """
    if name not in registry:
        raise RefusalError(unknown(what, name, registry))
    return registry[name]


SLACK = 1e-9  # for binary arithmetic only: far below any printed digit
NAMES = {
    "ci_low": "lower limit",
    "ci_high": "upper limit",
    "p": "P",
    "z": "Z",
    "q": "Q",
    "tau2": "tau²",
    "i2": "I²",
    "k": "number of trials",
    "n": "number of people",
}


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


_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def is_plain(text: str) -> bool:
    """Say whether a text is a finite number in digits with a decimal point, as cells hold it."""
    return _PLAIN.fullmatch(text) is not None and math.isfinite(float(text))


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


def show(number: float) -> str:
    """Format a number as printed."""
    return f"{number:.10g}".replace("-", "−")


def derived(number: float) -> str:
    """Format a number that we computed: three digits, so that a reader can check the step."""
    return f"{number:#.3g}".rstrip(".").replace("-", "−")


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
    held = set(taken)
    if key not in held:
        return key
    return next(name for n in range(2, len(held) + 3) if (name := f"{key}_{n}") not in held)
