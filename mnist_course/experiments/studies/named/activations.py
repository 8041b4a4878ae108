"""Six activations in a network of one hidden layer, in one of six."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, best
from mnist_course.experiments.studies.named.figures import arms, curves
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.probes import Probe, Probes
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

ACTIVATIONS = ("relu", "tanh", "sigmoid", "elu", "softsign", "gelu")
DEPTHS = {1: (128,), 6: (64,) * 6}


def steps(size: Size) -> Steps:
    """Yield a study for each depth, then the gradients of the deep networks."""
    full = size == "full"
    base = Configuration(
        train_rows=10_000 if full else 2_000, epochs=10 if full else 4, learning_rate=0.001
    )
    seeds = range(5 if full else 2)
    for depth, hidden in DEPTHS.items():
        yield Study(
            f"activations_depth_{depth}",
            f"Which activation is best with {depth} hidden layer{'s' * (depth > 1)}?",
            base.but(hidden=hidden),
            "activation",
            ACTIVATIONS,
            control="relu",
            seeds=seeds,
            metric="val_accuracy",
            margin=0.003,
            also=("test_accuracy", "val_cross_entropy", "train_cross_entropy"),
        )
    yield Probes(
        "activation_gradients",
        tuple(
            Probe(
                "gradient_norms",
                f"activation {name}",
                base.but(hidden=DEPTHS[6], activation=name),
                seed,
            )
            for name in ACTIVATIONS
            for seed in seeds
        ),
    )


def headlines(results: Results) -> list[Headline]:
    """Judge "GELU is best", "tanh loses its gradients"."""
    judged = [
        best(
            f"GELU performs best ({depth} hidden layer{'s' * (depth > 1)})",
            results.trials[f"activations_depth_{depth}"],
            "activation gelu",
            "test_accuracy",
            0.003,
        )
        for depth in DEPTHS
    ]
    return [*judged, *(_vanishing(results, name) for name in ("tanh", "sigmoid"))]


def _vanishing(results: Results, name: str) -> Headline:
    ratios: dict[str, list[float]] = {}
    for one in results.probes["activation_gradients"]:
        ratios.setdefault(one.arm, []).append(one.values["first_over_last"])
    means = {arm: sum(values) / len(values) for arm, values in ratios.items()}
    own = ratios[f"activation {name}"]
    holds = "yes" if max(own) < 0.1 else "no" if min(own) > 0.1 else "not decided"
    return Headline(
        f"Gradients vanish with {name} (6 hidden layers, before training)",
        "gradient of the first layer over that of the last: "
        + "; ".join(f"{arm.split()[-1]} {mean:.2g}" for arm, mean in means.items()),
        holds,
        len(own),
        f"vanished means below a tenth here; {name} has {min(own):.2g} to {max(own):.2g}",
    )


STUDY = NamedStudy(
    "activations",
    "Is GELU the best activation, and do others lose their gradients?",
    steps,
    headlines,
    {
        "depth_1": arms("activations_depth_1", "test_accuracy"),
        "depth_6": arms("activations_depth_6", "test_accuracy"),
        "learning_6": curves("activations_depth_6"),
    },
)
