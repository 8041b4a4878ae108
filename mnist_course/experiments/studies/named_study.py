"""A study of the course under a name: its parts, the claims that it judges, its figures."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnist_course.experiments.studies.headline import Headline
from mnist_course.experiments.studies.probes import ProbeResult, Probes
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.trial import Trial

__all__ = ["Figure", "NamedStudy", "Part", "Results", "Steps"]

Part = Study | Probes

Steps = Generator[Part, Any, None]
"""Yields one part after the other; is sent its trials, or its measurements."""


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that a named study found.

    Parameters
    ----------
    studies : dict of str to Study
    trials : dict of str to list of Trial
        By the name of the study.
    probes : dict of str to list of ProbeResult
        By the name of the probes.
    """

    studies: dict[str, Study]
    trials: dict[str, list[Trial]]
    probes: dict[str, list[ProbeResult]]


Figure = Callable[[Results], Any]
"""Draws one figure into new axes; returns the axes."""


@dataclass(frozen=True, slots=True)
class NamedStudy:
    """A study under a name.

    Parameters
    ----------
    name : str
        As on the command line.
    question : str
        One sentence.
    steps : callable
        From a size to the parts.
    headlines : callable
        From the results to the claims that they judge.
    figures : mapping of str to callable
        By the name of the file.
    notes : str
        What a reader of the results should know.
    """

    name: str
    question: str
    steps: Callable[[Size], Steps]
    headlines: Callable[[Results], Sequence[Headline]]
    figures: Mapping[str, Figure]
    notes: str = ""
