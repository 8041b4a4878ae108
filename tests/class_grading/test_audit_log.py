"""Lines of the audit log are added, never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_course.class_grading.audit_log import AuditLine, AuditLog, ItemScore
from mnist_course.class_grading.changes import changes_of
from mnist_course.class_grading.grade_record import grade_from_dict, grade_to_dict
from mnist_course.exceptions import RecordError
from mnist_course.grading.results import (
    CellError,
    CellGrade,
    Finding,
    NotebookGrade,
    Picture,
    SandboxLayer,
    Signal,
    Verdict,
)


def line(student: str = "ada", score: float = 3.0, **others: object) -> AuditLine:
    items = {"a": ItemScore(score, 4.0, "partial", "0123")}
    values = {"submission": "f" * 64, "state": "graded", "grade": "e" * 64, "items": items}
    return AuditLine(
        "2026-01-01T00:00:00+00:00", "me", student, "m5", **values | {"score": score, "of": 4.0}
        | others,
    )  # fmt: skip


def test_lines_come_back_in_order(tmp_path: Path):
    log = AuditLog(tmp_path / "audit.jsonl")
    assert log.lines() == [] and log.last_by_student() == {}
    written = [line(), line("bob \u202e\n{}"), line(score=4.0), line(grade="", words="it broke")]
    for one in written:
        log.add(one)
    assert AuditLog(tmp_path / "audit.jsonl").lines() == written
    assert log.last_by_student() == {"ada": written[2], written[1].student: written[1]}
    assert not (tmp_path / "audit.jsonl").stat().st_mode & 0o077
    assert (tmp_path / "audit.jsonl").read_bytes().isascii()


def test_a_line_that_was_cut_costs_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "audit.jsonl"
    AuditLog(path).add(line())
    AuditLog(path).add(line("bob"))
    path.write_bytes(path.read_bytes()[:-25])
    before = path.read_bytes()
    AuditLog(path).add(line("cleo"))
    assert [one.student for one in AuditLog(path).lines()] == ["ada", "cleo"]
    assert "line 2" in caplog.text and path.read_bytes().startswith(before)


def test_a_link_is_not_followed(tmp_path: Path):
    (tmp_path / "audit.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        AuditLog(tmp_path / "audit.jsonl").add(line())
    assert not (tmp_path / "elsewhere").exists()


GRADE = NotebookGrade(
    "m5",
    (
        CellGrade("a", "A", 4, 4, Verdict.PASSED, (Finding("Saw.", "Why.", "Next."),), "note", 0.5),
        CellGrade("b", "B", 6, None, Verdict.MANUAL),
    ),
    headline="Head",
    repairs=("repaired",),
    errors=(CellError(3, "ValueError", "no"),),
    measurements={"accuracy": 0.9},
    layers=(SandboxLayer("user", True, "detail"),),
    seconds=1.5,
    signals=(Signal("kind", "detail"),),
)


def test_a_grade_comes_back_without_its_pictures():
    import json
    from dataclasses import replace

    with_picture = replace(GRADE, pictures=(Picture("t", "a", b"png"),))
    assert grade_from_dict(json.loads(json.dumps(grade_to_dict(with_picture)))) == GRADE


@pytest.mark.parametrize(
    ("name", "value"),
    [("cells", None), ("cells", [{"grade_id": "a"}]), ("errors", [1]), ("more", 1)],
)
def test_what_is_no_grade_is_refused(name: str, value: object):
    with pytest.raises(RecordError, match="cannot be read"):
        grade_from_dict({**grade_to_dict(GRADE), name: value})


def test_a_change_says_why():
    new = line(score=4.0, items={"a": ItemScore(4.0, 4.0, "passed", "9999")})
    change = changes_of(line(), new, GRADE)
    assert change is not None and (change.before, change.after, change.of) == (3.0, 4.0, 4.0)
    assert change.items[0].why == "The test is another one. Saw."
    assert changes_of(new, new, GRADE) is None
    again = line(score=4.0, submission="0" * 64)
    assert changes_of(line(), again, GRADE).items[0].why.startswith("The submission is another one")
    same = line(score=4.0)
    assert "tried again" in changes_of(line(), same, GRADE).items[0].why
    other = line(items={"c": ItemScore(1.0, 2.0, "partial", "1")})
    items = {item.grade_id: item for item in changes_of(line(), other, GRADE).items}
    assert items["a"].after is None and "no longer there" in items["a"].why
    assert items["c"].before is None and items["c"].why == "The item is new."
    # Other points for the same score is a change, too.
    worth = line(items={"a": ItemScore(3.0, 5.0, "partial", "0123")})
    assert changes_of(line(), worth, GRADE).items[0].of == 5.0
