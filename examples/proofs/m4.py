"""What the grading of M4 must show.

One function is looked at by four items, so nearly every mistake reaches beyond the item that it is
aimed at: those mutants get a notebook of their own.
"""

from examples.proofs.proof import Edit, Margin, Mutant, Proof

_WHOLE = "    return centre(fit(crop(only_ink(to_gray(image)))))"
_SIDE = "ink = ground - gray if ground - darkest > brightest - ground else gray - ground"
_SHOWS_THROUGH = "pixels = pixels[:, :, :3] * alpha + (1 - alpha)  # white shows through"
_SIZE = "height, width = (max(1, round(side * scale)) for side in box.shape)"
_TOP = "top = min(max(round(13.5 - mean_row), 0), 28 - height)"
_LEFT = "left = min(max(round(13.5 - mean_column), 0), 28 - width)"
_CHANGED = "changed = [convert(change(d.image)) for d in practice]"
_OWN = '"to_mnist": accuracy(own, change),'

_CONTRACT = (
    Mutant(
        "gives float64",
        "m4-contract",
        (Edit("m4-whole", _WHOLE, f"{_WHOLE}.astype(np.float64)"),),
        at_most=9,
    ),
    Mutant(
        "gives an image of one channel",
        "m4-contract",
        (Edit("m4-whole", _WHOLE, f"{_WHOLE}[..., np.newaxis]"),),
        at_most=9,
        alone=True,  # the table is measured with the same function
    ),
    Mutant(
        "gives 0 to 255",
        "m4-contract",
        (Edit("m4-whole", _WHOLE, f"{_WHOLE} * 255"),),
        at_most=9,
        alone=True,  # the reader meets other numbers
    ),
    Mutant(
        "forgets transparency",
        "m4-contract",
        (Edit("m4-gray", _SHOWS_THROUGH, "pixels = pixels[:, :, :3]"),),
        at_most=13,
        alone=True,
    ),
    Mutant(
        "takes colour pictures only",
        "m4-contract",
        (Edit("m4-gray", "if pixels.ndim == 3:\n", "if True:\n"),),
        at_most=8,
        alone=True,
    ),
    Mutant(
        "paints the transparent pixels of the given array white",
        "m4-contract",
        (
            Edit(
                "m4-gray",
                "    whole_numbers =",
                "    if image.ndim == 3 and image.shape[2] == 4:\n"
                "        image[image[:, :, 3] == 0] = 255\n"
                "    whole_numbers =",
            ),
        ),
        at_most=11,
        alone=True,
    ),
    Mutant(
        "only calls the course's function",
        "m4-contract",
        (
            Edit(
                "m4-whole",
                _WHOLE,
                "    from mnist_course.preprocessing import to_mnist as converted\n\n"
                "    return converted(image)",
            ),
        ),
        at_most=0,
        alone=True,
    ),
)
_POLARITY = (
    Mutant(
        "always turns around",
        "m4-polarity",
        (Edit("m4-ink", _SIDE, "ink = ground - gray"),),
        at_most=0,
        alone=True,
    ),
    Mutant(
        "never turns around",
        "m4-polarity",
        (Edit("m4-ink", _SIDE, "ink = gray - ground"),),
        at_most=0,
        alone=True,
    ),
    Mutant(
        "compares with 0.5",
        "m4-polarity",
        (Edit("m4-ink", _SIDE, "ink = ground - gray if gray.mean() > 0.5 else gray - ground"),),
        at_most=10,
        alone=True,
    ),
)
_CENTRING = (
    Mutant(
        "centres the box instead of the mass",
        "m4-centring",
        (
            Edit("m4-centre", _TOP, "top = (28 - height) // 2"),
            Edit("m4-centre", _LEFT, "left = (28 - width) // 2"),
        ),
        at_most=15,
        alone=True,
    ),
    Mutant(
        "always begins in row and column 4",
        "m4-centring",
        (Edit("m4-centre", _TOP, "top = 4"), Edit("m4-centre", _LEFT, "left = 4")),
        at_most=5,
        alone=True,
    ),
    Mutant(
        "fills the frame",
        "m4-centring",
        (Edit("m4-fit", "longest=20", "longest=28"),),
        at_most=0,
        alone=True,
    ),
    Mutant(
        "scales height and width apart",
        "m4-centring",
        (Edit("m4-fit", _SIZE, "height = width = longest"),),
        at_most=5,
        alone=True,
    ),
    Mutant(
        "swaps mean row and mean column",
        "m4-centring",
        (
            Edit("m4-centre", _TOP, "top = min(max(round(13.5 - mean_column), 0), 28 - height)"),
            Edit("m4-centre", _LEFT, "left = min(max(round(13.5 - mean_row), 0), 28 - width)"),
        ),
        at_most=5,
        alone=True,
    ),
)
_ACCURACY = (
    Mutant(
        "only resizes",
        "m4-accuracy",
        (
            Edit(
                "m4-whole", _WHOLE, "    return just_resize((to_gray(image) * 255).astype('uint8'))"
            ),
        ),
        at_most=0,
        alone=True,
    ),
    Mutant(
        "does not crop",
        "m4-accuracy",
        (Edit("m4-whole", _WHOLE, "    return centre(fit(only_ink(to_gray(image))))"),),
        at_most=0,
        alone=True,
    ),
    Mutant(
        "swaps rows and columns",
        "m4-accuracy",
        (Edit("m4-whole", _WHOLE, f"{_WHOLE}.T"),),
        at_most=0,
        alone=True,
    ),
    Mutant(
        "does not look which way round it is",
        "m4-accuracy",
        (Edit("m4-ink", _SIDE, "ink = ground - gray"),),
        at_most=11,
        alone=True,
    ),
)
_TABLE = (
    Mutant(
        "does not change the drawings",
        "m4-table",
        (Edit("m4-accuracies", _CHANGED, "changed = [convert(d.image) for d in practice]"),),
        at_most=12,
    ),
    Mutant(
        "measures one conversion twice",
        "m4-table",
        (Edit("m4-accuracies", _OWN, '"to_mnist": accuracy(just_resize, change),'),),
        at_most=7.5,
    ),
    Mutant(
        "reports errors instead of accuracies",
        "m4-table",
        (Edit("m4-accuracies", "answers == labels", "answers != labels"),),
        at_most=0,
    ),
    Mutant(
        "measures ten drawings",
        "m4-table",
        (
            Edit("m4-accuracies", _CHANGED, _CHANGED.replace("practice]", "practice[:10]]")),
            Edit("m4-accuracies", "answers == labels", "answers == labels[:10]"),
        ),
        at_most=12,
    ),
    Mutant(
        "leaves the table empty",
        "m4-table",
        (Edit("m4-accuracies", "CHANGES.items()", "{}.items()"),),
        at_most=0,
    ),
)

PROOF = Proof(
    "m4",
    untouched=0.0,
    mutants=(*_CONTRACT, *_POLARITY, *_CENTRING, *_ACCURACY, *_TABLE),
    margins=(
        Margin("m4-accuracy", "drawings_accuracy", 0.90),
        Margin("m4-centring", "pixels_off_centre", 1.0, lowest=False),
    ),
    seeds=3,  # only the noise of part 7 and the stand-in for a photo depend on it
)
