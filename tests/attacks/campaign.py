"""Make attacks on the engine, in worlds of their own, and say what each one gained."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.attacks.attack import Attack, Place, notebook_of
from tests.attacks.gains import injections, leaks, verdict
from tests.attacks.playing import plan, play
from tests.attacks.world import World, world

__all__ = ["MODES", "Class", "Mode", "Outcome", "attack_class", "attack_ours"]

_USER = 64123  # an ordinary user who grades
_SLACK = 45.0  # seconds beyond the deadline, after which there is no verdict
_OUTPUTS = ("results.json", "feedback.html", "executed.ipynb")
_MOST_OUTPUT = 20 << 20


@dataclass(frozen=True, slots=True)
class Mode:
    """A way of running the grader: as which user, without which layers.

    ``outermost`` marks the strongest and the weakest. ``forked`` sandboxes begin as forks of a
    process that has their packages loaded, as those of a class.
    """

    name: str
    uid: int = 0
    without: frozenset[str] = frozenset()
    outermost: bool = False
    forked: bool = False


MODES = {
    mode.name: mode
    for mode in (
        Mode("full sandbox", outermost=True),
        Mode("full sandbox, forked", forked=True),
        Mode("without file rules", without=frozenset({"file rules"})),
        Mode("unprivileged", uid=_USER),
        # A system without Landlock that gives no namespaces either.
        Mode(
            "unprivileged, without file rules",
            uid=_USER,
            without=frozenset({"file rules", "own files"}),
            outermost=True,
        ),
    )
}


Gains = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attack.

    ``gained`` has a sentence for each success, by aim; ``scores`` is None without a verdict.
    ``layers`` tells which layers the grade reported as active.
    """

    scores: Mapping[str, float] | None
    gained: Mapping[str, Sequence[str]] = field(default_factory=dict)
    layers: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Class:
    """What came of several submissions that one process graded one after another.

    ``gained`` is what cannot be told apart by submission; ``report`` is the scene's.
    """

    outcomes: Mapping[str, Outcome]
    gained: Mapping[str, Sequence[str]]
    report: Mapping[str, Any] = field(default_factory=dict)


def attack_ours(attack: Attack, mode: Mode) -> Outcome:
    """Have the real engine grade one attack, and look at everything afterwards."""
    found = attack_class([attack], mode, then_honest=attack.then_honest)
    one = found.outcomes[attack.name]
    aims = {*one.gained, *found.gained}
    together = {a: [*one.gained.get(a, ()), *found.gained.get(a, ())] for a in sorted(aims)}
    return Outcome(one.scores, together, one.layers)


def attack_class(attacks: Sequence[Attack], mode: Mode, *, then_honest: bool = True) -> Class:
    """Have the real engine grade attacks, each as another student's submission.

    Parameters
    ----------
    attacks : sequence of Attack
        All on the same assignment.
    mode : Mode
    then_honest : bool
        Grade an honest submission after them, which must keep its points.
    """
    with world(owner=mode.uid) as made:
        places = [
            made.place(attack.file_name, "alice" if number == 0 else f"student-{number}")
            for number, attack in enumerate(attacks)
        ]
        jobs = []
        for attack, place in zip(attacks, places, strict=True):
            place.submission.write_bytes(attack.submission(place))
            if attack.prepare is not None:
                attack.prepare(place)
            jobs.append(_job(attack, place, mode))
        if then_honest:
            jobs.append(_job(attacks[-1], _honest(attacks[-1], made), mode))
        if mode.uid:
            for path in (made.root, *made.root.rglob("*")):
                os.chown(path, mode.uid, mode.uid, follow_symlinks=False)
        with tempfile.TemporaryDirectory(prefix="scene-", ignore_cleanup_errors=True) as stage:
            report = play(
                plan(
                    made,
                    [sys.executable, "-m", "tests.attacks.grade_ours"],
                    stage=stage,
                    given=json.dumps(jobs),
                    uid=mode.uid,
                    seconds=sum(job["deadline"] + _SLACK for job in jobs),
                    outputs=[Path(job["output"]) / name for job in jobs for name in _OUTPUTS],
                )
            )
        outcomes = {
            attack.name: _of_one(report, attack, place, made)
            for attack, place in zip(attacks, places, strict=True)
        }
        gained = _of_all(report, made, [job["output"] for job in jobs])
        if then_honest:
            found = _outputs(report, Path(jobs[-1]["output"]))["results.json"]
            scores, _ = verdict(found, attacks[-1].target)
            if scores != attacks[-1].target.earned["honest"]:
                gained.setdefault("harm", []).append(f"an honest submission later got {scores}")
        return Class(outcomes, gained, report)


