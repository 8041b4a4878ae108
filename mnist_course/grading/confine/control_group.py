"""A control group for the memory and the number of all processes of one sandbox together.

Used where the system lets us make one (root outside most containers, or a delegated group), in
either version of the kernel's interface. Source: cgroups(7).
"""

from __future__ import annotations

import time
from pathlib import Path

__all__ = ["ControlGroup"]

_ROOT = Path("/sys/fs/cgroup")


class ControlGroup:
    """Folders of a group made for one sandbox.

    Parameters
    ----------
    name : str
        Of the new folders.
    memory : int
        Bytes of all processes together.
    processes : int
        How many processes and threads there may be at once.

    Raises
    ------
    OSError
        Where no group can be made; nothing is left behind then.
    """

    def __init__(self, name: str, *, memory: int, processes: int) -> None:
        self._folders: list[Path] = []
        places = _places()
        unified = places.get("")
        try:
            if "memory" in places:
                group = self._make(places["memory"] / name)
                (group / "memory.limit_in_bytes").write_text(str(memory))
                self._killed = group / "memory.oom_control"
                if "pids" in places:
                    pids = self._make(places["pids"] / name)
                    (pids / "pids.max").write_text(str(processes))
                if "cpu" in places:  # half the weight of the grader beside it
                    (self._make(places["cpu"] / name) / "cpu.shares").write_text("512")
            elif unified is not None:
                group = self._make(unified / name)
                (group / "memory.max").write_text(str(memory))
                (group / "pids.max").write_text(str(processes))
                if (group / "cpu.weight").exists():
                    (group / "cpu.weight").write_text("50")
                self._killed = group / "memory.events"
            else:
                raise OSError("no control groups are mounted")
        except OSError:
            self.remove()
            raise

    def _make(self, folder: Path) -> Path:
        folder.mkdir()
        self._folders.append(folder)
        return folder

    @property
    def doors(self) -> list[str]:
        """Files into which a process writes 0 to join."""
        return [str(folder / "cgroup.procs") for folder in self._folders]

    def ran_out_of_memory(self) -> bool:
        """Tell whether the kernel ended a process because the group had used its memory up."""
        try:
            words = self._killed.read_text().split()
        except OSError:
            return False
        return "oom_kill" in words and int(words[words.index("oom_kill") + 1]) > 0

    def remove(self) -> None:
        """Remove the group; its processes must have ended."""
        for folder in self._folders:
            for _ in range(200):
                try:
                    folder.rmdir()
                    break
                except OSError:
                    time.sleep(0.01)
        self._folders = []


def _places() -> dict[str, Path]:
    """Return controller → folder of this process' own group; "" is the unified hierarchy."""
    places = {}
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return {}
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            for mount in (_ROOT, _ROOT / "unified"):
                if (mount / "cgroup.controllers").exists():
                    places[""] = mount / path.lstrip("/")
        for name in controllers.split(","):
            if name and (_ROOT / name).is_dir():
                own = _ROOT / name / path.lstrip("/")
                # in a container the path may be that of the host
                places[name] = own if own.is_dir() else _ROOT / name
    return places
