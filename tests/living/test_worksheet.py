"""A panel decides beside the suggestions; what it writes is checked, kept, and never ours."""

import csv
import io
import json
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folders import ARM1, ARM2, as_csv, folder
from livingmeta.appraisal.certainty import (
    CERTAINTY_LEVELS,
    RATED_DOMAINS,
    Suggestion,
    rating,
    summary_of_findings,
)
from livingmeta.appraisal.dossier import Dossier
from livingmeta.language import language
from livingmeta.living.worksheet import worksheet
from livingmeta.pages.phrases import judged_line, judged_words
from livingmeta.pages.report import html, markdown
from livingmeta.review.folder import ReviewError, load_review, read_worksheet
from livingmeta.review.schema import Decision, columns

START = 'starting_certainty = "high"\n[groups]'
ROW = {
    "synthesis": "pain-short",
    "domain": "indirectness",
    "decision": "change",
    "levels": "-1",
    "reason": "most were athletes",
    "by": "A. Reviewer",
}
IMPRECISE = {
    **ROW,
    "domain": "imprecision",
    "suggested": "-1",
    "decision": "accept",
    "levels": "",
    "reason": "",
    "date": "2026-11-27",
}


def decided(path, *rows, start=True, toml=None, **tables):
    """Build a review whose panel decided so."""
    made = folder(path, toml=toml or (("[groups]", START) if start else ("", "")), **tables)
    if rows:
        (made / "certainty.csv").write_text(as_csv("certainty", list(rows)), encoding="utf-8")
    return made


def first(made):
    return summary_of_findings(load_review(made))[0]


def about(one, domain):
    return next(s for s in one.suggestions if s.about == domain)


def filled(text, **cells):
    """Fill cells of every row of a worksheet, as a person does in a spreadsheet."""
    head = [line for line in text.splitlines() if "#" in line[:3]]
    rows = list(csv.DictReader(io.StringIO("\n".join(text.splitlines()[len(head) :]))))
    held = io.StringIO()
    writer = csv.DictWriter(held, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({**row, **{name: value(row) for name, value in cells.items()}} for row in rows)
    return "\r\n".join(head) + "\r\n" + held.getvalue()


def test_a_panel_writes_fills_and_reads_back(tmp_path, say) -> None:
    made = decided(tmp_path / "review")
    sheet = tmp_path / "sheet.csv"
    said = say("certainty", str(made), "--worksheet", str(sheet), "--out", str(tmp_path / "none"))
    assert "6 rows, 6 of them new; 0 decided, 6 open." in said.flat
    assert f"Save it as {made / 'certainty.csv'}, and every page" in said.flat
    assert not (tmp_path / "none").exists()
    text = sheet.read_text("utf-8")
    assert "accept" not in text.replace("accept (with by: who accepts)", "")
    accepted = filled(
        text,
        decision=lambda row: "accept" if row["suggested"] else "change",
        levels=lambda row: "" if row["suggested"] else "0",
        reason=lambda row: "" if row["suggested"] else "we looked, and saw none",
        by=lambda row: "A. Reviewer, B. Reviewer",
        date=lambda row: "2026-11-27",
    )
    (made / "certainty.csv").write_bytes(accepted.encode())
    found = first(made)
    assert found.rating.level == "moderate"
    shown = say("certainty", str(made), "--out", str(tmp_path / "out")).flat
    assert "judged: moderate (starts high, levels down: 1)" in shown
    assert "−1, accepted (A." in shown  # the table breaks its lines
    document = json.loads(say("certainty", str(made), "--json").out)
    (row,) = document["summary_of_findings"]
    assert row["rating"]["level"] == "moderate"
    assert row["suggestions"][0]["decision"]["by"] == "A. Reviewer, B. Reviewer"
    assert row["overall"].endswith("judged: moderate (starts high, levels down: 1)")


def test_pages_show_suggestion_and_judgement_side_by_side(tmp_path) -> None:
    known = Dossier(review=load_review(decided(tmp_path, IMPRECISE, ROW)))
    given = {"figures": {}, "version": "1"}
    page, web = markdown(known, **given), html(known, **given)
    cells = "| imprecision | −1 | "
    assert cells in page
    assert "−1, accepted (A. Reviewer, 2026-11-27) |" in page
    assert "−1 instead of not assessable: most were athletes (A. Reviewer)</td>" in web
    open_line = "judged: open, 4 of 6 domains are not decided."
    assert open_line in page
    assert open_line in web
    norsk = markdown(known, lang="nb", **given)
    assert "−1, godtatt (A. Reviewer, 2026-11-27)" in norsk
    assert "−1 i stedet for kan ikke vurderes: most were athletes (A. Reviewer)" in norsk
    assert "Foreslått: ned 1 nivå eller mer (manglende presisjon −1), 5 av 6 områder" in norsk
    assert "vurdert: åpent, 4 av 6 områder er ikke avgjort." in norsk


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"by": ""}, "by: only a person can change a suggestion. Write who judged it."),
        ({"by": "?"}, 'by = "?": a name has letters. Write who judged it.'),
        ({"reason": ""}, "reason: a change needs its reason. Write why."),
        ({"levels": ""}, "levels: a change needs its levels. Write 0, -1 or -2."),
        ({"levels": "-3"}, 'levels = "-3": a domain lowers certainty by 0, 1 or 2 levels.'),
        ({"levels": "1"}, "Write 0, -1 or -2, as GRADE counts."),
        ({"levels": "−1"}, 'the minus sign is a typographic dash. Write "-1".'),
        ({"levels": "-1", "suggested": "-1"}, "this is what is suggested, and no change."),
        ({"decision": "agree"}, 'decision = "agree": choose one of accept, change, open.'),
        ({"decision": "chnge"}, "Did you mean change?"),
        ({"decision": "accept"}, "no level is suggested, so there is none to accept."),
        ({"decision": "accept", "suggested": "0"}, 'levels = "-1": what is accepted is 0.'),
        ({"decision": "accept", "suggested": "-1", "by": ""}, "only a person can accept"),
        ({"decision": "open"}, 'levels = "-1": the decision is open. Write accept or change'),
        ({"decision": ""}, 'levels = "-1": the decision is open.'),
        ({"synthesis": "pain-shirt"}, "there is no such synthesis. synthesis = 'pain-shirt'"),
        ({"subgroup": "women"}, "pain-short has no such subgroup. Leave it empty."),
        ({"domain": "inconsistancy"}, "Did you mean inconsistency?"),
        ({"date": "27.11.2026"}, 'date = "27.11.2026": this is not a date. Write it like'),
    ],
)
def test_a_row_that_is_no_decision_is_refused_in_plain_words(tmp_path, say, cells, said) -> None:
    bad = as_csv("certainty", [{**ROW, **cells}])
    made = decided(tmp_path / "a")
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(bad, encoding="utf-8")
    refused = say("certainty", str(made), "--worksheet", str(sheet))
    assert refused.status == 2
    assert said in " ".join(refused.err.split())
    assert "sheet.csv row 2, " in refused.err
    assert sheet.read_text("utf-8") == bad
    (made / "certainty.csv").write_text(bad, encoding="utf-8")
    with pytest.raises(ReviewError, match=r"certainty\.csv row 2, "):
        load_review(made)


