"""Plan a scene and have it played in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.attacks.world import World

__all__ = ["ROOT", "exact", "plan", "play"]

ROOT = Path(__file__).resolve().parents[2]
_SCENE = Path(__file__).with_name("scene.py")


def exact() -> bool:
    """Tell whether scenes can be exact here: root on Linux, allowed to make namespaces."""
    return sys.platform == "linux" and os.geteuid() == 0


def plan(
    made: World,
    command: Sequence[str],
    *,
    stage: str,
    given: str = "",
    uid: int = 0,
    seconds: float,
    outputs: Sequence[Path] = (),
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    rlimits: Mapping[str, int] | None = None,
    memory: int = 6 << 30,
    processes: int = 500,
    disk_megabytes: int = 3000,
) -> dict[str, Any]:
    """Return a plan for ``scene.py``."""
    clean = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(made.home),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "GRADER_TOKEN": made.canaries["environment"],
        **(environment or {}),
    }
    closed = [p for p in Path(sys.executable).resolve().parents if not p.stat().st_mode & 1]
    return {
        "nonce": made.nonce,
        "root": str(made.root),
        "stage": stage,
        "disk_megabytes": disk_megabytes,
        "memory": memory,
        "pids": processes,
        # An ordinary user must be able to run this Python; only the overlay is changed.
        "modes": {str(p): 0o711 for p in closed} if uid else {},
        "port": made.port,
        "unix": made.services,
        "uid": uid,
        "rlimits": dict(rlimits or {}),
        "command": list(command),
        "environment": clean,
        "cwd": str(cwd or ROOT),
        "input": given,
        "seconds": seconds,
        "outputs": [str(p) for p in outputs],
    }


def play(scene_plan: Mapping[str, Any]) -> dict[str, Any]:
    """Run a plan and return the scene's report."""
    ended = subprocess.run(
        [sys.executable, "-I", "-S", str(_SCENE)],
        input=json.dumps(scene_plan),
        capture_output=True,
        text=True,
        timeout=scene_plan["seconds"] + 60,
        check=False,
    )
    if ended.returncode or not ended.stdout:
        raise RuntimeError(f"the scene broke: {ended.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(ended.stdout)
    if "scene_failed" in report:
        raise RuntimeError(f"the scene broke: {report['scene_failed']}\n{ended.stderr[-2000:]}")
    return report
