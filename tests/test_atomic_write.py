from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from mnist_course.atomic_write import write_bytes, write_text


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_writes_the_content_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "results.json"
    write_text(target, "größer\r\n")
    assert target.read_bytes() == "größer\r\n".encode()
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077], ids=oct)
def test_permissions_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        write_bytes(tmp_path / "open", b"")
        write_bytes(tmp_path / "closed", b"", mode=0o600)
    finally:
        os.umask(old)
    assert permissions(tmp_path / "open") == 0o644
    assert permissions(tmp_path / "closed") == 0o600


def test_replaces_a_link_instead_of_following_it(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    target = tmp_path / "results.json"
    target.symlink_to(victim)
    write_text(target, "new")
    assert victim.read_text() == "untouched"
    assert not target.is_symlink()
    assert target.read_text() == "new"


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    folder.mkdir()
    with pytest.raises(OSError, match="taken"):
        write_text(folder, "a file cannot replace a folder")
    assert list(tmp_path.iterdir()) == [folder]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "missing" / "file", "")


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    contents = [bytes([digit]) * 300_000 for digit in b"ab"]
    write_bytes(target, contents[0])
    done = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(target.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for turn in range(60):
            write_bytes(target, contents[turn % 2])
    finally:
        done.set()
        reader.join()
    assert seen <= set(contents)
