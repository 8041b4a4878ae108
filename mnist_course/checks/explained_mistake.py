"""Points for a misread test image that the student explains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mnist_course.checks.comparison import in_words
from mnist_course.checks.no_points import or_no_points
from mnist_course.checks.plain_values import as_number
from mnist_course.checks.predictions import Predictions, predictions_of
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["check_mistake"]

_KEYS = ("index", "true", "said", "probability", "why")
_SHORTEST = 20  # characters: a sentence, also in a language with short words
_EXAMPLE = "mistake = {'index': ..., 'true': ..., 'said': ..., 'probability': ..., 'why': '...'}"


@or_no_points("misread", "digits", "probability", "why")
def check_mistake(
    mistake: Any,
    model: Any,
    log: ExperimentLog,
    *,
    misread: float = 2,
    digits: float = 1,
    probability: float = 1,
    why: float = 1,
    tolerance: float = 0.1,
    close: float = 0.05,
    name: str = "mistake",
) -> Score:
    """Check that an explained mistake is one that the model makes.

    The grader trains the network anew, and a typed index may meet a network that has just got the
    image right. So an image counts as misread, too, when the class that the student names still
    gets a probability of at least ``close``; for the same reason a probability need only come
    within ``tolerance``.

    Parameters
    ----------
    mistake : dict or list of dict
        ``index`` of the test image, ``true`` digit, digit that the model ``said``, its
        ``probability`` (0..1), ``why`` in the student's words. Of several the best one counts.
    model : keras.Model
    log : ExperimentLog
    misread, digits, probability, why : float
        Points for: an image that the model misreads; both digits right; the probability; an
        explanation of some length, which a person may read.
    tolerance, close : float
    name : str
        The student's variable.

    Returns
    -------
    Score
        With no points, and the reason, if there is no such dict or no model to compare it with.
    """
    entries = _entries(mistake, name)
    known = predictions_of(model, log)
    parts = {"misread": misread, "digits": digits, "probability": probability, "why": why}
    scores = [_score(entry, known, parts, tolerance, close, name) for entry in entries]
    return max(scores, key=float)


def _entries(mistake: Any, name: str) -> list[Mapping[str, Any]]:
    if type(mistake).__name__ == "DataFrame":
        mistake = mistake.to_dict("records")
    entries = list(mistake) if isinstance(mistake, (list, tuple)) else [mistake]
    if not entries or not all(isinstance(entry, Mapping) for entry in entries):
        raise CheckFailed(
            f"`{name}` holds a value of type {type(mistake).__name__}; expected a dict.",
            "A dict says by name what each value is.",
            f"Write {_EXAMPLE}.",
        )
    filled = [entry for entry in entries if entry.get("index") is not None]
    if not filled:
        missing = [key for key in _KEYS if key not in entries[0]]
        raise CheckFailed(
            f"`{name}` has no {missing[0]!r}." if missing else f"`{name}` is not filled in yet.",
            "The index says which test image you explain.",
            "Choose an image that your network misreads, and put its number in the test set there.",
        )
    return filled[:50]


def _score(
    entry: Mapping[str, Any],
    known: Predictions,
    points: Mapping[str, float],
    tolerance: float,
    close: float,
    name: str,
) -> Score:
    of = sum(points.values())
    index = as_number(entry["index"])
    if index is None or index != round(index) or not 0 <= index < len(known.labels):
        return Score(
            0,
            of,
            f"The index in `{name}` is {in_words(entry['index'])}; expected a whole number from 0 "
            f"to {len(known.labels) - 1:,}.",
            "It says which test image you mean: x_test[index].",
            "Take one of the indices of misread images.",
        )
    image = int(index)
    true, answer = int(known.labels[image]), int(known.predicted[image])
    shares = known.probabilities[image]
    # What the student says that the network said, where it is a digit.
    named = next((d for d in range(len(shares)) if d == as_number(entry.get("said"))), true)
    hesitates = named != true and bool(shares[named] >= close)
    if answer == true and not hesitates:
        return Score(
            0,
            of,
            f"Test image {image} is a {true}, and your network reads it as a {answer} "
            f"({shares[answer]:.1%} sure): that is no mistake.",
            "If you took the number from a list of mistakes, you may have used its place in the "
            "list instead of the index that stands there.",
            "Find the misread images with np.flatnonzero(answers != y_test), and take one of these "
            "numbers. Trained again, the network may get a close one right: choose a sure mistake.",
        )
    found = [Finding(f"Test image {image} is a {true} that your network misreads.")]
    earned = points["misread"]
    meant = answer if answer != true else named
    for worth, wrong in (
        (points["digits"], _wrong_digits(entry, true, meant)),
        (points["probability"], _wrong_probability(entry, float(shares[meant]), meant, tolerance)),
        (points["why"], _no_explanation(entry)),
    ):
        if wrong is None:
            earned += worth
        else:
            found.append(wrong)
    return Score(earned, of, findings=found)


def _wrong_digits(entry: Mapping[str, Any], true: int, meant: int) -> Finding | None:
    label, answer = as_number(entry.get("true")), as_number(entry.get("said"))
    if label == true and answer == meant:
        return None
    saw = f"You say: true {in_words(entry.get('true'))}, said {in_words(entry.get('said'))}."
    if label == meant and answer == true:
        return Finding(
            saw,
            f"It is the other way round: the image is a {true}, the network says {meant}.",
            "'true' comes from y_test, 'said' from the network.",
        )
    return Finding(
        saw,
        f"The label of this image is {true}, and the network says {meant}.",
        "Take them from the arrays: int(y_test[index]), int(answers[index]).",
    )


def _wrong_probability(
    entry: Mapping[str, Any], expected: float, meant: int, tolerance: float
) -> Finding | None:
    given = as_number(entry.get("probability"))
    if given is not None and abs(given - expected) <= tolerance:
        return None
    words = in_words(entry.get("probability")) if given is None else f"{given:.4g}"
    saw = f"You say: probability {words}."
    if given is not None and given > 1 and abs(given / 100 - expected) <= tolerance:
        return Finding(
            saw,
            "A probability is a number from 0 to 1.",
            f"Write {given / 100:.3g} instead of {given:.3g}.",
        )
    return Finding(
        saw,
        f"The network gives {expected:.3f} to its answer, the {meant}.",
        "Take it from the row of this image: its largest number.",
    )


def _no_explanation(entry: Mapping[str, Any]) -> Finding | None:
    words = entry.get("why")
    text = words.strip() if isinstance(words, str) else ""
    if len(text) >= _SHORTEST:
        return None
    return Finding(
        f"Your explanation has {len(text)} characters." if text else "There is no explanation yet.",
        "A mistake that somebody can explain can be looked for in other images.",
        "Look at the picture and say in a sentence or two which strokes may have misled the "
        "network.",
    )
