"""Spare a process the second in which jsonschema prepares a check that no notebook needs.

``rfc3987_syntax``, which Jupyter's packages bring with them, compiles 38 grammars of
internationalised addresses when it is imported, and ``import jsonschema`` imports it where it can.
nbformat and nbgrader validate notebooks with jsonschema, and ask for no such check.
"""

from __future__ import annotations

import sys

__all__ = ["without_iri_checks"]


def without_iri_checks() -> None:
    """Have jsonschema do without; for a process of this package's own, before it is imported."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
