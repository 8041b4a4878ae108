"""What the grading of m1 must show.

The items look at different names and go on with stand-ins, so that mutants of different items may
share a notebook.
"""

from examples.proofs.proof import Edit, Margin, Mutant, Proof

_FACTS = (
    Mutant(
        "counts only the digits that occur",
        "m1-facts",
        (
            Edit(
                "m1-facts-solution",
                "np.bincount(labels, minlength=10)",
                "np.unique(labels, return_counts=True)[1]",
            ),
        ),
        at_most=7,
    ),
    Mutant(
        "gives the largest count for its share",
        "m1-facts",
        (Edit("m1-facts-solution", "counts.max() / len(labels)", "counts.max()"),),
        at_most=8,
    ),
    Mutant(
        "takes the shape of all images for that of one",
        "m1-facts",
        (Edit("m1-facts-solution", "images.shape[1:]", "images.shape"),),
        at_most=9,
    ),
    Mutant(
        "types in what MNIST is known for",
        "m1-facts",
        (
            Edit(
                "m1-facts-solution",
                None,
                "def describe(images, labels):\n"
                '    return {"images": 60000, "shape": (28, 28), "dtype": "uint8",\n'
                '            "range": (0, 255), "counts": [5923, 6742, 5958, 6131, 5842, 5421,\n'
                '            5918, 6265, 5851, 5949], "majority": 0.1124}\n',
            ),
        ),
        at_most=0,
    ),
)

_NORMALISE = (
    Mutant(
        "divides by 225",
        "m1-normalise",
        (Edit("m1-normalise-solution", "/= 255", "/= 225"),),
        at_most=6,
    ),
    Mutant(
        "divides by the largest value of the batch",
        "m1-normalise",
        (Edit("m1-normalise-solution", "/= 255", "/= max(values.max(), 1)"),),
        at_most=9,
    ),
    Mutant(
        "remembers that it was called",
        "m1-normalise",
        (
            Edit(
                "m1-normalise-solution",
                None,
                "done = False\n\n"
                "def normalise(images):\n"
                "    global done\n"
                '    values = images.astype("float32")\n'
                "    if not done:\n"
                "        values /= 255\n"
                "        done = True\n"
                "    return values\n",
            ),
        ),
        at_most=0,
    ),
    Mutant(
        "gives float64",
        "m1-normalise",
        (Edit("m1-normalise-solution", 'astype("float32")', 'astype("float64")'),),
        at_most=12,
    ),
    Mutant(
        "works on the array that it was given",
        "m1-normalise",
        (
            Edit(
                "m1-normalise-solution",
                'images.astype("float32")',
                'images.astype("float32", copy=False)',
            ),
        ),
        at_most=12,
    ),
    Mutant(
        "takes whole numbers up to 1 for normalised",
        "m1-normalise",
        (
            Edit(
                "m1-normalise-solution",
                'images.dtype.kind in "iu" or values.max() > 1',
                "values.max() > 1",
            ),
        ),
        at_most=9,
    ),
    Mutant(
        "divides whatever comes",
        "m1-normalise",
        (
            Edit(
                "m1-normalise-solution",
                'if images.dtype.kind in "iu" or values.max() > 1:',
                "if True:",
            ),
        ),
        at_most=12,
    ),
)

_SPLIT = (
    Mutant(
        "splits without regard to the digits",
        "m1-split",
        (
            Edit(
                "m1-split-solution",
                "    for digit in np.unique(labels):\n"
                "        rows = rng.permutation(np.flatnonzero(labels == digit))\n"
                "        aside[rows[: round(share * len(rows))]] = True\n",
                "    aside[rng.permutation(len(labels))[: round(share * len(labels))]] = True\n",
            ),
        ),
        at_most=11,
    ),
    Mutant(
        "leaves the images that are set aside in the first part",
        "m1-split",
        (Edit("m1-split-solution", "np.flatnonzero(~aside)", "len(labels)"),),
        at_most=7,
    ),
    Mutant(
        "ignores the seed",
        "m1-split",
        (Edit("m1-split-solution", "default_rng(seed)", "default_rng(0)"),),
        at_most=13,
    ),
    Mutant(
        "splits differently in every call",
        "m1-split",
        (Edit("m1-split-solution", "default_rng(seed)", "default_rng()"),),
        at_most=13,
    ),
    Mutant(
        "shuffles the labels by themselves",
        "m1-split",
        (Edit("m1-split-solution", "labels[first])", "rng.permutation(labels[first]))"),),
        at_most=12,
    ),
    Mutant(
        "takes the first rows",
        "m1-split",
        (
            Edit(
                "m1-split-solution",
                None,
                "def split(images, labels, share, seed):\n"
                "    n = round(share * len(labels))\n"
                "    return (images[n:], labels[n:]), (images[:n], labels[:n])\n",
            ),
        ),
        at_most=9,
    ),
    Mutant(
        "shuffles the caller's images",
        "m1-split",
        (
            Edit(
                "m1-split-solution",
                "    aside = ",
                "    order = rng.permutation(len(labels))\n"
                "    images[:], labels[:] = images[order], labels[order]\n"
                "    aside = ",
            ),
        ),
        at_most=13,
    ),
)

