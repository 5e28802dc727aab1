"""What databases export is read by what it holds; a file that is damaged is refused by its row."""

from pathlib import Path

import pytest

from livingmeta.exchange.search_files import Reference, as_ris, named, read_search_file
from livingmeta.words import RefusalError

RIS = """Provider: a database
TY  - JOUR
TI  - Painful exercise
 goes on here
AU  - Smith, Benjamin E.
AU  - van der Berg, Jan-Willem
PY  - 2017///
JO  - Br J Sports Med
DO  - https://doi.org/10.1000/ABC-1
AB  - Adults were randomised (NCT01234567).
AN  - 28000001
DB  - MEDLINE
ID  - smith2017
N1  - seen by us
ER  -

TY  - JOUR
T1  - Another <i>trial</i>
A1  - Bo, C
Y1  - 2018/01/
JF  - J Pain
N2  - abstract two
UR  - https://pubmed.ncbi.nlm.nih.gov/28000002/
ER  -
"""
NBIB = """
PMID- 28000001
OWN - NLM
DP  - 2017 Dec
TI  - Painful exercise
      goes on here
LID - 10.1000/abc-1 [doi]
AB  - Adults were
      randomised.
FAU - Smith, Benjamin E
AU  - Smith BE
AU  - van der Berg JW
TA  - Br J Sports Med
PMC - PMC1234567
SI  - ClinicalTrials.gov/NCT01234567

PMID- 28000002
TI  - Another trial
DP  - 2018
AU  - Bo C
"""
CSV = """PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,Create Date,PMCID,NIHMS ID,DOI
28000001,"Painful exercise goes on here","Smith BE, van der Berg JW.","Br J.",Smith BE,Br J Sports Med,2017,2017/06/10,PMC1234567,,10.1000/abc-1
28000002,Another trial,Bo C.,J Pain,Bo C,J Pain,2018,2018/01/01,,,
"""  # noqa: E501
BIB = r"""
@string{bjsm = {Br J Sports Med}}
@article{smith2017, title = {Painful {exercise} goes on here}, year = 2017, month = jun,
  author = {Smith, Benjamin E. and van der Berg, Jan-Willem}, journal = bjsm, doi = {10.1000/ABC-1},
  abstract = "Adults were randomised."}
@comment{nothing}
@article{bo2018, title = "Another trial", author = {B{\"o}, C}, date = {2018-01-01}, journaltitle = {J Pain}}
@article{bo2018, title = "The key stands twice"}
"""
FILES = {"RIS": RIS, "MEDLINE": NBIB, "PubMed's CSV": CSV, "BibTeX": BIB}


def read(path: Path, text: str | bytes, name: str = "export.txt"):
    file = path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_search_file(file)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_each_kind_is_known_by_what_it_holds_and_gives_the_same_reference(tmp_path, kind, ends) -> None:
    file = read(tmp_path, "\ufeff" + FILES[kind].replace("\n", ends))
    first, second, *_ = file.references
    assert file.kind == kind
    assert (first.title, first.year) == ("Painful exercise goes on here", 2017)
    assert first.authors == ("Smith BE", "van der Berg JW")
    assert (first.journal, first.doi) == ("Br J Sports Med", "10.1000/abc-1")
    assert (second.title, second.year) == ("Another trial", 2018)
    assert first.pmid == (None if kind == "BibTeX" else "28000001")
    assert second.pmid == (None if kind == "BibTeX" else "28000002")
    assert bool(first.abstract) is (kind != "PubMed's CSV")
    assert first.registration == ("NCT01234567" if kind in {"RIS", "MEDLINE"} else None)


def test_a_key_that_stands_twice_in_bibtex_loses_no_reference(tmp_path) -> None:
    assert [one.title for one in read(tmp_path, BIB).references][2] == "The key stands twice"
    assert read(tmp_path, BIB).references[1].authors == ("Bö C",)


