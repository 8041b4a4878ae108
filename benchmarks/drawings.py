"""Measure what each step of the conversion of m4 is worth, and write docs/DRAWINGS.md.

python -m benchmarks.drawings              # a few minutes; --table only rewrites the page
python -m benchmarks.drawings --keras      # the same drawings read by a Keras network, too
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.drawings_page import write_page
from benchmarks.measuring import MEASUREMENTS, save
from examples.conversion import STEPS, steps
from mnist_course.checks.handwriting.centring import check_centring
from mnist_course.checks.handwriting.contract import check_conversion
from mnist_course.checks.handwriting.polarity import check_polarity
from mnist_course.checks.handwriting.reading import check_reading
from mnist_course.checks.score import collected
from mnist_course.datasets import mnist
from mnist_course.drawings import CHANGES, drawings
from mnist_course.preprocessing import just_resize
from mnist_course.preprocessing import to_mnist as course_to_mnist
from mnist_course.reader import load_reader

COUNT, SEEDS = 200, tuple(range(1000, 1010))
GRADED_SEEDS = tuple(range(2000, 2030))
FILE = MEASUREMENTS / "drawings.json"

Picture = NDArray[Any]
Convert = Callable[[Picture], Picture]
Read = Callable[[NDArray[np.float32]], NDArray[np.int64]]


def conversions() -> dict[str, Convert]:
    """Return what is compared: all steps, each one left out, each one alone, none."""
    own = steps()
    known = {name: own[name] for name in STEPS}
    # What stands in for a step that is left out does the least that the next one needs.
    instead: dict[str, Callable[..., Any]] = {
        "to_gray": _first_channel,
        "only_ink": _as_it_is,
        "crop": _as_it_is,
        "fit": _square,
        "centre": _corner,
    }
    compared: dict[str, Convert] = {"all five steps": _chain(known)}
    for name in STEPS:
        compared[f"without {name}"] = _chain({**known, name: instead[name]})
    compared["never turned around"] = _chain({**known, "only_ink": _never_turned(own["to_gray"])})
    compared["no threshold in only_ink"] = _chain({**known, "only_ink": _no_threshold})
    compared["28 pixels instead of 20 in fit"] = _chain({**known, "fit": _twenty_eight(own["fit"])})
    compared["picking pixels in fit"] = _chain({**known, "fit": _picked})
    compared["the box in the middle in centre"] = _chain({**known, "centre": _box_in_the_middle})
    compared["just_resize"] = just_resize
    compared["just_resize, turned around"] = lambda image: 1 - just_resize(image)
    compared["the course's own to_mnist"] = course_to_mnist
    return compared


def _chain(functions: Mapping[str, Callable[..., Any]]) -> Convert:
    def convert(image: Picture) -> Picture:
        value: Any = image
        for name in STEPS:
            value = functions[name](value)
        return np.asarray(value)

    return convert


def _first_channel(image: Picture) -> Picture:
    channel = image if image.ndim == 2 else image[..., 0]
    return channel.astype(np.float32) / np.float32(255)


def _as_it_is(values: Picture) -> Picture:
    return values


def _square(box: Picture) -> Picture:
    picture = Image.fromarray(np.asarray(box, dtype=np.float32))
    return np.asarray(picture.resize((20, 20), Image.Resampling.BOX))


def _corner(small: Picture) -> Picture:
    return np.pad(small, ((0, 28 - small.shape[0]), (0, 28 - small.shape[1])))


def _box_in_the_middle(small: Picture) -> Picture:
    down, right = (28 - small.shape[0]) // 2, (28 - small.shape[1]) // 2
    return np.pad(small, ((down, 28 - small.shape[0] - down), (right, 28 - small.shape[1] - right)))


def _ground(gray: Picture) -> float:
    return float(np.median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])))


def _never_turned(to_gray: Callable[..., Any]) -> Callable[..., Any]:
    def only_ink(gray: Picture) -> Picture:
        ink = gray - _ground(gray)
        return np.clip((ink / max(float(np.percentile(ink, 99.5)), 1e-6) - 0.4) / 0.4, 0, 1)

    return only_ink


def _no_threshold(gray: Picture) -> Picture:
    ink = np.abs(gray - _ground(gray))
    return np.clip(ink / max(float(np.percentile(ink, 99.5)), 1e-6), 0, 1)


def _twenty_eight(fit: Callable[..., Any]) -> Callable[..., Any]:
    return lambda box: fit(box, longest=28)


def _picked(box: Picture) -> Picture:
    scale = 20 / max(box.shape)
    height, width = (max(1, round(side * scale)) for side in box.shape)
    picture = Image.fromarray(np.asarray(box, dtype=np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.NEAREST))


def converted(convert: Convert, images: Sequence[Picture]) -> NDArray[np.float32]:
    """Return the results (n, 28, 28); what cannot be converted is black."""
    results = np.zeros((len(images), 28, 28), dtype=np.float32)
    for number, image in enumerate(images):
        with contextlib.suppress(IndexError, ValueError, ZeroDivisionError):  # no ink was found
            results[number] = convert(image)
    return results


def measure(readers: Mapping[str, Read]) -> dict[str, Any]:
    """Return the accuracies of every conversion, by reader, over the seeds."""
    compared = conversions()
    both = ("all five steps", "just_resize")
    ablation: dict[str, dict[str, list[float]]] = {
        reader: {name: [] for name in compared} for reader in readers
    }
    changed: dict[str, dict[str, list[float]]] = {
        change: {name: [] for name in both} for change in CHANGES
    }
    given = next(iter(readers.values()))
    for seed in SEEDS:  # one set at a time: together they need much memory
        made = drawings(COUNT, seed=seed)
        labels = np.array([one.label for one in made])
        images = [one.image for one in made]
        for name, convert in compared.items():
            results = converted(convert, images)
            for reader, read in readers.items():
                ablation[reader][name].append(float((read(results) == labels).mean()))
        for change, apply in CHANGES.items():
            after = [apply(image) for image in images]
            for name in both:
                read_right = given(converted(compared[name], after)) == labels
                changed[change][name].append(float(read_right.mean()))
    return {"ablation": ablation, "changes": changed}


def graded() -> dict[str, Any]:
    """Return how often the reference gets all points with other drawings than the hidden ones."""
    to_mnist = steps()["to_mnist"]
    points: dict[str, list[float]] = {
        "contract": [],
        "polarity": [],
        "centring": [],
        "accuracy": [],
    }
    read: list[float] = []
    for seed in GRADED_SEEDS:
        points["contract"].append(
            check_conversion(to_mnist, seed=seed, form=6, inputs=5, unchanged=4) / 15
        )
        shares = {0.50: 5.0, 0.75: 10.0, 0.95: 15.0}
        points["polarity"].append(check_polarity(to_mnist, seed=seed, count=16, points=shares) / 15)
        right = {6.0: 5.0, 8.0: 10.0, 10.0: 15.0, 12.0: 20.0}
        points["centring"].append(
            check_centring(
                to_mnist, seed=seed, count=12, within=1.0, longest=(17, 22), points=right
            )
            / 20
        )
        steps_of_ramp = {0.60: 5.0, 0.70: 8.0, 0.80: 11.0, 0.90: 15.0}
        points["accuracy"].append(
            check_reading(to_mnist, seed=seed, count=40, points=steps_of_ramp) / 15
        )
        read.append(collected().values["drawings_accuracy"])
    return {"shares_of_points": points, "accuracies": read}


def given_reader() -> Read:
    """Return the reader of the assignment as a function of images."""
    model = load_reader()
    return lambda x: np.asarray(model.predict(x)).argmax(axis=1)


def keras_network() -> Read:
    """Train 784-128-10 with Keras, five epochs on plain MNIST, as m3 does."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    (x, y), _ = mnist.load_data()
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x.astype(np.float32) / 255, y, epochs=5, batch_size=32, verbose=0)
    return lambda images: np.asarray(model.predict(images, verbose=0)).argmax(axis=1)


def main(arguments: list[str] | None = None) -> int:
    """Measure, keep the figures, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="only rewrite the page")
    parser.add_argument("--keras", action="store_true", help="also read with a Keras network")
    options = parser.parse_args(arguments)
    if not options.table:
        start = time.process_time()
        readers = {"given reader": given_reader()}
        if options.keras:
            readers["784-128-10, Keras, plain MNIST"] = keras_network()
        figures = {
            **measure(readers),
            "graded": graded(),
            "count": COUNT,
            "seeds": list(SEEDS),
            "graded_seeds": list(GRADED_SEEDS),
            "cpu_seconds": time.process_time() - start,
        }
        command = "python -m benchmarks.drawings" + (" --keras" if options.keras else "")
        save("drawings", command, figures)
    write_page(json.loads(FILE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
