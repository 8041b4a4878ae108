"""Experiments whose conclusions are true: the record of every fit, trials, studies, their checks.

Nothing heavy is loaded here: the grader reads records with NumPy alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_course.late_names import late_names

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import (
        DataPrint,
        EvaluationRecord,
        FitRecord,
        LayerRecord,
        weights_digest,
    )
    from mnist_course.experiments.recording.log import ExperimentLog
    from mnist_course.experiments.studies.claim import Claim
    from mnist_course.experiments.studies.table import frame, summary
    from mnist_course.experiments.studies.verdict import verdict
    from mnist_course.experiments.trials.configuration import Configuration
    from mnist_course.experiments.trials.gradients import (
        GradientNoise,
        gradient_noise,
        gradient_norms,
    )
    from mnist_course.experiments.trials.own_fit import own_trial
    from mnist_course.experiments.trials.running import run, run_arms
    from mnist_course.experiments.trials.trial import Trial
    from mnist_course.experiments.validity.design import Design
    from mnist_course.experiments.validity.examine import examine

__all__ = [
    "Claim",
    "Configuration",
    "DataPrint",
    "Design",
    "EvaluationRecord",
    "ExperimentLog",
    "FitRecord",
    "GradientNoise",
    "LayerRecord",
    "Trial",
    "examine",
    "frame",
    "gradient_noise",
    "gradient_norms",
    "own_trial",
    "run",
    "run_arms",
    "summary",
    "verdict",
    "weights_digest",
]

_MODULES = {
    "Claim": "studies.claim",
    "Configuration": "trials.configuration",
    "DataPrint": "recording.fit_record",
    "Design": "validity.design",
    "EvaluationRecord": "recording.fit_record",
    "ExperimentLog": "recording.log",
    "FitRecord": "recording.fit_record",
    "GradientNoise": "trials.gradients",
    "LayerRecord": "recording.fit_record",
    "Trial": "trials.trial",
    "examine": "validity.examine",
    "frame": "studies.table",
    "gradient_noise": "trials.gradients",
    "gradient_norms": "trials.gradients",
    "own_trial": "trials.own_fit",
    "run": "trials.running",
    "run_arms": "trials.running",
    "summary": "studies.table",
    "verdict": "studies.verdict",
    "weights_digest": "recording.fit_record",
}

__getattr__, __dir__ = late_names(globals(), _MODULES)
