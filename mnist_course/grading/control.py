"""What the test runner asks of the process that started it: helpers, interrupts, "look now".

Both ends are trusted. Messages are small JSON datagrams, sockets travel beside them.
"""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable, Mapping
from typing import Any

from mnist_course.checks.score import CannotGrade

__all__ = ["Control", "Desk"]

_SIZE = 1 << 16

Service = Callable[[Mapping[str, Any]], "socket.socket | str | None"]


class Control:
    """The test runner's end.

    Its forks share it: an answer belongs to the question with its number.
    """

    def __init__(self, connection: socket.socket | None) -> None:
        self._connection = connection

    def tell(self, what: str) -> None:
        """Say something that needs no answer."""
        if self._connection is not None:
            self._connection.send(json.dumps({"op": what}).encode())

    def ask(self, what: str, seconds: float, **facts: Any) -> socket.socket:
        """Ask for a connection.

        Raises
        ------
        CannotGrade
            With the reason when there is none.
        """
        if self._connection is None:
            raise CannotGrade(f"there is no {what}")
        number = secrets.randbits(60)
        self._connection.send(json.dumps({"op": what, "number": number, **facts}).encode())
        self._connection.settimeout(max(0.1, seconds))
        try:
            while True:
                data, fds, _, _ = socket.recv_fds(self._connection, _SIZE, 1)
                got = [socket.socket(fileno=fd) for fd in fds]
                answer = json.loads(data)
                if answer["number"] == number:
                    break
                for stale in got:
                    stale.close()
        except OSError as error:
            raise CannotGrade(f"no {what} within {seconds:.0f} seconds") from error
        if not got:
            raise CannotGrade(str(answer["why"]))
        return got[0]


class Desk:
    """Our end: answers one message at a time.

    Parameters
    ----------
    services : mapping of str to callable
        Given the message, returns the socket to hand over, or why there is none; for what was
        only told, None.
    """

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = services
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._ours.fileno()

    def answer(self) -> None:
        """Receive one message and do what it asks."""
        message = json.loads(self._ours.recv(_SIZE))
        service = self._services.get(message["op"])
        try:
            result = service(message) if service is not None else f"there is no {message['op']}"
        except Exception as error:
            # A helper that does not start costs what needs it, not the whole grade.
            result = f"{type(error).__name__}: {error}"
        number = message.get("number")
        if number is None:
            return
        why = result if isinstance(result, str) else ""
        data = [json.dumps({"number": number, "why": why}).encode()]
        fds = [result.fileno()] if isinstance(result, socket.socket) else []
        socket.send_fds(self._ours, data, fds)

    def close(self) -> None:
        """Close both ends."""
        self._ours.close()
        self.theirs.close()
