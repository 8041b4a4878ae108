"""What the grading of M6 must show."""

from examples.proofs.proof import Edit, Mutant, Proof
from mnist_course.experiments.trials.shipped_lists.m6 import TRIALS

_OF_METRIC = "[METRIC].agg"


def _mutant(name: str, item: str, *edits: tuple[str, str | None, str], at_most: float) -> Mutant:
    parts = tuple(Edit(f"m6-{cell}", old, new) for cell, old, new in edits)
    return Mutant(name, f"m6-{item}", parts, at_most=at_most)


_EPOCHS = (
    _mutant(
        "an arm called 20 epochs has 10",
        "epochs",
        ("epochs-solution", "BASE.but(epochs=20)", "BASE.but(epochs=10)"),
        at_most=12,
    ),
    _mutant(
        "changes the learning rate with the epochs",
        "epochs",
        ("epochs-solution", "BASE.but(epochs=20)", "BASE.but(epochs=20, learning_rate=0.0003)"),
        at_most=12,
    ),
    _mutant(
        "one run of each arm",
        "epochs",
        (
            "epochs-solution",
            "run_arms(epochs_arms, seeds=SEEDS)",
            "run_arms(epochs_arms, seeds=SEEDS[-1:])",
        ),
        at_most=7.5,
    ),
    _mutant(
        "one run under five seeds",
        "epochs",
        (
            "epochs-solution",
            "epochs_trials = run_arms(epochs_arms, seeds=SEEDS)",
            "from dataclasses import replace\n\n"
            "once = run_arms(epochs_arms, seeds=SEEDS[-1:])\n"
            "epochs_trials = [replace(trial, seed=seed) for trial in once for seed in SEEDS]",
        ),
        at_most=9,
    ),
    _mutant(
        "no seed of one's own",
        "epochs",
        (
            "epochs-solution",
            "run_arms(epochs_arms, seeds=SEEDS)",
            "run_arms(epochs_arms, seeds=(0, 1, 2, 3))",
        ),
        at_most=13.5,
    ),
    _mutant(
        "no control arm",
        "epochs",
        ("epochs-solution", '    "5 epochs": BASE,\n', ""),
        at_most=13,
    ),
    _mutant(
        "goes on with the network of the arm before",
        "epochs",
        (
            "epochs-solution",
            "epochs_trials = run_arms(epochs_arms, seeds=SEEDS)",
            "from mnist_course.experiments import ExperimentLog, own_trial\n"
            "from mnist_course.experiments.trials.data import load\n"
            "from mnist_course.experiments.trials.model import build\n\n"
            "images = load(BASE)\n"
            "log = ExperimentLog()\n"
            "epochs_trials = []\n"
            "for seed in SEEDS[-3:]:\n"
            "    network = build(BASE, seed=seed)\n"
            '    for arm, more in (("5 epochs", 5), ("10 epochs", 10), ("20 epochs", 20)):\n'
            "        network.fit(images.x_train, images.y_train, epochs=more, verbose=0,\n"
            "                    validation_data=(images.x_val, images.y_val))\n"
            "        epochs_trials.append(own_trial(arm, seed, log.fits[-1], model=network,\n"
            "                                       x_val=images.x_val, y_val=images.y_val))",
        ),
        at_most=12,
    ),
    _mutant(
        "a better number in one's own runs",
        "epochs",
        (
            "epochs-solution",
            "epochs_trials = run_arms(epochs_arms, seeds=SEEDS)",
            "from dataclasses import replace\n\n"
            "epochs_trials = run_arms(epochs_arms, seeds=SEEDS)\n"
            "epochs_trials = [\n"
            "    replace(trial, measured=trial.measured | {METRIC: 0.05})\n"
            "    if trial.seed == SEEDS[-1] else trial\n"
            "    for trial in epochs_trials\n"
            "]",
        ),
        at_most=12,
    ),
    _mutant(
        "a table from memory",
        "epochs",
        (
            "epochs-report",
            'data.groupby("arm", sort=False)[METRIC].agg(["mean", "std", "count"]).reset_index()',
            'pd.DataFrame({"arm": ["5 epochs", "10 epochs", "20 epochs"], "mean": [0.3, 0.2, 0.1], '
            '"std": [0.01, 0.01, 0.01]})',
        ),
        at_most=13,
    ),
    _mutant(
        "a table of accuracies",
        "epochs",
        ("epochs-report", _OF_METRIC, '["val_accuracy"].agg'),
        at_most=13,
    ),
    _mutant(
        "draws the training images' cross-entropy",
        "epochs",
        (
            "epochs-report",
            "data = frame(epochs_trials)",
            "data = frame(epochs_trials)\nkept = data[METRIC].copy()\n"
            'data[METRIC] = data["train_cross_entropy"]',
        ),
        (
            "epochs-report",
            "epochs_claim = Claim(",
            "data[METRIC] = kept\n"
            'epochs_table = data.groupby("arm", sort=False)[METRIC].mean().reset_index()\n'
            "epochs_claim = Claim(",
        ),
        at_most=13,
    ),
    _mutant(
        "longer is better, as everyone says",
        "epochs",
        (
            "epochs-report",
            "Claim(shown.verdict, shown.arms, metric=METRIC)",
            'Claim("winner", "20 epochs", metric=METRIC)',
        ),
        at_most=13,
    ),
)
_CONTROL = '"to the end": control, '
_STOPPING = (
    _mutant(
        "a patience as long as the training",
        "early-stopping",
        ("early-stopping-solution", "ADAM = BASE.but(epochs=30)", "ADAM = BASE.but(epochs=5)"),
        at_most=13.5,
    ),
    _mutant(
        "nothing that runs to the end",
        "early-stopping",
        ("early-stopping-solution", _CONTROL, ""),
        at_most=13,
    ),
    _mutant(
        "Adam in both studies",
        "early-stopping",
        ("early-stopping-solution", "with_patience(SGD)", "with_patience(ADAM)"),
        at_most=14,
    ),
    _mutant(
        "patience 5 is 3",
        "early-stopping",
        ("early-stopping-solution", "control.but(patience=5)", "control.but(patience=3)"),
        at_most=12,
    ),
    _mutant(
        "tables of the images that decided when to stop",
        "early-stopping",
        ("early-stopping-report", '["test_cross_entropy"].agg', '["val_cross_entropy"].agg'),
        at_most=13,
    ),
    _mutant(
        "never stopping is best",
        "early-stopping",
        (
            "early-stopping-report",
            'adam_claim = Claim("tie", ("patience 3", "patience 5"), metric="test_cross_entropy")',
            'adam_claim = Claim("winner", "to the end", metric="test_cross_entropy")',
        ),
        at_most=14,
    ),
)
_BEST_RATE = "best_rate = {kind: float(means[kind].idxmin()) for kind in KINDS}"
_OPTIMIZER_CLAIM = "optimizer_claim = Claim(shown.verdict, shown.arms, metric=METRIC)"
_OPTIMIZERS = (
    _mutant(
        "Adam's default rate for all",
        "optimizers",
        ("optimizers-solution", _BEST_RATE, "best_rate = dict.fromkeys(KINDS, 0.001)"),
        at_most=12.75,
    ),
    _mutant(
        "the worst rate of each",
        "optimizers",
        ("optimizers-solution", ".idxmin()", ".idxmax()"),
        at_most=12,
    ),
    _mutant(
        "more epochs for SGD",
        "optimizers",
        (
            "optimizers-solution",
            "optimizer_trials = run_arms(",
            'optimizer_arms["sgd"] = optimizer_arms["sgd"].but(epochs=8)\n'
            "optimizer_trials = run_arms(",
        ),
        at_most=13,
    ),
    _mutant(
        "leaves out momentum",
        "optimizers",
        (
            "optimizers-solution",
            "optimizer_trials = run_arms(",
            'del optimizer_arms["momentum"]\noptimizer_trials = run_arms(',
        ),
        at_most=14.5,
    ),
    _mutant(
        "Adam wins, as everyone says",
        "optimizers",
        (
            "optimizers-report",
            _OPTIMIZER_CLAIM,
            'optimizer_claim = Claim("winner", "adam", metric=METRIC)',
        ),
        at_most=13,
    ),
    _mutant(
        "no claim but a sentence",
        "optimizers",
        ("optimizers-report", _OPTIMIZER_CLAIM, 'optimizer_claim = "Adam is fastest and best."'),
        at_most=13,
    ),
)
_BATCHES = (
    _mutant(
        "sums the gradients of a batch",
        "batch-size",
        ("noise-solution", "used.mean(axis=1)", "used.sum(axis=1)"),
        at_most=12,
    ),
    _mutant(
        "the noise of single images",
        "batch-size",
        ("noise-solution", "of_batches = used.mean(axis=1)", "of_batches = gradients"),
        at_most=12,
    ),
    _mutant(
        "counts a last batch that is not full",
        "batch-size",
        (
            "noise-solution",
            "    of_batches = used.mean(axis=1)\n",
            "    cuts = range(batch_size, len(gradients), batch_size)\n"
            "    parts = np.split(gradients, cuts)\n"
            "    of_batches = np.array([part.mean(axis=0) for part in parts])\n",
        ),
        at_most=13,
    ),
    _mutant(
        "equal epochs twice",
        "batch-size",
        (
            "batch-size-solution",
            "batches_of(BASE.but(epochs=20, updates=UPDATES))",
            "batches_of(BASE)",
        ),
        at_most=14,
    ),
    _mutant(
        "a learning rate that grows with the batch",
        "batch-size",
        (
            "batch-size-solution",
            "common.but(batch_size=size)",
            "common.but(batch_size=size, learning_rate=0.001 * size / 32)",
        ),
        at_most=13,
    ),
    _mutant(
        "two runs of each arm",
        "batch-size",
        (
            "batch-size-solution",
            "batches_of(BASE.but(epochs=5)), seeds=SEEDS)",
            "batches_of(BASE.but(epochs=5)), seeds=SEEDS[-2:])",
        ),
        at_most=14.5,
    ),
    _mutant(
        "small batches are better, as everyone says",
        "batch-size",
        (
            "batch-size-report",
            "equal_updates_claim = claimed(equal_updates_trials)",
            'equal_updates_claim = Claim("winner", "batch 8", metric=METRIC)',
        ),
        at_most=14,
    ),
)
_SHALLOW_ARMS = (
    "run_arms({name: SHALLOW.but(activation=name) for name in ACTIVATIONS}, seeds=SEEDS)"
)
_DEEP_ARMS = "run_arms({name: DEEP.but(activation=name) for name in ACTIVATIONS}, seeds=SEEDS)"
_ACTIVATIONS = (
    _mutant(
        "one hidden layer in both studies",
        "activations",
        ("activations-solution", _DEEP_ARMS, _DEEP_ARMS.replace("DEEP", "SHALLOW")),
        at_most=14,
    ),
    _mutant(
        "helps sigmoid with a larger rate",
        "activations",
        (
            "activations-solution",
            _DEEP_ARMS,
            "run_arms({name: DEEP.but(activation=name, learning_rate=0.003 if name == 'sigmoid' "
            "else 0.001) for name in ACTIVATIONS}, seeds=SEEDS)",
        ),
        at_most=14,
    ),
    _mutant(
        "an arm called gelu has relu",
        "activations",
        (
            "activations-solution",
            _SHALLOW_ARMS,
            "run_arms({name: SHALLOW.but(activation='relu' if name == 'gelu' else name) for name "
            "in ACTIVATIONS}, seeds=SEEDS)",
        ),
        at_most=14,
    ),
    _mutant(
        "leaves out sigmoid where it fails",
        "activations",
        (
            "activations-solution",
            _DEEP_ARMS,
            "run_arms({name: DEEP.but(activation=name) for name in ACTIVATIONS if name != "
            "'sigmoid'}, seeds=SEEDS)",
        ),
        at_most=14.5,
    ),
    _mutant(
        "sigmoid wins when it is deep",
        "activations",
        (
            "activations-report",
            "deep_claim = claimed(deep_trials)",
            'deep_claim = Claim("winner", "sigmoid", metric=METRIC)',
        ),
        at_most=13.5,
    ),
)

PROOF = Proof(
    "m6",
    untouched=0.0,
    mutants=(*_EPOCHS, *_STOPPING, *_OPTIMIZERS, *_BATCHES, *_ACTIVATIONS),
    # What a student adds to the given trials: the last of the notebook's seeds.
    trials=tuple((configuration, 4) for configuration, seeds in TRIALS if 0 in seeds),
    seeds=5,
)
