"""What a call is given: a review by name or folder, a file, a table of pandas, or plain effects."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, TypeGuard

import numpy as np
from numpy.typing import ArrayLike

from livingmeta.engine.inputs import Array, Mask
from livingmeta.engine.measures import MEASURES, ratios
from livingmeta.exchange.imports import FILES, read_table
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Review
from livingmeta.store import write
from livingmeta.words import RefusalError, pick, refuse

if TYPE_CHECKING:
    import pandas as pd

# A review by name, folder or as loaded; a table by file or as pandas has it; effects in a sequence
Data: TypeAlias = "str | Path | Review | pd.DataFrame | ArrayLike"
MISSING = dict.fromkeys(("refuse", "drop"))
REMEDY = "Give the value, or leave such studies out by missing='drop'."
OURS = Path(__file__).parents[1]
_noted: ContextVar[list[str] | None] = ContextVar("noted", default=None)
SOURCE = ".livingmeta.source"  # in a folder of outputs: of which file, from there


class Reading(TypedDict, total=False):
    """What a table may leave open, in the words of `read_table`; of a review its folder says it.

    `yi`, `sei` and `labels` name columns of a table, as `vi` does, beside those of `columns`; of
    plain effects `labels` are the names themselves. `missing` says what becomes of studies without
    an effect or a variance: "refuse" names them all, and "drop" leaves them out, with a warning that
    results keep as `remarks`. A file is read by "drop", as the commands do, and what pandas has by
    "refuse". `title` is what results call a table; of a figure it stands above.
    """

    columns: dict[str, str]
    sheet: str
    header_row: int
    measure: str | None
    log: bool
    favours: str
    mapping: str | Path
    analysis: str
    yi: str
    sei: str
    labels: Any
    missing: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A review as somebody named it, and where what is made of it goes.

    Attributes
    ----------
    review : Review
    name : str
        As it was typed.
    file : Path, optional
        The file that it was read from; None for a folder.
    said : mapping
        What was said of the file.
    remarks : tuple of str
        What its reading left out, and why.
    """

    review: Review
    name: str
    file: Path | None = None
    said: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def folder(self, out: str | None) -> Path:
        """Return the folder for what is made of it: of a file beside it, unless `out` says where.

        Raises
        ------
        RefusalError
            If somebody else's things stand there.
        """
        beside = self.file.parent if self.file else Path()
        folder = (Path(out) if out else beside / "figures") / self.review.protocol.id
        mark = folder / SOURCE
        source = mark.read_text(encoding="utf-8") if mark.is_file() else None
        own = _from(folder, self.file) if self.file else None
        if source != own and (source or (folder.is_dir() and any(folder.iterdir()))):
            made = (
                f"what was made of {os.path.normpath(folder / source)}"
                if source
                else "what livingmeta did not make of this file"
            )
            raise RefusalError(
                f"{folder} holds {made}, and that stays as it is. Say with --out where the output of "
                f"{self.name} shall go."
            )
        if own is not None and source is None:
            write(mark, own)
        return folder


def _from(folder: Path, file: Path) -> str:
    """Return the way to a file from a folder of outputs, so that both can be moved together."""
    try:
        return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return file.resolve().as_posix()


def is_file(name: str) -> bool:
    """Say whether somebody named a file, be it one that is not there."""
    path = Path(name)
    return not path.is_dir() and (path.is_file() or path.suffix.lower() in FILES)


def opened(data: Data, vi: Any = None, **reading: Any) -> Review:
    """Return what a call is given as a review.

    Parameters
    ----------
    data : str, Path, Review, DataFrame or sequence of float
        Name or folder of a review; a file (CSV, Excel, RevMan); a table with a row per study; or
        effects, shape (k,), with their variances in `vi`.
    vi : sequence of float, or str, optional
        Variances of effects, or the column that holds them in a table.
    **reading
        As `Reading` has it.

    Raises
    ------
    RefusalError
        For what can't be read; for studies without numbers, by their labels; and for options that
        a loaded review leaves no place for.
    """
    told = {name: value for name, value in {**reading, "vi": vi}.items() if value is not None}
    missing = told.pop("missing", None)
    pick(MISSING, missing or "drop", "missing")
    if is_review(data):
        if told:
            said = f"{', '.join(told)}: this says what a table leaves open"
            raise RefusalError(f"{said}, and {_called(data)} is a review. Leave it out.")
        review = data if isinstance(data, Review) else load_review(str(data))
        noted(review.remarks)
        return review
    if not (isinstance(data, str | Path) or is_frame(data)):
        return _of_effects(data, missing=missing, **told)
    if is_frame(data):
        told = {key: data.attrs[key] for key in ("measure", "log", "title") if key in data.attrs} | told
        noted(data.attrs.get("remarks", ()))
        missing = missing or "refuse"
    called = {"yi": "yi", "vi": "vi", "sei": "sei", "labels": "study"}
    named = {ours: told.pop(name) for name, ours in called.items() if name in told}
    refuse(
        f"{name}: of a table this is the name of a column, and no {type(named[ours]).__name__}."
        for name, ours in called.items()
        if not isinstance(named.get(ours, ""), str)
    )
    with warnings.catch_warnings(record=True) as told_of:
        warnings.simplefilter("always")
        only = {"review": told.pop("analysis", None), "columns": {**told.pop("columns", {}), **named}}
        review = read_table(data, **only, **told)
    remarks = [str(warning.message) for warning in told_of]
    held = {row.trial for row in review.outcomes}
    without = [trial.label for trial in review.trials if trial.trial not in held]
    if missing == "refuse":
        refuse(f"{_why(label, remarks)}. {REMEDY}" for label in without)
    for remark in remarks:
        warned(remark)
    noted(review.remarks)
    return review


