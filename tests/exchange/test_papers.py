"""A paper opens as the text of its pages, or is refused with what to do; what it belongs to is no guess."""

import hashlib
from pathlib import Path

import pytest

from livingmeta.exchange.papers import Paper, belonging, open_paper, papers_in
from livingmeta.words import RefusalError

JATS = """<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Article 1.2//EN" "JATS-archivearticle1.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink"><front><article-meta>
<article-id pub-id-type="pmid">123</article-id><article-id pub-id-type="doi">10.1234/ABC.5</article-id>
<title-group><article-title>Loaded <italic>exercise</italic> or rest</article-title></title-group>
</article-meta></front><body><p>Pain fell by 1.3&nbsp;points<xref ref-type="bibr">4</xref>.</p>
<!-- not for readers -->
<table-wrap><table><tr><th>Mean</th><td>3.2</td><td>4<sup>2</sup></td></tr></table>
</table-wrap></body>
<back><ref-list><ref><article-id pub-id-type="doi">10.9999/other</article-id></ref>
</ref-list></back></article>"""
HTML = """<!DOCTYPE html><html><head><title>Loaded &amp; rest</title>
<meta name="citation_doi" content="doi:10.1234/abc.5">
<script>var pain = "9.9"</script></head><body>
<p>Pain fell by <b>1.3</b>&nbsp;points.<p>See 10.1111/a and 10.2222/b</body></html>"""


