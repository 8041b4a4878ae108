from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from mnist_course.class_grading.records import Student, Submission
from mnist_course.class_grading.report.similarity import SimilarGroup, compare
from mnist_course.grading.assignment import Assignment, AssignmentCell, read_assignment

M5 = Path(__file__).parents[3] / "source" / "m5" / "m5.ipynb"
STARTER = """\
import keras
from mnist_course.datasets import mnist

(x_train, y_train), (x_test, y_test) = mnist.load_data()
baseline = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="sigmoid")])
baseline.compile(optimizer="sgd", loss="mse", metrics=["accuracy"])
history = baseline.fit(x_train, y_train, epochs=3, batch_size=32, validation_split=0.1)
"""
SOLUTION = """\
def widths(first, depth, factor=2):
    sizes = [first]
    while len(sizes) < depth and sizes[-1] > factor:
        sizes.append(sizes[-1] // factor)
    return sizes

def network(sizes, rate):
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
    for index, size in enumerate(sizes):
        layers.append(keras.layers.Dense(size, activation="relu"))
        if index % 2 == 1:
            layers.append(keras.layers.Dropout(0.15))
    layers.append(keras.layers.Dense(10, activation="softmax"))
    made = keras.Sequential(layers)
    made.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
    return made

best, result = None, 0.0
for rate in (0.01, 0.003, 0.001):
    candidate = network(widths(96, 3), rate)
    seen = candidate.fit(x_train, y_train, epochs=5, validation_split=0.1).history
    if seen["val_accuracy"][-1] > result:
        best, result = candidate, seen["val_accuracy"][-1]
"""
UNLIKE = [
    """\
# A small network by hand.
model = keras.models.Sequential()
model.add(keras.Input((28, 28)))
model.add(keras.layers.Flatten())
model.add(keras.layers.Dense(48, activation="relu"))
model.add(keras.layers.Dense(10, activation="softmax"))
model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
curves = model.fit(x_train / 255.0, y_train, epochs=8, batch_size=64)
print(curves.history["accuracy"][-1], model.evaluate(x_test / 255.0, y_test))
plt.plot(curves.history["loss"]); plt.title("loss"); plt.xlabel("epoch"); plt.show()
""",
    """\
class Search:
    def __init__(self, trials): self.trials, self.seen = trials, {}
    def __call__(self):
        while self.trials:
            setting = self.trials.pop()
            inputs = keras.Input(shape=(28, 28), name="image")
            flat = keras.layers.Flatten()(inputs)
            hidden = keras.layers.Dense(setting["units"], "tanh")(flat)
            outputs = keras.layers.Dense(10, "softmax")(hidden)
            net = keras.Model(inputs, outputs)
            net.compile(optimizer=setting["optimizer"], loss=setting["loss"])
            net.fit(x_train, y_train, verbose=0)
            self.seen[str(setting)] = net
        return max(self.seen.items(), key=lambda pair: pair[1].count_params())
model = Search([dict(units=u, optimizer="sgd", loss="mse") for u in (8, 64)])()[1]
""",
    """\
scale = x_train.max()
train, test = x_train.astype("float32") / scale, x_test.astype("float32") / scale
np.random.seed(3)
order = np.random.permutation(len(train))
first, last = order[:50_000], order[50_000:]
stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
model = keras.Sequential([keras.layers.Reshape((784,)), keras.layers.Dense(128, "relu"),
                          keras.layers.BatchNormalization(), keras.layers.Dense(10)])
model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(train[first], y_train[first], validation_data=(train[last], y_train[last]),
          callbacks=[stop], epochs=40)
wrong = (model.predict(test).argmax(-1) != y_test).nonzero()[0]
""",
]
REASONS = [
    "I expected the loss to fall faster with ReLU, since its slope is 1 where a unit is active. "
    "The curve agreed for three epochs; after that the validation loss rose, and so I stopped. "
    "Ten hidden units seem to be a bottleneck: four and nine were mixed up until the end.",
    "Nothing helped until I divided by 255. A sigmoid saturates for inputs of 200, so its slope is "
    "nearly 0, and the first layer learnt nothing at all; dead units were two thirds of it. With "
    "a smaller learning rate it was the same, only slower. That surprised me for a whole evening.",
    "What I learnt is to change one thing at a time. My second run differed in three settings, and "
    "though it was better, nobody can say why. I repeated it with Adam alone, which gave about "
    "eighty percent of the gain; the width gave the rest, and batch size was worth nothing to me.",
]
RENAMES = [
    {},
    {"widths": "layer_sizes", "sizes": "units", "first": "start", "factor": "by", "made": "net"},
    {"network": "build", "layers": "stack", "rate": "lr", "candidate": "trial", "best": "winner",
     "seen": "h", "result": "top", '"relu"': "'relu'"},
]  # fmt: skip