DAMAGED = {
    "RIS cut off": (RIS[:-6], "row 17: the last record never ends (ER  -): the file was cut off"),
    "a record within another": (
        "TY  - JOUR\nTI  - a\nTY  - JOUR\nTI  - b\nER  - \n",
        "row 3: the record that begins",
    ),
    "an end without begin": (
        "ER  - \nTY  - JOUR\nTI  - a\nER  - \n",
        "row 1: a record ends here that never began",
    ),
    "BibTeX with an open brace": ("@article{a,\n title = {x", "premature end of file"),
    "BibTeX without a comma": ("@article{a,\n title = {x} year = 2}", "row 2"),
    "BibTeX with an unknown string": ("@article{a,\n title = foo}", "undefined string"),
    "MEDLINE with words between": (
        "PMID- 1\nTI  - x\nlost words\n",
        'row 3: this line belongs to no field: "lost words"',
    ),
    "MEDLINE with a number that is none": (
        "PMID- 1\nTI  - x\n\nPMID- x\nTI  - y\n",
        'row 4: PMID = "x" is no number',
    ),
    "CSV with a cell too many": (CSV + "1,2,3\n", "row 4: it has 3 cells where the header has 11"),
    "CSV with an open quote": (CSV + '"', "not well-formed CSV"),
    "another table": (
        "study,yi,vi\nAsh,1,2\n",
        "none of the files that are read here: MEDLINE, RIS, PubMed's CSV",
    ),
    "nothing": ("\ufeff\n", "the file is empty"),
    "bytes of no encoding": (
        RIS.replace("goes", "g\xae\x81").encode("latin-1"),
        "row 4: the file is not UTF-8",
    ),
    "no title anywhere": ("TY  - JOUR\nAU  - Bo, C\nER  - \n", "holds no record with a title"),
    "a hidden character": (RIS.replace("goes", "go\x1bes"), "control character (U+001B)"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused_with_row_reason_and_remedy(tmp_path: Path, name: str) -> None:
    text, words = DAMAGED[name]
    with pytest.raises(RefusalError) as refusal:
        read(tmp_path, text)
    message = str(refusal.value)
    assert message.startswith(str(tmp_path / "export.txt"))
    assert words in message
    assert message.endswith(".")


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16"])
def test_an_export_of_windows_is_read_and_says_how(tmp_path: Path, kind: str, encoding: str) -> None:
    """Endnote and older databases write so; a word of it is shown, as of tables."""
    text = FILES[kind].replace("Another", "Männer: another")
    file = read(tmp_path, text.encode(encoding))
    assert "Männer: another trial" in [reference.title for reference in file.references]
    said = "" if encoding == "utf-16" else "is read as Windows-1252, so that row "
    assert said in " ".join(file.remarks) and bool(file.remarks) == bool(said)


def test_a_record_without_a_title_is_left_out_and_named(tmp_path: Path) -> None:
    file = read(tmp_path, RIS + "TY  - JOUR\nAU  - Nobody\nER  - \n")
    assert len(file.references) == 2
    assert file.remarks[0].endswith("left out, since no title is given: 1 of the records (in row 25)")


def test_what_is_written_as_ris_is_read_again(tmp_path: Path) -> None:
    reference = Reference(
        title="Exercise: a trial", authors=("Smith BE", "Bo C"), year=2017, journal="J Pain", doi="10.1000/x"
    )
    (again,) = read(tmp_path, as_ris([(reference, ["livingmeta: include"])])).references
    assert (again.title, again.authors, again.year, again.doi) == (
        reference.title,
        reference.authors,
        2017,
        "10.1000/x",
    )
    assert again.notes == ("livingmeta: include",)


@pytest.mark.parametrize(
    ("printed", "name"), [("Smith, B. E.", "Smith BE"), ("Smith, BE", "Smith BE"), ("WHO Group", "WHO Group")]
)
def test_authors_are_written_as_pubmed_does(printed: str, name: str) -> None:
    assert named(printed) == name


def test_a_year_that_no_record_may_have_is_not_taken(tmp_path: Path) -> None:
    file = read(tmp_path, "TY  - JOUR\nTI  - On pain\nPY  - 1899\nER  -\n")
    assert file.references[0].year is None


def test_a_bare_number_where_others_have_that_of_pubmed_central_is_none(tmp_path: Path) -> None:
    """Scopus puts the number in PubMed there: taken for the other, it would merge two papers."""
    text = "TY  - JOUR\nTI  - On pain\nDB  - Scopus\nC2  - {}\nER  -\n"
    assert read(tmp_path, text.format("28000001")).references[0].pmcid is None
    assert read(tmp_path, text.format("PMC5739826")).references[0].pmcid == "PMC5739826"


def test_the_registration_of_a_register_s_entry_is_read_off_its_address(tmp_path: Path) -> None:
    text = (
        "TY  - JOUR\nTI  - A trial\nAN  - CN-01\nUR  - https://clinicaltrials.gov/show/NCT01234567\nER  -\n"
    )
    assert read(tmp_path, text).references[0].registration == "NCT01234567"


def of_ris(*lines: str) -> str:
    return "\n".join(("TY  - JOUR", "TI  - On pain", *lines, "ER  - ", ""))


# As the databases and programs export, a record each; what it must not be taken for stands there, too
CENTRAL = """Record #3 of 18
Provider: John Wiley & Sons, Ltd.
Content: text/plain; charset="UTF-8"

TY  -  JOUR
AN  -  CN-02677909
A1  -  {}
T1  -  On pain
JA  -  {}
PY  -  2024
C3  -  {}
UR  -  https://www.cochranelibrary.com/central/doi/10.1002/central/CN-02677909/full
ER  -
"""
EXPORTS = {
    "CENTRAL": (
        CENTRAL.format("Kim, JS", "J Pain", "PUBMED 38407106,EMBASE 643589775"),
        {"doi": None, "pmid": "38407106", "journal": "J Pain", "year": 2024},
    ),
    "an entry of a register in CENTRAL": (
        CENTRAL.format("NCT04381559", "https://clinicaltrials.gov/show/NCT04381559", ""),
        {"doi": None, "journal": None, "registration": "NCT04381559"},
    ),
    "CENTRAL by way of Ovid": (
        of_ris("A1  - van den Brink W, de Vries HJC, Bo C", "Y1  - 2017//", "JA  - J Pain"),
        {"authors": ("van den Brink W", "de Vries HJC", "Bo C"), "year": 2017},
    ),
    "Embase": (
        of_ris("A1  - Dos Santos H.B.", "U2  - L643801355", "C5  - 38499621", "DB  - Embase", "DB  - Medline",
               "L2  - http://dx.doi.org/10.1038/s41598-024-56479-3"),
        {"authors": ("Dos Santos HB",), "pmid": "38499621", "doi": "10.1038/s41598-024-56479-3"},
    ),
    "EBSCO": (
        of_ris("L3  - 10.1371/journal.pone.0298242", "AN  - 176404503", "DB  - ccm", "DP  - EBSCOhost"),
        {"doi": "10.1371/journal.pone.0298242", "pmid": None},
    ),
    "MEDLINE by way of EBSCO": (of_ris("AN  - 28596288", "DB  - cmedm"), {"pmid": "28596288"}),
    "Scopus": (of_ris("C2  - 38580657", "DB  - Scopus"), {"pmid": "38580657", "pmcid": None}),
    "Zotero": (of_ris("N1  - PMID: 28596288", "N1  - like PMID 1"), {"pmid": "28596288"}),
    "Mendeley": (of_ris("M3  - 10.1000/x"), {"doi": "10.1000/x"}),
    "Taylor & Francis": (of_ris("N1  - doi: 10.1080/0891"), {"doi": "10.1080/0891"}),
    "a note on another paper": (of_ris("N1  - Erratum of doi 10.1000/x"), {"doi": None}),
    "SAGE": (
        of_ris("AU  - Benjamin E. van der Berg", "UR  - https://x.org/doi/full/10.1177/036?casa=1#t"),
        {"authors": ("van der Berg BE",), "doi": "10.1177/036"},
    ),
    "EPPI-Reviewer": (of_ris("A1  - Longrich N R", "A1  - Yang Z"), {"authors": ("Longrich NR", "Yang Z")}),
    "ERIC by way of Ovid": (of_ris("L1  - https://dx.doi.org/10.1000/x"), {"doi": "10.1000/x"}),
    "Springer": (of_ris("UR  - https://x.org/content/pdf/10.1007/s0-6.pdf"), {"doi": "10.1007/s0-6"}),
    "Frontiers": (of_ris("UR  - https://x.org/articles/10.3389/fphys.1/full"), {"doi": "10.3389/fphys.1"}),
    "Wiley, before 2002": (
        of_ris("DO  - 10.1002/(SICI)1097-4679(199705)53:4<313::AID-JCLP3>3.0.CO;2-J."),
        {"doi": "10.1002/(sici)1097-4679(199705)53:4<313::aid-jclp3>3.0.co;2-j"},
    ),
    "a year that is none yet": (of_ris("PY  - in press", "DA  - 2021Mar12"), {"year": 2021}),
    "marks of HTML": (
        "TY  - JOUR\nTI  - <i>Men</i>, CO<sub>2</sub> &amp; <span class='x'>&#946;</span>: a trial\nER  -\n",
        {"title": "Men, CO2 & \u03b2: a trial"},
    ),
    "no space behind a tag": ("TY  -JOUR\nTI  -On pain\nER  -\n", {"title": "On pain"}),
    "lines that begin like a tag": (
        of_ris("T2  - J Pain", "AB  - We saw in", "T2-weighted images", "AN - other", "ER -positive cells"),
        {"journal": "J Pain", "abstract": "We saw in T2-weighted images AN - other ER -positive cells"},
    ),
    "an EU number in the WHO's portal": (
        of_ris("UR  - https://trialsearch.who.int/Trial2.aspx?TrialID=EUCTR2015-001234-12-NL"),
        {"registration": "2015-001234-12"},
    ),
    "Scopus in BibTeX": (
        "Scopus\nEXPORT DATE: 12 May 2021\n\n@ARTICLE{a,\ntitle={Of $5 and 50% of adults},\npubmed_id={28}}",
        {"title": "Of $5 and 50% of adults", "pmid": "28"},
    ),
    "Mendeley in BibTeX": (
        r"@article{a, title = {{H{$_2$}O {\&} {\textless}i{\textgreater}pain{\textless}/i{\textgreater}}},"
        r" doi = {10.1007/978-3-642{\_}7}, author = {{Smith and Nephew} and Ludwig van Bo and others}}",
        {"title": "H2O & pain", "doi": "10.1007/978-3-642_7",
         "authors": ("Smith and Nephew", "van Bo L")},
    ),
    "Zotero in BibTeX": (
        r"@article{a, title = {{H}$_{\textrm{2}}${O} \textit{in vitro} \textendash{} a tria\^{\i}},"
        r" month = sept, doi = {10.1007/978-3-642\_7}, author={Smith BE and M{\"u}ller, Jr, K}}",
        {"title": "H2O in vitro \u2013 a triaî", "doi": "10.1007/978-3-642_7",
         "authors": ("Smith BE", "Müller K")},
    ),
    "signs in BibTeX": (
        r"@article{a, title = {Patients{\textquoteright} {$<$}5, {$\geq$}65 \$6 and \$7"
        r" {\textquotedblleft}x{\textquotedblright}}}",
        {"title": "Patients\u2019 <5, \u226565 $6 and $7 \u201cx\u201d"},
    ),
    "Crossref": ("@article{a, title={On pain}, year={2017}, month=Dec }", {"title": "On pain", "year": 2017}),
    "PubMed's CSV": (
        'PMID,Title,Authors\n1,On pain,"Smith BE Jr, Bo C; PAIN Group."\n',
        {"authors": ("Smith BE", "Bo C", "PAIN Group")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_what_an_export_says_is_read_where_its_source_puts_it(tmp_path: Path, name: str) -> None:
    text, says = EXPORTS[name]
    (reference,) = read(tmp_path, text).references
    assert {field: getattr(reference, field) for field in says} == says


def test_what_one_file_of_bibtex_defines_is_unknown_in_the_next(tmp_path: Path) -> None:
    assert read(tmp_path, '@string{j = "J Pain"}@article{a, title={x}, journal=J}').references[0].journal
    with pytest.raises(RefusalError, match=r"undefined string: j\). Put its words in braces"):
        read(tmp_path, "@article{a, title={x}, journal=j}")
