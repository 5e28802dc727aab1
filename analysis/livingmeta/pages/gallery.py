"""The page that shows every figure of every review in a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from livingmeta.living.history import kept_out
from livingmeta.review.folder import examine, reviews
from livingmeta.store import write

MARK = "<!-- Written by livingmeta run; a page without this line is never overwritten. -->"
TITLES = {
    "forest": "Forest plot",
    "funnel": "Funnel plot",
    "baujat": "Baujat plot",
    "cumulative": "Cumulative forest plot",
    "leave_one_out": "Leave-one-out forest plot",
    "influence": "Influence of each trial",
    "bayes": "Posterior",
    "gosh": "All subsets (GOSH)",
    "diff": "What changed",
    "multiverse": "All combinations of choices",
    "bias_traffic": "Risk of bias, trial by trial",
    "bias_summary": "Risk of bias, by domain",
    "prisma": "How the trials were found (PRISMA 2020)",
}


def refresh(folder: Path) -> Path | None:
    """Write the page of a folder that holds one folder of figures per review.

    A README.md that is somebody else's is left alone, and None returned. What git leaves out has no
    place on a page that it keeps.
    """
    page = folder / "README.md"
    if page.exists() and MARK not in page.read_text(encoding="utf-8"):
        return None
    files = {path.relative_to(folder).as_posix(): path for path in folder.glob("*/*.*")}
    out = kept_out(folder, [page.name, *files])
    kept = [path for name, path in files.items() if name not in out or page.name in out]
    return write(page, gallery(kept))


def gallery(files: Iterable[Path]) -> str:
    """Return the page for these files, by review and kind; each picture has its title as text.

    A picture that is there in several formats is shown as PNG, with links to the others.
    """
    pictures: dict[str, dict[str, set[str]]] = {}
    for path in files:
        if path.suffix in {".png", ".svg", ".pdf"}:
            stems = pictures.setdefault(path.parent.name, {})
            stems.setdefault(path.stem, set()).add(path.suffix)
    lines = ["# Figures", "", MARK, "", "Every picture here, by review.", ""]
    for review, stems in sorted(pictures.items()):
        lines += [f"## {review}", ""]
        plans = _plans(review)
        titles = sorted((*_title(stem, plans), stem) for stem in stems)
        for kind, group in groupby(titles, key=itemgetter(0)):
            lines += [f"### {kind}", ""]
            for _, _, about, stem in group:
                place = f"{review}/{stem}"
                shown = next(kind for kind in (".png", ".svg", ".pdf") if kind in stems[stem])
                links = [f"[{kind[1:].upper()}]({place}{kind})" for kind in sorted(stems[stem])]
                name = f"{kind}: {about}" if about else kind
                picture = "" if shown == ".pdf" else f"![{name}, {review}]({place}{shown})"
                lines += [f"{about or kind} ({', '.join(links)})", "", picture, ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _plans(review: str) -> dict[str, str]:
    loaded = examine(review)[0] if review in reviews() else None
    return {plan.id: plan.title for plan in loaded.protocol.synthesis} if loaded else {}


def _title(stem: str, plans: dict[str, str]) -> tuple[str, int, str]:
    """Return kind, place and subject of a picture from the name of its file."""
    ids = "|".join(map(re.escape, sorted(plans, key=len, reverse=True)))
    parts = re.fullmatch(f"(.+?)_({ids})(?:_(.+))?", stem) if ids else None
    if parts is None:
        kind, _, about = (stem, "", "") if stem in TITLES else stem.partition("_")
        return TITLES.get(kind, kind.capitalize()), 0, about
    kind = TITLES.get(parts[1], parts[1].replace("_", " ").capitalize())
    about = " – ".join(filter(None, (plans[parts[2]], parts[3])))
    return kind, list(plans).index(parts[2]), about
