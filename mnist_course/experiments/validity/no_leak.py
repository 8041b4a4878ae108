"""Whether the images that judge were kept out of training, out of the choices."""

from __future__ import annotations

from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import of_arm
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_test_unused", "check_training_rows", "check_validation_rows"]

_CHOOSERS = ("EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint")


def check_training_rows(trials: list[Trial], design: Design) -> list[Problem]:
    """Find runs that were trained on test images."""
    del design
    found = [t for t in trials if t.fit.data is not None and t.fit.data.test_rows]
    if not found:
        return []
    data = found[0].fit.data
    rows = 0 if data is None else data.test_rows
    return [
        Problem(
            "trained-on-test",
            Finding(
                f"{len(found)} of {len(trials)} runs were trained on test images: {rows:,} of them "
                f"in {of_arm(found[0])}.",
                "A network can learn those images by heart, so nothing is left that could say how "
                "it does on new ones.",
                "Train on images of x_train alone, and run these again.",
            ),
            tuple(dict.fromkeys(t.arm for t in found)),
        )
    ]


def check_validation_rows(trials: list[Trial], design: Design) -> list[Problem]:
    """Find runs that were judged on images that they were trained on."""
    del design
    found = [t for t in trials if _shared(t)]
    if not found:
        return []
    return [
        Problem(
            "validated-on-training",
            Finding(
                f"In {len(found)} of {len(trials)} runs validation images are training images too: "
                f"{_shared(found[0]):,} of them in {of_arm(found[0])}.",
                "On images that it was trained on a network looks better than it is, above all "
                "one that overfits: the very thing that is compared.",
                "Set the validation images aside before training: x_train[-5000:], and train on "
                "the others.",
            ),
            tuple(dict.fromkeys(t.arm for t in found)),
        )
    ]


def check_test_unused(trials: list[Trial], design: Design) -> list[Problem]:
    """Find runs that chose by the test set: when to stop, or which arm is best."""
    found = [t for t in trials if t.fit.validation is not None and t.fit.validation.test_rows]
    choosing = [t for t in found if any(name in _CHOOSERS for name in t.fit.callbacks)]
    if not found or not (choosing or design.metric.startswith("val_")):
        return []
    first = (choosing or found)[0]
    validation = first.fit.validation
    rows = 0 if validation is None else validation.test_rows
    what = "decided when to stop" if choosing else "decide which arm is best"
    return [
        Problem(
            "test-for-choosing",
            Finding(
                f"{rows:,} test images {what}, in {of_arm(first)}.",
                "The best of several tries looks better than it is on the images by which it was "
                "chosen; then no image is left for an honest last number.",
                "Choose by validation images that come from x_train, and use the test set once, "
                "at the end.",
            ),
            tuple(dict.fromkeys(t.arm for t in found)),
        )
    ]


def _shared(trial: Trial) -> int:
    fit = trial.fit
    data, validation = fit.data, fit.validation
    if data is not None and validation is not None and data.digest == validation.digest:
        return max(fit.shared_rows, validation.rows)
    return fit.shared_rows
