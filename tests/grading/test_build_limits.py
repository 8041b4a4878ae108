"""A hostile architecture costs a sentence: no memory, no minutes, no loader of Keras' own."""

from __future__ import annotations

import ast
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mnist_course
from mnist_course.exceptions import NotPortableError
from mnist_course.grading.build_limits import MAX_ACTIVATION, rows_at_once, time_limit
from mnist_course.grading.model_build import build_model
from mnist_course.grading.model_spec import parse_model

GRADING = Path(mnist_course.__file__).parent / "grading"


def sequential(shape: list[int | None], *layers: tuple[str, dict[str, Any]]) -> str:
    """Write a model's configuration by hand, as no notebook could."""
    parts: list[dict[str, Any]] = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, *shape], "name": "i"}}
    ]
    parts += [
        {"class_name": kind, "config": {"name": f"l{number}", **config}}
        for number, (kind, config) in enumerate(layers)
    ]
    return json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": parts}})


DENSE = ("Dense", {"units": 60_000})
HUGE: dict[str, str] = {
    "60,000 x 60,000 weights": sequential([60_000], *[DENSE] * 400),
    "a Dense on a long axis": sequential([10_000_000], ("Dense", {"units": 1})),
    "a chain that doubles": sequential(
        [28, 28, 1], *[("UpSampling2D", {"size": [32, 32]})] * 3
    ),
    "a very long chain": sequential([28, 28, 1], *[("UpSampling2D", {"size": [32, 32]})] * 400),
    "padding": sequential([28, 28, 1], *[("ZeroPadding2D", {"padding": 1000})] * 4),
    "a repeated vector": sequential(
        [784], ("RepeatVector", {"n": 10_000}), ("Flatten", {}), ("RepeatVector", {"n": 10_000})
    ),
    "many of medium size": sequential(
        [1000, 1000, 1], *[("Activation", {"activation": "relu"})] * 400
    ),
    "everybody looks at everybody": sequential(
        [100_000, 1],
        ("TimeDistributed", {"layer": {"class_name": "Dense", "config": {"units": 1}}}),
        ("LSTM", {"units": 1, "return_sequences": True, "unroll": True}),
        ("RepeatVector", {"n": 3}),
    ),
    "an embedding": sequential([4], ("Embedding", {"input_dim": 2_000_000, "output_dim": 60_000})),
    "resizing": sequential([28, 28, 512], ("Resizing", {"height": 2048, "width": 2048})),
}  # fmt: skip


@pytest.mark.keras
@pytest.mark.parametrize("name", HUGE)
def test_what_is_too_large_is_refused(name: str) -> None:
    import keras  # noqa: F401 - loading it is not what is measured

    spec = parse_model(HUGE[name])
    start = time.process_time()
    with pytest.raises(NotPortableError, match=r"more than|at most|refuses") as caught:
        build_model(spec, [np.zeros((2, 2), np.float32)])
    assert len(str(caught.value)) < 500
    assert time.process_time() - start < 20  # far from the minutes that it describes


@pytest.mark.keras
def test_attention_over_too_many_places() -> None:
    config = {"units": 1}
    text = sequential([28, 28, 1], ("Reshape", {"target_shape": [784, 1]}), ("Dense", config))
    model = build_model(parse_model(text))
    assert model.output_shape == (None, 784, 1)
    import keras

    entrance = keras.Input((4000, 1))
    outputs = keras.layers.MultiHeadAttention(2, 2)(entrance, entrance)
    large = keras.Model(entrance, outputs)
    with pytest.raises(NotPortableError, match="32,000,000"):
        build_model(parse_model(large.to_json()), large.get_weights())


@pytest.mark.keras
def test_a_time_limit_ends_what_goes_on_and_on() -> None:
    spec = parse_model(
        sequential([8, 4], *[("LSTM", {"units": 4, "return_sequences": True})] * 400)
    )
    with pytest.raises(NotPortableError, match=r"longer than 0\.1 seconds"), time_limit(0.1):
        build_model(spec)
    small = parse_model(sequential([8, 4], ("LSTM", {"units": 4})))
    assert build_model(small).output_shape == (None, 4)  # the next one is as before


@pytest.mark.keras
def test_the_time_limit_passes_what_is_in_time_and_errors() -> None:
    import keras

    with time_limit(60):
        keras.layers.ReLU()(keras.Input((3,)))
    with pytest.raises(ZeroDivisionError), time_limit(60):
        raise ZeroDivisionError
    with pytest.raises(NotPortableError), time_limit(0.2):
        while True:
            try:
                keras.layers.ReLU()(keras.Input((3,)))
            except Exception:  # what the limit raises is no Exception
                pytest.fail("caught")
    keras.layers.ReLU()(keras.Input((3,)))  # no limit any more


