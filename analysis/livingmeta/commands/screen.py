"""Printing: documents for programs, tables and lines for people."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer


def json(command: str, document: object) -> None:
    """Print one JSON document, as `documents.DOCUMENTS` has it of a command."""
    from livingmeta.pages.documents import text

    typer.echo(text(command, document))


def console() -> Any:
    """Return a console that prints text as it is."""
    from rich.console import Console

    return Console(highlight=False, markup=False, soft_wrap=False)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console().print(table)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Lend a callback that takes steps done and their number; after a second it shows a bar."""
    from time import monotonic

    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(what)
    begun = monotonic()

    def step(done: int, steps: int) -> None:
        if monotonic() - begun > 1:
            bar.start()
        bar.update(task, completed=done, total=steps)

    try:
        yield step
    finally:
        bar.stop()
