"""All named studies, in the order in which the course meets them."""

from __future__ import annotations

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.studies.named import (
    activations,
    autoencoders,
    batch,
    classical,
    cnn,
    confused,
    convolutions,
    depth,
    dropout,
    epochs,
    fashion,
    l2,
    layer_rates,
    m5,
    numpy_network,
    optimizers,
    patience,
)
from mnist_course.experiments.studies.named_study import NamedStudy

__all__ = ["STUDIES", "named"]

STUDIES: dict[str, NamedStudy] = {
    module.STUDY.name: module.STUDY
    for module in (
        m5,
        numpy_network,
        epochs,
        patience,
        optimizers,
        batch,
        activations,
        depth,
        dropout,
        l2,
        cnn,
        convolutions,
        classical,
        fashion,
        autoencoders,
        layer_rates,
        confused,
    )
}


def named(name: str) -> NamedStudy:
    """Return a study by its name; ``_`` and ``-`` are the same.

    Raises
    ------
    ConfigurationError
        If there is no such study.
    """
    known = STUDIES.get(name.strip().lower().replace("_", "-"))
    if known is None:
        raise ConfigurationError(
            f"There is no study {name!r}. There are: {', '.join(STUDIES)}. See: mnist-course study "
            "list"
        )
    return known
