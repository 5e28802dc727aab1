"""What the sections of a report are made of: blocks in one language, and what they lead to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Literal

from livingmeta.appraisal.dossier import Dossier
from livingmeta.appraisal.scenarios import Sensitivity
from livingmeta.audit.consistency import Finding
from livingmeta.audit.results import Results
from livingmeta.audit.verdicts import Verdict
from livingmeta.engine.measures import nulls, scale_name
from livingmeta.language import Language, Said
from livingmeta.pages.anchors import Use, effect_id, pool_id, slug, uses
from livingmeta.pages.blocks import (
    Axis,
    Bar,
    Block,
    Item,
    Link,
    List,
    Paragraph,
    Quotation,
    Section,
    Table,
    TableRow,
    Words,
    plain,
)
from livingmeta.pages.phrases import Interval, interval, percent_of
from livingmeta.review.protocol import Review
from livingmeta.review.schema import Claim, Outcome
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import Pool, named

MANY = 1000  # effects; a browser shows no more of them with each step, and a table not all
HEAVIEST = 50  # effects of a table that is cut
LONG = 60  # verdicts or effects; a page lists no more where a file beside it has all


def row(*cells: Words, anchor: str = "") -> TableRow:
    """Return a row of a table."""
    return TableRow(id=anchor, cells=cells)


def aligned(column: Sequence[str]) -> list[str]:
    """Fill decimals up with blanks of their width: ended alike, their points stand below each other.

    Examples
    --------
    >>> aligned(["0.27", "0.3", "45"])
    ['0.27', '0.3\u2007', '45\u2008\u2007\u2007']
    """
    ends = [re.search(r"(?<=\d)(?:([.,])(\d+))?\D*$", text) for text in column]
    each = [(bool(end and end[1]), len(end[2] or "") if end else 0) for end in ends]
    point, places = any(has for has, _ in each), max((n for _, n in each), default=0)
    return [
        text + "\N{PUNCTUATION SPACE}" * (point and not has) + "\N{FIGURE SPACE}" * (places - n)
        for text, (has, n) in zip(column, each, strict=True)
    ]


def quoting(text: str, *quotes: str | None) -> Words:
    """Anchor what a text of ours quotes of a review's files.

    Examples
    --------
    >>> quoting("accepted: why not (N.N.)", "why not")
    ('accepted: ', Quotation(words='why not', lang='en'), ' (N.N.)')
    """
    for quote in filter(None, quotes):
        before, match, after = text.partition(quote)
        if match:
            return (before, Quotation(quote), after)
    return text


@dataclass(frozen=True)
class Writer:
    """Writes about one review in one language; knows what the page shows, and where.

    `whole` is a page with each step of a long review's effects, and the versions of all programs,
    which differ between machines; a page to be committed, or read in a terminal, does without.
    """

    dossier: Dossier
    language: Language
    version: str
    whole: bool

    @property
    def say(self) -> Callable[..., str]:
        """What says a message by its key."""
        return self.language.say

    @property
    def review(self) -> Review:
        """The review."""
        return self.dossier.review

    @property
    def results(self) -> Results:
        """What its rows give, beside what is printed."""
        return self.dossier.results

    # Blocks

    def section(self, name: str, title: Words, inside: Iterable[Block | None]) -> Section | None:
        """Return a section, or None where it is empty."""
        kept = tuple(filter(None, inside))
        return Section(id=name, title=title, blocks=kept) if kept else None

    def of(self, name: str, pool: Pool, inside: Iterable[Block | None]) -> Section | None:
        """Return what one section says of one synthesis."""
        return self.section(slug(name, pool_id(pool)), self.title(pool), inside)

    def paragraph(
        self, name: str, words: Words, *about: str, style: Literal["", "lead", "quiet", "go"] = ""
    ) -> Paragraph | None:
        """Return a paragraph, named by what it says and what it is about; None of no words."""
        return Paragraph(id=slug(name, *about), words=words, style=style) if words else None

    def said(self, key: str, *about: str, **values: object) -> Paragraph:
        """Return a message as a paragraph."""
        return Paragraph(id=slug(key, *about), words=self.say(key, **values))

    def bullets(self, name: str, items: Iterable[Words]) -> List | None:
        """Return a list; None of no items."""
        kept = tuple(Item(words=words) for words in items if words)
        return List(id=name, items=kept) if kept else None

    def table(
        self,
        name: str,
        caption: str,
        heads: Sequence[str],
        rows: Iterable[TableRow],
        *,
        of: Pool | None = None,
        numbers: Iterable[int] = (),
        grouped: bool = False,
    ) -> Table | None:
        """Return a table, its head by keys; None of no rows.

        The head of an effect names the scale and level of the pool that it is `of`. Of several rows
        with one anchor the first bears it. A column in which nothing stands is left out.
        """
        values: Mapping[str, str] = {}
        if of is not None:
            level = percent_of(of.result.level if of.result else 0.95, language=self.language)
            values = {"scale": scale_name(of.measure), **level}
        anchors: dict[str, TableRow] = {}
        kept = [each if anchors.setdefault(each.id, each) is each else replace(each, id="") for each in rows]
        if not kept:
            return None
        shown = [
            place
            for place in range(len(heads))
            if not place or any(plain(each.cells[place]) not in {"", "–"} for each in kept)
        ]
        return Table(
            id=name,
            caption=caption,
            head=tuple(self.say(heads[place], **values) for place in shown),
            rows=tuple(replace(each, cells=tuple(each.cells[place] for place in shown)) for each in kept),
            numbers=frozenset(place for place, was in enumerate(shown) if was in {*numbers}),
            grouped=grouped,
        )

    # Words

    def theirs(self, text: str | None, shape: Callable[[str], str] = str) -> Words:
        """Return words in the page's language, or as a quotation where they are of a review's files."""
        words = self.language.word(text)
        translated = isinstance(text, Said) or words != text
        return shape(words) if translated or not words else Quotation(shape(words))

    def title(self, pool: Pool) -> str:
        """Name a synthesis, or a subgroup of it."""
        return self.language.word(pool.name)

    def interval(self, result: Interval | Effect, measure: str | None = None) -> str:
        """Write an estimate with its interval."""
        return interval(result, measure=measure, language=self.language)

    def axis(self, pool: Pool, column: Iterable[Interval | Effect | None]) -> Axis:
        """Return the axis of a column of bars: as wide as what stands there, with no effect if any."""
        none = nulls(pool.measure)
        ends = [*none, *(end for of in column if of is not None for end in (of.ci_low, of.ci_high))] or [0.0]
        return min(ends), none[0] if none else None, max(ends)

    def bar(self, result: Interval | Effect, axis: Axis) -> Bar:
        """Draw an interval on the axis of its column."""
        middle = result.yi if isinstance(result, Effect) else result.estimate
        return Bar(result.ci_low, middle, result.ci_high, axis=axis)

    def source(self, key: str) -> Link:
        """Lead to a source."""
        return Link(f"[{self.numbered[key]}]", f"#{slug('source', key)}", key)

    def claim_link(self, key: str) -> Words:
        """Lead from the key of a printed number, or the place of a row, to its words."""
        if key in self.claims:
            return Link(key, f"#{slug('claim', key)}")
        words = key.replace(" row ", f" {self.say('row', n='')}")
        return Link(words, f"#{self.places[key]}") if key in self.places else words

    def claim_words(self, key: str) -> Words:
        """Name a printed number as a reader would: what it is about, and where it is printed."""
        if key not in self.claims:
            return self.claim_link(key)
        claim = self.claims[key][0]
        plans = {plan.id: plan.title for plan in self.review.protocol.synthesis}
        about = self.language.word(named(plans.get(claim.synthesis or "", key), claim.subgroup))
        return (Link(about, f"#{slug('claim', key)}"), ", ", self.theirs(claim.where))

    def back(self, name: str, to: str) -> Paragraph | None:
        """Lead back."""
        return self.paragraph("back", Link(f"↑ {self.say('back')}", to), name, style="go")

    # What the page shows

    @property
    def pools(self) -> Sequence[Pool]:
        """The syntheses as the headline has them."""
        return self.results.headline_pools

    @cached_property
    def bends(self) -> list[Sensitivity]:
        """The other analyses of those that have a result."""
        return [analyses for analyses in self.dossier.sensitivity if analyses.main.result]

    @cached_property
    def claims(self) -> dict[str, list[Claim]]:
        """What is printed of a synthesis, by key."""
        claims: dict[str, list[Claim]] = {}
        for claim in self.review.published:
            if not claim.trial:
                claims.setdefault(claim.claim, []).append(claim)
        return claims

    @cached_property
    def numeric(self) -> list[Verdict]:
        """The verdicts on numbers."""
        return [verdict for verdict in self.results.verdicts if verdict.verdict != "not numeric"]

    @cached_property
    def listed(self) -> list[Verdict]:
        """The verdicts that the page lists: of many, those that are not reproduced."""
        few = len(self.numeric) <= LONG
        return [verdict for verdict in self.numeric if few or verdict.verdict != "reproduced"]

    @cached_property
    def places(self) -> dict[str, str]:
        """Anchors of the rows that effects rest on."""
        return {
            outcome.place: slug("row", effect_id(pool, effect), outcome.file, outcome.row)
            for pool in self.pools
            for effect in pool.effects
            for outcome in effect.rows
            if self.traced
        }

    @cached_property
    def traced(self) -> bool:
        """Whether the page shows each step to each effect."""
        return sum(len(pool.effects) for pool in self.pools) <= (MANY if self.whole else LONG)

    @cached_property
    def odd(self) -> dict[Finding, list[Outcome]]:
        """The rows that a finding is about and no effect rests on."""
        rows = [outcome for outcome in self.review.outcomes if outcome.place not in self.places]
        findings = self.results.findings
        return {finding: [o for o in rows if o.place in finding.claims] for finding in findings}

    @cached_property
    def used(self) -> dict[str, list[Use]]:
        """The places of the page that rest on a source."""
        flow, odd = self.dossier.flow, list(chain.from_iterable(self.odd.values()))
        boxes = flow if flow.known else None
        return uses(self.review, self.pools, self.dossier.unpooled, boxes, odd, self.bends)

    @cached_property
    def numbered(self) -> dict[str, int]:
        """The number of each source."""
        return {key: place for place, key in enumerate(self.used, start=1)}
