"""A network library from scratch, in NumPy, with Keras' names.

Written to be read, one idea a file. A way in: ``activations``, ``layers``, ``losses``, ``passes``
(backpropagation), ``optimizers``, ``training``.
"""

from mnist_course.numpy_nn.activations import ACTIVATIONS, ActivationFunction
from mnist_course.numpy_nn.callbacks import Callback
from mnist_course.numpy_nn.custom_activation import CustomActivation
from mnist_course.numpy_nn.gradient_check import GradientCheck, WeightCheck, gradient_check
from mnist_course.numpy_nn.history import History
from mnist_course.numpy_nn.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Ones,
    RandomNormal,
    RandomUniform,
    Zeros,
)
from mnist_course.numpy_nn.layer import Input
from mnist_course.numpy_nn.layers import Activation, Dense, Flatten
from mnist_course.numpy_nn.losses import (
    CategoricalCrossentropy,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from mnist_course.numpy_nn.model_file import load_model
from mnist_course.numpy_nn.optimizers import SGD, Adam
from mnist_course.numpy_nn.sequential import Sequential

__all__ = [
    "ACTIVATIONS",
    "SGD",
    "Activation",
    "ActivationFunction",
    "Adam",
    "Callback",
    "CategoricalCrossentropy",
    "Constant",
    "CustomActivation",
    "Dense",
    "Flatten",
    "GlorotNormal",
    "GlorotUniform",
    "GradientCheck",
    "HeNormal",
    "HeUniform",
    "History",
    "Input",
    "MeanSquaredError",
    "Ones",
    "RandomNormal",
    "RandomUniform",
    "Sequential",
    "SparseCategoricalCrossentropy",
    "WeightCheck",
    "Zeros",
    "gradient_check",
    "load_model",
]
