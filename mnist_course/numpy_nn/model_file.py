"""Networks in files: an ``.npz`` of plain arrays with a description in JSON, never a pickle.

A file is read as foreign bytes: sizes are compared with what the description needs before anything
is made of them, and no parser but JSON's ever sees them.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from mnist_course.exceptions import ModelFileError, NetworkError
from mnist_course.numpy_nn.activations import ActivationFunction
from mnist_course.numpy_nn.description import MissingActivationError, Plan, describe, plan
from mnist_course.numpy_nn.layer import Shape
from mnist_course.numpy_nn.sequential import Sequential

__all__ = ["load_model", "save_model"]

FORMAT = "mnist_course.numpy_nn"
VERSION = 1

MOST_DESCRIPTION_BYTES = 4 << 20
MOST_WEIGHTS = 100_000_000

_DESCRIPTION = "description"
_FLOAT32 = np.dtype("<f4")
_MOST_HEADER_BYTES = 1024


def save_model(model: Sequential, path: str | Path, *, extra: dict[str, Any] | None = None) -> None:
    """Write a model with its weights, loss, optimizer and ``extra``; see :meth:`Sequential.save`.

    What the optimizer remembers from step to step (momentum) is not kept.

    Raises
    ------
    NetworkError
        If ``extra`` is not plain data, or the model does not know its input shape.
    OSError
        If the folder is missing or not writable.
    """
    from mnist_course.atomic_write import write_bytes

    extra = model.extra if extra is None else extra
    content = {"format": FORMAT, "version": VERSION, **describe(model), "extra": extra}
    text = _as_json(content, extra)
    arrays: dict[str, NDArray[Any]] = {_DESCRIPTION: np.frombuffer(text, np.uint8)}
    for index, layer in enumerate(model.layers):
        for name, weight in zip(layer.weight_names, layer.get_weights(), strict=True):
            arrays[f"{index}.{name}"] = weight.astype(_FLOAT32)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as members:
        for name, array in arrays.items():
            # np.savez would write the time of day: the same model gives the same bytes.
            with members.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)
    write_bytes(Path(path), file.getvalue())


def load_model(
    path: str | Path, custom_objects: Mapping[str, ActivationFunction] | None = None
) -> Sequential:
    """Read a model that :meth:`Sequential.save` wrote.

    Parameters
    ----------
    path : str or Path
    custom_objects : mapping, optional
        Activations of your own by their names: a file holds numbers, never code.

    Returns
    -------
    Sequential
        Compiled as it was; ``extra`` is what was saved with it.

    Raises
    ------
    ModelFileError
        If the file is missing, is something else, or is damaged.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return _read(file, path.name, custom_objects or {})
    except OSError as error:
        raise ModelFileError(
            f"The model file {path.name!r} cannot be read ({error.strerror or error}). Expected a "
            "file that model.save() wrote, got none. Look at the name and the folder."
        ) from None


