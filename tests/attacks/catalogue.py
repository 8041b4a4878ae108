"""All attacks."""

from __future__ import annotations

from tests.attacks import (
    cheating,
    hooks,
    kernel_channel,
    lying_objects,
    model_objects,
    odd_files,
    output_injection,
    patching,
    persistence,
    processes,
    reading_secrets,
    resources,
    structure,
)
from tests.attacks.attack import Attack

__all__ = ["ATTACKS", "FAMILIES"]

ATTACKS: tuple[Attack, ...] = (
    *lying_objects.ATTACKS,
    *patching.ATTACKS,
    *hooks.ATTACKS,
    *reading_secrets.ATTACKS,
    *processes.ATTACKS,
    *kernel_channel.ATTACKS,
    *resources.ATTACKS,
    *persistence.ATTACKS,
    *structure.ATTACKS,
    *odd_files.ATTACKS,
    *output_injection.ATTACKS,
    *model_objects.ATTACKS,
    *cheating.ATTACKS,
)
FAMILIES = tuple(dict.fromkeys(attack.family for attack in ATTACKS))
