"""The report: what stands on it, where its numbers lead, and what a browser makes of it."""

import hashlib
import io
import itertools
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from folders import ARM1, ARM2, TRIAL, folder
from livingmeta.appraisal.dossier import Dossier
from livingmeta.exchange.imports import read_table
from livingmeta.figures.forest import forest_plot
from livingmeta.language import ENGLISH, LANGUAGES, Language, language
from livingmeta.pages.anchors import effect_id, slug
from livingmeta.pages.answers import answer
from livingmeta.pages.phrases import interval, methods, spread
from livingmeta.pages.report import html, markdown, reading_page
from livingmeta.review.folder import load_review
from spoken import Texts, english_of_ours, says

ROOT = Path(__file__).parents[2]
KNOWN = {name: Dossier(review=load_review(name)) for name in ("smith2017", "knee_oa", "living")}
RESULTS = {name: known.results for name, known in KNOWN.items()}
SMITH = RESULTS["smith2017"]
# The review itself in both languages; CI writes the others, too.
QUICK = {("smith2017", "en"), ("smith2017", "nb")}
KEYS = [
    pytest.param(key, marks=() if key in QUICK else pytest.mark.slow)
    for key in itertools.product(RESULTS, LANGUAGES)
]
VOID = {"meta", "link", "br", "path", "use", "rect", "img", "hr"}


@dataclass(eq=False, repr=False)
class Element:
    """One element of a page: its tag, attributes, parent and all text in it."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None"
    text: str = ""
    inside: list["Element"] = field(default_factory=list)


class Page(HTMLParser):
    """A page as a list of elements in the order of the file."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.anchors: dict[str, Element] = {}
        self.open: list[Element] = []
        self.feed(text)
        assert not self.open, [one.tag for one in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parent = self.open[-1] if self.open else None
        element = Element(tag, {name: value or "" for name, value in attrs}, parent)
        self.elements.append(element)
        if "id" in element.attributes:
            self.anchors.setdefault(element.attributes["id"], element)
        for one in self.open:
            one.inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop().tag == tag, tag

    def handle_data(self, data: str) -> None:
        for one in self.open:
            one.text += data

    def all(self, *tags: str) -> list[Element]:
        return [one for one in self.elements if one.tag in tags]

    def at(self, anchor: str) -> Element:
        return self.anchors[anchor]


def within(page: Page, heading: str) -> str:
    """Return the text of the section under a heading."""
    return around(page, heading).text


def around(page: Page, heading: str) -> Element:
    """Return the section under a heading, folded or not."""
    section: Element | None = page.at(heading)
    while section is not None and section.tag != "section":
        section = section.parent
    assert section is not None
    return section


def pictures_of(page: Page) -> list[Element]:
    """Return the pictures, but for those that only show what the words beside them say."""
    return [one for one in page.all("svg") if one.attributes.get("aria-hidden") != "true"]


def forests(known: Dossier, *, language: Language = ENGLISH) -> dict[str, Any]:
    pools: dict[str, list[Any]] = {}
    for pool in known.pools:
        pools.setdefault(pool.synthesis, []).append(pool)
    return {name: forest_plot(parts, language=language).figure for name, parts in pools.items()}


@cache
def drawn(name: str, code: str = "en") -> dict[str, Any]:
    own = KNOWN[name].review.protocol.translation.get(code)
    return forests(KNOWN[name], language=language(code, own=own))


# Written when a test first asks for it: every worker imports this file, and one runs its tests.
@cache
def text_of(name: str, code: str) -> str:
    return html(KNOWN[name], figures=drawn(name, code), version="1", lang=code)


@cache
def page_of(name: str, code: str) -> Page:
    return Page(text_of(name, code))


EACH = pytest.mark.parametrize("key", KEYS, ids="-".join)


@EACH
def test_ids_are_single_and_every_link_inside_leads_somewhere(key: tuple[str, str]) -> None:
    page = page_of(*key)
    ids = Counter(one.attributes["id"] for one in page.elements if "id" in one.attributes)
    assert [one for one, number in ids.items() if number > 1] == []
    targets = {
        one.attributes.get(name, "")
        for one in page.elements
        for name in ("href", "xlink:href")
        if one.attributes.get(name, "").startswith("#")
    }
    assert {one.removeprefix("#") for one in targets} <= ids.keys()


@EACH
def test_the_page_needs_nothing_else(key: tuple[str, str]) -> None:
    page = page_of(*key)
    assert not page.all("img", "iframe", "object")
    (script,) = page.all("script")
    (policy,) = [one.attributes["content"] for one in page.all("meta") if "http-equiv" in one.attributes]
    digest = b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}';" in policy
    links = {one.attributes["href"] for one in page.all("link")}
    assert links == {"data:,"}
    assert not re.search(r"@import|url\((?!#)", text_of(*key))


