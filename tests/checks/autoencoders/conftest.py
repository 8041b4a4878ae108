"""Autoencoders that need no training: their weights are the directions of PCA."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA

from mnist_course.checks.autoencoders.images import LENGTHS, grader_images
from mnist_course.experiments import ExperimentLog


@dataclass(frozen=True, slots=True)
class Pair:
    """An autoencoder with its parts."""

    encoder: Any
    decoder: Any
    whole: Any


@pytest.fixture(scope="session")
def pca() -> PCA:
    x = grader_images().x_train.reshape(-1, 784)
    return PCA(64, svd_solver="covariance_eigh").fit(x)


def linear_pair(pca: PCA, k: int) -> Pair:
    """An autoencoder whose error is that of PCA, with SGD that changes nothing."""
    encoder = keras.Sequential(
        [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(k)]
    )
    decoder = keras.Sequential(
        [keras.Input((k,)), keras.layers.Dense(784), keras.layers.Reshape((28, 28))]
    )
    directions = pca.components_[:k]
    encoder.set_weights([directions.T, -directions @ pca.mean_])
    decoder.set_weights([directions, pca.mean_])
    whole = keras.Sequential([keras.Input((28, 28)), encoder, decoder])
    whole.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    return Pair(encoder, decoder, whole)


@pytest.fixture
def make_pair(pca):
    """Return a function that makes such an autoencoder of a length."""
    return lambda k: linear_pair(pca, k)


@pytest.fixture(scope="session")
def trained(pca) -> tuple[dict[int, Pair], ExperimentLog]:
    """One for each length, with the record of a fit in which the weights stayed as they were."""
    log = ExperimentLog()
    x = grader_images().x_train
    pairs = {k: linear_pair(pca, k) for k in LENGTHS}
    for pair in pairs.values():
        pair.whole.fit(x, x, batch_size=1_000, epochs=1, verbose=0)
    return pairs, log


@pytest.fixture
def errors() -> dict[int, float]:
    """The errors of these networks, by another way: transform, and back."""
    from mnist_course.autoencoders import pca_errors

    images = grader_images()
    found: dict[int, float] = pca_errors(images.x_train, images.x_val, LENGTHS)
    return found


def said(score: Any) -> str:
    """All that a score says."""
    return " ".join(f"{f.saw} {f.why} {f.next_step}" for f in score.findings)


@pytest.fixture
def said_by():
    return said


@pytest.fixture(scope="session")
def probe_of(pca):
    """Return a function that makes a linear probe of the codes of PCA, by logistic regression."""
    from sklearn.linear_model import LogisticRegression

    def make(k: int) -> Any:
        images = grader_images()
        codes = pca.transform(images.x_train[:3_000].reshape(-1, 784))[:, :k]
        fitted = LogisticRegression(max_iter=100, tol=0.01).fit(codes, images.y_train[:3_000])
        model = keras.Sequential([keras.Input((k,)), keras.layers.Dense(10, activation="softmax")])
        model.set_weights([fitted.coef_.T, np.asarray(fitted.intercept_)])
        return model

    return make
