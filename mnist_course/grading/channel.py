"""Send frames over a socket, one question and one answer at a time."""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

from mnist_course.exceptions import SerializationError
from mnist_course.grading.serialization import MAX_ARRAY_BYTES, MAX_HEADER_BYTES, decode, encode

__all__ = ["Channel"]

_LENGTH = struct.Struct(">Q")
_MAX_FRAME = MAX_ARRAY_BYTES + MAX_HEADER_BYTES + 1024


class Channel:
    """One end of a connected socket that speaks frames.

    Parameters
    ----------
    connection : socket.socket
        A connected stream socket; closed with the channel.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, value: Any, *, seconds: float | None = None) -> None:
        """Send one value; raises OSError when the other end is gone or does not read."""
        frame = encode(value)
        self._connection.settimeout(seconds)
        self._connection.sendall(_LENGTH.pack(len(frame)) + frame)

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
        if length > _MAX_FRAME:
            raise SerializationError(f"a message of {length:,} bytes; at most {_MAX_FRAME:,}")
        return decode(self._exactly(length, deadline))

    def _exactly(self, size: int, deadline: float | None) -> bytearray:
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            # The time is for the whole: a byte now and then must not stretch it.
            left = None if deadline is None else max(0.001, deadline - time.monotonic())
            self._connection.settimeout(left)
            count = self._connection.recv_into(view)
            if count == 0:
                raise EOFError("the other process closed the connection")
            view = view[count:]
        return buffer

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