def _read(
    file: IO[bytes], name: str, custom_objects: Mapping[str, ActivationFunction]
) -> Sequential:
    try:
        with zipfile.ZipFile(file) as members:
            content = _description(members, name)
            model_plan = _plan(content, name, custom_objects)
            weights = _weights(members, model_plan, name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        _refuse(name, "The file is damaged, or no model at all", "an .npz file", str(error))
    try:
        with np.errstate(all="ignore"):
            model = model_plan.build()
            model.set_weights(weights)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        _refuse(name, "The description is damaged", "the settings of a network", repr(error))
    model.extra = content["extra"]
    return model


def _description(members: zipfile.ZipFile, name: str) -> dict[str, Any]:
    sizes = {info.filename: info.file_size for info in members.infolist()}
    size = sizes.get(f"{_DESCRIPTION}.npy")
    if size is None:
        _refuse(name, "This is no model file", "an entry named description", ", ".join(sizes)[:200])
    if size > MOST_DESCRIPTION_BYTES + _MOST_HEADER_BYTES:
        _refuse(
            name,
            "The description is too large",
            f"at most {MOST_DESCRIPTION_BYTES:,} bytes",
            f"{size:,}",
        )
    raw = _array(members, _DESCRIPTION, np.dtype("u1"), None, name)
    try:
        content = json.loads(raw.tobytes(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        _refuse(name, "The description is damaged", "JSON", str(error))
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        _refuse(name, "This is no model file", f"the format {FORMAT}", "another")
    if content.get("version") != VERSION:
        _refuse(
            name, "This version of model files is not known", f"{VERSION}", content.get("version")
        )
    if not isinstance(content.get("extra"), dict):
        _refuse(name, "The description is damaged", "extra data by name", "something else")
    return content


def _plan(
    content: dict[str, Any], name: str, custom_objects: Mapping[str, ActivationFunction]
) -> Plan:
    try:
        return plan(content, custom_objects)
    except MissingActivationError as error:
        given = ", ".join(custom_objects) or "none"
        raise ModelFileError(
            f"The model in {name!r} uses an activation of its author's own. Expected "
            f"custom_objects to hold {str(error)!r}, got {given}. Make the CustomActivation again "
            f"and write load_model(path, custom_objects={{{str(error)!r}: activation}})."
        ) from None
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        _refuse(name, "The description is damaged", "the layers of a network", repr(error))


def _weights(members: zipfile.ZipFile, model_plan: Plan, name: str) -> list[NDArray[Any]]:
    shapes = _shapes(model_plan, name)
    expected = {f"{_DESCRIPTION}.npy", *(f"{weight}.npy" for weight, _ in shapes)}
    found = members.namelist()
    if len(found) != len(expected) or set(found) != expected:
        _refuse(
            name,
            "The weights are not those of the described layers",
            ", ".join(sorted(expected)),
            ", ".join(sorted(found)),
        )
    return [_array(members, weight, _FLOAT32, shape, name) for weight, shape in shapes]


def _shapes(model_plan: Plan, name: str) -> list[tuple[str, Shape]]:
    try:
        shapes = model_plan.weight_shapes()
    except NetworkError as error:
        _refuse(name, "The layers do not fit together", "each to take what the last gives", error)
    count = sum(math.prod(shape) for _, shape in shapes)
    if count > MOST_WEIGHTS:
        _refuse(name, "The network is too large", f"at most {MOST_WEIGHTS:,} weights", f"{count:,}")
    return shapes


def _array(
    members: zipfile.ZipFile, entry: str, dtype: np.dtype[Any], shape: Shape | None, name: str
) -> NDArray[Any]:
    """Read one array of a known type; ``shape`` None is one row of any length.

    The header of an ``.npy`` is not parsed: it has to be the one that belongs to this array.
    """
    info = members.getinfo(f"{entry}.npy")
    what = f"The entry {entry!r} is damaged"
    if info.compress_type != zipfile.ZIP_STORED:
        _refuse(name, what, "plain bytes", "compressed ones")
    if shape is not None:
        size = math.prod(shape) * dtype.itemsize
        if not size < info.file_size <= size + _MOST_HEADER_BYTES:
            _refuse(name, what, f"an array {shape}, {size:,} bytes", f"{info.file_size:,} bytes")
    data = members.read(info)  # also compares the checksum
    length = int.from_bytes(data[8:10], "little")
    header, values = data[10 : 10 + length], data[10 + length :]
    shape = (len(values),) if shape is None else shape
    wanted = f"{{'descr': {dtype.str!r}, 'fortran_order': False, 'shape': {shape}, }}"
    if data[:8] != b"\x93NUMPY\x01\x00" or header.strip() != wanted.encode():
        _refuse(name, what, wanted, repr(header[:120].strip()))
    if len(values) != math.prod(shape) * dtype.itemsize:
        _refuse(name, what, f"an array {shape}", f"{len(values):,} bytes")
    return np.frombuffer(values, dtype).reshape(shape)


def _as_json(content: dict[str, Any], extra: Any) -> bytes:
    try:
        text = json.dumps(content, allow_nan=False).encode()
        same = isinstance(extra, dict) and json.loads(text)["extra"] == extra
    except (TypeError, ValueError, RecursionError) as error:
        _refuse_extra(str(error))
    if not same:
        _refuse_extra("something that JSON changes, such as tuples or keys that are no text")
    if len(text) > MOST_DESCRIPTION_BYTES:
        _refuse_extra(f"{len(text):,} bytes of it")
    return text


def _refuse_extra(got: str) -> NoReturn:
    raise NetworkError(
        "The extra data cannot be saved. Expected a dict of text, numbers, lists and dicts of at "
        f"most {MOST_DESCRIPTION_BYTES:,} bytes, got {got}. Save arrays in a file of their own."
    )


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _refuse(name: str, what: str, expected: str, got: object) -> NoReturn:
    raise ModelFileError(
        f"The model file {name!r} cannot be used. {what}. Expected {expected}, got "
        f"{str(got)[:300]}. Save the model again with model.save(), or train it again."
    ) from None
