"""The line to the student's kernel: whatever comes over it is a value or an error, in time."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from mnist_course.checks.score import CannotGrade, clear, collected
from mnist_course.exceptions import StudentError
from mnist_course.grading.call_errors import in_hidden_part, judging
from mnist_course.grading.captured_values import Builders
from mnist_course.grading.channel import Channel
from mnist_course.grading.control import Control, Desk
from mnist_course.grading.function_proxy import StudentFunction
from mnist_course.grading.serialization import Opaque, Portable
from mnist_course.grading.student_line import KernelGone

FUNCTION = {"call": "name f", "name": "f", "line": 1, "signature": "(x)"}


class Kernel:
    """Our stand-in for both the parent and the student's kernel, on real sockets."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.interrupts = 0
        self.given: socket.socket | str = self.ours
        self.desk = Desk({"kernel": lambda m: self.given, "interrupt": self._interrupt})
        self._running = True
        self._thread = threading.Thread(target=self._attend)
        self._thread.start()
        self.control = Control(self.desk.theirs)

    def _interrupt(self, message: object) -> None:
        self.interrupts += 1

    def _attend(self) -> None:
        while self._running:
            self.desk.answer()

    def answer(self, reply: Callable[[dict[str, Any]], Any]) -> threading.Thread:
        channel = Channel(self.theirs, take_apart=lambda v: Opaque("thing", "strange"))

        def run() -> None:
            question = channel.receive(seconds=10)
            value = reply(question)
            if isinstance(value, bytes):
                self.theirs.sendall(value)
            elif value is not None:
                channel.send(value)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def close(self) -> None:
        self._running = False
        self.control.tell("wake up")
        self._thread.join()
        for end in (self.desk, self.ours, self.theirs):
            end.close()


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    yield kernel
    kernel.close()


@pytest.fixture
def function(kernel: Kernel) -> Iterator[StudentFunction]:
    builders = Builders(kernel.control)
    builders.line.renew(5)
    builders.line.begin(30)
    function = StudentFunction(FUNCTION, builders.line)
    function.seconds = 1.5
    yield function
    builders.line.close()


def test_an_answer_with_the_number_of_the_question(
    kernel: Kernel, function: StudentFunction
) -> None:
    kernel.theirs.sendall(Channel(kernel.theirs).pack({"ready": True}))
    kernel.theirs.sendall(Channel(kernel.theirs).pack({"number": 5, "ok": "guessed"}))

    def reply(question: dict[str, Any]) -> dict[str, Any]:
        assert question["call"] == "name f" and question["kwargs"] == {"axis": 0}
        assert "hidden" not in question
        return {"number": question["number"], "ok": question["args"][0] * 2, "changed": []}

    asked = kernel.answer(reply)
    np.testing.assert_array_equal(function(np.arange(3), axis=0), [0, 2, 4])
    asked.join()


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (lambda q: b"\x7f" * 4096, "no value"),
        (lambda q: b"\0\0\0\0\0\0\0\x04evil", "no value"),
        (lambda q: os.urandom(65536), "no value"),
        (lambda q: {"number": q["number"]}, "no value"),
        (lambda q: {"number": q["number"], "error": 5, "message": "", "line": 1}, "no value"),
        (lambda q: {"number": q["number"], "error": "E", "message": [], "line": 1}, "no value"),
        (lambda q: {"number": q["number"], "ok": Opaque("set", "strange")}, "a set: strange"),
        (lambda q: {"number": q["number"], "ok": [1, {"a": Opaque("set", "x")}]}, "a set"),
        (lambda q: {"number": q["number"], "ok": Portable("model", {})}, "no value"),
        (lambda q: {"number": q["number"], "ok": Portable("function", {})}, "no value"),
        (lambda q: {"number": q["number"], "ok": Portable("history", {})}, "no value"),
        (lambda q: {"number": q["number"], "ok": Portable("dataframe", {"columns": 5})}, "no val"),
        (
            lambda q: {"number": q["number"], "error": "E" * 999, "message": "m" * 999, "line": -4},
            "raised EEE",
        ),
        (lambda q: {"number": q["number"] + 1, "ok": 1}, "took longer"),
        (lambda q: b"\0", "took longer"),
        (lambda q: None, "took longer"),
    ],
    ids=range(16),
)
def test_anything_else_is_an_error_of_the_call(
    kernel: Kernel, function: StudentFunction, reply: Any, words: str
) -> None:
    asked = kernel.answer(reply)
    start = time.monotonic()
    with pytest.raises(StudentError, match=words) as caught:
        function(1)
    asked.join()
    assert time.monotonic() - start < 15
    assert len(str(caught.value)) < 1000
    assert kernel.interrupts == (words == "took longer")


