"""Points for an encoder, a decoder, and an autoencoder that is both in a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from mnist_course.checks.autoencoders.images import grader_images
from mnist_course.checks.autoencoders.reconstructing import PIXELS, outputs_of, require_known
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.grading.results import Finding

__all__ = ["check_autoencoder"]

_ROWS = 500
_SAME = 1e-3  # between two computations of one float32 image
_WIDER = 1e-6  # beyond 0..1 by rounding


def check_autoencoder(
    encoder: Any,
    decoder: Any,
    autoencoder: Any,
    *,
    latent: int,
    encodes: float,
    decodes: float,
    chained: float,
) -> Score:
    """Give points for three models that keep their promises.

    Parameters
    ----------
    encoder, decoder, autoencoder : keras.Model
    latent : int
        Numbers of the code.
    encodes : float
        For codes (n, latent) that differ from image to image.
    decodes : float
        For images of 28 x 28 pixels in 0..1, whatever the code.
    chained : float
        For an autoencoder that gives exactly what the decoder makes of the encoder's codes.
    """
    of = encodes + decodes + chained
    x = grader_images().x_val[:_ROWS]
    score, codes = _encoder(encoder, x, latent, encodes)
    parts = [score, _decoder(decoder, latent, decodes)]
    if codes is None:
        parts.append(Score(0, chained, "The autoencoder is compared once the encoder is right."))
    else:
        parts.append(_chain(decoder, autoencoder, x, codes, chained))
    findings = [finding for part in parts for finding in part.findings]
    return Score(sum(map(float, parts)), of, findings=findings)


def _encoder(encoder: Any, x: Any, latent: int, points: float) -> tuple[Score, Any]:
    try:
        require_known(encoder, "encoder")
        codes = outputs_of(encoder, x, "encoder")
    except CheckFailed as failed:
        return Score(0, points, findings=(failed.finding,)), None
    if codes.shape != (len(x), latent):
        return (
            Score(
                0,
                points,
                f"`encoder` turns {len(x)} images into an array of the shape {codes.shape}; "
                f"expected {(len(x), latent)}.",
                "The code is all that the decoder gets to see: its length is the whole point.",
                f"End the encoder with Dense({latent}).",
            ),
            None,
        )
    if float(codes.std(axis=0).max()) < _SAME:
        return (
            Score(
                0,
                points,
                "`encoder` gives the same code for every image.",
                "Such a code says nothing about the image.",
                "Do not end it with ReLU, and build it again: its units may be dead.",
            ),
            None,
        )
    if float(codes.min()) >= 0:
        return (
            Score(
                0,
                points,
                f"None of the {codes.size:,} numbers in the codes of {len(x)} images is below 0.",
                "An activation such as ReLU cuts off half of what a number can say, and a number "
                "that is 0 for all images says nothing for ever.",
                f"End the encoder with Dense({latent}) without an activation.",
            ),
            codes,
        )
    return Score(points, points, f"`encoder` turns an image into {latent} numbers."), codes


def _decoder(decoder: Any, latent: int, points: float) -> Score:
    # Codes of every size: a decoder must not leave 0..1 for any of them.
    random = np.random.default_rng(0)
    codes = random.normal(0, 1, (_ROWS, latent)) * random.choice([0.1, 3.0, 30.0], (_ROWS, 1))
    try:
        require_known(decoder, "decoder")
        images = outputs_of(decoder, codes.astype(np.float32), "decoder")
    except CheckFailed as failed:
        return Score(0, points, findings=(failed.finding,))
    if images.shape[1:] not in ((28, 28), (28, 28, 1), (PIXELS,)):
        return Score(
            0,
            points,
            f"`decoder` turns a code into an array of the shape {images.shape[1:]}; expected "
            "(28, 28).",
            "What comes out is compared with an image, pixel by pixel.",
            "End it with Dense(784, activation='sigmoid') and Reshape((28, 28)).",
        )
    low, high = float(images.min()), float(images.max())
    if low < -_WIDER or high > 1 + _WIDER:
        return Score(
            0,
            points,
            f"For some codes `decoder` gives pixels from {low:.3g} to {high:.3g}.",
            "Pixels lie within 0 and 1; a network that may leave this range wastes its effort on "
            "staying in it.",
            "Give its last Dense layer activation='sigmoid'.",
        )
    return Score(points, points, "`decoder` turns any code into an image with pixels in 0..1.")


def _chain(decoder: Any, autoencoder: Any, x: Any, codes: Any, points: float) -> Score:
    try:
        require_known(autoencoder, "autoencoder")
        images = outputs_of(autoencoder, x, "autoencoder")
        expected = outputs_of(decoder, codes, "decoder")
    except CheckFailed as failed:
        return Score(0, points, findings=(failed.finding,))
    if expected[0].size != PIXELS:
        return Score(0, points, "The autoencoder is compared once the decoder gives images.")
    if images[0].size != PIXELS:
        shape = images.shape[1:]
        found = Finding(
            f"`autoencoder` turns an image into an array of the shape {shape}; expected (28, 28).",
            "It must give an image back.",
            "Sequential([Input((28, 28)), encoder, decoder])",
        )
        return Score(0, points, findings=(found,))
    gap = float(np.abs(images.reshape(len(x), -1) - expected.reshape(len(x), -1)).max())
    if gap > _SAME:
        return Score(
            0,
            points,
            f"`autoencoder` and decoder(encoder(image)) differ by up to {gap:.2g}.",
            "If the three do not share their layers, training the autoencoder leaves encoder and "
            "decoder as they were.",
            "Make it of the two models: Sequential([Input((28, 28)), encoder, decoder]).",
        )
    return Score(points, points, "`autoencoder` is encoder and decoder in a row.")
