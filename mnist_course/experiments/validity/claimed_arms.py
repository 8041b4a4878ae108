"""Whether a claim is about something that was tried, by a number that may decide."""

from __future__ import annotations

from mnist_course.experiments.studies.claim import Claim
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import by_arm, listed
from mnist_course.experiments.validity.penalty import holds_penalty
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_claimed_arms", "check_claimed_metric"]


def check_claimed_arms(trials: list[Trial], design: Design, claim: Claim) -> list[Problem]:
    """Find a claim about an arm that was never run."""
    del design
    arms = by_arm(trials)
    unknown = [arm for arm in claim.arms if arm not in arms]
    if not unknown:
        return []
    return [
        Problem(
            "claim-without-trial",
            Finding(
                f"The claim is about {listed(map(repr, unknown))}; the {len(trials)} trials are of "
                f"{listed(map(repr, arms)) or 'no arm'}.",
                "Nothing can be said about an experiment that was not made.",
                "Spell the arm as in your trials, or run it.",
            ),
            tuple(unknown),
        )
    ]


def check_claimed_metric(trials: list[Trial], design: Design, claim: Claim) -> list[Problem]:
    """Find a claim by a number that must not decide, or that was not measured."""
    metric = claim.metric
    if holds_penalty(metric, trials):
        return [
            Problem(
                "penalty-in-loss",
                Finding(
                    f"The claim compares {metric}, and some arms have a penalty in it.",
                    "Under L2 the loss is cross-entropy plus the penalty, and the penalty grows "
                    "with its factor: a larger loss does not mean worse predictions.",
                    'Compare metric="val_cross_entropy", the loss without the penalty.',
                ),
            )
        ]
    if metric.startswith("test_") and not design.metric.startswith("test_"):
        return [
            Problem(
                "test-for-choosing",
                Finding(
                    f"The claim chooses by {metric}.",
                    "The best of several tries looks better than it is on the images by which it "
                    "was chosen; then no image is left for an honest last number.",
                    f'Compare metric="{design.metric}".',
                ),
            )
        ]
    if metric.startswith("train_") and not design.metric.startswith("train_"):
        return [
            Problem(
                "judged-on-training",
                Finding(
                    f"The claim compares {metric}, measured on images that were trained on.",
                    "There the network that learns by heart looks best.",
                    f'Compare metric="{design.metric}".',
                ),
            )
        ]
    lacking = [t for t in trials if metric != "seconds" and metric not in t.measured]
    if lacking:
        known = [name for name in lacking[0].measured if name.startswith("val_")]
        return [
            Problem(
                "claim-not-measured",
                Finding(
                    f"The claim compares {metric!r}; {len(lacking)} of {len(trials)} trials have "
                    f"no such number. They have {listed(known)}.",
                    "Arms can only be compared by what was measured in all of them.",
                    f'Write Claim(..., metric="{design.metric}").',
                ),
            )
        ]
    return []
