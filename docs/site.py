"""Makes the site of what lies in the repository; `mkdocs build` calls `on_config` first.

A page stands on the site where its file stands in the repository, so that one text with its links
serves both. What the program can say itself is never typed: blocks marked `console` are run, and
help, reports, explorers, notebooks and the names of the API are asked of it. What was made is kept
in .cache/, by what it was made of.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TABLES = ROOT / "docs" / "tables"
CACHE = ROOT / ".cache" / "site"
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(?:#[^)\s]*)?\)")
CONSOLE = re.compile(r"^```console(?P<shown>[^\n]*)\n(?P<typed>.*?)^```$", re.MULTILINE | re.DOTALL)
Made = dict[str, Path]  # by the place on the site


def environment() -> dict[str, str]:
    """Return a terminal of 80 columns, alike wherever the site is built."""
    plain = {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8", "MPLBACKEND": "agg"}
    return {**os.environ, **plain, "OPENBLAS_NUM_THREADS": "1"}  # as many run at once as there are cores


def answered(line: str, folder: Path) -> str:
    """Return what a command prints, typed in a folder.

    Raises
    ------
    RuntimeError
        If it refuses what was typed: a page shows what works.
    """
    words = shlex.split(line)
    if words[0] == "livingmeta":  # that of this environment, whatever PATH says
        words[0] = shutil.which("livingmeta", path=Path(sys.executable).parent) or "livingmeta"
    done = subprocess.run(
        words,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    if done.returncode not in (0, 1):  # 1 is an answer: `check` found something
        raise RuntimeError(f"$ {line}\n{done.stdout}")
    return done.stdout


def desk(folder: Path) -> Path:
    """Lay the reviews and the example tables into a folder, where nothing that runs can harm ours."""
    shutil.copytree(ROOT / "data", folder / "data", dirs_exist_ok=True)
    for table in TABLES.glob("*.*"):
        shutil.copy(table, folder)
    return folder


def run(page: Path, text: str, folder: Path) -> None:
    """Write a page with what its commands print, and beside it the files that it shows of theirs.

    Behind `console` stand the files that are shown under the block: pictures as pictures.
    """
    here = Path(tempfile.mkdtemp(prefix="livingmeta-"))
    if CONSOLE.search(text):
        desk(here)

    def block(found: re.Match[str]) -> str:
        lines = []
        for line in found["typed"].splitlines():
            lines += [line, answered(line.removeprefix("$ "), here).rstrip(), ""]
        shown = []
        for name in found["shown"].split():
            beside = folder / page.parent / "made" / page.stem / name
            beside.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(here / name, beside)
            picture = "!" if beside.suffix in {".png", ".svg"} else ""
            shown.append(f"{picture}[{name}](made/{page.stem}/{name})")
        return "\n".join(["```console", *lines[:-1], "```", "", *shown])

    written = folder / page
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(CONSOLE.sub(block, equations(text)), encoding="utf-8")
    shutil.rmtree(here)


def equations(text: str) -> str:
    """Turn blocks of LaTeX marked `math`, which GitHub draws, into MathML, which browsers draw."""

    def block(found: re.Match[str]) -> str:
        from latex2mathml.converter import convert

        return f'<div style="overflow-x: auto">{convert(found[1], display="block")}</div>'

    return re.sub(r"^```math\n(.*?)\n```$", block, text, flags=re.MULTILINE | re.DOTALL)


# --- what is made, and kept ---


@cache
def program() -> str:
    """Return a hash of what answers: the package, its data and the example tables."""
    files = [*TABLES.iterdir()]
    files += [path for folder in ("analysis", "data") for path in (ROOT / folder).rglob("*.*")]
    return digest(path.read_bytes() for path in sorted(files) if path.is_file() and path.suffix != ".pyc")


def digest(parts: Iterable[bytes]) -> str:
    """Return a short hash of texts."""
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]


def kept(name: str, text: str, make: Callable[[Path], object]) -> Made:
    """Return what a function makes in a folder, made anew if its text or the program is another."""
    folder = CACHE / name / digest([program().encode(), text.encode()])
    if not folder.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        under_way = folder.with_suffix(".part")
        under_way.mkdir(parents=True)
        make(under_way)
        under_way.rename(folder)
    paths = (path for path in folder.rglob("*.*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in paths}


def examples() -> dict[str, list[tuple[str, str]]]:
    """Return the lines of docs/commands.md by command, each with what it says behind it."""
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    by_command: dict[str, list[tuple[str, str]]] = {}
    for line in re.findall(r"^livingmeta .*", text, re.MULTILINE):
        typed, _, about = line.partition(" # ")
        by_command.setdefault(shlex.split(typed)[1], []).append((typed.strip(), about.strip()))
    return by_command


def command_page(name: str, lines: list[tuple[str, str]]) -> str:
    """Return the page of a command: its help, and what its first example prints."""
    page = [f"# {name}", "", "```console", f"$ livingmeta {name} --help", "```", ""]
    typed, about = lines[0]
    # They ask, or need papers and a network: a page can't answer.
    if name in {"add", "fill", "read", "screen", "search"}:
        return "\n".join(page)
    typed = re.sub(r"\bFILE\b", "bcg.csv", re.sub(r"\bNAME\b", "bcg", typed))
    typed = typed.replace("docs/tables/", "")  # which lie on the desk
    page += ["## An example", "", f"{about[:1].upper()}{about[1:]}:" if about else "", ""]
    page += ["```console", f"$ {typed}", "```", ""]
    if len(lines) > 1:
        page += ["More of it:", "", "```sh", *(f"{more}  # {why}" for more, why in lines[1:]), "```", ""]
    return "\n".join(page)


def commands() -> dict[str, str]:
    """Return the page of each command, by its place."""
    return {f"docs/commands/{name}.md": command_page(name, lines) for name, lines in examples().items()}


def api() -> dict[str, str]:
    """Return the pages of the public names: one for each kind of call, one for what they take and give."""
    from livingmeta import __all__ as names

    stub = (ROOT / "analysis" / "livingmeta" / "__init__.pyi").read_text(encoding="utf-8")
    kinds: dict[str, list[str]] = {}
    for module, name in re.findall(r"^from \.(\S+) import \w+ as (\w+)$", stub, re.MULTILINE):
        room, _, kind = module.partition(".")
        kinds.setdefault(kind if room == "calls" else "objects", []).append(name)
    if sorted(chain(*kinds.values())) != sorted(names):
        raise RuntimeError("__init__.pyi hands on names in lines that docs/site.py does not read")
    return {
        f"docs/api/{kind}.md": "\n".join(
            [f"# {kind.capitalize()}", "", *(f"::: livingmeta.{name}\n" for name in of)]
        )
        for kind, of in kinds.items()
    }


@cache
def listed() -> dict[str, str]:
    """Return the question of each review."""
    return {one["review"]: one["question"] for one in json.loads(answered("livingmeta reviews --json", ROOT))}


def reviews(folder: Path) -> None:
    """Write report, explorer and figures of every review, and the gallery."""
    for name in listed():
        answered(f"livingmeta run {name} --out {folder / 'figures'}", ROOT)
        (folder / "figures" / name / "report.md").unlink()  # for readers of the repository


def notebook(path: Path, folder: Path) -> None:
    """Write a notebook, run afresh, as a page."""
    code = "import sys, render, pathlib; sys.stdout.write(render.page(*map(pathlib.Path, sys.argv[1:])))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(path.parent)],
        cwd=path.parent,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    # Of links to pages of the repository, links to those of the site.
    html = re.sub(r'href="([\w./-]+?)\.(?:md|html)(#[\w-]+)?"', _to_page, done.stdout)
    html = html.replace("./#in-the-cloud", cloud(path.name))
    written = folder / "notebooks" / f"{path.stem}.html"
    written.parent.mkdir()
    written.write_text(html, encoding="utf-8")


def cloud(name: str) -> str:
    """Return what opens a notebook on Binder, where the site knows the repository that it is built of."""
    at = os.environ.get("REPOSITORY_URL", "").removeprefix("https://github.com/")
    return f"https://mybinder.org/v2/gh/{at}/HEAD?labpath=notebooks/{name}" if at else "./#in-the-cloud"


def _to_page(found: re.Match[str]) -> str:
    """Point a link of a notebook to where the site has it."""
    folder, name = os.path.split(found[1])
    if name == "README":
        page = f"{folder or '.'}/"
    else:
        page = f"{found[1]}.html" if re.match(r"\d\d_", name) else f"{found[1]}/"
    return f'href="{page}{found[2] or ""}"'


def start(pages: dict[str, str]) -> str:
    """Return the page that the site begins with, one file: every review, and the documentation.

    Parameters
    ----------
    pages : dict of str to str
        Where pages of the documentation are, by their names.
    """
    from livingmeta.appraisal.dossier import Dossier
    from livingmeta.pages.answers import verdict
    from livingmeta.pages.template import page, theme
    from livingmeta.review.folder import load_review

    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    shown = []
    for name in listed():
        known = Dossier(review=load_review(name))
        links = {kind: f"figures/{name}/{kind.lower()}.html" for kind in ("Report", "Explorer")}
        protocol = known.review.protocol
        texts = {"title": protocol.title, "question": protocol.question, "verdict": verdict(known.pools)}
        shown.append({"name": name, **texts, "links": links | {"Gallery": f"figures/#{name}"}})
    return page("start.html.j2", theme=theme(), about=readme[2], reviews=shown, pages=pages)


def everything(pages: Iterable[str]) -> Made:
    """Return all that is made: pages with outputs, commands, names, reviews and notebooks."""
    # The gallery of the repository shows what is committed; `reviews` writes that of all.
    texts = {page: (ROOT / page).read_text(encoding="utf-8") for page in pages if page != "figures/README.md"}
    # As pages these have the sliders' panels, the pictures, the reader's own filters.
    texts = {page: re.sub(r"(/report)\.md\)|\.ipynb\)", r"\1.html)", text) for page, text in texts.items()}
    texts |= commands() | api()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(kept, "figures", "", reviews)]
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            beside = (path, path.parent / "teaching.py", path.parent / "render.py")
            text = "".join(part.read_text(encoding="utf-8") for part in beside) + cloud(path.name)
            jobs.append(pool.submit(kept, path.name, text, lambda folder, path=path: notebook(path, folder)))
        for page, text in texts.items():
            make = lambda folder, page=page, text=text: run(Path(page), text, folder)  # noqa: E731
            jobs.append(pool.submit(kept, page, text, make))
        return {place: path for job in jobs for place, path in job.result().items()}


# --- what mkdocs calls ---


def laid(pages: Iterable[str]) -> Path:
    """Lay out the site's pages, what they link to and what is made, each at its place, in a folder."""
    made = everything(pages)
    places: set[str] = set()
    waiting = [*pages, *made]
    folder = CACHE / "pages"
    shutil.rmtree(folder, ignore_errors=True)
    while waiting:
        place = waiting.pop()
        path = made.get(place, ROOT / place)
        if place in places or not path.is_file():
            continue  # mkdocs names a link that leads nowhere
        places.add(place)
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / place)
        if path.suffix == ".md":
            text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
            beside = (os.path.normpath(Path(place).parent / target) for target in LINK.findall(text))
            waiting += [Path(target).as_posix() for target in beside if not target.startswith("..")]
    return folder


