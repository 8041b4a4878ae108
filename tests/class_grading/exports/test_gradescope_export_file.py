"""Grades in the form of Gradescope's own export."""

from __future__ import annotations

from mnist_course.class_grading.exports import write_gradescope


def test_a_column_for_each_item_and_nothing_for_the_unknown(tmp_path, graded, opened, said) -> None:
    out = tmp_path / "o.csv"
    ada = {"first_name": "Ada", "last_name": "=Lovelace", "identifiers": {"SID": "007"}}
    grades = [
        graded("eve", 2.5, open=True, email="eve@x"),
        graded("ada", **ada),
        graded("broken", failed=True, email="b@x"),
        graded("nobody"),
    ]
    done = write_gradescope(grades, out, manual_points={"ada": 4, "eve": 1})
    time = "2026-02-02 15:58:23 +0000"
    assert opened(out) == [
        ["First Name", "Last Name", "SID", "Email", "Total Score", "Max Points", "Status",
         "Submission Time", "1: Sum (10.0 pts)", "2: Mean (5.0 pts)", "3: Why (5.0 pts)"],
        ["Ada", "'=Lovelace", "007", "", "14", "20", "Graded", time, "10", "0", "4"],
        ["", "broken", "", "b@x", "", "20", "Ungraded", time, "", "", ""],
        ["", "eve", "", "eve@x", "", "20", "Ungraded", time, "2.5", "", "1"],
        ["", "nobody", "", "", "", "20", "Ungraded", time, "10", "0", ""],
    ]  # fmt: skip
    assert done.written == 1
    assert "nobody: has no SID and no e-mail address" in said(done)
    raw = out.read_bytes()
    write_gradescope(grades[::-1], out, manual_points={"ada": 4, "eve": 1})
    assert out.read_bytes() == raw and raw.startswith(b"\xef\xbb\xbf")
