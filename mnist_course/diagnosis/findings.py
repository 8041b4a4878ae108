"""One thing that a diagnosis says about a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, overload

__all__ = ["Diagnosis", "Finding", "Severity"]

Severity = Literal["problem", "hint"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A number that was seen, why it matters, what to try next.

    Parameters
    ----------
    name : str
        Stable slug, ``missing-softmax``; tests and checks rely on it, students never need it.
    saw, why, next_step : str
        Plain text without markup; ``saw`` holds a number where there is one.
    severity : {"problem", "hint"}
        A problem costs accuracy or makes a number untrue; a hint is worth knowing.
    """

    name: str
    saw: str
    why: str
    next_step: str
    severity: Severity = "problem"


class Diagnosis(Sequence[Finding]):
    """What was found, problems first; each name once.

    Parameters
    ----------
    findings : iterable of Finding
        Where two have the same name, the first one is kept.
    """

    __slots__ = ("_findings",)

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        once: dict[str, Finding] = {}
        for finding in findings:
            once.setdefault(finding.name, finding)
        ordered = sorted(once.values(), key=lambda finding: finding.severity != "problem")
        self._findings = tuple(ordered)

    @property
    def names(self) -> tuple[str, ...]:
        """The slugs of all findings."""
        return tuple(finding.name for finding in self._findings)

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The findings of severity "problem"."""
        return tuple(finding for finding in self._findings if finding.severity == "problem")

    @property
    def hints(self) -> tuple[Finding, ...]:
        """The findings of severity "hint"."""
        return tuple(finding for finding in self._findings if finding.severity == "hint")

    @overload
    def __getitem__(self, index: int) -> Finding: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...

    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self._findings[index]

    def __len__(self) -> int:
        return len(self._findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._findings)

    def __repr__(self) -> str:
        return f"Diagnosis({list(self.names)})"

    def __str__(self) -> str:
        if not self._findings:
            return _NOTHING
        return "\n\n".join(
            f"{finding.severity.capitalize()}: {finding.saw}\n"
            f"  Why it matters: {finding.why}\n"
            f"  Next: {finding.next_step}"
            for finding in self._findings
        )

    def _repr_html_(self) -> str:
        if not self._findings:
            return _card("#2e7d32", f"<b>{escape(_NOTHING)}</b>")
        return "".join(
            _card(
                "#b3261e" if finding.severity == "problem" else "#b26a00",
                f"<b>{finding.severity.capitalize()}: {escape(finding.saw)}</b><br>"
                f"{escape(finding.why)}<br><i>Next: {escape(finding.next_step)}</i>",
            )
            for finding in self._findings
        )

    def frame(self) -> Any:
        """Return a pandas DataFrame: severity, name, saw, why, next_step; a row per finding."""
        import pandas as pd

        columns = ["severity", "name", "saw", "why", "next_step"]
        rows = [[getattr(finding, column) for column in columns] for finding in self._findings]
        return pd.DataFrame(rows, columns=columns)


_NOTHING = "Nothing suspicious found in what was looked at."


def _card(colour: str, body: str) -> str:
    return (
        f'<div style="border-left:6px solid {colour};padding:.5em 1em;margin:.3em 0;'
        f'background:rgba(128,128,128,.08)">{body}</div>'
    )
