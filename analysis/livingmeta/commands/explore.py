"""The page on which a reader pools a review anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from livingmeta import __version__, screen
from livingmeta.commands import printing
from livingmeta.commands.options import Folder, ReviewName

if TYPE_CHECKING:
    from pathlib import Path

    from livingmeta.multiverse import Multiverse
    from livingmeta.protocol import Review


def explore(review: ReviewName, *, out: Folder = "figures") -> None:
    """Write a page to switch trials and methods in a browser; it needs no network."""
    from pathlib import Path

    from livingmeta.multiverse import multiverse
    from livingmeta.review import load_review

    loaded = load_review(review)
    found: tuple[Multiverse, ...] = ()
    if loaded.protocol.choice:
        with screen.progress("Combining") as progress:
            found = multiverse(loaded, progress=progress)
    path = written(loaded, found, Path(out) / loaded.protocol.id)
    typer.echo(f"{path} written; open it in a browser.")
    printing.disclaimer()


def written(loaded: Review, found: tuple[Multiverse, ...], folder: Path) -> Path:
    """Write the page of a review, with its multiverse if there is one, into a folder."""
    from livingmeta.explorer import explorer_page
    from livingmeta.store import write

    page = explorer_page(loaded, version=__version__, multiverses=found)
    return write(folder / "explorer.html", page)
