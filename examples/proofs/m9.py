"""What the grading of M9 must show."""

from examples.proofs.proof import Edit, Margin, Mutant, Proof

_BUILD = "m9-contract-solution"
_ENCODER = 'Sequential([Input((28, 28)), Flatten(), Dense(128, activation="relu"), Dense(k)])'
_CHAIN = "autoencoder = Sequential([Input((28, 28)), encoder, decoder])"
_CONTRACT = (
    Mutant(
        "builds both parts a second time for the autoencoder",
        "m9-contract",
        (
            Edit(
                _BUILD,
                _CHAIN,
                _CHAIN.replace(
                    "encoder, decoder]",
                    "keras.models.clone_model(encoder), keras.models.clone_model(decoder)]",
                ),
            ),
        ),
        at_most=6,
        alone=True,  # its encoders are not those of the autoencoders, which the probe asks about
    ),
    Mutant(
        "no sigmoid at the end",
        "m9-contract",
        (Edit(_BUILD, 'Dense(784, activation="sigmoid")', "Dense(784)"),),
        at_most=7,
        alone=True,  # another network in every part
    ),
    Mutant(
        "ReLU at the code",
        "m9-contract",
        (Edit(_BUILD, "Dense(k)])", 'Dense(k, activation="relu")])'),),
        at_most=7,
        alone=True,
    ),
    Mutant(
        "always a code of two numbers",
        "m9-contract",
        (
            Edit(_BUILD, "Dense(k)])", "Dense(2)])"),
            Edit(_BUILD, "Input((k,))", "Input((2,))"),
        ),
        at_most=0,
        alone=True,
    ),
)

_TRAIN = "m9-errors-solution"
_MEASURE = "autoencoders[k].evaluate(x_val, x_val, batch_size=500, verbose=0)"
_FIT = "autoencoders[k].fit(x_train, x_train, batch_size=64, epochs=10, verbose=0)"
_ERRORS = (
    Mutant(
        "measures on the training images",
        "m9-errors",
        (Edit(_TRAIN, _MEASURE, _MEASURE.replace("x_val", "x_train")),),
        at_most=9,
    ),
    Mutant(
        "sums over the pixels",
        "m9-errors",
        (Edit(_TRAIN, _MEASURE, f"784 * {_MEASURE}"),),
        at_most=7,
        alone=True,  # shares and dimension follow from such a curve
    ),
    Mutant(
        "root of the mean square",
        "m9-errors",
        (Edit(_TRAIN, _MEASURE, f"{_MEASURE} ** 0.5"),),
        at_most=7,
        alone=True,
    ),
    Mutant(
        "trains the long codes longer",
        "m9-errors",
        (Edit(_TRAIN, "epochs=10", "epochs=10 if k < 32 else 12"),),
        at_most=11,
    ),
    Mutant(
        "trains on the validation images",
        "m9-errors",
        (Edit(_TRAIN, _FIT, _FIT.replace("x_train", "x_val")),),
        at_most=11,
        alone=True,  # half as many images: other errors, other points for the comparison
    ),
    Mutant(
        "calls six networks of one length by six lengths",
        "m9-errors",
        (Edit(_TRAIN, "build_autoencoder(k)", "build_autoencoder(32)"),),
        at_most=2,
        alone=True,
    ),
)

_PCA_CELL = "m9-pca-solution"
_BACK = "back = pca.inverse_transform(pca.transform(others))"
_PCA = (
    Mutant(
        "finds the directions in the validation images",
        "m9-pca",
        (Edit(_PCA_CELL, ".fit(flat)", ".fit(others)"),),
        at_most=5,
    ),
    Mutant(
        "reconstructs the training images",
        "m9-pca",
        (Edit(_PCA_CELL, "others = x_val.reshape(len(x_val), 784)", "others = flat"),),
        at_most=7,
    ),
    Mutant(
        "sums the errors of PCA over the pixels",
        "m9-pca",
        (Edit(_PCA_CELL, "np.mean((back - others) ** 2)", "784 * np.mean((back - others) ** 2)"),),
        at_most=0,
    ),
    Mutant(
        "share of the variance instead of an error",
        "m9-pca",
        (
            Edit(
                _PCA_CELL,
                "np.mean((back - others) ** 2)",
                "1 - pca.explained_variance_ratio_.sum()",
            ),
        ),
        at_most=0,
    ),
    Mutant(
        "forgets the mean image",
        "m9-pca",
        (Edit(_PCA_CELL, _BACK, "back = others @ pca.components_.T @ pca.components_"),),
        at_most=0,
    ),
)
_COMPARISON = (
    Mutant(
        "hardly trained",
        "m9-comparison",
        (Edit(_TRAIN, "epochs=10", "epochs=1"),),
        at_most=7.5,
        alone=True,  # other codes, other points for the probe
    ),
    Mutant(
        "steps far too small",
        "m9-comparison",
        (Edit(_BUILD, "Adam(0.002)", "Adam(0.00002)"),),
        at_most=0,
        alone=True,
    ),
    Mutant(
        "no bend anywhere",
        "m9-comparison",
        (
            Edit(_BUILD, _ENCODER, _ENCODER.replace(', activation="relu"', "")),
            Edit(_BUILD, '        Dense(128, activation="relu"),\n', "        Dense(128),\n"),
            Edit(_BUILD, 'Dense(784, activation="sigmoid")', "Dense(784)"),
        ),
        at_most=7.5,
        alone=True,
    ),
)

