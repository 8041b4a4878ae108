"""Send frames over a socket, one question and one answer at a time."""

from __future__ import annotations

import socket
import struct
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

    def send(self, value: Any) -> None:
        """Send one value; raises OSError when the other end is gone."""
        frame = encode(value)
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
        self._connection.settimeout(seconds)
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > _MAX_FRAME:
            raise SerializationError(f"a message of {length:,} bytes; at most {_MAX_FRAME:,}")
        return decode(self._exactly(length))

    def _exactly(self, size: int) -> bytearray:
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            count = self._connection.recv_into(view)
            if count == 0:
                raise EOFError("the other process closed the connection")
            view = view[count:]
        return buffer

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
