"""Render the notebooks, run afresh, and the pages beside them: python notebooks/render.py."""

import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from livingmeta.store import write

HERE = Path(__file__).parent


def page(path: Path, folder: Path) -> str:
    """Return a notebook, run from top to bottom, or a Markdown page as HTML for a folder."""

    def link(found: re.Match[str]) -> str:
        target, anchor = found[1], found[2] or ""
        if "/" not in target:
            return f"]({Path(target).stem}.html{anchor})"
        return f"]({os.path.relpath(HERE / target, folder)}{anchor})"

    if path.suffix == ".ipynb":
        notebook = nbformat.read(path, as_version=4)
        # A page has no kernel: the panels before a slider stay, the slider goes.
        notebook.cells = [cell for cell in notebook.cells if "slider" not in cell.metadata.get("tags", ())]
        NotebookClient(notebook, resources={"metadata": {"path": str(HERE)}}).execute()
    else:
        text = path.read_text(encoding="utf-8")
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    for cell in notebook.cells:
        cell.source = re.sub(r"\]\(([\w./]+\.(?:ipynb|md))(#[\w-]+)?\)", link, cell.source)
    html, _ = HTMLExporter().from_notebook_node(notebook, resources={"metadata": {"name": path.stem}})
    # Scripts for formulas and widgets, of which these pages have none, that other hosts would be asked for.
    return re.sub(r'<script src="https://[^"]*">\s*</script>', "", html)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "figures" / "notebooks"
    for path in sorted([*HERE.glob("*.ipynb"), *HERE.glob("*.md")]):
        print(write(folder / f"{path.stem}.html", page(path, folder)))