def test_a_domain_is_decided_once_and_in_one_place(tmp_path) -> None:
    with pytest.raises(ReviewError, match=r"row 2 is about the same domain\. Keep one"):
        load_review(decided(tmp_path / "a", ROW, ROW))
    judged = (
        '\n[[judgement]]\nsynthesis = "pain-short"\nabout = "certainty"\njudgement = "low"\n'
        'why = "so"\nby = "me"\n\n[groups]'
    )
    with pytest.raises(ReviewError, match="a synthesis is judged in one place"):
        load_review(decided(tmp_path / "b", ROW, toml=("[groups]", judged)))
    left = {**ROW, "decision": "open", "levels": ""}
    one = first(decided(tmp_path / "c", left, toml=("[groups]", judged)))
    assert one.certainty.judgement == "low"


def test_a_suggestion_that_moved_since_is_said_to_have(tmp_path, say) -> None:
    stale = {**IMPRECISE, "suggested": "-2"}
    made = decided(tmp_path / "a", stale)
    one = first(made)
    assert judged_words(about(one, "imprecision")) == (
        "−2, accepted (A. Reviewer, 2026-11-27); the suggestion was −2 when judged, and is −1 now"
    )
    assert judged_line(one).endswith("look again at imprecision: what was suggested has moved since")
    assert "forslaget var −2 da det ble vurdert, og er −1 nå" in judged_words(
        about(one, "imprecision"), language=language("nb")
    )
    said = say("certainty", str(made), "--worksheet", str(tmp_path / "y.csv")).flat
    assert "row 2 (pain-short, imprecision): the suggestion was −2, and is −1 now." in said
    open_now = {**IMPRECISE, "suggested": "0", "decision": "open", "by": "", "date": ""}
    made = decided(tmp_path / "b", open_now)
    assert not about(first(made), "imprecision").moved
    said = say("certainty", str(made), "--worksheet", str(tmp_path / "x.csv")).flat
    assert "was none, and is −1 now. Delete the row and run --worksheet again" in said


