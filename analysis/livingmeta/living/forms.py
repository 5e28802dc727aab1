"""One flat form for new results, that a person fills in a spreadsheet, and the rows it makes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from functools import partial

from livingmeta.engine.measures import MEASURES
from livingmeta.exchange.entry import EntryError, read_result
from livingmeta.exchange.sheets import Sheet, as_csv
from livingmeta.living.drafts import (
    Cells,
    Draft,
    empty,
    new_instrument,
    new_report,
    new_source,
    side_of,
    signed,
    taken,
    use_of,
)
from livingmeta.review.protocol import Review
from livingmeta.review.schema import TABLES, Problem, columns
from livingmeta.words import RefusalError, key_of

# Column of the form: table, column whose description explains it, or words of our own.
TRIAL = dict.fromkeys(
    (
        *("label", "year", "condition", "n_randomised", "n1_randomised", "n2_randomised", "arm1", "arm2"),
        *("pain_rule1", "pain_rule2", "treatment_weeks", "randomised", "registration", "membership_why"),
    ),
    "trials",
)
SOURCE = dict.fromkeys(("citation", "doi", "url", "kind"), "sources")
SCALE = dict.fromkeys(("instrument", "instrument_name", "domain", "min", "max", "better"), "instruments")
RESULT = {
    **dict.fromkeys(("outcome", "weeks", "statistic", "group", "n", "n1", "n2"), "outcomes"),
    "result": "",
    "measure": "outcomes",
    "negative_favours": "",
    **dict.fromkeys(("adjusted", "cluster_adjusted", "cluster_size", "icc", "icc_from"), "outcomes"),
    **dict.fromkeys(("design_effect", "locator", "quote", "assumption"), "outcomes"),
}
FORM = {**TRIAL, **SOURCE, **SCALE, **RESULT}
HELP = {
    "label": "name and year of the trial, as a forest plot prints it; the other columns about the "
    "trial are filled in its first row only",
    "result": "as printed: 37.2 (SD 14.1), 29 (95% CI 6 to 52), median 3 (IQR 2 to 4), 12 of 40, p = 0.03",
    "negative_favours": "of a standardised difference (SMD): which group a negative value of it "
    "favours, as printed: 1 or 2; unknown where the source does not say, and it is then not used",
    "instrument": "key of a scale the review knows; or give instrument_name, domain and better",
    "instrument_name": "name of a scale that is new to the review",
    "kind": "what you read: report, abstract, registry, review, thesis",
}


def help_of(column: str) -> str:
    """Return what a column of the form may hold."""
    if column in HELP:
        return HELP[column]
    return str(columns(TABLES[FORM[column]])[column].description)


def form_csv(review: Review) -> str:
    """Write the empty form as CSV, with the help in comment rows."""
    lines = [*preface(review), *(f"{column}: {help_of(column)}" for column in FORM)]
    return as_csv([f"# {line}"] for line in lines) + as_csv([FORM])


def preface(review: Review) -> list[str]:
    """Say how the form is filled."""
    groups = review.protocol.groups
    scales = ", ".join(f"{instrument.instrument} ({instrument.name})" for instrument in review.instruments)
    outcomes = ", ".join(dict.fromkeys(plan.outcome for plan in review.protocol.synthesis))
    return [
        f"New results for {review.protocol.id}. One row per group and time, or per difference.",
        f"Group 1 is {groups.group1}, group 2 is {groups.group2}; group difference is 1 minus 2.",
        "Leave empty what the report does not say. Rows that begin with # are comments.",
        f"Outcomes: {outcomes}. Scales that are known: {scales or 'none yet'}.",
    ]


def form_xlsx(review: Review) -> bytes:
    """Write the empty form as an Excel workbook, with the help on a sheet of its own."""
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Font

    book = Workbook()
    page = book.active
    page.title = "results"
    page.append(list(FORM))
    for cell in page[1]:
        cell.font = Font(bold=True)
        cell.comment = Comment(help_of(str(cell.value)), "livingmeta")
        page.column_dimensions[cell.column_letter].width = 16
    page.freeze_panes = "B2"
    guide = book.create_sheet("help")
    for line in preface(review):
        guide.append([line])
    guide.append([])
    guide.append(["column", "what it holds"])
    for column in FORM:
        guide.append([column, help_of(column)])
    guide.column_dimensions["A"].width, guide.column_dimensions["B"].width = 18, 100
    for cell in (cell for sheet in book for row in sheet.iter_rows() for cell in row):
        if isinstance(cell.value, str):
            cell.data_type = "s"  # openpyxl takes what begins with = for a formula
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


class FormError(RefusalError):
    """A filled form with something wrong in it; the message lists all of it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))


def _problem(file: str, row: int, filled: Cells, column: str, reason: str, remedy: str) -> Problem:
    value = filled.get(column) or None
    return Problem(file=file, row=row, column=column, value=value, reason=reason, remedy=remedy)


def _carried(sheet: Sheet) -> Iterator[tuple[int, Cells, Cells]]:
    """Yield each row of a form as it is filled, and with what it takes over from the row above."""
    last: Cells = {}
    for number, filled in sheet.rows:
        cells = {name: filled.get(name, "") for name in FORM}
        carried = ("label", *SOURCE, "outcome", "weeks", "statistic", "locator")
        cells |= {
            name: last.get(name, "")
            for name in carried
            if not cells[name] and (name != "locator" or not cells["quote"])
        }
        last = cells
        yield number, filled, cells


