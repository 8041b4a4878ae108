"""What trials prove, from trials made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from mnist_course.proof.mutant_verdicts import Outcome, as_expected
from mnist_course.proof.proof import Margin
from mnist_course.proof.submissions import Submission
from mnist_course.proof.trial import Trial
from mnist_course.proof.verdicts import Verdict, judge

ITEMS = {"tiny-adds": 4.0, "tiny-mean": 6.0}


def trial(adds: float = 4.0, mean: float = 6.0, **fields: Any) -> Trial:
    made = {"cpu_seconds": 20.0, "wall_seconds": 20.0, "peak_mb": 300} | fields
    return Trial({"tiny-adds": adds, "tiny-mean": mean}, **made)


@pytest.fixture
def tried(proof):
    """Trials that prove everything; a keyword replaces one of them, None leaves it out."""

    def make(**replaced: Trial | None) -> list[Outcome]:
        subtracts, forgets, one_number = proof().mutants
        submissions = {
            "first": Submission("reference, seed 0", b"", seed=0),
            "second": Submission("reference, seed 1", b"", seed=1),
            "release": Submission("untouched", b""),
            "subtracts": Submission("subtracts", b"", mutants=(subtracts,)),
            "forgets": Submission("forgets", b"", mutants=(forgets,)),
            "one_number": Submission("one number", b"", mutants=(one_number,)),
            "both": Submission("both", b"", mutants=(subtracts, one_number)),
        }
        trials: dict[str, Trial | None] = {
            "first": trial(),
            "second": trial(),
            "release": trial(0, 0),
            "subtracts": trial(adds=0),
            "forgets": trial(adds=2),
            "one_number": trial(mean=0),
            "both": None,
        }
        chosen = trials | replaced
        return [Outcome(submissions[k], t) for k, t in chosen.items() if t is not None]

    return make


def judged(proof: Any, outcomes: list[Outcome], **fields: Any) -> Verdict:
    return judge(proof(**fields), ITEMS, outcomes)


def test_a_proof_that_holds(proof, tried):
    verdict = judged(proof, tried())
    assert verdict.problems == ()
    assert verdict.proven
    assert (verdict.points, verdict.untouched, verdict.baseline) == (10, 0, 0)
    adds, mean = verdict.items
    assert (adds.item, adds.points, adds.seeds, adds.lost, adds.lowest) == ("tiny-adds", 4, 2, 0, 4)
    assert [(m.name, m.score, m.killed) for m in adds.mutants] == [
        ("subtracts", 0, True),
        ("forgets the sign", 2, True),
    ]
    assert [m.name for m in mean.mutants] == ["draws one number for all"]


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        ({"first": trial(adds=3.9)}, "reference, seed 0: tiny-adds gave 3.9 of 4 points."),
        (
            {"second": trial(mean=0, not_graded=("tiny-mean",))},
            "reference, seed 1: tiny-mean gave 0 of 6 points (the grader could not decide).",
        ),
        ({"first": trial(errors=("cell 3: NameError",))}, "it does not run to its end (cell 3"),
        ({"first": trial(failed="no kernel")}, "seed 0: there is no grade (no kernel)."),
        ({"first": None, "second": None}, "the reference solution was not tried."),
        ({"release": trial(1, 0)}, "gets 1 points, at most 0 are meant: tiny-adds 1."),
        ({"release": trial(0, 0, errors=("cell 2: KeyError",))}, "the release as it is does not"),
        ({"release": None}, "the release as it is was not tried."),
        ({"forgets": trial(adds=2.5)}, "still gives 2.5 of 4 points, at most 2 were expected."),
        ({"one_number": trial()}, "tiny-mean still gives 6 of 6 points, less was expected."),
        (
            {"one_number": trial(mean=0, not_graded=("tiny-mean",))},
            "'draws one number for all' survives",
        ),
        ({"one_number": None}, "mutant 'draws one number for all' was not tried."),
        ({"one_number": trial(failed="dead")}, "one number: there is no grade (dead)."),
        ({"one_number": trial(3, 0)}, "of tiny-mean also costs points of tiny-adds"),
        ({"first": trial(peak_mb=9000)}, "peaks at 9,000 MB: no Gradescope container"),
        ({"second": trial(cpu_seconds=9e3, wall_seconds=9e3)}, "no Gradescope container is done"),
    ],
)
def test_every_gap_has_its_sentence(proof, tried, replaced, words):
    verdict = judged(proof, tried(**replaced))
    assert not verdict.proven
    assert any(words in sentence for sentence in verdict.problems), verdict.problems


def test_an_item_without_a_mutant_is_not_proven(proof, tried):
    outcomes = tried(one_number=None)
    (problem,) = judged(proof, outcomes, mutants=proof().mutants[:2]).problems
    assert problem.startswith("no mutant is aimed at tiny-mean")


def test_a_mutant_that_could_not_be_made_says_why(proof, tried):
    outcomes = tried(one_number=None)
    verdict = judge(proof(), ITEMS, outcomes, unfit={"draws one number for all": "no such text"})
    assert verdict.problems == ("no such text",)


def test_losses_are_counted_over_the_seeds(proof, tried):
    verdict = judged(proof, tried(second=trial(mean=5)))
    mean = verdict.items[1]
    assert (mean.lost, mean.seeds, mean.lowest) == (1, 2, 5)
    assert mean.rate == pytest.approx(0.95**0.5)  # one loss or none of two: 1 - p² = .05
    assert verdict.items[0].lost == 0


def test_alone_counts_more_than_together(proof, tried):
    outcomes = tried(both=trial(adds=0, mean=6))
    verdict = judged(proof, outcomes)
    assert verdict.proven, "the mutant that survived among others was noticed alone"
    together = tried(both=trial(0, 0), subtracts=None, one_number=None)
    verdict = judged(proof, together)
    assert verdict.proven
    assert [m.together for item in verdict.items for m in item.mutants] == [2, 1, 2]


def test_a_mutant_that_asked_to_be_alone_may_reach_further(proof, tried):
    import dataclasses

    *others, last = proof().mutants
    alone = dataclasses.replace(last, alone=True)
    outcomes = tried(one_number=None)
    outcomes.append(Outcome(Submission("it", b"", mutants=(alone,)), trial(0, 0)))
    verdict = judged(proof, outcomes, mutants=(*others, alone))
    assert verdict.proven
    assert verdict.items[1].mutants[0].also == ("tiny-adds",)


def test_a_round_is_as_expected_when_nothing_else_lost_points(proof):
    subtracts, _, one_number = proof().mutants
    both = Submission("both", b"", mutants=(subtracts, one_number))
    alone = Submission("one", b"", mutants=(subtracts,))
    assert as_expected(Outcome(both, trial(0, 0)), ITEMS)
    assert not as_expected(Outcome(both, trial(0, 6)), ITEMS)
    assert not as_expected(Outcome(both, trial(0, 0, failed="dead")), ITEMS)
    assert as_expected(Outcome(alone, trial(0, 6)), ITEMS)
    assert not as_expected(Outcome(alone, trial(0, 5)), ITEMS)


def test_a_threshold_that_is_too_close_or_unmeasured_is_told(proof, tried):
    margins = (Margin("tiny-mean", "mean", 0.2),)
    near = tried(first=trial(measurements={"mean": 0.5}), second=trial(measurements={"mean": 0.3}))
    verdict = judged(proof, near, margins=margins)
    (problem,) = verdict.problems
    assert "mean is 0.4000 ± 0.1414, 1.4 sd from the threshold 0.2" in problem
    far = tried(first=trial(measurements={"mean": 0.5}), second=trial(measurements={"mean": 0.51}))
    assert judged(proof, far, margins=margins).proven
    (problem,) = judged(proof, tried(), margins=margins).problems
    assert "2 of 2 references have no measured 'mean'" in problem


def test_cost_is_the_middle_of_time_and_the_worst_of_memory(proof, tried):
    verdict = judged(
        proof,
        tried(
            first=trial(cpu_seconds=30.0, peak_mb=310),
            second=trial(cpu_seconds=20.0, peak_mb=320),
            release=trial(0, 0, cpu_seconds=5.0, peak_mb=700),
        ),
    )
    assert verdict.cost is not None
    assert (verdict.cost.cpu_seconds, verdict.cost.peak_mb) == (30.0, 700)
    assert verdict.cost.fit.memory == "1 CPU, 1.5 GB"
