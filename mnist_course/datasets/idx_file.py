"""Read a compressed IDX file, the format that MNIST was published in, if it is the known one.

Format: big-endian; two zero bytes, the type (8 = unsigned bytes), the number of dimensions, then
each dimension as 32 bits, then the values. Source: http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from mnist_course.exceptions import CorruptDataError

__all__ = ["IdxFile"]

_CHUNK = 1 << 20
_UNSIGNED_BYTES = 0x08


@dataclass(frozen=True, slots=True)
class IdxFile:
    """A published file of unsigned bytes, compressed with gzip.

    Parameters
    ----------
    name : str
        Its file name, such as ``train-images-idx3-ubyte.gz``.
    sha256 : str
        Of the uncompressed file: the same content is offered compressed in several ways.
    shape : tuple of int
        Of the array in it.
    """

    name: str
    sha256: str
    shape: tuple[int, ...]

    @property
    def header(self) -> bytes:
        """The bytes before the values."""
        rank = len(self.shape)
        return struct.pack(f">HBB{rank}I", 0, _UNSIGNED_BYTES, rank, *self.shape)

    @property
    def size(self) -> int:
        """Bytes of the uncompressed file."""
        return len(self.header) + math.prod(self.shape)

    def read(self, path: Path) -> NDArray[np.uint8]:
        """Return the array in a file, verified.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        CorruptDataError
            If it cannot be read or is not the known one.
        """
        try:
            with path.open("rb") as file:
                return self._decode(file)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileNotFoundError(error.errno, error.strerror, str(path)) from None
        except CorruptDataError:
            raise
        except OSError as error:
            raise CorruptDataError(f"{self.name} cannot be read ({error.strerror}).") from None

    def decode(self, content: bytes) -> NDArray[np.uint8]:
        """Return the array in the bytes of a compressed file, verified.

        Raises
        ------
        CorruptDataError
            If they are not the known file.
        """
        return self._decode(io.BytesIO(content))

    def _decode(self, file: IO[bytes]) -> NDArray[np.uint8]:
        # What was verified is what is returned, and nothing larger is ever unpacked.
        whole = np.empty(self.size, dtype=np.uint8)
        digest = hashlib.sha256()
        done = 0
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                while chunk := unpacked.read(min(_CHUNK, self.size + 1 - done)):
                    if done + len(chunk) > self.size:
                        raise self._damaged(f"it holds more than {self.size:,} bytes")
                    whole[done : done + len(chunk)] = np.frombuffer(chunk, dtype=np.uint8)
                    digest.update(chunk)
                    done += len(chunk)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise self._damaged(f"it cannot be unpacked ({error})") from None
        if digest.hexdigest() != self.sha256:
            raise self._damaged(f"SHA-256 of its content is {digest.hexdigest()}")
        return whole[len(self.header) :].reshape(self.shape)

    def _damaged(self, words: str) -> CorruptDataError:
        return CorruptDataError(
            f"{self.name} is not the published file: {words}. Expected {self.size:,} bytes with "
            f"SHA-256 {self.sha256}."
        )
