from __future__ import annotations

import numpy as np
import pytest

from mnist_course.datasets.mnist import Split
from mnist_course.diagnosis.inputs import check_inputs
from mnist_course.diagnosis.layer_facts import LayerFacts
from mnist_course.diagnosis.network import Network

DENSE = LayerFacts("Dense", "d", 64, "relu")


@pytest.mark.parametrize(
    ("prepare", "name"),
    [
        (lambda x: x, "input-not-scaled"),
        (lambda x: x / 100, None),
        (lambda x: x / 225, "divided-by-225"),
        (lambda x: x / 255 / 255, "divided-twice"),
        (lambda x: x / 255, None),
        (lambda x: x / 127.5 - 1, None),
        (lambda x: (x - x.mean()) / x.std(), None),
        (lambda x: (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-8), None),
        (lambda x: x / 256, None),
        (lambda x: x / x.max(axis=(1, 2), keepdims=True), None),
    ],
    ids=["raw", "100", "225", "twice", "255", "symmetric", "standard", "pixel", "256", "own max"],
)
def test_the_range_of_real_images(mnist_data: tuple[Split, Split], prepare, name) -> None:
    x = prepare(mnist_data[0][0][:2000].astype(np.float32))
    found = [finding.name for finding in check_inputs(float(x.min()), float(x.max()))]
    assert found == ([name] if name else [])


def test_not_finite() -> None:
    assert check_inputs(0, float("nan"))[0].name == "input-not-finite"
    assert check_inputs(0, 1, finite=False)[0].name == "input-not-finite"


@pytest.mark.parametrize(
    ("layers", "name"),
    [
        ((LayerFacts("Rescaling", "r", scale=1 / 255, offset=0.0), DENSE), None),
        ((LayerFacts("Rescaling", "r", scale=1 / 127.5, offset=-1.0), DENSE), None),
        ((LayerFacts("Rescaling", "r", scale=1 / 225, offset=0.0), DENSE), "divided-by-225"),
        ((LayerFacts("Flatten", "f"), LayerFacts("BatchNormalization", "b"), DENSE), None),
        ((LayerFacts("Normalization", "n"), DENSE), None),
        ((LayerFacts("Lambda", "l"), DENSE), None),
        ((DENSE, LayerFacts("BatchNormalization", "b")), "input-not-scaled"),
    ],
)
def test_layers_that_scale_are_taken_into_account(layers, name) -> None:
    found = [finding.name for finding in check_inputs(0, 255, network=Network(layers))]
    assert found == ([name] if name else [])


def test_divided_once_outside_and_once_inside_the_network() -> None:
    network = Network((LayerFacts("Rescaling", "r", scale=1 / 255, offset=0.0), DENSE))
    assert check_inputs(0, 1, network=network)[0].name == "divided-twice"