@EACH
def test_headings_form_a_tree_and_sections_are_named(key: tuple[str, str]) -> None:
    page = page_of(*key)
    levels = [int(one.tag[1]) for one in page.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1 == levels[0]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert [len(page.all(tag)) for tag in ("header", "nav", "main", "footer")] == [1] * 4
    listed = [one for one in page.all("nav")[0].inside if one.tag == "a"]
    assert len(listed) == len(page.all("h2")) - 1


@EACH
def test_tables_and_pictures_can_be_read_aloud(key: tuple[str, str]) -> None:
    page = page_of(*key)
    assert page.all("html")[0].attributes["lang"] == key[1]
    for cell in page.all("th"):
        assert cell.attributes["scope"] in {"col", "row", "rowgroup"}
    for table in page.all("table"):
        assert any(one.tag == "caption" and one.text for one in table.inside)
    pictures = pictures_of(page)
    assert len(pictures) >= len({pool.synthesis for pool in RESULTS[key[0]].headline_pools})
    for picture in pictures:
        assert picture.attributes["role"] == "img"
        name, description = map(page.at, picture.attributes["aria-labelledby"].split())
        assert (name.tag, description.tag) == ("title", "desc")
        assert name.text
        assert description.text


def test_the_words_in_a_picture_are_text() -> None:
    pictures = pictures_of(page_of("smith2017", "en"))
    shown = [one.text for one in pictures[0].inside if one.tag == "text"]
    assert "Total (95% CI)" in shown
    assert {effect.label for effect in SMITH.headline_pools[0].effects} <= set(shown)


@EACH
def test_every_effect_leads_to_the_words_that_carry_it_and_back(key: tuple[str, str]) -> None:
    page, results = page_of(*key), RESULTS[key[0]]
    for pool in results.headline_pools:
        for effect in pool.effects:
            anchor = effect_id(pool, effect)
            number = interval(effect, language=language(key[1]))
            there = [one for one in page.at(anchor).inside if one.tag == "a"]
            assert [one.attributes["href"] for one in there] == [f"#trace-{anchor}"]
            assert there[0].text == number
            trace = page.at(f"trace-{anchor}")
            back = [one for one in trace.inside if one.attributes.get("href") == f"#{anchor}"]
            assert back[0].text == number
            for row in effect.rows:
                assert (row.quote or "") in trace.text
                assert results.review.source(row.source).citation in trace.text
                assert (row.locator or "") in trace.text
                assert page.at(slug("row", anchor, row.file, row.row)) in trace.inside


def test_every_judged_number_leads_to_the_words_that_print_it_and_back() -> None:
    page = page_of("smith2017", "en")
    claims = {claim.claim: claim for claim in SMITH.review.published}
    for verdict in SMITH.verdicts:
        if verdict.verdict == "not numeric":
            continue
        there, back = slug("claim", verdict.claim), slug("verdict", verdict.claim)
        row = page.at(back)
        assert verdict.printed.replace("-", "−") in row.text
        assert f"#{there}" in [one.attributes.get("href") for one in row.inside]
        claim = page.at(there)
        assert (claims[verdict.claim].quote or "") in claim.text
        assert f"#{back}" in [one.attributes.get("href") for one in claim.inside]


@EACH
def test_every_place_on_a_source_is_listed_with_it(key: tuple[str, str]) -> None:
    page, review = page_of(*key), RESULTS[key[0]].review
    cited = {
        one.attributes["href"].removeprefix("#")
        for one in page.all("a")
        if one.attributes["href"].startswith("#source-")
    }
    listed = {one.attributes["id"] for one in page.all("li") if "id" in one.attributes}
    assert cited <= listed
    assert listed <= {slug("source", source.source) for source in review.sources}
    for anchor in listed:
        assert [one for one in page.at(anchor).inside if one.attributes.get("href", "")[:1] == "#"]


@EACH
def test_both_pages_say_what_is_missing_and_doubtful(key: tuple[str, str]) -> None:
    results, speak = RESULTS[key[0]], language(key[1])
    plain = markdown(KNOWN[key[0]], figures=[], version="1", lang=key[1])
    assert "\n\n\n" not in plain
    for text in (page_of(*key).all("body")[0].text, plain):
        assert speak.say("disclaimer") in text
        for pool in results.headline_pools:
            assert all(speak.flags[flag] in text for flag in pool.flags)
            assert all(missing.where in text for missing in pool.missing)
            assert all(left.label in text for left in (*pool.sensitivity_only, *pool.dropped))
        for one in results.review.protocol.exclusion:
            assert one.trial in text
            assert one.why in text
        for finding in results.findings:
            assert speak.word(finding.detail).replace("-", "−") in text.replace("-", "−")


@EACH
def test_no_sentence_is_left_with_a_place_to_fill(key: tuple[str, str]) -> None:
    assert not re.search(r"\{\w*\}", page_of(*key).all("main")[0].text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_lost_between_the_two_forms(lang: str) -> None:
    names = {pool.synthesis: f"forest_{pool.synthesis}.png" for pool in SMITH.headline_pools}
    text = markdown(KNOWN["smith2017"], figures=list(names.items()), version="1", lang=lang)
    asked, *heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert asked == language(lang).say("question")  # the heading of the whole page
    assert set(heads) <= {one.text for one in page_of("smith2017", lang).all("h2")}
    drawn = {pool.synthesis for pool in SMITH.headline_pools if pool.effects}
    assert all(text.count(f"({name})") == (synthesis in drawn) for synthesis, name in names.items())
    for pool in SMITH.headline_pools:
        for effect in pool.effects:
            assert all((row.quote or "") in text for row in effect.rows)


def test_text_of_a_review_is_never_markup(tmp_path: Path) -> None:
    trial = {**TRIAL, "label": "Alpha <b>& co</b> 2001"}
    known = Dossier(review=load_review(folder(tmp_path, trials=[trial])))
    page = Page(html(known, figures=forests(known), version="1"))
    assert not page.all("b")
    assert "Alpha <b>& co</b> 2001" in page.all("main")[0].text


def test_text_of_a_review_is_no_tag_in_markdown_either(tmp_path: Path) -> None:
    trial = {**TRIAL, "label": "Alpha <script>x</script> 2001"}
    arm = {**ARM1, "quote": "3.0 (1.5), P<.05"}
    made = folder(tmp_path, trials=[trial], outcomes=[arm, ARM2])
    text = markdown(Dossier(review=load_review(made)), figures=[], version="1")
    assert not re.search(r"(?<!\\)<[a-z/!?]", text)
    assert "P<.05" in text


@pytest.mark.parametrize(("lang", "age"), [("en", "age: 50.5 years"), ("nb", "age: 50,5")])
def test_moderators_stand_with_their_trial_their_unit_and_their_source(
    lang: str, age: str, tmp_path: Path
) -> None:
    of_all = {"trial": "alpha2001", "source": "paper"}
    written = [
        {**of_all, "moderator": "age", "value": "50.5", "unit": "years", "quote": "50.5"},
        {**of_all, "moderator": "setting", "value": "gym"},
    ]
    known = Dossier(review=load_review(folder(tmp_path, moderators=written)))
    page = markdown(known, figures=[], version="1", lang=lang)
    (line,) = [line for line in page.splitlines() if "gym" in line]
    assert line.startswith("| Alpha 2001 |")
    assert age in line
    assert line.count("[1]") == 1


def test_the_hashes_are_those_of_the_files_of_a_review_and_of_the_one_it_extends() -> None:
    text = markdown(KNOWN["living"], figures=[], version="1")
    for name in ("living", "smith2017"):
        for path in (ROOT / "data" / name).iterdir():
            if path.suffix in {".csv", ".toml"}:
                assert hashlib.sha256(path.read_bytes()).hexdigest() in text


def test_shares_of_analyses_are_never_called_probabilities() -> None:
    bending = around(page_of("smith2017", "en"), "bending")
    text = bending.text
    assert "These are shares of analyses, not probabilities" in text
    for picture in (one for one in bending.inside if one.tag == "svg"):
        text = text.replace(picture.text, "")  # each curve denies it as well
    assert len(re.findall(r"probab|likel|chance", text)) == 2  # said twice, and denied


@EACH
def test_certainty_is_suggested_and_an_empty_judgement_is_no_good_one(key: tuple[str, str]) -> None:
    text, words = within(page_of(*key), "certainty"), language(key[1])
    assert words.word("not assessable") in text
    assert words.say("not_recorded") in text
    assert not says(text, "no_concern", key[1])


@EACH
def test_the_first_table_gives_each_result_with_its_trials_of_how_many(key: tuple[str, str]) -> None:
    page, known = page_of(*key), KNOWN[key[0]]
    speak = language(key[1], own=known.review.protocol.translation.get(key[1]))
    for pool in known.pools:
        row = page.at(slug("answer-row", pool.synthesis, pool.subgroup)).text
        numbers = interval(pool.result, measure=pool.measure, language=speak) if pool.result else ""
        assert numbers in row or pool.contradictory()
        assert pool.k == len(pool.measured) or speak.say("k_of", k=pool.k, n=len(pool.measured)) in row


def test_the_first_table_gives_the_average_of_single_groups_and_marks_no_effect_in_no_bar(
    tmp_path: Path,
) -> None:
    file = tmp_path / "share.csv"
    file.write_text("study,xi,ni\nA,3,50\nB,1,20\nC,12,60\n", encoding="utf-8")
    text = html(Dossier(review=read_table(file)), figures={}, version="1")
    cells = re.search(r'<table id="answer-table">.*?</table>', text, re.DOTALL)[0]
    assert re.search(r'class="number">0\.\d\d \(0\.\d\d to 0\.\d\d\)<', cells)
    assert 'class="middle"' in text
    assert 'class="none"' not in text


def test_a_synthesis_without_numbers_is_not_left_blank() -> None:
    text = within(page_of("smith2017", "en"), "directions")
    for pool in SMITH.headline_pools:
        if pool.result is None:
            assert pool.title in text
            assert all(missing.label in text for missing in pool.missing)


@pytest.mark.parametrize("key", [one for one in KEYS if one.values[0][1] != "en"], ids="-".join)
def test_a_page_in_another_language_has_no_english_but_what_it_quotes(key: tuple[str, str]) -> None:
    name, code = key
    texts = Texts(text_of(name, code)).texts
    texts += markdown(KNOWN[name], figures=[], version="1", lang=code).splitlines()
    left = {text: words for text in texts if (words := english_of_ours(text, code))}
    assert left == {}


@pytest.mark.parametrize("code", sorted({*LANGUAGES} - {"en"}))
def test_a_picture_in_another_language_has_no_english_but_what_it_quotes(code: str) -> None:
    pictures = Texts(text_of("smith2017", code)).pictures
    assert len(pictures) > 6
    letter = {"a"}  # of a note
    assert [words for text in pictures if (words := english_of_ours(text, code) - letter)] == []


@pytest.mark.parametrize("name", ["smith2017", pytest.param("living", marks=pytest.mark.slow)])
def test_every_finding_leads_to_the_words_it_is_about(name: str) -> None:
    page, results = page_of(name, "en"), RESULTS[name]
    told = [one for one in around(page, "fit").inside if one.tag == "li"]
    rows = {f"{row.file} row {row.row}": row for row in results.review.outcomes}
    assert len(told) == len(results.findings) > 3
    for line, finding in zip(told, results.findings, strict=True):
        links = [one.attributes["href"] for one in line.inside if one.tag == "a"]
        assert links, line.text
        for key in finding.claims:
            traced = any(one.startswith(("#row-", "#claim-")) for one in links)
            assert traced or (rows[key].quote or "") in line.text


@EACH
def test_every_combination_is_drawn_beside_what_is_said_of_it(key: tuple[str, str]) -> None:
    page = page_of(*key)
    drawn = [one for one in KNOWN[key[0]].multiverse if one.telling]
    for one in drawn:
        name = slug("multiverse", one.main.synthesis, one.main.subgroup)
        assert page.at(f"{name}-description").text in within(page, "bending")
        words = " ".join(two.text for two in page.at(f"{name}-title").parent.inside)  # type: ignore[union-attr]
        assert re.search(rf"\b{len(one.analyses)} (ulike )?anal", words)
    assert len(drawn) > 3


def test_trials_at_an_assumed_effect_are_counted_apart() -> None:
    text = within(page_of("smith2017", "en"), "bending")
    assert "imputed: missing trials at SMD 0−0.12 (−0.40 to 0.16)3 + 3 imputed of 7" in text
    assert "142 + 203 imputed" in text


def test_scatter_is_told_in_words_that_follow_from_i2_and_k() -> None:
    pools = {pool.synthesis: pool for pool in SMITH.headline_pools}
    assert spread(pools["pain-medium"]) == [language("en").say("spread_none")]
    assert spread(pools["pain-long"]) == [language("en").say("spread_one")]
    function = " ".join(spread(pools["function-short"]))
    assert "I² (from Q) = 91%" in function
    assert "Most of the scatter" in function
    assert "No prediction interval is shown below 5" in function
    knee = next(pool for pool in RESULTS["knee_oa"].headline_pools if len(pool.effects) > 40)
    assert "in a new setting either group could be favoured" in " ".join(spread(knee))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_methods_paragraph_names_what_was_used(lang: str) -> None:
    today = methods(SMITH, version="1", language=language(lang))
    assert "REML" in today
    assert "Hartung–Knapp" in today
    assert "Q" in today
    knee = methods(RESULTS["knee_oa"], version="1", language=language(lang))
    assert "DerSimonian–Laird" in knee
    assert "Wald" in knee
    assert "k − 1" in knee


def test_the_page_of_counts_claims_no_conversion_of_means_and_no_empty_quotes(
    say: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "counts.csv"
    file.write_text(
        "study,events1,n1,events2,n2\nAsh,0,40,0,41\nBirch,6,40,8,41\nCedar,3,40,7,41\n", encoding="utf-8"
    )
    say("import", str(file), "counts", "--measure", "OR", "--in", str(tmp_path))
    page = markdown(Dossier(review=load_review(tmp_path / "counts")), figures=[], version="1")
    assert "Effects were computed from the numbers of events" in page
    assert "standard deviations, effects were derived" not in page
    assert "“”" not in page
    assert not re.search(r"[a-z]\.[A-Z]|\.\n\*\*", page.split("## Versions")[0])
    assert ".." not in page.split("## Versions")[0]


def test_the_page_that_explains_the_numbers_is_the_report_s() -> None:
    committed = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")
    assert committed == reading_page(), "write livingmeta.pages.report.reading_page() to docs/reading.md"
    for one in language("en").read:
        assert one["text"] in within(page_of("smith2017", "en"), "reading")


# The command


def test_rows_that_only_other_analyses_use_lead_to_their_words(ran: tuple[Path, str]) -> None:
    text = (ran[0] / "report.html").read_text(encoding="utf-8")
    links = set(re.findall(r'href="#(only-[^"]+)"', text))
    assert links == set(re.findall(r'id="(only-[^"]+)"', text))
    held = [row.quote for row in load_review("smith2017").outcomes if row.use == "sensitivity"]
    for link in links:
        article = text.split(f'id="{link}"', 1)[1].split("</article>", 1)[0]
        assert any(quote and quote in unescape(article) for quote in held), link
    assert len(links) == 3


@pytest.mark.slow
def test_run_and_report_write_the_same_page(
    typed: Callable[..., tuple[Path, str]], ran: tuple[Path, str]
) -> None:
    out, _ = typed("report", "smith2017")
    for name in ("report.html", "report.md"):
        assert (out / "smith2017" / name).read_bytes() == (ran[0] / name).read_bytes()


IN_POINTS = ("--lang", "nb", "--vas-sd", "25", "--important", "10")


@pytest.mark.slow
@pytest.mark.parametrize("words", [(), IN_POINTS], ids=["en", "nb"])
def test_a_page_written_alone_has_its_pictures_beside_it(
    typed: Callable[..., tuple[Path, str]], words: tuple[str, ...]
) -> None:
    folder = typed("report", "smith2017", *words)[0] / "smith2017"
    text = next(folder.glob("*.md")).read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)
    assert pictures
    assert [one for one in pictures if not (folder / one).is_file()] == []


@pytest.mark.slow
def test_the_options_reach_the_page(typed: Callable[..., tuple[Path, str]]) -> None:
    folder = typed("report", "smith2017", *IN_POINTS)[0] / "smith2017"
    text = (folder / "report.nb.html").read_text(encoding="utf-8")
    assert "med et standardavvik på 25" in text
    assert "en forskjell på 10 poeng eller mer" in text
    assert not (folder / "report.html").exists()


def test_it_can_be_read_in_a_terminal(say: Callable[..., Any], tmp_path: Path) -> None:
    shown = say("report", "smith2017", "--print", "--out", str(tmp_path)).out
    assert [*tmp_path.iterdir()] == []
    words = " ".join(shown.split())
    for pool in SMITH.headline_pools:
        assert " ".join(answer(pool).sentences) in words
    assert all(head.text in shown for head in page_of("smith2017", "en").all("h2")[1:])
    assert max(map(len, shown.splitlines())) <= 80


def test_a_language_nobody_wrote_is_refused(say: Callable[..., Any], tmp_path: Path) -> None:
    refused = say("report", "smith2017", "--lang", "nn", "--out", str(tmp_path))
    assert refused.status == 2
    assert f"choose one of {', '.join(LANGUAGES)}" in refused.err


# In a real browser

A4 = 673  # CSS pixels between the margins
CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c)) return c; }
    return "rgb(255, 255, 255)"; };
  // White words stand on coloured marks.
  document.querySelectorAll("details").forEach(e => { e.open = true; });
  // In the dark a picture is turned to its negative, of 92%.
  const turned = c => "rgb(" + c.match(/[\\d.]+/g).slice(0, 3).map(v => 255 * 0.92 - 0.84 * v) + ")";
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const shown = [...document.querySelectorAll("p, a, h1, h2, h3, td, th, code, svg text")]
    .filter(e => e.tagName !== "text" || getComputedStyle(e).fill !== "rgb(255, 255, 255)");
  return shown.map(e => {
    const style = getComputedStyle(e), drawn = e.tagName === "text";
    const ink = !drawn ? style.color : dark ? turned(style.fill) : style.fill;
    const paper = behind(e.closest("svg")?.parentElement ?? e);
    const [a, b] = [light(ink), light(paper)].sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), e.tagName + ": " + e.textContent.slice(0, 30)]; })
    .sort((x, y) => x[0] - y[0])[0]; }"""


@pytest.fixture
def file_of(tmp_path: Path) -> Callable[..., Path]:
    def put(name: str, code: str) -> Path:
        path = tmp_path / f"{name}.{code}.html"
        path.write_text(text_of(name, code), encoding="utf-8")
        return path

    return put


@EACH
def test_it_opens_without_network_or_complaint(
    key: tuple[str, str], open_page: Callable[..., Any], file_of: Callable[..., Path]
) -> None:
    page = open_page(file_of(*key))
    assert page.title()
    assert page.locator("main section").count() > 10


@pytest.mark.parametrize("name", ["smith2017", pytest.param("living", marks=pytest.mark.slow)])
@pytest.mark.parametrize("width", [1280, 768, 390, 320])
def test_it_never_scrolls_sideways(
    name: str, width: int, open_page: Callable[..., Any], file_of: Callable[..., Path]
) -> None:
    page = open_page(file_of(name, "nb"), viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["laptop", "phone"])
@pytest.mark.parametrize("name", ["smith2017", pytest.param("knee_oa", marks=pytest.mark.slow)])
def test_before_anything_is_opened_it_is_short_and_begins_with_the_answer(
    name: str, size: tuple[int, int], open_page: Callable[..., Any], file_of: Callable[..., Path]
) -> None:
    width, height = size
    page = open_page(file_of(name, "en"), viewport={"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollHeight") <= 8 * height
    first = page.locator("#answer-table tbody tr").first.bounding_box()
    assert first["y"] + first["height"] < height


@pytest.mark.slow
def test_of_sixty_results_as_many_stand_open_as_eight_screens_of_a_phone_hold(
    say: Callable[..., Any], open_page: Callable[..., Any], tmp_path: Path
) -> None:
    names = [f"Exercise of kind {n} against usual care or waiting or no treatment" for n in range(60)]
    rows = (f"Trial {n} {k},{k / 10 - 0.2},0.2,{name}" for n, name in enumerate(names) for k in range(3))
    file = tmp_path / "sixty.csv"
    file.write_text("\n".join(["study,yi,sei,subgroup", *rows]), encoding="utf-8")
    say("report", str(file), "--measure", "SMD", "--favours", "lower", "--out", str(tmp_path))
    page = open_page(tmp_path / "sixty" / "report.html", viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollHeight") <= 8 * 844
    last = page.locator("#answer-table-more tbody tr").last
    assert not last.is_visible()
    page.get_by_text("37 more results").click()
    assert last.is_visible()


def test_a_link_opens_what_it_leads_to(open_page: Callable[..., Any], file_of: Callable[..., Path]) -> None:
    page = open_page(file_of("smith2017", "en"))
    assert not page.locator("#effects-pain-short").is_visible()
    page.locator("#answer-table a").first.click()
    assert page.locator("#effects-pain-short").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_in_light_and_in_the_dark(
    scheme: str, open_page: Callable[..., Any], file_of: Callable[..., Path]
) -> None:
    page = open_page(file_of("smith2017", "en"), color_scheme=scheme)
    least, where = page.evaluate(CONTRAST)
    assert least >= 4.5, where


def test_it_works_without_javascript_and_links_jump(
    open_page: Callable[..., Any], file_of: Callable[..., Path]
) -> None:
    page = open_page(file_of("smith2017", "en"), java_script_enabled=False)
    page.locator("#forests").click()
    page.locator("#effects-pain-short a").first.click()
    assert "#trace-pain-short-" in page.url
    assert page.locator(f"[id={page.url.split('#')[1]}]").is_visible()


@pytest.mark.slow
def test_printed_on_a4_or_letter_it_fits_and_leaves_the_menus_out(
    open_page: Callable[..., Any], file_of: Callable[..., Path]
) -> None:
    page = open_page(file_of("smith2017", "en"), viewport={"width": A4, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= A4
    wide = "[...document.querySelectorAll('table, svg')].map(e => e.getBoundingClientRect().right)"
    assert max(page.evaluate(wide)) <= A4 + 1
    assert not page.locator("nav").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for size in ("A4", "Letter"):
        sheets = page.pdf(format=size).count(b"/Type /Page\n")
        assert 10 < sheets < 50


def sheets_of(page: Any) -> list[list[tuple[str, float]]]:
    """Print a page: the lines of each sheet, and how large their letters are, without its number."""
    pdfplumber = pytest.importorskip("pdfplumber", reason='pip install -e ".[living]"')
    with pdfplumber.open(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True))) as printed:
        return [
            [
                (line["text"], max(sign["size"] for sign in line["chars"]))
                for line in sheet.extract_text_lines()
            ][:-1]
            for sheet in printed.pages
        ]


@pytest.mark.slow
def test_on_paper_no_heading_ends_a_page_and_what_is_longer_than_one_has_its_head_on_each(
    say: Callable[..., Any], open_page: Callable[..., Any], file_of: Callable[..., Path], tmp_path: Path
) -> None:
    file = tmp_path / "long.csv"
    rows = (f"Trial {n},{n % 9 / 10 - 0.5},0.2" for n in range(120))
    file.write_text("\n".join(["study,yi,sei", *rows]), encoding="utf-8")
    say("report", str(file), "--measure", "SMD", "--out", str(tmp_path))
    printed = sheets_of(open_page(tmp_path / "long" / "report.html"))
    for sheets in (printed, sheets_of(open_page(file_of("smith2017", "en")))):
        assert all(size < 10.1 for *_, (_, size) in filter(None, sheets))
    # the forest is the table with its bars: no picture is cut in two
    of_trials = [sheet for sheet in printed if any(re.match(r"Trial \d+ −?\d", text) for text, _ in sheet)]
    assert len(of_trials) >= 3
    assert all(sheet[0][0].startswith("Trial SMD (95% CI)") for sheet in of_trials[1:])
    assert sum(bool(re.match(r"Trial 7 −?\d", text)) for sheet in of_trials for text, _ in sheet) == 1


@pytest.mark.slow
def test_on_a_phone_a_trial_of_the_forest_has_two_lines_and_all_share_one_scale(
    open_page: Callable[..., Any], file_of: Callable[..., Path]
) -> None:
    page = open_page(
        file_of("smith2017", "en"), fragment="#forest-pain-short", viewport={"width": 390, "height": 844}
    )
    assert not page.locator("#picture-pain-short .picture").is_visible()
    assert not page.locator("#key-pain-short").is_visible()
    rows = [page.locator(f"#pain-short-{trial}") for trial in ("aasa2015", "littlewood2014", "rathleff2015")]
    boxes = [row.bounding_box() for row in rows]
    assert boxes[0]["height"] < 80
    lines = "e => e.querySelector('.bar .none').getBoundingClientRect().x"
    assert len({round(row.evaluate(lines)) for row in rows}) == 1  # where there is no effect
    assert "−0.13 (−0.60 to 0.34)" in rows[0].inner_text()


def test_what_printed_results_give_away_stands_on_the_page_with_its_assumptions() -> None:
    text = " ".join(within(page_of("smith2017", "en"), "deduced").split())
    assert "2 of the 127 sets of 7 trials can be that precise" in text
    assert "never pooled" in text


@pytest.mark.slow
def test_of_very_many_trials_the_heaviest_are_shown_and_the_rest_are_said_to_be_elsewhere(
    say: Callable[..., Any], tmp_path: Path
) -> None:
    rows = (f"Trial {n},{(n % 7) / 10 - 0.4},{0.01 + (n % 11) / 100}" for n in range(2100))
    file = tmp_path / "many.csv"
    file.write_text("\n".join(["study,yi,vi", *rows]) + "\n", encoding="utf-8")
    say("report", str(file), "--measure", "SMD", "--out", str(tmp_path))
    page = Page((tmp_path / "many" / "report.html").read_text(encoding="utf-8"))
    (table,) = [one for one in page.all("table") if one.attributes.get("id", "").startswith("effects-")]
    assert sum(one.tag == "tr" for one in table.inside) == 51
    assert "effects.csv of `livingmeta run` has all 2,100" in within(page, "forests")
    assert "Of so many effects (2,100) none was left out in turn" in within(page, "bending")
    assert not [one for one in page.all("article") if one.attributes["id"].startswith("trace-")]
    inside = {one.attributes["href"] for one in page.all("a") if one.attributes["href"][0] == "#"}
    assert {target[1:] for target in inside} <= page.anchors.keys()
