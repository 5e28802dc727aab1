"""Pages in a real browser: Debian's Chromium, driven by playwright, which downloads nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
AT_HOME = ("file:", "data:", "blob:", "about:")


# One per module and no longer: while playwright runs, nothing else in the process can run asyncio.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here; install Debian's (apt-get install chromium) to test pages")
    playwright_api = pytest.importorskip("playwright.sync_api", reason='pip install -e ".[dev]"')
    with playwright_api.sync_playwright() as playwright:
        # Its sandbox does not start for root, who runs the tests in a container.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open a file as a page; at the end, fail for any complaint and anything it fetched."""
    wrong: list[str] = []
    contexts = []

    def opened(path: Path | None = None, *, fragment: str = "", **context: Any) -> Page:
        made = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
        contexts.append(made)
        page = made.new_page()
        page.set_default_timeout(5000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None
        )
        page.on("request", lambda asked: None if asked.url.startswith(AT_HOME) else wrong.append(asked.url))
        if path is not None:
            page.goto(path.resolve().as_uri() + fragment)
        return page

    yield opened
    for made in contexts:
        made.close()
    assert wrong == []