def held(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def paper(path: Path, content: str) -> Paper:
    return open_paper(held(path, content))


def test_jats_gives_its_own_doi_its_title_and_its_text(tmp_path: Path) -> None:
    opened = paper(tmp_path / "a.xml", JATS)
    assert (opened.kind, opened.doi, opened.title) == ("jats", "10.1234/abc.5", "Loaded exercise or rest")
    assert opened.sha256 == hashlib.sha256(JATS.encode()).hexdigest()
    text = " ".join(opened.pages[0].split())
    assert "Pain fell by 1.3 points4." in text
    assert "Mean 3.2 4" in text
    assert "not for readers" not in text
    assert not opened.numbered


def test_html_gives_what_a_browser_shows(tmp_path: Path) -> None:
    opened = paper(tmp_path / "a.html", HTML)
    assert (opened.kind, opened.doi, opened.title) == ("html", "10.1234/abc.5", "Loaded & rest")
    assert "1.3\xa0points" in opened.pages[0]
    assert "9.9" not in opened.pages[0]
    shown = b'<meta charset="iso-8859-1"><title>x</title><body>sm\xe4rta <i style="display: none">9.9</i>3.2'
    (page,) = open_paper(held(tmp_path / "b.html", b"<html><head>" + shown)).pages
    assert page.split() == ["smärta", "3.2"]


SMITH = (  # with the authors, volume and pages that doi 10.1136/bjsports-2016-097383 has
    "Smith BE, Hendrick P, Smith TO, Bateman M, Moffatt F, Rathleff MS, et al. Should exercises be painful "
    "in the management of chronic musculoskeletal pain? A systematic review and meta-analysis. British "
    "Journal of Sports Medicine 2017;51:1679-1687"
)
PEOPLE = (
    *("Smith, B. E.", "Hendrick, P.", "Smith, T. O.", "Bateman, M.", "Moffatt, F.", "Rathleff, M. S."),
    *("Selfe, J.", "Logan, P."),
)
ABOUT = {
    "title": SMITH.partition(". ")[2].partition(". British")[0],
    "journal_title": "British Journal of Sports Medicine",
    "publication_date": "2017/12/01",
    "volume": "51",
    "firstpage": "1679",
    "lastpage": "1687",
}


def test_what_a_page_says_of_itself_is_cited(tmp_path: Path) -> None:
    names = [*(("author", name) for name in PEOPLE), *ABOUT.items()]
    head = "".join(f'<meta name="citation_{name}" content="{said}">' for name, said in names)
    page = tmp_path / "page.html"
    page.write_text(
        f"<html><head>{head}</head><body><p>{'Words of a trial. ' * 9}</p></body></html>", "utf-8"
    )
    assert open_paper(page).cited == SMITH
    for needed in ("journal_title", "publication_date"):
        page.write_text(page.read_text("utf-8").replace(f"citation_{needed}", "other"), "utf-8")
        assert open_paper(page).cited == ""


def test_what_an_article_in_jats_says_of_itself_is_cited(tmp_path: Path) -> None:
    names = (name.split(", ") for name in PEOPLE)
    people = "".join(
        f'<contrib contrib-type="author"><name><surname>{family}</surname><given-names>{given}</given-names>'
        "</name></contrib>"
        for family, given in names
    )
    editor = '<contrib contrib-type="editor"><name><surname>Other</surname></name></contrib>'
    early = '<pub-date pub-type="epub"><year>2016</year></pub-date>'
    paper = tmp_path / "paper.xml"
    paper.write_text(
        f"<article><front><journal-meta><journal-title>{ABOUT['journal_title']}</journal-title></journal-meta>"
        f"<article-meta><title-group><article-title>{ABOUT['title']}</article-title></title-group>"
        f"<contrib-group>{people}{editor}</contrib-group>{early}"
        f'<pub-date pub-type="ppub"><year>2017</year></pub-date><volume>51</volume>'
        "<fpage>1679</fpage><lpage>1687</lpage></article-meta></front>"
        f"<body><p>{'Words of a trial. ' * 9}</p></body></article>",
        "utf-8",
    )
    assert open_paper(paper).cited == SMITH


def test_of_two_dois_in_a_text_none_is_the_papers_own(tmp_path: Path) -> None:
    assert paper(tmp_path / "a.txt", "A title\n10.1234/abc.\n5 is here").doi == "10.1234/abc.5"
    assert paper(tmp_path / "b.txt", "A title\n10.1234/a.5, see 10.1234/a.6").doi is None


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", b"", "the file is empty"),
        ("a.pdf", b"%PDF-1.7\nnothing", "no PDF that can be read"),
        ("a.pdf", b"\x89PNG", "it is called .pdf, and begins otherwise"),
        ("a.docx", b"PK\x03\x04", "papers ending in .docx are not read. Save it as PDF"),
        ("a.csv", b"a,b\n1,2", "Name a PDF, a JATS XML"),
        ("a.xml", b"<?xml version='1.0'?><records/>", "no article in JATS"),
        ("a.xml", b"<article>", "not well-formed"),
        ("a.xml", b'<!DOCTYPE article [<!ENTITY a "b">]><article>&a;</article>', "XML bomb"),
        ("a.html", b"<html><script>x</script></html>", "there is no text in it"),
        ("a.txt", b"\xff\xfe\x00", "not UTF-16"),
    ],
)
def test_what_is_no_paper_is_refused_with_what_to_do(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(RefusalError, match=said) as refused:
        open_paper(held(tmp_path / name, content))
    assert str(refused.value).startswith(str(tmp_path / name))


def test_a_folder_of_papers_says_which_it_could_not_read(tmp_path: Path) -> None:
    held(tmp_path / "a.xml", JATS)
    held(tmp_path / "b.pdf", b"%PDF-1.7\nnothing")
    held(tmp_path / "c.docx", b"PK")
    held(tmp_path / "notes.csv", "a,b")
    papers, doubts = papers_in(tmp_path)
    assert [paper.path.name for paper in papers] == ["a.xml"]
    assert [(Path(doubt.file).name, doubt.severity) for doubt in doubts] == [
        ("b.pdf", "warning"),
        ("c.docx", "warning"),
    ]
    assert [paper.path.name for paper in papers_in(tmp_path / "a.xml")[0]] == ["a.xml"]
    (tmp_path / "empty").mkdir()
    for folder, said in ((tmp_path / "empty", "no paper"), (tmp_path / "none", "no such folder")):
        with pytest.raises(RefusalError, match=said):
            papers_in(folder)


CITED = {
    "smith2020": (
        "https://doi.org/10.1234/abc.5",
        "Smith J. Loaded exercise or rest in long-standing pain. J 2020.",
    ),
    "smith2020_abstract": ("10.1234/ABC.5", "Smith J. Abstract."),
    "jones2021": (None, "Jones K. Another trial of eccentric training in tendon pain. J 2021."),
}


@pytest.mark.parametrize(
    ("name", "text", "keys", "suggested"),
    [
        ("x.txt", "Any title\ndoi: 10.1234/abc.5", ("smith2020", "smith2020_abstract"), ()),
        ("jones2021.txt", "Any title", ("jones2021",), ()),
        ("x.txt", "Another trial of Eccentric  Training in Tendon Pain", (), ("jones2021",)),
        ("smith2020.txt", "Any title\n10.9999/other", (), ()),  # two things are said
        ("x.txt", "Loaded exercise or rest in long-standing pain\n10.9999/other", (), ()),  # it is not it
        ("x.txt", "Pain", (), ()),  # too short a title to say anything
    ],
)
def test_a_doi_or_a_name_is_sure_and_a_title_is_only_suggested(
    tmp_path: Path, name: str, text: str, keys: tuple[str, ...], suggested: tuple[str, ...]
) -> None:
    [held_for] = belonging([paper(tmp_path / name, text)], CITED)
    assert (held_for.keys, held_for.suggested) == (keys, suggested)
