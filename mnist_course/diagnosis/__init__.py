"""What is wrong with a network or a study, in words: number, why it matters, what to try next.

Importing this package loads the standard library only. The evidence is read by plain functions
(`static`, `code`, `history`, `inputs`, `recorded`, `evaluations`, `probe`) that need no Keras, so
that the trusted grader can use them; `diagnose` takes a Keras model apart for them,
`diagnose_study` asks `experiments.validity` about many trained networks at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_course.late_names import late_names

if TYPE_CHECKING:
    from mnist_course.diagnosis.code import check_code
    from mnist_course.diagnosis.evaluations import check_evaluations
    from mnist_course.diagnosis.examine import diagnose
    from mnist_course.diagnosis.findings import Diagnosis, Finding
    from mnist_course.diagnosis.measure import gradient_norms, initial_loss, unit_activity
    from mnist_course.diagnosis.plots import plot_gradient_norms, plot_learning_rate_sweep
    from mnist_course.diagnosis.probe import UnitHealth, unit_health
    from mnist_course.diagnosis.short_runs import (
        OverfitTest,
        learning_rate_sweep,
        overfit_small,
        update_size,
    )
    from mnist_course.diagnosis.study import diagnose_study
    from mnist_course.diagnosis.table import diagnosis_table

__all__ = [
    "Diagnosis",
    "Finding",
    "OverfitTest",
    "UnitHealth",
    "check_code",
    "check_evaluations",
    "diagnose",
    "diagnose_study",
    "diagnosis_table",
    "gradient_norms",
    "initial_loss",
    "learning_rate_sweep",
    "overfit_small",
    "plot_gradient_norms",
    "plot_learning_rate_sweep",
    "unit_activity",
    "unit_health",
    "update_size",
]

_MODULES = {
    "Diagnosis": "findings",
    "Finding": "findings",
    "OverfitTest": "short_runs",
    "UnitHealth": "probe",
    "check_code": "code",
    "check_evaluations": "evaluations",
    "diagnose": "examine",
    "diagnose_study": "study",
    "diagnosis_table": "table",
    "gradient_norms": "measure",
    "initial_loss": "measure",
    "learning_rate_sweep": "short_runs",
    "overfit_small": "short_runs",
    "plot_gradient_norms": "plots",
    "plot_learning_rate_sweep": "plots",
    "unit_activity": "measure",
    "unit_health": "probe",
    "update_size": "short_runs",
}

__getattr__, __dir__ = late_names(globals(), _MODULES)
