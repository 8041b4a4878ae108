"""The network from scratch: 784-10-10 in NumPy, 1000 updates with all images."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, above
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.probes import Probe, Probes
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

NETWORK = Configuration(hidden=(10,), optimizer="sgd", learning_rate=0.1)


def steps(size: Size) -> Steps:
    """Yield one training for each seed."""
    full = size == "full"
    yield Probes(
        "numpy",
        tuple(
            Probe(
                "numpy_network",
                "784-10-10",
                NETWORK,
                seed,
                {"iterations": 1_000 if full else 100},
            )
            for seed in range(5 if full else 2)
        ),
    )


def headlines(results: Results) -> list[Headline]:
    """Judge "88 % on the validation set"."""
    accuracies = [one.values["test_accuracy"] for one in results.probes["numpy"]]
    return [above("784-10-10 in NumPy, 1000 iterations: 88 %", accuracies, 0.88, "test accuracy")]


STUDY = NamedStudy(
    "numpy",
    "How far does a network of NumPy alone come in 1000 updates with all images?",
    steps,
    headlines,
    {},
    notes=(
        "Learning rate 0.1, weights drawn from -0.5..0.5, 50,000 images in every update. "
        "docs/PERFORMANCE.md has what it costs; mini-batches make the same library pass 97 %."
    ),
)
