"""Show that the fast path of `fit` gives the same bits, and how much faster it is.

    python -m benchmarks.fast_fit --rounds 3

784-64-10, batch 32, all 60,000 training images, with the test set as validation data. Each round
trains with the same seed in both ways. Writes docs/measurements/fast_fit.json.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from typing import Any

from benchmarks.measuring import save


def train(seed: int, epochs: int) -> tuple[list[Any], dict[str, list[float]], float]:
    """Train the reference once; return weights, history and seconds of the fit."""
    import keras

    from mnist_course.datasets import mnist

    (x, y), (x_test, y_test) = mnist.load_data()
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(64, "relu"),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x_train = x.astype("float32") / 255
    validation = (x_test.astype("float32") / 255, y_test)
    start = time.perf_counter()
    history = model.fit(x_train, y, epochs=epochs, validation_data=validation, verbose=0)
    return model.get_weights(), history.history, time.perf_counter() - start


def main() -> int:
    """Compare the two ways."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from mnist_course.grading import fast_fit

    plain, fast, ratios = [], [], []
    for seed in range(arguments.rounds):
        weights, history, seconds = train(seed, arguments.epochs)
        with fast_fit.enabled():
            fast_weights, fast_history, fast_seconds = train(seed, arguments.epochs)
        same = history == fast_history and all(
            a.tobytes() == b.tobytes() for a, b in zip(weights, fast_weights, strict=True)
        )
        if not same:
            raise SystemExit(f"seed {seed}: the fast path changed weights or history")
        plain.append(seconds)
        fast.append(fast_seconds)
        ratios.append(round(seconds / fast_seconds, 2))
        print(f"seed {seed}: {seconds:.1f} s, fast {fast_seconds:.1f} s, bit-identical", flush=True)
    figures = {
        "epochs": arguments.epochs,
        "bit_identical_rounds": arguments.rounds,
        "plain_seconds": round(statistics.median(plain), 2),
        "fast_seconds": round(statistics.median(fast), 2),
        "plain_over_fast": ratios,
    }
    save("fast_fit", f"python -m benchmarks.fast_fit --rounds {arguments.rounds}", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