_NEAREST_MEAN = (
    Mutant(
        "takes the largest product for the nearest",
        "m1-nearest-mean",
        (
            Edit(
                "m1-mean-solution",
                "return squares.argmin(axis=1)",
                "return (x @ means.T).argmax(axis=1)",
            ),
        ),
        at_most=6,
    ),
    Mutant(
        "compares with means of levels up to 255",
        "m1-nearest-mean",
        (
            Edit(
                "m1-mean-run",
                "class_means(x_train, y_train)",
                "class_means(train_images.reshape(-1, 784), train_labels)",
            ),
        ),
        at_most=7,
    ),
    Mutant(
        "adds up where it should average",
        "m1-nearest-mean",
        (Edit("m1-mean-solution", ".mean(axis=0)", ".sum(axis=0)"),),
        at_most=3,
    ),
    Mutant(
        "gives the distance instead of the digit",
        "m1-nearest-mean",
        (Edit("m1-mean-solution", "squares.argmin(axis=1)", "squares.min(axis=1)"),),
        at_most=4,
        alone=True,  # the table measures the same function
    ),
)

_KNN = (
    Mutant(
        "chooses k on the images that vote",
        "m1-knn",
        (Edit("m1-knn-solution", "knn.score(x_val, y_val)", "knn.score(x_fit, y_fit)"),),
        at_most=3,
    ),
    Mutant(
        "chooses k on the test images",
        "m1-knn",
        (
            Edit(
                "m1-knn-choice",
                "x_choose, y_choose, [",
                "x_check, y_check, [",
            ),
        ),
        at_most=7,
    ),
    Mutant(
        "takes test images to choose with",
        "m1-knn",
        (
            Edit(
                "m1-knn-choice",
                "best_k, accuracy_by_k = choose_k",
                "x_choose, y_choose = x_test[:2000], y_test[:2000]\n"
                "best_k, accuracy_by_k = choose_k",
            ),
        ),
        at_most=7,
    ),
    Mutant(
        "types accuracies in",
        "m1-knn",
        (
            Edit(
                "m1-knn-choice",
                "choose_k(x_small, y_small, x_choose, y_choose, [1, 3, 5, 7, 9])",
                "3, {1: 0.962, 3: 0.969, 5: 0.966, 7: 0.965}",
            ),
        ),
        at_most=7,
    ),
    Mutant(
        "lets the test images vote",
        "m1-knn",
        (
            Edit(
                "m1-knn-choice",
                ".fit(x_small, y_small)",
                ".fit(np.concatenate([x_small, x_test]), np.concatenate([y_small, y_test]))",
            ),
        ),
        at_most=7,
    ),
    Mutant(
        "looks the test images up",
        "m1-knn",
        (
            Edit(
                "m1-knn-choice",
                "KNeighborsClassifier(n_neighbors=best_k).fit(x_small, y_small).predict",
                "lambda x, known={row.tobytes(): y for row, y in zip(x_test, y_test)}: (\n"
                "    np.array([known.get(row.tobytes(), 1) for row in x])\n"
                ")",
            ),
        ),
        at_most=7,
        alone=True,  # the table asks it, too
    ),
    Mutant(
        "chooses the worst k",
        "m1-knn",
        (Edit("m1-knn-solution", "return max(", "return min("),),
        at_most=8,
    ),
    Mutant(
        "measures with the arrays of the notebook",
        "m1-knn",
        (Edit("m1-knn-solution", "knn.score(x_val, y_val)", "knn.score(x_choose, y_choose)"),),
        at_most=6,
    ),
)

