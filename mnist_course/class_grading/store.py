"""Keep what was worked out, by its content, so that nothing is worked out twice.

An entry is a JSON file named by a key, with the SHA-256 of itself; larger parts are files of their
own, named by their SHA-256. An entry appears whole or not at all, and what is damaged is no entry:
it is reported, and worked out again.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnist_course.atomic_write import write_bytes
from mnist_course.exceptions import StoreError

__all__ = ["Entry", "Store", "key_of"]

_FORMAT = 1
_HEX = frozenset("0123456789abcdef")
_PIECE = 1 << 20
_log = logging.getLogger(__name__)


def key_of(*parts: object) -> str:
    """Return a key for plain values: 64 hexadecimal digits, a SHA-256 of their JSON."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept under a key: plain values, and files by name."""

    value: Any
    files: Mapping[str, Path] = field(default_factory=dict)


class Store:
    """A private folder of entries, which many processes may read and write at the same time.

    Parameters
    ----------
    folder : Path
        Made if it is not there, for its owner alone: it holds students' work and verdicts.

    Raises
    ------
    StoreError
        If the folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder {folder} cannot be made ({error.strerror}). What is graded is kept "
                "there. Name another one."
            ) from error

    def put(
        self, kind: str, key: str, value: Any, files: Mapping[str, Path | bytes] | None = None
    ) -> None:
        """Keep plain values and files under a key, in place of what was there.

        Raises
        ------
        OSError
            If it cannot be written, on a full disk for instance; what was there stays.
        """
        named = {name: self._put_file(content) for name, content in (files or {}).items()}
        body = {"format": _FORMAT, "kind": kind, "key": key, "value": value, "files": named}
        path = self._entry(kind, key)
        _make(path.parent)
        write_bytes(path, _sealed(body), mode=0o600)

    def get(self, kind: str, key: str) -> Entry | None:
        """Return what is kept under a key; None when there is nothing, or nothing whole."""
        path = self._entry(kind, key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.warning("%s cannot be read and is worked out again: %s", path.name, error)
            return None
        body = _unsealed(content)
        if body is None or (body.get("format"), body.get("kind"), body.get("key")) != (
            _FORMAT,
            kind,
            key,
        ):
            _log.warning("%s in %s is damaged and is worked out again", path.name, kind)
            return None
        files = {name: self._file(digest) for name, digest in body["files"].items()}
        for name, file in files.items():
            if _digest_of(file) != file.name:
                _log.warning("%s of %s is damaged and is worked out again", name, path.name)
                return None
        return Entry(body["value"], files)

    def private_folder(self, kind: str, key: str) -> Path:
        """Return a folder for one key whose files look after themselves; it need not exist."""
        return self.folder / _checked(kind) / key[:2] / _checked(key)

    def _entry(self, kind: str, key: str) -> Path:
        return self.folder / _checked(kind) / key[:2] / f"{_checked(key)}.json"

    def _file(self, digest: str) -> Path:
        return self.folder / "files" / digest[:2] / _checked(digest)

    def _put_file(self, content: Path | bytes) -> str:
        data = content if isinstance(content, bytes) else content.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        path = self._file(digest)
        if _digest_of(path) != digest:
            _make(path.parent)
            write_bytes(path, data, mode=0o600)
        return digest


def _make(folder: Path) -> None:
    """Make a folder two levels below the store, both for the owner alone."""
    for one in (folder.parent, folder):
        one.mkdir(mode=0o700, exist_ok=True)


def _checked(name: str) -> str:
    if not name or not set(name) <= _HEX | set("ghijklmnopqrstuvwxyz-"):
        raise ValueError(f"a kind or a key is lower-case letters and digits, got {name!r}")
    return name


def _sealed(body: Mapping[str, Any]) -> bytes:
    text = json.dumps(body, separators=(",", ":"), sort_keys=True)
    return f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}\n".encode("ascii")


def _unsealed(content: bytes) -> dict[str, Any] | None:
    digest, _, text = content.partition(b"\n")
    if hashlib.sha256(text.removesuffix(b"\n")).hexdigest().encode() != digest:
        return None
    body: dict[str, Any] = json.loads(text)
    return body


def _digest_of(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
