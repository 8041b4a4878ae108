"""Mistakes that the code of a cell shows before it runs."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from mnist_course.diagnosis.findings import Finding

__all__ = ["check_code"]

_MAGICS = ("%", "!", "?")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def check_code(code: str | Callable[..., Any]) -> list[Finding]:
    """Look for arguments of functions that nothing reads.

    Parameters
    ----------
    code : str or function
        The source of a cell, or a function whose source Python still knows. What cannot be read,
        such as a cell with a syntax error, gives no finding.

    Returns
    -------
    list of Finding
        One for each function with unused arguments: hints. Methods, functions that are still to
        be written, and arguments whose names begin with ``_`` are left out.
    """
    tree = _tree(code)
    if tree is None:
        return []
    return [
        _unused(function, names)
        for function in _functions(tree)
        if (names := _unread(function)) and not _is_to_be_written(function)
    ]


def _tree(code: str | Callable[..., Any]) -> ast.Module | None:
    if not isinstance(code, str):
        try:
            code = inspect.getsource(code)
        except (OSError, TypeError):
            return None
    lines = [
        "" if line.lstrip().startswith(_MAGICS) else line
        for line in textwrap.dedent(code).splitlines()
    ]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _functions(tree: ast.Module) -> Iterator[Function]:
    """Yield the functions that are no methods: a method may have to take what it is given."""
    methods = {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for part in node.body
        if isinstance(part, Function)
    }
    for node in ast.walk(tree):
        if isinstance(node, Function) and node not in methods:
            yield node


def _unread(function: Function) -> list[str]:
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    read = {
        node.id
        for part in function.body
        for node in ast.walk(part)
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Load, ast.Del))
    }
    if read & {"locals", "vars", "eval", "exec"}:
        return []
    return [name for name in names if name not in read and not name.startswith("_")]


def _is_to_be_written(function: Function) -> bool:
    """Tell whether a body is only a docstring, ``pass``, ``...`` or NotImplementedError."""
    return all(
        isinstance(part, (ast.Pass, ast.Raise))
        or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        for part in function.body
    )


def _unused(function: Function, names: list[str]) -> Finding:
    several = len(names) > 1
    return Finding(
        "unused-argument",
        f"`{function.name}` takes {', '.join(names)} and never uses {'them' if several else 'it'}: "
        f"{len(names)} unused argument{'s' * several}.",
        "Whatever you pass, the same network is built; arms that should differ are then the same.",
        f"Use {names[0]} in the body, in place of the number that is written there.",
        "hint",
    )
