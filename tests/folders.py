"""Builds small review folders for the tests, from the template that users copy."""

import csv
import io
import shutil
from pathlib import Path

from livingmeta.review.schema import OPTIONAL, TABLES, columns

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "data" / "template"
SOURCE = {"source": "paper", "kind": "report", "citation": "A paper", "reading": "primary"}
TRIAL = {
    "trial": "alpha2001",
    "label": "Alpha 2001",
    "year": "2001",
    "n_randomised": "80",
    "membership": "documented",
    "membership_why": "listed",
    "source": "paper",
}
REPORT = {"report": "alpha", "trial": "alpha2001", "citation": "Alpha A. 2001"}
INSTRUMENT = {
    "instrument": "vas",
    "name": "VAS",
    "domain": "pain",
    "min": "0",
    "max": "10",
    "better": "lower",
    "source": "paper",
}
ARM = {
    "trial": "alpha2001",
    "report": "alpha",
    "outcome": "pain",
    "instrument": "vas",
    "weeks": "12",
    "statistic": "final",
    "n": "40",
    "source": "paper",
    "locator": "table 1",
    "use": "yes",
}
ARM1 = {**ARM, "group": "1", "mean": "3.0", "sd": "1.5", "quote": "3.0 (1.5)"}
ARM2 = {**ARM, "group": "2", "mean": "4.0", "sd": "2.0", "quote": "4.0 (2.0)"}
DIFFERENCE = {
    **{name: cell for name, cell in ARM.items() if name != "n"},
    "group": "difference",
    "measure": "MD",
    "n1": "40",
    "n2": "40",
    "mean": "-1.0",
    "ci_low": "-1.8",
    "ci_high": "-0.2",
    "ci_level": "95",
    "quote": "-1.0 (-1.8 to -0.2)",
}

Rows = list[dict[str, str]]


def folder(path: Path, *, toml: tuple[str, str] = ("", ""), **tables: Rows) -> Path:
    """Write a review of one trial with two arms; `tables` replace rows, `toml` a passage."""
    review = path / "small"
    shutil.copytree(TEMPLATE, review)
    protocol = review / "review.toml"
    text = protocol.read_text(encoding="utf-8").replace('id = "template"', 'id = "small"')
    assert toml[0] in text
    protocol.write_text(text.replace(*toml), encoding="utf-8")
    rows: dict[str, Rows] = {
        "sources": [SOURCE],
        "trials": [TRIAL],
        "reports": [REPORT],
        "instruments": [INSTRUMENT],
        "outcomes": [ARM1, ARM2],
        **tables,
    }
    for table, written in rows.items():
        (review / f"{table}.csv").write_text(as_csv(table, written), encoding="utf-8")
    return review


def as_csv(table: str, rows: Rows) -> str:
    """Write rows under the header of a table."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns({**TABLES, **OPTIONAL}[table])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
