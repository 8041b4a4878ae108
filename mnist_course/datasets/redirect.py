"""Make Keras' own ``mnist.load_data`` read the embedded copy instead of the network."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from mnist_course.datasets import mnist

__all__ = ["Redirection", "redirect_keras_datasets"]


def redirect_keras_datasets() -> Redirection:
    """Let ``keras.datasets.mnist.load_data()`` use the copy inside this package.

    ``keras`` and ``tf.keras`` share one function, ``keras.src.datasets.mnist.load_data``, which
    asks ``get_file`` of its own module for a path; that name is the one place that changes here.
    So it does not matter how a notebook imported the data set, in which order, or which ``path``
    it passes. Nothing is downloaded or written. Calling it again changes nothing.

    Returns
    -------
    Redirection
        Call its ``undo()``, or use it in ``with``, to go back to Keras' own behaviour; without
        either, the redirection lasts as long as the process. Only the redirection that made the
        change takes it back.

    Raises
    ------
    CorruptDataError
        From ``load_data()``, if the embedded file is missing or damaged.

    Examples
    --------
    >>> with redirect_keras_datasets():
    ...     (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    """
    from keras.src.datasets import mnist as keras_mnist

    if keras_mnist.get_file is _embedded_file:
        return Redirection(None, None)
    original, keras_mnist.get_file = keras_mnist.get_file, _embedded_file
    return Redirection(keras_mnist, original)


class Redirection:
    """A change to Keras that can be taken back once."""

    __slots__ = ("_module", "_original")

    def __init__(self, module: Any, original: Any) -> None:
        self._module = module
        self._original = original

    def undo(self) -> None:
        """Go back to what Keras did before; harmless when called twice."""
        if self._module is not None:
            self._module.get_file = self._original
            self._module = None

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