def _honest(attack: Attack, made: World) -> Place:
    place = made.place(who="carol")
    parts = {"first": "", "last": "", "answers": attack.target.answers["honest"]}
    place.submission.write_text(json.dumps(notebook_of(parts, attack.target)))
    return place


def _job(attack: Attack, place: Place, mode: Mode) -> dict[str, Any]:
    target = attack.target.id
    return {
        "submission": str(place.submission),
        "assignment": str(place.root / "course" / "source" / target / f"{target}.ipynb"),
        "output": str(place.results),
        "deadline": attack.deadline,
        "cell_seconds": attack.cell_seconds,
        "without": sorted(mode.without),
        "forked": mode.forked,
    }


def _outputs(report: Mapping[str, Any], folder: Path) -> dict[str, str]:
    return {name: report["outputs"][str(folder / name)] for name in _OUTPUTS}


def _of_one(report: Mapping[str, Any], attack: Attack, place: Place, made: World) -> Outcome:
    """Look at what was written about one submission."""
    shown = _outputs(report, place.results)
    scores, layers = verdict(shown["results.json"], attack.target)
    gained: Gains = {}
    if scores is None:
        words = f"the grader ended with {report['status']}: {report['stderr'][-1500:]}"
        gained["no verdict"] = [words]
    allowed = attack.target.earned[attack.base]
    too_many = [f"{n}: {s}" for n, s in (scores or {}).items() if s > allowed[n]]
    if too_many:
        gained["points"] = too_many
    _look_at(shown, made, gained)
    return Outcome(scores, gained, layers)


def _look_at(shown: Mapping[str, str], made: World, gained: Gains) -> None:
    for name, text in shown.items():
        leaked = [f"{kind} in {name}" for kind in leaks(text, made.canaries)]
        long = [f"{name} has {len(text):,} characters"] if len(text) > _MOST_OUTPUT else []
        found = {
            "leak": leaked,
            "injection": injections(name, text, made.nonce),
            "no verdict": long,
        }
        for aim, words in found.items():
            if words:
                gained.setdefault(aim, []).extend(words)


def _of_all(report: Mapping[str, Any], made: World, own: Sequence[str]) -> Gains:
    """Look at what was left of a whole scene."""
    gained: Gains = {
        "no verdict": [] if report["status"] == 0 else [f"ended with {report['status']}"],
        "mark": [
            path
            for path, user in report["written"].items()
            # The grader itself writes results, and compiled modules.
            if not path.startswith((*own, str(made.root / "said")))
            and not (path.endswith((".pyc", "/__pycache__")) and user == 0)
        ],
        "left behind": [
            *report["processes"],
            *(f"/dev/shm/{name}" for name in report["in_memory"]),
            *report["listening"],
            *(f"control group {name}" for name in report["groups"]),
            *(["memory segments"] if report["segments"] else []),
        ],
        "harm": [] if report["bystander"] else ["another process was stopped"],
        "contact": list(report["visits"]),
    }
    _look_at({"terminal": report["stdout"] + report["stderr"]}, made, gained)
    return {aim: words for aim, words in gained.items() if words}
