"""Find what a class handed in, wherever it was handed in."""

from __future__ import annotations

from mnist_course.class_grading.intake.find import find_submissions
from mnist_course.class_grading.intake.found import Found, Kind, Problem
from mnist_course.class_grading.intake.roster import read_roster

__all__ = ["Found", "Kind", "Problem", "find_submissions", "read_roster"]
