"""What the grading of M7 must show."""

from examples.proofs.proof import Edit, Mutant, Proof
from mnist_course.experiments.trials.configuration import Configuration

_FORMULA = "m7-formula-solution"
_BIASES = (
    Edit(_FORMULA, "784 * width + width", "784 * width"),
    Edit(_FORMULA, "(width**2 + width)", "width**2"),
    Edit(_FORMULA, "10 * width + 10\n", "10 * width\n"),
)
_CLOSEST = (
    "return min((below, below + 1), key=lambda m: abs(count_parameters(depth, m) - parameters))"
)
_OF_FORMULA = (
    Mutant("forgets the biases", "m7-formula", _BIASES, at_most=10),
    Mutant(
        "counts one hidden layer too many",
        "m7-formula",
        (Edit(_FORMULA, "between = (depth - 1) *", "between = depth *"),),
        at_most=10,
    ),
    Mutant(
        "shows every hidden layer the pixels",
        "m7-formula",
        (Edit(_FORMULA, "(depth - 1) * (width**2 + width)", "(depth - 1) * 785 * width"),),
        at_most=12,
    ),
    Mutant(
        "rounds the width down",
        "m7-formula",
        (Edit(_FORMULA, _CLOSEST, "return below"),),
        at_most=11,
    ),
    Mutant(
        "returns a width that is no whole number",
        "m7-formula",
        (Edit(_FORMULA, _CLOSEST, "return exact"),),
        at_most=12,
    ),
    Mutant(
        "divides by zero for one hidden layer",
        "m7-formula",
        (Edit(_FORMULA, "-c / b if a == 0 else (", "("),),
        at_most=5,
    ),
)

_DEPTH = "m7-depth-solution"
_DEPTH_SEEDS = "depth_trials = run_arms(depth_arms, seeds=SEEDS)"
_OF_DEPTH = (
    Mutant(
        "makes the deepest network as wide as the shallow one",
        "m7-depth",
        (Edit(_DEPTH, "hidden=(width,) * depth", "hidden=(width if depth < 5 else 63,) * depth"),),
        at_most=7,
    ),
    Mutant(
        "leaves out the deep networks",
        "m7-depth",
        (Edit(_DEPTH, "in widths.items()", "in list(widths.items())[:3]"),),
        at_most=9.5,
    ),
    Mutant(
        "trains the deepest network for fewer epochs",
        "m7-depth",
        (Edit(_DEPTH, "* depth)", "* depth, epochs=15 if depth < 5 else 4)"),),
        at_most=10,
    ),
    Mutant(
        "runs every depth once",
        "m7-depth",
        (Edit(_DEPTH, _DEPTH_SEEDS, _DEPTH_SEEDS.replace("SEEDS", "SEEDS[-1:]")),),
        at_most=6,
        alone=True,  # the figure has no spread to show
    ),
    Mutant(
        "adds no run of its own",
        "m7-depth",
        (Edit(_DEPTH, _DEPTH_SEEDS, _DEPTH_SEEDS.replace("SEEDS", "SEEDS[:-1]")),),
        at_most=10.5,
    ),
    Mutant(
        "copies one run under other seeds",
        "m7-depth",
        (
            Edit(
                _DEPTH,
                _DEPTH_SEEDS,
                "from dataclasses import replace\n\n"
                "depth_trials = run_arms(depth_arms, seeds=SEEDS[-1:])\n"
                "depth_trials = [replace(t, seed=s) for t in depth_trials for s in range(4, 8)]",
            ),
        ),
        at_most=6,
        alone=True,  # the figure has no spread to show
    ),
    Mutant(
        "lets the deepest network win",
        "m7-depth",
        (
            Edit(
                "m7-depth-claim",
                'verdict(depth_trials, "val_cross_entropy", margin=0.01).claim',
                'Claim("winner", "5 hidden", metric="val_cross_entropy")',
            ),
        ),
        at_most=9,
    ),
)

_FIGURE = "m7-depth-plot-solution"
_OF_FIGURE = (
    Mutant(
        "draws the accuracy",
        "m7-depth-plot",
        (
            Edit(_FIGURE, '== arm, "val_cross_entropy"]', '== arm, "val_accuracy"]'),
            Edit(_FIGURE, 'sort=False)["val_cross_entropy"]', 'sort=False)["val_accuracy"]'),
        ),
        at_most=1.25,
    ),
    Mutant(
        "draws the means alone",
        "m7-depth-plot",
        (
            Edit(
                _FIGURE,
                'panel.plot([place] * len(values), values, "o", color="tab:blue", alpha=0.5)',
                "pass",
            ),
        ),
        at_most=3.75,
    ),
    Mutant(
        "names no axis",
        "m7-depth-plot",
        (Edit(_FIGURE, 'panel.set(xlabel="arm", ylabel="validation cross-entropy")\n', ""),),
        at_most=3.75,
    ),
)

