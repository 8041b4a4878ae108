"""PCA's reconstruction errors: scikit-learn's own round trip, laws of a best linear code."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from mnist_course.autoencoders import mean_image_error, pca_errors

LENGTHS = (1, 2, 8, 64)


@pytest.fixture(scope="module")
def images(small_train, small_test):
    return small_train[0][:600, ::2, ::2], small_test[0][:300, ::2, ::2]


def test_the_errors_are_those_of_transform_and_back(images):
    train, others = (part.reshape(-1, 196).astype(np.float64) for part in images)
    errors = pca_errors(*images, LENGTHS)
    assert list(errors) == list(LENGTHS)
    for k in LENGTHS:
        pca = PCA(k, svd_solver="full").fit(train)
        back = pca.inverse_transform(pca.transform(others))
        assert errors[k] == pytest.approx(((back - others) ** 2).mean(), rel=1e-9)


def test_on_the_training_images_it_is_the_variance_left_over(images):
    train, _ = images
    whole = PCA(svd_solver="full").fit(train.reshape(-1, 196).astype(np.float64))
    errors = pca_errors(train, train, LENGTHS)
    for k in LENGTHS:
        left = whole.explained_variance_[k:].sum() * (len(train) - 1) / len(train) / 196
        assert errors[k] == pytest.approx(left, rel=1e-6)


def test_no_other_linear_code_does_better_on_the_training_images(images):
    train = images[0].reshape(-1, 196).astype(np.float64)
    centred = train - train.mean(axis=0)
    for seed in range(5):
        basis, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(196, 16)))
        error = ((centred - centred @ basis @ basis.T) ** 2).mean()
        assert pca_errors(train, train, [16])[16] < error


def test_the_mean_image_is_the_code_of_length_nothing(images):
    train, others = images
    error = mean_image_error(train, others)
    assert error == pytest.approx(((others - train.mean(axis=0)) ** 2).mean())
    errors = pca_errors(train, others, LENGTHS)
    assert error > errors[1] > errors[64]


@pytest.mark.parametrize(
    ("lengths", "shape", "message"),
    [
        ([0], (14, 14), "from 1 to 196.*got \\[0\\]"),
        ([785], (14, 14), "got \\[785\\]"),
        ([], (14, 14), "got \\[\\]"),
        ([2], (8, 8), "196 pixels an image, x has 64"),
        ([2], (0, 28), "got shape"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(images, lengths, shape, message):
    with pytest.raises(ValueError, match=message):
        pca_errors(images[0], np.zeros((10, *shape)), lengths)
