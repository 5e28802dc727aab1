"""The committed numbers are those computed today, and what moves one is named."""

import csv
import io
import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from folders import ROOT, as_csv, folder
from livingmeta.audit import lock
from livingmeta.audit.lock import hashes, verified
from livingmeta.audit.results import results_of
from livingmeta.pages.changelog import changelog_line, with_line
from livingmeta.review.folder import load_review
from livingmeta.words import RefusalError

REVIEWS = ("smith2017", "living", "knee_oa")


def committed(review: str) -> dict:
    text = (ROOT / "data" / review / lock.NAME).read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the reviews with a changelog, in which a test may change what it likes."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## Unreleased\n\n### Evidence\n\n### Code\n\n- old line\n\n## 0.1.0\n\n"
        "### Evidence\n\n- first\n",
        encoding="utf-8",
    )
    return tmp_path


def change_cell(path: Path, row: int, column: str, value: str) -> dict[str, str]:
    """Change one cell; return the row as it was."""
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    was = dict(rows[row])
    rows[row][column] = value
    text = io.StringIO()
    writer = csv.DictWriter(text, list(was), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    return was


@pytest.mark.parametrize("review", REVIEWS)
def test_no_number_of_the_published_set_has_moved(say, review: str) -> None:
    """If this fails and is meant: livingmeta verify REVIEW --update --why "…"."""
    said = say("verify", review)
    assert said.status == 0, said.out


@pytest.mark.parametrize("review", REVIEWS)
def test_a_lock_holds_every_effect_and_pool_of_both_sets_of_methods(review: str) -> None:
    held, loaded = committed(review), load_review(review)
    sets = ["headline", "declared"] if loaded.protocol.methods.headline else ["declared"]
    assert list(held["methods"]) == sets
    for plan in loaded.protocol.synthesis:
        for by in sets:
            assert any((p["synthesis"], p["by"]) == (plan.id, by) for p in held["pools"])
    for pool in held["pools"]:
        if pool["effects"]:
            assert pool["k"] == len(pool["effects"])
            assert sum(one["weight"] for one in pool["effects"]) == pytest.approx(100)
            weighted = sum(one["weight"] * one["yi"] for one in pool["effects"]) / 100
            assert pool["estimate"] == pytest.approx(weighted, abs=1e-9)


def test_a_changed_cell_is_named_with_what_it_moved_and_nothing_else(say, checkout: Path) -> None:
    review = checkout / "data" / "knee_oa"
    was = change_cell(review / "outcomes.csv", 0, "mean", "3.21")
    said = say("verify", str(review), "--json")
    document = json.loads(said.out)
    assert said.status == 1
    assert document["changes"]["data"] == ["knee_oa/outcomes.csv changed"]
    assert not document["changes"]["method"]
    moved = document["differences"]
    assert {one["cause"] for one in moved} == {"data"}
    plans = {p.id for p in load_review("knee_oa").protocol.synthesis if p.outcome == was["outcome"]}
    about = {f"published.csv, {claim.claim}": claim.synthesis for claim in load_review("knee_oa").published}
    assert {about.get(one["place"], one["place"].split(",")[0]) for one in moved} <= plans
    effects = {one["quantity"] for one in moved if one["quantity"].startswith("yi of")}
    assert len(effects) == 1
    assert was["trial"] in effects.pop()
    assert "knee_oa/outcomes.csv changed" in say("verify", str(review)).out


def test_a_note_that_moves_no_number_is_named_all_the_same(say, checkout: Path) -> None:
    review = checkout / "data" / "knee_oa"
    change_cell(review / "trials.csv", 3, "note", "seen again")
    said = say("verify", str(review))
    assert said.status == 1
    assert "trials.csv changed" in said.out
    assert "values are those of the lock" in said.out


@pytest.mark.parametrize("name", ["searches.csv", "records.csv", "screening.csv", "verification.csv"])
def test_what_was_searched_and_proved_is_named_and_accused_of_nothing(say, tmp_path: Path, name: str) -> None:
    review = folder(tmp_path)
    assert say("verify", str(review), "--update", "--why", "begin").status == 0
    (review / name).write_text(as_csv(name.removesuffix(".csv"), []), encoding="utf-8")
    said = say("verify", str(review))
    assert (said.status, f"no number is computed of it: {review.name}/{name} is new" in said.flat) == (
        0,
        True,
    )


def test_a_change_in_the_review_it_extends_is_named(say, checkout: Path) -> None:
    change_cell(checkout / "data" / "smith2017" / "trials.csv", 0, "note", "seen again")
    said = say("verify", str(checkout / "data" / "living"))
    assert said.status == 1
    assert "smith2017/trials.csv changed" in said.out


def test_a_changed_method_is_the_cause_of_what_it_moves(say, checkout: Path) -> None:
    protocol = checkout / "data" / "knee_oa" / "review.toml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(text.replace("[methods]", '[methods]\ntau2 = "PM"'), encoding="utf-8")
    document = json.loads(say("verify", str(protocol.parent), "--json").out)
    assert "declared: tau2 DL → PM" in document["changes"]["method"]
    assert {one["cause"] for one in document["differences"]} == {"method"}
    assert not any(re.match("[yv]i of", one["quantity"]) for one in document["differences"])


def test_another_library_is_named_and_is_no_failure_by_itself(say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "installed", lambda name: "9.9" if name == "scipy" else "1.0")
    said = say("verify", "living")
    assert said.status == 0
    assert re.search(r"another library or platform: scipy \S+ → 9\.9", said.out)


def nudged(held: dict, by: float) -> dict:
    """Move every estimate."""
    moved = json.loads(json.dumps(held))
    for pool in moved["pools"]:
        if pool.get("estimate") is not None:
            pool["estimate"] += by
    return moved  # type: ignore[no-any-return]


def elsewhere(held: dict) -> dict:
    """The same numbers from another processor and another state of the code."""
    return {
        **held,
        "environment": {**held["environment"], "processor": "NEON"},
        "code": {**held["code"], "version": "9.9"},
    }


@pytest.mark.parametrize(
    ("by", "moved_elsewhere", "cause"),
    [(1e-12, True, None), (1e-7, True, "library"), (1e-2, True, "code"), (1e-2, False, "unexplained")],
)
def test_the_size_of_a_difference_says_what_may_have_made_it(
    by: float, moved_elsewhere: bool, cause: str | None
) -> None:
    held = committed("smith2017")
    told = verified(held, nudged(elsewhere(held) if moved_elsewhere else held, by))
    assert {one.cause for one in told.differences} == ({cause} if cause else set())
    assert told.sound == (cause is None)
    assert all(one.size == pytest.approx(by, rel=1e-3) for one in told.differences)


def test_a_trial_that_is_gone_and_a_flag_that_came_are_differences() -> None:
    held = committed("smith2017")
    now = json.loads(json.dumps(held))
    pool = next(pool for pool in now["pools"] if len(pool["effects"]) > 1)
    gone = pool["effects"].pop()
    pool["flags"].append("not_converged")
    told = {one.quantity: one for one in verified(held, now).differences}
    assert told[f"yi of {gone['of']}"].now is None
    assert "not_converged" in told["flags"].now


def test_line_ends_are_no_change(checkout: Path) -> None:
    review = checkout / "data" / "knee_oa"
    before = hashes(load_review(review))
    path = review / "outcomes.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert hashes(load_review(review)) == before


def test_a_new_lock_needs_a_reason_and_verifies_afterwards(say, checkout: Path) -> None:
    review = checkout / "data" / "knee_oa"
    seen = (review / lock.NAME).read_bytes()
    change_cell(review / "outcomes.csv", 0, "mean", "3.21")
    assert say("verify", str(review), "--update").status == 2
    assert say("verify", str(review), "--why", "x").status == 2
    assert (review / lock.NAME).read_bytes() == seen
    assert say("verify", str(review), "--update", "--why", "A mean corrected.").status == 0
    assert say("verify", str(review)).status == 0
    told = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    evidence, code = re.search(  # type: ignore[union-attr]
        r"Unreleased\n\n### Evidence\n\n(.*)\n\n### Code\n\n(.*)\n\n## 0", told, re.DOTALL
    ).groups()
    assert code == "- old line"
    assert evidence.startswith("- `knee_oa`: A mean corrected; ")
    assert " → " in evidence
    text = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "nothing is written" in say("verify", str(review), "--update", "--why", "again").out
    assert (checkout / "CHANGELOG.md").read_text(encoding="utf-8") == text


def test_a_changed_method_goes_under_code(say, checkout: Path) -> None:
    protocol = checkout / "data" / "living" / "review.toml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(text.replace("[methods]", '[methods]\nci = "wald"'), encoding="utf-8")
    assert say("verify", str(protocol.parent), "--update", "--why", "Wald").status == 0
    told = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "- old line\n- `living`: Wald" in told


def test_without_a_changelog_the_line_is_printed(say, checkout: Path) -> None:
    (checkout / "CHANGELOG.md").unlink()
    review = checkout / "data" / "knee_oa"
    change_cell(review / "trials.csv", 3, "note", "seen again")
    said = say("verify", str(review), "--update", "--why", "a note")
    assert said.status == 0
    assert "- `knee_oa`: a note." in said.out
    assert "CHANGELOG" not in said.flat
    assert not (checkout / "CHANGELOG.md").exists()


def test_a_review_without_a_lock_is_told_how_to_get_one(say, checkout: Path) -> None:
    review = checkout / "data" / "living"
    (review / lock.NAME).unlink()
    said = say("verify", str(review))
    assert said.status == 2
    assert "--update --why" in said.err


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"files": {}}', "\xff"])
def test_a_lock_that_is_not_whole_is_refused_with_its_place(say, checkout: Path, text: str) -> None:
    path = checkout / "data" / "smith2017" / lock.NAME
    path.write_bytes(text.encode("latin-1"))
    said = say("verify", str(path.parent))
    assert said.status == 2
    assert f"{path}: this is not a whole lock" in said.err


