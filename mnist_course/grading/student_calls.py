"""Answer the grader's calls of a student's functions, inside the student's kernel.

``serve`` runs after the notebook's last cell and holds the kernel until the grader hangs up.
Nothing it says is trusted: the student's code can write to the same socket.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mnist_course.exceptions import SerializationError
from mnist_course.grading.channel import Channel
from mnist_course.grading.namespace import callable_of, take_apart
from mnist_course.grading.serialization import encode

__all__ = ["MOST_BYTES", "serve"]

MOST_BYTES = 64 << 20  # of arrays that go into one call, or come out of it
_LONGEST_MESSAGE = 500


class _Nothing(io.TextIOBase):
    """Takes the place of standard output: what a function prints is of no interest."""

    def write(self, text: str) -> int:
        return len(text)


class _Interrupts:
    """Turns SIGINT into an exception while a student's function runs, and only then."""

    inside = False

    def __call__(self, number: int, frame: object) -> None:
        if self.inside:
            self.inside = False
            raise KeyboardInterrupt


def serve(fd: int) -> None:
    """Answer calls on the connected socket ``fd`` until the other side closes it.

    Parameters
    ----------
    fd : int
        Each question is ``{"number", "call", "args", "kwargs", "watch"}`` or ``{"number",
        "predict", "x"}``; each answer ``{"number", "ok", "changed"}`` or ``{"number", "error",
        "message", "line"}``.
    """
    channel = Channel(
        socket.socket(fileno=fd),
        take_apart=take_apart,
        build={"function": lambda parts: callable_of(parts["call"])},
        most=MOST_BYTES,
    )
    interrupts = _Interrupts()
    with _quiet():
        signal.signal(signal.SIGINT, interrupts)
        channel.send({"ready": True})
        while True:
            try:
                question = channel.receive()
            except (OSError, EOFError, SerializationError, KeyError):
                return
            # A function may have put its own handler there.
            signal.signal(signal.SIGINT, interrupts)
            channel.send_packed(_answer(channel, question, interrupts))


@contextmanager
def _quiet() -> Iterator[None]:
    """Throw away what is printed; give nothing to read."""
    kept = sys.stdout, sys.stderr, sys.stdin, builtins.input
    sys.stdout = sys.stderr = _Nothing()
    sys.stdin = io.StringIO()
    builtins.input = _no_input
    try:
        yield
    finally:
        sys.stdout, sys.stderr, sys.stdin, builtins.input = kept


def _no_input(prompt: object = "") -> str:
    raise EOFError("nobody answers questions here")


def _answer(channel: Channel, question: Any, interrupts: _Interrupts) -> bytes:
    """Return the packed answer to one question; whatever the function does, there is one."""
    number = question["number"]
    try:
        interrupts.inside = True
        answer = _predict(question) if "predict" in question else _call(question)
        packed = channel.pack({"number": number, **answer})
        interrupts.inside = False
    except BaseException as error:
        # SystemExit and KeyboardInterrupt end the call, never the loop.
        interrupts.inside = False
        packed = channel.pack({"number": number, **_refusal(error)})
    return packed


def _call(question: Any) -> dict[str, Any]:
    function: Callable[..., Any] = callable_of(question["call"])
    given, named = list(question["args"]), dict(question["kwargs"])
    watch = question["watch"]
    before = [_digest(v) for v in (*given, *named.values())] if watch else []
    value = function(*given, **named)
    after = [_digest(v) for v in (*given, *named.values())] if watch else []
    changed = [i for i, (b, a) in enumerate(zip(before, after, strict=True)) if a != b]
    return {"ok": value, "changed": changed}


def _digest(value: Any) -> bytes:
    return hashlib.blake2b(encode(value), digest_size=16).digest()


def _predict(question: Any) -> dict[str, Any]:
    x = question["x"]
    outputs = callable_of(question["predict"]).predict(x, batch_size=len(x), verbose=0)
    return {"ok": np.asarray(outputs), "changed": []}


def _refusal(error: BaseException) -> dict[str, Any]:
    try:
        message = str(error)[:_LONGEST_MESSAGE]
    except BaseException:  # the text is the student's code, too
        message = ""
    name = type(error).__name__
    return {"error": str(name)[:80], "message": message, "line": _line(error)}


def _line(error: BaseException) -> int:
    """Return the innermost line of a notebook's cell in a traceback, 0 without one."""
    line, step = 0, error.__traceback__
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if "ipykernel_" in name or name.startswith("<"):
            line = step.tb_lineno
        step = step.tb_next
    return line