@pytest.mark.keras
def test_unrolled_steps_are_not_unrolled() -> None:
    text = sequential([10_000, 1], ("LSTM", {"units": 2, "unroll": True}))
    assert build_model(parse_model(text)).layers[0].unroll is False


@pytest.mark.keras
def test_fewer_rows_at_once_for_a_very_large_model() -> None:
    import keras

    def up(*sizes: int) -> Any:
        layers = [keras.layers.UpSampling2D(size) for size in sizes]
        return keras.Sequential([keras.Input((28, 28, 1)), *layers])

    assert rows_at_once(up(2), 500) == 500
    assert 1 <= rows_at_once(up(32, 2), 500) < 50
    assert rows_at_once(keras.Sequential([up(32, 2)]), 500) < 50  # nested
    assert rows_at_once(object(), 500) == 500
    assert MAX_ACTIVATION > (28 * 64) ** 2


@pytest.mark.keras
def test_a_model_of_any_input_size_is_measured_with_the_inputs() -> None:
    from mnist_course.grading.evaluator import Service

    grow = [("UpSampling2D", {"size": 32}), ("UpSampling2D", {"size": 8})]
    text = sequential([None, None, 1], *grow, ("GlobalMaxPooling2D", {}))
    service = Service()
    loaded = service.answer({"op": "load", "config": text, "weights": []})
    question = {"op": "predict", "model": loaded["ok"]["id"]}
    small = service.answer(question | {"x": np.ones((2, 4, 4, 1), np.float32)})
    assert small["ok"].shape == (2, 1)
    large = service.answer(question | {"x": np.ones((2, 28, 28, 1), np.float32)})
    assert large["error"] == "NotPortableError" and "at most" in large["message"]


@pytest.mark.keras
@pytest.mark.parametrize("kind", [np.float64, np.float16, np.int32, np.complex64])
def test_weights_have_the_type_of_the_model(kind: Any) -> None:
    spec = parse_model(sequential([3], ("Dense", {"units": 2})))
    weights = [np.ones((3, 2), kind), np.ones(2, kind)]
    with pytest.raises(NotPortableError, match=f"is of type {np.dtype(kind)}; expected float32"):
        build_model(spec, weights)


@pytest.mark.keras
def test_weights_may_be_nan() -> None:
    spec = parse_model(sequential([3], ("Dense", {"units": 2})))
    weights = [np.full((3, 2), np.nan, np.float32), np.full(2, np.inf, np.float32)]
    for ours, theirs in zip(build_model(spec, weights).get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.keras
def test_initial_values_are_not_drawn_for_weights_that_were_sent() -> None:
    """An orthogonal matrix of 4,000 x 4,000 takes a minute; the sent weights replace it anyway."""
    config = {"units": 4_000, "kernel_initializer": "orthogonal", "use_bias": False}
    weights = [np.ones((4_000, 4_000), np.float32)]
    start = time.process_time()
    model = build_model(parse_model(sequential([4_000], ("Dense", config))), weights)
    assert time.process_time() - start < 10
    assert type(model.layers[0].kernel_initializer).__name__ == "Orthogonal"  # for a retraining


# Names that read a configuration or a file the way Keras does. (``diagnosis`` copies the live model
# of whoever asks, in their own notebook; it never meets a file.)
LOADERS = {
    "load_model", "load_weights", "model_from_json", "model_from_config", "from_config",
    "deserialize", "deserialize_keras_object", "clone_model", "saving", "layer_from_config",
    "legacy_h5_format", "enable_unsafe_deserialization", "load_own_variables", "from_json",
}  # fmt: skip
TRUSTED = sorted(
    path
    for folder in ("grading", "checks", "experiments", "datasets")
    for path in (GRADING.parent / folder).rglob("*.py")
)


@pytest.mark.parametrize("path", TRUSTED, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_keras_own_loaders_are_never_named(path: Path) -> None:
    assert found_loaders(path.read_text()) == []


def found_loaders(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Attribute):
            names = [node.attr]
        elif isinstance(node, ast.Name):
            names = [node.id]
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [part for a in node.names for part in a.name.split(".")]
            names += (getattr(node, "module", None) or "").split(".")
        found += [name for name in names if name in LOADERS]
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import keras\nkeras.saving.load_model('x')",
        "from keras.models import model_from_json as m",
        "import keras.saving",
        "keras.layers.deserialize({})",
        "cls.from_config(config)",
    ],
)
def test_the_search_for_loaders_finds_them(source: str) -> None:
    assert found_loaders(source)
