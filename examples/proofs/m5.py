"""What the grading of M5 must show.

M5 has one network, and three of its items count by their share of the accuracy points. So a mistake
rarely stays with one item, and every mutant gets a notebook of its own.
"""

from examples.proofs.proof import Edit, Margin, Mutant, Proof

_FINAL = """\
keras.utils.set_random_seed(0)
model = Sequential([
    Input((28, 28)),
{layers}
])
model.compile(
    optimizer=Adam(learning_rate={rate}),
    loss="{loss}",
    metrics=["accuracy"],
)
"""
_FIT = """\
history = model.fit(x_train, y_train, epochs={epochs}, validation_data=(x_test, y_test), verbose=0)
log.why("This is the network that I think is simplest and good enough.")
"""


def _final(
    *layers: str,
    rate: float = 0.001,
    epochs: int = 5,
    loss: str = "sparse_categorical_crossentropy",
) -> Edit:
    """Return another final network: layers after the input, in Keras' words."""
    lines = "\n".join(f"    {layer}," for layer in layers)
    source = _FINAL.format(layers=lines, rate=rate, loss=loss)
    return Edit("m5-final", None, source + (_FIT.format(epochs=epochs) if epochs else ""))


def _mutant(name: str, kills: str, *edits: Edit, at_most: float | None = None) -> Mutant:
    return Mutant(name, kills, edits, at_most, alone=True)


_RELU_64 = 'Dense(64, activation="relu")'
_SOFTMAX = 'Dense(10, activation="softmax")'
_NOTHING = "pass  # I tried things out in another notebook\n"

_LOG = (
    _mutant(
        "logs no experiment",
        "m5-log",
        Edit("m5-experiment-1", None, _NOTHING),
        Edit("m5-experiment-2", None, _NOTHING),
        Edit("m5-experiment-3", None, _NOTHING),
        at_most=0,
    ),
    _mutant(
        "changes several settings at once",
        "m5-log",
        Edit("m5-experiment-1", 'activation="relu"', 'activation="relu", batch_size=128'),
        Edit(
            "m5-experiment-2",
            'activation="relu", learning_rate=0.001',
            "learning_rate=0.001, epochs=3",
        ),
        Edit("m5-experiment-3", "hidden=(64, 64)", "hidden=(32, 32, 32), epochs=2"),
        at_most=4,
    ),
    _mutant(
        "gives no reasons",
        "m5-log",
        Edit("m5-experiment-1", None, 'train(activation="relu")\n'),
        Edit("m5-experiment-2", None, 'train(activation="relu", learning_rate=0.001)\n'),
        at_most=9,
    ),
)

_MODEL = (
    _mutant(
        "compiles the network and never fits it",
        "m5-model",
        _final("Flatten()", _RELU_64, _SOFTMAX, epochs=0),
        at_most=2,
    ),
    _mutant(
        "predicts the digit as one number",
        "m5-model",
        _final("Flatten()", _RELU_64, "Dense(1)", loss="mse", epochs=2),
        at_most=2,
    ),
    _mutant(
        "leaves a cell that stops with an error",
        "m5-model",
        Edit("m5-experiment-3", "hidden=(64, 64)", "units=(64, 64)"),
        at_most=3,
    ),
)

_ACCURACY = (
    _mutant(
        "has no hidden layer",
        "m5-accuracy",
        _final("Flatten()", _SOFTMAX, epochs=3),
        at_most=8,
    ),
    _mutant(
        "keeps ten sigmoid units, changes the learning rate alone",
        "m5-accuracy",
        _final(
            "Flatten()",
            'Dense(10, activation="sigmoid")',
            'Dense(10, activation="sigmoid")',
            _SOFTMAX,
        ),
        at_most=8,
    ),
    _mutant(
        "divides the pixels by 255 twice, and keeps the learning rate",
        "m5-accuracy",
        Edit("m5-final", "learning_rate=0.001", "learning_rate=0.00001"),
        Edit("m5-final", "    x_train, y_train,\n", "    x_train / 255, y_train,\n"),
        Edit("m5-final", "validation_data=(x_test,", "validation_data=(x_test / 255,"),
        at_most=0,
    ),
    _mutant(
        "prints a good accuracy and leaves the given network",
        "m5-accuracy",
        Edit("m5-final", None, 'model = baseline\nprint("Test accuracy: 0.98")\n'),
        at_most=0,
    ),
)

_HOLDS_UP = (
    _mutant(
        "stops after one epoch of a narrow network",
        "m5-holds-up",
        _final("Flatten()", 'Dense(16, activation="relu")', _SOFTMAX, epochs=1),
        at_most=0,
    ),
    _mutant(
        "takes steps that are far too large",
        "m5-holds-up",
        _final("Flatten()", _RELU_64, _SOFTMAX, rate=0.1, epochs=2),
        at_most=0,
    ),
)

_MINIMAL = (
    _mutant(
        "a thousand units",
        "m5-minimal",
        _final("Flatten()", 'Dense(1000, activation="relu")', _SOFTMAX, epochs=2),
        at_most=6,
    ),
    _mutant(
        "trains for sixteen epochs",
        "m5-minimal",
        _final("Flatten()", _RELU_64, _SOFTMAX, epochs=16),
        at_most=8,
    ),
    _mutant(
        "a convolution",
        "m5-minimal",
        _final(
            "keras.layers.Reshape((28, 28, 1))",
            'keras.layers.Conv2D(4, 5, strides=2, activation="relu")',
            "Flatten()",
            _RELU_64,
            _SOFTMAX,
            epochs=2,
        ),
        at_most=8,
    ),
)

_EVALUATION = (
    _mutant(
        "trains on the test images too",
        "m5-evaluation",
        Edit(
            "m5-final",
            "    x_train, y_train,\n",
            "    np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test]),\n",
        ),
        at_most=0,
    ),
    _mutant(
        "validates on training images",
        "m5-evaluation",
        Edit(
            "m5-final",
            "validation_data=(x_test, y_test)",
            "validation_data=(x_train[:10000], y_train[:10000])",
        ),
        at_most=3,
    ),
    _mutant(
        "scales the test images otherwise than the training images",
        "m5-evaluation",
        Edit("m5-final", "validation_data=(x_test,", "validation_data=(255 * x_test,"),
        at_most=4,
    ),
)

_HEALTH = (
    _mutant(
        "leaves a layer of ten units that no experiment looks into",
        "m5-health",
        Edit("m5-experiment-3", "hidden=(64, 64)", "epochs=3"),
        # Two settings differ from every earlier fit: else this fit were an experiment with units.
        _final("Flatten()", _RELU_64, 'Dense(10, activation="relu")', _SOFTMAX, rate=0.002),
        at_most=4,
    ),
    _mutant(
        "ReLU in the output layer",
        "m5-health",
        _final("Flatten()", _RELU_64, 'Dense(10, activation="relu")', rate=0.01, epochs=1),
        at_most=0,
    ),
    _mutant(
        "forgets softmax",
        "m5-health",
        _final("Flatten()", _RELU_64, "Dense(10)", epochs=1),
        at_most=3,
    ),
)

PROOF = Proof(
    "m5",
    untouched=5.0,
    mutants=_LOG + _MODEL + _ACCURACY + _HOLDS_UP + _MINIMAL + _EVALUATION + _HEALTH,
    margins=(Margin("m5-accuracy", "accuracy", 0.95),),
    seeds=5,
    seeded=("set_random_seed({})", "seed={}"),
)
