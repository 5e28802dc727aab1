"""Results that can't drift: the numbers of a review, and the data, code and libraries they are of.

The lock stands beside the rows it is of, since it belongs to them: it is committed for every
review, reads side by side with a corrected cell in one change, and travels with the wheel.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, TypeGuard, cast

import numpy as np

from livingmeta.audit.results import Results
from livingmeta.review.folder import load_review
from livingmeta.review.protocol import Review
from livingmeta.store import current
from livingmeta.synthesis.pool import Pool
from livingmeta.synthesis.profiles import METHOD_CHOICES
from livingmeta.synthesis.settings import Settings, settings_of
from livingmeta.words import RefusalError, unread_format

NAME = "results.lock.json"
LOCK_FORMAT = 1  # the newest that is read; it rises when older programs can't compare with it
SAME = 1e-9  # times max(1, |x|): what other processors and BLAS libraries may move
FAINT = 1e-6  # the same: more than this no library moves that is not broken
LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels")
Lock = Mapping[str, Any]
LockedPlace = tuple[str, str]  # "pain-short, headline" and "estimate"


def hashes(review: Review) -> dict[str, str]:
    r"""Return the SHA-256 of every file a review is read from, those it extends included.

    Line ends count as \\n, since git may turn them.
    """
    versions = {}
    folder, base = review.folder, review.protocol.extends
    for path in sorted([*folder.glob("*.csv"), folder / "review.toml"]):
        raw = current(path).read_bytes().replace(b"\r\n", b"\n")
        versions[f"{folder.name}/{path.name}"] = hashlib.sha256(raw).hexdigest()
    if base is None:
        return versions
    beside = folder.parent / base
    return versions | hashes(load_review(beside if beside.is_dir() else base))


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
        whole.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return {"version": version, "sha256": whole.hexdigest()}


def locked(results: Results, *, version: str, why: str) -> dict[str, Any]:
    """Return what the lock of a review holds: every pooled number and effect in full precision."""
    methods = results.review.protocol.methods
    sets = {"declared": (settings_of(methods), results.pools)}
    if methods.headline is not None:
        sets = {"headline": (settings_of(methods, name=methods.headline), results.headline_pools), **sets}
    return {
        "format": LOCK_FORMAT,
        "review": results.review.protocol.id,
        "why": why,
        "code": code(version),
        "environment": environment(),
        "files": hashes(results.review),
        "methods": {by: _methods(settings) for by, (settings, _) in sets.items()},
        "pools": [_pool(pool, by) for by, (_, pools) in sets.items() for pool in pools],
    }


def _methods(settings: Settings) -> dict[str, Any]:
    chosen = {name: getattr(settings.profile, name) for name in ("name", *METHOD_CHOICES)}
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


def text(lock: Lock) -> str:
    """Write a lock as JSON, an effect on a line."""
    whole = json.dumps(lock, ensure_ascii=False, indent=1, allow_nan=False)
    inner = r'\{\s+"of"[^{}]*\}|\[[^\[\]{}]*\]'
    return re.sub(inner, lambda match: re.sub(r"\n\s+", " ", match[0]), whole) + "\n"


def held(raw: bytes, *, place: str) -> Lock:
    """Read a lock.

    Raises
    ------
    ValueError
        If it is none, not whole, or of a newer format; the message says what to do.
    """
    unread = None
    try:
        lock = cast("Lock", json.loads(raw))
        given = lock.get("format", 1)
        if not (unread := unread_format(given, LOCK_FORMAT)):
            verified(lock, lock)
    except (ValueError, LookupError, TypeError, AttributeError) as wrong:
        raise RefusalError(
            f"{place}: this is not a whole lock ({type(wrong).__name__}: {wrong}). Take it back "
            "from version control; or delete it, and write it anew with livingmeta verify --update."
        ) from wrong
    if unread:
        raise RefusalError(f"{place}, format = {given!r}: {unread[0]}. {unread[1]}")
    return lock


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One number that is not what the lock holds; None where it is not there at all."""

    place: str  # "pain-short, headline"
    quantity: str  # "estimate", "yi of …"
    locked: Any
    now: Any
    size: float | None  # None where one of them is no number
    cause: str  # "data", "method", "library", "code" or "unexplained"


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What is not as the lock holds it: numbers, and by kind what could have moved them."""

    differences: tuple[Difference, ...]
    compared: int
    changes: Mapping[str, tuple[str, ...]]  # "data", "method", "library", "code": in words

    @property
    def sound(self) -> bool:
        """Say whether numbers, data and methods are those of the lock."""
        return not (self.differences or self.changes["data"] or self.changes["method"])

    @property
    def same(self) -> bool:
        """Say whether the lock is what would be written now, but for its reason."""
        return not (self.differences or any(self.changes.values()))


def verified(old: Lock, new: Lock) -> Verification:
    """Compare a lock with what is computed now.

    Numbers are the same that agree within 1e-9·max(1, |x|).
    A number is put down to the data if a file changed and an effect of its synthesis moved, to
    the methods if a setting or review.toml changed, and else to libraries and platform or to the
    code, if they changed: libraries first where it moved by less than 1e-6·max(1, |x|).
    """
    changes = _changes(old, new)
    before, after = (_by_synthesis(lock) for lock in (old, new))
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
            kinds = ["data"] if effects_moved or quantity in {"flags", "why_not"} else []
            faint = size is not None and size <= FAINT * max(1, abs(locked or 0))
            kinds += ["method", "library", "code"] if faint else ["method", "code", "library"]
            cause = next((kind for kind in kinds if changes[kind]), "unexplained")
            differences.append(
                Difference(place=place, quantity=quantity, locked=locked, now=ours, size=size, cause=cause)
            )
    return Verification(differences=tuple(differences), compared=compared, changes=changes)


def _changes(old: Lock, new: Lock) -> dict[str, tuple[str, ...]]:
    """Say in words what is not as it was, by kind of cause."""
    files = _changed(old["files"], new["files"], words="{key} {how}")
    protocol = tuple(file for file in files if "/review.toml" in file)
    settings = tuple(
        f"{by}: {line}"
        for by in dict.fromkeys((*old["methods"], *new["methods"]))
        for line in _changed(old["methods"].get(by, {}), new["methods"].get(by, {}))
    )
    return {
        "data": tuple(file for file in files if file not in protocol),
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


def _by_synthesis(lock: Lock) -> dict[tuple[str, str], dict[LockedPlace, Any]]:
    """Return all values of each synthesis under each set of methods, by place and quantity."""
    parted: dict[tuple[str, str], dict[LockedPlace, Any]] = {}
    for pool in lock["pools"]:
        values = parted.setdefault((pool["synthesis"], pool["by"]), {})
        values |= {(place_of(pool), quantity): value for quantity, value in _values(pool)}
    return parted


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
    return isinstance(value, int | float)


def _same(was: Any, now: Any) -> bool:
    if _number(was) and _number(now):
        return abs(now - was) <= SAME * max(1, abs(was))
    return bool(was == now)
