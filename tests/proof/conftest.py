"""A tiny course and its proof."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_course.proof.proof import Proof
from tests.proof.tiny_course import MUTANTS, Course, Heard, make_course


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


@pytest.fixture
def proof() -> Callable[..., Proof]:
    """Make a proof of the tiny assignment; keyword arguments replace its fields."""

    def make(**fields: Any) -> Proof:
        return Proof(**{"id": "tiny", "untouched": 0.0, "mutants": MUTANTS, "seeds": 2} | fields)

    return make


@pytest.fixture
def heard() -> Heard:
    return Heard()
