"""Write the grades of a class for the learning platform that keeps them."""

from __future__ import annotations

from mnist_course.class_grading.exports.canvas import write_canvas
from mnist_course.class_grading.exports.gradescope import write_gradescope
from mnist_course.class_grading.exports.moodle import write_moodle
from mnist_course.class_grading.exports.sheet import Exported

__all__ = ["Exported", "write_canvas", "write_gradescope", "write_moodle"]
