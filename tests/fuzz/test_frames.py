"""Frames: what is written is read; any other bytes raise our error, in bounded memory."""

from __future__ import annotations

import json
import math
import socket
import struct
import tracemalloc
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_course.exceptions import SerializationError
from mnist_course.grading.channel import Channel
from mnist_course.grading.serialization import Opaque, decode, encode, parse_json
from tests.fuzz.cases import CASES, FEW, damaged

PREFIX = struct.Struct(">4sQ")
TYPES = (bool, int, float, str, list, tuple, dict, type(None), Opaque, np.ndarray)


def same(a: Any, b: Any) -> bool:
    """Equal in type and value, NaN included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return struct.pack(">d", a) == struct.pack(">d", b) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        pairs = zip(a.items(), b.items(), strict=len(a) == len(b))
        return all(same(k, j) and same(v, w) for (k, v), (j, w) in pairs)
    return bool(a == b)


def closed(value: Any) -> bool:
    """Whether a value is made of the closed list of types and nothing else."""
    if type(value) in (list, tuple):
        return all(map(closed, value))
    if type(value) is dict:
        return all(closed(k) and closed(v) for k, v in value.items())
    if isinstance(value, np.ndarray):
        return type(value) is np.ndarray and value.dtype.kind in "biufc" and value.flags.owndata
    return type(value) in TYPES or (isinstance(value, np.generic) and value.dtype.kind in "biufc")


numbers = st.sampled_from(
    ["?", "i1", ">i2", "<i4", "i8", "u1", "u2", ">u4", "u8", "f2", "f4", ">f8", "c8", "c16"]
)
arrays = hnp.arrays(numbers, hnp.array_shapes(min_dims=0, min_side=0, max_dims=4))
plain = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
)  # fmt: skip
keys = (
    st.text(max_size=5) | st.integers(-9, 9) | st.booleans() | st.none()
    | st.tuples(st.integers(0, 3), st.text(max_size=2))
)  # fmt: skip
values = st.recursive(
    plain | arrays | arrays.map(lambda a: a.reshape(-1)[0] if a.size else np.float32(0)),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.lists(inner, max_size=6).map(tuple)
        | st.dictionaries(keys, inner, max_size=6)
    ),
    max_leaves=25,
)


def normal(value: Any) -> Any:
    """The value as it arrives: arrays in one byte order."""
    if isinstance(value, np.ndarray | np.generic):
        changed = value.astype(value.dtype.newbyteorder("<"))
        return changed if isinstance(value, np.ndarray) else changed[()]
    if type(value) in (list, tuple):
        return type(value)(map(normal, value))
    if type(value) is dict:
        return {k: normal(v) for k, v in value.items()}
    return value


@CASES
@given(values)
def test_what_is_written_is_read(value: Any) -> None:
    assert same(decode(encode(value)), normal(value))


WHOLE = encode(
    {"a": [1, -2.5, "é\"]", None, (True, 2**64 - 1)], 3: {"w": np.arange(6.0).reshape(2, 3)},
     (1, "x"): np.float32(0.1), "o": Opaque("Model", "not one of the types"),
     "c": np.array([1j, 2]), "n": float("nan"), "e": np.zeros((0, 3), "i1")}
)  # fmt: skip
WORDS = (
    b'{"k":"none"}', b'"k":"int"', b'"v":', b'"k":"array"', b'"d":"f8"', b'"s":[2]', b'"at":0',
    b'"k":"object","t":"thing"', b'"k":"opaque"', b'"O"', b'"V8"', b'"<f8,<f8"', b"NaN", b"1e999",
    b"9" * 30, b"9" * 5000, b"-1", b"true", b"[", b"]", b"{", b"}", b'"', b"\\ud800", b"\\", b",",
    b"\0" * 8, b"\xff" * 8, b"MCF1", b"\x80\x04\x95", b"\x93NUMPY",
)  # fmt: skip


def read(frame: bytes) -> None:
    """Decode; our error, or a value of the closed list that can be written again."""
    try:
        value = decode(frame, build={"thing": dict})
    except SerializationError as error:
        assert 0 < len(str(error)) < 1000
        return
    assert closed(value)
    assert same(decode(encode(value)), value)


@CASES
@given(damaged(WHOLE, WORDS))
def test_damaged_frames(frame: bytes) -> None:
    read(frame)


@CASES
@given(damaged(WHOLE[12 : 12 + PREFIX.unpack(WHOLE[:12])[1]], WORDS), st.integers(0, 200))
def test_damaged_headers_in_a_whole_frame(header: bytes, size: int) -> None:
    read(PREFIX.pack(b"MCF1", len(header)) + header + bytes(size))


nodes = st.recursive(
    st.fixed_dictionaries(
        {"k": st.sampled_from(["none", "bool", "int", "float", "str", "array", "scalar"])},
        optional={
            "v": st.booleans() | st.integers() | st.text(max_size=4) | st.just("0x1p3") | st.none(),
            "d": st.sampled_from(["f8", "u1", "?", "c16", "O", "U1", "m8"]) | st.integers(),
            "s": st.lists(st.integers(-1, 3) | st.sampled_from([2**40, 2**62]), max_size=4),
            "at": st.integers(-1, 40),
            "t": st.text(max_size=5),
            "why": st.text(max_size=5),
        },
    )
    | st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.fixed_dictionaries(
        {"k": st.sampled_from(["list", "tuple", "dict", "object"]),
         "v": st.lists(inner, max_size=3) | st.lists(st.tuples(inner, inner), max_size=3)
         | st.dictionaries(st.text(max_size=3), inner, max_size=3)},
        optional={"t": st.sampled_from(["thing", "model"])},
    ),
    max_leaves=12,
)  # fmt: skip


@CASES
@given(nodes, st.integers(0, 60))
def test_headers_of_the_right_form_with_wrong_contents(node: Any, size: int) -> None:
    header = json.dumps(node).encode()
    read(PREFIX.pack(b"MCF1", len(header)) + header + bytes(size))


@CASES
@given(st.binary(max_size=100))
def test_any_bytes(raw: bytes) -> None:
    read(raw)
    read(PREFIX.pack(b"MCF1", len(raw)) + raw)
    try:
        parse_json(raw)
    except SerializationError:
        return
    json.loads(raw)  # what we take, Python takes


@FEW
@given(damaged(WHOLE, WORDS) | nodes.map(lambda n: json.dumps(n).encode()).map(
    lambda header: PREFIX.pack(b"MCF1", len(header)) + header))  # fmt: skip
def test_memory_is_bounded_by_what_came(frame: bytes) -> None:
    tracemalloc.start()
    try:
        read(frame)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000 + 100 * len(frame)


@CASES
@given(damaged(struct.pack(">Q", len(WHOLE)) + WHOLE, (*WORDS, struct.pack(">Q", 2**40))))
def test_damaged_messages_on_a_channel(raw: bytes) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        channel = Channel(ours)
        theirs.sendall(raw)
        theirs.shutdown(socket.SHUT_WR)
        try:
            for _ in range(20):
                assert closed(channel.receive(seconds=5))
        except (EOFError, SerializationError):
            pass
        finally:
            channel.close()