def test_a_lock_that_lacks_what_newer_ones_hold_is_refused(say, checkout: Path) -> None:
    path = checkout / "data" / "smith2017" / lock.NAME
    old = committed("smith2017")
    del old["methods"]
    path.write_text(json.dumps(old), encoding="utf-8")
    said = say("verify", str(path.parent))
    assert said.status == 2
    assert "not a whole lock" in said.err


def test_a_lock_of_before_there_were_formats_is_compared_as_one_of_format_1(checkout) -> None:
    later = {"format", "seal", "published"}
    old = {name: value for name, value in committed("knee_oa").items() if name not in later}
    raw = json.dumps(old).encode()
    assert lock.held(raw, place="") == old
    assert verified(old, {"format": 1, **old}).sound
    assert lock.edited(raw, old) == ()


@pytest.mark.parametrize("update", [(), ("--update", "--why", "mine")])
def test_a_lock_of_a_newer_program_is_not_compared_and_not_written_over(
    say, checkout: Path, update: tuple[str, ...]
) -> None:
    path = checkout / "data" / "knee_oa" / lock.NAME
    text = json.dumps({"format": lock.LOCK_FORMAT + 1, "sets": []})
    path.write_text(text, encoding="utf-8")
    said = say("verify", str(path.parent), *update)
    assert said.status == 2
    assert f"{path}, format = 3: a newer livingmeta wrote this; this one reads formats 1 to 2. " in said.err
    assert "Update livingmeta." in said.err
    assert path.read_text(encoding="utf-8") == text


