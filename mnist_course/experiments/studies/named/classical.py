"""A convolutional network against methods without one, all on the same 10,000 images."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, above
from mnist_course.experiments.studies.named.convolutions import ARMS
from mnist_course.experiments.studies.named.figures import arms
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.probes import Probe, Probes
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study

__all__ = ["STUDY"]

METHODS = ("nearest mean", "kNN", "linear SVM", "RBF SVM")


def steps(size: Size) -> Steps:
    """Yield the networks, then the methods that have no chance in them."""
    full = size == "full"
    changed = {} if full else {"train_rows": 2_000, "epochs": 4}
    yield Study(
        "classical_networks",
        "How well do networks read digits after 10,000 examples?",
        arms={name: ARMS[name].but(**changed) for name in ("dense", "2 convolutions")},
        axis=("conv", "hidden"),
        control="dense",
        seeds=range(5 if full else 2),
        metric="val_accuracy",
        margin=0.003,
        also=("test_accuracy", "seconds"),
    )
    yield Probes(
        "classical",
        tuple(
            Probe("classical", method, ARMS["dense"].but(**changed), 0, {"method": method})
            for method in METHODS
        ),
    )


def headlines(results: Results) -> list[Headline]:
    """Judge "a CNN is better than kNN, than an SVM"."""
    others = {one.arm: one.values["test_accuracy"] for one in results.probes["classical"]}
    networks = {
        name: [
            trial.measured["test_accuracy"]
            for trial in results.trials["classical_networks"]
            if trial.arm == name
        ]
        for name in ("2 convolutions", "dense")
    }
    return [
        above(
            f"A {'CNN' if network == '2 convolutions' else 'dense network'} beats {method} "
            "(10,000 images)",
            networks[network],
            others[method],
            f"{method} {others[method]:.4f}; {network}, test accuracy",
        )
        for network, method in (
            ("2 convolutions", "kNN"),
            ("2 convolutions", "RBF SVM"),
            ("dense", "RBF SVM"),
        )
    ]


STUDY = NamedStudy(
    "classical",
    "Does a convolutional network beat nearest neighbours and support vector machines?",
    steps,
    headlines,
    {"networks": arms("classical_networks", "test_accuracy")},
    notes=(
        "The other methods give the same answer every time, so each is one number. "
        "docs/BASELINES.md has them on other draws of 10,000 images, and on all images."
    ),
)
