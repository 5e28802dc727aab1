"""Results that can't drift: the numbers of a review, and the data, code and libraries they are of.

The lock stands beside the rows it is of, since it belongs to them: it is committed for every
review, reads side by side with a corrected cell in one change, and travels with the wheel.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, TypeGuard, cast

import numpy as np

from livingmeta.audit.results import Results
from livingmeta.printer import Shown, cells
from livingmeta.review.folder import neighbours
from livingmeta.review.protocol import Review
from livingmeta.store import current
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.profiles import METHOD_CHOICES
from livingmeta.synthesis.settings import Settings, settings_of
from livingmeta.words import RefusalError, unread_format

NAME = "results.lock.json"
LOCK_FORMAT = 2  # the newest that is read; 2 has a seal, and the verdicts on what was printed
SEALED = 2  # the first format with a seal, and with the hash of what is told in protocol.md
HASHED = frozenset({".csv", ".toml", ".md"})
# What people did to find trials and to prove quotes: no number of the lock is computed of these
WORK = frozenset({"searches.csv", "records.csv", "screening.csv", "verification.csv"})
SAME = 1e-9  # times max(1, |x|): what other processors and BLAS libraries may move
FAINT = 1e-6  # the same: more than this no library moves that is not broken
LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels")
Lock = Mapping[str, Any]
_PRINTED = ("published", "")
LockedPlace = tuple[str, str]  # "pain-short, headline" and "estimate"


def hashes(review: Review) -> dict[str, str]:
    r"""Return the SHA-256 of every file of a review, those of what it extends included.

    Line ends count as \\n, since git may turn them.
    """
    if review.folder.is_file():
        raw = review.folder.read_bytes()
        text = review.folder.suffix.lower() in HASHED
        return {review.folder.name: hashlib.sha256(_lines(raw) if text else raw).hexdigest()}
    folders = {review.folder.resolve().name: review.folder, **neighbours(review)}
    return {
        f"{name}/{path.name}": hashlib.sha256(_lines(current(path).read_bytes())).hexdigest()
        for name, folder in folders.items()
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.suffix in HASHED and not path.name.startswith(".")
    }


def _lines(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def environment() -> dict[str, str]:
    """Return what a number may depend on beside data and code: libraries, platform, processor."""
    config = cast("dict[str, Any]", np.show_config(mode="dicts"))
    blas = config.get("Build Dependencies", {}).get("blas", {})
    system = (platform.system(), platform.machine(), *platform.libc_ver())
    return {
        "Python": platform.python_version(),
        **{name: installed(name) for name in LIBRARIES},
        "BLAS": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "platform": " ".join(filter(None, system)),
        "processor": " ".join(config.get("SIMD Extensions", {}).get("found", [])) or "unknown",
    }


def code(version: str) -> dict[str, str]:
    """Return the program's version, and the SHA-256 of its modules."""
    package = Path(__file__).parents[1]
    whole = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        whole.update(path.relative_to(package).as_posix().encode())
        whole.update(_lines(path.read_bytes()))
    return {"version": version, "sha256": whole.hexdigest()}


def locked(results: Results, *, version: str, why: str) -> dict[str, Any]:
    """Return what the lock of a review holds: every pooled number and effect in full precision.

    Beside them stand the verdicts on printed numbers, and last a seal over all of it, by which
    `edited` sees whether the text is still the one that was written.
    """
    methods = results.review.protocol.methods
    sets = {"declared": (settings_of(methods), results.pools)}
    if methods.headline is not None:
        sets = {"headline": (settings_of(methods, name=methods.headline), results.headline_pools), **sets}
    lock = {
        "format": LOCK_FORMAT,
        "review": results.review.protocol.id,
        "why": why,
        "code": code(version),
        "environment": environment(),
        "files": hashes(results.review),
        "methods": {by: _methods(settings) for by, (settings, _) in sets.items()},
        "pools": [_pool(pool, by) for by, (_, pools) in sets.items() for pool in pools],
        "published": [
            {name: getattr(verdict, name) for name in ("claim", "quantity", "printed", "verdict")}
            for verdict in results.verdicts
        ],
    }
    return {**lock, "seal": _seal(lock)}


def _seal(lock: Lock) -> str:
    whole = {name: value for name, value in lock.items() if name != "seal"}
    return hashlib.sha256(lock_text(whole).encode()).hexdigest()


def edited(raw: bytes, lock: Lock) -> tuple[str, ...]:
    """Say in words what shows that the text of a lock is not the one a program wrote.

    Parameters
    ----------
    raw : bytes
        The file; its line ends may be those of any system.
    lock : mapping
        What it holds, as `held` reads it.

    Notes
    -----
    A seal finds the edit of somebody who does not make a new one; which commit wrote the lock,
    `living.history` says.
    """
    if lock.get("format", 1) < SEALED:
        return ()
    if lock.get("seal") != _seal(lock):
        return ("its seal is not that of its text, so it was edited since it was written",)
    if _lines(raw) != lock_text(lock).encode():
        return ("its text is not written as a program writes it, so it was edited",)
    return ()


