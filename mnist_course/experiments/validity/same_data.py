"""Whether all runs were trained and judged on the same images, prepared in the same way."""

from __future__ import annotations

from mnist_course.experiments.recording.settings import wording
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.axes import belonging
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import listed, of_arm
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_same_data", "check_same_scaling"]

_OF_THE_DATA = frozenset({"dataset", "train_rows", "validation_rows", "split_seed"})


def check_same_data(trials: list[Trial], design: Design) -> list[Problem]:
    """Find runs that had other images than most."""
    fields, knobs = belonging(design.free)
    problems = []
    for part, what in (("data", "trained"), ("validation", "judged")):
        if part == "data" and (knobs & {"training images"} or fields & _OF_THE_DATA):
            continue
        if part == "validation" and fields & {"dataset", "validation_rows", "split_seed"}:
            continue
        prints = {trial: getattr(trial.fit, part) for trial in trials}
        digests = [found.digest for found in prints.values() if found is not None]
        if len(set(digests)) < 2:
            continue
        usual = max(dict.fromkeys(digests), key=digests.count)
        odd = [t for t, found in prints.items() if found is not None and found.digest != usual]
        rows = {prints[t].rows for t in odd}
        most = next(p.rows for p in prints.values() if p is not None and p.digest == usual)
        counts = f"{listed(f'{n:,}' for n in sorted(rows))} images against {most:,}"
        if rows == {most}:
            counts = f"{most:,} images, but others"
        problems.append(
            Problem(
                "other-data",
                Finding(
                    f"{len(odd)} of {len(trials)} runs were {what} on other images than the rest "
                    f"({counts}); the first is {of_arm(odd[0])}.",
                    "Some images are harder than others, so part of the difference comes from the "
                    "images.",
                    "Split the data once, before the first run, and use that split in all of them.",
                ),
                tuple(dict.fromkeys(t.arm for t in odd)),
                tuple(dict.fromkeys(t.seed for t in odd)),
            )
        )
    return problems


def check_same_scaling(trials: list[Trial], design: Design) -> list[Problem]:
    """Find runs whose pixels were scaled differently, or not at all."""
    _, knobs = belonging(design.free)
    raw = [t for t in trials if _raw(t)]
    problems = []
    if raw:
        data = raw[0].fit.data
        top = 0.0 if data is None else data.maximum
        problems.append(
            Problem(
                "not-normalised",
                Finding(
                    f"{len(raw)} of {len(trials)} runs got pixels up to {top:g}; the first is "
                    f"{of_arm(raw[0])}.",
                    "Fresh weights are made for inputs around 1. With inputs 255 times as large "
                    "the study compares how well each arm survives that.",
                    "Divide by 255 once, before the first run.",
                ),
                tuple(dict.fromkeys(t.arm for t in raw)),
            )
        )
    if "input scaling" in knobs or raw:
        return problems
    scalings = {t: t.done()["input scaling"] for t in trials if t.fit.data is not None}
    known = [scaling for scaling in scalings.values() if scaling is not None]
    if len(set(known)) > 1 and not _close(trials):
        usual = max(dict.fromkeys(known), key=known.count)
        odd = [t for t, scaling in scalings.items() if scaling not in (None, usual)]
        problems.append(
            Problem(
                "other-scaling",
                Finding(
                    f"{of_arm(odd[0])} got its pixels as {wording(scalings[odd[0]])}, most runs "
                    f"as {wording(usual)}.",
                    "A network learns at another speed when its inputs are smaller or larger, so "
                    "this is a second change.",
                    "Prepare the images once, before the first run.",
                ),
                tuple(dict.fromkeys(t.arm for t in odd)),
            )
        )
    uneven = [t for t in trials if _uneven(t)]
    if uneven:
        data, validation = uneven[0].fit.data, uneven[0].fit.validation
        ends = [0.0 if part is None else part.maximum for part in (data, validation)]
        problems.append(
            Problem(
                "scaled-differently",
                Finding(
                    f"In {of_arm(uneven[0])} training pixels reach {ends[0]:g}, validation pixels "
                    f"{ends[1]:g}.",
                    "The network is judged on images of a brightness that it has never met: its "
                    "loss there means nothing.",
                    "Prepare both with the same line: x / 255.",
                ),
                tuple(dict.fromkeys(t.arm for t in uneven)),
            )
        )
    return problems


def _raw(trial: Trial) -> bool:
    data = trial.fit.data
    own = any(layer.class_name in ("Rescaling", "Normalization") for layer in trial.fit.layers)
    return data is not None and data.minimum >= 0 and data.maximum > 10 and not own


def _close(trials: list[Trial]) -> bool:
    """Tell whether scalings that cannot be named are the same by their ranges."""
    ranges = {
        (round(t.fit.data.minimum, 2), round(t.fit.data.maximum, 2))
        for t in trials
        if t.fit.data is not None
    }
    return len(ranges) == 1 and all(t.fit.data is None or t.fit.data.factor is None for t in trials)


def _uneven(trial: Trial) -> bool:
    data, validation = trial.fit.data, trial.fit.validation
    if data is None or validation is None:
        return False
    one = max(abs(data.minimum), abs(data.maximum))
    other = max(abs(validation.minimum), abs(validation.maximum))
    return min(one, other) > 0 and max(one, other) / min(one, other) > 20
