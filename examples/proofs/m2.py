"""What the grading of M2 must show.

Where a function is wrong, the notebook goes on with a given one, so a mistake stays with its item
and mutants may share a notebook. Alone are mistakes early on the way back: they reach what is
computed after them. The three bugs of the recipe are among the mutants.
"""

from examples.proofs.proof import Edit, Margin, Mutant, Proof

_SOFTMAX = "m2-softmax-solution"
_ACTIVATIONS = "m2-activation-solution"
_INIT = "m2-init-solution"
_FORWARD = "m2-forward-solution"
_BACKWARD = "m2-backward-solution"
_TRAIN = "m2-train-solution"
_EVALUATE = "m2-evaluate-solution"
_MNIST = "m2-train-mnist-solution"
_REPORT = "m2-report-solution"
_UNITS = "m2-units-solution"
_FASHION = "m2-fashion-solution"


def _mutant(
    name: str,
    kills: str,
    cell: str,
    old: str | None,
    new: str,
    at_most: float | None = None,
    *,
    alone: bool = False,
) -> Mutant:
    return Mutant(name, kills, (Edit(cell, old, new),), at_most, alone=alone)


_W1_START = "rng.standard_normal((inputs, hidden)) * np.sqrt(2 / inputs)"

_FUNCTIONS = (
    _mutant(  # a bug of the recipe
        "softmax without a shift",
        "m2-softmax",
        _SOFTMAX,
        "z - z.max(axis=-1, keepdims=True)",
        "z",
        at_most=2,
    ),
    _mutant(
        "softmax shifts the whole table by one number",
        "m2-softmax",
        _SOFTMAX,
        "z.max(axis=-1, keepdims=True)",
        "z.max()",
        at_most=6,
    ),
    _mutant(
        "softmax divides by the sum of the whole table",
        "m2-softmax",
        _SOFTMAX,
        "powers.sum(axis=-1, keepdims=True)",
        "powers.sum()",
        at_most=4,
    ),
    _mutant(
        "softmax changes the scores in place",
        "m2-softmax",
        _SOFTMAX,
        "powers = np.exp(z - z.max(axis=-1, keepdims=True))",
        "z -= z.max(axis=-1, keepdims=True)\n    powers = np.exp(z)",
        at_most=0,
    ),
    _mutant(
        "slope of sigmoid as a function of its output",
        "m2-derivatives",
        _ACTIVATIONS,
        "a = sigmoid(z)\n    return a * (1 - a)",
        "return z * (1 - z)",
        at_most=9,
    ),
    _mutant(
        "relu cuts off in place",
        "m2-derivatives",
        _ACTIVATIONS,
        "return np.maximum(z, 0)",
        "z[z < 0] = 0\n    return z",
        at_most=9.5,
    ),
    _mutant(
        "slope of gelu without the product rule",
        "m2-derivatives",
        _ACTIVATIONS,
        " + 0.5 * z * (1 - t**2) * inner",
        "",
        at_most=9,
    ),
    _mutant(
        "slope of softsign without the square",
        "m2-derivatives",
        _ACTIVATIONS,
        "1 / (1 + np.abs(z)) ** 2",
        "1 / (1 + np.abs(z))",
        at_most=9,
    ),
    _mutant("W1 starts at 0", "m2-init", _INIT, _W1_START, "np.zeros((inputs, hidden))", at_most=2),
    _mutant(
        "weights between -0.5 and 0.5, as in the recipe's family",
        "m2-init",
        _INIT,
        _W1_START,
        "rng.random((inputs, hidden)) - 0.5",
        at_most=3,
    ),
    _mutant(
        "parameters stay float64",
        "m2-init",
        _INIT,
        "w1.astype(np.float32)",
        "w1",
        at_most=3.5,
    ),
    _mutant(
        "init_params forgets its seed", "m2-init", _INIT, "default_rng(seed)", "default_rng()", 3
    ),
    _mutant(
        "all hidden units start as twins",
        "m2-init",
        _INIT,
        _W1_START,
        "rng.standard_normal((inputs, 1)) * np.ones(hidden) * np.sqrt(2 / inputs)",
        at_most=3,
    ),
    _mutant("the loss is a sum", "m2-start-loss", _FORWARD, "1e-12)).mean())", "1e-12)).sum())", 2),
    _mutant(
        "the loss in bits",
        "m2-start-loss",
        _FORWARD,
        "-np.log(np.maximum",
        "-np.log2(np.maximum",
        at_most=2,
    ),
    _mutant(
        "an infinite loss where a probability is 0",
        "m2-start-loss",
        _FORWARD,
        "np.maximum(right, 1e-12)",
        "right",
        at_most=3.5,
    ),
    _mutant(
        "forward always uses relu",
        "m2-start-loss",
        _FORWARD,
        "a1 = value(z1)",
        "a1 = np.maximum(z1, 0)",
        at_most=2,
    ),
)