_WIDTH = "m7-width-solution"
_OF_WIDTH = (
    Mutant(
        "leaves out the widest network",
        "m7-width",
        (Edit(_WIDTH, "(8, 32, 128, 512)", "(8, 32, 128)"),),
        at_most=6.5,
    ),
    Mutant(
        "calls a network of 32 units one of 8",
        "m7-width",
        (Edit(_WIDTH, "hidden=(width,)", "hidden=(max(width, 32),)"),),
        at_most=6,
    ),
    Mutant(
        "gives the wide networks dropout",
        "m7-width",
        (Edit(_WIDTH, "hidden=(width,))", "hidden=(width,), dropout=0.1 if width > 64 else 0.0)"),),
        at_most=6,
    ),
    Mutant(
        "lets the narrowest network win",
        "m7-width",
        (
            Edit(
                "m7-width-claim",
                'verdict(width_trials, "val_cross_entropy", margin=0.01).claim',
                'Claim("winner", "8 units", metric="val_cross_entropy")',
            ),
        ),
        at_most=6,
    ),
)

_DROPOUT = "m7-dropout-solution"
_OF_DROPOUT = (
    Mutant(
        "has no control",
        "m7-dropout",
        (Edit(_DROPOUT, '    "no dropout": BASE,\n', ""),),
        at_most=8.2,
    ),
    Mutant(
        "calls 0.1 dropout 0.3",
        "m7-dropout",
        (
            Edit(_DROPOUT, '0.1": BASE.but(dropout=0.1)', '0.1": BASE.but(dropout=0.30)'),
            Edit(_DROPOUT, "BASE.but(dropout=0.3),\n}", "BASE.but(dropout=0.1),\n}"),
        ),
        at_most=8,
    ),
    Mutant(
        "adds a penalty to one arm",
        "m7-dropout",
        (
            Edit(
                _DROPOUT,
                '    "dropout 0.1": BASE.but(dropout=0.1)',
                '    "dropout 0.1": BASE.but(dropout=0.1, l2=0.001)',
            ),
        ),
        at_most=8,
    ),
    Mutant(
        "types a table in",
        "m7-dropout",
        (
            Edit(
                "m7-dropout-table-solution",
                '{"mean": by_arm.mean(), "sd": by_arm.std()}',
                '{"arm": list(dropout_arms), "mean": [0.31, 0.25, 0.22]}',
            ),
        ),
        at_most=8,
    ),
    Mutant(
        "says that no dropout is best",
        "m7-dropout",
        (
            Edit(
                "m7-dropout-claim",
                'verdict(dropout_trials, "val_cross_entropy", margin=0.01).claim',
                'Claim("winner", "no dropout", metric="val_cross_entropy")',
            ),
        ),
        at_most=8,
    ),
)

