"""Autoencoders with codes of 2 to 64 numbers against PCA, with the intrinsic dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mnist_course.experiments.studies.headline import Headline
from mnist_course.experiments.studies.named.figures import curves
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.probes import Probe, Probes
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

LENGTHS = (2, 4, 8, 16, 32, 64)
BASE = Configuration(
    task="reconstruct",
    latent=2,
    hidden=(256,),
    train_rows=20_000,
    batch_size=64,
    epochs=20,
)


def steps(size: Size) -> Steps:
    """Yield the autoencoders, then PCA."""
    full = size == "full"
    base = BASE if full else BASE.but(train_rows=3_000, epochs=5, hidden=(128,))
    yield Study(
        "autoencoders",
        "How well does an autoencoder give digits back from a few numbers?",
        base,
        "latent",
        LENGTHS,
        control=2,
        seeds=range(3 if full else 2),
        metric="val_mse",
        margin=0.001,
        also=("test_mse", "train_mse"),
    )
    yield Probes("pca", (Probe("pca", "PCA", base, 0, {"lengths": list(LENGTHS)}),))


def errors(results: Results) -> dict[str, dict[int, list[float]]]:
    """Return the mean squared errors on the test images by method and length."""
    trained: dict[int, list[float]] = {}
    for trial in results.trials["autoencoders"]:
        assert trial.configuration is not None and trial.configuration.latent is not None
        trained.setdefault(trial.configuration.latent, []).append(trial.measured["test_mse"])
    linear = results.probes["pca"][0].values["mse"]
    return {
        "autoencoder": trained,
        "PCA": {int(length): [error] for length, error in linear.items()},
    }


def headlines(results: Results) -> list[Headline]:
    """Judge "better than PCA", and estimate the dimension."""
    found = errors(results)
    return [_against_pca(found), _dimension(results, found)]


def _against_pca(found: Mapping[str, Mapping[int, Sequence[float]]]) -> Headline:
    trained, linear = found["autoencoder"], found["PCA"]
    short = [length for length in LENGTHS if length <= 16]
    every = all(max(trained[length]) < linear[length][0] for length in short)
    ratios = [_mean(trained[length]) / linear[length][0] for length in LENGTHS]
    return Headline(
        "An autoencoder beats PCA at equal length (2 to 16 numbers)",
        "test mse, autoencoder against PCA: "
        + "; ".join(
            f"{length}: {_mean(trained[length]):.4f} against {linear[length][0]:.4f}"
            for length in LENGTHS
        ),
        "yes" if every else "no",
        len(trained[2]),
        f"{'every' if every else 'not every'} seed is below PCA at 2, 4, 8, 16; error relative to "
        f"PCA's from {ratios[0]:.2f} at {LENGTHS[0]} to {ratios[-1]:.2f} at {LENGTHS[-1]}",
    )


def _dimension(results: Results, found: Mapping[str, Mapping[int, Sequence[float]]]) -> Headline:
    from mnist_course.autoencoders import GAIN, elbow

    variance = results.probes["pca"][0].values["variance"]
    estimates = {
        name: elbow({length: _mean(values) for length, values in curve.items()}, variance)
        for name, curve in found.items()
    }
    seeds = len(found["autoencoder"][2])
    by_seed = [
        elbow({length: values[i] for length, values in found["autoencoder"].items()}, variance)
        for i in range(seeds)
    ]
    words = "; ".join(
        f"{name} {'above ' + str(LENGTHS[-1]) if k is None else _between(k)}"
        for name, k in estimates.items()
    )
    agree = len(set(by_seed)) == 1
    return Headline(
        "The curve of the autoencoder shows an intrinsic dimension",
        f"numbers that digits need: {words}",
        "yes" if agree and by_seed[0] is not None else "no" if agree else "not decided",
        seeds,
        f"the shortest code from which on no doubling explains {GAIN:.0%} more of the variance; by "
        f"seed: {', '.join(str(k) for k in by_seed)}",
    )


def _between(length: int) -> str:
    place = LENGTHS.index(length)
    return f"{length}" if place == 0 else f"{LENGTHS[place - 1]} to {length}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _curve(results: Results) -> Any:
    from mnist_course.autoencoders import plot_reconstruction_curve

    variance = results.probes["pca"][0].values["variance"]
    return plot_reconstruction_curve(
        errors(results), variance, title="Autoencoders and PCA on the test images"
    ).ax_


STUDY = NamedStudy(
    "autoencoders",
    "How many numbers does a digit need, and what does an autoencoder gain over PCA?",
    steps,
    headlines,
    {"curve": _curve, "learning": curves("autoencoders", "val_mse")},
    notes="784-256-k-256-784; the rule of the dimension is in mnist_course/autoencoders.",
)
