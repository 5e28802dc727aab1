"""The page on which a reader pools a review anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from livingmeta import __version__
from livingmeta.commands import printing
from livingmeta.commands.options import Folder, ReviewName

if TYPE_CHECKING:
    from pathlib import Path

    from livingmeta.appraisal.dossier import Dossier


def explore(review: ReviewName, *, out: Folder = "figures") -> None:
    """Write a page to switch trials and methods in a browser; it needs no network."""
    from pathlib import Path

    from livingmeta.appraisal.dossier import Dossier
    from livingmeta.review.folder import load_review

    known = Dossier(review=load_review(review))
    typer.echo(
        f"{written(known, Path(out) / known.review.protocol.id)} written; open it in a browser."
    )
    printing.disclaimer()


def written(known: Dossier, folder: Path) -> Path:
    """Write the page of a review into a folder."""
    from livingmeta.pages.explorer import explorer_page
    from livingmeta.store import write

    return write(folder / "explorer.html", explorer_page(known, version=__version__))
