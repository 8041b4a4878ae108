"""Read what a grader wrote: verdict, secrets that came back, what acts where it is shown."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping

from tests.attacks.target import Target

__all__ = ["injections", "leaks", "verdict"]


def verdict(text: str, target: Target) -> tuple[dict[str, float] | None, dict[str, bool]]:
    """Read results.json: scores by item, and the layers by name; None when it is no verdict."""
    try:
        results = json.loads(text)
        extra = results["extra_data"]
        scores = {
            test["extra_data"]["grade_id"].removeprefix(f"{target.id}-"): float(test["score"])
            for test in results["tests"]
        }
        layers = {layer["name"]: bool(layer["active"]) for layer in extra["sandbox"]}
    except (ValueError, KeyError, TypeError):
        return None, {}
    complete = scores.keys() == target.earned["honest"].keys() and not extra["grader_failed"]
    return (scores if complete else None), layers


def leaks(text: str, canaries: Mapping[str, str]) -> list[str]:
    """Return the kinds of secrets that a text holds: as they are, backwards, hex or base64."""
    found = []
    for kind, canary in canaries.items():
        forms = (
            canary,
            canary[::-1],
            canary.encode().hex(),
            base64.b64encode(canary.encode()).decode()[:-4],
        )
        if any(form in text for form in forms):
            found.append(kind)
    return found


# What would act where it is shown: a terminal's commands.
_TERMINAL = re.compile("[\x1b\x9b\x9d\x07\x08]")


def injections(name: str, text: str, nonce: str) -> list[str]:
    """Return what in an output would act on who looks at it; attacks put the nonce into tags."""
    if name == "terminal":
        found = _TERMINAL.search(text)
        return [f"control character {found[0]!r} in the terminal"] if found else []
    if name == "executed.ipynb":
        return []  # holds the student's own outputs, as every notebook does
    if name == "results.json":
        text = _shown_by_gradescope(text)
    return [f"{tag} in {name}" for tag in re.findall(rf"<[^<>]*{nonce}[^<>]*>", text)]


def _shown_by_gradescope(text: str) -> str:
    """Leave out ``extra_data``, which Gradescope stores and shows to nobody."""
    try:
        results = json.loads(text)
        tests = [{k: v for k, v in t.items() if k != "extra_data"} for t in results["tests"]]
    except (ValueError, KeyError, TypeError):
        return text
    shown = {k: v for k, v in results.items() if k != "extra_data"} | {"tests": tests}
    return json.dumps(shown, ensure_ascii=False)
