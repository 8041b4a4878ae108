"""A grade as plain values, and back."""

from __future__ import annotations

import dataclasses
from typing import Any

from mnist_course.exceptions import RecordError
from mnist_course.grading.results import (
    CellError,
    CellGrade,
    Finding,
    NotebookGrade,
    SandboxLayer,
    Signal,
    Verdict,
)

__all__ = ["grade_from_dict", "grade_to_dict"]


def grade_to_dict(grade: NotebookGrade) -> dict[str, Any]:
    """Return a grade as values that JSON can say, without its pictures."""
    plain = dataclasses.asdict(dataclasses.replace(grade, pictures=()))
    del plain["pictures"]
    return plain


def grade_from_dict(plain: dict[str, Any]) -> NotebookGrade:
    """Return the grade that `grade_to_dict` took apart, without pictures.

    Raises
    ------
    RecordError
        If the values are not those of a grade.
    """
    try:
        return NotebookGrade(
            **{
                **plain,
                "cells": tuple(_cell(cell) for cell in plain["cells"]),
                "repairs": tuple(plain["repairs"]),
                "errors": tuple(CellError(**error) for error in plain["errors"]),
                "layers": tuple(SandboxLayer(**layer) for layer in plain["layers"]),
                "signals": tuple(Signal(**signal) for signal in plain["signals"]),
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"A grade that cannot be read: {error!r}.") from error


def _cell(plain: dict[str, Any]) -> CellGrade:
    return CellGrade(
        **{
            **plain,
            "verdict": Verdict(plain["verdict"]),
            "findings": tuple(Finding(**found) for found in plain["findings"]),
        }
    )
