"""A stranger's words are words: in R, in a page, a table, a figure, a terminal nothing of them runs."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import openpyxl
import pytest

import folders
from livingmeta.exchange.exports import EXPORTS
from livingmeta.living.forms import form_csv, form_xlsx
from livingmeta.pages.blocks import Code, Link, Paragraph, as_html, as_markdown
from livingmeta.pages.template import leads, no_markup
from livingmeta.review.folder import load_review
from livingmeta.review.schema import LONGEST_CALLED, OPTIONAL, TABLES, columns
from livingmeta.words import as_meant, inert, visible

if TYPE_CHECKING:
    from playwright.sync_api import Page

Open = Callable[..., "Page"]
# A formula, the end of a comment and of a string of R, of TOML and of JSON; tags behind no, one and
# two backslashes; links of Markdown; a script's end; mathtext that does not parse; a template.
R = 'cat(1, file = "canary")'
EVIL = (
    f'=HYPERLINK("x")\n{R}\n"); {R}; #\' """ {{{{7*7}}}} ${{7}} <script>document.title="ran"</script> '
    '\\<script>document.title="ran"</script> \\\\<script>document.title="ran"</script> '
    "<img src=x onerror=\"document.title='ran'\"> </script></title></textarea>--> "
    "[here](javascript:document.title='ran') [a]: javascript:1 $\\foo{ $x^$ `<b>` | %s %n ${jndi:x}"
)
FORMULA = re.compile("[=+@\t\r-]")


def text_columns(table: str, rows: folders.Rows) -> folders.Rows:
    """Put the hostile text into every column that holds free text."""
    model = {**TABLES, **OPTIONAL}[table]
    changed = []
    for row in rows:
        filled = dict(row)
        for name, field in columns(model).items():
            kinds = {field.annotation, *get_args(field.annotation)}
            given = filled.get(name, "")
            free = str in kinds and not re.search("pattern|Key", str(field)) and name not in KEYS
            if free and (name not in {"quote", "printed"} or not given):
                filled[name] = EVIL if name not in {"doi", "url"} else "javascript:document.title='ran'"
            elif free and name == "quote":
                filled[name] = f"{EVIL[:60]} {given}"
            if name in {"moderator", "value"}:
                filled[name] = EVIL[:LONGEST_CALLED]
        changed.append(filled)
    return changed