_RULE = "m9-dimension-solution"
_LOOP = """        if gain >= 0.05:
            found = k
    return None if found == lengths[-1] else found
"""
_DIMENSION = (
    Mutant(
        "stops at the first flat step",
        "m9-dimension",
        (
            Edit(
                _RULE,
                _LOOP,
                "        if gain < 0.05:\n            return before\n    return None\n",
            ),
        ),
        at_most=0,
    ),
    Mutant(
        "counts a gain by step and not by doubling",
        "m9-dimension",
        (Edit(_RULE, " / np.log2(k / before)", ""),),
        at_most=0,
    ),
    Mutant(
        "takes the end of the curve for its elbow",
        "m9-dimension",
        (Edit(_RULE, "return None if found == lengths[-1] else found", "return found"),),
        at_most=0,
    ),
    Mutant(
        "forgets the variance",
        "m9-dimension",
        (Edit(_RULE, " / variance / np.log2", " / np.log2"),),
        at_most=0,
    ),
    Mutant(
        "estimates by eye",
        "m9-dimension",
        (
            Edit(
                _RULE,
                '{"autoencoder": elbow(curve, variance), "PCA": elbow(pca_curve, variance)}',
                '{"autoencoder": 10, "PCA": 64}',
            ),
        ),
        at_most=6,
    ),
)

_PROBE_CELL = "m9-probe-solution"

_PROBE = (
    Mutant(
        "a probe with a hidden layer",
        "m9-probe",
        (
            Edit(
                _PROBE_CELL,
                "Dense(10, activation",
                'Dense(64, activation="relu"), Dense(10, activation',
            ),
        ),
        at_most=2,
    ),
    Mutant(
        "lets the encoder learn from the labels",
        "m9-probe",
        (
            Edit(
                _PROBE_CELL,
                "probe.fit(codes, y_train, batch_size=64, epochs=20, verbose=0)",
                "whole = Sequential([Input((28, 28)), code_encoder, probe])\n"
                'whole.compile("adam", "sparse_categorical_crossentropy")\n'
                "whole.fit(x_train, y_train, batch_size=64, epochs=3, verbose=0)",
            ),
        ),
        at_most=2,
        alone=True,  # the autoencoder shares these layers
    ),
    Mutant(
        "codes of two numbers",
        "m9-probe",
        (Edit(_PROBE_CELL, "encoders[32]", "encoders[2]"),),
        at_most=6,
    ),
    Mutant(
        "a probe that is not trained",
        "m9-probe",
        (Edit(_PROBE_CELL, "epochs=20", "epochs=0"),),
        at_most=4,
    ),
)

_OWN = "m9-capstone-solution"
_CAPSTONE = (
    Mutant(
        "one seed",
        "m9-capstone",
        (
            Edit(_OWN, "run_arms(rate_arms, seeds=SEEDS)", "run_arms(rate_arms, seeds=SEEDS[:2])"),
            Edit(
                _OWN,
                "for trial in rate_trials if trial.arm == arm]",
                "for trial in rate_trials if trial.arm == arm][:1]",
            ),
        ),
        at_most=3,
    ),
    Mutant(
        "no control",
        "m9-capstone",
        (Edit(_OWN, '"control": "one rate"', '"control": "the usual"'),),
        at_most=3,
    ),
    Mutant(
        "claims what was hoped for",
        "m9-capstone",
        (
            Edit(
                _OWN,
                'Claim(decided.verdict, decided.arms, metric="val_cross_entropy")',
                'Claim("winner", "slower first layer", metric="val_cross_entropy")',
            ),
        ),
        at_most=3,
    ),
    Mutant(
        "says nothing about its limits",
        "m9-capstone",
        (
            Edit(
                _OWN,
                "Five epochs and 6,000 images: a slower layer may only be later, not worse. "
                "One architecture, one optimizer.",
                "None.",
            ),
        ),
        at_most=4,
    ),
)

PROOF = Proof(
    "m9",
    untouched=0.0,
    mutants=(*_CONTRACT, *_ERRORS, *_PCA, *_COMPARISON, *_DIMENSION, *_PROBE, *_CAPSTONE),
    margins=(Margin("m9-probe", "probe_accuracy", 0.85),),
    seeds=5,
)
