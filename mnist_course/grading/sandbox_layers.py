"""The layers of a sandbox by name, and which of them must be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mnist_course.grading.results import SandboxLayer

__all__ = ["LAYERS", "missing_layers"]

LAYERS: Mapping[str, str] = {
    "own process": "a session of its own with an environment made from nothing",
    "own user": "a fresh user without any rights, for one run",
    "own files": "only programs and given data exist, the rest of the machine does not",
    "own process numbers": "no other process can be seen or signalled",
    "file rules": "Landlock: reads programs and given data, writes in one scratch folder",
    "system calls": "seccomp: no network, no tracing, no namespaces, no keys",
    "no new privileges": "no program can give more rights",
    "resource limits": "memory, processor time, size and number of files of each process",
    "control group": "memory and number of all processes together, kept by the kernel",
    "verified": "tried from inside: grader, hidden tests, results and network are out of reach",
}
"""What each layer does, in words, from the outermost."""


def missing_layers(layers: Iterable[SandboxLayer]) -> list[str]:
    """Return which required layers are missing, in words; empty when the sandbox is complete.

    Each of the four has to be there; one way to keep files apart is enough.
    """
    layers = tuple(layers)
    active = {layer.name for layer in layers if layer.active}
    details = {layer.name: layer.detail for layer in layers}
    missing = [
        f"{name} ({details.get(name, 'not reported')})"
        for name in ("resource limits", "no new privileges", "system calls", "verified")
        if name not in active
    ]
    if not active & {"own user", "own files", "file rules"}:
        missing.append(f"own user, own files or file rules ({details.get('file rules', 'none')})")
    return missing