KEYS = frozenset(
    {"trial", "report", "source", "instrument", "outcome", "contrast", "subgroup", "synthesis", "claim"}
    | {"sd_from", "group", "record", "date", "duplicate_of", "duplicate_why"}
)
AGREED = {name: folders.ARM1.get(name, "") for name in ("trial", "outcome", "instrument", "weeks", "group")}


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review of two trials, every text of which is hostile."""
    path = tmp_path_factory.mktemp("hostile")
    second = {"trial": "beta2002", "report": "beta"}
    clusters = {"cluster_size": "2", "icc": "0.01"}  # whose source is a text
    arms = [{**arm, **clusters} for arm in (folders.ARM1, folders.ARM2)]
    rows = {
        "sources": [folders.SOURCE],
        "trials": [folders.TRIAL, {**folders.TRIAL, "trial": "beta2002", "label": "Beta"}],
        "reports": [folders.REPORT, {"report": "beta", "trial": "beta2002", "citation": "B"}],
        "instruments": [folders.INSTRUMENT],
        "outcomes": [*arms, *({**arm, **second} for arm in arms)],
        "gaps": [
            {
                "trial": "beta2002",
                "outcome": "pain",
                "weeks": "60",
                "what": "x",
                "where": "x",
                "source": "paper",
            }
        ],
        "published": [
            {
                "claim": "one",
                "synthesis": "pain-short",
                "quantity": quantity,
                "printed": printed,
                "source": "paper",
                "reading": "primary",
                "quote": printed[:60],
            }
            for quantity, printed in (("estimate", "-0.3"), ("text", EVIL))
        ],
        "risk_of_bias": [
            {"trial": "beta2002", "tool": "RoB", "domain": "blinding", "judgement": "", "source": "paper"}
        ],
        "second_extraction": [{**arms[0], "mean": "3.1", "quote": "3.1 (1.5)"}],
        "agreements": [{**AGREED, "column": "mean", "first": "3.0", "second": "3.1", "settled": "3.0"}],
        "moderators": [{"trial": "beta2002", "source": "paper"}],
        "certainty": [
            {"synthesis": "pain-short", "domain": "imprecision", "suggested": "-1", "decision": "change"}
            | {"levels": "-2", "date": "2026-01-02", "by": "B"}
        ],
        "records": [{"record": "r", "date": "2026-01-02"}],
        "screening": [
            {"record": "r", "stage": stage, "decision": decision, "date": "2026-01-02"}
            for stage, decision in {"title": "include", "full text": "exclude"}.items()
        ],
    }
    made = folders.folder(path, **{table: text_columns(table, held) for table, held in rows.items()})
    protocol = made / "review.toml"
    text = protocol.read_text(encoding="utf-8")
    quoted = json.dumps(EVIL, ensure_ascii=False)
    for name in ("title", "question"):
        text = re.sub(rf'^{name} = "[^\n]*"$', lambda _, n=name: f"{n} = {quoted}", text, flags=re.M)
    text = re.sub(
        r'^(id = "small")$', lambda m: f"{m[1]}\ncaution = {quoted}\ncitation = {quoted}", text, flags=re.M
    )
    text = re.sub(r'^(\s*)([12]) = "[^"\n]*"$', lambda m: f"{m[1]}{m[2]} = {quoted}", text, flags=re.M)
    text += (
        f"\n[[exclusion]]\ntrial = {quoted}\nwhy = {quoted}\nwhere = {quoted}\n"
        f'\n[[choice]]\nname = "tau2"\noptions = ["DL", "PM"]\nwhy = {quoted}\n'
        f'\n[[choice]]\nname = "ci"\noptions = ["wald", "hksj"]\nwhy = {quoted}\n'
        f"\n[translation.nb]\n{quoted} = {quoted}\n"
    )
    protocol.write_text(text, encoding="utf-8")
    loaded = load_review(made)
    assert loaded.protocol.caution == loaded.protocol.title == loaded.protocol.question == EVIL
    return made


def runs_nothing(page: Page, *, holds: str) -> None:
    page.wait_for_timeout(200)
    assert page.title() != "ran"
    scripts = page.eval_on_selector_all("script", "all => all.map(one => one.textContent.trim())")
    assert not [script for script in scripts if script.startswith("document.title")]
    assert not page.locator("img[src=x]").count()
    assert holds in page.content() or holds in page.locator("body").inner_text()
    for address in page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))"):
        assert re.match(r"(https?://|mailto:|#)", address), address


@pytest.mark.slow
def test_every_page_shows_it_as_text(
    say, review: Path, tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    said = say("run", str(review), "--out", str(tmp_path))
    assert said.status == 0, said.err
    out = tmp_path / "small"
    for name in ("report.html", "explorer.html"):
        page = open_page(out / name)
        runs_nothing(page, holds="HYPERLINK")
    for path in out.glob("*.md"):
        harmless(path.read_text(encoding="utf-8"), path.name)
    for path in out.glob("*.svg"):
        assert "<script" not in path.read_text(encoding="utf-8")
    for path in out.glob("*.csv"):
        no_formula(path.read_text(encoding="utf-8"))


def harmless(text: str, name: str) -> None:
    """No tag, and no link but to the web: by the rule that two backslashes escape nothing."""
    assert "HYPERLINK" in text or name != "report.md"
    for slashes in re.findall(r"(\\*)<(?:script|img|/)", re.sub(r"`+[^`]*`+", "", text)):
        assert len(slashes) % 2, name
    assert "](javascript" not in text
    assert "]: javascript" not in text


def no_formula(text: str) -> None:
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            assert not FORMULA.match(cell) or re.fullmatch(r"-[\d.e+-]+", cell), cell


@pytest.mark.parametrize("kind", list(EXPORTS))
def test_no_cell_of_an_export_is_a_formula_and_each_reads_back(review: Path, kind: str) -> None:
    loaded = load_review(review)
    files = EXPORTS[kind](loaded)
    tables = [text for name, text in files.items() if name.endswith(".csv")]
    for text in tables:
        no_formula(text)
    lines = (line for text in tables for line in csv.reader(io.StringIO(text, newline="")))
    cells = {as_meant(cell) for line in lines for cell in line}
    quoted = (EVIL, json.dumps(EVIL), json.dumps(EVIL, ensure_ascii=False))
    assert EVIL in cells if tables else any(words in text for text in files.values() for words in quoted)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_the_script_of_an_export_pools_and_runs_nothing_else(review: Path, tmp_path: Path) -> None:
    for name, text in EXPORTS["metafor"](load_review(review)).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    has = subprocess.run(["Rscript", "-e", "library(metafor)"], check=False, capture_output=True)
    script = tmp_path / "pool.R"
    if has.returncode:  # without metafor the script's own lines are parsed and run all the same
        script.write_text(
            "rma <- function(...) stop('no metafor')\n"
            + script.read_text("utf-8").replace("library(metafor)", ""),
            encoding="utf-8",
        )
    ran = subprocess.run(["Rscript", "pool.R"], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert not (tmp_path / "canary").exists()
    if has.returncode:
        assert "no metafor" in ran.stderr
        ran = subprocess.run(
            ["Rscript", "-e", f"{meant(script)}; cat(nrow(d), effects$slab[1])"],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )
        assert ran.stdout.startswith("2 =HYPERLINK"), ran.stderr
    else:
        assert ran.returncode == 0, ran.stderr
    assert not (tmp_path / "canary").exists()


def meant(script: Path) -> str:
    """The script up to its first pool."""
    lines = f'paste(readLines("{script.name}"), collapse = "\\n")'
    return f'eval(parse(text = strsplit({lines}, "res <- rma")[[1]][1]))'


def test_a_form_for_a_spreadsheet_holds_no_formula(review: Path) -> None:
    loaded = load_review(review)
    no_formula(form_csv(loaded))
    book = openpyxl.load_workbook(io.BytesIO(form_xlsx(loaded)))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("pool",),
        ("gaps",),
        ("trace",),
        ("multilevel", "--full"),
        ("diff", "--against"),
        ("report", "--print"),
        ("gaps", "--letter"),
    ],
)
def test_every_command_prints_it(say, review: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    against = [str(review)] if words[-1] == "--against" else []
    said = say(words[0], str(review), *words[1:], *against)
    assert said.status == 0, said.err
    assert "\x1b" not in said.out + said.err


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("sensitivity",),
        ("certify",),
        ("explore", "--lang", "nb"),
        ("gaps", "--letter"),
        ("certainty",),
        ("multiverse",),
        ("bayes", "--tau-scale", "0.5"),
        ("gosh",),
        ("small-study", "--force"),
        ("deduce",),
    ],
)
def test_every_other_file_that_a_command_writes_holds_it_as_text(
    say, review: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    said = say(words[0], str(review), *words[1:], "--out", str(tmp_path))
    assert said.status == 0, said.err
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written or words[0] in {"deduce", "small-study", "gosh"}  # which may have nothing to draw
    for path in written:
        if path.suffix == ".md":
            harmless(path.read_text(encoding="utf-8"), path.name)
        if path.suffix == ".csv":
            no_formula(path.read_text(encoding="utf-8"))
        if path.suffix == ".svg":
            assert "<script" not in path.read_text(encoding="utf-8")


def test_what_is_imported_is_toml_whatever_a_file_says(say, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = tmp_path / 'a"\n[x] = 1.csv'
    short = '=1+1 <b>\n"]\n[y] # """'
    rows = [("trial", "yi", "vi"), (short, "-0.5", "0.1"), (f"{short}2", "0.2", "0.1")]
    held = io.StringIO()
    csv.writer(held).writerows(rows)
    table.write_text(held.getvalue(), encoding="utf-8")
    said = say("import", str(table), "mine", "--measure", "SMD")
    assert said.status == 0, said.err
    assert load_review("mine").trials[0].label == " ".join(short.split())
    for path in (tmp_path / "data" / "mine").glob("*.csv"):
        no_formula(path.read_text(encoding="utf-8"))


