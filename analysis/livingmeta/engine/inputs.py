"""Numbers as a caller gives them: turned into arrays, or refused with all that is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livingmeta.words import refuse

# Arrays of numbers, and of what holds or not, by the same places.
Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

NOT_A_NUMBER = "this is not a number. Give numbers, without units or quotation marks."
NOT_FINITE = "this is not a finite number. Leave the trial out, or give its value."
MASKED = "is masked: leave the trial out, or give its value."
TOO_FAR = "too far from 1 to compute with. Change the unit."
# Numbers beyond these over- or underflow when squared; no unit of any outcome needs them.
SMALLEST, LARGEST = 1e-50, 1e50


def numbers(name: str, values: ArrayLike) -> tuple[Array, list[str]]:
    """Turn values into an array of floats; what is not a number becomes NaN and is said.

    A masked value is no number: what stands under the mask must not be computed with.

    Examples
    --------
    >>> numbers("yi", [0.1, "0.2"])[1]
    ['yi[2] = 0.2: this is not a number. Give numbers, without units or quotation marks.']
    >>> numbers("yi", np.ma.masked_equal([0.1, -999.0], -999.0))[1]
    ['yi[2] is masked: leave the trial out, or give its value.']
    """
    if isinstance(values, np.ma.MaskedArray):
        hidden = np.flatnonzero(np.ma.getmaskarray(values))
        seen, problems = numbers(name, np.where(np.ma.getmaskarray(values), np.nan, values.data))
        return seen, [*problems, *(f"{name}[{i + 1}] {MASKED}" for i in hidden)]
    raw: Any = np.asarray(values, dtype=object if isinstance(values, list | tuple) else None)
    if raw.dtype.kind in "iuf":
        return raw.astype(float), []
    flat = raw.ravel()
    good = [is_numeric(value) for value in flat]
    problems = [
        f"{name}[{i + 1}] = {value}: {NOT_A_NUMBER}"
        for i, (value, fine) in enumerate(zip(flat, good, strict=True))
        if not fine
    ]
    read = [float(value) if fine else np.nan for value, fine in zip(flat, good, strict=True)]
    return np.array(read, dtype=float).reshape(raw.shape), problems


def is_numeric(value: object) -> bool:
    """Say whether a value is a real number, finite or not; a truth value is none.

    Examples
    --------
    >>> [is_numeric(one) for one in (1, np.float64(0.5), True, "1", None, np.ma.masked)]
    [True, True, False, False, False, False]
    """
    words = str | bytes | bool | np.bool_ | complex | np.complexfloating
    if isinstance(value, words) or value is np.ma.masked:
        return False
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


def inside(value: object, low: float, high: float) -> bool:
    """Say whether a value is a number from `low` to `high`.

    Examples
    --------
    >>> inside(1.0, 0.0, 1.0), inside(True, 0.0, 1.0), inside(np.nan, 0.0, 1.0)
    (True, False, False)
    """
    return is_numeric(value) and bool(low <= value <= high)  # type: ignore[operator]


def trials(check: Callable[[str, float], str | None], **given: ArrayLike) -> tuple[list[Array], bool]:
    """Turn numbers or sequences of equal length into arrays of one length, in the order given.

    A number stands for all trials; the second of what is returned says whether only numbers were
    given. `check` takes the name of an argument and a finite number, and returns what is wrong with
    it. All that can't be used is refused, each with its position.
    """

    def unusable(name: str, value: float) -> str | None:
        if not math.isfinite(value):
            return NOT_FINITE
        return TOO_FAR if abs(value) > LARGEST else check(name, value)

    read = {name: numbers(name, value) for name, value in given.items()}
    problems = [problem for _, wrong in read.values() for problem in wrong]
    arrays = {name: array for name, (array, _) in read.items()}
    if any(array.ndim > 1 for array in arrays.values()):
        problems.append("give numbers or sequences of numbers, one value per trial.")
    lengths = {name: array.size for name, array in arrays.items() if array.ndim}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        problems.append(f"the sequences differ in length ({counts}): give one value per trial.")
    if not problems:
        problems = [
            f"{name}[{i + 1}] = {value:.15g}: {reason}"
            for name, array in arrays.items()
            for i, value in enumerate(array.ravel().tolist())
            if (reason := unusable(name, value))
        ]
    refuse(problems)
    size = next(iter(lengths.values()), 1)
    flat = (array.ravel() for array in arrays.values())
    return [array if array.size == size else np.broadcast_to(array, size) for array in flat], not lengths


def no_level(level: float) -> list[str]:
    """Say what is wrong with a confidence level; nothing for a fraction between 0 and 1.

    Examples
    --------
    >>> no_level(95)
    ['level = 95: a level lies between 0 and 1; write 0.95 for 95%.']
    """
    # so near to 0 or 1 that its quantile is 0 or infinite, a level is none
    if is_numeric(level) and 0.5 < (1 + level) / 2 < 1:
        return []
    return [f"level = {level}: a level lies between 0 and 1; write 0.95 for 95%."]


def as_given(yi: Array, vi: Array, *, scalar: bool) -> tuple[Any, Any]:
    """Return floats where numbers were given, else the arrays."""
    return (float(yi[0]), float(vi[0])) if scalar else (yi, vi)
