"""Whether the record of each run can be what a training leaves."""

from __future__ import annotations

import math

from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import of_arm
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_asked_is_done", "check_measured", "check_possible"]

_ACCURACY, _ENTROPY = 1e-3, 5e-3  # another order of summing up makes far less
# Keras goes back to the scores and lets a sure mistake cost more than -log(1e-7), where the
# measure ends: 3 % between the two have been seen in networks that overfit.
_SURE_MISTAKES = 0.08
_FASTEST = 1e-6  # seconds for one update, on any machine
_MOST_LOSS = 16.2  # -log of the smallest probability that Keras lets stand


def check_possible(trials: list[Trial], design: Design) -> list[Problem]:
    """Find records that contradict themselves: updates, epochs, seconds, curves."""
    del design
    problems = []
    for trial in trials:
        saw = _contradiction(trial)
        if saw is not None:
            problems.append(_impossible(trial, saw))
    return problems


def check_measured(trials: list[Trial], design: Design) -> list[Problem]:
    """Find runs whose reported numbers are in no epoch of their own learning curves."""
    del design
    problems = []
    for trial in trials:
        found = _not_in_history(trial)
        if found is None:
            continue
        name, value, closest = found
        problems.append(
            Problem(
                "measured-differs",
                Finding(
                    f"{of_arm(trial)} reports {name} {value:.4f}; in its own learning curve the "
                    f"nearest value is {closest:.4f}.",
                    "A number that the run did not produce is no result of it.",
                    "Leave the trials as `run` returns them; change their names only, with "
                    "trial.named(...).",
                ),
                (trial.arm,),
                (trial.seed,),
            )
        )
    return problems


def check_asked_is_done(trials: list[Trial], design: Design) -> list[Problem]:
    """Find runs whose configuration says something else than what was trained."""
    del design
    problems = []
    for trial in trials:
        found = _asked_not_done(trial)
        if found is not None:
            name, asked, done = found
            problems.append(
                Problem(
                    "not-as-configured",
                    Finding(
                        f"{of_arm(trial)} was to have {name} {asked}; what was trained has {done}.",
                        "A table is made from what was asked for, and then shows something that "
                        "was never tried.",
                        "Run the arm again from its configuration.",
                    ),
                    (trial.arm,),
                    (trial.seed,),
                )
            )
    return problems


def _contradiction(trial: Trial) -> str | None:
    fit, measured = trial.fit, trial.measured
    name = of_arm(trial)
    lengths = {len(values) for values in fit.history.values()}
    if lengths and max(lengths) > fit.epochs:
        return f"{name} has {fit.epochs} epochs, its learning curves have {max(lengths)} values."
    if fit.history.get("loss") and len(fit.history["loss"]) < fit.epochs:
        return (
            f"{name} has {fit.epochs} epochs, its learning curve of the loss has "
            f"{len(fit.history['loss'])} values."
        )
    most = _most_updates(trial)
    if most is not None and fit.steps > most:
        return (
            f"{name} counts {fit.steps:,} updates; {fit.epochs} epochs with batch size "
            f"{fit.batch_size} are {most:,}."
        )
    if fit.steps > 1_000 and fit.seconds < fit.steps * _FASTEST:
        return f"{name} made {fit.steps:,} updates in {fit.seconds:g} seconds."
    for key, done in (
        ("updates", fit.steps),
        ("epochs", fit.epochs),
        ("parameters", fit.parameters),
    ):
        value = measured.get(key)
        if trial.source != "own fit" and value is not None and value != done:
            return f"{name} reports {value:g} {key}, and its record has {done:,}."
    for key, value in measured.items():
        if "accuracy" in key and not (math.isnan(value) or 0 <= value <= 1):
            return f"{name} reports {key} {value:g}; a share lies within 0 and 1."
        if "cross_entropy" in key and (value < 0 or _MOST_LOSS < value < math.inf):
            return f"{name} reports {key} {value:g}; it lies within 0 and {_MOST_LOSS:g}."
    return None


def _most_updates(trial: Trial) -> int | None:
    fit = trial.fit
    if fit.data is None or not fit.batch_size or "steps_per_epoch" in fit.arguments:
        return None
    return fit.epochs * math.ceil(fit.data.rows / fit.batch_size) if fit.epochs else None


def _not_in_history(trial: Trial) -> tuple[str, float, float] | None:
    """Return name, value and the nearest recorded one of a number that no epoch gave."""
    if trial.source == "own fit" or trial.configuration is None:
        return None  # it may have been measured on images of the author's choice
    for name, tolerance in (("val_accuracy", _ACCURACY), ("val_cross_entropy", _ENTROPY)):
        value = trial.measured.get(name)
        recorded = [v for v in trial.fit.history.get(name, ()) if math.isfinite(v)]
        if value is None or not math.isfinite(value) or not recorded:
            continue
        closest = min(recorded, key=lambda one: abs(one - value))
        sure = _SURE_MISTAKES * closest if "entropy" in name and value < closest else 0.0
        if abs(closest - value) > tolerance * max(1.0, abs(value)) + sure:
            return name, value, closest
    return None


def _asked_not_done(trial: Trial) -> tuple[str, str, str] | None:
    """Return setting, value asked and value done, where both are known and differ."""
    asked, fit = trial.configuration, trial.fit
    if asked is None:
        return None
    done = trial.done()
    rates = tuple(dict.fromkeys(done["dropout"]))  # type: ignore[call-overload]
    layers_with_dropout = bool(asked.hidden or asked.conv) and asked.task == "classify"
    wanted: list[tuple[str, object, object]] = [
        ("batch size", asked.batch_size, done["batch size"]),
        ("optimizer", asked.optimizer, _optimizer(done["optimizer"])),
    ]
    if not asked.layer_rates:
        wanted.append(("learning rate", asked.learning_rate, done["learning rate"]))
    if layers_with_dropout:
        wanted.append(("dropout", (asked.dropout,) if asked.dropout else (), rates))
    if asked.task == "classify":
        wanted.append(("units", asked.hidden, done["units"]))
        if asked.hidden:
            wanted.append(
                ("activation", (asked.activation,) * len(asked.hidden), done["activation"])
            )
    if fit.data is not None:
        wanted.append(("training images", asked.train_rows, fit.data.rows))
    for name, one, other in wanted:
        schedule = name == "learning rate" and isinstance(other, str)
        if other is not None and not schedule and not _close(one, other):
            return name, _words(one), _words(other)
    return None


def _close(one: object, other: object) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_close, one, other))
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-4)
    return one == other


def _optimizer(text: object) -> str | None:
    """Return the class of an optimizer in small letters; None for a wrapper or another library."""
    if not isinstance(text, str):
        return None
    name = text.partition("(")[0].lower()
    return name if name in ("sgd", "adam", "adamw", "rmsprop") else None


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _impossible(trial: Trial, saw: str) -> Problem:
    return Problem(
        "impossible-record",
        Finding(
            saw,
            "The record of a run comes from the training itself, so its parts agree.",
            "Leave the trials as they were recorded, and run this one again.",
        ),
        (trial.arm,),
        (trial.seed,),
    )