CONTROL = ["\x1b[2J", "\x9b2J", "\x07", "\x08", "\x7f", "\u202e"]


@pytest.mark.parametrize("sign", CONTROL)
def test_a_control_character_is_refused_by_its_row_and_never_printed(say, tmp_path: Path, sign: str) -> None:
    review = folders.folder(tmp_path, trials=[{**folders.TRIAL, "label": f"Alpha{sign}"}])
    said = say("check", str(review))
    assert said.status == 1
    assert f"trials.csv row 2: the file holds a control character (U+{ord(sign[0]):04X})" in said.flat
    table = tmp_path / "table.csv"
    table.write_text(f"trial,yi,vi\na{sign},1,1\nb,1,x{sign}\n", encoding="utf-8")
    assert say("pool", str(table)).status == 2
    said = say("pool", f"no{sign}where")
    assert sign not in said.err


@pytest.mark.parametrize("sign", CONTROL)
def test_a_control_character_that_toml_escapes_is_refused(say, tmp_path: Path, sign: str) -> None:
    escaped = "".join(f"\\u{ord(one):04x}" if one in sign[0] else one for one in sign)
    review = folders.folder(tmp_path, toml=('title = "Pain, short term"', f'title = "Pain{escaped}"'))
    said = say("check", str(review))
    assert said.status == 1
    assert f"a control character (U+{ord(sign[0]):04X})" in said.flat