def test_a_huge_answer_is_refused_before_it_is_read(
    kernel: Kernel, function: StudentFunction
) -> None:
    asked = kernel.answer(lambda q: (1 << 40).to_bytes(8, "big") + b"x")
    with pytest.raises(StudentError, match="no value"):
        function(1)
    asked.join()


def test_a_kernel_that_ends_during_the_call(kernel: Kernel, function: StudentFunction) -> None:
    asked = kernel.answer(lambda q: kernel.theirs.shutdown(socket.SHUT_RDWR))
    with pytest.raises(StudentError, match="ended the Python process"):
        function(1)
    asked.join()
    with pytest.raises(StudentError, match="ended the Python process"):
        function(2)  # the same item: what the first call did


def test_a_kernel_that_was_gone_before_is_no_fault_of_the_call(
    kernel: Kernel, function: StudentFunction
) -> None:
    kernel.theirs.close()
    with pytest.raises(KernelGone):
        function(1)
    kernel.given = "it was ended twice"
    function._line.renew(5)
    with pytest.raises(KernelGone, match="it was ended twice"):
        function(1)


def test_an_item_has_so_many_seconds_for_all_its_calls(
    kernel: Kernel, function: StudentFunction
) -> None:
    function._line.begin(1.2)
    start = time.monotonic()
    with pytest.raises(StudentError, match="took longer"):
        function(1)
    with pytest.raises(StudentError, match=r"took longer|ended"):
        function(1)
    assert time.monotonic() - start < 10


def test_what_cannot_be_sent_is_the_authors_mistake(function: StudentFunction) -> None:
    for value in ({1}, object(), 1 << 70, np.array([object()]), "x" * (2 << 20), [[{"a": {2}}]]):
        with pytest.raises(CannotGrade, match="cannot be sent"):
            function(value)
    with pytest.raises(CannotGrade, match="cannot be sent"):
        function(np.zeros(9 << 20))


HIDDEN = "a = 1\n### BEGIN HIDDEN TESTS\nb = ask()\n### END HIDDEN TESTS\nc = ask()\n"


def test_what_is_hidden(kernel: Kernel, function: StudentFunction) -> None:
    found: dict[str, Any] = {"ask": in_hidden_part}
    for source in (HIDDEN, "def later():\n    return ask()\nd = ask()\n" + HIDDEN + "e = later()"):
        with judging("<t>", source):
            exec(compile(source, "<t>", "exec"), found)
    assert (found["b"], found["c"], found["d"], found["e"]) == (True, True, False, True)
    assert not in_hidden_part()
    with judging("<t>", HIDDEN):
        assert in_hidden_part()  # called from nowhere that is known
    clear()
    with judging("<t>", HIDDEN):
        asked = kernel.answer(
            lambda q: {"number": q["number"], "error": "ValueError", "message": "it was 7",
                       "line": 3}
        )  # fmt: skip
        with pytest.raises(ValueError, match="hidden input") as caught:
            function(7)
        asked.join()
    error = caught.value
    assert isinstance(error, StudentError) and error.hidden
    assert (error.type_name, error.message, error.line) == ("", "", 0)
    assert "7" not in repr(error) + str(error)
    assert "it was 7" in error.staff and "it was 7" in collected().staff[0]


def test_a_watched_call_says_whether_its_input_changed(
    kernel: Kernel, function: StudentFunction
) -> None:
    for changed in ([], [0]):
        asked = kernel.answer(
            lambda q, changed=changed: {"number": q["number"], "ok": 1, "changed": changed}
        )
        assert function.watched([np.zeros(2)]) == (1, bool(changed))
        asked.join()


@pytest.mark.parametrize("parts", [{}, {"call": 5, "name": "f"}, {"call": "f", "name": None}])
def test_a_function_without_a_name_is_no_value(kernel: Kernel, parts: Any) -> None:
    with pytest.raises(ValueError, match="without an id"):
        StudentFunction(parts, Builders(kernel.control).line)


def test_nobody_to_ask() -> None:
    control = Control(None)
    control.tell("report")
    with pytest.raises(CannotGrade, match="no kernel"):
        control.ask("kernel", 1, broken=False)
    builders = Builders(control)
    builders.line.renew(1)
    with pytest.raises(KernelGone, match="no kernel"):
        StudentFunction(FUNCTION, builders.line)(1)
