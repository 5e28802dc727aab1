"""The tables of a paper that somebody holds."""

from __future__ import annotations

from pathlib import Path

from livingmeta.exchange.paper_tables import PaperTable, tables
from livingmeta.exchange.papers import open_paper
from livingmeta.printer import Several


def read_tables(paper: str | Path) -> Several[PaperTable]:
    """Read the tables of a paper: each cell in its place, with its headings and what is doubtful.

    Parameters
    ----------
    paper : str or Path
        A PDF, a JATS XML or an HTML page.

    Returns
    -------
    tuple of PaperTable
        In the paper's order, found by label as well: `read_tables("paper.xml")["Table 2"]`. Parts of a
        table that is continued under its name are one.

    Raises
    ------
    ValueError
        For a scan, a locked or damaged file, or one of another kind.

    References
    ----------
    National Information Standards Organization. JATS: Journal Article Tag Suite, version 1.3.
    ANSI/NISO Z39.96-2021.

    Examples
    --------
    >>> from livingmeta import read_tables
    >>> try:
    ...     read_tables("no_such_paper.xml")
    ... except ValueError as refusal:
    ...     print(refusal)
    no_such_paper.xml: there is no such file. Check its name.
    """
    return Several(tables(open_paper(Path(paper))))
