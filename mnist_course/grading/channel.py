"""Send frames over a socket, one question and one answer at a time."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

from mnist_course.exceptions import SerializationError
from mnist_course.grading.serialization import (
    MAX_ARRAY_BYTES,
    MAX_HEADER_BYTES,
    Build,
    TakeApart,
    decode,
    encode,
)

__all__ = ["Channel"]

_LENGTH = struct.Struct(">Q")
_PIECE = 1 << 18  # bytes that are received at once


class Channel:
    """One end of a connected socket that speaks frames.

    Parameters
    ----------
    connection : socket.socket
        A connected stream socket; closed with the channel.
    take_apart : callable, optional
        See ``serialization.encode``.
    build : mapping, optional
        See ``serialization.decode``.
    most : int
        Bytes of arrays that one message may hold.
    """

    def __init__(
        self,
        connection: socket.socket,
        *,
        take_apart: TakeApart = lambda value: None,
        build: Mapping[str, Build] | None = None,
        most: int = MAX_ARRAY_BYTES,
    ) -> None:
        self._connection = connection
        self._take_apart = take_apart
        self._build = build
        self._most = most + MAX_HEADER_BYTES + 1024

    def send(self, value: Any, *, seconds: float | None = None) -> None:
        """Send one value.

        Raises
        ------
        OSError
            If the other end is gone or does not read; TimeoutError is one.
        SerializationError
            If the value is too large; nothing was sent then.
        """
        self.send_packed(self.pack(value), seconds=seconds)

    def pack(self, value: Any) -> bytes:
        """Return the bytes of one message; raises SerializationError when it is too large."""
        frame = encode(value, take_apart=self._take_apart)
        if len(frame) > self._most:
            raise SerializationError(
                f"a message of {len(frame):,} bytes; at most {self._most:,} are sent"
            )
        return _LENGTH.pack(len(frame)) + frame

    def send_packed(self, message: bytes, *, seconds: float | None = None) -> None:
        """Send what ``pack`` returned; see ``send``."""
        self._connection.settimeout(seconds)
        self._connection.sendall(message)

    def receive(self, *, seconds: float | None = None) -> Any:
        """Wait for one value.

        Raises
        ------
        EOFError
            If the other end closed the connection.
        TimeoutError
            If nothing whole came in ``seconds``.
        SerializationError
            If what came is no frame.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, deadline))
        if length > self._most:
            raise SerializationError(f"a message of {length:,} bytes; at most {self._most:,}")
        return decode(self._exactly(length, deadline), build=self._build)

    def _exactly(self, size: int, deadline: float | None) -> bytearray:
        # Memory grows with what came, not with what was announced.
        buffer, piece = bytearray(), memoryview(bytearray(min(_PIECE, size)))
        while len(buffer) < size:
            # The time is for the whole: a byte now and then must not stretch it.
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError("no whole message came in time")
            self._connection.settimeout(left)
            count = self._connection.recv_into(piece[: size - len(buffer)])
            if count == 0:
                raise EOFError("the other process closed the connection")
            buffer += piece[:count]
        return buffer

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