def test_a_lock_says_its_format_first(say, checkout: Path) -> None:
    review = checkout / "data" / "knee_oa"
    (review / lock.NAME).unlink()
    assert say("verify", str(review), "--update", "--why", "first").status == 0
    assert (review / lock.NAME).read_text(encoding="utf-8").startswith('{\n "format": 2,\n')


def test_a_reason_stands_on_one_line_and_says_something(say, checkout: Path) -> None:
    folder = checkout / "data" / "smith2017"
    change_cell(folder / "trials.csv", 0, "note", "read again")
    assert say("verify", str(folder), "--update", "--why", " ").status == 2
    assert say("verify", str(folder), "--update", "--why", "note\n## of a trial").status == 0
    told = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "- `smith2017`: note ## of a trial.\n" in told


def test_an_estimate_that_moves_less_than_is_shown_is_not_said_to_move() -> None:
    old, new = committed("smith2017"), committed("smith2017")
    new["pools"][0]["estimate"] += 1e-4
    found = verified(old, new)
    _, line = changelog_line(old, new, found, why="x")
    assert "→" not in line
    assert line.endswith("as before to two decimals.")


def test_the_line_says_what_an_estimate_was_and_is() -> None:
    held = committed("smith2017")
    now = nudged(held, 0.5)
    told = verified(held, now)
    part, line = changelog_line(held, now, told, why="another program.")
    was = next(pool["estimate"] for pool in held["pools"] if pool["synthesis"] == "pain-short")
    shown = f"{was:.2f} ".replace("-", "−")
    assert part == "Code"  # no file changed, so no evidence moved
    assert f"Pain, short term {shown}" in line
    assert f"→ {was + 0.5:.2f} " in line


