from __future__ import annotations

import pytest

from mnist_course.diagnosis.findings import Diagnosis, Finding

HINT = Finding("overfit", "Loss 0.2 & rising.", "Because <b>.", "Stop at 3.", "hint")
PROBLEM = Finding("nan-loss", "The loss is NaN.", "It spreads.", "Lower it.")


def test_problems_come_first_and_each_name_once() -> None:
    again = Finding("overfit", "another", "text", "here")
    diagnosis = Diagnosis([HINT, PROBLEM, again])
    assert list(diagnosis) == [PROBLEM, HINT]
    assert diagnosis.names == ("nan-loss", "overfit")
    assert (diagnosis.problems, diagnosis.hints) == ((PROBLEM,), (HINT,))
    assert diagnosis[0] is PROBLEM and diagnosis[1:] == (HINT,) and len(diagnosis) == 2
    assert PROBLEM in diagnosis


def test_text_holds_number_reason_and_next_step() -> None:
    text = str(Diagnosis([HINT]))
    assert text.startswith("Hint: Loss 0.2 & rising.")
    assert "Why it matters: Because <b>." in text and "Next: Stop at 3." in text


def test_html_is_escaped() -> None:
    page = Diagnosis([HINT])._repr_html_()
    assert "Because &lt;b&gt;." in page and "Loss 0.2 &amp; rising." in page


def test_an_empty_diagnosis_says_so() -> None:
    empty = Diagnosis()
    assert not empty and "Nothing suspicious" in str(empty)
    assert "Nothing suspicious" in empty._repr_html_() and len(empty.frame()) == 0


def test_frame_has_a_row_per_finding() -> None:
    frame = Diagnosis([HINT, PROBLEM]).frame()
    assert list(frame.columns) == ["severity", "name", "saw", "why", "next_step"]
    assert list(frame["name"]) == ["nan-loss", "overfit"]


def test_a_finding_is_frozen() -> None:
    with pytest.raises(AttributeError):
        PROBLEM.saw = "else"  # type: ignore[misc]
