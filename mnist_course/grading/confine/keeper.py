"""The keeper of one sandbox: ``python -I -S keeper.py FD``.

A small trusted process between the grader and the untrusted one. It reads a policy from the
socket ``FD``, starts the command behind all layers (``entry.py``), and from then on watches what
the whole tree uses, refuses and counts system calls, passes interrupts on, and at the end kills
the tree, daemons included, until nothing is left. When the grader itself disappears the socket
closes, and the keeper does the same and removes the scratch folder.

Messages are JSON lines. To the keeper: the policy, then ``"interrupt"``, ``"kill"``, or
``"forget"`` what was refused so far. From it:
``{"started": ...}`` or ``{"problem": ...}``, and at the end ``{"ended": ...}``.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

# Appended, so that nothing there can stand in for the standard library.
sys.path.append(str(Path(__file__).parents[3]))

from mnist_course.grading.confine import entry, probe, removal, watch

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36
_LOOK = 0.25  # seconds between looks at memory; a look may take at most 2 % of the time
_NEARLY_FULL = 256 << 20  # bytes left on the disk
# By Python itself the last two; the end is said on the socket, so the keeper ignores the others.
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ)


class RunHereError(Exception):
    """Raised in the closed process, to run the command there and not by ``execve``."""


class Keeper:
    """Starts, watches and ends one tree of processes."""

    def __init__(self, control: socket.socket, policy: dict[str, Any], rest: bytes) -> None:
        self.control = control
        self.policy = policy
        self.buffer = rest
        self.child = 0
        self.status: int | None = None
        self.ended_by = ""
        self.grader_is_gone = False
        self.listener: Any = None
        self.group: Any = None
        self.own_processes = False
        self._due = {"memory": 0.0, "disk": 0.0}
        self._free = _free_bytes(policy["scratch"])
        self._deadline = time.monotonic() + policy["seconds"]

    def say(self, **message: Any) -> None:
        """Tell the grader, if it is still there."""
        try:
            self.control.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self.grader_is_gone = True

    def start(self) -> bool:
        """Start the command; False when it could not be reached."""
        self._prepare()
        ours, theirs = socket.socketpair()
        self.child = os.fork()
        if self.child == 0:
            ours.close()
            self._become_the_command(theirs)
        theirs.close()
        if entry.LINUX:
            from mnist_course.grading.confine.kernel_calls import prctl

            prctl(PR_SET_DUMPABLE, 0)  # nobody but root may look into this process
        for descriptor in self.policy["descriptors"]:
            os.close(descriptor)
        report = self._hear_report(ours)
        problem = report["problem"] if report else "the process ended before it was closed in"
        if problem:
            self.say(problem=problem)
            return False
        if self.listener is not None:
            self.listener.counts.clear()  # what the probe tried
        self.say(started=report)
        return True

    def _prepare(self) -> None:
        if not entry.LINUX:
            return
        from mnist_course.grading.confine import own_files
        from mnist_course.grading.confine.kernel_calls import call, prctl

        prctl(PR_SET_CHILD_SUBREAPER, 1)
        policy = self.policy
        policy["namespaces"], policy["no_namespaces"] = True, ""
        if "own files" in policy["without"]:
            policy["namespaces"] = False
        else:
            try:
                if os.geteuid() == 0:
                    call("unshare", own_files.NEW_PIDS)
                else:
                    own_files.become_user_namespace(own_files.NEW_PIDS)
                self.own_processes = True
            except OSError as error:
                policy["namespaces"], policy["no_namespaces"] = False, str(error)
        policy["groups"] = []
        if "control group" not in policy["without"]:
            from mnist_course.grading.confine.control_group import ControlGroup

            try:
                self.group = ControlGroup(
                    Path(policy["scratch"]).name,
                    memory=policy["memory"],
                    processes=policy["processes"],
                )
                policy["groups"] = self.group.doors
            except OSError:
                self.group = None

    def _become_the_command(self, report: socket.socket) -> NoReturn:
        try:
            self._close_in(report)
            self.run_command(report)
        except RunHereError:
            raise
        except BaseException as error:
            words = f"cannot run {self.policy['command'][0]}: {type(error).__name__}: {error}"
            report.sendall(json.dumps({"problem": words}).encode() + b"\n")
        os._exit(127)

    def _close_in(self, report: socket.socket) -> None:
        """Close the layers around this process, and say which are there."""
        self.control.close()
        os.setsid()
        layers, listener = entry.enter(self.policy, own_processes=self.own_processes)
        if listener is not None:
            socket.send_fds(report, [b"L"], [listener])
            os.close(listener)
        uid = self.policy["uid"]
        problem = ""
        if uid is not None and layers["own user"]:
            problem = f"cannot become user {uid}: {layers['own user']}"
        missing = probe.probe(self.policy["protected"], self.policy["grader"])
        message = {"layers": layers, "possible": missing, "problem": problem}
        report.sendall(json.dumps(message).encode() + b"\n")
        if problem:
            os._exit(126)  # never run a student's code as root
        for descriptor in self.policy["descriptors"]:
            os.set_inheritable(descriptor, True)
        # What is ignored or held back here, or in whoever started the grader, would be so in
        # the command, too; a shell starts background jobs with SIGINT and SIGQUIT ignored.
        for sign in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(sign, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def run_command(self, report: socket.socket) -> NoReturn:
        """Become the command; the socket of the report is closed then."""
        command = self.policy["command"]
        os.execve(command[0], command, self.policy["environment"])  # noqa: S606

    def _hear_report(self, ours: socket.socket) -> dict[str, Any] | None:
        """Return the child's report once it has become the command; answer its refused calls.

        The report's socket closes by itself when the command is there.
        """
        data = b""
        with ours:
            while True:
                waiting: list[Any] = [ours] + ([self.listener] if self.listener else [])
                ready, _, _ = select.select(waiting, [], [], 30)
                if not ready:
                    return None
                if self.listener in ready:
                    self.listener.answer()
                if ours in ready:
                    chunk, descriptors, _, _ = socket.recv_fds(ours, 1 << 16, 1)
                    if descriptors:
                        from mnist_course.grading.confine.seccomp import Listener

                        self.listener = Listener(descriptors[0])
                        chunk = chunk[1:]
                    elif not chunk:
                        break
                    data += chunk
        if not data:
            return None
        report: dict[str, Any] = {"layers": {}}
        for line in data.splitlines():
            report |= json.loads(line)
        if self.own_processes:
            report["layers"]["own process numbers"] = ""
        return report

    def watch(self) -> None:
        """Wait for the end of the command, an order, or a limit."""
        wake, waker = socket.socketpair()
        for end in (wake, waker):
            end.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # The grader may have gone while the command started.
        while self._still_runs() and not self.ended_by and not self.grader_is_gone:
            waiting: list[Any] = [wake, self.control]
            if self.listener is not None:
                waiting.append(self.listener)
            ready, _, _ = select.select(waiting, [], [], _LOOK)
            if wake in ready:
                wake.recv(4096)
            if self.listener in ready:
                self.listener.answer()
            if self.control in ready and not self._obey():
                return
            self._look()

    def _still_runs(self) -> bool:
        while self.status is None:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if not process:
                return True
            if process == self.child:
                self.status = status
        return False

    def _obey(self) -> bool:
        """Read orders; False when the tree is to end now."""
        try:
            chunk = self.control.recv(4096)
        except OSError:
            chunk = b""
        if not chunk:
            self.grader_is_gone = True
            return False
        self.buffer += chunk
        while b"\n" in self.buffer:
            line, _, self.buffer = self.buffer.partition(b"\n")
            order = json.loads(line)
            if order == "kill":
                return False
            if order == "forget" and self.listener is not None:
                self.listener.counts.clear()
            if order == "interrupt" and self.status is None:
                os.kill(self.child, signal.SIGINT)
        return True

    def _look(self) -> None:
        now = time.monotonic()
        policy = self.policy
        if now > self._deadline:
            self.ended_by = f"ran longer than {policy['seconds']:.0f} seconds"
        if not entry.LINUX:
            return
        if self.group is not None and self.group.ran_out_of_memory():
            self.ended_by = _too_much_memory(policy)  # no half of a tree goes on
        if now >= self._due["memory"] and self.group is None:
            used, processes = watch.memory_of_descendants()
            self._wait("memory", now, _LOOK)
            # Shared pages count in each process: a flood of processes is named as what it is.
            if processes > policy["processes"]:
                self.ended_by = f"started more than {policy['processes']} processes"
            elif used > policy["memory"]:
                self.ended_by = _too_much_memory(policy)
        if now >= self._due["disk"]:
            used = watch.disk_usage(policy["counted"])
            self._wait("disk", now, 4 * _LOOK)
            free = _free_bytes(policy["scratch"])
            if used > policy["disk"]:
                size = policy["disk"] / (1 << 30)
                self.ended_by = f"wrote more than {size:.3g} GB, or too many or too deep folders"
            elif free < _NEARLY_FULL < self._free:
                self.ended_by = "the disk of the grading machine is nearly full"

    def _wait(self, what: str, began: float, least: float) -> None:
        now = time.monotonic()
        self._due[what] = now + max(least, 50 * (now - began))

    def end(self) -> None:
        """Kill the whole tree, then say how it was."""
        if self.status is None and self.child:
            os.kill(self.child, signal.SIGKILL)  # with own process numbers that ends them all
            self._wait_for_the_child()
        all_dead = True
        if entry.LINUX:
            uid = self.policy["uid"]
            all_dead = watch.end_user(uid) if uid is not None else watch.end_descendants()
            all_dead = watch.end_descendants() and all_dead
        else:
            with contextlib.suppress(OSError):
                os.killpg(self.child, signal.SIGKILL)
        if self.group is not None:
            if not self.ended_by and self.group.ran_out_of_memory():
                self.ended_by = _too_much_memory(self.policy)
            self.group.remove()
        refused = dict(self.listener.counts) if self.listener is not None else {}
        self.say(ended={"by": self.ended_by, "refused": refused, "all_dead": all_dead})
        if self.grader_is_gone:  # nobody else cleans up
            removal.remove(self.policy["scratch"])

    def _wait_for_the_child(self) -> None:
        while self.status is None and self.child:
            try:
                self.status = os.waitpid(self.child, 0)[1]
            except OSError:
                return


def _too_much_memory(policy: dict[str, Any]) -> str:
    size = policy["memory"] / (1 << 30)
    return f"used more than {size:.3g} GB of memory in all its processes"


def _free_bytes(folder: str) -> int:
    try:
        found = os.statvfs(folder)
    except OSError:
        return 1 << 62
    return found.f_bavail * found.f_frsize


def _policy(control: socket.socket) -> tuple[dict[str, Any], bytes]:
    data = b""
    while b"\n" not in data:
        chunk = control.recv(1 << 16)
        if not chunk:
            sys.exit(0)
        data += chunk
    line, _, rest = data.partition(b"\n")
    policy: dict[str, Any] = json.loads(line)
    return policy, rest


def keep(descriptor: int, kind: type[Keeper] = Keeper) -> NoReturn:
    """Keep one sandbox, then end as its command ended.

    Raises
    ------
    RunHereError
        In the closed process, if this kind of keeper runs commands there.
    """
    for sign in _IGNORED:
        signal.signal(sign, signal.SIG_IGN)
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    policy, rest = _policy(control)
    keeper = kind(control, policy, rest)
    is_keeper = True
    try:
        if keeper.start():
            keeper.watch()
    except RunHereError:
        is_keeper = False
        raise
    finally:
        if is_keeper:
            keeper.end()
    status = keeper.status or 0
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    keep(int(sys.argv[1]))
