"""Turn a matplotlib figure into SVG that stands inside a page, light or dark.

matplotlib writes styles as ``style="..."``, which the page's Content Security Policy forbids, and
fixed colours. Here they become attributes, and each colour becomes a variable of the page. Nothing
of it depends on the time or on chance.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ACCENT", "CARD", "GRID", "INK", "MUTED", "inline_svg"]

# Stand-ins: matplotlib knows no variables, so each of these colours means one.
INK = "#0a0b01"
MUTED = "#0a0b02"
GRID = "#0a0b03"
ACCENT = "#0a0b04"
CARD = "#0a0b05"
_VARIABLES = {
    INK: "currentColor",
    MUTED: "var(--muted)",
    GRID: "var(--line)",
    ACCENT: "var(--accent)",
    CARD: "var(--card)",
}
_FONT_SIZE = re.compile(r"([\d.]+)px")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_LEFT_OUT = {"metadata", "style"}


def inline_svg(figure: Figure, *, name: str, title: str) -> Markup:
    """Return an ``<svg>`` element.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        In the colours of this module only; the words in it are ours, never a student's.
    name : str
        Letters, unique on the page: begins every id, and ``{name}-text`` is the id of the element
        that describes the figure.
    title : str
        What the figure is called, read aloud first.

    Raises
    ------
    ValueError
        If a colour is none of this module's.
    """
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "class report"}):
        figure.savefig(
            buffer,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    # matplotlib wrote it, a moment ago.
    root = ET.fromstring(buffer.getvalue())  # noqa: S314
    _clean(root)
    _rename(root, name)
    view = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib.update(
        {
            "viewBox": view,
            "role": "img",
            "aria-labelledby": f"{name}-title",
            "aria-describedby": f"{name}-text",
            "focusable": "false",
        }
    )
    heading = ET.Element("title", {"id": f"{name}-title"})
    heading.text = title
    root.insert(0, heading)
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - escaped by ElementTree


def _clean(element: ET.Element) -> None:
    """Take out what a page does not need, and make attributes of styles."""
    element.tag = _local(element.tag)
    attributes = {_local(key): value for key, value in element.attrib.items()}
    for declaration in attributes.pop("style", "").split(";"):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        if key == "font":
            size = _FONT_SIZE.search(value)
            assert size is not None, f"no size in {value!r}"
            attributes["font-size"] = size[1]
        elif key:
            attributes[key] = _VARIABLES[value] if value in _VARIABLES else _no_colour(value)
    element.attrib.clear()
    element.attrib.update(attributes)
    element.tail = None
    if element.text is not None and not element.text.strip():
        element.text = None
    for child in list(element):
        if _local(child.tag) in _LEFT_OUT:
            element.remove(child)
        else:
            _clean(child)


def _no_colour(value: str) -> str:
    if value.startswith(("#", "rgb")):
        raise ValueError(
            f"A figure of the page has the colour {value}, which cannot follow a dark scheme. Use "
            f"one of {', '.join(_VARIABLES)}."
        )
    return value


def _local(name: str) -> str:
    """Return a name without its namespace: a page knows which elements are SVG."""
    return name.rpartition("}")[2]


def _rename(root: ET.Element, name: str) -> None:
    """Give ids that are unique on the page to what is referred to, and to nothing else."""
    referred: dict[str, str] = {}
    for element in root.iter():
        for key, value in element.attrib.items():
            links = [value[1:]] if key == "href" else _REFERENCE.findall(value)
            for link in links:
                referred.setdefault(link, f"{name}-{len(referred)}")
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id":
                if value in referred:
                    element.attrib["id"] = referred[value]
                else:
                    del element.attrib["id"]
            elif key == "href":
                element.attrib["href"] = f"#{referred[value[1:]]}"
            elif "url(#" in value:
                element.attrib[key] = _REFERENCE.sub(
                    lambda match: f"url(#{referred[match[1]]})", value
                )
