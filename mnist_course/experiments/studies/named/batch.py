"""Batch sizes 8, 32, 128 at equal epochs, at equal updates, with the noise of their gradients."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, best
from mnist_course.experiments.studies.named.figures import arms, curves
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.probes import Probe, Probes
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

BASE = Configuration(train_rows=6_000, hidden=(128,), epochs=20)
SIZES = (8, 32, 128)


def steps(size: Size) -> Steps:
    """Yield both comparisons, then the noise of the gradients."""
    full = size == "full"
    base = BASE if full else BASE.but(train_rows=2_000, epochs=5)
    seeds = range(5 if full else 3)
    updates = base.train_rows * base.epochs // (32 * 2)  # half of what batches of 32 make
    for name, question, network in (
        ("epochs", "Which batch size is best after as many epochs?", base),
        (
            "updates",
            "Which batch size is best after as many updates?",
            base.but(updates=updates, epochs=4 * base.epochs),
        ),
    ):
        yield Study(
            f"batch_{name}",
            question,
            network,
            "batch_size",
            SIZES,
            control=32,
            seeds=seeds,
            metric="val_accuracy",
            margin=0.003,
            equal=(name,),
            also=("test_accuracy", "val_cross_entropy", "gap", "updates", "epochs"),
        )
    yield Probes(
        "batch_noise",
        tuple(
            Probe(
                "gradient_noise",
                f"batch size {batch}",
                base.but(batch_size=batch),
                seed,
                {"batches": 100 if full else 20},
            )
            for batch in SIZES
            for seed in seeds
        ),
    )


def headlines(results: Results) -> list[Headline]:
    """Judge "small batches generalise better", for both ways to be fair."""
    return [
        best(
            "Batch 8 generalises best (equal epochs)",
            results.trials["batch_epochs"],
            "batch size 8",
            "test_accuracy",
            0.003,
        ),
        best(
            "Batch 8 generalises best (equal updates)",
            results.trials["batch_updates"],
            "batch size 8",
            "test_accuracy",
            0.003,
        ),
        best(
            "Batch 32 is the best compromise (equal epochs)",
            results.trials["batch_epochs"],
            "batch size 32",
            "val_accuracy",
            0.003,
        ),
        _noise(results),
    ]


def _noise(results: Results) -> Headline:
    ratios: dict[str, list[float]] = {}
    for one in results.probes["batch_noise"]:
        ratios.setdefault(one.arm, []).append(one.values["ratio"])
    means = {arm: sum(values) / len(values) for arm, values in ratios.items()}
    small, large = means[f"batch size {SIZES[0]}"], means[f"batch size {SIZES[-1]}"]
    every = all(
        eight > many
        for eight, many in zip(ratios["batch size 8"], ratios["batch size 128"], strict=True)
    )
    expected = (SIZES[-1] / SIZES[0]) ** 0.5
    return Headline(
        "Small batches have noisier gradients",
        "noise over signal: " + "; ".join(f"{arm} {mean:.2f}" for arm, mean in means.items()),
        "yes" if every else "no",
        len(ratios["batch size 8"]),
        f"8 against 128: {small / large:.2f} times, where independent images give {expected:.2f}; "
        f"{'every' if every else 'not every'} seed agrees",
    )


STUDY = NamedStudy(
    "batch",
    "Do small batches generalise better?",
    steps,
    headlines,
    {
        "epochs": arms("batch_epochs", "test_accuracy"),
        "updates": arms("batch_updates", "test_accuracy"),
        "learning": curves("batch_epochs"),
    },
    notes=(
        "At equal epochs a batch of 8 makes 16 times as many updates as one of 128; at equal "
        "updates it sees a sixteenth of the images."
    ),
)
