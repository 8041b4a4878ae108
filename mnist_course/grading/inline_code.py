"""Show what stands between backticks as code, in HTML that is otherwise text."""

from __future__ import annotations

import re
from html import escape

__all__ = ["html_with_code"]

_CODE = re.compile(r"`([^`\n]{1,200})`")


def html_with_code(text: str) -> str:
    """Return HTML that shows a sentence, with its ```names``` as code.

    Everything else in it is escaped, between the backticks as well.

    Examples
    --------
    >>> html_with_code("`model` is <b>not</b> built")
    '<code>model</code> is &lt;b&gt;not&lt;/b&gt; built'
    """
    return _CODE.sub(r"<code>\1</code>", escape(text))
