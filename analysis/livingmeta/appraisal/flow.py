"""The flow of records as PRISMA 2020 counts them; what nobody printed stays unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from livingmeta.review.protocol import Review
from livingmeta.review.schema import Claim

# Boxes of the template for databases and registers, with their words (Page 2021). The keys are
# those that [prisma] of review.toml may name.
BOXES: Mapping[str, str] = {
    "previous_studies": "Studies included in previous version of review",
    "previous_reports": "Reports of studies included in previous version of review",
    "records": "Records identified",
    "databases": "– from databases",
    "registers": "– from registers",
    "removed": "Records removed before screening",
    "screened": "Records screened",
    "excluded": "Records excluded",
    "sought": "Reports sought for retrieval",
    "not_retrieved": "Reports not retrieved",
    "assessed": "Reports assessed for eligibility",
    "reports_excluded": "Reports excluded",
    "studies": "Studies included in review",
    "reports": "Reports of included studies",
    "total_studies": "Total studies included in review",
    "total_reports": "Reports of total included studies",
}
PRINTED, COUNTED = "printed", "counted here"
COUNTS = {"count", "k"}  # quantities of published.csv that count
NEW = {"studies": "New studies included in review", "reports": "Reports of new included studies"}
PREVIOUS, TOTAL = ("previous_studies", "previous_reports"), ("total_studies", "total_reports")


@dataclass(frozen=True, kw_only=True)
class Count:
    """One number of the flow: as printed by a source, counted in our own rows, or not known."""

    box: str
    words: str
    number: str | None
    basis: str | None  # PRINTED, COUNTED, or None where the number is not known
    reading: str | None  # primary, secondary
    where: str | None
    source: str | None

    @property
    def mark(self) -> str:
        """The sign behind the number: † another's words, * counted here."""
        return "*" if self.basis == COUNTED else "†" if self.reading == "secondary" else ""

    def text(self) -> str:
        """Write the number as a box shows it: "(n = 9,081)" or "(n not known)"."""
        return f"(n = {self.number}{self.mark})" if self.number else "(n not known)"


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The flow of one review; `updates` says whether it has the column of previous studies."""

    review: str
    title: str
    updates: bool
    counts: tuple[Count, ...]

    @property
    def known(self) -> bool:
        """Whether any of its boxes has a number, so that there is something to draw."""
        return any(one.number for one in self.counts)

    def count(self, box: str) -> Count:
        """Return the count of a box."""
        return next(one for one in self.counts if one.box == box)


def flow(review: Review, *, previous: Review | None = None) -> Flow:
    """Put a review's printed counts into the boxes that [prisma] of its review.toml names.

    Parameters
    ----------
    review : Review
    previous : Review, optional
        The review that it extends. Its included studies are the previous ones; the new ones are
        counted in the rows that this review adds, unless a claim prints them.

    Returns
    -------
    Flow
        Nothing is computed from the other boxes but the totals of an update.

    References
    ----------
    Page MJ, McKenzie JE, Bossuyt PM, et al. The PRISMA 2020 statement: an updated guideline for
    reporting systematic reviews. BMJ 2021;372:n71.

    Examples
    --------
    >>> from livingmeta.review.folder import load_review
    >>> one = flow(load_review("smith2017"))
    >>> one.count("records").text(), one.count("screened").text()
    ('(n = 9,081)', '(n not known)')
    """
    found = {box: _printed(review, box, box) for box in BOXES}
    if previous is not None:
        found |= _update(review, previous, found)
    only = {*PREVIOUS, *TOTAL}
    return Flow(
        review=review.protocol.id,
        title=review.protocol.title,
        updates=previous is not None,
        counts=tuple(one for box, one in found.items() if previous is not None or box not in only),
    )


def _printed(review: Review, box: str, named: str) -> Count:
    """Return the count that review.toml names for `named`, for a box."""
    claims: Mapping[str, str] = {str(k): v for k, v in review.protocol.prisma.items()}
    claim = next(
        (
            one
            for one in review.published
            if one.claim == claims.get(named) and one.quantity in COUNTS and one.counted is not None
        ),
        None,
    )
    return _count(box, claim)


def _count(box: str, claim: Claim | None) -> Count:
    if claim is None:
        return Count(
            box=box, words=BOXES[box], number=None, basis=None, reading=None, where=None, source=None
        )
    return Count(
        box=box,
        words=BOXES[box],
        number=f"{claim.counted:,}",
        basis=PRINTED,
        reading=claim.reading,
        where=claim.where,
        source=claim.source,
    )


def _update(review: Review, previous: Review, found: Mapping[str, Count]) -> dict[str, Count]:
    """Fill the boxes of an update: previous, new, and their sums."""
    rows: dict[str, tuple[Sequence[object], Sequence[object]]] = {
        "studies": (review.trials, previous.trials),
        "reports": (review.reports, previous.reports),
    }
    filled: dict[str, Count] = {}
    for name, (all_rows, old) in rows.items():
        file = "trials" if name == "studies" else name
        before = _printed(previous, f"previous_{name}", name)
        if before.number is None:
            before = _counted(before, len(old), f"rows of {previous.protocol.id}")
        new = found[name]
        if new.number is None:
            new = _counted(
                new, len(all_rows) - len(old), f"rows that {review.protocol.id} adds to {file}.csv"
            )
        new = replace(new, words=NEW[name])
        total = found[f"total_{name}"]
        if total.number is None:
            sum_ = sum(int(str(one.number).replace(",", "")) for one in (before, new))
            total = _counted(total, sum_, "previous and new")
        filled |= {before.box: before, new.box: new, total.box: total}
    return filled


def _counted(blank: Count, number: int, where: str) -> Count:
    return replace(blank, number=f"{number:,}", basis=COUNTED, where=where)
