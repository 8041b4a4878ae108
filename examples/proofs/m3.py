"""What the grading of M3 must show."""

from examples.proofs.proof import Edit, Margin, Mutant, Proof

_NETWORK = "m3-network-solution"
_HIDDEN = '    Dense(128, activation="relu"),\n'
_OUTPUT = 'Dense(10, activation="softmax")'
_LOSS = 'loss="sparse_categorical_crossentropy"'
_DATA = "    x_train, y_train,\n"

_COUNTED = (
    'my_parameters = {"hidden layer": hidden, "output layer": output, "total": hidden + output}'
)
_PARAMETERS = (
    Mutant(
        "forgets the biases",
        "m3-parameters",
        (
            Edit("m3-parameters-solution", "784 * 128 + 128", "784 * 128"),
            Edit("m3-parameters-solution", "128 * 10 + 10", "128 * 10"),
        ),
        at_most=0,
    ),
    Mutant(
        "gives each input a bias",
        "m3-parameters",
        (Edit("m3-parameters-solution", "784 * 128 + 128", "784 * 128 + 784"),),
        at_most=2,
    ),
    Mutant(
        "copies the total from summary",
        "m3-parameters",
        (Edit("m3-parameters-solution", _COUNTED, "my_parameters = 101_770"),),
        at_most=1,
    ),
    Mutant(
        "counts the pixels as parameters of Flatten",
        "m3-parameters",
        (Edit("m3-parameters-solution", "hidden + output}", "784 + hidden + output}"),),
        at_most=4,
    ),
)
_MODEL = (
    Mutant(
        "sigmoid at the output",
        "m3-model",
        (Edit(_NETWORK, _OUTPUT, 'Dense(10, activation="sigmoid")'),),
        at_most=11,
        alone=True,  # its rows do not sum to 1, which is what other items look at
    ),
    Mutant(
        "no activation in the hidden layer",
        "m3-model",
        (Edit(_NETWORK, _HIDDEN, "    Dense(128),\n"),),
        at_most=12,
        alone=True,  # it reads too few images, too
    ),
    Mutant(
        "half as many hidden units",
        "m3-model",
        (Edit(_NETWORK, _HIDDEN, '    Dense(64, activation="relu"),\n'),),
        at_most=10,
    ),
    Mutant(
        "no hidden layer",
        "m3-model",
        (Edit(_NETWORK, _HIDDEN, ""),),
        at_most=0,
        alone=True,  # it reads too few images, too
    ),
    Mutant(
        "scores without a loss that knows it",
        "m3-model",
        (Edit(_NETWORK, _OUTPUT, "Dense(10)"),),
        at_most=11,
        alone=True,  # it reads too few images, too
    ),
    Mutant(
        "distance of one-hot labels as the loss",
        "m3-model",
        (
            Edit(_NETWORK, _LOSS, 'loss="mse"'),
            Edit(_NETWORK, _DATA, "    x_train, keras.utils.to_categorical(y_train),\n"),
            Edit(_NETWORK, "(x_val, y_val)", "(x_val, keras.utils.to_categorical(y_val))"),
        ),
        at_most=12,
    ),
)
_ACCURACY = (
    Mutant(
        "trained for two epochs",
        "m3-accuracy",
        (Edit(_NETWORK, "epochs=10", "epochs=2"),),
        at_most=12,
    ),
    Mutant(
        "trained on the test images",
        "m3-accuracy",
        (Edit(_NETWORK, _DATA, "    x_test, y_test,\n"),),
        at_most=9,
    ),
    Mutant(
        "steps far too small",
        "m3-accuracy",
        (Edit(_NETWORK, 'optimizer="adam"', "optimizer=keras.optimizers.Adam(0.00001)"),),
        at_most=0,
    ),
)
_CURVES = (
    Mutant(
        "draws training curves only",
        "m3-curves",
        (
            Edit(
                "m3-curves-solution", 'history.history[f"val_{metric}"]', "history.history[metric]"
            ),
        ),
        at_most=0,
    ),
    Mutant(
        "draws another network's history",
        "m3-curves",
        (Edit("m3-curves-solution", "epochs = range", "history = small_history\nepochs = range"),),
        at_most=0,
    ),
    Mutant(
        "mixes up the two labels",
        "m3-curves",
        (
            Edit("m3-curves-solution", 'label="training"', 'label="Validation"'),
            Edit("m3-curves-solution", 'label="validation"', 'label="training"'),
        ),
        at_most=4,
    ),
    Mutant(
        "no legend, no names on the axes",
        "m3-curves",
        (
            Edit("m3-curves-solution", "    axes.legend()\n", ""),
            Edit("m3-curves-solution", '    axes.set(xlabel="epoch", ylabel=metric)\n', ""),
        ),
        at_most=3,
    ),
)
_OF_MODEL = "probabilities = model.predict(x_test, verbose=0)"
_PROBABILITIES = (
    Mutant(
        "of the small network",
        "m3-probabilities",
        (Edit("m3-probabilities-solution", _OF_MODEL, _OF_MODEL.replace("model", "small")),),
        at_most=2,
    ),
    Mutant(
        "of the training images",
        "m3-probabilities",
        (Edit("m3-probabilities-solution", _OF_MODEL, _OF_MODEL.replace("x_test", "x_train")),),
        at_most=0,
    ),
    Mutant(
        "rounded to the answer",
        "m3-probabilities",
        (Edit("m3-probabilities-solution", _OF_MODEL, f"{_OF_MODEL}.round()"),),
        at_most=2,
    ),
    Mutant(
        "softmax a second time",
        "m3-probabilities",
        (
            Edit(
                "m3-probabilities-solution",
                _OF_MODEL,
                f"{_OF_MODEL}\nprobabilities = np.array(keras.ops.softmax(probabilities))",
            ),
        ),
        at_most=2,
    ),
    Mutant(
        "typed in",
        "m3-probabilities",
        (
            Edit(
                "m3-probabilities-solution",
                _OF_MODEL,
                "probabilities = 0.999 * np.eye(10)[y_test] + 0.0001",
            ),
        ),
        at_most=2,
    ),
    Mutant(
        "images that are not scaled",
        "m3-probabilities",
        (
            Edit(
                "m3-probabilities-solution", _OF_MODEL, _OF_MODEL.replace("x_test", "255 * x_test")
            ),
        ),
        at_most=2,
    ),
)
_LOOP = "for true_digit, answer in zip(y_test, answers):"
_CONFUSION = (
    Mutant(
        "swaps rows and columns",
        "m3-confusion-matrix",
        (
            Edit(
                "m3-confusion-solution",
                "confusion[true_digit, answer]",
                "confusion[answer, true_digit]",
            ),
        ),
        at_most=5,
    ),
    Mutant(
        "counts the training images",
        "m3-confusion-matrix",
        (
            Edit(
                "m3-confusion-solution",
                _LOOP,
                "said = model.predict(x_train, verbose=0).argmax(axis=1)\n"
                "for true_digit, answer in zip(y_train, said):",
            ),
        ),
        at_most=0,
    ),
    Mutant(
        "counts another network's answers",
        "m3-confusion-matrix",
        (
            Edit(
                "m3-confusion-solution",
                _LOOP,
                "said = small.predict(x_test, verbose=0).argmax(axis=1)\n"
                "for true_digit, answer in zip(y_test, said):",
            ),
        ),
        at_most=0,
    ),
    Mutant(
        "shares of each row",
        "m3-confusion-matrix",
        (
            Edit(
                "m3-confusion-solution",
                "+= 1",
                "+= 1\nconfusion = confusion / confusion.sum(axis=1, keepdims=True)",
            ),
        ),
        at_most=10,
    ),
    Mutant(
        "counts the mistakes only",
        "m3-confusion-matrix",
        (
            Edit(
                "m3-confusion-solution",
                "+= 1",
                "+= true_digit != answer",
            ),
        ),
        at_most=0,
    ),
)
_SORTED = "sorted(pairs, key=lambda pair: pair[2], reverse=True)[:10]"
_COUNT = "int(counts[i, j])"
_PAIRS = (
    Mutant(
        "takes the diagonal for confusions",
        "m3-most-confused",
        (Edit("m3-most-confused-solution", " if i != j]", "]"),),
        at_most=0,
    ),
    Mutant(
        "adds up both directions",
        "m3-most-confused",
        (Edit("m3-most-confused-solution", _COUNT, "int(counts[i, j] + counts[j, i])"),),
        at_most=0,
    ),
    Mutant(
        "names the answer first",
        "m3-most-confused",
        (Edit("m3-most-confused-solution", "(i, j, int", "(j, i, int"),),
        at_most=5,
    ),
    Mutant(
        "loses pairs with equal counts",
        "m3-most-confused",
        (
            Edit(
                "m3-most-confused-solution",
                _SORTED,
                "sorted({pair[2]: pair for pair in pairs}.values(), key=lambda p: -p[2])[:10]",
            ),
        ),
        at_most=0,
    ),
    Mutant(
        "sorts upwards",
        "m3-most-confused",
        (
            Edit(
                "m3-most-confused-solution",
                _SORTED,
                "sorted(pairs, key=lambda pair: pair[2])[-10:]",
            ),
        ),
        at_most=7,
    ),
    Mutant(
        "pairs of another network",
        "m3-most-confused",
        (
            Edit(
                "m3-most-confused-solution",
                "places = ",
                "counts = plot_confusion_matrix(y_test, small.predict(x_test)).confusion_matrix\n"
                "places = ",
            ),
        ),
        at_most=0,
    ),
)
_MISTAKE = (
    Mutant(
        "explains an image that is read correctly",
        "m3-mistake",
        (Edit("m3-mistake-solution", "index = 9729", "index = int(confidence.argmax())"),),
        at_most=0,
    ),
    Mutant(
        "takes the place in a list for the index",
        "m3-mistake",
        (Edit("m3-mistake-solution", "index = 9729", "index = 0  # the first of my list"),),
        at_most=0,
    ),
    Mutant(
        "swaps label and answer",
        "m3-mistake",
        (
            Edit(
                "m3-mistake-solution", '"true": int(y_test[index])', '"true": int(answers[index])'
            ),
            Edit(
                "m3-mistake-solution", '"said": int(answers[index])', '"said": int(y_test[index])'
            ),
        ),
        at_most=4,
    ),
    Mutant(
        "gives the probability of the true digit",
        "m3-mistake",
        (Edit("m3-mistake-solution", "rows[index, answers[index]]", "rows[index, y_test[index]]"),),
        at_most=4,
    ),
    Mutant(
        "explains nothing",
        "m3-mistake",
        (
            Edit(
                "m3-mistake-solution",
                "The bow is closed to a loop, and the bar runs on to the upper right, "
                "as a 6 begins.",
                "It looks like a 6.",
            ),
        ),
        at_most=4,
    ),
)

PROOF = Proof(
    "m3",
    untouched=0.0,
    mutants=(
        *_PARAMETERS,
        *_MODEL,
        *_ACCURACY,
        *_CURVES,
        *_PROBABILITIES,
        *_CONFUSION,
        *_PAIRS,
        *_MISTAKE,
    ),
    margins=(Margin("m3-accuracy", "accuracy", 0.97),),
)
