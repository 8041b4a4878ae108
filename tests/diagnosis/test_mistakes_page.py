"""docs/MISTAKES.md says what the detectors say, and names tests that exist."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from benchmarks.mistakes import MISTAKES, SECTIONS, Mistake
from benchmarks.mistakes_page import PAGE, page
from mnist_course.checks.study.parts import PART_OF

ROOT = Path(__file__).resolve().parent.parent.parent

# The course's own list, in its order; the words of the catalogue may say more.
PROMISED = (
    "accuracy .0980", ".1135", "Fashion-MNIST accuracy .1000", "1.133 = divided by 225",
    "first-epoch loss < .15", "test loss far too high", "softmax with from_logits=True",
    "no softmax with from_logits=False", "sparse loss with one-hot", "one-hot loss with integer",
    "MSE for classes", "output width", "linear hidden", "unused function arguments",
    "flips on digits", "not normalised", "test used for stopping", "test used for choosing",
    "test rows among the training rows", "evaluated on training data", "arm label",
    "more than one change", "no control", "history[-1]", "patience ≥ epochs", "epochs of one step",
    "L2 `val_loss`", "equal epochs mistaken for equal updates", "experiment never run",
    "dead units", "saturated units", "rank of a bottleneck", "rows not summing to 1",
    "swapped confusion-matrix axes", "digit inverted", "off-centre", "too thin",
    "filling the frame",
)  # fmt: skip


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m benchmarks.mistakes_page"


@pytest.mark.parametrize("words", PROMISED)
def test_every_promised_mistake_has_a_row(words: str) -> None:
    assert [mistake for mistake in MISTAKES if words in mistake.words]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.words)
def test_every_mistake_has_a_message_of_three_sentences(mistake: Mistake) -> None:
    assert mistake.section in SECTIONS
    assert all(part.strip() for part in mistake.example())


def test_every_mistake_has_its_own_message() -> None:
    messages = [mistake.example() for mistake in MISTAKES]
    assert len(set(messages)) == len(messages)
    assert len({saw for saw, _, _ in messages}) == len(messages)
    words = [mistake.words for mistake in MISTAKES]
    assert len(set(words)) == len(words)


def test_every_problem_of_a_study_has_a_row() -> None:
    assert set(PART_OF) <= {mistake.name for mistake in MISTAKES}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.words)
def test_every_detector_exists(mistake: Mistake) -> None:
    module, _, function = mistake.detector.rpartition(".")
    assert callable(getattr(importlib.import_module(f"mnist_course.{module}"), function))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.words)
def test_every_named_test_exists(mistake: Mistake) -> None:
    file, _, name = mistake.test.partition("::")
    function, _, case = name.partition("[")
    source = (ROOT / file).read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    if case:
        home = (ROOT / file).parent
        sources = [path.read_text(encoding="utf-8") for path in home.glob("*.py")]
        assert any(f'"{case.removesuffix("]")}"' in text for text in sources)