# Cochrane Handbook 5.1, table 12.2.a: randomised trials are high, downgraded moderate,
# double-downgraded low, triple-downgraded very low; downgraded observational studies very low.
@pytest.mark.parametrize(
    ("start", "down", "level"),
    [
        ("high", 0, "high"),
        ("high", 1, "moderate"),
        ("high", 2, "low"),
        ("high", 3, "very low"),
        ("high", 6, "very low"),
        ("low", 0, "low"),
        ("low", 1, "very low"),
    ],
)
def test_certainty_follows_from_the_levels_as_the_handbook_has_it(start, down, level) -> None:
    levels = dict.fromkeys(RATED_DOMAINS, 0)
    for name in ("imprecision", "inconsistency", "indirectness"):
        levels[name], down = -min(2, down), max(0, down - 2)
    assert rating(suggested(levels), start=start).level == level


def suggested(levels):
    """Suggest nothing, and let a panel decide these levels."""
    return [
        Suggestion(
            about=name,
            levels=None,
            why="",
            judged=None,
            decision=Decision(
                file="certainty.csv",
                row=2,
                synthesis="a",
                domain=name,
                decision="change" if down is not None else "open",
                levels=down,
                reason="so",
                by="A",
            ),
        )
        for name, down in levels.items()
    ]


def test_publication_bias_is_counted_once() -> None:
    levels = dict.fromkeys(RATED_DOMAINS, 0) | {"small-study effects": -1, "missing evidence": -1}
    assert rating(suggested(levels), start="high").level == "moderate"


@given(
    st.fixed_dictionaries({name: st.sampled_from([None, 0, -1, -2]) for name in RATED_DOMAINS}),
    st.sampled_from([None, "high", "low"]),
)
def test_no_certainty_while_a_domain_or_the_start_is_open(levels, start) -> None:
    found = rating(suggested(levels), start=start)
    whole = start is not None and None not in levels.values()
    assert (found.level in CERTAINTY_LEVELS) == whole
    assert len(found.open) == sum(one is None for one in levels.values())


def test_what_is_not_said_leaves_certainty_open(tmp_path) -> None:
    rows = [{**ROW, "domain": name, "levels": "0"} for name in RATED_DOMAINS]
    one = first(decided(tmp_path / "a", *rows, start=False))
    assert one.rating.level is None
    assert "open, since review.toml does not say where it starts" in judged_line(one)
    assert first(decided(tmp_path / "b", start=False)).rating is None


def test_a_filled_worksheet_keeps_every_byte_and_gets_the_rows_it_lacks(tmp_path, say) -> None:
    made = decided(tmp_path / "a", IMPRECISE)
    sheet = made / "certainty.csv"
    mine = sheet.read_text("utf-8").replace("date\n", "date,ours\n").replace("27\n", "27,no 7\n")
    mine = "# of our meeting, in May\n" + mine
    sheet.write_text(mine, encoding="utf-8")
    said = say("certainty", str(made), "--worksheet", str(sheet)).flat
    assert "6 rows, 5 of them new; 1 decided, 5 open." in said
    assert "Save it as" not in said
    assert sheet.read_text("utf-8").startswith(mine)
    before = sheet.read_bytes()
    document = json.loads(say("certainty", str(made), "--worksheet", str(sheet), "--json").out)
    assert document == {
        "worksheet": str(sheet),
        "rows": 6,
        "added": 0,
        "decided": 1,
        "open": 5,
        "remarks": [],
    }
    assert sheet.read_bytes() == before
    elsewhere = tmp_path / "new.csv"  # begins with what is decided already
    assert say("certainty", str(made), "--worksheet", str(elsewhere)).status == 0
    assert elsewhere.read_bytes() == before


@pytest.mark.parametrize("name", ["sheet.xlsx", "sheet", "."])
def test_a_worksheet_is_a_csv_file(tmp_path, say, name) -> None:
    made = decided(tmp_path / "a")
    refused = say("certainty", str(made), "--worksheet", str(tmp_path / name))
    assert (refused.status, "end the name with .csv" in refused.err) == (2, True)


def in_women(path, *rows, toml=None):
    arms = [{**arm, "subgroup": "women"} for arm in (ARM1, ARM2)]
    return decided(path, *rows, outcomes=arms, toml=toml)


