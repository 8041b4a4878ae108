"""Model files: what is written comes back; whatever else is in a file, it is refused in words."""

from __future__ import annotations

import io
import json
import os
import zipfile

import numpy as np
import pytest

from mnist_course.exceptions import MnistCourseError, ModelFileError, NetworkError
from mnist_course.numpy_nn import (
    SGD,
    Activation,
    Adam,
    CustomActivation,
    Dense,
    Flatten,
    HeNormal,
    Input,
    RandomNormal,
    RandomUniform,
    Sequential,
    SparseCategoricalCrossentropy,
    load_model,
    model_file,
)

X = np.random.default_rng(0).normal(size=(30, 2, 3)).astype(np.float32)
Y = np.arange(30) % 4
EXTRA = {"dataset": "mnist", "held_out": [3, 1, 2], "rate": 0.1, "nested": {"a": None, "b": True}}


def trained():
    model = Sequential(
        [
            Input((2, 3)),
            Flatten(),
            Dense(5, activation="gelu", kernel_initializer=HeNormal(seed=3)),
            Dense(6, use_bias=False, bias_initializer=RandomUniform(-1, 1)),
            Activation("relu"),
            Dense(4, activation="softmax", kernel_initializer=RandomNormal(stddev=0.1)),
        ],
        seed=7,
        name="ours",
    )
    model.compile(Adam(0.01, beta_1=0.8), "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(X, Y, epochs=2)
    return model


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.npz"
    trained().save(path, extra=EXTRA)
    return path


def test_everything_comes_back(saved):
    model, loaded = trained(), load_model(saved)
    np.testing.assert_array_equal(loaded.parameters.values, model.parameters.values)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.evaluate(X, Y) == model.evaluate(X, Y)
    assert loaded.extra == EXTRA
    assert (loaded.name, loaded.seed, loaded.input_shape) == ("ours", 7, (2, 3))
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    assert loaded.metrics == ("accuracy",)
    assert [type(layer) for layer in loaded.layers] == [type(layer) for layer in model.layers]
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    assert loaded.layers[1].kernel_initializer.seed == 3
    loaded.fit(X, Y)


def test_saving_again_gives_the_same_bytes(saved, tmp_path):
    again = tmp_path / "again.npz"
    load_model(saved).save(again)  # extra included
    assert again.read_bytes() == saved.read_bytes()


def test_numpy_reads_it_without_pickle(saved):
    with np.load(saved, allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["1.kernel"], trained().layers[1].kernel)
        description = json.loads(arrays["description"].tobytes())
        assert [arrays[name].dtype for name in arrays if name != "description"] == [np.float32] * 5
    assert description["extra"] == EXTRA


@pytest.mark.parametrize("path", [str, lambda path: path])
def test_a_model_that_is_not_compiled(tmp_path, path):
    file = path(tmp_path / "m.npz")
    Sequential([Input((6,)), Dense(3)], seed=None).save(file)
    loaded = load_model(file)
    assert not loaded.compiled
    assert loaded.seed is None
    assert loaded.extra == {}


@pytest.mark.parametrize(
    "loss", ["mse", "categorical_crossentropy", SparseCategoricalCrossentropy(from_logits=True)]
)
def test_every_loss_comes_back(tmp_path, loss):
    model = Sequential([Input((6,)), Dense(3)])
    model.compile(SGD(0.1, momentum=0.9, nesterov=True), loss)
    model.save(tmp_path / "m.npz")
    loaded = load_model(tmp_path / "m.npz")
    assert type(loaded.loss) is type(model.loss)
    assert loaded.loss.get_config() == model.loss.get_config()
    assert loaded.optimizer.get_config() == model.optimizer.get_config()


def swish():
    return CustomActivation(
        lambda z: z / (1 + np.exp(-z)),
        lambda z: (1 + np.exp(-z) + z * np.exp(-z)) / (1 + np.exp(-z)) ** 2,
        name="swish",
    )


def test_an_activation_of_ones_own_comes_back_by_its_name(tmp_path):
    path = tmp_path / "m.npz"
    model = Sequential([Input((2, 3)), Flatten(), Dense(5, activation=swish()), Dense(2)])
    model.save(path)
    loaded = load_model(path, custom_objects={"swish": swish()})
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    with pytest.raises(ModelFileError, match="Expected custom_objects to hold 'swish', got none"):
        load_model(path)


class NotPlain:
    pass


@pytest.mark.parametrize(
    "extra",
    [
        {"a": NotPlain()},
        {"a": float("nan")},
        {"a": (1, 2)},
        {1: "a"},
        {"a": np.zeros(3)},
        {"a": b"bytes"},
        [1],
        {"a": "x" * (model_file.MOST_DESCRIPTION_BYTES + 1)},
    ],
    ids=["object", "nan", "tuple", "key", "array", "bytes", "list", "long"],
)
def test_extra_data_that_would_not_come_back_are_refused(tmp_path, extra):
    with pytest.raises(NetworkError, match="extra data cannot be saved"):
        trained().save(tmp_path / "m.npz", extra=extra)
    assert not list(tmp_path.iterdir())


def test_a_model_without_shape_is_not_saved(tmp_path):
    with pytest.raises(NetworkError, match="does not know the shape"):
        Sequential([Dense(3)]).save(tmp_path / "m.npz")


def test_a_failed_save_leaves_the_old_file(saved, monkeypatch):
    before = saved.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        Sequential([Input((3,)), Dense(3)]).save(saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def refused(path, words="Expected"):
    with pytest.raises(ModelFileError, match=words) as caught:
        load_model(path)
    message = str(caught.value)
    assert isinstance(caught.value, MnistCourseError)
    assert "xpected" in message and "got" in message
    assert str(path.parent) not in message
    assert len(message) < 1500
    return message


def test_a_missing_file_and_a_folder(tmp_path):
    assert "No such file" in refused(tmp_path / "gone.npz", "'gone.npz' cannot be read")
    refused(tmp_path, "cannot be read")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"\x93NUMPY\x01\x00",
        b"\x80\x04N.",
        b"{}",
        bytes(5000),
        b"PK\x05\x06" + bytes(18),
    ],
    ids=["empty", "PK", "npy", "pickle", "json", "zeros", "empty zip"],
)
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "m.npz").write_bytes(content)
    refused(tmp_path / "m.npz")


