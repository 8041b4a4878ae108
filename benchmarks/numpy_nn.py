"""Time the networks of numpy_nn against the textbook, Keras and the bare matrix products.

    python -m benchmarks.numpy_nn --rounds 10

Two recipes, everything in turn in each round. Full batch: 784-10-10 with ReLU, plain gradient
descent on all 60,000 images, 1000 iterations in all, against the formulas as a textbook prints
them. Mini-batches: one epoch a round of 784-64-10 with 32 images a batch, against Keras on
TensorFlow as it comes. For both, the matrix products alone, which no code on this BLAS can do
without. Writes docs/measurements/numpy_nn.json.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import save, timed
from mnist_course.datasets import mnist
from mnist_course.numpy_nn import SGD, Dense, Input, RandomUniform, Sequential
from mnist_course.numpy_nn.blas_threads import one_blas_thread

Array = NDArray[Any]

RATE = 0.1
HIDDEN = 64
BATCH = 32


def textbook_iteration(x: Array, y: Array, weights: list[Array]) -> list[Array]:
    """Make one step of gradient descent with the formulas of any textbook.

    Written as the formulas stand, one array for each symbol: x (n, 784), y one-hot (n, 10),
    weights W1 (784, 10), b1 (10,), W2 (10, 10), b2 (10,). The number type is that of the arrays.
    """
    w1, b1, w2, b2 = weights
    n = len(x)
    # forward
    z1 = x @ w1 + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ w2 + b2
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    a2 = e / e.sum(axis=1, keepdims=True)
    # backward
    dz2 = (a2 - y) / n
    dw2 = a1.T @ dz2
    db2 = dz2.sum(axis=0)
    dz1 = dz2 @ w2.T * (z1 > 0)
    dw1 = x.T @ dz1
    db1 = dz1.sum(axis=0)
    # gradient descent
    return [w1 - RATE * dw1, b1 - RATE * db1, w2 - RATE * dw2, b2 - RATE * db2]


def textbook_accuracy(x: Array, labels: Array, weights: list[Array]) -> float:
    """Return the share of right answers."""
    w1, b1, w2, b2 = weights
    z2 = np.maximum(x @ w1 + b1, 0) @ w2 + b2
    return float((z2.argmax(axis=1) == labels).mean())


def products(sizes: list[int], batch: int) -> Callable[[Array], None]:
    """Return a function that makes the matrix products of one training step, nothing else."""
    rng = np.random.default_rng(0)
    kernels, outputs, by_output, by_kernel = [], [], [], []
    for inputs, units in itertools.pairwise(sizes):
        kernels.append(rng.normal(0, 0.01, (inputs, units)).astype(np.float32))
        outputs.append(np.zeros((batch, units), np.float32))
        by_output.append(rng.normal(0, 0.01, (batch, units)).astype(np.float32))
        by_kernel.append(np.zeros_like(kernels[-1]))

    def step(x: Array) -> None:
        inputs = [x, *outputs[:-1]]
        for i, kernel in enumerate(kernels):
            np.matmul(inputs[i], kernel, out=outputs[i])
        for i in range(len(kernels) - 1, -1, -1):
            np.matmul(inputs[i].T, by_output[i], out=by_kernel[i])
            if i:
                np.matmul(by_output[i], kernels[i].T, out=by_output[i - 1])

    return step


class Clock:
    """Wall and CPU seconds of each way, a list of rounds for each.

    Beside other programs on a busy machine, wall times tell as much of those; CPU seconds (of all
    threads together) less so.
    """

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}

    def time(self, name: str, work: Callable[[], object], times: int = 1) -> None:
        """Do something and record what it took, divided by ``times``."""
        taken = timed(work)
        self.wall.setdefault(name, []).append(taken.wall / times)
        self.cpu.setdefault(name, []).append(taken.cpu / times)

    def ratios(self, slow: str, fast: str) -> dict[str, list[float]]:
        """Return, for each round, how many times as long one took as the other."""
        return {
            kind: [round(a / b, 2) for a, b in zip(took[slow], took[fast], strict=True)]
            for kind, took in (("wall", self.wall), ("cpu", self.cpu))
        }

    def medians(self, unit: float) -> dict[str, float]:
        """Return the median wall time of each way."""
        return {name: round(statistics.median(v) * unit, 3) for name, v in self.wall.items()}

    def say(self, what: str, unit: float, words: str) -> None:
        """Print the last round."""
        last = ", ".join(f"{name} {values[-1] * unit:.3g}" for name, values in self.wall.items())
        number = len(next(iter(self.wall.values())))
        print(f"{what}, round {number}: {last} {words}", flush=True)


def time_products(clock: Clock, work: Callable[[], object], times: int = 1) -> None:
    """Time bare products with one BLAS thread each and with as many as BLAS takes."""
    with one_blas_thread():
        clock.time("products, one thread", work, times)
    clock.time("products, all threads", work, times)


def full_batch(rounds: int, iterations: int) -> dict[str, Any]:
    """Train the recipe with all images at once, in all ways side by side."""
    (images, labels), (test_images, test_labels) = mnist.load_data()
    rng = np.random.default_rng(0)
    first = [rng.uniform(-0.5, 0.5, shape) for shape in ((784, 10), 10, (10, 10), 10)]
    x64 = images.reshape(-1, 784) / 255.0  # float64, as NumPy divides
    x32 = x64.astype(np.float32)
    one_hot = np.eye(10)[labels]
    one_hot32 = one_hot.astype(np.float32)
    textbook, textbook32 = first, [weight.astype(np.float32) for weight in first]
    model = _recipe()
    model.set_weights(first)
    step = products([784, 10, 10], len(x32))

    def by_textbook(times: int) -> None:
        nonlocal textbook
        for _ in range(times):
            textbook = textbook_iteration(x64, one_hot, textbook)

    def by_textbook32(times: int) -> None:
        nonlocal textbook32
        for _ in range(times):
            textbook32 = textbook_iteration(x32, one_hot32, textbook32)

    def bare(times: int) -> None:
        for _ in range(times):
            step(x32)

    clock, times = Clock(), iterations // rounds
    few = max(1, times // 4)
    for _ in range(rounds):
        clock.time("ours", lambda: model.fit(x32, labels, batch_size=None, epochs=times), times)
        clock.time("textbook", lambda: by_textbook(times), times)
        clock.time("textbook, float32", lambda: by_textbook32(times), times)
        time_products(clock, lambda: bare(few), few)
        clock.say("full batch", 1e3, "ms an iteration")
    test32 = test_images.reshape(-1, 784).astype(np.float32) / np.float32(255)
    difference = max(
        float(np.abs(ours - theirs).max())
        for ours, theirs in zip(model.get_weights(), textbook, strict=True)
    )
    return {
        "iterations": times * rounds,
        "milliseconds": clock.medians(1e3),
        "textbook_over_ours": clock.ratios("textbook", "ours"),
        "textbook32_over_ours": clock.ratios("textbook, float32", "ours"),
        "one_thread_products_over_ours": clock.ratios("products, one thread", "ours"),
        "all_threads_products_over_ours": clock.ratios("products, all threads", "ours"),
        "test_accuracy": {
            "ours": model.evaluate(test32, test_labels)[1],
            "textbook": textbook_accuracy(
                test_images.reshape(-1, 784) / 255.0, test_labels, textbook
            ),
        },
        "largest_weight_difference": difference,
    }


def mini_batches(rounds: int, optimizer: str) -> dict[str, Any]:
    """Train epoch after epoch with small batches, in all ways side by side."""
    import keras

    (images, labels), (test_images, test_labels) = mnist.load_data()
    x, x_test = (part.reshape(-1, 784).astype(np.float32) / 255 for part in (images, test_images))
    ours = Sequential(
        [Input((784,)), Dense(HIDDEN, activation="relu"), Dense(10, activation="softmax")], seed=0
    )
    theirs = keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(HIDDEN, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    theirs.set_weights(ours.get_weights())
    for model in (ours, theirs):
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = theirs.get_weights()
    theirs.fit(x[:BATCH], labels[:BATCH], verbose=0)  # builds its graph, which is not counted
    theirs.set_weights(before)
    step, parts = (
        products([784, HIDDEN, 10], BATCH),
        [x[i : i + BATCH] for i in range(0, len(x), BATCH)],
    )

    def bare() -> None:
        for part in parts:
            step(part)

    clock = Clock()
    for _ in range(rounds):
        clock.time("ours", lambda: ours.fit(x, labels, batch_size=BATCH))
        clock.time("keras", lambda: theirs.fit(x, labels, batch_size=BATCH, verbose=0))
        time_products(clock, bare)
        clock.say(f"batches of {BATCH}, {optimizer}", 1, "s an epoch")
    return {
        "optimizer": optimizer,
        "epochs": rounds,
        "seconds": clock.medians(1),
        "keras_over_ours": clock.ratios("keras", "ours"),
        "one_thread_products_over_ours": clock.ratios("products, one thread", "ours"),
        "all_threads_products_over_ours": clock.ratios("products, all threads", "ours"),
        "test_accuracy": {
            "ours": ours.evaluate(x_test, test_labels)[1],
            "keras": float(theirs.evaluate(x_test, test_labels, verbose=0)[1]),
        },
    }


def _recipe() -> Sequential:
    start = RandomUniform(-0.5, 0.5)
    model = Sequential(
        [
            Input((784,)),
            Dense(10, activation="relu", kernel_initializer=start, bias_initializer=start),
            Dense(10, activation="softmax", kernel_initializer=start, bias_initializer=start),
        ],
        seed=0,
    )
    model.compile(SGD(RATE), "sparse_categorical_crossentropy", ["accuracy"])
    return model


def main() -> int:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--iterations", type=int, default=1000, help="of the full batch, in all")
    parser.add_argument("--epochs", type=int, default=5, help="rounds of the mini-batches")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    figures = {"full_batch": full_batch(arguments.rounds, arguments.iterations)}
    for optimizer in ("sgd", "adam"):
        figures[f"mini_batches_{optimizer}"] = mini_batches(arguments.epochs, optimizer)
    command = (
        f"python -m benchmarks.numpy_nn --rounds {arguments.rounds} "
        f"--iterations {arguments.iterations} --epochs {arguments.epochs}"
    )
    save("numpy_nn", command, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
