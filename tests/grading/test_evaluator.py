"""The evaluator: models run in a sandbox, asked over a socket, answered as data."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnist_course.checks.score import CannotGrade
from mnist_course.exceptions import NotPortableError, SerializationError
from mnist_course.grading.channel import Channel
from mnist_course.grading.evaluator import Evaluator
from mnist_course.grading.model_facade import ModelFacade
from mnist_course.grading.remote_backend import RemoteBackend
from mnist_course.grading.serialization import Opaque
from tests.grading.hostile_evaluator import Hostile


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, two = socket.socketpair()
    with one, two:
        yield one, two


def test_a_channel_carries_values(ends: Any) -> None:
    one, two = Channel(ends[0]), Channel(ends[1])
    array = np.arange(1_000_000, dtype=np.float32)
    sender = threading.Thread(target=one.send, args=({"x": array},))
    sender.start()
    np.testing.assert_array_equal(two.receive(seconds=10)["x"], array)
    sender.join()
    one.close()
    with pytest.raises(EOFError):
        two.receive(seconds=1)


def test_a_channel_does_not_wait_for_ever(ends: Any) -> None:
    channel = Channel(ends[0])
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        channel.receive(seconds=0.2)
    with pytest.raises(TimeoutError):
        channel.send(np.zeros(10_000_000), seconds=0.2)  # nobody reads

    def drip() -> None:
        for _ in range(8):  # a byte now and then must not stretch the time
            ends[1].sendall(b"\0")
            time.sleep(0.1)

    dripping = threading.Thread(target=drip)
    dripping.start()
    with pytest.raises(TimeoutError):
        channel.receive(seconds=0.4)
    dripping.join()
    assert time.monotonic() - start < 5


def test_a_message_that_claims_to_be_huge_is_refused(ends: Any) -> None:
    ends[1].sendall(b"\x7f" + b"\xff" * 7)
    with pytest.raises(SerializationError):
        Channel(ends[0]).receive(seconds=1)


DESCRIBED = {
    "id": 0, "name": "m", "class_name": "Sequential", "input_shape": (None, 3),
    "output_shape": (None, 2), "parameters": 8, "layers": [],
}  # fmt: skip
PARTS: dict[str, Any] = {"config": "{}", "weights": [], "compiled": {}}


def test_answers_of_a_hostile_evaluator_are_data(ends: Any) -> None:
    x = np.zeros((4, 3), np.float32)
    wrong: list[Any] = [
        np.zeros((4, 2)),  # float64
        np.zeros((3, 2), np.float32),
        [[1.0, 0.0]] * 4,
        None,
        "passed",
    ]
    hostile = Hostile(
        ends[1], [{"ok": DESCRIBED}, *({"ok": w} for w in wrong), {"error": "Evil", "message": 5}]
    )
    hostile.start()
    backend = RemoteBackend(Channel(ends[0]), seconds=5)
    model = backend.load(PARTS)
    assert isinstance(model, ModelFacade)
    for _ in range(len(wrong) + 1):
        with pytest.raises(CannotGrade):
            backend.predict(model, x)
    hostile.join()
    ends[1].close()
    with pytest.raises(CannotGrade, match="gone"):
        backend.predict(model, x)


def test_a_late_answer_is_not_taken_for_another_one(ends: Any) -> None:
    theirs = Channel(ends[1])
    theirs.send({"ok": "late", "number": 1})
    theirs.send(["garbage"])
    hostile = Hostile(ends[1], [{"ok": DESCRIBED}])
    hostile.start()
    assert isinstance(RemoteBackend(Channel(ends[0]), seconds=5).load(PARTS), ModelFacade)
    hostile.join()


def test_a_model_that_cannot_be_loaded_is_opaque_and_costs_no_other(ends: Any) -> None:
    answers = [
        {"error": "NotPortableError", "message": "the layer Lambda"},
        {"error": "ValueError", "message": "strange"},
        {"error": "MemoryError", "message": "no memory"},
    ]
    hostile = Hostile(ends[1], answers)
    hostile.start()
    backend = RemoteBackend(Channel(ends[0]), seconds=5)
    found = [backend.load(PARTS) for _ in answers]
    hostile.join()
    assert all(type(f) is Opaque for f in found)
    ends[1].close()
    gone = backend.load(PARTS)
    assert type(gone) is Opaque and "model" in gone.reason  # for staff: not graded


# --- the real one ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def backend() -> Iterator[RemoteBackend]:
    with Evaluator() as evaluator:
        assert {layer.name for layer in evaluator.layers} >= {"own process", "resource limits"}
        assert evaluator.connection is not None
        yield RemoteBackend(Channel(evaluator.connection), seconds=120)


@pytest.fixture(scope="module")
def captured(trained_model: Any) -> dict[str, Any]:
    from mnist_course.experiments.recording.model_facts import compiled_facts

    return {
        "config": trained_model.to_json(),
        "weights": trained_model.get_weights(),
        "compiled": compiled_facts(trained_model),
    }


@pytest.mark.keras
def test_the_facade_answers_as_the_model(
    backend: RemoteBackend, captured: dict[str, Any], trained_model: Any, small_test: Any
) -> None:
    facade = backend.load(captured)
    assert isinstance(facade, ModelFacade)
    x, _ = small_test
    np.testing.assert_array_equal(
        facade.predict(x), trained_model.predict(x, batch_size=500, verbose=0)
    )
    assert type(facade).__name__ == "Sequential" and facade.name == "small"
    assert facade.count_params() == trained_model.count_params()
    assert (facade.input_shape, facade.output_shape) == (
        trained_model.input_shape,
        trained_model.output_shape,
    )
    for ours, theirs in zip(facade.layers, trained_model.layers, strict=True):
        assert type(ours).__name__ == type(theirs).__name__
        assert ours.name == theirs.name and ours.count_params() == theirs.count_params()
        assert getattr(ours, "units", None) == getattr(theirs, "units", None)
        if hasattr(theirs, "activation"):
            assert ours.activation.__name__ == theirs.activation.__name__
    assert facade.loss == trained_model.loss
    assert float(facade.optimizer.learning_rate) == pytest.approx(0.001)
    for ours, theirs in zip(facade.get_weights(), trained_model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.keras
def test_hidden_activations_are_those_of_keras(
    backend: RemoteBackend, captured: dict[str, Any], trained_model: Any, small_test: Any
) -> None:
    from mnist_course.grading.keras_backend import KerasBackend

    facade = backend.load(captured)
    x = small_test[0][:100]
    ours = backend.hidden_activations(facade, x)
    theirs = KerasBackend().hidden_activations(trained_model, x)
    assert [(a.name, a.activation, a.values.shape) for a in ours] == [
        (a.name, a.activation, a.values.shape) for a in theirs
    ]
    np.testing.assert_array_equal(ours[0].values, theirs[0].values)


@pytest.mark.keras
def test_inputs_that_do_not_fit_are_a_sentence(
    backend: RemoteBackend, captured: dict[str, Any]
) -> None:
    facade = backend.load(captured)
    with pytest.raises(ValueError, match="cannot predict"):
        facade.predict(np.zeros((3, 5), np.float32))


@pytest.mark.keras
def test_hostile_models_are_opaque_and_the_evaluator_lives_on(
    backend: RemoteBackend, captured: dict[str, Any]
) -> None:
    config = json.loads(captured["config"])
    config["config"]["layers"][2]["class_name"] = "Lambda"
    huge = json.loads(captured["config"])
    huge["config"]["layers"][2]["config"]["units"] = 60_000
    for parts in (
        captured | {"config": json.dumps(config)},
        captured | {"config": json.dumps(huge)},
        captured | {"config": "[" * 10_000},
        captured | {"weights": captured["weights"][:-1]},
        captured | {"weights": [w.astype(np.complex64) for w in captured["weights"]]},
    ):
        assert type(backend.load(parts)) is Opaque
    assert isinstance(backend.load(captured), ModelFacade)
    with pytest.raises(CannotGrade, match="IndexError"):
        backend._ask(op="predict", model=99, x=np.zeros((1, 3), np.float32))
    with pytest.raises(CannotGrade, match="KeyError"):
        backend._ask(op="exec", code="1")


@pytest.mark.keras
def test_training_again_goes_as_far_as_somebody_asks(
    backend: RemoteBackend, trained_model: Any, small_train: Any, mnist_data: Any
) -> None:
    import keras

    from mnist_course.experiments import ExperimentLog
    from mnist_course.experiments.recording import recorder

    recorder.start()
    try:
        log = ExperimentLog(fresh=True)
        model = keras.models.clone_model(trained_model)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        x, y = small_train
        model.fit(x[:2000], y[:2000], epochs=2, batch_size=100, verbose=0)
        record = log.fits[-1]
    finally:
        recorder.stop()
    (_, _), (x_test, y_test) = mnist_data
    rounds = backend.train_again(record, seed=1, x_test=x_test[:500], epochs=3)
    first = next(rounds)
    rounds.close()
    again = list(backend.train_again(record, seed=1, x_test=x_test[:500], epochs=3))
    other = next(backend.train_again(record, seed=2, x_test=x_test[:500]))
    np.testing.assert_array_equal(again[0], first)
    assert len(again) == 3 and not np.array_equal(first, other)
    assert first.dtype == np.int64 and (again[2] == y_test[:500]).mean() > 0.5
    # A record comes from the student's process: it may say what no fit does.
    huge = replace(record, batch_size=10**12)
    assert len(next(backend.train_again(huge, seed=1, x_test=x_test[:500]))) == 500
    empty = replace(record, data=replace(record.data, rows=0, train_rows=0, test_rows=0))
    with pytest.raises(NotPortableError, match="no training images"):
        next(backend.train_again(empty, seed=1, x_test=x_test[:500]))


@pytest.mark.keras
def test_a_configuration_that_cannot_be_repeated(backend: RemoteBackend, captured: Any) -> None:
    with pytest.raises((NotPortableError, ValueError)):
        backend._ask(
            op="train", key="k", epoch=0, record={"evil": 1}, seed=1, x_test=None, epochs=1,
            initial_weights=None,
        )  # fmt: skip
