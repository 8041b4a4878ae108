"""Turn values into frames of a closed list of types, for crossing a process boundary.

A frame is a JSON header (UTF-8) followed by the raw bytes of its arrays. Nothing in it can name
code: the reader builds exact built-in types, NumPy arrays of numbers, and objects whose *parts*
are again such values. What the list does not hold arrives as ``Opaque``, with the reason.

The same frames carry a student's values out of the sandbox, and the questions and answers between
the test runner and the evaluator.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mnist_course.exceptions import SerializationError

__all__ = [
    "MAX_ARRAY_BYTES",
    "MAX_HEADER_BYTES",
    "MAX_ITEMS",
    "Opaque",
    "Portable",
    "decode",
    "encode",
    "parse_json",
]

MAX_HEADER_BYTES = 4 << 20
MAX_ARRAY_BYTES = 240 << 20  # below what a sandboxed process may write into one file
MAX_ITEMS = 100_000
MAX_DEPTH = 12  # of values; the JSON of a frame is about four times as deep
MAX_STRING = 1 << 20
_JSON_DEPTH = 60
_MAGIC = b"MCF1"
_PREFIX = struct.Struct(">4sQ")
# Bool, integers, floats, complex numbers; never objects, strings or dates.
_DTYPES = frozenset(
    np.dtype(t).str[1:]
    for t in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
)


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that could not leave the process: its type's name, with the reason."""

    type_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Portable:
    """An object taken apart: its kind (``"model"``, ``"history"`` ...), with plain parts."""

    kind: str
    parts: Mapping[str, Any]


TakeApart = Callable[[Any], "Portable | Opaque | None"]
Build = Callable[[Mapping[str, Any]], Any]


def _nothing(_value: Any) -> None:
    """Know no object beyond the plain types."""


@dataclass(slots=True)
class _Writer:
    take_apart: TakeApart
    chunks: list[bytes] = field(default_factory=list)
    position: int = 0
    items: int = 1

    def node(self, value: Any, depth: int = 0) -> dict[str, Any]:
        """Return the header's description of one value, whose arrays go to ``chunks``."""
        if depth > MAX_DEPTH:
            return self._opaque(value, f"nested more than {MAX_DEPTH} levels deep")
        kind = type(value)
        # Exact types only: a subclass may answer differently each time it is asked.
        if value is None:
            return {"k": "none"}
        if kind is bool:
            return {"k": "bool", "v": value}
        if kind is int:
            if not -(2**63) <= value < 2**64:
                return self._opaque(value, "an integer beyond 64 bits")
            return {"k": "int", "v": value}
        if kind is float:
            return {"k": "float", "v": value.hex()}
        if kind is str:
            if len(value) > MAX_STRING:
                return self._opaque(value, f"a string of more than {MAX_STRING:,} characters")
            return {"k": "str", "v": _sendable(value)}
        if kind in (list, tuple):
            if not self._reserve(len(value)):
                return self._opaque(value, f"more than {MAX_ITEMS:,} items in all")
            return {"k": kind.__name__, "v": [self.node(v, depth + 1) for v in value]}
        if kind is dict:
            if not self._reserve(2 * len(value)):
                return self._opaque(value, f"more than {MAX_ITEMS:,} items in all")
            keys = [self._key(k) for k in value]
            if None in keys or len({json.dumps(k) for k in keys}) < len(keys):
                return self._opaque(value, "a dict whose keys are not plain values")
            return {
                "k": "dict",
                "v": [
                    [key, self.node(v, depth + 1)]
                    for key, v in zip(keys, value.values(), strict=True)
                ],
            }
        if isinstance(value, (np.ndarray, np.generic)):
            return self._array(value)
        portable = value if kind in (Opaque, Portable) else self.take_apart(value)
        if isinstance(portable, Opaque):
            words = (portable.type_name[:80], portable.reason[:500])
            return {"k": "opaque", "t": _sendable(words[0]), "why": _sendable(words[1])}
        if portable is None:
            return self._opaque(value, "not one of the types that can be graded")
        if not self._reserve(len(portable.parts)):
            return self._opaque(value, f"more than {MAX_ITEMS:,} items in all")
        parts = {str(n): self.node(v, depth + 1) for n, v in portable.parts.items()}
        return {"k": "object", "t": portable.kind, "v": parts}

    def _key(self, key: Any) -> dict[str, Any] | None:
        """Return the description of a dict's key, None for one that the other side would refuse."""
        if isinstance(key, np.generic):  # as np.unique gives them
            key = key.item()
        if type(key) is tuple:
            if not self._reserve(len(key)):
                return None
            inner = [self._key(k) for k in key]
            return None if None in inner else {"k": "tuple", "v": inner}
        if type(key) not in (str, int, float, bool, type(None)):
            return None
        node = self.node(key)
        return None if node["k"] == "opaque" else node

    def _reserve(self, count: int) -> bool:
        """Take room for a container's values all at once, so that none is cut off in the middle."""
        if self.items + count > MAX_ITEMS:
            return False
        self.items += count
        return True

    def _array(self, value: np.ndarray[Any, Any] | np.generic) -> dict[str, Any]:
        array = np.asarray(value)
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        if array.dtype.str[1:] not in _DTYPES:
            return self._opaque(value, f"an array of {array.dtype}; expected numbers")
        if self.position + array.nbytes > MAX_ARRAY_BYTES:
            return self._opaque(value, f"arrays of more than {MAX_ARRAY_BYTES >> 20} MB in all")
        data = array.tobytes()
        node = {
            "k": "array" if isinstance(value, np.ndarray) else "scalar",
            "d": array.dtype.str[1:],
            "s": list(array.shape),
            "at": self.position,
        }
        self.chunks.append(data)
        self.position += len(data)
        return node

    @staticmethod
    def _opaque(value: Any, reason: str) -> dict[str, Any]:
        return {"k": "opaque", "t": _sendable(type(value).__name__[:80]), "why": reason}