_GRADIENTS = (
    _mutant("W1 without the slope", "m2-gradient-w1", _BACKWARD, " * slope(z1)", "", 0, alone=True),
    _mutant(
        "W1 with the slope at the output",
        "m2-gradient-w1",
        _BACKWARD,
        "slope(z1)",
        "slope(a1)",
        3,
        alone=True,
    ),
    _mutant("W1 on its side", "m2-gradient-w1", _BACKWARD, "x.T @ d_z1", "d_z1.T @ x", at_most=2),
    _mutant(  # a bug of the recipe
        "b1 summed over the units, too",
        "m2-gradient-b1",
        _BACKWARD,
        "d_z1.sum(axis=0)",
        "d_z1.sum()",
        at_most=0,
    ),
    _mutant(
        "b1 divided by n twice",
        "m2-gradient-b1",
        _BACKWARD,
        "d_z1.sum(axis=0)",
        "d_z1.mean(axis=0)",
        at_most=2,
    ),
    _mutant(
        "b1 summed along the wrong axis",
        "m2-gradient-b1",
        _BACKWARD,
        "d_z1.sum(axis=0)",
        "d_z1.sum(axis=1)",
        at_most=0,
    ),
    _mutant("W2 from the sums z1", "m2-gradient-w2", _BACKWARD, "a1.T @ d_z2", "z1.T @ d_z2", 0),
    _mutant(
        "W2 without the mean",
        "m2-gradient-w2",
        _BACKWARD,
        "    d_z2 /= len(labels)\n",
        "",
        2,
        alone=True,
    ),
    _mutant("W2 on its side", "m2-gradient-w2", _BACKWARD, "a1.T @ d_z2", "d_z2.T @ a1", at_most=2),
    _mutant(  # the same bug of the recipe
        "b2 summed over the units, too",
        "m2-gradient-b2",
        _BACKWARD,
        "d_z2.sum(axis=0)",
        "np.full_like(params['b2'], d_z2.sum())",
        at_most=0,
    ),
    _mutant(
        "b2 with the labels left out",
        "m2-gradient-b2",
        _BACKWARD,
        "    d_z2[np.arange(len(labels)), labels] -= 1\n",
        "",
        at_most=0,
        alone=True,
    ),
)

_LOOP = (
    _mutant(
        "the last, smaller batch is left out",
        "m2-overfit",
        _TRAIN,
        "range(0, len(x), batch_size)",
        "range(0, len(x) - batch_size + 1, batch_size)",
        at_most=5,
    ),
    _mutant("steps along the gradient", "m2-overfit", _TRAIN, "new[name] -=", "new[name] +=", 1),
    _mutant(
        "trains the parameters that it is given",
        "m2-overfit",
        _TRAIN,
        "{name: array.copy() for name, array in params.items()}",
        "params",
        at_most=7,
    ),
    _mutant(
        "leaves the biases as they are",
        "m2-overfit",
        _TRAIN,
        "for name in new:",
        'for name in ("W1", "W2"):',
        at_most=5,
    ),
    _mutant(
        "pictures are shuffled, labels are not",
        "m2-overfit",
        _TRAIN,
        "labels[batch]",
        "labels[begin : begin + batch_size]",
        at_most=5,
    ),
)