@pytest.mark.parametrize(
    "text", ["=1", "+1 of 2", "-a", "@x", "\tx", "\rx", "−x", "'=1", "''-a", "-1.0 (-1.8 to -0.2)"]
)
def test_what_begins_like_a_formula_stands_behind_an_apostrophe_and_reads_back(text: str) -> None:
    assert inert(text) == f"'{text}"
    assert as_meant(inert(text)) == text


@pytest.mark.parametrize("text", ["-1", "-0.27", "−0.27", "-1e-5", "1", "Alpha", "", "'tis", "a=b", "+5"])
def test_numbers_and_words_stay_as_they_are(text: str) -> None:
    assert inert(text) == as_meant(text) == text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("<b>", "\\<b>"), ("\\<b>", "\\<b>"), ("\\\\<b>", "\\\\\\<b>"), ("a < b", "a < b"),
        ("[x](javascript:1)", "[x]\\(javascript:1)"), ("[x]: javascript:1", "[x]\\: javascript:1"),
    ],
)  # fmt: skip
def test_markdown_reads_no_tag_and_no_link_of_a_reviews_words(given: str, shown: str) -> None:
    assert no_markup(given) == no_markup(no_markup(given)) == shown


ADDRESSES: dict[str, bool] = {
    "https://doi.org/10.1/x(1)": True,
    "HTTP://example.org": True,
    "mailto:a@example.org": True,
    "#answer": True,
    "javascript:alert(1)": False,
    " javascript:alert(1)": False,
    "JaVaScRiPt:alert(1)": False,
    "java\nscript:alert(1)": False,
    "data:text/html,x": False,
    "vbscript:x": False,
    "file:///etc/passwd": False,
    "//example.org": False,
    "https://example.org/ onclick=x": False,
    'https://example.org/"x': False,
    "https://example.org/\n[x](y)": False,
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_web_mail_and_the_page_itself_are_links(address: str) -> None:
    assert leads(address) == ADDRESSES[address]
    block = [Paragraph(id="p", words=(Link("words", address), "."))]
    assert ("<a " in as_html(block, lang="en")) == ADDRESSES[address]
    text = as_markdown(block)
    assert ("](" in text) == (ADDRESSES[address] and not address.startswith("#"))
    assert re.search(r"words(\.|\]\([^()\s]+\)\.)$", text)


def test_code_of_markdown_ends_where_it_should() -> None:
    assert as_markdown([Paragraph(id="p", words=Code("a`<b>\n``c"))]) == "``` a`<b> ``c ```"


def test_a_terminal_shows_what_it_would_obey() -> None:
    assert visible("a\x1b]0;x\x07\nb\tc\u202e") == "a␛]0;x␇\nb\tc�"


def test_all_commands_print_by_the_screen() -> None:
    """It alone knows what a terminal obeys."""
    commands = folders.ROOT / "analysis" / "livingmeta" / "commands"
    for path in [*commands.glob("*.py"), commands.parent / "__main__.py"]:
        if path.name != "screen.py":
            assert "typer.echo(" not in path.read_text(encoding="utf-8"), path.name