def similar(submissions: Sequence[Submission], assignment: Assignment) -> tuple[SimilarGroup, ...]:
    return compare(submissions, assignment).groups


@pytest.fixture
def assignment() -> Assignment:
    stub = "# Your network.\n### BEGIN SOLUTION\nmodel = None\n### END SOLUTION\n"
    return Assignment(
        "m5",
        (
            AssignmentCell(0, "code", STARTER),
            AssignmentCell(1, "code", stub, "m5-final", solution=True),
        ),
    )


@pytest.fixture
def hand_in(tmp_path: Path) -> Callable[..., Submission]:
    """Write a notebook of code cells and return its submission."""

    def write(name: str, *cells: str) -> Submission:
        raw = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
             "source": source}
            for source in cells
        ]  # fmt: skip
        path = tmp_path / f"{name}.ipynb"
        path.write_text(
            json.dumps({"cells": raw, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        )
        return Submission(Student(name), path)

    return write


def renamed(names: dict[str, str]) -> str:
    text = SOLUTION
    for old, new in names.items():
        text = re.sub(rf"(?<![\w\"]){re.escape(old)}(?![\w\"])", new, text)
    return text


def test_copies_with_other_names_are_found(assignment, hand_in):
    copies = [
        hand_in(f"copy{i}", STARTER, f"# My own idea {i}\n" + renamed(names))
        for i, names in enumerate(RENAMES)
    ]
    assert len({copy.path.read_text() for copy in copies}) == 3
    others = [hand_in(f"other{i}", STARTER, text) for i, text in enumerate(UNLIKE)]
    (group,) = similar([*others, *copies], assignment)
    assert group.students == ("copy0", "copy1", "copy2")
    assert group.pair_count == 3
    assert all(pair.code is not None and pair.code > 0.95 for pair in group.pairs)


def test_the_order_of_cells_and_added_code_hide_nothing(assignment, hand_in):
    head, tail = SOLUTION.split("best, result", 1)
    one = hand_in("one", STARTER, SOLUTION)
    two = hand_in("two", "best, result" + tail, STARTER, head, UNLIKE[0])
    assert [g.students for g in similar([one, two], assignment)] == [("one", "two")]


def test_starter_code_alone_gives_no_group(assignment, hand_in):
    changed = STARTER.replace("epochs=3", "epochs=30")
    class_ = [hand_in(f"s{i}", STARTER, "# Your network.\n") for i in range(4)]
    class_ += [hand_in(f"t{i}", changed) for i in range(4)]
    assert similar(class_, assignment) == ()


def test_the_release_of_m5_gives_no_group(tmp_path):
    release = M5.parents[2] / "release" / "m5" / "m5.ipynb"
    class_ = [Submission(Student(f"s{i}"), release) for i in range(4)]
    result = compare(class_, read_assignment(M5))
    assert result.groups == ()
    assert result.too_short == 4


def test_unlike_solutions_give_no_group(assignment, hand_in):
    class_ = [hand_in(f"s{i}", STARTER, text) for i, text in enumerate([*UNLIKE, SOLUTION])]
    assert similar(class_, assignment) == ()


def test_what_most_of_the_class_has_is_nobodys_own(assignment, hand_in):
    class_ = [hand_in(f"s{i}", STARTER, SOLUTION) for i in range(8)]
    assert similar(class_, assignment) == ()
    # The same copies are a group where they are few.
    class_ = class_[:3] + [hand_in(f"x{i}", UNLIKE[i % 3] + f"\nx = {i}") for i in range(2)]
    assert [group.students for group in similar(class_, assignment)] == [("s0", "s1", "s2")]


def test_copied_reasons_are_found_where_the_code_is_short(assignment, hand_in):
    def why(reasons: str, rate: float) -> str:
        return f"train(learning_rate={rate})\nlog.why({reasons!r})"

    class_ = [hand_in(f"s{i}", STARTER, why(text, 0.1 * i)) for i, text in enumerate(REASONS)]
    result = compare(class_, assignment)
    assert result.groups == ()
    assert result.too_short < len(class_)
    class_ += [hand_in("copy", STARTER, why(REASONS[1].replace("evening", "day").upper(), 0.7))]
    (group,) = similar(class_, assignment)
    assert group.students == ("copy", "s1")
    assert group.pairs[0].code is None
    assert group.pairs[0].words is not None
    assert group.pairs[0].words > 0.8


def test_answers_in_text_cells_are_compared_too(assignment, hand_in, tmp_path):
    class_ = []
    for i, text in enumerate([*REASONS, REASONS[0] + " That is all that I can say about it."]):
        submission = hand_in(f"s{i}", STARTER)
        notebook = json.loads(submission.path.read_text())
        notebook["cells"].append({"cell_type": "markdown", "metadata": {}, "source": text})
        submission.path.write_text(json.dumps(notebook))
        class_.append(submission)
    assert [group.students for group in similar(class_, assignment)] == [("s0", "s3")]


def test_who_wrote_too_little_is_counted(assignment, hand_in, tmp_path):
    class_ = [hand_in("s0", STARTER, SOLUTION), hand_in("s1", STARTER, "x = 1"),
              Submission(Student("gone"), tmp_path / "gone.ipynb")]  # fmt: skip
    assert compare(class_, assignment).too_short == 2
    assert compare([], assignment).too_short == 0


def test_nobody_copies_from_themselves(assignment, hand_in):
    twice = [hand_in("same", STARTER, SOLUTION)] * 2
    assert similar(twice, assignment) == ()


def test_files_that_are_no_notebooks_are_left_out(assignment, hand_in, tmp_path):
    (tmp_path / "odd.ipynb").write_bytes(b"\xff\x00 not a notebook")
    odd = [Submission(Student("odd"), tmp_path / "odd.ipynb"),
           Submission(Student("gone"), tmp_path / "gone.ipynb")]  # fmt: skip
    copies = [hand_in(f"copy{i}", SOLUTION) for i in range(2)]
    groups = similar([*odd, *copies], assignment)
    assert [group.students for group in groups] == [("copy0", "copy1")]
    assert similar(odd, assignment) == similar([], assignment) == ()


@pytest.mark.parametrize(
    "text",
    ["(" * 200_000, '"' * 200_000, 'f"{' * 50_000, "\\" * 200_000, "def " * 50_000, "😀" * 100_000,
     "\x00" * 100_000, "'''\n" + "\\\n" * 50_000, "!pip install x\n%%bash\n" * 5_000],
    ids=["brackets", "quotes", "f-strings", "backslashes", "def", "emoji", "nul", "open", "magic"],
)  # fmt: skip
def test_hostile_code_is_read_in_bounded_time(assignment, hand_in, text):
    start = time.perf_counter()
    similar([hand_in("a", text), hand_in("b", text, text)], assignment)
    assert time.perf_counter() - start < 20


def varied(rng: np.random.Generator) -> str:
    """Code that nobody else writes: statements in an order and with numbers of their own."""
    lines = []
    for _ in range(20):
        a, b, c = rng.integers(1, 999, 3)
        lines.append(
            str(
                rng.choice(
                    [
                        f"x{a} = train(units={a}, rate={b / 1000}, epochs={c})",
                        f"for i in range({a}): log.append((i * {b}, run(i, {c})))",
                        f"model.add(keras.layers.Dense({a}, activation='relu'))",
                        f"if score > {a / 1000}: best[{b}] = score - {c}",
                        f"def f{a}(x, y={b}): return x * {c} + y ** {a % 7}",
                    ]
                )
            )
        )
    return "\n".join(lines)


def test_a_thousand_students_take_seconds(assignment, hand_in):
    rng = np.random.default_rng(0)
    planted = "\n".join([SOLUTION, varied(rng)])
    class_ = [hand_in(f"s{i:04d}", STARTER, varied(rng)) for i in range(997)]
    class_ += [hand_in(f"t{i}", STARTER, planted.replace("widths", f"w{i}")) for i in range(3)]
    start = time.perf_counter()
    groups = similar(class_, assignment)
    seconds = time.perf_counter() - start
    assert [group.students for group in groups] == [("t0", "t1", "t2")]
    assert seconds < 60, f"{seconds:.1f} s"


def test_the_result_does_not_depend_on_the_order(assignment, hand_in):
    class_ = [
        hand_in(f"s{i}", STARTER, text) for i, text in enumerate([*UNLIKE, SOLUTION, SOLUTION])
    ]
    forth: tuple[SimilarGroup, ...] = similar(class_, assignment)
    assert forth == similar(class_[::-1], assignment) != ()


def test_the_result_does_not_depend_on_the_hash_seed(hand_in):
    text = SOLUTION + UNLIKE[1]
    paths = [hand_in(f"s{i}", part).path for i, part in enumerate([text, SOLUTION, UNLIKE[0]])]
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from mnist_course.class_grading.records import Student, Submission\n"
        "from mnist_course.class_grading.report.similarity import compare\n"
        "from mnist_course.grading.assignment import Assignment\n"
        "class_ = [Submission(Student(Path(p).stem), Path(p)) for p in sys.argv[1:]]\n"
        "print(compare(class_, Assignment('m5', ())))\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code, *map(str, paths)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert said[0] == said[1]
    assert "students=('s0', 's1')" in said[0]
