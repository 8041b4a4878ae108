"""The two small assignments that attacks are made on, in pieces, with sets of answers.

``TINY`` has plain asserts and NumPy only, so that the same task can be given to any grader;
``NET`` asks for a Keras model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["NET", "TINY", "Item", "Target", "hidden_lines"]


@dataclass(frozen=True, slots=True)
class Item:
    """One question: a cell for the answer, a cell of tests.

    Graders of other makes cannot ask one that is not for ``everywhere``.
    """

    name: str
    points: int
    visible: str
    hidden: str
    everywhere: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """An assignment with answers of several kinds, and what each kind earns."""

    id: str
    given: str
    items: tuple[Item, ...]
    answers: Mapping[str, Mapping[str, str]]
    earned: Mapping[str, Mapping[str, float]]

    def grade_id(self, item: Item) -> str:
        """Return nbgrader's id of a cell of tests."""
        return f"{self.id}-{item.name}"

    def tests(self, item: Item, *, canary: str = "") -> str:
        """Return a cell of tests: the instructor's, with a secret, or the student's."""
        head = f"# {self.grade_id(item)} ({item.points} points)\n{item.visible}"
        if not canary:
            return head
        hidden = hidden_lines(item, canary)
        return f"{head}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"


def hidden_lines(item: Item, canary: str) -> str:
    """Return the hidden tests of an item, a secret among them."""
    return f"secret_of_the_tests = {canary!r}\n{item.hidden}"


_ITEMS = (
    Item(
        "value",
        10,
        "assert answer > 0, 'The answer is positive.'",
        "assert answer == 1729, 'The answer is another number.'\n"
        "assert isinstance(answer, int), 'The answer is a whole number.'",
    ),
    Item(
        "array",
        10,
        "assert table.shape == (2, 2), 'The table has two rows of two.'",
        "import numpy as np\n"
        "assert np.allclose(table, [[0.75, 0.25], [0.0, 1.0]]), 'The rows are not shares.'",
    ),
    Item(
        "call",
        10,
        "import numpy as np\n"
        "assert np.allclose(softmax(np.array([0.0, 0.0])), [0.5, 0.5]), 'Two equal numbers.'",
        "for seed in (11, 12, 13):\n"
        "    x = np.random.default_rng(seed).normal(size=4)\n"
        "    expected = np.exp(x) / np.exp(x).sum()\n"
        "    assert np.allclose(softmax(x), expected), 'Four other numbers.'\n"
        "assert np.allclose(softmax(np.array([0.0, 0.0])), [0.5, 0.5]), 'Once more.'\n"
        "assert np.allclose(softmax(np.array([1.0, 2.0])), [0.26894142, 0.73105858])",
    ),
    Item(
        "text",
        5,
        "assert len(words) > 20, 'A sentence, please.'",
        "assert 'because' in words, f'No reason is given in: {words}'",
    ),
    Item(
        "ran",
        5,
        "assert execution['cells'] >= 2",
        "assert not execution['errors'], 'A cell of the notebook raised an error.'",
        everywhere=False,
    ),
)

# Answer cells by item.
_ANSWERS = {
    "honest": {
        "value": "answer = 1**3 + 12**3",
        "array": "table = numbers / numbers.sum(axis=1, keepdims=True)",
        "call": "def softmax(x):\n    e = np.exp(x - x.max())\n    return e / e.sum()",
        "text": "words = 'Rows add up to one because each is divided by its own sum.'",
        "ran": "",
    },
    "wrong": {
        "value": "answer = 42",
        "array": "table = numbers * 0.5",
        "call": "def softmax(x):\n    return np.full(len(x), 1 / len(x))",
        "text": "words = 'I do not know any reason for it at all.'",
        "ran": "",
    },
    "empty": {
        "value": "answer = ...",
        "array": "table = ...",
        "call": "def softmax(x):\n    ...",
        "text": "words = ...",
        "ran": "",
    },
}
_EARNED: dict[str, dict[str, float]] = {
    "honest": {"value": 10, "array": 10, "call": 10, "text": 5, "ran": 5},
    "wrong": {"value": 0, "array": 0, "call": 0, "text": 0, "ran": 5},
    "empty": {"value": 0, "array": 0, "call": 0, "text": 0, "ran": 5},
}

TINY = Target(
    "tiny",
    "import numpy as np\n\nnumbers = np.array([[3.0, 1.0], [0.0, 2.0]])",
    _ITEMS,
    _ANSWERS,
    _EARNED,
)

# A network of one layer that learns which of four numbers is largest, under other names.
_GIVEN = """import numpy as np
rng = np.random.default_rng(1)
x_train = rng.normal(size=(400, 4)).astype("float32")
y_train = np.array([2, 0, 3, 1])[x_train.argmax(axis=1)]"""
_TRAIN = """import keras
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.optimizer.learning_rate = 0.1
model.fit(x_train, y_train{change}, epochs=8, batch_size=100, verbose=0)"""
_NET_ITEMS = (
    Item(
        "predicts",
        10,
        "import numpy as np\n"
        "assert np.shape(model.predict(np.zeros((3, 4), 'float32'))) == (3, 4), 'Four classes.'",
        "x = np.random.default_rng(77).normal(size=(300, 4)).astype('float32')\n"
        "expected = np.array([2, 0, 3, 1])[x.argmax(axis=1)]\n"
        "found = np.asarray(model.predict(x)).argmax(axis=1)\n"
        "assert (found == expected).mean() > 0.85, 'Too many wrong answers.'",
        everywhere=False,
    ),
    Item(
        "size",
        5,
        "assert model.count_params() > 0, 'No parameters.'",
        "assert model.count_params() == 20, 'Twenty parameters.'\n"
        "assert len(model.layers) == 1, 'One layer.'",
        everywhere=False,
    ),
)
NET = Target(
    "net",
    _GIVEN,
    _NET_ITEMS,
    {
        "honest": {"predicts": _TRAIN.format(change=""), "size": ""},
        "wrong": {
            "predicts": _TRAIN.format(change="[::-1]").replace(
                "Dense(4", "Dense(4, use_bias=False"
            ),
            "size": "",
        },
    },
    {"honest": {"predicts": 10, "size": 5}, "wrong": {"predicts": 0, "size": 0}},
)
