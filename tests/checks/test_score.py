"""The verdict of a grade cell."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from mnist_course.checks import score as module
from mnist_course.checks.score import CheckFailed, Score, collected, note, ramp
from mnist_course.grading.results import Finding

RAMP = {0.90: 8, 0.93: 12, 0.94: 16, 0.95: 20}


def test_repr_is_the_number_that_nbgrader_reads() -> None:
    assert repr(Score(16)) == "16.0"
    assert float(repr(Score(2 / 3, of=1))) == Score(2 / 3, of=1)


@pytest.mark.parametrize(
    ("points", "of"), [(-1, 20), (21, 20), (float("nan"), 20), (float("inf"), 20), (1, 0.5)]
)
def test_points_out_of_range_are_refused(points: float, of: float) -> None:
    with pytest.raises(ValueError, match="points must be within"):
        Score(points, of=of)


def test_plus_adds_up_to_the_maximum_with_all_findings() -> None:
    both = Score(9, of=10, saw="a").plus(Score(3, of=3, saw="b"))
    assert (both, both.of, [f.saw for f in both.findings]) == (10, 10, ["a", "b"])


def test_times_tells_the_reason_only_when_it_costs() -> None:
    reason = Finding("because")
    assert Score(10, of=10).times(1.0, reason).findings == ()
    less = Score(10, of=10).times(0.4, reason)
    assert (less, less.findings) == (4, (reason,))


def test_copies_keep_the_reasons() -> None:
    score = Score(3, 5, "saw", "why", "next")
    for twin in (copy.copy(score), copy.deepcopy(score)):
        assert (twin, twin.of, twin.findings) == (3, 5, score.findings)


def test_cards_escape_what_they_show() -> None:
    card = Score(1, 2, "<script>", "a < b", "x & y")._repr_html_()
    assert "<script>" not in card
    assert "&lt;script&gt;" in card
    assert "x &amp; y" in card


def test_a_failed_check_shows_sentences_not_a_traceback() -> None:
    error = CheckFailed("saw 3", "it matters", "")
    assert error._render_traceback_() == ["Not yet: saw 3", "Why it matters: it matters"]
    assert error.finding == Finding("saw 3", "it matters", "")
    assert isinstance(error, AssertionError)


@pytest.mark.parametrize(
    ("value", "points"),
    [
        (0.8999, 0),
        (0.90, 8),
        (0.9299, 8),
        (0.93, 12),
        (0.94, 16),
        (0.9499, 16),
        (0.95, 20),
        (1, 20),
    ],
)
def test_ramp(value: float, points: float) -> None:
    assert ramp(value, RAMP) == points


def test_ramp_gives_nothing_for_nan() -> None:
    assert ramp(float("nan"), RAMP) == 0


def test_notes_are_collected_until_cleared() -> None:
    module.clear()
    note(accuracy=np.float32(0.5), parameters=3)
    note(accuracy=0.75)
    module.note_confusion(np.eye(2))
    module.note_curves({"loss": [1, 2]})
    notes = collected()
    assert notes.values == {"accuracy": 0.75, "parameters": 3.0}
    assert notes.confusion is not None
    assert notes.confusion.tolist() == [[1, 0], [0, 1]]
    assert notes.curves == {"loss": (1.0, 2.0)}
    module.clear()
    assert collected().values == {}


def test_a_confusion_matrix_must_be_square() -> None:
    with pytest.raises(ValueError, match="square"):
        module.note_confusion(np.zeros((2, 3)))