def test_a_line_is_put_only_under_unreleased() -> None:
    assert with_line("## 1.0\n\n### Code\n\n- x\n", part="Code", line="- y") is None
    text = "## Unreleased\n\n### Evidence\n\n### Code\n\n- x\n\n## 1.0\n\n### Code\n\n- z\n"
    told = with_line(text, part="Evidence", line="- y")
    assert told is not None
    assert with_line(told, part="Evidence", line="- y") == told, "who is interrupted repeats it"
    assert with_line(text, part="Evidence", line="- y") == text.replace(
        "### Evidence\n", "### Evidence\n\n- y\n", 1
    )


def test_the_environment_names_what_numbers_depend_on() -> None:
    told = lock.environment()
    assert told["numpy"] == np.__version__
    assert {"Python", "scipy", "BLAS", "platform", "processor"} <= told.keys()
    assert all(told.values())


@pytest.fixture(scope="module")
def fresh() -> dict:
    """A lock of today's format, with two trials of one base."""
    return lock.locked(results_of(load_review("living")), version="1.0", why="a test")


def reread(raw: bytes, new: dict) -> bool:
    """Say whether a lock's text is taken for what is computed now."""
    try:
        old = lock.held(raw, place="lock")
    except RefusalError:
        return False
    return verified(old, new, edits=lock.edited(raw, old)).sound


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """Change, cut or double a few bytes, or a digit, which reads as well as the one before it."""
    at = rng.randrange(len(raw))
    digits = [i for i, byte in enumerate(raw) if chr(byte).isdigit()]
    match rng.randrange(5):
        case 0:
            return raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]
        case 1:
            return raw[:at] + raw[at + rng.randrange(1, 9) :]
        case 2:
            return raw[:at] + raw[at : at + rng.randrange(1, 9)] + raw[at:]
        case 3:
            lines = raw.splitlines(keepends=True)
            del lines[rng.randrange(len(lines))]
            return b"".join(lines)
        case _:
            at = rng.choice(digits)
            return raw[:at] + rng.choice(b"0123456789").to_bytes() + raw[at + 1 :]


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))]
)
def test_any_edit_of_any_file_of_a_review_is_found_or_refused(tmp_path: Path, fresh: dict, seed: int) -> None:
    """25 edits each: half of the lock, half of what it is of."""
    rng = random.Random(seed)
    data = shutil.copytree(ROOT / "data", tmp_path / "data")
    sealed = lock.lock_text(fresh).encode()
    assert reread(sealed, fresh)
    assert reread(sealed.replace(b"\n", b"\r\n"), fresh)
    files = sorted(
        path for name in ("living", "smith2017") for path in (data / name).iterdir() if path.suffix != ".json"
    )
    for turn in range(25):
        path = None if turn % 2 else rng.choice(files)
        seen = sealed if path is None else path.read_bytes()
        edit = mutated(seen, rng)
        if edit.replace(b"\r\n", b"\n") == seen:
            continue
        if path is None:
            assert not reread(edit, fresh), edit
            continue
        path.write_bytes(edit)
        try:
            now = {**fresh, "files": hashes(load_review(data / "living"))}
        except RefusalError:
            now = None
        assert now is None or not verified(fresh, now).sound, (path, edit)
        path.write_bytes(seen)
    assert hashes(load_review(data / "living")) == fresh["files"]


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "1e999", "-1e400", "1" + "0" * 400])
def test_a_locked_number_that_is_not_finite_is_refused(fresh: dict, number: str) -> None:
    """Every number is within the tolerance of an infinite one."""
    pool = next(pool for pool in fresh["pools"] if pool.get("estimate"))
    raw = lock.lock_text(fresh).replace(json.dumps(pool["estimate"]), number)
    assert number in raw
    with pytest.raises(RefusalError, match="is no number that a result can have"):
        lock.held(raw.encode(), place="lock")


