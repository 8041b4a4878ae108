"""Trials that were made before, found again by what was graded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnist_course.atomic_write import write_text
from mnist_course.exceptions import ProofError
from mnist_course.proof.trial import Trial

__all__ = ["Records", "record_path"]


def record_path(assignment: str, root: Path) -> Path:
    """Return the file of an assignment's trials: ``docs/measurements/proof_<id>.json``."""
    return root / "docs" / "measurements" / f"proof_{assignment}.json"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Records:
    """The trials of one assignment, stored by the content of what they depend on.

    A trial counts as long as the submission, the instructor's notebook and the engine are the
    same bytes. Trials of another notebook or engine are dropped with the next write.

    Parameters
    ----------
    path : Path
        The file; made with the first write.
    source : bytes
        The instructor's notebook.
    engine : str
        See ``engine_version``.

    Raises
    ------
    ProofError
        If the file is there and was not written by this class.
    """

    def __init__(self, path: Path, *, source: bytes, engine: str) -> None:
        self._path = path
        self._judged_by = _digest(source + engine.encode())
        self._trials: dict[str, Trial] = {}
        self._seeds: set[int] = set()
        self._rest: dict[str, Any] = {}
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            stored = dict(content.pop("trials"))
            current = content.pop("judged_by") == self._judged_by
            self._rest = dict(content)
            if current:
                self._seeds = {int(seed) for seed in content.get("seeds", ())}
                self._trials = {key: Trial.from_json(data) for key, data in stored.items()}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ProofError(
                f"{path.name} does not hold trials ({type(error).__name__}: {error}). Remove it, "
                "and they are made again."
            ) from error

    @property
    def seeds(self) -> list[int]:
        """Seeds of the references among the trials."""
        return sorted(self._seeds)

    def find(self, submission: bytes) -> Trial | None:
        """Return the trial of these bytes under the notebook and engine of now, if there is one."""
        return self._trials.get(_digest(submission))

    def add(self, submission: bytes, trial: Trial, *, seed: int | None = None) -> None:
        """Keep a trial in memory; one without a grade is not kept, so that it is tried again.

        Parameters
        ----------
        submission : bytes
            What was graded.
        trial : Trial
        seed : int, optional
            Of a reference.
        """
        if not trial.failed:
            self._trials[_digest(submission)] = trial
            if seed is not None:
                self._seeds.add(seed)

    def write(self, **rest: Any) -> None:
        """Replace the file.

        Parameters
        ----------
        **rest : plain data
            Other top-level keys to set; the others stay.
        """
        self._rest |= rest
        content: Mapping[str, Any] = {
            **self._rest,
            "seeds": self.seeds,
            "judged_by": self._judged_by,
            "trials": {key: self._trials[key].as_json() for key in sorted(self._trials)},
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_text(self._path, json.dumps(content, indent=2) + "\n")
