"""Finding and fetching a data set, with every fault on the way."""

from __future__ import annotations

import gzip
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_course.datasets import locations, process_folder
from mnist_course.exceptions import CorruptDataError, DatasetError

REMEDIES = (
    "1. Copy x_train-ubyte.gz, y_train-ubyte.gz, x_test-ubyte.gz, y_test-ubyte.gz",
    "2. On Debian or Ubuntu, as administrator: apt-get install dataset-fashion-mnist",
    "mnist-course data fetch tiny",
    "4. On Debian or Ubuntu, without root: apt-get download dataset-fashion-mnist",
)
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "one bit": lambda content: content[:300] + bytes([content[300] ^ 1]) + content[301:],
    "not compressed": gzip.decompress,
    "another array": lambda content: gzip.compress(
        gzip.decompress(content)[:-1] + bytes([gzip.decompress(content)[-1] ^ 1])
    ),
    "longer": lambda content: gzip.compress(gzip.decompress(content) + b"\0"),
    "a bomb": lambda content: gzip.compress(gzip.decompress(content) + bytes(50_000_000)),
}


def test_it_is_found_in_every_folder_and_the_first_one_wins(places, tiny):
    folders = (places.cache, places.environment, places.debian, places.keras)
    for folder in reversed(folders):
        tiny.put(folder)
        read = tiny.published.read(tiny.arrays)
        assert {path.parent for path, _ in read.values()} == {folder}
    assert tiny.published.folders() == folders
    assert tiny.is_whole(tiny.read())


def test_files_may_lie_in_different_folders(places, tiny):
    tiny.put(places.keras, "x_train-ubyte.gz", "y_test-ubyte.gz")
    tiny.put(places.cache, "y_train-ubyte.gz")
    tiny.put(places.debian, "x_test-ubyte.gz")
    assert tiny.is_whole(tiny.read())


def test_every_reading_gives_arrays_of_its_own(places, tiny):
    tiny.put(places.cache)
    first = tiny.read()
    first["x_train"][:] = 0
    assert tiny.is_whole(tiny.read())


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_never_used(places, tiny, damage):
    tiny.put(places.cache)
    path = places.cache / "x_train-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    [found] = tiny.published.search(tiny.published.files["x_train"])
    assert found.path == path
    assert "x_train-ubyte.gz is not the published file" in found.problem
    with pytest.raises(DatasetError, match="could not be fetched") as caught:
        tiny.read()
    assert found.problem in str(caught.value)  # it says which file, and what is wrong with it
    tiny.put(places.keras)
    assert tiny.is_whole(tiny.read())  # the next copy is as good


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_cache_is_repaired(places, tiny, server, damage):
    server.contents = tiny.contents
    tiny.put(places.cache)
    path = places.cache / "x_test-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    assert tiny.is_whole(tiny.read())
    assert server.asked == ["x_test-ubyte.gz"]  # what is good is not fetched again
    assert path.read_bytes() == tiny.contents[path.name]
    server.asked.clear()
    assert tiny.is_whole(tiny.read())
    assert server.asked == []


def test_fetch_replaces_what_is_damaged_from_another_folder(places, tiny):
    tiny.put(places.cache)
    tiny.put(places.debian)
    (places.cache / "y_test-ubyte.gz").write_bytes(b"")
    paths = tiny.fetch()
    assert {path.parent for path in paths} == {places.cache}
    assert (places.cache / "y_test-ubyte.gz").read_bytes() == tiny.contents["y_test-ubyte.gz"]


def test_fetch_leaves_what_is_anywhere_and_copies_where_it_is_told_to(places, tiny, tmp_path):
    tiny.put(places.debian)
    assert {path.parent for path in tiny.fetch()} == {places.debian}
    assert not places.cache.exists()
    paths = tiny.fetch(tmp_path / "a/new/folder")
    assert [path.read_bytes() for path in paths] == list(tiny.contents.values())
    assert {path.parent for path in paths} == {tmp_path / "a/new/folder"}
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o644}  # for every user


def test_force_fetches_anew(places, tiny, server):
    server.contents = tiny.contents
    tiny.put(places.cache)
    tiny.fetch()
    assert server.asked == []
    tiny.fetch(force=True)
    assert len(server.asked) == 4


def test_the_first_reading_downloads_and_the_second_does_not(places, tiny, server):
    server.contents = tiny.contents
    assert tiny.is_whole(tiny.read())
    assert sorted(path.name for path in places.cache.iterdir()) == sorted(tiny.contents)
    server.contents = {}
    assert tiny.is_whole(tiny.read())


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("500", "the server answers 500"),
        ("404 x_train-ubyte.gz", "the server answers 404"),
        ("another file", "is not the published file"),
        ("breaks off", "the connection broke"),
        ("endless", "the server sends another file than x_train-ubyte.gz"),
    ],
)
def test_a_download_that_fails_says_why_and_leaves_nothing(places, tiny, server, fault, words):
    server.contents, server.fault = tiny.contents, fault
    with pytest.raises(DatasetError) as caught:
        tiny.read()
    message = str(caught.value)
    assert words in message and "there is no apt-get on this system" in message
    assert all(remedy in message for remedy in REMEDIES)
    assert "Traceback" not in message and "object at 0x" not in message
    assert not places.cache.exists()


