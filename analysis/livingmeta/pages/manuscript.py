"""Tables that people paste into a paper or work on: a Word document, and a workbook."""

from __future__ import annotations

import datetime
import io
import math
import numbers
import re
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from livingmeta.appraisal.certainty import SummaryOfFindings
from livingmeta.appraisal.dossier import Dossier
from livingmeta.engine.measures import as_shown, of_counts, on_scale, scale_name
from livingmeta.figures.forest import BESIDE
from livingmeta.figures.marks import marks, notes, shared_signs
from livingmeta.figures.style import pool_name
from livingmeta.language import ENGLISH, Language, Said
from livingmeta.pages.answers import answer
from livingmeta.pages.phrases import (
    absolute_words,
    certainty_short,
    interval,
    people_number,
    percent_of,
    value,
)
from livingmeta.pages.tables import tables
from livingmeta.synthesis.dependence import people_of
from livingmeta.synthesis.derivation import Effect
from livingmeta.synthesis.pool import Pool, heterogeneity
from livingmeta.words import RefusalError, count, decimal, decimals, p_words, visible

_POINT = 12700  # in units of Word
_LONGEST = 32767  # signs that a cell of a workbook holds
WIDEST = 60  # signs that a column of a workbook is wide at most
_DAY = datetime.datetime(2000, 1, 1)  # a file is the same whenever it is written


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A row of a table in a paper; with `across`, its one text goes through all columns."""

    cells: tuple[str, ...]
    bold: bool = False
    across: bool = False


@dataclass(frozen=True, kw_only=True)
class _Table:
    """A table of a paper: title, head, rows, and the notes below."""

    title: str
    head: tuple[str, ...]
    lines: tuple[_Line, ...]
    notes: tuple[str, ...]
    numbers: int  # columns from here on stand on the right


def word_tables(known: Dossier, *, language: Language = ENGLISH) -> bytes:
    """Write the results and the summary of findings as tables of a Word document.

    Each synthesis has a table: a row a trial, a row of the pooled value, a line of heterogeneity;
    the heads are repeated on each page that a table goes on to.

    Parameters
    ----------
    known : Dossier
    language : Language

    Returns
    -------
    bytes
        A .docx file, the same whenever it is written.

    Raises
    ------
    ValueError
        If the package python-docx is not installed.

    Examples
    --------
    >>> from livingmeta import dossier
    >>> word_tables(dossier("smith2017"))[:2]
    b'PK'
    """
    try:
        from docx import Document
    except ModuleNotFoundError:
        raise RefusalError("docx needs the package python-docx: pip install 'livingmeta[docx]'.") from None

    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Arial", 9 * _POINT
    about = document.core_properties
    about.title, about.author, about.comments = visible(known.review.protocol.title), "", ""
    about.created = about.modified = _DAY
    by_synthesis: dict[str, list[Pool]] = {}
    for pool in known.pools:
        by_synthesis.setdefault(pool.synthesis, []).append(pool)
    listed = [_of_synthesis(pools, language) for pools in by_synthesis.values()]
    for number, table in enumerate([*listed, _findings(known, language)], start=1):
        _write(document, number, table, language)
    held = io.BytesIO()
    document.save(held)
    return _steady(held.getvalue())


def _of_synthesis(pools: Sequence[Pool], language: Language) -> _Table:
    say, first = language.say, pools[0]
    level = next((pool.result.level for pool in pools if pool.result), 0.95)
    estimate = say("h_effect", scale=scale_name(first.measure), **percent_of(level, language=language))
    effects = [effect for pool in pools for effect in pool.effects]
    arms = bool(effects) and all(_arm(effect, 1, language) for effect in effects)
    counted = of_counts(first.measure)
    spread = [say("figures.events") if counted else f"{say('figures.mean')} ({say('figures.sd')})"]
    heads = [
        f"{language.word(group)}: {head}"
        for group in first.groups
        for head in (*(spread if arms else ()), say("h_n"))
    ]
    parts = [pool for pool in pools if pool.subgroup is not None]
    whole = next((pool for pool in pools if pool.subgroup is None), None)
    of_all = shared_signs(effects)
    lines = [line for pool in parts or pools for line in _of_pool(pool, arms, language, of_all)]
    if parts and whole is not None:
        lines += _pooled(whole, arms, language)
    if (test := (whole or pools[-1]).subgroup_test) is not None:
        numbers_of = {"q": decimal(test.q), "df": test.df, "p": p_words(test.p_value)}
        lines.append(_Line(cells=(say("figures.subgroups", **numbers_of),), across=True))
    flags = dict.fromkeys(flag for pool in pools for flag in pool.flags)
    return _Table(
        title=language.word(first.title),
        head=(say("h_trial"), *heads, estimate, say("h_weight")),
        lines=tuple(lines),
        notes=(
            say("figures.methods", words=first.methods),
            *map(language.word, notes(effects)),
            " ".join(language.flags[flag] for flag in flags if flag not in BESIDE),
        ),
        numbers=1,
    )


def _of_pool(
    pool: Pool, arms: bool, language: Language, of_all: Collection[tuple[str, Said]]
) -> Iterator[_Line]:
    """Yield the rows of a synthesis, or of a subgroup."""
    if pool.subgroup is not None:
        yield _Line(cells=(language.word(pool.subgroup),), bold=True, across=True)
    for effect, weight in zip(pool.effects, pool.weights or (None,) * len(pool.effects), strict=True):
        sides = [
            (*((_arm(effect, group, language),) if arms else ()), _people(getattr(effect, f"n{group}")))
            for group in (1, 2)
        ]
        yield _Line(
            cells=(
                f"{effect.label}{marks(effect, but=of_all)}",
                *sides[0],
                *sides[1],
                interval(effect, language=language),
                "" if weight is None else language.decimal(weight, 1) + language.percent,
            )
        )
    yield from _pooled(pool, arms, language)
    if pool.printed is not None:
        estimate, low, high = language.commas(pool.printed.words)
        name = pool.printed.name
        words = language.say("figures.published_of", name=name) if name else language.say("figures.published")
        blank = ("",) * (4 if arms else 2)
        yield _Line(
            cells=(words, *blank, language.say("interval", estimate=estimate, low=low, high=high), "")
        )


def _pooled(pool: Pool, arms: bool, language: Language) -> Iterator[_Line]:
    """Yield the row of a pooled value and the line of its heterogeneity, or why there is none."""
    result = pool.result
    if result is None or result.k == 1:
        single = result is not None
        words = (
            language.say("figures.one_trial")
            if single
            else language.say("figures.no_value", why=pool.why_not)
        )
        yield _Line(cells=(words,), across=True)
        return
    if pool.contradictory():
        yield _Line(cells=(language.say("figures.contradictory"),), across=True)
    people = [_people(people_of(pool.effects, side=group).all) for group in (1, 2)]
    sides = [(*(("",) if arms else ()), number) for number in people]
    name = "total" if pool.subgroup is None else "subtotal"
    yield _Line(
        cells=(
            language.say(f"figures.{name}", **percent_of(result.level, language=language)),
            *sides[0],
            *sides[1],
            interval(result, measure=pool.measure, language=language),
            language.decimal(sum(pool.weights), 1) + language.percent,
        ),
        bold=True,
    )
    if pool.ahead is not None:
        low, high = language.commas(as_shown(pool.measure, *pool.ahead))
        words = language.say("figures.ahead", **percent_of(result.level, language=language))
        limits = language.say("step.of_limits", low=low, high=high)
        yield _Line(cells=(words, *("",) * (4 if arms else 2), limits, ""))
    yield _Line(cells=(language.say("figures.heterogeneity", words=heterogeneity(pool)),), across=True)


def _arm(effect: Effect, group: int, language: Language) -> str:
    """Say what is reported of a group: events, or mean and SD; empty where that is not known."""
    if of_counts(effect.measure):
        return "" if effect.counts is None else count(effect.counts[2 * (group - 1)])
    mean, sd = getattr(effect, f"mean{group}"), getattr(effect, f"sd{group}")
    if effect.difference is not None or mean is None or sd is None:
        return ""
    spread, middle = decimals(sd)[0], decimals(mean)[0]
    return f"{language.word(middle)} ({language.word(spread)})"


def _people(n: float | None) -> str:
    return "" if n is None else count(n)


def _findings(known: Dossier, language: Language) -> _Table:
    """Return the summary of findings: what each outcome gives, in people too, and how certain it is."""
    say, lines, below = language.say, [], []
    for summary in known.certainty:
        pool = summary.pool
        _, items, note = absolute_words(summary, language=language)
        result = pool.result
        kind = answer(pool).kind.split()[-1]
        number = (
            value(pool, result, language=language)
            if result is not None and kind in {"open", "favours", "side"}
            else say(f"verdict_{kind}", side="")
        )
        lines.append(
            _Line(
                cells=(
                    pool_name(pool, language),
                    str(pool.k)
                    if pool.k == len(pool.measured)
                    else say("k_of", k=pool.k, n=len(pool.measured)),
                    people_number(pool, language=language) if pool.k else "–",
                    number,
                    "; ".join(items) or "–",
                    certainty_short(summary, language=language),
                )
            )
        )
        below += [words for words in (note,) if words]
    return _Table(
        title=say("findings_title"),
        head=(
            say("explorer.outcome"),
            say("h_k"),
            say("h_people"),
            say("h_relative"),
            say("h_absolute"),
            say("h_certainty"),
        ),
        lines=tuple(lines),
        notes=tuple(dict.fromkeys(below)),
        numbers=9,
    )


def _write(document: Any, number: int, table: _Table, language: Language) -> None:
    """Write a table with a line above and below its head and one at its end, as journals have it."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    title = document.add_paragraph()
    title.add_run(f"{language.say('table_number', n=number)} ").bold = True
    title.add_run(visible(table.title))
    title.paragraph_format.keep_with_next = True
    grid = document.add_table(rows=0, cols=len(table.head))
    for place, line in enumerate((_Line(cells=table.head, bold=True), *table.lines)):
        row = grid.add_row()
        cells = row.cells
        if line.across:
            cells[0].merge(cells[-1])
        for column, text in enumerate(line.cells):
            paragraph = cells[column].paragraphs[0]
            paragraph.paragraph_format.space_after = 0
            paragraph.add_run(visible(text)).bold = line.bold
            if column >= table.numbers and not line.across:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        _mark(row, head=place == 0, end=place == len(table.lines))
    for note in filter(None, table.notes):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_after = 0
        run = paragraph.add_run(visible(note))
        run.font.size = 8 * _POINT
    document.add_paragraph()


