"""Data sets that travel inside the package, so that no cell ever waits for a network.

Import one by its name, as in Keras: ``from mnist_course.datasets import mnist``.
"""

__all__: list[str] = []
