"""Show that the fast path of `fit` gives the same bits, and how much faster it is.

    python -m benchmarks.fast_fit --rounds 3

784-64-10, batch 32, all 60,000 training images, with the test set as validation data. Each round
trains with the same seed in both ways. Then the fast way as a class's worker has it, in a process
of one thread on one core, where TensorFlow's threads rest when they have nothing to do and where
they look for work as by default; also for 784-1000-10-10. On that core, too, a retraining of the
grader, which need not have the bits of a fit. Writes docs/measurements/fast_fit.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import save

ROOT = Path(__file__).resolve().parent.parent
NETWORKS = ((64,), (1000, 10))


def train(
    seed: int, epochs: int, hidden: Sequence[int] = NETWORKS[0]
) -> tuple[list[Any], dict[str, list[float]], float]:
    """Train a network once, by default the reference; return weights, history and seconds."""
    import keras

    from mnist_course.datasets import mnist

    (x, y), (x_test, y_test) = mnist.load_data()
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            *(keras.layers.Dense(units, "relu") for units in hidden),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x_train = x.astype("float32") / 255
    validation = (x_test.astype("float32") / 255, y_test)
    start = time.perf_counter()
    history = model.fit(x_train, y, epochs=epochs, validation_data=validation, verbose=0)
    return model.get_weights(), history.history, time.perf_counter() - start


def train_again(seed: int, epochs: int, hidden: Sequence[int]) -> tuple[float, float]:
    """Train a network as the grader trains it again; return CPU seconds and test accuracy."""
    from mnist_course.datasets import mnist
    from mnist_course.experiments.recording.recorder import recorder, start
    from mnist_course.grading.keras_backend import KerasBackend

    start()
    train(seed, 1, hidden)
    log = recorder()
    assert log is not None
    record = log.journal.fits[-1]
    images, labels = mnist.load_data()[1]
    began = time.process_time()
    *_, predicted = KerasBackend().train_again(record, seed=seed, x_test=images, epochs=epochs)
    return time.process_time() - began, float((predicted == labels).mean())


def on_one_core(hidden: Sequence[int], epochs: int, way: str) -> None:
    """Train in this process, on the first core; print CPU seconds and what came out."""
    from mnist_course.grading import fast_fit, resting_threads
    from mnist_course.workforce.worker_setup import keep_to_a_core

    keep_to_a_core(0)
    if way != "spin" and not resting_threads.rest():
        raise SystemExit("the threads do not rest")
    fast_fit.enable()
    train(0, 1, (4,))  # loads what every process loads once
    if way == "again":
        cpu, accuracy = train_again(0, epochs, hidden)
        print(json.dumps({"cpu": cpu, "accuracy": accuracy}))
        return
    began = time.process_time()
    weights, history, _ = train(0, epochs, hidden)
    cpu = time.process_time() - began
    digest = hashlib.sha256(repr(history).encode())
    for array in weights:
        digest.update(array.tobytes())
    accuracy = history["val_accuracy"][-1]
    print(json.dumps({"cpu": cpu, "result": digest.hexdigest(), "accuracy": accuracy}))


def in_a_process(way: str, hidden: Sequence[int], epochs: int) -> dict[str, Any]:
    """Train in a new process with the environment of a class's sandbox; return what it printed."""
    from mnist_course.grading.sandbox import loading_environment

    command = [sys.executable, "-m", "benchmarks.fast_fit", "--epochs", str(epochs)]
    command += ["--one-core", way, "--hidden", *map(str, hidden)]
    ended = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, cwd=ROOT,
        env={**os.environ, **loading_environment(1)},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def one_core(hidden: Sequence[int], epochs: int, rounds: int) -> dict[str, Any]:
    """Compare the ways of a class's worker, in turn."""
    found: dict[str, list[dict[str, Any]]] = {"spin": [], "rest": [], "again": []}
    for _ in range(rounds):
        for way, runs in found.items():
            runs.append(in_a_process(way, hidden, epochs))
    if len({run["result"] for run in found["spin"] + found["rest"]}) != 1:
        raise SystemExit("resting threads changed weights or history")

    def cpu(way: str) -> list[float]:
        return [run["cpu"] for run in found[way]]

    def ratios(way: str, other: str) -> list[float]:
        return [round(one / two, 2) for one, two in zip(cpu(way), cpu(other), strict=True)]

    return {
        "network": "-".join(map(str, (784, *hidden, 10))),
        "epochs": epochs,
        "spinning_cpu": round(statistics.median(cpu("spin")), 2),
        "resting_cpu": round(statistics.median(cpu("rest")), 2),
        "again_cpu": round(statistics.median(cpu("again")), 2),
        "spinning_over_resting": ratios("spin", "rest"),
        "resting_over_again": ratios("rest", "again"),
        "accuracy": {way: runs[0]["accuracy"] for way, runs in found.items()},
    }


def main() -> int:
    """Compare the ways."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--one-core", choices=["rest", "spin", "again"], help=argparse.SUPPRESS)
    parser.add_argument("--hidden", type=int, nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if arguments.one_core:
        on_one_core(arguments.hidden, arguments.epochs, arguments.one_core)
        return 0
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
        "one_core": [one_core(hidden, 3, arguments.rounds) for hidden in NETWORKS],
    }
    save("fast_fit", f"python -m benchmarks.fast_fit --rounds {arguments.rounds}", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
