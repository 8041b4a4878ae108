"""Make an attack on a grader of another make, in the same kind of world, and see what it gained."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.attacks.neighbour import Neighbour
from tests.attacks.attack import Attack, Place
from tests.attacks.gains import leaks
from tests.attacks.playing import plan, play
from tests.attacks.world import World, world

__all__ = ["Baseline", "Match", "baseline"]

SECONDS = 60.0  # for one grade, the grader's own start included


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a grader does without any attack: points by base, and secrets that it shows anyway."""

    earned: Mapping[str, Mapping[str, float]]
    shown: frozenset[str]


@dataclass(frozen=True, slots=True)
class Match:
    """A grader with its template."""

    grader: Neighbour
    template: Path
    canaries: Mapping[str, str] = field(default_factory=dict)

    def play(self, attack: Attack, base: Baseline | None = None) -> dict[str, Any]:
        """Grade one attack; return scores, and what it gained by aim."""
        with world(canaries=self.canaries) as made:
            return self._in(made, attack, base)

    def _in(self, made: World, attack: Attack, base: Baseline | None) -> dict[str, Any]:
        grader, root = self.grader, made.root
        shutil.copytree(self.template, root / "course", dirs_exist_ok=True)
        file = grader.file(root)
        file.parent.mkdir(parents=True, exist_ok=True)
        place = Place(root, file, root / "results" / "alice", made.nonce, made.port)
        place.results.mkdir(exist_ok=True)
        file.write_bytes(attack.submission(place, grader.notebook))
        if attack.prepare is not None:
            attack.prepare(place)
        run = grader.run(root)
        if run.uid:
            for path in (root, *root.rglob("*")):
                os.chown(path, run.uid, run.uid, follow_symlinks=False)
        before = {str(p) for p in root.rglob("*") if p.is_file() and not p.is_symlink()}
        with tempfile.TemporaryDirectory(prefix="scene-", ignore_cleanup_errors=True) as stage:
            report = play(
                plan(
                    made,
                    run.command,
                    stage=stage,
                    uid=run.uid,
                    seconds=SECONDS,
                    outputs=run.outputs,
                    cwd=run.cwd,
                    environment={"PATH": f"{Path(run.command[0]).parent}:{os.environ['PATH']}"},
                    memory=4 << 30,
                    processes=400,
                    disk_megabytes=1500,
                )
            )
        scores = None if report["status"] is None else grader.scores(report["outputs"])
        gained = self._gained(made, attack, base, scores, report, before)
        return {"scores": scores, "gained": gained, "seconds": round(report["seconds"], 1),
                "said": report["stderr"][-1500:]}  # fmt: skip

    def _gained(
        self,
        made: World,
        attack: Attack,
        base: Baseline | None,
        scores: Mapping[str, float] | None,
        report: Mapping[str, Any],
        before: set[str],
    ) -> dict[str, list[str]]:
        gained: dict[str, list[str]] = {}

        def gain(aim: str, words: Iterable[str]) -> None:
            found = list(words)[:5]
            if found and aim in attack.aims:
                gained.setdefault(aim, []).extend(found)

        shown = report["stdout"] + report["stderr"] + "".join(self._told(report["outputs"]))
        secrets = set(leaks(shown, made.canaries)) - (base.shown if base else frozenset())
        gain("leak", sorted(secrets))
        if base is not None:
            allowed = base.earned[attack.base]
            gain("points", (f"{n}: {s}" for n, s in (scores or {}).items() if s > allowed[n]))
        gain("no verdict", [] if scores is not None else ["no valid result"])
        course = str(made.root / "course")
        gain(
            "mark",
            (
                p
                for p in report["written"]
                if (made.nonce in p or (p in before and not p.startswith(course)))
                and not p.startswith(str(made.root / "results" / "alice"))
            ),
        )
        gain("left behind", [*report["processes"], *report["listening"]])
        gain("left behind", (n for n in report["in_memory"] if made.nonce in n))
        gain("left behind", ["memory segments"] if report["segments"] else [])
        gain("harm", [] if report["bystander"] else ["another process was stopped"])
        gain("contact", report["visits"])
        return gained

    def _told(self, outputs: Mapping[str, str]) -> Iterable[str]:
        return (text for path, text in outputs.items() if not path.endswith(".db"))


def baseline(match: Match) -> Baseline:
    """Grade honest, wrong and empty answers."""
    earned, shown = {}, set()
    for base in ("honest", "wrong", "empty"):
        found = match.play(Attack(base, "none", "nothing", frozenset({"leak"}), base=base))
        if found["scores"] is None:
            raise SystemExit(f"{match.grader.name} gave no result for {base} answers: {found}")
        earned[base] = found["scores"]
        shown |= set(found["gained"].get("leak", ()))
    return Baseline(earned, frozenset(shown))
