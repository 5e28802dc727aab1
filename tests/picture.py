"""The picture of the explorer at the top of the README, taken of the committed page in Chromium.

Run: python tests/picture.py  (after `livingmeta run smith2017`; writes docs/explorer.png anew)
"""

from pathlib import Path

from playwright.sync_api import sync_playwright

from browser import CHROMIUM

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "figures" / "smith2017" / "explorer.html"
PICTURE = ROOT / "docs" / "explorer.png"

if __name__ == "__main__":
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 890})
        page.goto(PAGE.as_uri())
        page.screenshot(path=PICTURE)
        browser.close()
