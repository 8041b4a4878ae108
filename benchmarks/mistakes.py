"""Every mistake that the course promises to recognise, each with a small example of it.

The examples are run: what ``docs/MISTAKES.md`` shows is what the detectors say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from mnist_course.checks.backend import LayerActivity
from mnist_course.checks.confusion import swapped_axes
from mnist_course.checks.handwriting.look import look
from mnist_course.checks.handwriting.mistakes import findings as of_drawings
from mnist_course.diagnosis.code import check_code
from mnist_course.diagnosis.evaluations import check_evaluations
from mnist_course.diagnosis.history import check_history
from mnist_course.diagnosis.inputs import check_inputs
from mnist_course.diagnosis.layer_facts import LayerFacts
from mnist_course.diagnosis.network import Network
from mnist_course.diagnosis.probe import check_activity, check_predictions
from mnist_course.diagnosis.recorded import check_record
from mnist_course.diagnosis.static import check_static
from mnist_course.drawings import draw
from mnist_course.experiments.recording.fit_record import EvaluationRecord
from mnist_course.experiments.validity.examine import examine
from mnist_course.preprocessing import to_mnist
from tests.experiments.validity.faulty import FAULTY
from tests.experiments.validity.pretend import BASE, data_of, pretend

__all__ = ["MISTAKES", "SECTIONS", "Message", "Mistake"]

SECTIONS = ("Exact fingerprints", "Static", "Recorded", "Probed")

Message = tuple[str, str, str]
"""What was seen, why it matters, what to try next."""


@dataclass(frozen=True)
class Mistake:
    """One entry of the list.

    Parameters
    ----------
    section : str
        Of `SECTIONS`.
    words : str
        The mistake in a few words.
    name : str
        Slug of the finding.
    detector : str
        Module and function below ``mnist_course``.
    example : callable
        Runs the detector on an example of the mistake, and returns what it says.
    test : str
        ``file::function``, with the case of a parametrized test in square brackets.
    """

    section: str
    words: str
    name: str
    detector: str
    example: Callable[[], Message]
    test: str


_HIDDEN = LayerFacts("Dense", "hidden", 64, "relu")
_SOFTMAX = LayerFacts("Dense", "output", 10, "softmax")
_LINEAR = LayerFacts("Dense", "output", 10, "linear")
_SPARSE = "sparse_categorical_crossentropy"
_RECORD = replace(pretend(BASE, 0).fit, validation=None)
_TEST = data_of(10_000, "test", train_rows=0, test_rows=10_000)
_RAW: dict[str, Any] = {"maximum": 255.0, "factor": 1.0, "mean": 33.3}
_WORSE: dict[str, tuple[float, ...]] = {
    "loss": (0.30, 0.14, 0.10, 0.08, 0.06, 0.05),
    "val_loss": (0.17, 0.13, 0.11, 0.12, 0.12, 0.13),
    "val_accuracy": (0.950, 0.961, 0.969, 0.966, 0.967, 0.964),
}
_STOPPED = replace(
    _RECORD, callbacks=("EarlyStopping",), epochs=6, epochs_planned=20, history=_WORSE,
    accuracy=0.969, validation=data_of(1_000, "val 0"),
)  # fmt: skip


def _says(
    name: str, detector: Callable[..., Iterable[Any]], *args: Any, **kwargs: Any
) -> Callable[[], Message]:
    """Return what asks a detector, and gives the sentences of the finding with this name."""

    def ask() -> Message:
        for found in detector(*args, **kwargs):
            if found.name == name:
                return found.saw, found.why, found.next_step
        raise LookupError(f"the example shows no {name!r}")

    return ask


def _network(*layers: LayerFacts, loss: str = _SPARSE, logits: bool | None = False) -> Network:
    return Network(layers=layers, loss=loss, from_logits=logits)


def _fingerprints() -> Iterator[Mistake]:
    tests = "tests/diagnosis/test_history.py::test_a_wrong_history_is_recognised"
    curves: tuple[tuple[str, str, dict[str, Any], str], ...] = (
        ("accuracy .0980 = always 0", "always-one-class",
         {"loss": (2.30, 2.30), "val_accuracy": (0.098, 0.098)}, "always 0"),
        ("accuracy .0980 with a loss of NaN", "nan-loss",
         {"loss": (2.1, math.nan), "val_accuracy": (0.3, 0.098)}, "NaN"),
        ("accuracy .1135 = always 1", "always-one-class",
         {"loss": (2.31, 2.30), "val_accuracy": (0.1135, 0.1135)}, "always 1"),
        ("Fashion-MNIST accuracy .1000 = always one class", "always-one-class",
         {"loss": (2.30, 2.30), "val_accuracy": (0.1, 0.1)}, "Fashion, one class"),
        ("first-epoch loss < .15 = the model was already trained", "already-trained",
         {"loss": (0.07, 0.05), "accuracy": (0.979, 0.985)}, "warm start"),
        ("test loss far too high with a high accuracy", "scaled-differently",
         {"loss": (0.3, 0.14), "val_loss": (14.9, 21.3), "val_accuracy": (0.951, 0.962)},
         "test set not divided by 255"),
    )  # fmt: skip
    for words, name, history, case in curves:
        yield Mistake(
            "Exact fingerprints", words, name, "diagnosis.history.check_history",
            _says(name, check_history, history), f"{tests}[{case}]",
        )  # fmt: skip
    yield Mistake(
        "Exact fingerprints", "x.max() 1.133 = divided by 225", "divided-by-225",
        "diagnosis.inputs.check_inputs",
        _says("divided-by-225", check_inputs, 0, 255 / 225),
        "tests/diagnosis/test_examine.py::test_divided_by_225",
    )  # fmt: skip


def _static() -> Iterator[Mistake]:
    flip = LayerFacts("RandomFlip", "flip")
    wide = LayerFacts("Dense", "output", 1, "softmax")
    plain = LayerFacts("Dense", "hidden", 64, "linear")
    of_networks: tuple[tuple[str, str, Network, dict[str, Any]], ...] = (
        ("softmax with from_logits=True", "softmax-from-logits",
         _network(_HIDDEN, _SOFTMAX, logits=True), {}),
        ("no softmax with from_logits=False", "missing-softmax", _network(_HIDDEN, _LINEAR), {}),
        ("sparse loss with one-hot labels", "sparse-loss-one-hot",
         _network(_HIDDEN, _SOFTMAX), {"labels": "one-hot"}),
        ("one-hot loss with integer labels", "categorical-loss-integer",
         _network(_HIDDEN, _SOFTMAX, loss="categorical_crossentropy"), {"labels": "integer"}),
        ("MSE for classes", "mse-for-classes",
         _network(_HIDDEN, _SOFTMAX, loss="mean_squared_error", logits=None), {}),
        ("output width is not 10", "output-width", _network(_HIDDEN, wide), {}),
        ("linear hidden layers", "linear-hidden", _network(plain, _SOFTMAX), {}),
        ("flips on digits", "flips-digits", _network(flip, _HIDDEN, _SOFTMAX), {"digits": True}),
    )  # fmt: skip
    for words, name, network, known in of_networks:
        yield Mistake(
            "Static", words, name, "diagnosis.static.check_static",
            _says(name, check_static, network, **known),
            "tests/diagnosis/test_static.py::test_a_wrong_configuration_is_recognised"
            if name != "flips-digits"
            else "tests/diagnosis/test_static.py::test_flips_are_a_problem_only_for_known_digits",
        )  # fmt: skip
    source = "def build(units, rate):\n    return [Dense(units), Dropout(0.1), Dense(10)]\n"
    yield Mistake(
        "Static", "unused function arguments", "unused-argument", "diagnosis.code.check_code",
        _says("unused-argument", check_code, source),
        "tests/diagnosis/test_code.py::test_unused_arguments_are_named[an ignored rate]",
    )  # fmt: skip


def _of_one_record() -> Iterator[Mistake]:
    tests = "tests/diagnosis/test_recorded.py"
    cases: tuple[tuple[str, str, Any, str], ...] = (
        ("not normalised", "input-not-scaled",
         replace(_RECORD, data=data_of(2_000, "raw", **_RAW)),
         "test_a_wrong_record_is_recognised[raw pixels]"),
        ("test used for stopping", "test-for-stopping",
         replace(_RECORD, validation=_TEST, callbacks=("EarlyStopping",)),
         "test_a_wrong_record_is_recognised"),
        ("test rows among the training rows", "trained-on-test",
         replace(_RECORD, data=data_of(70_000, "both", train_rows=60_000, test_rows=10_000)),
         "test_a_wrong_record_is_recognised[test images in the training set]"),
        ("validated on training rows", "validated-on-training",
         replace(_RECORD, validation=data_of(1_000, "train 0"), shared_rows=1_000),
         "test_a_wrong_record_is_recognised[validated on training rows]"),
        ("history[-1] reported after restored weights", "restored-weights", _STOPPED,
         "test_the_last_epoch_is_not_what_early_stopping_left"),
        ("patience ≥ epochs (a fit by hand)", "patience-too-long",
         replace(_STOPPED, epochs_planned=6), "test_early_stopping_that_never_stopped"),
    )  # fmt: skip
    for words, name, record, test in cases:
        yield Mistake(
            "Recorded", words, name, "diagnosis.recorded.check_record",
            _says(name, check_record, record), f"{tests}::{test}",
        )  # fmt: skip
    fit = replace(_RECORD, data=data_of(60_000, "all"))
    judged = EvaluationRecord(1, fit.weights_after, data_of(60_000, "all"), 0.9912)
    yield Mistake(
        "Recorded", "evaluated on training data", "evaluated-on-training",
        "diagnosis.evaluations.check_evaluations",
        _says("evaluated-on-training", check_evaluations, [fit], [judged]),
        "tests/diagnosis/test_evaluations.py::test_evaluated_on_training_data_alone",
    )  # fmt: skip
    three = [replace(pretend(BASE, n).fit, number=n + 1, validation=_TEST) for n in range(3)]
    yield Mistake(
        "Recorded", "test used for choosing (a log)", "test-for-choosing",
        "diagnosis.evaluations.check_evaluations",
        _says("test-for-choosing", check_evaluations, three, []),
        "tests/diagnosis/test_evaluations.py::test_several_networks_judged_on_the_test_set",
    )  # fmt: skip


# The planted study whose sentence stands on the page, for each of its kinds: words, module, study.
_OF_STUDIES = (
    ("arm label ≠ arm configuration", "labels.check_labels",
     "an arm called dropout 0.3 holds 0.1"),
    ("configuration ≠ what was trained", "possible_record.check_asked_is_done",
     "asked for dropout 0.3, trained with 0.1"),
    ("more than one change", "one_change.check_one_change", "dropout and learning rate at once"),
    ("more than one change, in the record only", "one_change.check_one_change",
     "another learning rate that only the record shows"),
    ("an arm that is not one setting", "one_change.check_within_arms",
     "one run of an arm has another activation"),
    ("two arms with one setting", "one_change.check_arms_differ", "two arms with one setting"),
    ("no control", "arms_present.check_control", "no control arm"),
    ("too few arms", "arms_present.check_arms_present", "two arms where three are asked for"),
    ("an arm of the task is missing", "arms_present.check_arms_present", "a named arm is missing"),
    ("a value of the task is missing", "arms_present.check_values",
     "a value on the axis is missing"),
    ("a model that was not rebuilt between arms", "fresh_weights.check_fresh_weights",
     "each arm goes on with the network of the one before"),
    ("a first epoch that is too good", "fresh_weights.check_fresh_weights",
     "a first epoch that is too good"),
    ("every run begins with the same weights", "fresh_weights.check_own_start",
     "all seeds begin with the same weights"),
    ("too few seeds", "enough_seeds.check_seeds", "two seeds where three are asked for"),
    ("one run, copied", "enough_seeds.check_copies", "one run, written down three times"),
    ("nothing added to what the course ships", "enough_seeds.check_own_runs",
     "only what came with the course"),
    ("other training images in one arm", "same_data.check_same_data",
     "one arm trained on other rows"),
    ("not normalised (a study)", "same_data.check_same_scaling", "pixels up to 255"),
    ("one arm scaled differently", "same_data.check_same_scaling", "one arm divided by 225"),
    ("validation images scaled differently", "same_data.check_same_scaling",
     "validation images not divided"),
    ("test rows among the training rows (a study)", "no_leak.check_training_rows",
     "test images among the training rows"),
    ("test used for stopping (a study)", "no_leak.check_test_unused", "stopped by the test set"),
    ("test used for choosing (a study)", "no_leak.check_test_unused",
     "arms chosen by the test set"),
    ("evaluated on training data (a study)", "no_leak.check_validation_rows",
     "judged on the training data"),
    ("history[-1] reported after restored weights (a study)", "stopping.check_restored",
     "the last epoch reported after the best was restored"),
    ("patience ≥ epochs", "stopping.check_patience", "patience longer than the training"),
    ("epochs of one step", "one_step_epochs.check_steps", "epochs of a single update"),
    ("L2 `val_loss` compared across λ", "penalty.check_penalty", "val_loss compared under L2"),
    ("L2 `val_loss` reported as cross-entropy", "penalty.check_penalty",
     "val_loss reported as cross-entropy"),
    ("equal epochs mistaken for equal updates", "equal_budget.check_equal",
     "equal epochs where equal updates are asked for"),
    ("unequal epochs", "equal_budget.check_equal", "one batch size got twice the epochs"),
    ("networks of unequal size", "equal_budget.check_equal", "depths of very different sizes"),
    ("a record that contradicts itself", "possible_record.check_possible",
     "more updates than the epochs can hold"),
    ("numbers that the run did not give", "possible_record.check_measured",
     "numbers that no epoch gave"),
    ("a shipped trial was altered", "shipped_trials.check_shipped",
     "a shipped trial with another number"),
    ("a claim about an experiment never run", "claimed_arms.check_claimed_arms",
     "a claim about an arm that was never run"),
    ("a claim by the test set", "claimed_arms.check_claimed_metric", "a claim by the test set"),
    ("a claim by the training images", "claimed_arms.check_claimed_metric",
     "a claim by the training images"),
    ("a claim by a number nobody measured", "claimed_arms.check_claimed_metric",
     "a claim by a number that nobody measured"),
)  # fmt: skip


def _of_studies() -> Iterator[Mistake]:
    cases = {case.name: case for case in FAULTY}
    test = (
        "tests/experiments/validity/test_examine.py::"
        "test_a_planted_error_is_found_with_its_own_kind"
    )
    for words, detector, name in _OF_STUDIES:
        case = cases[name]

        def example(case: Any = case) -> Message:
            found = examine(
                case.trials, case.design, claim=case.claim, find_shipped=case.find_shipped
            )
            told = next(problem for problem in found if problem.kind == case.kind).finding
            return told.saw, told.why, told.next_step

        yield Mistake(
            "Recorded", words, case.kind, f"experiments.validity.{detector}", example,
            f"{test}[{name}]",
        )  # fmt: skip


def _of_record_epochs() -> Iterator[Mistake]:
    history = {"loss": (2.2, 2.1, 2.0), "val_accuracy": (0.3, 0.4, 0.5)}
    yield Mistake(
        "Recorded", "epochs of one step (one fit)", "one-step-epochs",
        "diagnosis.history.check_history",
        _says("one-step-epochs", check_history, history, steps=1, rows=60_000),
        "tests/diagnosis/test_history.py::test_a_wrong_history_is_recognised",
    )  # fmt: skip


def _probed() -> Iterator[Mistake]:
    rng = np.random.default_rng(0)
    alive = rng.random((100, 64)).astype(np.float32)
    dead = np.where(np.arange(64) < 40, 0, alive).astype(np.float32)
    ends = np.where(np.arange(64) < 50, 1.0, alive).astype(np.float32)
    narrow = (alive[:, :2] @ rng.random((2, 64))).astype(np.float32)
    of_units = (
        ("dead units", "dead-units", dead, "relu"),
        ("saturated units", "saturated-units", ends, "sigmoid"),
        ("rank of a bottleneck", "low-rank", narrow, "relu"),
    )
    for words, name, values, activation in of_units:
        yield Mistake(
            "Probed", words, name, "diagnosis.probe.check_activity",
            _says(name, check_activity, [LayerActivity("hidden_1", "Dense", activation, values)]),
            "tests/diagnosis/test_probe.py::test_wrong_activity_is_recognised",
        )  # fmt: skip
    yield Mistake(
        "Probed", "rows not summing to 1", "rows-not-probabilities",
        "diagnosis.probe.check_predictions",
        _says("rows-not-probabilities", check_predictions, alive[:, :10]),
        "tests/diagnosis/test_probe.py::test_wrong_predictions_are_recognised",
    )  # fmt: skip
    own = np.diag(np.full(10, 90))
    own[4, 9], own[9, 4] = 12, 3

    def swapped() -> Message:
        told = swapped_axes(own, "matrix")
        return told.saw, told.why, told.next_step

    yield Mistake(
        "Probed", "swapped confusion-matrix axes", "swapped-axes",
        "checks.confusion.check_confusion_matrix", swapped,
        "tests/checks/test_confusion.py::test_swapped_axes_have_their_own_sentence",
    )  # fmt: skip
    yield from _of_digits()


def _of_digits() -> Iterator[Mistake]:
    """Yield the mistakes in a converted drawing, each made from a right one."""
    drawing = draw(7, paper="scan", seed=3, shape=(240, 200))
    right = to_mnist(drawing.image)
    thick, thin = (draw(3, paper="screen", seed=6, pen=(width, width)) for width in (0.15, 0.02))
    large = Image.fromarray(right[3:25, 3:25]).resize((28, 28), Image.Resampling.BILINEAR)
    images: tuple[tuple[str, str, Any, Any, str], ...] = (
        ("custom digit inverted", "inverted", 1 - right, drawing.ink,
         "test_one_change_is_one_mistake"),
        ("custom digit off-centre", "off", np.roll(right, 4, axis=1), drawing.ink,
         "test_one_change_is_one_mistake"),
        ("custom digit too thin", "thin", to_mnist(thin.image), thick.ink,
         "test_a_pen_that_is_too_thin"),
        ("custom digit filling the frame", "fills", np.asarray(large), drawing.ink, "test_sizes"),
    )  # fmt: skip
    for words, name, image, ink, test in images:

        def example(image: Any = image, ink: Any = ink, name: str = name) -> Message:
            seen = look(image, ink)
            if seen.mistake != name:
                raise LookupError(f"the example shows {seen.mistake!r}, not {name!r}")
            told = of_drawings([seen])[0]
            return told.saw, told.why, told.next_step

        yield Mistake(
            "Probed", words, name, "checks.handwriting.look.look", example,
            f"tests/checks/handwriting/test_look.py::{test}",
        )  # fmt: skip


MISTAKES: tuple[Mistake, ...] = (
    *_fingerprints(),
    *_static(),
    *_of_one_record(),
    *_of_record_epochs(),
    *_of_studies(),
    *_probed(),
)
"""In the order of the course's list."""