def draft_of(review: Review, sheet: Sheet) -> Draft:
    """Turn a filled form into rows.

    Raises
    ------
    FormError
        For columns that are not those of the form, and for every cell that can't be used.
    """
    problems = [
        Problem(
            file=sheet.file,
            column=name,
            reason="the form has no such column",
            remedy="`livingmeta template` writes an empty one.",
        )
        for name in sheet.header
        if name not in FORM
    ]
    if not sheet.rows:
        remedy = "Fill one row per group and time."
        problems.append(Problem(file=sheet.file, reason="no row is filled", remedy=remedy))
    if problems:
        raise FormError(problems)
    draft = empty(review)
    labels = {trial.label.lower(): trial.trial for trial in review.trials}
    cited: dict[str, str] = {source.citation: source.source for source in review.sources}
    for number, filled, cells in _carried(sheet):
        wrong = partial(_problem, sheet.file, number, filled)
        if not cells["label"]:
            problems.append(wrong("label", "the row names no trial", "Write its name and year."))
            continue
        if not cells["citation"]:
            problems.append(wrong("citation", "the row names no source", "Say how to cite what you read."))
            continue
        trial = labels.get(cells["label"].lower())
        new_trial = trial is None
        if trial is None:
            trial = labels[cells["label"].lower()] = key_of(cells["label"], taken(review, draft, "trials"))
        source = cited.get(cells["citation"])
        if source is None:
            about = {name: cells[name] for name in ("citation", "doi", "url")}
            kind = cells["kind"] or "report"
            source = cited[cells["citation"]] = new_source(review, draft, key=trial, kind=kind, **about)
        if new_trial:
            year = cells["year"] or next(iter(re.findall(r"\b(?:19|20)\d\d\b", cells["label"])), "")
            draft["trials"].append(
                {
                    **{name: cells[name] for name in TRIAL},
                    "trial": trial,
                    "year": year,
                    "membership": "documented",
                    "source": source,
                }
            )
        report = _report(review, draft, trial, cells)
        instrument = _scale(review, draft, cells, source)
        try:
            entry = read_result(cells["result"], difference=cells["group"] == "difference")
        except EntryError as refusal:
            reason, _, remedy = str(refusal).partition(". ")
            problems.append(wrong("result", reason.rstrip("."), remedy))
            continue
        for question in entry.open:
            problems.append(wrong("result", *OPEN[question]))
        use, _ = use_of(
            review, trial=trial, outcome=cells["outcome"], instrument=instrument, weeks=cells["weeks"]
        )
        row = {
            **entry.cells,
            **{name: cells[name] for name in RESULT if cells[name] and FORM[name]},
            "trial": trial,
            "report": report,
            "source": source,
            "instrument": instrument,
            "statistic": cells["statistic"] or "final",
            "use": use,
        }
        if lacking := _side(review, draft, row, cells["negative_favours"]):
            problems.append(wrong("negative_favours", *lacking))
        draft["outcomes"].append(row)
    if problems:
        raise FormError(problems)
    return draft


OPEN: Mapping[str, tuple[str, str]] = {
    "spread": ("it does not say what the two numbers are", "Write 95% CI, IQR or range before them."),
    "centre": (
        "it does not say whether the first number is a mean or a median",
        "Write mean or median before it.",
    ),
    "sd_or_se": (
        "it does not say whether the second number is an SD or an SE",
        "Write it like 37.2 (SD 14.1).",
    ),
    "level": ("the interval has no level", "Write it like −0.3 (95% CI −0.6 to 0.1)."),
}


def _side(review: Review, draft: Draft, row: Cells, printed: str) -> tuple[str, str] | None:
    """Turn a standardised difference to the side wanted; return what is wrong and what to do."""
    measure = MEASURES.get(row.get("measure", ""))
    wanted = side_of(review, draft, outcome=row.get("outcome", ""), instrument=row["instrument"])
    turned = measure is not None and measure.standardised and bool(row.get("mean"))
    if (not turned or wanted == "unknown") and not printed:
        return None
    if not turned:
        return (
            "only a standardised difference needs it; others are group 1 minus group 2",
            "Leave it empty here.",
        )
    if wanted == "unknown":
        return (
            "nothing says which sign is the good one in this review",
            "Fill better, or negative_favours in review.toml; or write the result as group 1 minus "
            "group 2, and leave this empty.",
        )
    if printed not in {"1", "2", "unknown"}:
        return (
            "it does not say which group a negative value of this standardised difference favours, "
            "as printed",
            "Write 1, 2 or unknown.",
        )
    row.update(signed(review, row, printed=printed, wanted=wanted))
    return None


def _report(review: Review, draft: Draft, trial: str, cells: Cells) -> str:
    for report in review.reports:
        if report.trial == trial and (
            report.citation == cells["citation"] or (cells["doi"] and report.doi == cells["doi"])
        ):
            return report.report
    for row in draft["reports"]:
        if (row["trial"], row["citation"]) == (trial, cells["citation"]):
            return row["report"]
    return new_report(review, draft, trial=trial, citation=cells["citation"], doi=cells["doi"])


def _scale(review: Review, draft: Draft, cells: Cells, source: str) -> str:
    if cells["instrument"] or not cells["instrument_name"]:
        return cells["instrument"]
    for instrument in review.instruments:
        if instrument.name.lower() == cells["instrument_name"].lower():
            return instrument.instrument
    for row in draft["instruments"]:
        if row["name"].lower() == cells["instrument_name"].lower():
            return row["instrument"]
    about = {name: cells[name] for name in ("domain", "min", "max", "better")}
    return new_instrument(review, draft, {"name": cells["instrument_name"], **about, "source": source})
