"""What the grading of M8 must show."""

from examples.proofs.proof import Edit, Margin, Mutant, Proof

_SHAPES_CELL = "m8-shapes-solution"
_DIGITS_CELL = "m8-digits-solution"
_COMPARISON_CELL = "m8-comparison-solution"
_SHIFT_CELL = "m8-shift-solution"
_CLOTHES_CELL = "m8-clothes-solution"
_AUGMENTATION_CELL = "m8-augmentation-solution"

_FIRST = '    Conv2D(16, 3, activation="relu"),\n    MaxPooling2D(),\n'
_SECOND = '    Conv2D(32, 3, activation="relu"),\n    MaxPooling2D(),\n'
_CLOTHES_CONVOLUTIONS = (
    '        Conv2D(24, 3, activation="relu"),\n        MaxPooling2D(),\n'
    '        Conv2D(48, 3, activation="relu"),\n        MaxPooling2D(),\n'
)
_DIGITS_DATA = "    x_train, y_train, batch_size=batch"
_CLOTHES_DATA = "        x_clothes, y_clothes, batch_size=batch"
_RATE = "CosineDecay(0.002, epochs * math.ceil(len(x_train) / batch))"

_SHAPES = (
    Mutant(
        "forgets the first position of the window",
        "m8-shapes",
        (Edit(_SHAPES_CELL, "(side - kernel) // stride + 1", "(side - kernel) // stride"),),
        at_most=4,
    ),
    Mutant(
        "rounds down with padding",
        "m8-shapes",
        (Edit(_SHAPES_CELL, "math.ceil(side / stride)", "side // stride"),),
        at_most=4,
    ),
    Mutant(
        "takes padding for free of charge at any stride",
        "m8-shapes",
        (Edit(_SHAPES_CELL, "math.ceil(side / stride)", "side"),),
        at_most=4,
    ),
    Mutant(
        "gives the layer one bias",
        "m8-shapes",
        (
            Edit(
                _SHAPES_CELL,
                "(kernel * kernel * channels + 1) * filters",
                "kernel * kernel * channels * filters + 1",
            ),
        ),
        at_most=6,
    ),
    Mutant(
        "looks through one channel",
        "m8-shapes",
        (Edit(_SHAPES_CELL, "kernel * kernel * channels + 1", "kernel * kernel + 1"),),
        at_most=6,
    ),
)
_DIGITS = (
    Mutant(
        "dense layers alone",
        "m8-digits",
        (Edit(_DIGITS_CELL, _FIRST + _SECOND, ""),),
        at_most=0,
        alone=True,  # no convolution is no small convolutional network either
    ),
    Mutant(
        "trained for one epoch",
        "m8-digits",
        (Edit(_DIGITS_CELL, "batch, epochs = 64, 6", "batch, epochs = 64, 1"),),
        at_most=12,
        alone=True,  # the next item is multiplied by these points
    ),
    Mutant(
        "trained on the test images",
        "m8-digits",
        (Edit(_DIGITS_CELL, _DIGITS_DATA, "    x_test, y_test, batch_size=batch"),),
        at_most=12,
        alone=True,
    ),
    Mutant(
        "steps far too small",
        "m8-digits",
        (Edit(_DIGITS_CELL, _RATE, "0.000001"),),
        at_most=0,
        alone=True,
    ),
)
_SIZE = (
    Mutant(
        "flattens large maps",
        "m8-size",
        (
            Edit(
                _DIGITS_CELL, _SECOND + "    Flatten(),", _SECOND.replace("32", "64") + "Flatten(),"
            ),
        ),
        at_most=0,
    ),
    Mutant(
        "twice as many units",
        "m8-size",
        (Edit(_DIGITS_CELL, "Dense(64,", "Dense(128,"),),
        at_most=0,
    ),
    Mutant(
        "small because there is no convolution",
        "m8-size",
        (Edit(_DIGITS_CELL, _FIRST + _SECOND, ""),),
        at_most=0,
        alone=True,
    ),
)
_RUN = "\ncomparison_trials = run_arms(arms, seeds=SEEDS)"
_COMPARISON = (
    Mutant(
        "networks of different size",
        "m8-comparison",
        (
            Edit(_COMPARISON_CELL, "hidden=(16,)", "hidden=(31,)"),
            Edit(_COMPARISON_CELL, _RUN, _RUN.replace("SEEDS", "SEEDS[2:]")),
        ),
        at_most=7,
    ),
    Mutant(
        "trains the convolutions for longer",
        "m8-comparison",
        (
            Edit(_COMPARISON_CELL, "hidden=(30,))", "hidden=(30,), epochs=10)"),
            Edit(_COMPARISON_CELL, _RUN, _RUN.replace("SEEDS", "SEEDS[2:]")),
        ),
        at_most=7,
    ),
    Mutant(
        "leaves out one convolution",
        "m8-comparison",
        (
            Edit(
                _COMPARISON_CELL,
                '    "one convolution": BASE.but(conv=(8,), hidden=(16,)),\n',
                "",
            ),
        ),
        at_most=9.34,
    ),
    Mutant(
        "a single seed",
        "m8-comparison",
        (Edit(_COMPARISON_CELL, _RUN, _RUN.replace("SEEDS", "SEEDS[4:]")),),
        at_most=7,
    ),
    Mutant(
        "no run of its own",
        "m8-comparison",
        (Edit(_COMPARISON_CELL, _RUN, _RUN.replace("SEEDS", "SEEDS[:4]")),),
        at_most=8.5,
    ),
    Mutant(
        "claims what everybody says of the wrong arm",
        "m8-comparison",
        (Edit(_COMPARISON_CELL, '"winner", "two convolutions"', '"winner", "one convolution"'),),
        at_most=8,
    ),
    Mutant(
        "claims a tie that is none",
        "m8-comparison",
        (
            Edit(
                _COMPARISON_CELL,
                'Claim("winner", "two convolutions"',
                'Claim("tie", ("no convolution", "two convolutions")',
            ),
        ),
        at_most=8,
    ),
)
_MOVED = "moved[:, to_rows, to_columns] = images[:, of_rows, of_columns]"
_SHIFT = (
    Mutant(
        "what leaves comes back on the other side",
        "m8-shift",
        (Edit(_SHIFT_CELL, _MOVED, "moved = np.roll(images, (down, right), axis=(1, 2))"),),
        at_most=6,
    ),
    Mutant(
        "takes right for down",
        "m8-shift",
        (
            Edit(
                _SHIFT_CELL,
                "def shift(images, right, down):",
                "def shift(images, down, right):",
            ),
        ),
        at_most=6,
    ),
    Mutant(
        "asks one network twice",
        "m8-shift",
        (Edit(_SHIFT_CELL, '("conv", model)', '("conv", dense_net)'),),
        at_most=9.5,
    ),
    Mutant(
        "moves to the right only",
        "m8-shift",
        (Edit(_SHIFT_CELL, "((n, 0), (-n, 0), (0, n), (0, -n))", "((n, 0),)"),),
        at_most=9.5,
    ),
    Mutant(
        "measures on validation images",
        "m8-shift",
        (
            Edit(
                _SHIFT_CELL,
                "x_some, y_some = x_test[:1_000], y_test[:1_000]",
                "x_some, y_some = x_val[:1_000], y_val[:1_000]",
            ),
        ),
        at_most=9.5,
    ),
)
_CLOTHES = (
    Mutant(
        "clothes without a convolution",
        "m8-clothes",
        (
            Edit(
                _CLOTHES_CELL,
                _CLOTHES_CONVOLUTIONS,
                "",
            ),
        ),
        at_most=0,
    ),
    Mutant(
        "labels of the digits",
        "m8-clothes",
        (Edit(_CLOTHES_CELL, _CLOTHES_DATA, _CLOTHES_DATA.replace("y_clothes", "y_train")),),
        at_most=0,
    ),
    Mutant(
        "trained on the test images of clothes",
        "m8-clothes",
        (
            Edit(
                _CLOTHES_CELL,
                _CLOTHES_DATA,
                _CLOTHES_DATA.replace("x_clothes, y_clothes", "x_clothes_test, y_clothes_test"),
            ),
        ),
        at_most=0,
    ),
    Mutant(
        "trained for one epoch, without a falling rate",
        "m8-clothes",
        (
            Edit(_CLOTHES_CELL, "batch, epochs = 64, 5", "batch, epochs = 256, 1"),
            Edit(
                _CLOTHES_CELL, "CosineDecay(0.002, epochs * math.ceil(len(x_clothes) / batch))",
                "0.001",
            ),
        ),
        at_most=9,
    ),
)  # fmt: skip
_DIGIT_SHIFT = 'RandomTranslation(0.1, 0.1, fill_mode="constant")'
_AUGMENTATION = (
    Mutant(
        "flips digits",
        "m8-augmentation",
        (Edit(_AUGMENTATION_CELL, _DIGIT_SHIFT, 'RandomFlip("horizontal"),\n    ' + _DIGIT_SHIFT),),
        at_most=7.5,
    ),
    Mutant(
        "turns clothes upside down",
        "m8-augmentation",
        (Edit(_AUGMENTATION_CELL, 'RandomFlip("horizontal")', "RandomFlip()"),),
        at_most=7.5,
    ),
    Mutant(
        "turns digits by any angle",
        "m8-augmentation",
        (Edit(_AUGMENTATION_CELL, "RandomRotation(0.03", "RandomRotation(1.0"),),
        at_most=7.5,
    ),
    Mutant(
        "does not flip clothes",
        "m8-augmentation",
        (
            Edit(
                _AUGMENTATION_CELL, 'RandomFlip("horizontal")',
                'RandomRotation(0.02, fill_mode="constant")',
            ),
        ),
        at_most=7.5,
    ),
    Mutant(
        "one kind of change for digits",
        "m8-augmentation",
        (
            Edit(
                _AUGMENTATION_CELL, '    RandomRotation(0.03, fill_mode="constant"),\n', "",
            ),
        ),
        at_most=7.5,
    ),
    Mutant(
        "shifts by pixels instead of parts",
        "m8-augmentation",
        (Edit(_AUGMENTATION_CELL, "RandomTranslation(0.05, 0.05", "RandomTranslation(1.0, 1.0"),),
        at_most=7.5,
    ),
)  # fmt: skip

PROOF = Proof(
    "m8",
    untouched=0.0,
    mutants=(
        *_SHAPES,
        *_DIGITS,
        *_SIZE,
        *_COMPARISON,
        *_SHIFT,
        *_CLOTHES,
        *_AUGMENTATION,
    ),
    margins=(
        Margin("m8-digits", "accuracy", 0.988),
        Margin("m8-clothes", "fashion_accuracy", 0.885),
    ),
    seeds=5,
)
