"""The pages of the site are laid out as the repository is, and what they show was said by the program."""

import re
import runpy
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from livingmeta.__main__ import TASKS
from livingmeta.synthesis.profiles import METHOD_CHOICES, PROFILES

ROOT = Path(__file__).parents[1]
SITE = runpy.run_path(str(ROOT / "docs" / "site.py"))
NAV = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
PAGES = re.findall(r"[\w/.-]+\.md", NAV.partition("\nnav:\n")[2])


def test_every_page_of_the_documentation_is_in_the_navigation() -> None:
    assert {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md")} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_navigation_and_what_it_links_to_is_there(page: str) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in SITE["LINK"].findall(text):
        assert ((ROOT / page).parent / target).exists(), target


def test_the_defaults_of_other_programs_are_told_as_the_profiles_have_them() -> None:
    page = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    assert f"| | {' | '.join(f'`{name}`' for name in PROFILES)} |" in page
    for choice, words in METHOD_CHOICES.items():
        row = [words, *(str(getattr(profile, choice)) for profile in PROFILES.values())]
        assert f"| {' | '.join(row)} |" in page


def test_every_command_is_shown_under_its_task() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    shown: dict[str, list[str]] = {}
    for task, command in re.findall(r"^(?:## (.+)|livingmeta (\S+).*)$", page, re.MULTILINE):
        if task:
            shown[task] = []
        elif command not in (listed := list(shown.values())[-1]):
            listed.append(command)
    assert {task: shown[task] for task in TASKS} == {task: list(names) for task, names in TASKS.items()}


@pytest.mark.slow
def test_a_block_shows_what_its_commands_print(tmp_path: Path) -> None:
    text = "```console bcg.csv\n$ livingmeta --version\n$ livingmeta pool bcg.csv --json\n```\n"
    SITE["run"](Path("docs/page.md"), text, tmp_path)
    shown = (tmp_path / "docs" / "page.md").read_text(encoding="utf-8")
    assert re.search(r"\$ livingmeta --version\nlivingmeta \d+\.\d+\.\d+\n", shown)
    assert '"tau2":' in shown
    assert "[bcg.csv](made/page/bcg.csv)" in shown
    assert (tmp_path / "docs" / "made" / "page" / "bcg.csv").is_file()


@pytest.mark.slow
def test_a_command_that_refuses_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"nothing\.csv"):
        SITE["run"](Path("docs/page.md"), "```console\n$ livingmeta pool nothing.csv\n```\n", tmp_path)


def test_an_equation_needs_no_script() -> None:
    pytest.importorskip("latex2mathml")
    assert "<mfrac>" in SITE["equations"]("```math\nw_i = \\frac{1}{v_i + \\tau^2}\n```")


@pytest.mark.slow
def test_the_first_page_leads_to_places_that_are_there() -> None:
    site = ROOT / "site"
    if not (site / "index.html").is_file():
        pytest.skip("no site here; `mkdocs build --strict` makes it")
    links = re.findall(r'href="(?!data:|#)([^"]+)"', (site / "index.html").read_text(encoding="utf-8"))
    assert {f"figures/#{name}" for name in ("smith2017", "living", "knee_oa")} <= set(links)
    for link in links:
        place, _, anchor = link.partition("#")
        page = site / place / "index.html" if place.endswith("/") else site / place
        assert not anchor or f'id="{anchor}"' in page.read_text(encoding="utf-8"), link
        assert page.is_file(), link


@pytest.mark.slow
@pytest.mark.parametrize(
    "place",
    [
        "",
        "docs/tour/",
        "docs/equations/",
        "docs/api/pooling/",
        "figures/",
        "notebooks/03_pooling_by_hand.html",
    ],
)
def test_a_page_asks_nothing_of_other_hosts(place: str, chromium: Any) -> None:
    if not (ROOT / "site" / "index.html").is_file():
        pytest.skip("no site here; `mkdocs build --strict` makes it")
    serve = partial(SimpleHTTPRequestHandler, directory=str(ROOT / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        home = f"http://127.0.0.1:{server.server_port}/"
        page = chromium.new_page()
        asked: list[str] = []
        wrong: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(home + place)
        page.wait_for_load_state("networkidle")
        page.close()
        server.shutdown()
    assert wrong == []
    assert {url for url in asked if not url.startswith((home, "data:", "blob:"))} == set()
    assert asked
