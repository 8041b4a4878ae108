"""The reference solution of m4, as functions."""

from __future__ import annotations

import pytest

from examples.conversion import STEPS, steps


@pytest.fixture(scope="session")
def own():
    """The five steps and `to_mnist` by name."""
    return steps()


@pytest.fixture(scope="session")
def chain(own):
    """Make a conversion in which some steps are replaced."""

    def make(**instead):
        functions = [instead.get(name, own[name]) for name in STEPS]

        def to_mnist(image):
            for function in functions:
                image = function(image)
            return image

        return to_mnist

    return make
