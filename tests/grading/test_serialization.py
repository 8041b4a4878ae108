"""Frames: what goes in comes out; what no writer of ours made is refused."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_course.exceptions import SerializationError
from mnist_course.grading import serialization
from mnist_course.grading.serialization import Opaque, Portable, decode, encode, parse_json

PREFIX = struct.Struct(">4sQ")


def frame(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return PREFIX.pack(b"MCF1", len(text)) + text + data


def same(a: Any, b: Any) -> bool:
    """Equal in type and value, NaN included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return struct.pack(">d", a) == struct.pack(">d", b) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        pairs = zip(a.items(), b.items(), strict=True)
        return len(a) == len(b) and all(same(k, j) and same(v, w) for (k, v), (j, w) in pairs)
    return bool(a == b)


plain = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
)
dtypes = st.sampled_from(["?", "i1", "i2", "<i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "<f8"])
arrays = hnp.arrays(
    dtypes | st.sampled_from(["c8", "c16"]), hnp.array_shapes(min_dims=0, min_side=0)
)
values = st.recursive(
    plain | arrays,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(st.text("abcä", max_size=4) | st.integers(2, 9), inner, max_size=5)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(values)
def test_round_trip(value: Any) -> None:
    assert same(decode(encode({"it": value})), {"it": value})


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=40))
def test_random_bytes_are_refused(header: bytes, data: bytes) -> None:
    with pytest.raises(SerializationError):
        decode(header)
    with pytest.raises(SerializationError):
        decode(frame(b"?" + header, data))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_frame_is_refused_or_gives_plain_values(data: Any) -> None:
    whole = bytearray(
        encode({"a": [1, 2.5, "x", None, (True,)], "w": np.arange(6.0).reshape(2, 3)})
    )
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] = data.draw(st.integers(0, 255))
    try:
        decode(whole)
    except SerializationError:
        return


@pytest.mark.parametrize("cut", [0, 1, 11, 12, 20, -1])
def test_truncated(cut: int) -> None:
    whole = encode({"w": np.arange(100)})
    with pytest.raises(SerializationError):
        decode(whole[:cut])


def test_scalars_keep_their_type_and_byte_order_is_normalised() -> None:
    assert same(decode(encode(np.float32(0.1))), np.float32(0.1))
    assert same(decode(encode(np.bool_(True))), np.bool_(True))
    big = decode(encode(np.arange(3, dtype=">i4")))
    assert big.tolist() == [0, 1, 2] and big.dtype == np.dtype("<i4")


def test_decoded_arrays_own_their_memory() -> None:
    array = decode(encode(np.zeros((2, 3), order="F")))
    array[0, 0] = 1
    assert array.flags.owndata and array.flags.c_contiguous