def _why(label: str, remarks: list[str]) -> str:
    """Say why a study of a table gives no number, as the remarks on its reading do."""
    said = (remark.removesuffix("; left out.") for remark in remarks if f", {label}: " in remark)
    return next(said, f"{label} has no effect with a variance")


@contextmanager
def noting() -> Iterator[list[str]]:
    """Collect what is to be said of the data that a call reads; its result keeps it."""
    own: list[str] = []
    around = _noted.get()
    token = _noted.set(own)
    try:
        yield own
    finally:
        _noted.reset(token)
        if around is not None:
            around += [remark for remark in own if remark not in around]


def noted(remarks: Iterable[str]) -> None:
    """Let the result of the call that reads data keep what is to be said of them."""
    if (own := _noted.get()) is not None:
        own += [remark for remark in remarks if remark not in own]


def warned(text: str) -> None:
    """Warn of what is left out, at the line of the caller that is not ours."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and Path(frame.f_code.co_filename).is_relative_to(OURS):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, stacklevel=level)


def is_frame(data: object) -> TypeGuard[pd.DataFrame]:
    """Say whether something is a table of pandas, which is not imported for who has none."""
    return "pandas" in sys.modules and isinstance(data, sys.modules["pandas"].DataFrame)


def is_table(data: object) -> bool:
    """Say whether something is more than effects: a table, a file or a review."""
    return isinstance(data, str | Path | Review) or is_frame(data)


def is_review(data: object) -> bool:
    """Say whether something is a review, or the name or folder of one."""
    return isinstance(data, Review) or (isinstance(data, str | Path) and not is_file(str(data)))


def _called(data: object) -> str:
    return data.protocol.id if isinstance(data, Review) else str(data)


def _of_effects(yi: Any, *, missing: str | None, **told: Any) -> Review:
    import pandas as pd

    if others := [name for name in told if name not in {"vi", "labels", "measure", "favours", "title"}]:
        raise RefusalError(f"{', '.join(others)}: of plain effects there is no column to read.")
    labels, y, v = effects(yi, told.get("vi"), labels=told.get("labels"), missing=missing)
    measure = told.get("measure")
    logged = measure in MEASURES and MEASURES[measure].label in ratios()
    table = pd.DataFrame({"study": labels, "yi": y, "vi": v})
    with warnings.catch_warnings():  # of what might be a total, a second trial: effects are as given
        warnings.simplefilter("ignore")
        more = {name: told.get(name) for name in ("favours", "title")}
        return read_table(table, measure=measure, log=logged, **more)


def effects(
    yi: Any, vi: Any, *, labels: Iterable[Any] | None = None, missing: str | None = None
) -> tuple[tuple[str, ...], Any, Any]:
    """Return labels, effects and variances of plain sequences.

    A missing value (None, NaN, NA) is refused by the label of its study, or left out with a warning
    where `missing` is "drop". Labels are by default the index of a Series, as pandas shows it, and
    else 1, 2, ….

    Examples
    --------
    >>> effects([0.1, 0.3], [0.04, 0.05], labels=["Ash", "Birch"])
    (('Ash', 'Birch'), [0.1, 0.3], [0.04, 0.05])
    """
    import pandas as pd

    pick(MISSING, missing or "refuse", "missing")
    if vi is None:
        raise RefusalError("effects need their variances: give them as vi, one for each effect.")
    if isinstance(yi, pd.Series):
        if isinstance(vi, pd.Series) and not yi.index.equals(vi.index):
            raise RefusalError("yi and vi are Series with different indexes: align them first.")
        labels = yi.index if labels is None else labels
    if isinstance(labels, str) or not isinstance(labels, Iterable | None):
        raise RefusalError(f"labels = {labels!r}: give a list, a name for each study.")
    y, v = _sequence("yi", yi), _sequence("vi", vi)
    names = tuple(map(str, range(1, len(y) + 1) if labels is None else labels))
    if len({len(names), len(y), len(v)}) > 1:
        sizes = f"{len(y)} values and vi {len(v)}{'' if labels is None else f', labels {len(names)}'}"
        raise RefusalError(f"yi has {sizes}: give one of each per trial.")
    absent = {"yi": _absent(y), "vi": _absent(v)}
    lost = np.flatnonzero(absent["yi"] | absent["vi"])
    if not lost.size:
        return names, y, v
    if missing != "drop":
        refuse(
            f"{name} of {names[i]} is missing. {REMEDY}" for i in lost for name in absent if absent[name][i]
        )
    gone = set(lost.tolist())

    def kept(values: Any) -> list[Any]:
        return [value for i, value in enumerate(values) if i not in gone]

    gaps = {i: " and no ".join(name for name in absent if absent[name][i]) for i in lost}
    left = [f"{names[i]}: no {gap}; left out." for i, gap in gaps.items()]
    for remark in left:
        warned(remark)
    noted(left)
    return tuple(kept(names)), kept(y), kept(v)


def _sequence(name: str, values: Any) -> Any:
    """Return values in one dimension, as `engine.inputs.numbers` reads them."""
    import pandas as pd

    if isinstance(values, pd.Series):
        values = values.to_numpy()
    elif not isinstance(values, np.ndarray | list | tuple):
        values = list(values) if isinstance(values, Iterable) and not isinstance(values, str) else [values]
    if isinstance(values, np.ndarray) and values.ndim != 1:
        if values.ndim > 1:
            raise RefusalError(f"{name} has the shape {values.shape}: give one number for each study.")
        values = values.reshape(1)
    return values


def _absent(values: Array | list[Any]) -> Mask:
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        return np.isnan(values) if values.ndim == 1 else np.zeros(len(values), bool)
    import pandas as pd

    return np.array([np.ndim(value) == 0 and bool(pd.isna(value)) for value in values], bool)