_NETWORKS = (
    _mutant("steps of 0.0001", "m2-mnist", _MNIST, '"relu", 0.1, 32', '"relu", 0.0001, 32', 0),
    _mutant(
        "throws the trained parameters away",
        "m2-mnist",
        _MNIST,
        "params = use.train(params, x_fit",
        "use.train(params, x_fit",
        at_most=0,
    ),
    _mutant(
        "says how good it is, and holds no network",
        "m2-mnist",
        _MNIST,
        'mnist_model = {"activation": "relu", "params": params}',
        'mnist_model = {"activation": "relu", "accuracy": 0.98}',
        at_most=0,
    ),
    _mutant(
        "labels of other rows",
        "m2-mnist",
        _MNIST,
        "y_train[fit_rows]\n",
        "y_train[fit_rows[::-1]]\n",
        at_most=4,
    ),
    _mutant(  # a bug of the recipe
        "measures on the training rows",
        "m2-held-out",
        _REPORT,
        "x_train[held_out], y_train[held_out]",
        "x_train[fit_rows], y_train[fit_rows]",
        at_most=3,
    ),
    _mutant(
        "measures on the training rows and says so",
        "m2-held-out",
        _REPORT,
        None,
        'loss, accuracy = use.evaluate(network["params"], x_train[fit_rows], y_train[fit_rows], '
        'network["activation"])\n'
        'mnist_report = {"rows": fit_rows, "loss": loss, "accuracy": accuracy}',
        at_most=3,
    ),
    _mutant(
        "types in a better number",
        "m2-held-out",
        _REPORT,
        '"accuracy": accuracy',
        '"accuracy": 1',
        3,
    ),
    _mutant(
        "evaluate looks at the notebook, not at its arguments",
        "m2-held-out",
        _EVALUATE,
        None,
        "def evaluate(params, x, labels, activation):\n"
        '    p = use.forward(mnist_model["params"], x_train[fit_rows], "relu")[2]\n'
        "    accuracy = float((p.argmax(axis=1) == y_train[fit_rows]).mean())\n"
        "    return use.cross_entropy(p, y_train[fit_rows]), accuracy",
        at_most=2,
    ),
    _mutant(
        "images cut along the wrong axis",
        "m2-visual",
        _UNITS,
        'params["W1"].T.reshape(-1, 28, 28)',
        'params["W1"].reshape(-1, 28, 28)',
        at_most=2,
    ),
    _mutant("draws three units", "m2-visual", _UNITS, "[:20]", "[:3]", at_most=2),
    _mutant(
        "steps of 0.00001 for clothes", "m2-fashion", _FASHION, '"relu", 0.05', '"relu", 0.00001', 0
    ),
    _mutant(
        "labels of digits for clothes",
        "m2-fashion",
        _FASHION,
        "y_fashion[fit_rows]\n",
        "y_train[fit_rows]\n",
        at_most=0,
    ),
    _mutant(
        "hands the network for digits in",
        "m2-fashion",
        _FASHION,
        "x_fashion[fit_rows], y_fashion[fit_rows]\n",
        "x_train[fit_rows], y_train[fit_rows]\n",
        at_most=0,
    ),
)

PROOF = Proof(
    "m2",
    untouched=0.0,
    mutants=(*_FUNCTIONS, *_GRADIENTS, *_LOOP, *_NETWORKS),
    margins=(
        Margin("m2-mnist", "accuracy", 0.92),
        Margin("m2-fashion", "fashion_accuracy", 0.82),
    ),
)
