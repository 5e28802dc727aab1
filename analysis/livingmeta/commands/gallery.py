"""A page on which every picture in a folder of figures can be looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from livingmeta.review.folder import examine, reviews
from livingmeta.store import write

MARK = "<!-- Written by livingmeta run; a page without this line is never overwritten. -->"
KINDS = {
    "forest": "Forest plot", "funnel": "Funnel plot", "baujat": "Baujat plot",
    "cumulative": "Cumulative forest plot", "leave_one_out": "Leave-one-out forest plot",
    "influence": "Influence of each trial", "bayes": "Posterior", "gosh": "All subsets (GOSH)",
    "diff": "What changed", "multiverse": "All combinations of choices",
    "bias_traffic": "Risk of bias, trial by trial", "bias_summary": "Risk of bias, by domain",
    "prisma": "How the trials were found (PRISMA 2020)",
}  # fmt: skip


def refresh(folder: Path) -> Path | None:
    """Write the page of a folder that holds one folder of figures per review.

    A README.md that is somebody else's is left alone, and None returned.
    """
    page = folder / "README.md"
    if page.exists() and MARK not in page.read_text(encoding="utf-8"):
        return None
    return write(page, gallery(folder.glob("*/*.*")))


def gallery(files: Iterable[Path]) -> str:
    """Return the page for these files, by review and kind; each picture has its title as text.

    A picture that is there in several formats is shown as PNG, with links to the others.
    """
    found: dict[str, dict[str, set[str]]] = {}
    for path in files:
        if path.suffix in {".png", ".svg", ".pdf"}:
            stems = found.setdefault(path.parent.name, {})
            stems.setdefault(path.stem, set()).add(path.suffix)
    lines = ["# Figures", "", MARK, "", "Every picture here, by review.", ""]
    for review, stems in sorted(found.items()):
        lines += [f"## {review}", ""]
        plans = _plans(review)
        titles = sorted((*_title(stem, plans), stem) for stem in stems)
        for kind, group in groupby(titles, key=lambda one: one[0]):
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
    found = re.fullmatch(f"(.+?)_({ids})(?:_(.+))?", stem) if ids else None
    if found is None:
        kind, _, about = (stem, "", "") if stem in KINDS else stem.partition("_")
        return KINDS.get(kind, kind.capitalize()), 0, about
    kind = KINDS.get(found[1], found[1].replace("_", " ").capitalize())
    about = " – ".join(filter(None, (plans[found[2]], found[3])))
    return kind, list(plans).index(found[2]), about
