"""Run the catalogue of attacks against this engine and its neighbours; write what each gained.

    python -m benchmarks.attacks                      # an hour on two cores
    python -m benchmarks.attacks --only nbgrader      # one grader; the others keep their figures
    python -m benchmarks.attacks --attack loop        # one attack; the others keep theirs
    python -m benchmarks.attacks --page               # only write docs/ATTACKS.md again

Every attack runs in a world of its own (``tests/attacks/scene.py``): own processes, own network
with nothing but a loopback, the disk under an overlay, memory and processes bounded. Nothing of it
reaches the machine, so every attack is made on every grader to which it applies. Needs root on
Linux. The neighbours are installed into build/neighbours, with pinned versions.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.attacks.match import Match, baseline
from benchmarks.attacks.neighbour import PINS, Neighbour, environment
from benchmarks.attacks.page import write_page
from benchmarks.attacks.stock_gradescope_utils import GradescopeUtils
from benchmarks.attacks.stock_nbgrader import Nbgrader
from benchmarks.attacks.stock_otter import Otter
from benchmarks.measuring import MEASUREMENTS, save
from tests.attacks.attack import ALL, Attack
from tests.attacks.campaign import MODES, attack_ours
from tests.attacks.catalogue import ATTACKS
from tests.attacks.playing import exact
from tests.attacks.world import new_canaries

GRADERS = ("ours", "nbgrader", "otter", "gradescope-utils")
_NAME = "attacks"


def _ours(attack: Attack) -> dict[str, Any]:
    found = attack_ours(attack, MODES["full sandbox"])
    return {"scores": found.scores, "gained": dict(found.gained)}


def _neighbour(name: str) -> Neighbour:
    if name == "nbgrader":
        return Nbgrader()
    python = environment()
    return Otter(python) if name == "otter" else GradescopeUtils(python)


def _version(name: str) -> str:
    if name in ("ours", "nbgrader"):
        return version("mnist-course" if name == "ours" else "nbgrader")
    return next(p for p in PINS if p.startswith(name)).partition("==")[2]


def measure(name: str, at_once: int, wanted: Collection[str] = ()) -> dict[str, Any]:
    """Run the attacks that apply to a grader: all, or those that are wanted."""
    attacks = [a for a in ATTACKS if name in a.graders and (not wanted or a.name in wanted)]
    with tempfile.TemporaryDirectory(prefix="template-") as folder:
        once: Callable[[Attack], dict[str, Any]] = _ours
        if name != "ours":
            canaries = new_canaries()
            grader = _neighbour(name)
            grader.prepare(Path(folder), canaries["hidden"])
            match = Match(grader, Path(folder), canaries)
            usual = baseline(match)

            def against(attack: Attack) -> dict[str, Any]:
                return match.play(attack, usual)

            once = against

        def say(attack: Attack) -> dict[str, Any]:
            try:
                found = once(attack)
            except Exception as error:  # one broken world must not cost the others
                return {"not_run": f"{type(error).__name__}: {error}"[:500]}
            print(f"{name}: {attack.name}: {found['gained'] or 'nothing'}"[:200], flush=True)
            return {"gained": found["gained"], "scores": found["scores"]}

        with ThreadPoolExecutor(at_once) as pool:
            results = list(pool.map(say, attacks))
    return {
        "version": _version(name),
        "attacks": {a.name: r for a, r in zip(attacks, results, strict=True)},
    }


def main() -> int:
    """Measure, save, print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=sorted(ALL), action="append")
    parser.add_argument("--attack", choices=[a.name for a in ATTACKS], action="append")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--page", action="store_true")
    arguments = parser.parse_args()
    path = MEASUREMENTS / f"{_NAME}.json"
    known = json.loads(path.read_text())["graders"] if path.exists() else {}
    if not arguments.page:
        if not exact():
            sys.exit(
                "this benchmark needs root on Linux: it makes a world of its own for each attack"
            )
        for name in arguments.only or GRADERS:
            found = measure(name, arguments.at_once, arguments.attack or ())
            if arguments.attack and name in known:
                found["attacks"] = known[name]["attacks"] | found["attacks"]
            known[name] = found
            ordered = {n: known[n] for n in GRADERS if n in known}
            save(_NAME, "python -m benchmarks.attacks", {"graders": ordered})
    print(write_page(json.loads(path.read_text())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
