"""Whether each arm is what it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mnist_course.experiments.trials.configuration import ACTIVATIONS, OPTIMIZERS
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.axis_values import in_words, is_at, values_on
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import by_arm
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_labels"]

# 1,000 or 0.3 or 0,3 or 1e-3; no range, no fraction, no power of ten.
_NUMBER = (
    r"(?P<number>[1-9]\d{0,2}(?:,\d{3})+|\d+(?:[.,]\d+)?(?:e[-+]?\d+)?|\.\d+)"
    r"(?![\d^/⁻]|[.,]\d|-\d)(?P<percent> ?%)?"
)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(,\d{3})+")
# A word of a label, what it means; the longer words first.
_WORDS = {
    "learning rate": r"learning[ _-]?rate|\blr\b|\beta\b",
    "weight decay": r"weight[ _-]?decay|\bwd\b",
    "batch size": r"batch[ _-]?size|\bbatch\b|\bbs\b",
    "dropout": r"drop[ -]?out",
    "l2": r"\bl2\b|\blambda\b|λ",
    "epochs": r"\bepochs?\b",
    "patience": r"\bpatience\b",
    "momentum": r"\bmomentum\b",
    "updates": r"\bupdates\b",
    "units": r"\bunits\b|\bwidth\b",
    "depth": r"\bdepth\b|\bhidden layers?\b",
    "latent": r"\blatent\b|\bcode of\b",
}
_BETWEEN = r"[ =:_(-]*"
_NONE = r"\b(?:no|without|zero|w/o)[ _-]+(?:{word})|(?:{word})[ _:=-]*(?:off|none|no)\b"
_CAREFUL = re.compile(r"\b(vs|versus|than|not|no|without|instead|or)\b")


@dataclass(frozen=True, slots=True)
class _Said:
    """What a label says: this axis has this value; True for any value but none."""

    axis: str
    value: object


def check_labels(trials: list[Trial], design: Design) -> list[Problem]:
    """Find arms that hold another setting than their name says."""
    arms = by_arm(trials)
    problems = []
    for arm, runs in arms.items():
        wrong = _wrong_in(arm, runs[0]) or _value_of_another(arm, arms, design)
        if wrong is not None:
            problems.append(_differs(arm, runs[0], wrong))
    return problems


def _differs(arm: str, trial: Trial, said: _Said) -> Problem:
    value = f"{said.value:g}" if isinstance(said.value, float) else str(said.value)
    if said.value is True:
        value = "some"
    return Problem(
        "label-differs",
        Finding(
            f"The arm {arm!r} says {said.axis} {value}; what was trained has {said.axis} "
            f"{in_words(trial, said.axis)}.",
            "Whoever reads the table believes the name, and learns something that is not so.",
            "Give the arm the setting that it is named after, or name it after what it has, and "
            "run it again.",
        ),
        (arm,),
    )


def _wrong_in(arm: str, trial: Trial) -> _Said | None:
    """Return the first thing that a label says and that is not so."""
    label = arm.lower()
    wrong: _Said | None = None
    for numbers_first in (False, True):  # "dropout 0.3", "0.3 dropout": whichever reading fits
        wrong = next(
            (said for said in _numbers_in(label, numbers_first) if not _is_so(trial, said)), None
        )
        if wrong is None:
            break
    return wrong or next((said for said in _names_in(label) if not _is_so(trial, said)), None)


def _numbers_in(label: str, numbers_first: bool) -> Iterator[_Said]:
    rest = label
    for name, word in _WORDS.items():
        absent = re.search(_NONE.format(word=word), rest)
        if absent:
            rest = _without(rest, absent)
            if name in ("dropout", "l2", "momentum", "weight decay"):
                yield _Said(name, 0.0)
    for number_first in (numbers_first, not numbers_first):
        for name, word in _WORDS.items():
            after, before = (
                rf"(?:{word}){_BETWEEN}(?:of )?{_NUMBER}",
                rf"{_NUMBER}[ -]*(?:{word})",
            )
            while found := re.search(before if number_first else after, rest):
                rest = _without(rest, found)
                yield _Said(name, _value(found))


def _value(found: re.Match[str]) -> float:
    text = found["number"]
    whole = _THOUSANDS.fullmatch(text)
    value = float(text.replace(",", "") if whole else text.replace(",", "."))
    return value / 100 if found["percent"] else value


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} ; {text[found.end() :]}"


def _names_in(label: str) -> Iterator[_Said]:
    """Yield the optimizers and activations that a label names, as one statement each."""
    if _CAREFUL.search(label):
        return
    for axis, known in (
        ("optimizer", OPTIMIZERS),
        ("activation", tuple(name for name in ACTIVATIONS if name != "linear")),
    ):
        named = tuple(name for name in known if re.search(rf"\b{name}\b", label))
        if named:
            yield _Said(axis, named[0] if len(named) == 1 else named)
    if re.search(r"\bmomentum\b(?! *[=:_(-]* *[\d.])", label):
        yield _Said("momentum", True)


def _is_so(trial: Trial, said: _Said) -> bool:
    known = [value for value in values_on(trial, said.axis) if value is not None]
    if not known or (said.axis in ("patience", "latent") and trial.configuration is None):
        return True  # the record does not show it
    if said.axis == "momentum":
        text = str(trial.done()["optimizer"])
        rate = re.search(r"momentum=([\d.e-]+)", text)
        has = float(rate[1]) if rate else 0.0
        if not text.startswith("SGD"):
            return True  # Adam has a momentum of its own
        return has > 0 if said.value is True else has == said.value
    if said.axis == "depth" and isinstance(said.value, float):
        # Some count the output layer.
        return any(is_at(trial, "depth", said.value - extra) for extra in (0.0, 1.0))
    if said.axis in ("optimizer", "activation"):
        names = said.value if isinstance(said.value, tuple) else (said.value,)
        done = trial.done()[said.axis]
        text = " ".join(map(str, done)) if isinstance(done, tuple) else str(done)
        text += " " + " ".join(map(str, trial.done()["other layers"]))  # type: ignore[call-overload]
        if said.axis == "activation" and done == ():
            return True
        return any(re.search(rf"(?<![a-z]){name}(?![a-z])", text.lower()) for name in names)
    if said.axis == "epochs":
        asked = trial.configuration.epochs if trial.configuration is not None else None
        return said.value in (trial.fit.epochs, trial.fit.epochs_planned, asked)
    return is_at(trial, said.axis, said.value)


def _value_of_another(arm: str, arms: dict[str, list[Trial]], design: Design) -> _Said | None:
    """Return the number that is the whole label, if it is the value of another arm instead.

    A label that is a number may be a mere count (1, 2, 3), unless it is a value of this study.
    """
    found = re.fullmatch(_NUMBER, arm.strip().lower())
    if found is None or len(design.axes) != 1:
        return None
    number = _value(found)
    name = design.axes[0]
    if is_at(arms[arm][0], name, number):
        return None
    others = [
        other for other, runs in arms.items() if other != arm and is_at(runs[0], name, number)
    ]
    return _Said(name, number) if others and number else None
