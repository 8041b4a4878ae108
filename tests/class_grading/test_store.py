"""What is kept comes back as it was, or not at all."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mnist_course.class_grading.store import Store, key_of
from mnist_course.exceptions import StoreError

KEY = key_of("one", 1)


def test_keys_differ_in_whatever_the_parts_differ():
    keys = [key_of(*parts) for parts in (("a", "b"), ("ab",), ("b", "a"), (["a", "b"],), ("a", 1))]
    assert len(set(keys)) == len(keys)
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})


def test_an_entry_comes_back(tmp_path: Path):
    store = Store(tmp_path / "store")
    assert store.get("runs", KEY) is None
    (tmp_path / "frame").write_bytes(b"\0frame")
    value = {"a": [1, 2.5, None, "±"], "nan": float("inf")}
    store.put("runs", KEY, value, {"values": tmp_path / "frame", "page": b"<p>"})
    entry = Store(tmp_path / "store").get("runs", KEY)
    assert entry is not None and entry.value == value
    assert entry.files["values"].read_bytes() == b"\0frame"
    assert entry.files["page"].name == hashlib.sha256(b"<p>").hexdigest()
    assert store.get("grades", KEY) is None
    store.put("runs", KEY, "another")
    assert store.get("runs", KEY).value == "another"


def test_nobody_else_reads_it(tmp_path: Path):
    store = Store(tmp_path / "store")
    store.put("runs", KEY, 1, {"page": b"<p>"})
    assert all(not path.stat().st_mode & 0o077 for path in (tmp_path / "store").rglob("*"))
    assert not (tmp_path / "store").stat().st_mode & 0o077


@pytest.mark.parametrize("which", ["entry", "file"])
@pytest.mark.parametrize("damage", ["a bit", "cut", "empty", "gone", "a folder", "another"])
def test_what_is_damaged_is_no_entry(
    tmp_path: Path, which: str, damage: str, caplog: pytest.LogCaptureFixture
):
    store = Store(tmp_path)
    store.put("runs", KEY, {"a": 1}, {"page": b"<p>text</p>"})
    other = key_of("other")
    store.put("runs", other, {"a": 2}, {"page": b"another"})
    path = next(tmp_path.glob(f"runs/*/{KEY}.json"))
    others = next(tmp_path.glob(f"runs/*/{other}.json"))
    if which == "file":
        path, others = store.get("runs", KEY).files["page"], store.get("runs", other).files["page"]
    content = path.read_bytes()
    path.unlink()
    if damage == "a bit":
        path.write_bytes(content[:20] + bytes([content[20 % len(content)] ^ 4]) + content[21:])
    elif damage == "cut":
        path.write_bytes(content[:-3])
    elif damage == "empty":
        path.touch()
    elif damage == "a folder":
        path.mkdir()
    elif damage == "another":
        path.write_bytes(others.read_bytes())
    assert store.get("runs", KEY) is None
    gone = (which, damage) == ("entry", "gone")
    assert gone or "worked out again" in caplog.text
    if path.is_dir():
        path.rmdir()
    store.put("runs", KEY, {"a": 1}, {"page": b"<p>text</p>"})
    assert store.get("runs", KEY).files["page"].read_bytes() == b"<p>text</p>"


def test_many_write_the_same_at_the_same_time(tmp_path: Path):
    store = Store(tmp_path)

    def write() -> None:
        for _ in range(30):
            store.put("runs", KEY, {"a": 1}, {"page": b"x" * 100_000})
            assert store.get("runs", KEY) is not None

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("runs", KEY).value == {"a": 1}
    assert not list(tmp_path.rglob(".*"))


def test_a_full_disk_costs_nothing_that_was_there(tmp_path: Path):
    """A limit on the size of files stands for the disk: the write fails on the way."""
    store = Store(tmp_path)
    store.put("runs", KEY, "old", {"page": b"old"})
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from mnist_course.class_grading.store import Store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "try:\n"
        f"    store = Store(Path({str(tmp_path)!r}))\n"
        f"    store.put('runs', {KEY!r}, 'new', {{'page': b'x' * 10**6}})\n"
        "except OSError as error:\n"
        "    sys.exit(f'refused: {error.strerror}')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 1 and "refused: File too large" in ended.stderr
    assert store.get("runs", KEY).value == "old"
    assert not list(tmp_path.rglob(".*")) and not list(tmp_path.rglob("*.tmp"))


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        Store(tmp_path / "file" / "store")


@pytest.mark.parametrize("name", ["", "../up", "a/b", "A", ".", "a\0b"])
def test_names_lead_nowhere_else(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="lower-case"):
        Store(tmp_path).put("runs", name, 1)
    with pytest.raises(ValueError, match="lower-case"):
        Store(tmp_path).get(name, KEY)