def test_without_network_it_is_one_clear_error(places, tiny):
    start = time.monotonic()
    with pytest.raises(DatasetError) as caught:
        tiny.read()
    assert time.monotonic() - start < 5
    message = str(caught.value)
    assert "Keras' download: the server cannot be reached" in message
    assert all(remedy in message for remedy in REMEDIES)
    assert isinstance(caught.value, OSError)


def test_what_a_broken_download_had_is_completed_by_the_package(places, tiny, server, debian):
    (debian.parent / "lists").touch()
    server.contents, server.fault = tiny.contents, "another file y_train-ubyte.gz"
    assert tiny.is_whole(tiny.read())
    assert "x_train-ubyte.gz" in server.asked


def test_the_package_is_unpacked_with_the_lists_of_the_system(places, tiny, debian):
    (debian.parent / "lists").touch()
    assert tiny.is_whole(tiny.read())
    assert len(debian.read_text().splitlines()) == 1
    assert sorted(path.name for path in places.cache.iterdir()) == sorted(tiny.contents)


def test_the_package_is_unpacked_with_lists_of_our_own(places, tiny, debian):
    assert tiny.is_whole(tiny.read())
    _, update, download = debian.read_text().splitlines()
    assert update.endswith(" update") and "Dir::State=" in update and "Dir::State=" in download


def test_a_package_that_cannot_be_had_is_one_clear_error(places, tiny, debian):
    (debian.parent / "broken").touch()
    with pytest.raises(DatasetError, match="apt-get failed: no such mirror") as caught:
        tiny.read()
    assert all(remedy in str(caught.value) for remedy in REMEDIES)


def test_offline_means_that_nothing_is_tried(places, tiny, server, debian, monkeypatch):
    server.contents = tiny.contents
    monkeypatch.setenv(locations.OFFLINE_VARIABLE, "1")
    with pytest.raises(DatasetError, match=r"switched off \(MNIST_COURSE_OFFLINE is set\)"):
        tiny.read()
    assert server.asked == [] and not debian.exists()
    monkeypatch.setenv(locations.OFFLINE_VARIABLE, "0")
    assert tiny.is_whole(tiny.read())


def test_a_cache_that_cannot_be_written_costs_only_a_warning(places, tiny, server, caplog):
    server.contents = tiny.contents
    places.cache.parent.write_text("a file where the folder should be")
    assert tiny.is_whole(tiny.read())
    assert "only this process has it" in caplog.text and "MNIST_COURSE_DATA" in caplog.text
    asked = len(server.asked)
    assert tiny.is_whole(tiny.read())
    assert len(server.asked) == asked  # this process keeps what it has
    folder = process_folder.if_made()
    assert folder is not None
    process_folder._remove(folder, os.getpid() + 1)  # a fork of this process
    assert folder.exists()
    process_folder._remove(folder, os.getpid())
    assert not folder.exists()


def test_fetch_into_a_folder_that_cannot_be_written_is_an_error(places, tiny, tmp_path):
    tiny.put(places.debian)
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match=r"cannot be kept in .*MNIST_COURSE_DATA"):
        tiny.fetch(tmp_path / "file" / "folder")


def test_what_a_killed_process_left_is_removed_and_what_a_running_one_writes_stays(
    places, tiny, server
):
    server.contents = tiny.contents
    places.cache.mkdir(parents=True)
    old, new, foreign = (
        places.cache / name
        for name in (".y_test-ubyte.gz.0a.tmp", ".y_test-ubyte.gz.0b.tmp", "notes.tmp")
    )
    for path in (old, new, foreign):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    os.utime(foreign, (0, 0))
    assert tiny.is_whole(tiny.read())
    assert not old.exists() and new.exists() and foreign.exists()


def test_a_file_that_cannot_be_read_is_named(places, tiny):
    tiny.put(places.cache)
    path = places.cache / "x_train-ubyte.gz"
    path.unlink()
    path.mkdir()
    with pytest.raises(DatasetError, match=r"x_train-ubyte.gz cannot be read \(Is a directory\)"):
        tiny.read()


def test_reading_takes_little_more_memory_than_the_array(tiny):
    file = tiny.published.files["x_test"]
    array = file.decode(tiny.contents[file.name])
    assert array.base is not None and array.base.nbytes == file.size
    assert array.dtype == np.uint8 and array.flags.writeable
    with pytest.raises(CorruptDataError, match="cannot be unpacked"):
        file.decode(b"no gzip")


@pytest.mark.parametrize(
    ("path", "shown"),
    [("{home}/a/b", "~/a/b"), ("{here}/c", "c"), ("/etc/x", "/etc/x"), ("{home}r/a", "{home}r/a")],
)
def test_paths_are_shown_as_people_write_them(tmp_path, monkeypatch, path, shown):
    home, here = tmp_path / "home", tmp_path / "home/project"
    here.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    assert locations.for_people(Path(path.format(home=home, here=here))) == shown.format(home=home)


def test_the_cache_is_the_users_unless_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(locations.CACHE_VARIABLE, raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert locations.cache_folder().is_relative_to(tmp_path)
    assert locations.cache_folder().name == "mnist-course"
    monkeypatch.setenv(locations.CACHE_VARIABLE, "~/data")
    assert locations.cache_folder() == tmp_path / "data"