def on_config(config: Any) -> Any:
    """Let mkdocs read the pages that were laid out, each command and each kind of call among them."""
    from livingmeta.__main__ import TASKS

    pages = re.findall(r"[\w/.-]+\.md", json.dumps(config.nav))
    config.docs_dir = str(laid(pages))
    made: dict[str, list[Any]] = {
        "docs/commands/*": [
            {task: [f"docs/commands/{name}.md" for name in names]} for task, names in TASKS.items()
        ],
        "docs/api/*": sorted(api()),
    }
    if address := os.environ.get("REPOSITORY_URL"):  # not `repo_url`: that asks GitHub for stars
        config.extra["social"] = [{"icon": "fontawesome/brands/github", "link": address}]

    def opened(entry: Any) -> list[Any]:
        if isinstance(entry, dict):
            ((title, inner),) = entry.items()
            return [{title: [*chain(*map(opened, inner))]} if isinstance(inner, list) else entry]
        return made.get(entry, [entry])

    config.nav = [*chain(*map(opened, config.nav))]
    return config


def address(entry: Any) -> str:
    """Return where the site has the first page of an entry of its navigation."""
    while not isinstance(entry, str):
        entry = entry[0] if isinstance(entry, list) else next(iter(entry.values()))
    folder, name = os.path.split(entry.removesuffix(".md"))
    return f"{folder}/" if name == "README" else f"{folder}/{name}/".lstrip("/")


def on_post_build(config: Any) -> None:
    """Begin the site with its start page, of which pages of the documentation know as the README."""
    entries = {title: address(of) for entry in config.nav for title, of in entry.items()}
    pages = {title: to for title, to in entries.items() if to not in {"/", "figures/"}}
    (Path(config.site_dir) / "index.html").write_text(start(pages), encoding="utf-8")