def _mark(row: Any, *, head: bool, end: bool) -> None:
    """Keep a row on one page; repeat the head on each; draw the lines of a table."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    about = row._tr.get_or_add_trPr()
    about.append(OxmlElement("w:cantSplit"))
    if head:
        about.append(OxmlElement("w:tblHeader"))
    sides = [side for side, drawn in (("top", head), ("bottom", head or end)) if drawn]
    for cell in row._tr.tc_lst if sides else ():
        borders = OxmlElement("w:tcBorders")
        for side in sides:
            border = OxmlElement(f"w:{side}")
            for name, said in (("val", "single"), ("sz", "6"), ("color", "auto")):
                border.set(qn(f"w:{name}"), said)
            borders.append(border)
        cell.get_or_add_tcPr().append(borders)


def workbook(known: Dossier) -> bytes:
    """Write the result tables as a workbook, a sheet each: numbers as numbers, and no cell a formula.

    Parameters
    ----------
    known : Dossier

    Returns
    -------
    bytes
        An .xlsx file with results, effects and reproduction, if anything is printed, unrounded, and the
        summary of findings on the scale that readers see; no column is empty.

    Examples
    --------
    >>> from livingmeta import dossier
    >>> workbook(dossier("smith2017"))[:2]
    b'PK'
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheets: dict[str, tuple[Sequence[str], Iterable[Sequence[Any]]]] = {
        name: (list(frame.columns), frame.itertuples(index=False, name=None))
        for name, frame in tables(known.results).items()
    }
    sheets["findings"] = (_FOUND, map(_found, known.certainty))
    book = Workbook()
    book.remove(book.active)
    book.properties.created = book.properties.modified = _DAY
    for name, (head, rows) in sheets.items():
        page = book.create_sheet(name)
        page.freeze_panes = "A2"
        filled = [list(map(_content, row)) for row in rows]
        told = [n for n in range(len(head)) if not filled or any(cells[n] is not None for cells in filled)]
        widths = [len(str(head[n])) for n in told]
        named: list[Any] = list(head)
        for place, cells in enumerate((named, *filled), start=1):
            for column, content in enumerate((cells[n] for n in told), start=1):
                if content is None:
                    continue
                cell = page.cell(place, column, content)
                if isinstance(content, str):
                    cell.data_type = "s"  # openpyxl takes what begins with = for a formula
                shown = content if isinstance(content, str) else f"{content:.6g}"
                widths[column - 1] = max(widths[column - 1], len(shown))
                if place == 1:
                    cell.font = Font(bold=True)
        for column, wide in enumerate(widths, start=1):
            page.column_dimensions[get_column_letter(column)].width = min(WIDEST, wide + 2)
        page.auto_filter.ref = page.dimensions
    held = io.BytesIO()
    book.save(held)
    return _steady(held.getvalue())


