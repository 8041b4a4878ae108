"""A made-up data set with places of its own, and a server that sends it, or fails to."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from mnist_course.datasets import debian_package, keras_download, locations, process_folder
from mnist_course.datasets.idx_file import IdxFile
from mnist_course.datasets.published_files import PublishedFiles


@dataclass
class Server:
    """Sends ``contents`` by name; ``fault`` says how it fails instead."""

    url: str
    contents: dict[str, bytes]
    fault: str = ""
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server on the loopback interface, which takes the place of Keras' one."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/")
            told.asked.append(name)
            content = told.contents.get(name)
            if content is None or told.fault == "500" or told.fault == f"404 {name}":
                self.send_error(500 if told.fault == "500" else 404)
                return
            if told.fault in ("another file", f"another file {name}"):
                content = gzip.compress(b"<html>Please log in</html>")
            self.send_response(200)
            if told.fault != "endless":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if told.fault == "endless":
                for _ in range(2000):
                    self.wfile.write(bytes(100_000))
                return
            half = len(content) // 2 if told.fault == "breaks off" else len(content)
            self.wfile.write(content[:half])

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Quiet(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # the client hangs up on what is endless

    with Quiet(("127.0.0.1", 0), Handler) as listening:
        told = Server(f"http://127.0.0.1:{listening.server_port}/", {})
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        monkeypatch.setattr(keras_download, "URL", told.url)
        monkeypatch.setattr(keras_download, "_PAUSE", 0.0)
        yield told
        listening.shutdown()
        thread.join()


@dataclass
class Places:
    """The folders that are searched, all below a temporary one, and all missing at first."""

    cache: Path
    environment: Path
    debian: Path
    keras: Path
    bin: Path


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A machine that has no data set, no network, and no apt-get."""
    root = tmp_path / "machine"
    where = Places(
        root / "cache/fashion-mnist",
        root / "environment/fashion-mnist",
        root / "debian",
        root / "keras/datasets/fashion-mnist",
        root / "bin",
    )
    where.bin.mkdir(parents=True)
    monkeypatch.setenv(locations.CACHE_VARIABLE, str(where.cache.parent))
    monkeypatch.delenv(locations.OFFLINE_VARIABLE, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(root / "keras"))
    monkeypatch.setenv("PATH", str(where.bin))
    monkeypatch.setattr(locations, "environment_folder", lambda: root / "environment")
    monkeypatch.setattr(debian_package, "FOLDER", where.debian)
    monkeypatch.setattr(process_folder, "_made", [])
    # A port that nobody listens on: refused at once.
    monkeypatch.setattr(keras_download, "URL", "http://127.0.0.1:9/")
    monkeypatch.setattr(keras_download, "_PAUSE", 0.0)
    return where


@dataclass(frozen=True)
class Tiny:
    """Four small files of the same form as the published ones."""

    published: PublishedFiles
    arrays: dict[str, np.ndarray]
    contents: dict[str, bytes]

    def put(self, folder: Path, *names: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names or self.contents:
            (folder / name).write_bytes(self.contents[name])

    def read(self) -> dict[str, np.ndarray]:
        return {name: array for name, (_, array) in self.published.read(self.arrays).items()}

    def is_whole(self, read: dict[str, np.ndarray]) -> bool:
        return all(np.array_equal(read[name], array) for name, array in self.arrays.items())

    def fetch(self, folder: Path | None = None, *, force: bool = False) -> tuple[Path, ...]:
        return self.published.fetch(folder, progress=lambda *_: None, force=force)


@pytest.fixture(scope="session")
def tiny() -> Tiny:
    random = np.random.default_rng(0)
    arrays = {
        name: random.integers(0, 256, shape, dtype=np.uint8)
        for name, shape in {
            "x_train": (60, 28, 28), "y_train": (60,), "x_test": (10, 28, 28), "y_test": (10,),
        }.items()
    }  # fmt: skip
    files, contents = {}, {}
    for name, array in arrays.items():
        file = IdxFile(f"{name}-ubyte.gz", "", array.shape)
        content = file.header + array.tobytes()
        files[name] = IdxFile(file.name, hashlib.sha256(content).hexdigest(), array.shape)
        contents[file.name] = gzip.compress(content)
    return Tiny(PublishedFiles("Tiny", "tiny", "fashion-mnist", files), arrays, contents)


@pytest.fixture
def debian(places: Places, tiny: Tiny, tmp_path: Path) -> Path:
    """Give this machine an apt-get that has the package; return the log of its calls.

    It fails without lists of packages, unless ``lists`` lies beside the log or it was told to
    update its own.
    """
    real = shutil.which("dpkg-deb", path=os.defpath + ":/usr/bin")
    if real is None:
        pytest.skip("no dpkg-deb on this system to make a package with")
    package = tmp_path / "package"
    inside = package / places.debian.relative_to("/")
    tiny.put(inside)
    (package / "DEBIAN").mkdir()
    (package / "DEBIAN/control").write_text(
        f"Package: {debian_package.PACKAGE}\nVersion: 1\nArchitecture: all\n"
        "Maintainer: Nobody <nobody@example.org>\nDescription: made up\n"
    )
    made = tmp_path / "made.deb"
    subprocess.run(
        [real, "--build", "--root-owner-group", str(package), str(made)],
        check=True, capture_output=True, env={"PATH": os.defpath},
    )  # fmt: skip
    shutil.rmtree(package)
    log = tmp_path / "apt/log"
    log.parent.mkdir()
    path = f"PATH={os.defpath}:/usr/bin:/bin"
    (places.bin / "apt-get").write_text(
        f"""#!/bin/sh
{path}
echo "$@" >>{log}
case "$*" in
    *" update") touch {log.parent}/lists ;;
    *" download "*)
        if [ -e {log.parent}/broken ]; then echo "E: no such mirror"; exit 100; fi
        if [ ! -e {log.parent}/lists ]; then echo "E: Unable to locate package"; exit 100; fi
        cp {made} {debian_package.PACKAGE}_1_all.deb ;;
esac
"""
    )
    (places.bin / "dpkg-deb").write_text(f'#!/bin/sh\n{path}\nexec {real} "$@"\n')
    for program in places.bin.iterdir():
        program.chmod(0o755)
    return log
