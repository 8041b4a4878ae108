"""Points for PCA's errors, and for autoencoders that do better."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mnist_course.checks.autoencoders.curve import measured_errors
from mnist_course.checks.autoencoders.images import LENGTHS, grader_images, pca_curve, variance
from mnist_course.checks.autoencoders.reconstructing import entries_of, reconstruction_error
from mnist_course.checks.plain_values import as_number, type_name
from mnist_course.checks.score import Score
from mnist_course.grading.results import Finding

__all__ = ["check_against_pca", "check_pca_errors"]

TOLERANCE = 0.002  # of an error: a randomised solver comes as close as that
EQUAL = 0.001  # of an error: as good as PCA is good enough, whatever rounding says


def check_pca_errors(
    pca_errors: Any, *, lengths: tuple[int, ...] = LENGTHS, points: float
) -> Score:
    """Give points for the errors of PCA, in part for some of them.

    Parameters
    ----------
    pca_errors : dict of int to float
        Mean squared error on the validation images by the number of components, which were found
        in the 10,000 training images.
    lengths : tuple of int
    points : float
    """
    given, missing = entries_of(pca_errors, lengths, "pca_errors")
    expected = pca_curve(lengths)
    wrong = [
        problem
        for k in given
        if (problem := _wrong_error(k, given[k], expected, lengths)) is not None
    ]
    right = len(given) - len(wrong)
    findings = [*([missing] if missing is not None else []), *wrong[:2]]
    if not findings:
        shown = ", ".join(f"{k}: {error:.4f}" for k, error in expected.items())
        return Score(points, points, f"Your {right} errors of PCA are right ({shown}).")
    return Score(points * right / len(lengths), points, findings=findings)


def _wrong_error(
    k: int, said: Any, expected: dict[int, float], lengths: tuple[int, ...]
) -> Finding | None:
    number = as_number(said)
    if number is None:
        return Finding(
            f"`pca_errors[{k}]` is a {type_name(said)}, not a number.",
            "Only numbers can be compared and drawn.",
            f"pca_errors[{k}] = np.mean((back - x) ** 2)",
        )
    if _near(number, expected[k]):
        return None
    saw = f"`pca_errors[{k}]` is {number:.5f}; expected {expected[k]:.5f}."
    why, todo = _reason(number, k, expected, lengths)
    return Finding(saw, why, todo)


def _reason(
    number: float, k: int, expected: dict[int, float], lengths: tuple[int, ...]
) -> tuple[str, str]:
    share = expected[k] / variance()
    if _near(number, 784 * expected[k]):
        return (
            "That is the sum over the 784 pixels, not their mean.",
            "Take the mean over images and pixels, as for the autoencoders.",
        )
    if abs(number - (1 - share)) < 0.02 or abs(number - share) < 0.02:
        return (
            "That is a share of the variance, not an error in the unit of the autoencoders' loss.",
            "Reconstruct the validation images with inverse_transform, and take the mean square.",
        )
    if _near(number, _with_one_set("x_train", lengths)[k], 0.0005):
        return (
            "That is the error on the images in which the components were found.",
            "fit on x_train, transform x_val.",
        )
    if _near(number, _with_one_set("x_val", lengths)[k], 0.0005):
        return (
            "That comes out when the components are found in the validation images themselves.",
            "fit on x_train, transform x_val.",
        )
    return (
        "Components of the training images, validation images reconstructed from their first k "
        "coordinates, mean over images and pixels: all three must be so.",
        "PCA(k).fit(...) on x_train; transform and inverse_transform of x_val, both flattened.",
    )


@lru_cache(maxsize=2)
def _with_one_set(part: str, lengths: tuple[int, ...]) -> dict[int, float]:
    """Return PCA's errors on the very images in which the directions were found."""
    from mnist_course.autoencoders import pca_errors

    x = getattr(grader_images(), part)
    found: dict[int, float] = pca_errors(x, x, lengths)
    return found


def _near(number: float, expected: float, tolerance: float = TOLERANCE) -> bool:
    return abs(number - expected) <= tolerance * expected


def check_against_pca(
    autoencoders: Any, *, lengths: tuple[int, ...] = (2, 4, 8, 16), each: float
) -> Score:
    """Give points for every length at which the autoencoder's error is no larger than PCA's.

    Parameters
    ----------
    autoencoders : dict of int to keras.Model
        Measured by the grader, on validation and on test images: what was learnt by heart helps
        on one of them alone.
    lengths : tuple of int
    each : float
        Points for each length.
    """
    of = each * len(lengths)
    measured, findings = measured_errors(autoencoders, lengths)
    expected = pca_curve()
    behind = [k for k in measured if measured[k] > (1 + EQUAL) * expected[k]]
    by_heart = _only_by_heart(autoencoders, tuple(k for k in measured if k not in behind))
    findings += by_heart.values()
    for k in behind[:2]:
        findings.append(
            Finding(
                f"With {k} numbers your autoencoder has the error {measured[k]:.4f}, PCA has "
                f"{expected[k]:.4f}.",
                "PCA is the best linear code. A network with bends can do what PCA does, and more, "
                "if it has a hidden layer and enough updates.",
                "Give encoder and decoder a hidden layer of 128 units with ReLU, and train for 10 "
                "epochs.",
            )
        )
    earned = each * (len(measured) - len(behind) - len(by_heart))
    if findings:
        return Score(earned, of, findings=findings)
    gaps = ", ".join(f"{k}: {measured[k] / expected[k]:.0%}" for k in measured)
    return Score(of, of, f"Your autoencoders need less than PCA's error at every length ({gaps}).")


def _only_by_heart(autoencoders: Any, lengths: tuple[int, ...]) -> dict[int, Finding]:
    """Return what is to be said where PCA's error is reached on the validation images alone."""
    models, _ = entries_of(autoencoders, lengths, "autoencoders")
    expected = pca_curve(part="x_test")
    found = {}
    for k, model in models.items():
        error = reconstruction_error(model, f"autoencoders[{k}]", part="x_test")
        if error > (1 + EQUAL) * expected[k]:
            found[k] = Finding(
                f"With {k} numbers your autoencoder has the error {error:.4f} on the test images, "
                f"PCA has {expected[k]:.4f} there; on the validation images it is no worse than "
                "PCA.",
                "It has learnt the validation images by heart: whoever trains on them measures "
                "memory, not the code.",
                "fit(x_train, x_train, ...), and x_val for measuring alone.",
            )
    return found