def test_a_seal_is_needed_where_the_format_has_one(fresh: dict) -> None:
    bare = {name: value for name, value in fresh.items() if name != "seal"}
    assert not reread(lock.lock_text(bare).encode(), fresh)
    double = lock.lock_text(fresh).replace('"why":', '"why": "another",\n "why":', 1)
    assert json.loads(double) == json.loads(lock.lock_text(fresh))
    assert not reread(double.encode(), fresh)


def test_a_changed_hash_of_the_code_explains_no_number() -> None:
    """It moves with every comment; a version says that numbers may."""
    held = committed("smith2017")
    other = {**held, "code": {**held["code"], "sha256": "0" * 64}}
    assert {one.cause for one in verified(held, nudged(other, 0.01)).differences} == {"unexplained"}
    assert {one.cause for one in verified(held, nudged(other, 1e-7)).differences} == {"unexplained"}


def test_printed_values_and_their_verdicts_are_locked(fresh: dict) -> None:
    now = json.loads(lock.lock_text(lock.locked(results_of(load_review("smith2017")), version="1", why="")))
    was = json.loads(json.dumps(now))
    was["published"][0]["printed"] = "9.99"
    (moved,) = verified(was, now).differences
    assert moved.place == f"published.csv, {now['published'][0]['claim']}"
    assert moved.locked.startswith("9.99, ")


def test_effects_of_one_name_are_each_compared(fresh: dict) -> None:
    now = json.loads(json.dumps(fresh))
    pool = next(pool for pool in now["pools"] if len(pool["effects"]) > 1)
    pool["effects"].append({**pool["effects"][0]})
    was = json.loads(json.dumps(now))
    next(p for p in was["pools"] if len(p["effects"]) > 1)["effects"][0]["yi"] += 1
    assert len(verified(was, now).differences) == 1


def test_a_review_and_a_base_of_one_name_keep_their_hashes_apart(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data" / "smith2017", tmp_path / "first" / "living")
    review = shutil.copytree(ROOT / "data" / "living", tmp_path / "living")
    protocol = review / "review.toml"
    protocol.write_text(
        protocol.read_text(encoding="utf-8").replace('"smith2017"', '"first/living"'), encoding="utf-8"
    )
    held = hashes(load_review(review))
    assert held["living/outcomes.csv"] != held["first/living/outcomes.csv"]
    change_cell(tmp_path / "first" / "living" / "trials.csv", 0, "note", "seen again")
    assert hashes(load_review(review)) != held


@pytest.mark.slow
def test_verify_says_which_commit_wrote_the_lock(say, checkout: Path) -> None:
    review = checkout / "data" / "knee_oa"
    assert say("verify", str(review), "--update", "--why", "today").status == 0
    assert f"{review / lock.NAME}: no commit holds it yet." in say("verify", str(review)).flat
    git = ("git", "-C", str(checkout), "-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "all")):
        subprocess.run([*git, *words], check=True)
    sha = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    said = say("verify", str(review))
    assert said.status == 0
    assert f"written by commit {sha[:12]}." in said.flat
    path = review / lock.NAME
    edited, times = re.subn('"why": "[^"]*"', '"why": "tomorrow"', path.read_text("utf-8"))
    assert times == 1
    path.write_text(edited, encoding="utf-8")
    said = say("verify", str(review))
    assert said.status == 1
    assert f"written by commit {sha[:12]}, changed since." in said.flat
    assert "the lock: its seal is not that of its text, so it was edited since it was written" in said.flat
    assert json.loads(say("verify", str(review), "--json").out)["commit"] == f"{sha[:12]}, changed since"