class Always:
    """Equal to everything, and a liar in every other way."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = object.__hash__


class MyInt(int):
    pass


class MyDict(dict[str, int]):
    pass


@pytest.mark.parametrize(
    "value",
    [
        Always(), MyInt(3), MyDict(a=1), {1, 2}, frozenset(), b"bytes", object, len, 2**64,
        -(2**63) - 1, range(3), 1j, np.array(["a"]), np.array([object()]),
        np.array(["2020-01-01"], "datetime64[D]"), np.str_("x"), np.zeros(2, [("a", "i4")]),
        "x" * (serialization.MAX_STRING + 1), list(range(100_001)), (0,) * 100_001,
        {i: i for i in range(60_000)}, np.zeros(2, np.longdouble),
    ],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_anything_else_arrives_as_opaque(value: Any) -> None:
    got = decode(encode([value, 5]))
    assert type(got[0]) is Opaque and got[0].type_name == type(value).__name__
    assert got[0].reason and got[1] == 5


def test_nested_too_deeply_or_in_itself() -> None:
    deep: list[Any] = []
    deep.extend([deep] * 2)
    assert type(decode(encode(deep))) is list
    deep.extend([deep] * 50)  # 52 ** 12 lists, were they all written
    with pytest.raises(SerializationError, match="header"):
        encode(deep)
    tower: Any = 1
    for _ in range(30):
        tower = [tower]
    got = decode(encode(tower))
    for _ in range(serialization.MAX_DEPTH + 1):
        (got,) = got
    assert type(got) is Opaque and "deep" in got.reason


def test_the_largest_that_is_written_is_read() -> None:
    most = [0] * (serialization.MAX_ITEMS - 1)
    assert decode(encode(most)) == most
    halves = [[0] * 50_000, [0] * 50_000]  # together with the lists themselves too many
    first, second = decode(encode(halves))
    assert first == halves[0] and type(second) is Opaque


def test_arrays_are_limited_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serialization, "MAX_ARRAY_BYTES", 1000)
    first, second, third = decode(encode([np.zeros(100), np.zeros(100), np.zeros(25)]))
    assert first.shape == (100,) and type(second) is Opaque and third.shape == (25,)


def test_a_header_that_would_be_too_long_is_not_written() -> None:
    with pytest.raises(SerializationError, match="NumPy arrays"):
        encode(["x" * 1_000_000] * 6)


def test_lone_surrogates_are_replaced_when_written_and_refused_when_read() -> None:
    assert decode(encode({"a\ud800": "b\udfff"})) == {"a?": "b?"}
    for header in (
        {"k": "str", "v": "\ud800"},
        {"k": "opaque", "t": "\ud800", "why": ""},
        {"k": "object", "t": "thing", "v": {"\ud800": {"k": "none"}}},
    ):
        with pytest.raises(SerializationError):
            decode(frame(header), build={"thing": dict})


def test_objects_are_built_from_their_parts_only_when_welcome() -> None:
    class Point:
        def __init__(self, x: float) -> None:
            self.x = x

    written = encode(
        {"p": Point(2.0)},
        take_apart=lambda v: Portable("point", {"x": v.x}) if type(v) is Point else None,
    )
    assert decode(written, build={"point": lambda parts: parts["x"]}) == {"p": 2.0}
    with pytest.raises(SerializationError, match="point"):
        decode(written)


def node(value: Any) -> dict[str, Any]:
    return {"k": "int", "v": value}


F8 = {"k": "array", "d": "f8", "s": [2], "at": 0}
HOSTILE: dict[str, tuple[Any, bytes]] = {
    "no node": ([], b""),
    "no kind": ({}, b""),
    "unknown kind": ({"k": "eval"}, b""),
    "kind is a list": ({"k": []}, b""),
    "kind is a dict": ({"k": {}}, b""),
    "bool that is int": ({"k": "bool", "v": 1}, b""),
    "int that is bool": (node(True), b""),
    "int that is float": (node(1.0), b""),
    "int beyond 64 bits": (node(2**64), b""),
    "int of 4000 digits": (b'{"k":"int","v":' + b"9" * 4000 + b"}", b""),
    "int of 40000 digits": (b'{"k":"int","v":' + b"9" * 40_000 + b"}", b""),
    "str that is int": ({"k": "str", "v": 1}, b""),
    "float as number": ({"k": "float", "v": 1.0}, b""),
    "float that is words": ({"k": "float", "v": "one"}, b""),
    "float too large": ({"k": "float", "v": "0x1p99999"}, b""),
    "float of many digits": ({"k": "float", "v": "0x" + "1" * 100}, b""),
    "NaN in JSON": (b'{"k":"int","v":NaN}', b""),
    "Infinity in JSON": (b'{"k":"int","v":-Infinity}', b""),
    "key twice in JSON": (b'{"k":"int","v":1,"v":2}', b""),
    "list without values": ({"k": "list"}, b""),
    "list of no node": ({"k": "list", "v": [1]}, b""),
    "tuple as dict": ({"k": "tuple", "v": {}}, b""),
    "dict without pairs": ({"k": "dict", "v": {"a": 1}}, b""),
    "dict with triple": ({"k": "dict", "v": [[node(1), node(2), node(3)]]}, b""),
    "dict with the same key twice": ({"k": "dict", "v": [[node(1), node(2)]] * 2}, b""),
    "dict with list as key": ({"k": "dict", "v": [[{"k": "list", "v": []}, node(1)]]}, b""),
    "dict with tuple of list as key": (
        {"k": "dict", "v": [[{"k": "tuple", "v": [{"k": "list", "v": []}]}, node(1)]]}, b"",
    ),
    "dict with array as key": ({"k": "dict", "v": [[F8, node(1)]]}, bytes(16)),
    "deep": (b'{"k":"list","v":[' * 5000 + b"]}" * 5000, b""),
    "deeper than written": (
        b'{"k":"list","v":[' * 14 + b'{"k":"none"}' + b"]}" * 14, b"",
    ),
    "too many": (b'{"k":"list","v":[' + b'{"k":"none"},' * 100_001 + b'{"k":"none"}]}', b""),
    "object dtype": ({**F8, "d": "O"}, bytes(16)),
    "string dtype": ({**F8, "d": "U4"}, bytes(32)),
    "void dtype": ({**F8, "d": "V8"}, bytes(16)),
    "dtype with fields": ({**F8, "d": "f8,f8"}, bytes(32)),
    "dtype no str": ({**F8, "d": ["f8"]}, bytes(16)),
    "negative size": ({**F8, "s": [-2]}, bytes(16)),
    "size is bool": ({**F8, "s": [True]}, bytes(8)),
    "size is float": ({**F8, "s": [2.0]}, bytes(16)),
    "shape is int": ({**F8, "s": 2}, bytes(16)),
    "huge shape": ({**F8, "s": [1 << 40, 1 << 20]}, bytes(16)),
    "huger shape": ({**F8, "s": [1 << 60]}, bytes(16)),
    "huge beside zero": ({**F8, "s": [1 << 40, 1 << 40, 1 << 40, 0]}, b""),
    "too many dimensions": ({**F8, "s": [1] * 65}, bytes(8)),
    "more than there is": ({**F8, "s": [3]}, bytes(16)),
    "offset behind": ({**F8, "at": 8}, bytes(24)),
    "offset negative": ({**F8, "at": -16}, bytes(16)),
    "offset no int": ({**F8, "at": False}, bytes(16)),
    "overlap": ({"k": "list", "v": [F8, F8]}, bytes(16)),
    "extra bytes": (F8, bytes(17)),
    "extra bytes, no array": (node(1), b"x"),
    "scalar with a shape": ({**F8, "k": "scalar"}, bytes(16)),
    "object of unknown kind": ({"k": "object", "t": "model", "v": {}}, b""),
    "object kind is a list": ({"k": "object", "t": [], "v": {}}, b""),
    "object without parts": ({"k": "object", "t": "thing", "v": []}, b""),
    "opaque without words": ({"k": "opaque", "t": 3, "why": None}, b""),
    "not UTF-8": (b'{"k":"str","v":"\xff"}', b""),
    "not JSON": (b"{'k': 'none'}", b""),
    "empty header": (b"", b""),
}  # fmt: skip


@pytest.mark.parametrize(("header", "data"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_frames_are_refused(header: Any, data: bytes) -> None:
    with pytest.raises(SerializationError):
        decode(frame(header, data), build={"thing": dict})


@pytest.mark.parametrize(
    "prefix",
    [
        PREFIX.pack(b"MCF2", 12),
        PREFIX.pack(b"MCF1", 13),
        PREFIX.pack(b"MCF1", 1 << 63),
        PREFIX.pack(b"MCF1", serialization.MAX_HEADER_BYTES + 1),
        b"\x80\x04\x95" + bytes(20),  # how a pickle begins
        b"\x93NUMPY" + bytes(20),
    ],
)
def test_wrong_prefixes_are_refused(prefix: bytes) -> None:
    with pytest.raises(SerializationError):
        decode(prefix + b'{"k":"none"}')


def test_parse_json_counts_brackets_outside_strings_only() -> None:
    assert parse_json('{"a": "[[[[\\"[[["}', depth=1) == {"a": '[[[["[[['}
    with pytest.raises(SerializationError, match="deep"):
        parse_json("[[1]]", depth=1)
    with pytest.raises(SerializationError, match="at most"):
        parse_json("[" + " " * 100 + "]", max_bytes=50)


class Key:
    """A key that is no plain value."""


@pytest.mark.parametrize(
    "odd",
    [
        {Key(): 1},
        {2**70: 1},
        dict.fromkeys(["a\ud800", "a\udfff"]),  # the same once they can be sent
        {(1, Key()): 1},
        {frozenset({1}): 1},
    ],
    ids=["object", "huge", "same when sent", "in a tuple", "set"],
)
def test_a_dict_with_odd_keys_costs_itself_only(odd: Any) -> None:
    found = decode(encode({"odd": odd, "good": 1}))
    assert found["odd"] == Opaque("dict", "a dict whose keys are not plain values")
    assert found["good"] == 1


def test_keys_as_numpy_counts_them() -> None:
    digits, counts = np.unique([3, 1, 3], return_counts=True)
    counted = dict(zip(digits, counts, strict=True))
    found = decode(encode({"counts": counted, (np.int64(1), "a"): np.float32(0.5)}))
    assert found["counts"] == {1: 1, 3: 2}
    assert {type(k) for k in found["counts"]} == {int}
    assert found[1, "a"] == 0.5


def test_a_dict_that_holds_itself_costs_itself_only() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = [endless]
    found = decode(encode({"endless": endless, "good": 1}))
    assert found["good"] == 1
    inner = found["endless"]
    while not isinstance(inner, Opaque):
        inner = inner["again"][0] if isinstance(inner["again"], list) else inner["again"]
    assert "levels deep" in inner.reason
