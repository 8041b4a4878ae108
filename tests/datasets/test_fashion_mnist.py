"""The published Fashion-MNIST: its arrays, its way into the cache, several processes at once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mnist_course.datasets import fashion_mnist, mnist
from mnist_course.exceptions import CorruptDataError
from tests.ordinary_user import as_ordinary_user

PROVENANCE = mnist.PATH.with_name("FASHION_MNIST.md")

# A process that has nothing but the server: no environment, no Debian, no Keras.
ALONE = """
import sys
from pathlib import Path
from mnist_course.datasets import debian_package, fashion_mnist, keras_download, locations
nowhere = Path("/nonexistent")
locations.environment_folder = locations.keras_folder = lambda: nowhere
debian_package.FOLDER = nowhere
keras_download.URL = sys.argv[1]
(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
print(int(x_train.sum()), int(y_train.sum()), int(x_test.sum()), int(y_test.sum()))
"""


@pytest.fixture(scope="module")
def real() -> dict[str, bytes]:
    """The published files of this machine, by file name."""
    try:
        fashion_mnist.verify()
    except CorruptDataError as error:
        pytest.skip(f"Fashion-MNIST is not here (make setup fetches it): {error}")
    contents = {}
    for name, file in fashion_mnist.FILES.items():
        contents[file.name] = fashion_mnist.path_of(name).read_bytes()
    return contents


@pytest.fixture(scope="module")
def arrays(real):
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


@pytest.fixture
def environment(places, tmp_path: Path) -> dict[str, str]:
    """For a process of its own on the made-up machine."""
    return {
        "PATH": str(places.bin),
        "HOME": "/nonexistent",
        "MNIST_COURSE_DATA": str(places.cache.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def sums(arrays: dict[str, np.ndarray]) -> str:
    return " ".join(str(int(array.sum())) for array in arrays.values())


def test_shapes_and_types_are_those_of_keras(arrays):
    assert {name: array.shape for name, array in arrays.items()} == {
        "x_train": (60000, 28, 28),
        "y_train": (60000,),
        "x_test": (10000, 28, 28),
        "y_test": (10000,),
    }
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.uint8)}
    assert all(array.flags.writeable and array.flags.c_contiguous for array in arrays.values())


def test_it_is_the_published_data(arrays):
    for part in ("train", "test"):
        assert np.bincount(arrays[f"y_{part}"]).tolist() == [len(arrays[f"y_{part}"]) // 10] * 10
    # As the documentation of every library that offers it shows.
    assert [fashion_mnist.LABELS[label] for label in arrays["y_train"][:3]] == [
        "Ankle boot",
        "T-shirt/top",
        "T-shirt/top",
    ]
    for name, file in fashion_mnist.FILES.items():
        content = file.header + arrays[name].tobytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256


def test_provenance_names_every_hash_and_the_licence():
    text = PROVENANCE.read_text(encoding="utf-8")
    for name, file in fashion_mnist.FILES.items():
        shape = str(file.shape)
        assert f"| {file.name} | {name} | {shape} | {file.sha256} |" in text
    assert "Permission is hereby granted, free of charge" in text and "Zalando SE" in text
    assert len(fashion_mnist.LABELS) == 10
    assert all(label.lower() in text.lower() for label in fashion_mnist.LABELS)


def test_missing_is_said_by_verify(places):
    with pytest.raises(CorruptDataError, match=r"train-images.* not on this machine.*data fetch"):
        fashion_mnist.verify()


@pytest.mark.parametrize("fault", ["none", "damaged", "half written"])
def test_several_processes_at_once_all_get_it(real, arrays, places, server, environment, fault):
    server.contents = real
    if fault != "none":
        places.cache.mkdir(parents=True)
        for name, content in real.items():
            target = name if fault == "damaged" else f".{name}.00.tmp"
            (places.cache / target).write_bytes(content[: len(content) // 2])
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ALONE, server.url],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    while any(process.poll() is None for process in running):
        for path in places.cache.glob("*.gz") if fault == "none" else ():
            # Whoever looks meanwhile sees a whole file, or none.
            assert path.stat().st_size == len(real[path.name])
        time.sleep(0.01)
    for process in running:
        said, complaints = process.communicate()
        assert process.returncode == 0, complaints
        assert said.strip() == sums(arrays)
    kept = {path.name: path.read_bytes() for path in places.cache.glob("*.gz")}
    assert kept == real


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="becomes an ordinary user, as root can"
)
def test_an_ordinary_user_may_have_a_cache_that_is_read_only(
    real, arrays, places, server, environment, monkeypatch
):
    server.contents = real
    monkeypatch.setenv("PATH", os.defpath + ":/usr/sbin:/sbin")  # for becoming that user
    places.cache.mkdir(parents=True)
    for folder in places.cache.parents[:5]:
        if folder.name.startswith(("pytest-", "test_")):
            folder.chmod(0o755)
    for name in list(real)[:2]:
        (places.cache / name).write_bytes(real[name])
    places.cache.chmod(0o555)
    command = [sys.executable, "-c", ALONE, server.url]
    ended = subprocess.run(
        as_ordinary_user(command),
        env={**environment, "PATH": os.environ["PATH"]},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == sums(arrays)
    assert "Permission denied" in ended.stderr and "only this process has it" in ended.stderr
    assert len(list(places.cache.iterdir())) == 2


def test_a_complete_read_only_cache_is_just_read(real, arrays, places, environment):
    places.cache.mkdir(parents=True)
    for name, content in real.items():
        (places.cache / name).write_bytes(content)
        (places.cache / name).chmod(0o444)
    places.cache.chmod(0o555)
    try:
        ended = subprocess.run(
            [sys.executable, "-c", ALONE, "http://127.0.0.1:9/"],
            env=environment, capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
    finally:
        places.cache.chmod(0o755)
    assert ended.stdout.strip() == sums(arrays) and ended.stderr == ""


def test_memory_stays_near_the_size_of_the_arrays(real):
    code = (
        "import resource, numpy, platformdirs\n"
        "from mnist_course.datasets import fashion_mnist\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak(); data = fashion_mnist.load_data(); print(peak() - before)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    kibibytes = int(result.stdout) * (1 if sys.platform != "darwin" else 1 / 1024)
    assert kibibytes < 75 * 1024  # 52.4 MiB of arrays
