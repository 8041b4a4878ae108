"""Look around for what outlived a command: processes, listeners, memory. Standard library only."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from pathlib import Path

__all__ = ["Services", "below_me", "listening", "segments"]


class Services:
    """Listens as other programs of the machine do; notes who came."""

    def __init__(self, port: int, unix: list[str]) -> None:
        self.visits: list[str] = []
        self.port = port
        tcp = socket.socket()
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind(("127.0.0.1", port))
        self.port = tcp.getsockname()[1]
        self._serve("tcp", tcp)
        for name in unix:
            door = socket.socket(socket.AF_UNIX)
            door.bind("\0" + name[1:] if name.startswith("@") else name)
            if not name.startswith("@"):
                Path(name).chmod(0o777)
            self._serve(name, door)

    def _serve(self, name: str, door: socket.socket) -> None:
        door.listen(16)

        def loop() -> None:
            while True:
                visitor = door.accept()[0]
                self.visits.append(name)
                visitor.close()

        threading.Thread(target=loop, daemon=True).start()


def listening() -> set[str]:
    """Return what listens in this network: TCP by port, Unix sockets by name."""
    found = set()
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A":
                    found.add(f"{name}:{int(words[1].rpartition(':')[2], 16)}")
    with contextlib.suppress(OSError):
        for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
            words = line.split(maxsplit=7)
            if int(words[3], 16) & 0x10000 and len(words) > 7:
                found.add(f"unix:{words[7]}")
    return found


def segments() -> int:
    """Count the System V memory segments, queues and semaphores."""
    count = 0
    for name in ("shm", "msg", "sem"):
        with contextlib.suppress(OSError):
            count += len(Path(f"/proc/sysvipc/{name}").read_text().splitlines()) - 1
    return count


def below_me(besides: set[int]) -> list[str]:
    """Return the command lines of living processes that this one has to bury."""
    me, parents, names = os.getpid(), {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (entry / "stat").read_bytes().rpartition(b")")[2].split()[:2]
                if state not in b"ZX":
                    parents[int(entry.name)] = int(parent)
                    names[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
    found = []
    for pid, name in names.items():
        line, up = [pid], pid
        while up in parents and up != me:
            up = parents[up]
            line.append(up)
        if up == me and pid != me and not besides & set(line):
            found.append(f"{pid} {name[:160].decode('utf-8', 'replace')}")
    return found
