"""Results of a named study with numbers that nobody measured, to try what comes after them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mnist_course.experiments.studies.named_study import NamedStudy, Results
from mnist_course.experiments.studies.probes import Probe, ProbeResult
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Planned, Study
from mnist_course.experiments.trials.trial import Trial
from tests.experiments.studies.made_trials import made_fit, made_trial

__all__ = ["pretended"]


def pretended(named: NamedStudy, size: Size) -> Results:
    """Carry out a named study as if every network had given some numbers."""
    results = Results({}, {}, {})
    draw = np.random.default_rng(0)
    steps = named.steps(size)
    try:
        part = next(steps)
        while True:
            if isinstance(part, Study):
                results.studies[part.name] = part
                results.trials[part.name] = [
                    _trial(one, draw)
                    for one in sorted(part.trials(), key=lambda one: list(part.arms).index(one.arm))
                ]
                part = steps.send(results.trials[part.name])
            else:
                results.probes[part.name] = [_probe(one, draw) for one in part.probes]
                part = steps.send(results.probes[part.name])
    except StopIteration:
        return results


def _trial(one: Planned, draw: np.random.Generator) -> Trial:
    if one.configuration.task == "reconstruct":
        assert one.configuration.latent is not None
        mse = 0.06 / one.configuration.latent**0.5 + draw.uniform(0, 1e-4)
        measured = {"val_mse": mse, "test_mse": mse, "train_mse": mse}
        history = {"loss": (0.07, mse), "val_mse": (0.07, mse)}
    else:
        measured = {
            f"{part}_{name}": draw.uniform(0.9, 0.99)
            for part in ("val", "test", "train")
            for name in ("accuracy", "cross_entropy")
        }
        measured["gap"] = measured["val_cross_entropy"] - measured["train_cross_entropy"]
        history = {"loss": (0.5, 0.3), "val_cross_entropy": (0.4, float(draw.uniform(0.2, 0.3)))}
    others = {"parameters": 50_000.0, "updates": 20.0, "epochs": 2.0, "weight_norm": 3.0}
    trial = made_trial(one.arm, one.seed, **measured, **others)
    return replace(trial, configuration=one.configuration, fit=made_fit(history=history))


def _probe(one: Probe, draw: np.random.Generator) -> ProbeResult:
    values: dict[str, Any]
    if one.kind == "confusion":
        values = {"counts": draw.integers(0, 30, (10, 10)).tolist(), "test_accuracy": 0.97}
    elif one.kind == "gradient_noise":
        values = {"norm": 1.0, "sd": 2.0, "ratio": 20 / one.configuration.batch_size**0.5}
    elif one.kind == "gradient_norms":
        values = {"norms": [0.1, 1.0], "first_over_last": 0.1 * draw.uniform(0.1, 2)}
    elif one.kind == "pca":
        lengths = one.details["lengths"]
        values = {"mse": {str(k): 0.065 / k**0.5 for k in lengths}, "variance": 0.067}
    else:
        values = {"train_accuracy": 0.88, "test_accuracy": float(draw.uniform(0.86, 0.9))}
    return ProbeResult(one.arm, one.seed, values)
