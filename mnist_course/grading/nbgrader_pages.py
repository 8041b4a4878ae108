"""Render a student's Markdown for formgrader and for nbgrader's feedback pages.

Their templates insert what nbconvert makes of Markdown as it is, so a ``<script>`` in an answer
would run with the instructor's rights, in the page where grades are set. ``nbgrader_config.py``
puts this filter in the place of nbconvert's own.
"""

from __future__ import annotations

import html
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.token import STANDARD_TYPES  # type: ignore[import-untyped]

from mnist_course.grading.escaping import visible_lines
from mnist_course.grading.safe_html import clean_html

__all__ = ["markdown_to_html"]

_LIMIT = 100_000  # characters
_CODE = frozenset(STANDARD_TYPES.values()) - {""}
_BOXES = frozenset({"alert", "alert-info", "alert-success", "alert-warning", "alert-danger"})
_CLASSES = _CODE | _BOXES | {"highlight"}


@pass_context
def markdown_to_html(context: Context, source: str) -> str:
    """Return the HTML of a Markdown cell, without anything that acts or loads.

    Parameters
    ----------
    context : jinja2.runtime.Context
        Of nbconvert's template; the attachments of its ``cell`` are shown.
    source : str

    Returns
    -------
    str
        The source as it was written where it cannot be rendered.
    """
    written = visible_lines(source, limit=_LIMIT)
    plain = f"<pre>{html.escape(written)}</pre>"
    if len(source) > _LIMIT:
        return plain
    cell: Any = context.get("cell") or {}
    renderer = IPythonRenderer(
        escape=False,
        attachments=cell.get("attachments") or {},
        exclude_anchor_links=True,
        embed_images=False,
    )
    try:
        rendered = MarkdownWithMath(renderer=renderer).render(written)
        return clean_html(rendered, classes=_CLASSES) or plain
    except Exception:
        # A picture that is missing, or a structure that the renderer does not expect: one answer
        # must not keep the page from being shown.
        return plain
