"""The embedded MNIST against the published hashes, with its file damaged in every way."""

from __future__ import annotations

import hashlib
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_course.datasets import mnist
from mnist_course.exceptions import CorruptDataError

# SHA-256 of the four original IDX files, headers included.
IDX_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
PROVENANCE = mnist.PATH.with_name("MNIST.md")


def as_idx(array: np.ndarray) -> bytes:
    """The bytes of an IDX file: magic number (type 8 = uint8, rank), sizes, values."""
    header = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
    return header + array.tobytes()


@pytest.fixture(scope="module")
def idx_files(mnist_data):
    (x_train, y_train), (x_test, y_test) = mnist_data
    arrays = (x_train, y_train, x_test, y_test)
    return {name: as_idx(array) for name, array in zip(IDX_SHA256, arrays, strict=True)}


def test_shapes_and_types_are_those_of_keras(mnist_data):
    (x_train, y_train), (x_test, y_test) = mnist_data
    assert [a.shape for a in (x_train, y_train, x_test, y_test)] == [
        (60000, 28, 28),
        (60000,),
        (10000, 28, 28),
        (10000,),
    ]
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]


@pytest.mark.parametrize("name", IDX_SHA256)
def test_arrays_are_the_original_files(idx_files, name):
    assert hashlib.sha256(idx_files[name]).hexdigest() == IDX_SHA256[name]


def test_provenance_names_every_hash():
    text = PROVENANCE.read_text(encoding="utf-8")
    assert all(digest in text for digest in (*IDX_SHA256.values(), mnist.SHA256))
    assert "CC BY-SA 3.0" in text or "Attribution-ShareAlike 3.0" in text


def test_the_written_recipe_rebuilds_the_arrays(idx_files, mnist_data, tmp_path):
    [recipe] = re.findall(r"```python\n(.*?)```", PROVENANCE.read_text(encoding="utf-8"), re.S)
    for name, payload in idx_files.items():
        (tmp_path / name).write_bytes(payload)
    subprocess.run([sys.executable, "-c", recipe], cwd=tmp_path, check=True)
    with np.load(tmp_path / "mnist.npz", allow_pickle=False) as rebuilt:
        (x_train, y_train), (x_test, y_test) = mnist_data
        assert np.array_equal(rebuilt["x_train"], x_train)
        assert np.array_equal(rebuilt["y_train"], y_train)
        assert np.array_equal(rebuilt["x_test"], x_test)
        assert np.array_equal(rebuilt["y_test"], y_test)


def test_every_call_returns_its_own_arrays():
    first, second = mnist.load_data(), mnist.load_data()
    first[1][0][:] = 0
    assert second[1][0].any()
    assert second[1][0].flags.writeable


def truncate(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flip_one_bit(data: bytes) -> bytes:
    return data[:5_000_000] + bytes([data[5_000_000] ^ 1]) + data[5_000_001:]


@pytest.mark.parametrize(
    "damage",
    [truncate, flip_one_bit, lambda data: b"", lambda data: data + b"\0"],
    ids=["truncated", "one bit", "empty", "one byte more"],
)
def test_a_damaged_file_is_never_parsed(monkeypatch, tmp_path, damage):
    broken = tmp_path / "mnist.npz"
    broken.write_bytes(damage(mnist.PATH.read_bytes()))
    monkeypatch.setattr(mnist, "PATH", broken)
    monkeypatch.setattr(np, "load", lambda *args, **kwargs: pytest.fail("parsed"))
    with pytest.raises(CorruptDataError, match=f"Expected SHA-256 {mnist.SHA256}, got [0-9a-f]"):
        mnist.load_data()
    with pytest.raises(CorruptDataError, match="Install mnist-course again"):
        mnist.verify()


@pytest.mark.parametrize("is_folder", [False, True], ids=["missing", "a folder"])
def test_a_missing_file_is_one_clear_sentence(monkeypatch, tmp_path, is_folder):
    gone = tmp_path / "mnist.npz"
    if is_folder:
        gone.mkdir()
    monkeypatch.setattr(mnist, "PATH", gone)
    with pytest.raises(CorruptDataError, match=r"cannot be read \(.+\)") as caught:
        mnist.load_data()
    assert str(Path(tmp_path)) not in str(caught.value)  # no path of this machine for students


def test_memory_stays_near_the_size_of_the_arrays():
    code = (
        "import resource, numpy\n"
        "from mnist_course.datasets import mnist\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak(); data = mnist.load_data(); print(peak() - before)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    kibibytes = int(result.stdout) * (1 if sys.platform != "darwin" else 1 / 1024)
    assert kibibytes < 70 * 1024  # 52.4 MiB of arrays
