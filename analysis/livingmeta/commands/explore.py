"""The page on which a reader pools a review anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from livingmeta import __version__, screen
from livingmeta.commands import printing
from livingmeta.commands.options import Folder, ReviewName

if TYPE_CHECKING:
    from livingmeta.multiverse import Multiverse


def explore(review: ReviewName, *, out: Folder = "figures") -> None:
    """Write a page to switch trials and methods in a browser; it needs no network."""
    from pathlib import Path

    from livingmeta.explorer import explorer_page
    from livingmeta.multiverse import multiverse
    from livingmeta.review import load_review
    from livingmeta.store import write

    loaded = load_review(review)
    found: tuple[Multiverse, ...] = ()
    if loaded.protocol.choice:
        with screen.progress("Combining") as progress:
            found = multiverse(loaded, progress=progress)
    path = Path(out) / loaded.protocol.id / "explorer.html"
    write(path, explorer_page(loaded, version=__version__, multiverses=found))
    typer.echo(f"{path} written; open it in a browser.")
    printing.disclaimer()
