"""Clean a student's HTML: tables, text and embedded pictures stay, nothing acts or loads.

``nh3`` (the Ammonia sanitizer) parses as a browser does; ``bleach``, which nbconvert uses, is no
longer developed. Its time can grow with the square of the nesting, so what is cleaned is bounded.
"""

from __future__ import annotations

import re

import nh3

__all__ = ["MAX_HTML", "clean_html"]

MAX_HTML = 400_000  # characters, embedded pictures not counted
_MOST_TAGS = 10_000  # "<" and "&": a table of 60 rows and 20 columns has 2,500
# fmt: off
_TAGS = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd",
    "del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small",
    "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "tt", "u", "ul", "var", "wbr",
})
# fmt: on
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
    "table": {"border"},
}
# pandas' own, and those that nbconvert's highlighter makes; any other may be a hook of the page.
_CLASSES = {"table": {"dataframe"}}
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*+", re.IGNORECASE)
_SHOWN_SVG = re.compile(r"data:image/svg\+xml;base64,[A-Za-z0-9+/=]*+")
_LINK = re.compile(r"https?://", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,5}%?")
# Commands of TeX with which MathJax makes links, styles and hooks of a formula.
_ACTING_TEX = re.compile(
    r"\\(?=(?:href|url|style|class|cssId|data|require|texttip|toggle|action|mathtip|unicode)(?![A-Za-z]))"
)
_WORDS = frozenset({"left", "right", "center", "row", "col"})


def clean_html(html: str, *, classes: frozenset[str] = frozenset()) -> str | None:
    """Return HTML that shows text, tables, links and embedded pictures, and does nothing else.

    No script, style, form, frame, event handler, id, address of this server or picture from
    elsewhere survives.

    Parameters
    ----------
    html : str
    classes : frozenset of str
        Classes of ``span`` and ``div`` that stay; none of a student's own.

    Returns
    -------
    str or None
        None when it is too large to be cleaned in fair time.
    """
    if not _is_small(html):
        return None
    kept = _CLASSES | {"span": set(classes), "div": set(classes)}
    cleaned = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        allowed_classes=kept,
        url_schemes={"http", "https", "data"},
        link_rel="noopener noreferrer",
    )
    # A character that no command holds: the formula shows the command instead of obeying it.
    return _ACTING_TEX.sub("\\\\\u2060", cleaned)


def _is_small(html: str) -> bool:
    if html.count("<") + html.count("&") > _MOST_TAGS:
        return False
    return len(html) <= MAX_HTML or len(_PICTURE.sub("", html)) <= MAX_HTML


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "src":
        good = _PICTURE.fullmatch(value) or _SHOWN_SVG.fullmatch(value)
    elif name == "href":
        good = _LINK.match(value)
    elif name in ("alt", "class", "rel"):
        return value
    else:
        return value if _NUMBER.fullmatch(value) or value in _WORDS else None
    return value if good else None
