"""Points for whole studies: each part for itself, every kind of wrong input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnist_course.checks import backend, check_study
from mnist_course.checks.score import CannotGrade, Score, clear, collected
from mnist_course.checks.study.parts import PART_OF, PARTS
from mnist_course.checks.study.rerun import repeat_one
from mnist_course.experiments import Claim, Design, frame, summary
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.shipped import shipped_trials
from mnist_course.experiments.trials.trial import Trial
from mnist_course.grading.serialization import Opaque
from tests.experiments.validity.cases import ARMS, DROPOUT, Case
from tests.experiments.validity.faulty import FAULTY
from tests.experiments.validity.pretend import pretend, study, with_measured

POINTS = {"arms": 3, "one change": 3, "runs": 3, "table": 2, "plot": 2, "claim": 2}
DESIGN = replace(DROPOUT, own_seeds=1)
LEVELS = {"no dropout": 0.90, "dropout 0.1": 0.92, "dropout 0.3": 0.95}


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    """A right study, in which dropout 0.3 is clearly the best."""
    return study(ARMS, levels=LEVELS)


@pytest.fixture(scope="module")
def figure(trials: list[Trial]) -> Any:
    """A picture with a point for every trial."""
    from matplotlib.figure import Figure

    drawn = Figure()
    axes = drawn.subplots()
    for place, arm in enumerate(ARMS):
        values = [t.measured["val_accuracy"] for t in trials if t.arm == arm]
        axes.scatter([place] * len(values), values)
    axes.set(xlabel="arm", ylabel="validation accuracy")
    return drawn


@pytest.fixture
def made(trials: list[Trial], figure: Any) -> dict[str, Any]:
    """What belongs to the right study."""
    return {
        "table": summary(trials, "val_accuracy"),
        "figure": figure,
        "claim": Claim("winner", "dropout 0.3"),
    }


def test_a_right_study_has_all_points(trials: list[Trial], made: dict[str, Any]) -> None:
    score = check_study(trials, design=DESIGN, points=POINTS, **made)
    assert (float(score), score.of) == (15, 15), str(score)
    assert "3 arms" in str(score)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (None, "still None"),
        ([], "0 trials"),
        ((), "0 trials"),
        ({}, "0 trials"),
        (NotImplemented, "NotImplementedType"),
        (5, "int"),
        ("trials", "str"),
        (float("nan"), "float"),
        ([1, 2, None], "no trials"),
        ([float("nan")], "no trials"),
        (np.zeros(3), "ndarray"),
        (Opaque("Trial", "it cannot be read"), "Trial"),
        ([Opaque("Trial", "it cannot be read")], "no trials"),
        (Configuration(), "Configuration"),
        (lambda: None, "function"),
    ],
    ids=lambda value: "a function" if callable(value) else str(value)[:30],  # no address
)
def test_whatever_is_left_instead_of_trials_gives_a_sentence(left: Any, words: str) -> None:
    score = check_study(left, design=DESIGN, points=POINTS, names={"trials": "mine"})
    assert (float(score), score.of) == (0, 15)
    assert words in str(score) and "`mine`" in str(score)
    assert score.findings[0].why and score.findings[0].next_step


def test_trials_may_be_kept_by_arm(trials: list[Trial], made: dict[str, Any]) -> None:
    by_arm = {arm: tuple(t for t in trials if t.arm == arm) for arm in ARMS}
    assert check_study(by_arm, design=DESIGN, points=POINTS, **made) == 15


@pytest.mark.parametrize("part", ["table", "plot", "claim"])
@pytest.mark.parametrize(
    "left",
    [None, 5, float("nan"), "adam is the best", [], {}, NotImplemented, Opaque("X", "no"), Score],
    ids=lambda value: str(value)[:30],
)
def test_whatever_is_left_instead_of_an_answer_costs_its_own_points(
    trials: list[Trial], made: dict[str, Any], part: str, left: Any
) -> None:
    made["figure" if part == "plot" else part] = left
    score = check_study(trials, design=DESIGN, points=POINTS, **made)
    assert float(score) == 13, str(score)
    assert score.findings[0].next_step


@pytest.mark.parametrize(
    "case",
    [case for case in FAULTY if case.claim is None and PART_OF[case.kind] != "claim"],
    ids=lambda case: case.name,
)
def test_a_planted_error_costs_the_part_that_it_belongs_to(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mnist_course.checks.study.study.examine",
        lambda trials, design: __import__(
            "mnist_course.experiments.validity.examine", fromlist=["examine"]
        ).examine(trials, design, find_shipped=case.find_shipped),
    )
    part = PART_OF[case.kind]
    score = check_study(case.trials, design=case.design, points={part: 4})
    assert float(score) < 4
    assert case.says in score.findings[0].saw
    rest = {name: 1.0 for name in ("arms", "one change", "runs") if name != part}
    assert check_study(case.trials, design=case.design, points=rest) == 2


def test_few_runs_are_worth_half_and_missing_arms_a_part(trials: list[Trial]) -> None:
    two = [t for t in trials if t.seed < 2]
    assert check_study(two, design=DESIGN, points={"runs": 3}) == 1.5
    without = [t for t in trials if t.arm != "dropout 0.1"]
    score = check_study(without, design=DESIGN, points={"arms": 3})
    assert float(score) == 1 and "2 arms" in str(score)
    shown = [t for t in trials if t.arm != "no dropout"]
    design = replace(DESIGN, arms=2)
    assert check_study(shown, design=design, points={"arms": 3}) == 1.5


def test_what_is_made_of_single_runs_is_worth_nothing(
    trials: list[Trial], made: dict[str, Any]
) -> None:
    one_each = [t for t in trials if t.seed == 0]
    made["table"] = summary(one_each, "val_accuracy")
    made["claim"] = Claim("inconclusive")
    score = check_study(one_each, design=DESIGN, points=POINTS, **made)
    assert float(score) == 6, str(score)
    one_arm = [t for t in trials if t.arm == "no dropout"]
    made["table"] = summary(one_arm, "val_accuracy")
    score = check_study(one_arm, design=DESIGN, points=POINTS, **made)
    assert float(score) == 3, str(score)  # its runs are right
    copies = [replace(one_each[0], arm=t.arm, seed=t.seed) for t in trials]
    made["table"] = summary(copies, "val_accuracy")
    score = check_study(copies, design=DESIGN, points=POINTS, **made)
    assert float(score) < 4, str(score)


@pytest.mark.parametrize(
    ("claim", "supported"),
    [
        (Claim("winner", "dropout 0.3"), True),
        (Claim("winner", "dropout 0.3", "val_cross_entropy"), True),
        (Claim("winner", "no dropout"), False),
        (Claim("tie", ("no dropout", "dropout 0.3")), False),
        (Claim("inconclusive"), False),
        (Claim("winner", "dropout 0.9"), False),
        (Claim("winner", "dropout 0.3", "test_accuracy"), False),
        (Claim("winner", "dropout 0.3", "train_accuracy"), False),
        (Claim("winner", "dropout 0.3", "elegance"), False),
    ],
    ids=str,
)
def test_a_claim_must_follow_from_the_trials(
    trials: list[Trial], claim: Claim, supported: bool
) -> None:
    score = check_study(trials, design=DESIGN, points={"claim": 2}, claim=claim)
    assert (float(score) == 2) is supported, str(score)


def test_any_conclusion_that_the_trials_support_is_right() -> None:
    close = study(ARMS, spread=0.01)
    mean = {a: np.mean([t.measured["val_accuracy"] for t in close if t.arm == a]) for a in ARMS}
    best = sorted(mean, key=mean.__getitem__, reverse=True)
    for claim in (Claim("inconclusive"), Claim("tie", tuple(best[:2]))):
        assert check_study(close, design=DESIGN, points={"claim": 2}, claim=claim) == 2


@pytest.mark.parametrize("points", [{}, {"beauty": 3}, {"arms": 2, "Runs": 1}])
def test_a_part_that_does_not_exist_is_the_fault_of_the_cell(points: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="points are given for"):
        check_study([], design=DESIGN, points=points)


class _Trains:
    """A backend that trains as told, and counts."""

    def __init__(self, answer: Callable[[Configuration, int], Trial]) -> None:
        self.answer, self.asked = answer, []  # type: ignore[var-annotated]

    def run_trial(self, configuration: Configuration, *, seed: int) -> Trial:
        self.asked.append((configuration, seed))
        return self.answer(configuration, seed)


@pytest.fixture
def trains() -> Any:
    """Return use(answer): the backend that checks ask, until the test is over."""

    def use(answer: Callable[[Configuration, int], Trial]) -> _Trains:
        trainer = _Trains(answer)
        backend.use(trainer)  # type: ignore[arg-type]
        return trainer

    clear()
    yield use
    backend.use(None)
    clear()


def _as_before(trials: list[Trial]) -> Callable[[Configuration, int], Trial]:
    known = {(t.configuration, t.seed): t for t in trials}
    return lambda configuration, seed: known[configuration, seed]


def test_one_run_is_trained_again_and_comes_out_as_it_is(
    trials: list[Trial], made: dict[str, Any], trains: Any
) -> None:
    trainer = trains(_as_before(trials))
    score = check_study(trials, design=DESIGN, points=POINTS, rerun=True, **made)
    assert float(score) == 15 and len(trainer.asked) == 1


def test_a_run_that_does_not_come_out_again_costs_what_is_built_on_it(
    trials: list[Trial], made: dict[str, Any], trains: Any
) -> None:
    trainer = trains(lambda c, seed: pretend(c, seed, level=0.5))
    score = check_study(trials, design=DESIGN, points=POINTS, rerun=True, **made)
    assert float(score) == 15 - 3 - 2 - 2, str(score)
    assert len(trainer.asked) == 2 and "trained again by the grader" in str(score)
    assert any("did not come out again" in words for words in collected().staff)


def test_one_run_that_goes_another_way_costs_nothing(
    trials: list[Trial], made: dict[str, Any], trains: Any
) -> None:
    as_before = _as_before(trials)
    answers = iter([0.5, None])

    def answer(configuration: Configuration, seed: int) -> Trial:
        level = next(answers)
        if level is None:
            return as_before(configuration, seed)
        return pretend(configuration, seed, level=level)

    trains(answer)
    assert check_study(trials, design=DESIGN, points=POINTS, rerun=True, **made) == 15


def test_runs_of_the_course_under_another_name_are_as_the_course_has_them(trains: Any) -> None:
    of_course = [t for t in shipped_trials() if t.configuration is not None]
    base = next(t.configuration for t in of_course if "val_accuracy" in t.measured)
    both = [c for c in {t.configuration: 0 for t in of_course} if c.task == base.task][:2]
    runs = [
        replace(t, arm="ab"[both.index(t.configuration)], source="stored")
        for t in of_course
        if t.configuration in both
    ]
    better = [
        with_measured(t, val_accuracy=0.999) if t.arm == "a" and t.seed == 0 else t for t in runs
    ]
    trainer = trains(_as_before(of_course))
    told = [repeat_one(study_, DESIGN) for study_ in (runs, better)]
    assert told[0] is None
    assert told[1] is not None and "has val_accuracy 0.9990" in told[1].saw
    assert "as the course ships it" in told[1].saw  # nothing was trained
    assert not trainer.asked


def test_a_diverged_run_that_diverges_again_is_repeated(trials: list[Trial], trains: Any) -> None:
    lost = [with_measured(t, val_accuracy=0.098, val_cross_entropy=np.nan) for t in trials]
    trains(_as_before(lost))
    design = replace(DESIGN, metric="val_cross_entropy")
    score = check_study(lost, design=design, points={"arms": 1, "runs": 1}, rerun=True)
    assert float(score) >= 1


def test_nothing_is_trained_where_nothing_is_to_be_won(trials: list[Trial], trains: Any) -> None:
    trainer = trains(_as_before(trials))
    copies = [replace(trials[0], arm=t.arm, seed=t.seed) for t in trials]
    check_study(copies, design=DESIGN, points=POINTS, rerun=True)
    check_study(trials, design=DESIGN, points={"arms": 1}, rerun=True)
    assert not trainer.asked


def test_fits_by_hand_are_told_to_staff_and_not_trained_again(
    trials: list[Trial], trains: Any
) -> None:
    trainer = trains(_as_before(trials))
    by_hand = [replace(t, configuration=None, source="own fit") for t in trials]
    assert check_study(by_hand, design=DESIGN, points={"runs": 3}, rerun=True) == 3
    assert not trainer.asked and collected().staff


def test_a_grader_that_cannot_train_says_so(trials: list[Trial], trains: Any) -> None:
    def cannot(configuration: Configuration, seed: int) -> Trial:
        raise CannotGrade("no evaluator")

    trains(cannot)
    with pytest.raises(CannotGrade):
        check_study(trials, design=DESIGN, points=POINTS, rerun=True)


def test_frame_and_summary_are_both_tables(trials: list[Trial]) -> None:
    for table in (frame(trials), summary(trials, "val_accuracy")):
        assert check_study(trials, design=DESIGN, points={"table": 2}, table=table) == 2


def test_the_parts_are_those_of_the_interface() -> None:
    assert set(PART_OF.values()) | {"table", "plot"} == set(PARTS)
    assert isinstance(DESIGN, Design)


def test_a_measure_that_nobody_took_is_worth_nothing(
    trials: list[Trial], made: dict[str, Any]
) -> None:
    design = replace(DESIGN, metric="val_f1")
    score = check_study(trials, design=design, points={"table": 2, "plot": 2}, **made)
    assert float(score) == 0 and "9 of 9 trials have no val_f1" in str(score)