def test_an_npz_of_something_else(tmp_path):
    np.savez(tmp_path / "m.npz", a=np.zeros(3))
    refused(tmp_path / "m.npz", "an entry named description, got a.npy")
    np.savez(tmp_path / "m.npz", description=np.frombuffer(b"{}", np.uint8))
    refused(tmp_path / "m.npz", "the format mnist_course.numpy_nn")
    np.savez(tmp_path / "m.npz", description=np.zeros((2, 2), np.uint8))
    refused(tmp_path / "m.npz", "'description' is damaged")


def test_a_pickle_inside_is_never_opened(tmp_path):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("unpickled",)

    np.savez(tmp_path / "m.npz", description=np.array([Trap()], dtype=object), allow_pickle=True)
    refused(tmp_path / "m.npz", "damaged")


def test_every_cut_and_every_flipped_bit_is_noticed_or_harmless(saved, tmp_path):
    """A changed file is refused in words, or it holds exactly what was saved."""
    whole, expected = saved.read_bytes(), trained()
    rng = np.random.default_rng(0)
    damaged = tmp_path / "damaged.npz"
    variants = [whole[:cut] for cut in rng.integers(0, len(whole), 60)]
    for place in [*range(120), *rng.integers(0, len(whole), 500)]:
        bit = 1 << int(rng.integers(8))
        variants.append(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
    refusals = 0
    for content in variants:
        damaged.write_bytes(content)
        try:
            loaded = load_model(damaged)
        except ModelFileError as error:
            refusals += 1
            assert "got" in str(error)
        else:
            np.testing.assert_array_equal(loaded.parameters.values, expected.parameters.values)
            assert loaded.extra == EXTRA
    assert refusals > 0.8 * len(variants)


def rewritten(saved, change=lambda data: None, *, entries=lambda arrays: None, compressed=False):
    """Write the file again with a changed description or other entries; checksums are right."""
    with np.load(saved, allow_pickle=False) as file:
        arrays = dict(file)
    data = json.loads(arrays["description"].tobytes())
    data = change(data) or data
    arrays["description"] = np.frombuffer(json.dumps(data).encode(), np.uint8)
    entries(arrays)
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    saved.write_bytes(buffer.getvalue())


def test_rewriting_alone_changes_nothing(saved):
    rewritten(saved)
    np.testing.assert_array_equal(load_model(saved).predict(X), trained().predict(X))


def set_layer(index, key, value):
    return lambda data: data["layers"][index].__setitem__(key, value)


DESCRIPTIONS = {
    "version": lambda d: d.__setitem__("version", 99),
    "no layers": lambda d: d.__setitem__("layers", []),
    "layers of text": lambda d: d.__setitem__("layers", "Dense"),
    "layers of numbers": lambda d: d.__setitem__("layers", [1, 2]),
    "another layer": set_layer(0, "class_name", "Conv2D"),
    "a class of Python": set_layer(0, "class_name", "__class__"),
    "a list as a class": set_layer(0, "class_name", []),
    "more units": set_layer(1, "units", 6),
    "very many units": set_layer(1, "units", 10**9),
    "units that overflow": set_layer(1, "units", 10**400),
    "units of text": set_layer(1, "units", "5"),
    "units true": set_layer(1, "units", True),
    "unknown setting": set_layer(1, "momentum", 1),
    "unknown activation": set_layer(1, "activation", "swish"),
    "a number as activation": set_layer(1, "activation", 3),
    "custom activation": set_layer(1, "activation", {"custom": ["a"]}),
    "bias of text": set_layer(1, "use_bias", "no"),
    "no bias": set_layer(1, "use_bias", False),
    "name of numbers": set_layer(1, "name", 3),
    "same names": set_layer(1, "name", "flatten"),
    "another initializer": set_layer(1, "kernel_initializer", {"class_name": "Exec"}),
    "initializer of text": set_layer(1, "kernel_initializer", "he_normal"),
    "initializer settings": set_layer(
        1, "kernel_initializer", {"class_name": "RandomNormal", "stddev": -1}
    ),
    "initializer seed": set_layer(1, "kernel_initializer", {"class_name": "HeNormal", "seed": "a"}),
    "input shape": lambda d: d.__setitem__("input_shape", [2, 4]),
    "input shape of text": lambda d: d.__setitem__("input_shape", "ab"),
    "no input shape": lambda d: d.pop("input_shape") and None,
    "input shape null": lambda d: d.__setitem__("input_shape", None),
    "seed": lambda d: d.__setitem__("seed", -1),
    "seed of text": lambda d: d.__setitem__("seed", "0"),
    "seed true": lambda d: d.__setitem__("seed", True),
    "model name": lambda d: d.__setitem__("name", None),
    "optimizer": lambda d: d["compiled"].__setitem__("optimizer", "exec"),
    "optimizer settings": lambda d: d["compiled"].__setitem__("optimizer_config", {"rate": 1}),
    "learning rate": lambda d: d["compiled"]["optimizer_config"].__setitem__("learning_rate", "a"),
    "loss": lambda d: d["compiled"].__setitem__("loss", "none"),
    "metrics": lambda d: d["compiled"].__setitem__("metrics", ["f1"]),
    "metrics of numbers": lambda d: d["compiled"].__setitem__("metrics", 3),
    "compiled list": lambda d: d.__setitem__("compiled", [1]),
    "softmax twice": lambda d: d["compiled"].__setitem__("loss_config", {"from_logits": True}),
    "extra list": lambda d: d.__setitem__("extra", []),
    "no extra": lambda d: d.pop("extra") and None,
    "deep": lambda d: d.__setitem__("extra", json.loads("[" * 500 + "]" * 500)),
    "a list": lambda d: [d],
    "dense on images": lambda d: d["layers"].pop(0) and None,
}


@pytest.mark.parametrize("change", DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_descriptions_that_cannot_be_are_refused(saved, change):
    rewritten(saved, change)
    refused(saved)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"\xff\xfe", b"NaN", b"[" * 100_000, b'{"a": ' * 50_000, b"1" * 10_000],
    ids=["empty", "open", "bytes", "nan", "deep list", "deep dict", "long number"],
)
def test_descriptions_that_are_no_json_are_refused(saved, text):
    rewritten(
        saved,
        entries=lambda arrays: arrays.__setitem__("description", np.frombuffer(text, np.uint8)),
    )
    refused(saved)