_SVM = (
    Mutant(
        "fits the same machine twice",
        "m1-svm",
        (Edit("m1-svm-solution", 'SVC(kernel="linear")', "SVC()"),),
        at_most=3,
    ),
    Mutant(
        "fits on the test images",
        "m1-svm",
        (
            Edit(
                "m1-svm-solution",
                'SVC(kernel="rbf").fit(x_small, y_small)',
                'SVC(kernel="rbf").fit(x_test, y_test)',
            ),
        ),
        at_most=2,
    ),
    Mutant(
        "fits on levels up to 255",
        "m1-svm",
        (
            Edit(
                "m1-svm-solution",
                'SVC(kernel="rbf").fit(x_small, y_small)',
                'SVC(kernel="rbf").fit(255 * x_small[:3000], y_small[:3000])',
            ),
        ),
        at_most=2,
    ),
    Mutant(
        "hands in scores instead of digits",
        "m1-svm",
        (
            Edit(
                "m1-svm-solution",
                'SVC(kernel="rbf").fit(x_small, y_small).predict',
                'SVC(kernel="rbf").fit(x_small[:3000], y_small[:3000]).decision_function',
            ),
        ),
        at_most=2,
    ),
)

_TABLE = (
    Mutant(
        "types the accuracies in",
        "m1-table",
        (Edit("m1-table-solution", "(answers == y_check).mean()", "0.99"),),
        at_most=2,
    ),
    Mutant(
        "measures on images that the methods were fitted on",
        "m1-table",
        (
            Edit("m1-table-solution", "read(x_check)", "read(x_small[:2000])"),
            Edit("m1-table-solution", "(answers == y_check)", "(answers == y_small[:2000])"),
        ),
        at_most=4,
    ),
    Mutant(
        "reads the clock before the work",
        "m1-table",
        (
            Edit(
                "m1-table-solution",
                "    answers = read(x_check)\n    seconds = time.perf_counter() - start\n",
                "    seconds = time.perf_counter() - start\n    answers = read(x_check)\n",
            ),
        ),
        at_most=4,
    ),
    Mutant(
        "leaves a method out",
        "m1-table",
        (
            Edit(
                "m1-table-solution",
                "for name, read in methods.items():",
                "for name, read in list(methods.items())[1:]:",
            ),
        ),
        at_most=0,
    ),
    Mutant(
        "gives percent",
        "m1-table",
        (
            Edit(
                "m1-table-solution",
                "(answers == y_check).mean()",
                "100 * (answers == y_check).mean()",
            ),
        ),
        at_most=2,
    ),
)

_PLOT = (
    Mutant(
        "names no axis",
        "m1-plot",
        (
            Edit(
                "m1-plot-solution",
                'xlabel="seconds to read the images", ylabel="accuracy", ',
                "",
            ),
        ),
        at_most=4,
    ),
    Mutant(
        "draws seconds against accuracy",
        "m1-plot",
        (Edit("m1-plot-solution", "scatter(seconds, accuracy,", "scatter(accuracy, seconds,"),),
        at_most=2,
    ),
    Mutant(
        "does not say which point is which",
        "m1-plot",
        (Edit("m1-plot-solution", "axis.legend()\n", ""),),
        at_most=4,
    ),
    Mutant(
        "draws other numbers than those of the table",
        "m1-plot",
        (
            Edit(
                "m1-plot-solution",
                "axis.scatter(seconds, accuracy,",
                "axis.scatter(seconds, 0.5 + accuracy / 2,",
            ),
        ),
        at_most=2,
    ),
)

PROOF = Proof(
    "m1",
    untouched=0.0,
    mutants=(*_FACTS, *_NORMALISE, *_SPLIT, *_NEAREST_MEAN, *_KNN, *_SVM, *_TABLE, *_PLOT),
    margins=(
        Margin("m1-nearest-mean", "nearest_mean_accuracy", 0.79),
        Margin("m1-knn", "knn_accuracy", 0.90),
        Margin("m1-svm", "linear_svm_accuracy", 0.86),
        Margin("m1-svm", "rbf_svm_accuracy", 0.93),
    ),
)
