"""Run a command as an ordinary user, as on a laptop, from tests that run as root.

What lies below a folder that only root may enter (a Python in root's home, say) is shown to that
user in a private mount namespace, where the rest of that folder is empty.
"""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["ORDINARY_USER", "as_ordinary_user"]

ORDINARY_USER = 64123
_TOOLS = ("unshare", "mount", "setpriv")
# Arguments: folders to cover; "--"; paths to show again; "--"; the command.
_SCRIPT = """
set -e
covered=""
while [ "$1" != "--" ]; do covered="$covered $1"; shift; done
shift
number=3
shown=""
while [ "$1" != "--" ]; do
    eval "exec $number< \\"\\$1\\""
    shown="$shown $number:$1"
    number=$((number + 1))
    shift
done
shift
for folder in $covered; do mount -t tmpfs -o mode=0755,size=64k none "$folder"; done
for entry in $shown; do
    mkdir -p "${entry#*:}"
    mount --no-canonicalize --rbind "/proc/self/fd/${entry%%:*}" "${entry#*:}"
    eval "exec ${entry%%:*}<&-"
done
exec setpriv --reuid USER --regid USER --clear-groups --inh-caps=-all -- "$@"
"""


def as_ordinary_user(command: Sequence[str]) -> list[str]:
    """Return ``command`` so that it runs as ``ORDINARY_USER``, started by root."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        raise RuntimeError(f"needed to become an ordinary user, and not here: {missing}")
    closed: set[str] = set()
    needed: set[str] = set()
    for path in (sys.base_prefix, sys.prefix, str(Path(__file__).parents[1])):
        real = Path(path).resolve()
        above = [p for p in reversed(real.parents) if not p.stat().st_mode & stat.S_IXOTH]
        if above:
            closed.add(str(above[0]))
            needed.add(str(real))
    script = _SCRIPT.replace("USER", str(ORDINARY_USER))
    return [
        "unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh",
        *sorted(closed), "--", *sorted(needed), "--", *command,
    ]  # fmt: skip
