"""Find the published files of a data set on this machine, or fetch what is nowhere.

Nothing is used, or kept, before its SHA-256 is the known one.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_course.datasets import debian_package, keras_download, locations, process_folder
from mnist_course.datasets.idx_file import IdxFile
from mnist_course.datasets.progress import Progress, silent
from mnist_course.exceptions import CorruptDataError, DatasetError

__all__ = ["FileFound", "PublishedFiles"]

_STALE_SECONDS = 3600.0  # a temporary file of that age belongs to nobody any more
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FileFound:
    """A copy of a file in one of the folders.

    Parameters
    ----------
    file : IdxFile
        What it should be.
    path : Path
        Where it lies.
    problem : str
        Why it cannot be used; empty for the known file.
    """

    file: IdxFile
    path: Path
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PublishedFiles:
    """The files of one data set.

    Parameters
    ----------
    title : str
        Of the data set, for messages.
    name : str
        Of the data set in `mnist_course.datasets`.
    folder_name : str
        Of its folder in the cache; the same as Keras'.
    files : mapping of str to IdxFile
        By the name of their array.
    """

    title: str
    name: str
    folder_name: str
    files: Mapping[str, IdxFile]

    def cache(self) -> Path:
        """Return where this user's copy is kept; it need not exist."""
        return locations.cache_folder() / self.folder_name

    def folders(self) -> tuple[Path, ...]:
        """Return the folders that are searched, in this order."""
        own = process_folder.if_made()
        return (
            self.cache(),
            locations.environment_folder() / self.folder_name,
            debian_package.FOLDER,
            locations.keras_folder() / self.folder_name,
            *((own / self.folder_name,) if own is not None else ()),
        )

    def search(self, file: IdxFile) -> Iterator[FileFound]:
        """Give every copy of a file, verified or with its problem."""
        for found, _ in self._copies(file):
            yield found

    def read(self, names: Iterable[str]) -> dict[str, tuple[Path, NDArray[np.uint8]]]:
        """Return path and array of files by name, fetched where they are nowhere.

        Raises
        ------
        DatasetError
            With what was tried, and what to do.
        """
        problems: list[str] = []
        here = {name: self._first(self.files[name], problems) for name in names}
        for words in problems:
            _log.warning("%s", words)
        missing = [self.files[name] for name, found in here.items() if found is None]
        if not missing:
            return {name: found for name, found in here.items() if found is not None}
        if locations.may_use_network():
            _log.warning("%s is not complete on this machine yet; fetching it.", self.title)
        self._keep_somewhere(self._obtain(missing, silent, problems))
        again = {name: found or self._first(self.files[name], []) for name, found in here.items()}
        read = {name: found for name, found in again.items() if found is not None}
        if len(read) < len(here):
            raise DatasetError(self._message(["to read what was just written: it is gone"]))
        return read

    def read_if_here(self, names: Iterable[str]) -> dict[str, NDArray[np.uint8]] | None:
        """Return arrays of files by name, None unless all are on this machine; nothing is fetched.

        Parameters
        ----------
        names : iterable of str
            As in `files`.
        """
        read: dict[str, NDArray[np.uint8]] = {}
        for name in names:
            found = self._first(self.files[name], [])
            if found is None:
                return None
            read[name] = found[1]
        return read

    def fetch(self, folder: Path | None, *, progress: Progress, force: bool) -> tuple[Path, ...]:
        """Make every file present; see `mnist_course.datasets.fashion_mnist.fetch`."""
        target = self.cache() if folder is None else folder
        paths: dict[str, Path] = {}
        contents: dict[str, bytes] = {}
        for file in self.files.values() if not force else ():
            path = target / file.name
            if _verified(file, path) is not None:
                paths[file.name] = path
                continue
            other = self._copy_elsewhere(file)
            if other is not None and folder is None and not path.exists():
                paths[file.name] = other[0]
            elif other is not None:
                contents[file.name] = other[1]
        missing = [f for f in self.files.values() if f.name not in paths.keys() | contents.keys()]
        contents |= self._obtain(missing, progress, [])
        for name, content in contents.items():
            try:
                _keep(target / name, content)
            except OSError as error:
                raise DatasetError(
                    f"{self.title} cannot be kept in {locations.for_people(target)} "
                    f"({error.strerror}). Expected a folder that you may write to. Name another "
                    f"one in the environment variable {locations.CACHE_VARIABLE}."
                ) from None
            paths[name] = target / name
        return tuple(paths[file.name] for file in self.files.values())

    def _copies(self, file: IdxFile) -> Iterator[tuple[FileFound, NDArray[np.uint8] | None]]:
        for folder in self.folders():
            path = folder / file.name
            try:
                array = file.read(path)
            except FileNotFoundError:
                continue
            except CorruptDataError as error:
                words = f"In {locations.for_people(folder)}: {error}"
                yield FileFound(file, path, words), None
            else:
                yield FileFound(file, path), array

    def _first(self, file: IdxFile, problems: list[str]) -> tuple[Path, NDArray[np.uint8]] | None:
        """Return the first copy that is the known file; note what is wrong with those before."""
        for found, array in self._copies(file):
            if array is not None:
                return found.path, array
            problems.append(found.problem)
        return None

    def _copy_elsewhere(self, file: IdxFile) -> tuple[Path, bytes] | None:
        for folder in self.folders():
            content = _verified(file, folder / file.name)
            if content is not None:
                return folder / file.name, content
        return None

    def _obtain(
        self, files: Iterable[IdxFile], progress: Progress, problems: Iterable[str]
    ) -> dict[str, bytes]:
        """Return the content of files by file name, verified, from the first source that has it."""
        wanted = list(files)
        contents: dict[str, bytes] = {}
        tried: list[str] = []
        for name, source in (
            ("Keras' download", keras_download.download),
            (f"Debian's package {debian_package.PACKAGE}", debian_package.unpack),
        ):
            missing = [file for file in wanted if file.name not in contents]
            if not missing:
                break
            if not locations.may_use_network():
                tried.append(f"{name}: switched off ({locations.OFFLINE_VARIABLE} is set)")
                continue
            try:
                for file, content in source(missing, progress):
                    file.decode(content)
                    contents[file.name] = content
            except (DatasetError, CorruptDataError) as error:
                tried.append(f"{name}: {str(error).rstrip('.')}")
        if len(contents) < len(wanted):
            raise DatasetError(self._message(tried, problems))
        return contents

    def _keep_somewhere(self, contents: Mapping[str, bytes]) -> None:
        """Write to the cache; where that cannot be written, for this process alone."""
        try:
            for name, content in contents.items():
                _keep(self.cache() / name, content)
        except OSError as error:
            _log.warning(
                "%s cannot be kept in %s (%s), so only this process has it. Name another folder "
                "in the environment variable %s.",
                self.title, locations.for_people(self.cache()), error.strerror,
                locations.CACHE_VARIABLE,
            )  # fmt: skip
            for name, content in contents.items():
                _keep(process_folder.made() / self.folder_name / name, content)

    def _message(self, tried: Iterable[str], problems: Iterable[str] = ()) -> str:
        cache = locations.for_people(self.cache())
        looked = ", ".join(locations.for_people(folder) for folder in self.folders())
        names = ", ".join(file.name for file in self.files.values())
        package = debian_package.PACKAGE
        return "\n".join(
            [
                f"{self.title} is not complete on this machine and could not be fetched.",
                f"Looked in {looked}.",
                *problems,
                *(f"Tried {words}." for words in tried),
                "Any one of these makes it present:",
                f"  1. Copy {names} from another machine into {cache}. Or name a folder that has "
                f"them in {self.folder_name}/ in the environment variable "
                f"{locations.CACHE_VARIABLE}.",
                f"  2. On Debian or Ubuntu, as administrator: apt-get install {package}",
                "  3. Connect to the network (HTTPS_PROXY names a proxy), then: "
                f"mnist-course data fetch {self.name}",
                f"  4. On Debian or Ubuntu, without root: apt-get download {package} && "
                f"dpkg -x {package}_*.deb unpacked && mkdir -p {cache} && "
                f"cp unpacked{debian_package.FOLDER}/*.gz {cache}",
            ]
        )


def _verified(file: IdxFile, path: Path) -> bytes | None:
    """Return the bytes of a copy, None where it is missing or not the known file."""
    try:
        content = path.read_bytes()
        file.decode(content)
    except OSError:
        return None
    return content


def _keep(path: Path, content: bytes) -> None:
    """Write a verified file where it belongs, whole or not at all."""
    from mnist_course.atomic_write import write_bytes

    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{path.name}.*.tmp"):  # of a process that was killed
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                left.unlink()
    write_bytes(path, content)
