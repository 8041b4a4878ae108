"""Make Keras' own ``mnist.load_data`` and ``fashion_mnist.load_data`` read what is here already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from types import ModuleType, TracebackType
from typing import Any

from mnist_course.datasets import fashion_mnist, mnist

__all__ = ["Redirection", "redirect_keras_datasets"]

_FASHION_ARRAYS = {file.name: name for name, file in fashion_mnist.FILES.items()}


def redirect_keras_datasets() -> Redirection:
    """Let Keras' loaders of MNIST and Fashion-MNIST use this package's files.

    ``keras`` and ``tf.keras`` share one function, ``keras.src.datasets.mnist.load_data``, which
    asks ``get_file`` of its own module for a path; that name is the one place that changes here,
    and the same one in ``keras.src.datasets.fashion_mnist``. So it does not matter how a notebook
    imported the data set, in which order, or which ``path`` it passes. MNIST is never downloaded or
    written; Fashion-MNIST only where it is nowhere on the machine, as
    `mnist_course.datasets.fashion_mnist` does it. Calling it again changes nothing.

    Returns
    -------
    Redirection
        Call its ``undo()``, or use it in ``with``, to go back to Keras' own behaviour; without
        either, the redirection lasts as long as the process. Only the redirection that made the
        change takes it back.

    Raises
    ------
    CorruptDataError
        From ``mnist.load_data()``, if the embedded file is missing or damaged.
    DatasetError
        From ``fashion_mnist.load_data()``, if its files are nowhere and cannot be fetched.

    Examples
    --------
    >>> with redirect_keras_datasets():
    ...     (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    """
    from keras.src.datasets import fashion_mnist as keras_fashion_mnist
    from keras.src.datasets import mnist as keras_mnist

    changed: list[tuple[Any, Callable[..., str]]] = []
    stands_in: tuple[tuple[ModuleType, Callable[..., str]], ...] = (
        (keras_mnist, _embedded_file),
        (keras_fashion_mnist, _found_file),
    )
    for module, ours in stands_in:
        changing: Any = module
        if changing.get_file is not ours:
            changed.append((changing, changing.get_file))
            changing.get_file = ours
    return Redirection(changed)


class Redirection:
    """A change to Keras that can be taken back once.

    Parameters
    ----------
    changed : sequence of (module, function)
        Where ``get_file`` was replaced, with what it was.
    """

    __slots__ = ("_changed",)

    def __init__(self, changed: list[tuple[Any, Callable[..., str]]]) -> None:
        self._changed = changed

    def undo(self) -> None:
        """Go back to what Keras did before; harmless when called twice."""
        while self._changed:
            module, original = self._changed.pop()
            module.get_file = original

    def __enter__(self) -> Redirection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.undo()


def _embedded_file(*_args: object, **_kwargs: object) -> str:
    """Stand in for ``keras.utils.get_file``, whatever it is asked for."""
    # Keras' own function verifies the hash of what it returns, so this one does too.
    mnist.verify()
    return str(mnist.PATH)


def _found_file(fname: str, *_args: object, **_kwargs: object) -> str:
    """Stand in for ``keras.utils.get_file``, which is asked for one of the four files."""
    return str(fashion_mnist.path_of(_FASHION_ARRAYS[PurePath(fname).name]))
