"""A deadline gives what is left, and never less than nothing."""

from __future__ import annotations

import time

import pytest

from mnist_course.grading.deadline import Deadline


def test_what_is_left() -> None:
    deadline = Deadline(100, start=time.monotonic() - 40)
    assert deadline.left() == pytest.approx(60, abs=1)
    assert deadline.left(but=10) == pytest.approx(50, abs=1)
    assert deadline.at_most(5) == 5
    assert deadline.at_most(500, but=50) == pytest.approx(10, abs=1)
    over = Deadline(1, start=time.monotonic() - 40)
    assert over.left() == over.left(but=5) == over.at_most(3) == 0
