"""Take the files of a data set out of a Debian package, without installing it and without root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mnist_course.datasets.idx_file import IdxFile
from mnist_course.datasets.progress import Progress
from mnist_course.exceptions import DatasetError

__all__ = ["FOLDER", "PACKAGE", "unpack"]

PACKAGE = "dataset-fashion-mnist"
FOLDER = Path("/usr/share/datasets/fashion-mnist")
"""Where the package puts its files when an administrator installs it."""

_SECONDS = 300.0  # for one command
_LAST_WORDS = 200  # characters


def unpack(files: Iterable[IdxFile], progress: Progress) -> Iterator[tuple[IdxFile, bytes]]:
    """Give each file with its bytes, as the package holds them: whoever uses them verifies them.

    ``apt-get`` verifies the package itself. Everything happens in a folder that is removed.

    Parameters
    ----------
    files : iterable of IdxFile
    progress : Progress

    Raises
    ------
    DatasetError
        If this is no Debian or Ubuntu, or the package cannot be had, in a sentence.
    """
    programs = {name: shutil.which(name) for name in ("apt-get", "dpkg-deb")}
    apt_get, dpkg_deb = programs.values()
    if apt_get is None or dpkg_deb is None:
        lacking = next(name for name, path in programs.items() if path is None)
        raise DatasetError(f"there is no {lacking} on this system")
    with tempfile.TemporaryDirectory(prefix="mnist-course-package-") as made:
        folder = Path(made)
        progress(f"download {PACKAGE}", 0, 0)
        package = _download(apt_get, folder, progress)
        progress(f"unpack {PACKAGE}", 0, 0)
        _run([dpkg_deb, "--extract", str(package), str(folder / "unpacked")], folder)
        for file in files:
            try:
                content = (folder / "unpacked" / FOLDER.relative_to("/") / file.name).read_bytes()
            except OSError:
                raise DatasetError(f"the package {PACKAGE} holds no {file.name}") from None
            yield file, content


def _download(apt_get: str, folder: Path, progress: Progress) -> Path:
    """Download the package with the system's lists of packages, else with lists of our own."""
    # As root, apt-get would become a user who cannot write to this folder, and complain.
    command = [apt_get, "-qq", "-o", "Acquire::Retries=1", "-o", "APT::Sandbox::User="]
    try:
        _run([*command, "download", PACKAGE], folder)
    except DatasetError:  # an image of a container has no lists, and only root can fetch them
        for part in ("state/lists/partial", "cache/archives/partial"):
            (folder / part).mkdir(parents=True)
        command += ["-o", f"Dir::State={folder}/state", "-o", f"Dir::Cache={folder}/cache"]
        command += ["-o", "Dir::State::status=/var/lib/dpkg/status", "-o", "Debug::NoLocking=true"]
        command += ["-o", "Acquire::Languages=none"]
        progress("download the list of packages", 0, 0)
        _run([*command, "update"], folder)
        _run([*command, "download", PACKAGE], folder)
    packages = sorted(folder.glob(f"{PACKAGE}_*.deb"))
    if not packages:
        raise DatasetError("apt-get downloaded no package")
    return packages[-1]


def _run(command: Sequence[str], folder: Path) -> None:
    name = Path(command[0]).name
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DatasetError(f"{name} was not done after {_SECONDS:g} s") from None
    except OSError as error:
        raise DatasetError(f"{name} cannot be started ({error.strerror})") from None
    if ended.returncode:
        lines = ended.stdout.decode("utf-8", "replace").split("\n")
        said = next((line for line in reversed(lines) if line.startswith("E:")), "no reason given")
        raise DatasetError(f"{name} failed: {said.removeprefix('E:').strip()[:_LAST_WORDS]}")