def _methods(settings: Settings) -> dict[str, Any]:
    chosen = {name: getattr(settings.profile, name) for name in ("name", *METHOD_CHOICES)}
    chosen["method"] = settings.method
    rest = {name: value for name, value in asdict(settings).items() if name != "profile"}
    return {**chosen, **rest}


def _pool(pool: Pool, by: str) -> dict[str, Any]:
    result = asdict(pool.result) if pool.result else {}
    result.pop("weights", None)
    weights = pool.weights or [None] * len(pool.effects)
    about = {name: getattr(pool, name) for name in ("synthesis", "subgroup", "title", "why_not")}
    effects = [
        {
            "of": ", ".join(
                filter(None, (effect.trial, None if pool.subgroup else effect.subgroup, effect.contrast))
            ),
            "yi": effect.yi,
            "vi": effect.vi,
            "weight": weight,
        }
        for effect, weight in zip(pool.effects, weights, strict=True)
    ]
    return {"by": by, **about, **result, "flags": list(pool.flags), "effects": effects}


def lock_text(lock: Lock) -> str:
    """Write a lock as JSON, an effect on a line."""
    whole = json.dumps(lock, ensure_ascii=False, indent=1, allow_nan=False)
    inner = r'\{\s+"(?:of|claim)"[^{}]*\}|\[[^\[\]{}]*\]'
    return re.sub(inner, lambda match: re.sub(r"\n\s+", " ", match[0]), whole) + "\n"


def held(raw: bytes, *, place: str) -> Lock:
    """Read a lock.

    Raises
    ------
    ValueError
        If it is none, not whole, of a newer format, or holds a number that is not finite; the
        message says what to do.
    """
    unread = None
    try:
        lock = cast("Lock", json.loads(raw, parse_constant=_finite, parse_float=_finite, parse_int=_counted))
        given = lock.get("format", 1)
        if not (unread := unread_format(given, LOCK_FORMAT)):
            verified(lock, lock)
            edited(raw, lock)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as wrong:
        raise RefusalError(
            f"{place}: this is not a whole lock ({type(wrong).__name__}: {wrong}). Take it back "
            "from version control; or delete it, and write it anew with livingmeta verify --update."
        ) from wrong
    if unread:
        raise RefusalError(f"{place}, format = {given!r}: {unread[0]}. {unread[1]}")
    return lock


def _finite(digits: str) -> float:
    """Read a number; within the tolerance of an infinite one lies every other."""
    value = float(digits)
    if not math.isfinite(value):
        raise RefusalError(f"{digits} is no number that a result can have")
    return value