ENTRIES = {
    "missing": lambda a: a.pop("1.bias") is None,
    "too many": lambda a: a.__setitem__("9.kernel", np.zeros(3, np.float32)),
    "float64": lambda a: a.__setitem__("1.kernel", a["1.kernel"].astype(np.float64)),
    "other byte order": lambda a: a.__setitem__("1.kernel", a["1.kernel"].astype(">f4")),
    "transposed": lambda a: a.__setitem__("1.kernel", a["1.kernel"].T),
    "fortran order": lambda a: a.__setitem__("1.kernel", np.asfortranarray(a["1.kernel"])),
    "flat": lambda a: a.__setitem__("1.kernel", a["1.kernel"].ravel()),
    "too short": lambda a: a.__setitem__("1.kernel", a["1.kernel"][:2]),
    "whole numbers": lambda a: a.__setitem__("1.kernel", a["1.kernel"].astype(np.int32)),
}


@pytest.mark.parametrize("entries", ENTRIES.values(), ids=ENTRIES)
def test_weights_that_do_not_belong_are_refused(saved, entries):
    rewritten(saved, entries=entries)
    refused(saved)


def test_a_compressed_file_is_refused_before_it_is_unpacked(saved):
    rewritten(saved, compressed=True)
    refused(saved, "compressed")