def test_a_subgroup_is_judged_apart_from_the_whole(tmp_path, say) -> None:
    made = in_women(tmp_path / "a", {**ROW, "subgroup": "women"})
    women, whole = summary_of_findings(load_review(made))
    assert (women.pool.subgroup, whole.pool.subgroup) == ("women", None)
    assert about(women, "indirectness").decision.by == "A. Reviewer"
    assert whole.rating is None
    sheet = say("certainty", str(made), "--worksheet", str(tmp_path / "x.csv"))
    assert "12 rows, 11 of them new" in sheet.flat
    judged = (
        '[[judgement]]\nsynthesis = "pain-short"\nabout = "certainty"\njudgement = "low"\n'
        'why = "so"\nby = "me"\n\n[[synthesis]]'
    )
    women, whole = summary_of_findings(load_review(in_women(tmp_path / "b", toml=("[[synthesis]]", judged))))
    assert (women.certainty, whole.certainty.judgement) == (None, "low")


def test_a_decision_that_no_page_shows_is_named(tmp_path, say) -> None:
    apart = ('title = "Pain, short term"', 'title = "Pain, short term"\noverall = false')
    with pytest.raises(ReviewError, match=r"not pooled as a whole .* Write one of women\."):
        load_review(in_women(tmp_path / "a", ROW, toml=apart))
    unused = [{**arm, "subgroup": "men", "use": "no", "note": "a slip"} for arm in (ARM1, ARM2)]
    men = {**ROW, "subgroup": "men"}
    made = decided(tmp_path / "b", men, outcomes=[ARM1, ARM2, *unused])
    said = say("certainty", str(made), "--out", str(tmp_path / "out")).flat
    assert "row 2 (pain-short, men, indirectness) is shown nowhere" in said


def test_a_reason_of_several_lines_stays_in_its_cell(tmp_path) -> None:
    one = {**ROW, "reason": "they were athletes,\nyoung | fit, and <b>paid</b>"}
    known = Dossier(review=load_review(decided(tmp_path, one)))
    page = markdown(known, figures={}, version="1")
    assert "they were athletes, young \\| fit, and \\<b>paid\\</b> (A. Reviewer) |" in page


def test_decisions_are_exported_with_what_each_column_means(tmp_path, say) -> None:
    made = decided(tmp_path, IMPRECISE)
    say("export", str(made), "--to", "frictionless", "--out", str(tmp_path / "out"))
    package = json.loads(next((tmp_path / "out").rglob("datapackage.json")).read_text("utf-8"))
    (table,) = [one for one in package["resources"] if one["name"] == "certainty"]
    kinds = {field["name"]: field["type"] for field in table["schema"]["fields"]}
    assert (kinds["levels"], kinds["suggested"], kinds["by"]) == ("integer", "integer", "string")


def test_what_was_judged_of_another_review_is_not_taken_over(tmp_path) -> None:
    base = decided(tmp_path, IMPRECISE)
    living = tmp_path / "living"
    folder(tmp_path / "x", outcomes=[], trials=[], reports=[], instruments=[], sources=[]).rename(living)
    protocol = living / "review.toml"
    text = protocol.read_text("utf-8").replace('id = "small"', f'id = "living"\nextends = "{base.name}"')
    protocol.write_text(text, encoding="utf-8")
    loaded = load_review(living)
    assert len(loaded.outcomes) == 2
    assert loaded.certainty == ()


CELLS = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), max_size=12
) | st.sampled_from(["accept", "change", "open", "-1", "0", "A. Reviewer", "2026-11-27", "#", '"'])


@cache
def bare():
    return load_review(decided(Path(tempfile.mkdtemp())))


@settings(deadline=None, max_examples=60)
@given(st.fixed_dictionaries(dict.fromkeys(columns(Decision), CELLS)))
def test_any_cells_are_refused_in_words_or_kept_as_they_are(cells) -> None:
    row = {**cells, "synthesis": "pain-short", "domain": "imprecision"}
    with tempfile.TemporaryDirectory() as held:
        path = Path(held) / "sheet.csv"
        path.write_bytes(as_csv("certainty", [row]).encode())
        try:
            text, rows = read_worksheet(bare(), path)
        except ReviewError as refusal:
            assert "sheet.csv row" in str(refusal)
            return
        made = worksheet(bare(), summary_of_findings(bare()), text=text, rows=rows)
        assert made.startswith(text)
        path.write_bytes(made.encode())
        (one, *others) = read_worksheet(bare(), path)[1]
        assert (one.reason or "", one.by or "") == (row["reason"].strip(), row["by"].strip())
        assert (len(others), {other.decided for other in others}) == (5, {None})