def _sendable(text: str) -> str:
    """Return text without lone surrogates, which no file or page can hold."""
    return text.encode("utf-8", "replace").decode()


def _received(text: Any) -> str:
    """Check that a text is one that ``_sendable`` gives."""
    if type(text) is not str:
        raise SerializationError("words that are no text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SerializationError("a text with a lone surrogate") from error
    return text


def encode(value: Any, *, take_apart: TakeApart = _nothing) -> bytes:
    """Return a value as one frame.

    Parameters
    ----------
    value : object
        None, bool, int, float, str, list, tuple, dict, NumPy array or scalar of numbers, or what
        ``take_apart`` knows. Anything else becomes ``Opaque`` on the other side.
    take_apart : callable
        Given another object, returns its ``Portable`` parts, ``Opaque`` with a reason, or None.

    Returns
    -------
    bytes

    Raises
    ------
    SerializationError
        If the header is larger than ``MAX_HEADER_BYTES``.
    """
    writer = _Writer(take_apart)
    header = json.dumps(writer.node(value), separators=(",", ":")).encode()
    if len(header) > MAX_HEADER_BYTES:
        raise SerializationError(
            f"the values need a header of {len(header):,} bytes; at most {MAX_HEADER_BYTES:,} are "
            "read. Keep long lists as NumPy arrays."
        )
    return b"".join([_PREFIX.pack(_MAGIC, len(header)), header, *writer.chunks])


def parse_json(
    text: str | bytes,
    *,
    max_bytes: int = MAX_HEADER_BYTES,
    depth: int = _JSON_DEPTH,
    constants: bool = False,
) -> Any:
    """Parse JSON from an untrusted process.

    Size and depth are checked before parsing; a repeated key is an error, and so is NaN or
    Infinity unless ``constants``, for whoever checks every number.

    Raises
    ------
    SerializationError
        If the text is not such JSON.
    """
    try:
        string = text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise SerializationError(f"not UTF-8 at byte {error.start}") from error
    if len(string) > max_bytes:
        raise SerializationError(
            f"JSON of {len(string):,} characters; expected at most {max_bytes:,}"
        )
    _check_depth(string, depth)

    def constant(name: str) -> float:
        if constants:
            return float(name)
        raise SerializationError(f"{name} is not JSON")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(items)
        if len(result) != len(items):
            raise SerializationError("a key occurs twice in one JSON object")
        return result

    try:
        return json.loads(string, parse_constant=constant, object_pairs_hook=pairs)
    except SerializationError:
        raise
    except (ValueError, RecursionError) as error:
        raise SerializationError(f"not JSON: {error}") from error


def _check_depth(text: str, limit: int) -> None:
    depth, in_string, escaped = 0, False, False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth > limit:
                raise SerializationError(f"JSON nested more than {limit} levels deep")
        elif character in "]}":
            depth -= 1


@dataclass(slots=True)
class _Reader:
    data: memoryview
    build: Mapping[str, Build]
    position: int = 0
    items: int = 0

    def value(self, node: Any, depth: int = 0) -> Any:
        """Return the value that a header node describes."""
        self.items += 1
        if depth > MAX_DEPTH + 1 or self.items > MAX_ITEMS:
            raise SerializationError("a frame with too many or too deeply nested values")
        if type(node) is not dict:
            raise SerializationError("a frame node is not an object")
        kind = node.get("k")
        if type(kind) is not str or kind not in self._READERS:
            raise SerializationError(f"unknown kind of value {str(kind)[:40]!r}")
        reader = self._READERS[kind]
        return reader(self, node, depth)

    def _plain(self, node: dict[str, Any], depth: int) -> Any:
        expected = {"bool": bool, "int": int, "str": str}[node["k"]]
        if type(node.get("v")) is not expected:
            raise SerializationError(f"a {node['k']} node that holds something else")
        if expected is str:
            return _received(node["v"])
        if not -(2**63) <= node["v"] < 2**64:
            raise SerializationError("an integer beyond 64 bits")
        return node["v"]

    def _none(self, node: dict[str, Any], depth: int) -> None:
        return None

    def _float(self, node: dict[str, Any], depth: int) -> float:
        text = node.get("v")
        if type(text) is not str or len(text) > 40:
            raise SerializationError("a float node that holds something else")
        try:
            return float.fromhex(text)
        except (ValueError, OverflowError) as error:
            raise SerializationError("a float node that is not a number") from error

    def _sequence(self, node: dict[str, Any], depth: int) -> list[Any] | tuple[Any, ...]:
        nodes = node.get("v")
        if type(nodes) is not list:
            raise SerializationError("a list node without a list")
        values = [self.value(n, depth + 1) for n in nodes]
        return values if node["k"] == "list" else tuple(values)

    def _dict(self, node: dict[str, Any], depth: int) -> dict[Any, Any]:
        pairs, result = node.get("v"), {}
        if type(pairs) is not list:
            raise SerializationError("a dict node without pairs")
        for pair in pairs:
            if type(pair) is not list or len(pair) != 2:
                raise SerializationError("a dict node with something that is not a pair")
            key = self.value(pair[0], depth + 1)
            if type(key) not in (str, int, float, bool, tuple, type(None)):
                raise SerializationError("a dict key that is not a plain value")
            try:
                known = key in result
            except TypeError as error:  # a tuple that holds a list
                raise SerializationError("a dict key that is not a plain value") from error
            if known:
                raise SerializationError("a dict with the same key twice")
            result[key] = self.value(pair[1], depth + 1)
        return result

    def _array(self, node: dict[str, Any], depth: int) -> Any:
        dtype, shape, at = node.get("d"), node.get("s"), node.get("at")
        if type(dtype) is not str or dtype not in _DTYPES:
            raise SerializationError(f"an array of {str(dtype)[:20]!r}; expected numbers")
        if (
            type(shape) is not list
            or len(shape) > 16
            or not all(type(n) is int and 0 <= n <= 1 << 40 for n in shape)
        ):
            raise SerializationError("an array node with a bad shape")
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if type(at) is not int or at != self.position or size > len(self.data) - at:
            raise SerializationError("an array node that does not fit its bytes")
        self.position += size
        try:
            array = np.ndarray(shape, "<" + dtype, self.data[at : at + size]).copy()
        except (ValueError, TypeError) as error:  # sizes beyond NumPy's, beside one of zero
            raise SerializationError("an array node with a bad shape") from error
        if node["k"] == "scalar":
            if shape:
                raise SerializationError("a scalar node with a shape")
            return array[()]
        return array

    def _opaque(self, node: dict[str, Any], depth: int) -> Opaque:
        return Opaque(_received(node.get("t"))[:80], _received(node.get("why"))[:500])

    def _object(self, node: dict[str, Any], depth: int) -> Any:
        kind, parts = node.get("t"), node.get("v")
        if type(kind) is not str or kind not in self.build or type(parts) is not dict:
            raise SerializationError(f"an object of unknown kind {str(kind)[:40]!r}")
        return self.build[kind]({_received(n): self.value(v, depth + 1) for n, v in parts.items()})

    _READERS = {  # noqa: RUF012 - a constant table; slots leave no other place
        "none": _none, "bool": _plain, "int": _plain, "str": _plain, "float": _float,
        "list": _sequence, "tuple": _sequence, "dict": _dict,
        "array": _array, "scalar": _array, "opaque": _opaque, "object": _object,
    }  # fmt: skip


def decode(
    frame: bytes | bytearray | memoryview, *, build: Mapping[str, Build] | None = None
) -> Any:
    """Return the value of a frame that an untrusted process wrote.

    Parameters
    ----------
    frame : bytes-like
        One whole frame.
    build : mapping of str to callable, optional
        For each kind of ``Portable`` that is welcome, what makes an object of its parts. A builder
        may raise ``SerializationError``.

    Returns
    -------
    object
        Exact built-in types, NumPy arrays that own their memory, ``Opaque``, or what ``build``
        returned.

    Raises
    ------
    SerializationError
        If the bytes are anything else.
    """
    view = memoryview(frame)
    if len(view) < _PREFIX.size:
        raise SerializationError(f"a frame of {len(view)} bytes; expected at least {_PREFIX.size}")
    magic, size = _PREFIX.unpack(view[: _PREFIX.size])
    if magic != _MAGIC or size > MAX_HEADER_BYTES or _PREFIX.size + size > len(view):
        raise SerializationError("bytes that do not begin like a frame")
    body = view[_PREFIX.size + size :]
    if len(body) > MAX_ARRAY_BYTES:
        raise SerializationError(f"a frame with more than {MAX_ARRAY_BYTES >> 20} MB of arrays")
    reader = _Reader(body, build or {})
    value = reader.value(parse_json(bytes(view[_PREFIX.size : _PREFIX.size + size])))
    if reader.position != len(body):
        raise SerializationError("a frame with bytes that belong to no array")
    return value