def test_a_size_that_is_a_lie_is_refused_before_anything_is_made(saved, monkeypatch):
    """A file of a few kilobytes that claims gigabytes."""
    content = bytearray(saved.read_bytes())
    with zipfile.ZipFile(saved) as members:
        info = members.getinfo("1.kernel.npy")
    place = content.rindex(b"1.kernel.npy") - 46  # its record in the directory at the end
    for field in (20, 24):
        content[place + field : place + field + 4] = (1 << 31).to_bytes(4, "little")
    assert info.file_size < 1000
    saved.write_bytes(content)
    monkeypatch.setattr(zipfile.ZipFile, "read", _read_no_more_than(zipfile.ZipFile.read))
    refused(saved, "1.kernel")


def _read_no_more_than(read):
    def checked(self, info, *arguments):
        assert info.file_size < model_file.MOST_DESCRIPTION_BYTES + 2000
        return read(self, info, *arguments)

    return checked


def test_two_entries_of_one_name_are_refused(saved):
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(saved, "a") as members:
        members.writestr("1.bias.npy", b"")
    refused(saved)


def test_a_diverged_model_is_kept_as_it_is(tmp_path):
    model = Sequential([Input((6,)), Dense(3)])
    model.layers[0].bias = [np.nan, np.inf, 0]
    model.save(tmp_path / "m.npz")
    np.testing.assert_array_equal(
        load_model(tmp_path / "m.npz").layers[0].bias, [np.nan, np.inf, 0]
    )
