"""What people paste into papers: read again by the libraries that write such files."""

import io
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook

from exchange.test_exports import HOSTILE, hostile_review, hostile_table
from livingmeta.appraisal.dossier import Dossier
from livingmeta.engine.measures import as_shown
from livingmeta.language import language
from livingmeta.pages.manuscript import PAPERS, word_tables, workbook
from livingmeta.pages.phrases import interval
from livingmeta.review.folder import load_review

SMITH = Dossier(review=load_review("smith2017"))


def rows(table) -> list[list[str]]:
    """Read a table of Word: each row with what its cells say, a merged one once."""
    return [[cell.text for cell in dict.fromkeys(row.cells)] for row in table.rows]


def test_a_synthesis_has_its_trials_its_pooled_value_and_a_line_of_heterogeneity() -> None:
    first, *_, findings = Document(io.BytesIO(word_tables(SMITH))).tables
    pool = SMITH.pools[0]
    lines = rows(first)
    assert lines[0][0] == "Trial"
    assert [line[-2] for line in lines[1:4]] == [interval(effect) for effect in pool.effects]
    assert lines[4][0] == "Total (95% CI)"
    assert lines[4][-2] == "−0.30 (−1.24 to 0.64)"
    assert lines[5] == [
        "Heterogeneity: Tau² (REML) = 0.05; Chi² = 3.04, df = 2 (P = 0.218); I² (from Chi²) = 34%"
    ]
    assert lines[6][0] == "Smith 2017, as published"
    assert rows(findings)[1][:4] == ["Pain, short term", "3 of 7", "142", "SMD −0.30 (95% CI −1.24 to 0.64)"]


def test_a_head_is_repeated_on_each_page_and_no_row_is_cut_by_one() -> None:
    for table in Document(io.BytesIO(word_tables(SMITH))).tables:
        heads = [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows]
        assert heads == [True] + [False] * (len(heads) - 1)
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)


def test_word_has_the_language_asked_for() -> None:
    document = Document(io.BytesIO(word_tables(SMITH, language=language("nb"))))
    assert rows(document.tables[0])[4][0] == "Totalt (95\xa0% KI)"
    assert rows(document.tables[0])[4][-2] == "−0,30 (−1,24 til 0,64)"
    assert document.paragraphs[0].text.startswith("Tabell 1. ")


def test_a_workbook_holds_numbers_as_numbers_and_a_frozen_head() -> None:
    book = load_workbook(io.BytesIO(workbook(SMITH)))
    assert book.sheetnames == ["results", "effects", "reproduction", "findings"]
    assert {page.freeze_panes for page in book} == {"A2"}
    head, *lines = book["effects"].iter_rows(values_only=True)
    effects = [effect for pool in SMITH.results.headline_pools for effect in pool.effects]
    assert [line[head.index("label")] for line in lines] == [effect.label for effect in effects]
    assert [line[head.index("yi")] for line in lines] == pytest.approx([e.yi for e in effects], rel=1e-6)
    head, first, *_ = book["findings"].iter_rows(values_only=True)
    found = dict(zip(head, first, strict=True))
    assert (found["trials"], found["trials_known"], found["people"]) == (3, 7, 142)
    assert as_shown("SMD", found["estimate"], found["ci_low"], found["ci_high"]) == ["−0.30", "−1.24", "0.64"]


def labels_of_docx(content: bytes) -> list[str]:
    first = Document(io.BytesIO(content)).tables[0]
    return [line[0] for line in rows(first)[1 : 1 + len(HOSTILE)]]


def labels_of_xlsx(content: bytes) -> list[str]:
    head, *lines = load_workbook(io.BytesIO(content))["effects"].iter_rows()
    column = [cell.value for cell in head].index("label")
    assert {cell.data_type for line in lines for cell in line} <= {"n", "s", "b"}  # none is a formula
    return [line[column].value for line in lines]


READERS = {"docx": labels_of_docx, "xlsx": labels_of_xlsx}


@pytest.mark.parametrize("make", [hostile_review, hostile_table])
@pytest.mark.parametrize("kind", PAPERS)
def test_a_table_read_again_has_its_trials_and_hostile_text_as_text(kind: str, make, tmp_path: Path) -> None:
    known = Dossier(review=make(tmp_path))
    assert READERS[kind](PAPERS[kind](known, language("en"))) == list(HOSTILE)


@pytest.mark.parametrize("kind", PAPERS)
def test_a_file_is_the_same_whenever_it_is_written(kind: str) -> None:
    first, again = (PAPERS[kind](SMITH, language("en")) for _ in range(2))
    assert first == again
    with ZipFile(io.BytesIO(first)) as file:
        assert {entry.date_time[0] for entry in file.infolist()} == {2000}


def test_export_writes_it_and_a_language_that_nothing_is_said_in_is_refused(say, tmp_path: Path) -> None:
    said = say("export", "smith2017", "--to", "docx", "--lang", "nb", "--out", str(tmp_path))
    assert said.status == 0, said.err
    assert (tmp_path / "results.nb.docx").is_file()
    assert say("export", "smith2017", "--to", "xlsx", "--lang", "nb").status == 2
