"""Helpers, experiments and the trusted grading engine of the MNIST course.

Importing this package loads the standard library only: each part is imported by its own name,
``from mnist_course.datasets import mnist``.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