_FUNCTIONS = "m7-l2-functions-solution"
_L2 = "m7-l2-solution"
_TABLE = "m7-l2-table-solution"
_MEANS = 'frame(l2_trials).groupby("arm", sort=False)[["val_cross_entropy", "weight_norm"]].mean()'
_VERDICT = 'verdict(l2_trials, "val_cross_entropy", margin=0.01).claim'
_OF_CROSS_ENTROPY = (
    Mutant(
        "puts the loss with its penalty into the table",
        "m7-cross-entropy",
        (
            Edit(
                _TABLE,
                _MEANS,
                "frame(l2_trials).assign(\n"
                '    val_cross_entropy=[t.fit.history["val_loss"][-1] for t in l2_trials]\n'
                ').groupby("arm", sort=False)[["val_cross_entropy", "weight_norm"]].mean()',
            ),
        ),
        at_most=8,
    ),
    Mutant(
        "concludes from the loss with its penalty",
        "m7-cross-entropy",
        (Edit("m7-l2-claim", _VERDICT, 'Claim("winner", "no penalty", metric="val_loss")'),),
        at_most=8,
    ),
    Mutant(
        "lets the control win",
        "m7-cross-entropy",
        (
            Edit(
                "m7-l2-claim",
                _VERDICT,
                'Claim("winner", "no penalty", metric="val_cross_entropy")',
            ),
        ),
        at_most=8,
    ),
    Mutant(
        "halves the penalty",
        "m7-cross-entropy",
        (Edit(_FUNCTIONS, "return l2 * sum(", "return l2 / 2 * sum("),),
        at_most=7,
    ),
    Mutant(
        "penalises the first kernel alone",
        "m7-cross-entropy",
        (Edit(_FUNCTIONS, "float((kernel**2).sum()) for kernel in kernels)",
              "float((kernel**2).sum()) for kernel in kernels[:1])"),),
        at_most=7,
    ),
    Mutant(
        "compares penalties without a control",
        "m7-cross-entropy",
        (Edit(_L2, '{"no penalty": BASE}', "{}"),),
        at_most=9.2,
    ),
)  # fmt: skip
_ROOT = "float(np.sqrt(sum((kernel**2).sum() for kernel in kernels)))"
_OF_NORM = (
    Mutant(
        "takes no square root",
        "m7-norm",
        (Edit(_FUNCTIONS, _ROOT, "float(sum((kernel**2).sum() for kernel in kernels))"),),
        at_most=2,
    ),
    Mutant(
        "adds up the norms of the kernels",
        "m7-norm",
        (Edit(_FUNCTIONS, _ROOT, "sum(float(np.linalg.norm(kernel)) for kernel in kernels)"),),
        at_most=2,
    ),
    Mutant(
        "tells the norm of the first layer alone",
        "m7-norm",
        (
            Edit(
                _TABLE,
                _MEANS,
                'frame(l2_trials).groupby("arm", sort=False)'
                '[["val_cross_entropy", "weight_norm_1"]].mean()',
            ),
        ),
        at_most=3,
    ),
)

_GAP = "m7-l2-plot-solution"
_TRAINING = (
    'panel.plot(places - 0.1, table["train_cross_entropy"], "o", color="tab:orange", '
    'label="training")\n'
)
_OF_GAP = (
    Mutant(
        "draws validation alone",
        "m7-l2-plot",
        (Edit(_GAP, _TRAINING, ""),),
        at_most=2,
    ),
    Mutant(
        "has no legend",
        "m7-l2-plot",
        (Edit(_GAP, "panel.legend()\n", ""),),
        at_most=4,
    ),
    Mutant(
        "draws the loss with its penalty",
        "m7-l2-plot",
        (
            Edit(
                _GAP,
                'panel.plot(places + 0.1, table["val_cross_entropy"]',
                'panel.plot(places + 0.1, [t.fit.history["val_loss"][-1] for t in l2_shown]',
            ),
        ),
        at_most=3,
    ),
)

_LOOK = "m7-weights-solution"
_OF_WEIGHTS = (
    Mutant(
        "does not turn the kernel",
        "m7-weights",
        (Edit(_LOOK, "kernel.T.reshape", "kernel.reshape"),),
        at_most=2,
    ),
    Mutant(
        "lays the images on their side",
        "m7-weights",
        (Edit(_LOOK, "reshape(-1, 28, 28)", "reshape(-1, 28, 28).transpose(0, 2, 1)"),),
        at_most=2,
    ),
    Mutant(
        "leaves the biases of the layer out",
        "m7-weights",
        (Edit(_LOOK, "return 785 * width /", "return 784 * width /"),),
        at_most=3,
    ),
    Mutant(
        "gives the share in percent",
        "m7-weights",
        (Edit(_LOOK, "return 785 * width /", "return 100 * 785 * width /"),),
        at_most=3,
    ),
)

_BASE = Configuration(train_rows=6_000, hidden=(128,), epochs=15)
_OWN = (
    _BASE,
    *(_BASE.but(hidden=hidden) for hidden in ((63,), (59,) * 2, (55,) * 3, (52,) * 4, (50,) * 5)),
    *(_BASE.but(hidden=(width,)) for width in (8, 32, 512)),
    *(_BASE.but(dropout=rate) for rate in (0.1, 0.3)),
    *(_BASE.but(l2=strength) for strength in (0.0001, 0.001, 0.01)),
)

PROOF = Proof(
    "m7",
    untouched=0.0,
    mutants=(
        *_OF_FORMULA,
        *_OF_DEPTH,
        *_OF_FIGURE,
        *_OF_WIDTH,
        *_OF_DROPOUT,
        *_OF_CROSS_ENTROPY,
        *_OF_NORM,
        *_OF_GAP,
        *_OF_WEIGHTS,
    ),
    trials=tuple((configuration, 4) for configuration in _OWN),
    seeds=5,
)