def _counted(digits: str) -> int:
    _finite(digits)
    return int(digits)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One number that is not what the lock holds; None where it is not there at all."""

    place: str  # "pain-short, headline"
    quantity: str  # "estimate", "yi of …"
    locked: Any
    now: Any
    size: float | None  # None where one of them is no number
    cause: str  # "data", "method", "library", "code" or "unexplained"


@dataclass(frozen=True, kw_only=True, repr=False)
class Verification(Shown):
    """What is not as the lock holds it: numbers, and by kind what could have moved them."""

    differences: tuple[Difference, ...]
    compared: int
    changes: Mapping[str, tuple[str, ...]]  # "lock", "data", "work", "method", "library", "code": in words

    def __str__(self) -> str:
        moved = "; ".join(f"{kind}: {', '.join(words)}" for kind, words in self.changes.items() if words)
        numbers = f"{len(self.differences)} of {self.compared} numbers are others"
        return f"{'sound' if self.sound else 'not as locked'}: {numbers}{f'; {moved}' if moved else ''}"

    def _listed(self) -> Iterable[Mapping[str, Any]]:
        """Return the numbers that are not what the lock holds."""
        return map(cells, self.differences)

    @property
    def sound(self) -> bool:
        """Say whether numbers, data and methods are those of the lock, and the lock is as written.

        Searches, decisions and proofs ("work") may come at any time: no number is computed of them.
        """
        return not (self.differences or any(self.changes[kind] for kind in ("lock", "data", "method")))

    @property
    def same(self) -> bool:
        """Say whether the lock is what would be written now, but for its reason."""
        return not (self.differences or any(self.changes.values()))


def verified(old: Lock, new: Lock, *, edits: tuple[str, ...] = ()) -> Verification:
    """Compare a lock with what is computed now; `edits` is what `edited` says of the lock.

    Numbers are the same that agree within 1e-9·max(1, |x|).
    A number is put down to the data if a file changed and an effect of its synthesis moved, to
    the methods if a setting or review.toml changed, and else to libraries and platform or to the
    code, if they changed: libraries first where it moved by less than 1e-6·max(1, |x|). The code
    has changed where its version has: its hash moves with every comment, and explains no number.
    """
    changes = {"lock": edits, **_changes(old, new)}
    version = old["code"].get("version") != new["code"].get("version")
    causes = {kind for kind, lines in changes.items() if lines and (kind != "code" or version)}
    both = "published" in old and "published" in new  # locks of format 1 have none
    before, after = (_by_synthesis(lock, printed=both) for lock in (old, new))
    differences: list[Difference] = []
    compared = 0
    for synthesis in dict.fromkeys((*before, *after)):
        was, now = before.get(synthesis, {}), after.get(synthesis, {})
        keys = dict.fromkeys((*was, *now))
        compared += len(keys)
        apart = [key for key in keys if not _same(was.get(key), now.get(key))]
        effects_moved = any(quantity.startswith(("yi of", "vi of")) for _, quantity in apart)
        for place, quantity in apart:
            locked, ours = was.get((place, quantity)), now.get((place, quantity))
            size = abs(ours - locked) if _number(locked) and _number(ours) else None
            by_data = effects_moved or quantity in {"flags", "why_not"} or synthesis == _PRINTED
            kinds = ["data"] if by_data else []
            faint = size is not None and size <= FAINT * max(1, abs(locked or 0))
            kinds += ["method", "library", "code"] if faint else ["method", "code", "library"]
            cause = next((kind for kind in kinds if kind in causes), "unexplained")
            differences.append(
                Difference(place=place, quantity=quantity, locked=locked, now=ours, size=size, cause=cause)
            )
    return Verification(differences=tuple(differences), compared=compared, changes=changes)


def _changes(old: Lock, new: Lock) -> dict[str, tuple[str, ...]]:
    """Say in words what is not as it was, by kind of cause."""
    unsealed = old.get("format", 1) < SEALED
    ours = {file: sha for file, sha in new["files"].items() if not (unsealed and file.endswith(".md"))}
    files = _changed(old["files"], ours, words="{key} {how}")
    protocol = tuple(file for file in files if "/review.toml" in file)
    work = tuple(file for file in files if file.partition("/")[2].partition(" ")[0] in WORK)
    settings = tuple(
        f"{by}: {line}"
        for by in dict.fromkeys((*old["methods"], *new["methods"]))
        for line in _changed(old["methods"].get(by, {}), new["methods"].get(by, {}))
    )
    return {
        "data": tuple(file for file in files if file not in protocol + work),
        "work": work,
        "method": settings + protocol,
        "library": _changed(old["environment"], new["environment"]),
        "code": _changed(old["code"], new["code"]),
    }


def _changed(
    old: Mapping[str, Any], new: Mapping[str, Any], *, words: str = "{key} {was} → {now}"
) -> tuple[str, ...]:
    return tuple(
        words.format(
            key=key,
            was=_short(old.get(key)),
            now=_short(new.get(key)),
            how="is new" if key not in old else "is gone" if key not in new else "changed",
        )
        for key in dict.fromkeys((*old, *new))
        if old.get(key) != new.get(key)
    )


def _short(value: object) -> str:
    return f"{value}"[:12] + "…" if re.fullmatch("[0-9a-f]{64}", str(value)) else str(value)


def _by_synthesis(lock: Lock, *, printed: bool) -> dict[tuple[str, str], dict[LockedPlace, Any]]:
    """Return all values of each synthesis under each set of methods, by place and quantity.

    What was `printed` stands apart, as _PRINTED.
    """
    parted: dict[tuple[str, str], dict[LockedPlace, Any]] = {}
    for pool in lock["pools"]:
        values = parted.setdefault((pool["synthesis"], pool["by"]), {})
        _put(values, ((place_of(pool), quantity, value) for quantity, value in _values(pool)))
    if printed:
        claims = ((claim["claim"], claim) for claim in lock["published"])
        lines = (
            (
                f"published.csv, {name}",
                f"printed {claim['quantity']}",
                f"{claim['printed']}, {claim['verdict']}",
            )
            for name, claim in claims
        )
        _put(parted.setdefault(_PRINTED, {}), lines)
    return parted


def _put(values: dict[LockedPlace, Any], lines: Iterable[tuple[str, str, Any]]) -> None:
    """Put values in by place and quantity; of several with one name each keeps a place of its own."""
    seen: Counter[LockedPlace] = Counter()
    for place, quantity, value in lines:
        seen[place, quantity] += 1
        times = seen[place, quantity]
        values[place, quantity if times == 1 else f"{quantity} ({times})"] = value


def place_of(pool: Mapping[str, Any]) -> str:
    """Name a pool of a lock: synthesis, subgroup, and by which methods."""
    return ", ".join(filter(None, (pool["synthesis"], pool["subgroup"], pool["by"])))


def _values(pool: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in pool.items():
        if name not in {"by", "synthesis", "subgroup", "title", "effects"}:
            yield name, value
    for effect in pool["effects"]:
        for name in ("yi", "vi", "weight"):
            yield f"{name} of {effect['of']}", effect[name]


def _number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(was: Any, now: Any) -> bool:
    if _number(was) and _number(now):
        return abs(now - was) <= SAME * max(1, abs(was))
    return bool(was == now)
