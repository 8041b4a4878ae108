"""What can be measured beside trials, each by a function that a worker calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mnist_course.experiments.studies.work import quiet_start
from mnist_course.experiments.trials.configuration import Configuration

__all__ = [
    "KINDS",
    "classical",
    "confusion",
    "gradient_noise",
    "gradient_norms",
    "numpy_network",
    "pca",
]

_HELD_OUT = 1 / 6  # 10,000 of the 60,000 images


def confusion(configuration: dict[str, Any], seed: int, details: dict[str, Any]) -> dict[str, Any]:
    """Train a network and count what it takes for what on the test images.

    Returns
    -------
    dict
        ``counts``: 10 lists of 10 whole numbers, rows are true classes; ``test_accuracy``.
    """
    quiet_start()
    import numpy as np

    from mnist_course.experiments.trials.data import load
    from mnist_course.experiments.trials.training import train_model

    asked = Configuration.from_dict(configuration)
    trial, model = train_model(asked, seed, "confusion")
    data = load(asked)
    guessed = np.concatenate(
        [
            np.asarray(model(data.x_test[start : start + 1_000], training=False)).argmax(axis=1)
            for start in range(0, len(data.x_test), 1_000)
        ]
    )
    counts = np.zeros((10, 10), dtype=np.int64)
    np.add.at(counts, (data.y_test, guessed), 1)
    return {"counts": counts.tolist(), "test_accuracy": trial.measured["test_accuracy"]}


def gradient_noise(
    configuration: dict[str, Any], seed: int, details: dict[str, Any]
) -> dict[str, Any]:
    """Measure how much the gradients of mini-batches differ, before training.

    Parameters
    ----------
    configuration, seed
        Of the network.
    details : dict
        ``batches``: how many are drawn.

    Returns
    -------
    dict
        ``norm``, ``sd``, ``ratio``: see `trials.gradients.GradientNoise`.
    """
    quiet_start()
    from mnist_course.experiments.trials.gradients import gradient_noise as measure

    found = measure(Configuration.from_dict(configuration), seed, batches=details["batches"])
    return {"norm": found.norm, "sd": found.sd, "ratio": found.ratio}


def gradient_norms(
    configuration: dict[str, Any], seed: int, details: dict[str, Any]
) -> dict[str, Any]:
    """Measure how long the gradient of each layer is, before training.

    Returns
    -------
    dict
        ``norms``: numbers from the input on; ``first_over_last``.
    """
    quiet_start()
    from mnist_course.experiments.trials.gradients import gradient_norms as measure

    norms = list(measure(Configuration.from_dict(configuration), seed).values())
    return {"norms": norms, "first_over_last": norms[0] / norms[-1]}


def classical(configuration: dict[str, Any], seed: int, details: dict[str, Any]) -> dict[str, Any]:
    """Fit a method without a network on the training images of a configuration.

    Parameters
    ----------
    configuration : dict
        Names the images.
    seed : int
        Not used: these methods have no chance in them.
    details : dict
        ``method``: a name in `mnist_course.baselines.BASELINES`.

    Returns
    -------
    dict
        ``test_accuracy``.
    """
    from mnist_course.baselines import BASELINES
    from mnist_course.experiments.trials.data import load

    data = load(Configuration.from_dict(configuration))
    read = BASELINES[details["method"]](data.x_train.reshape(len(data.x_train), -1), data.y_train)
    guessed = read(data.x_test.reshape(len(data.x_test), -1))
    return {"test_accuracy": float((guessed == data.y_test).mean())}


def pca(configuration: dict[str, Any], seed: int, details: dict[str, Any]) -> dict[str, Any]:
    """Reconstruct the test images of an autoencoder's study by PCA.

    Parameters
    ----------
    configuration : dict
        Names the images.
    seed : int
        Not used: PCA has no chance in it.
    details : dict
        ``lengths``: of the code.

    Returns
    -------
    dict
        ``mse``: mean squared error on the test images by length, as text; ``variance``: that of
        the mean image.
    """
    from mnist_course.autoencoders import mean_image_error, pca_errors
    from mnist_course.experiments.trials.data import load

    data = load(Configuration.from_dict(configuration))
    errors = pca_errors(data.x_train, data.x_test, details["lengths"])
    return {
        "mse": {str(length): error for length, error in errors.items()},
        "variance": mean_image_error(data.x_train, data.x_test),
    }


def numpy_network(
    configuration: dict[str, Any], seed: int, details: dict[str, Any]
) -> dict[str, Any]:
    """Train the network of NumPy with all training images in every update.

    Parameters
    ----------
    configuration : dict
        ``hidden``, ``activation``, ``learning_rate``; every update takes all training images.
    seed : int
    details : dict
        ``iterations``: how many updates.

    Returns
    -------
    dict
        ``train_accuracy``, ``test_accuracy``.
    """
    import numpy as np

    from mnist_course.commands.network_training import Settings, train
    from mnist_course.datasets import by_name

    asked = Configuration.from_dict(configuration)
    trained = train(
        Settings(
            dataset=asked.dataset,
            hidden=asked.hidden,
            activation=asked.activation,
            optimizer="sgd",
            learning_rate=asked.learning_rate,
            batch_size=None,
            epochs=details["iterations"],
            initializer="random_uniform",
            seed=seed,
            held_out=_HELD_OUT,
        ),
        lambda epoch, logs: None,
    )
    x_train, y_train = trained.examples.learned()
    found = {"train": trained.model.evaluate(x_train, y_train)}
    data = by_name.load(asked.dataset)
    x_test = data.x_test.reshape(len(data.x_test), -1).astype(np.float32) / np.float32(255)
    found["test"] = trained.model.evaluate(x_test, data.y_test)
    return {f"{name}_accuracy": float(values[1]) for name, values in found.items()}


KINDS: dict[str, Callable[[dict[str, Any], int, dict[str, Any]], dict[str, Any]]] = {
    "classical": classical,
    "confusion": confusion,
    "gradient_noise": gradient_noise,
    "gradient_norms": gradient_norms,
    "numpy_network": numpy_network,
    "pca": pca,
}