_FOUND = (
    *("synthesis", "subgroup", "title", "scale", "trials", "trials_known", "people"),
    *("estimate", "ci_low", "ci_high", "certainty"),
)


def _found(summary: SummaryOfFindings) -> tuple[Any, ...]:
    """Return a row of the summary of findings, its result on the scale that readers see."""
    pool, result = summary.pool, summary.pool.result
    ends = (result.estimate, result.ci_low, result.ci_high) if result else (None,) * 3
    return (
        *(pool.synthesis, pool.subgroup, pool.title, scale_name(pool.measure)),
        *(pool.k, len(pool.measured), pool.people.all),
        *(None if end is None else on_scale(pool.measure, end) for end in ends),
        certainty_short(summary),
    )


def _content(cell: Any) -> str | float | bool | None:
    """Return what a cell of a workbook holds: a number as one, nothing of nothing."""
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, numbers.Real):
        number = float(cell)
        return None if math.isnan(number) else int(number) if number.is_integer() else number
    if cell is None:
        return None
    parts = cell if isinstance(cell, tuple) else (cell,)
    return visible(" ".join(map(str, parts)))[:_LONGEST] or None


def _steady(file: bytes) -> bytes:
    """Write a zip file anew, without the time of the day in it."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", content)
            new.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


# What is made for papers and desks, by the ending of its file
PAPERS: Mapping[str, Callable[[Dossier, Language], bytes]] = {
    "docx": lambda known, language: word_tables(known, language=language),
    "xlsx": lambda known, language: workbook(known),
}
