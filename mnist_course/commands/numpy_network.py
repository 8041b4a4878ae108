"""``mnist-course numpy``: train, measure and draw a network made with NumPy alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnist_course.commands.errors import errors_in_words
from mnist_course.commands.parameters import ACTIVATION, DATA_SET, UNITS, layer_sizes

if TYPE_CHECKING:
    from mnist_course.commands.network_training import Settings, Trained

__all__ = ["numpy_network"]

EXIT_INTERRUPTED = 130  # as shells say it: 128 + SIGINT

_ITERATIONS, _EPOCHS = 1000, 5
_LEARNING_RATES = {"sgd": 0.1, "momentum": 0.01, "adam": 0.001}
_MODEL = click.argument(
    "model",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default="model.npz",
)
_DATASET_CHECK = click.option(
    "--dataset",
    "-dataset",
    type=DATA_SET,
    help="Which data set the model is for. Default: the one that its file names.",
)


@click.group()
def numpy_network() -> None:
    """Train, measure and draw a network made with NumPy alone.

    \b
    mnist-course numpy train --dataset mnist --learning-rate 0.1 --iterations 1000
    mnist-course numpy evaluate model.npz
    mnist-course numpy visualize model.npz
    """  # noqa: D301 - click wants the character, so that it keeps the lines


@numpy_network.command()
@click.option(
    "--dataset",
    "-dataset",
    type=DATA_SET,
    default="mnist",
    show_default=True,
    help="What to learn.",
)
@click.option(
    "--hidden",
    type=UNITS,
    multiple=True,
    metavar="UNITS",
    help="Units of the hidden layers: --hidden 64 --hidden 32, or --hidden 64,32, or none. "
    "[default: 10]",
)
@click.option(
    "--activation",
    type=ACTIVATION,
    default="relu",
    show_default=True,
    metavar="NAME",
    help="Of the hidden layers: relu, tanh, sigmoid, softsign, elu, gelu, identity.",
)
@click.option(
    "--optimizer",
    type=click.Choice(list(_LEARNING_RATES)),
    default="sgd",
    show_default=True,
    help="sgd is plain gradient descent; momentum is sgd with momentum 0.9.",
)
@click.option(
    "--learning-rate",
    "-lr",
    type=click.FloatRange(0, min_open=True),
    help="[default: 0.1 for sgd, 0.01 for momentum, 0.001 for adam]",
)
@click.option(
    "--iterations",
    "-i",
    type=click.IntRange(1),
    help=f"Updates, each from all images at once. [default: {_ITERATIONS}]",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    help="Images for each update, instead of all of them.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1),
    help=f"How often to see each image. [default with --batch-size: {_EPOCHS}]",
)
@click.option(
    "--initializer",
    type=click.Choice(["random_uniform", "glorot_uniform", "he_normal"]),
    help="How first weights are drawn; random_uniform is between -0.5 and 0.5, biases too. "
    "[default: random_uniform; with --batch-size or --epochs glorot_uniform]",
)
@click.option(
    "--held-out",
    type=click.FloatRange(0, 0.9, min_open=True),
    default=0.1,
    show_default=True,
    help="Share of the training images to measure on, never learned from.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    default="model.npz",
    show_default=True,
    help="The file for the model, ending in .npz.",
)
def train(
    dataset: str,
    hidden: tuple[tuple[int, ...], ...],
    activation: str,
    optimizer: str,
    learning_rate: float | None,
    iterations: int | None,
    batch_size: int | None,
    epochs: int | None,
    initializer: str | None,
    held_out: float,
    seed: int,
    output: Path,
) -> None:
    """Train a network and save it.

    Without options this is the plainest recipe: 784, 10 and 10 units, ReLU, first weights between
    -0.5 and 0.5, and 1,000 steps of gradient descent, each from all images at once.

    The file is written when training is over: a run that was stopped leaves what was there before.
    Exit status: 1 when training failed, 2 for wrong usage, 130 when it was stopped with Ctrl-C.
    """
    from mnist_course.commands.network_training import Settings

    if iterations is not None and epochs is not None:
        raise click.UsageError(
            "--iterations and --epochs both say how long to train: give one of them."
        )
    if iterations is not None and batch_size is not None:
        raise click.UsageError(
            "--iterations counts updates from all images at once: with --batch-size give --epochs."
        )
    _check_output(output)
    plain = batch_size is None and epochs is None
    _train_and_save(
        Settings(
            dataset=dataset,
            hidden=layer_sizes(hidden) if hidden else (10,),
            activation=activation,
            optimizer=optimizer,
            learning_rate=learning_rate or _LEARNING_RATES[optimizer],
            batch_size=batch_size,
            epochs=epochs or iterations or (_EPOCHS if batch_size else _ITERATIONS),
            initializer=initializer or ("random_uniform" if plain else "glorot_uniform"),
            seed=seed,
            held_out=held_out,
        ),
        output,
    )


@numpy_network.command()
@_MODEL
@_DATASET_CHECK
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PNG",
    help="Draw the confusion matrix of the test images into this file.",
)
def evaluate(model: Path, dataset: str | None, plot: Path | None) -> None:
    """Measure MODEL on images that it has not learned from.

    These are the held-out rows of the training set, which its file names, and the test set.
    MODEL is the file of 'mnist-course numpy train', model.npz if none is given.
    """
    from mnist_course.commands import network_pictures
    from mnist_course.commands.network_evaluation import evaluate_file, show

    if plot is not None:
        _check_folder(plot)
    with errors_in_words():
        evaluation = evaluate_file(model, dataset)
        show(evaluation)
        if plot is not None:
            network_pictures.save_confusion(evaluation, plot)
            click.echo(f"Saved {plot}")


@numpy_network.command()
@_MODEL
@_DATASET_CHECK
@click.option(
    "--output",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    default="figures",
    show_default=True,
    help="Folder for the PNG files; made if missing.",
)
@click.option(
    "--show/--no-show",
    default=None,
    help="Open the figures in windows. [default: where there is a screen]",
)
def visualize(model: Path, dataset: str | None, output: Path, show: bool | None) -> None:
    """Draw what the units of MODEL look at, and what they answer.

    Writes hidden-units.png (the weights of the first layer as images), activations-right.png and
    activations-wrong.png (test images with the output of every layer), and learning-curves.png.
    MODEL is the file of 'mnist-course numpy train', model.npz if none is given.
    """
    from mnist_course.commands import network_pictures

    with errors_in_words():
        pictures = network_pictures.draw(model, dataset)
        for path in network_pictures.save(pictures, output):
            click.echo(f"Saved {path}")
        if show if show is not None else network_pictures.there_is_a_screen():
            network_pictures.show()


def _train_and_save(settings: Settings, output: Path) -> None:
    from mnist_course.commands import network_training
    from mnist_course.commands.training_progress import TrainingProgress

    kept = f"{output} is as it was before" if output.exists() else "no model was saved"
    with errors_in_words(), TrainingProgress(settings) as progress:
        try:
            trained = network_training.train(settings, progress.epoch)
        except KeyboardInterrupt:
            progress.stop()
            done = f"Stopped after {progress.done} of {settings.epochs} {progress.unit}"
            click.echo(f"{done}: {kept}.", err=True)
            sys.exit(EXIT_INTERRUPTED)
        trained.model.save(output, extra=trained.record.as_extra())
    _show(trained, settings, output)


def _show(trained: Trained, settings: Settings, output: Path) -> None:
    model, history = trained.model, trained.record.history
    click.echo(
        f"{settings.sizes}, {model.count_params():,} weights, {trained.updates:,} updates in "
        f"{trained.seconds:.1f} s"
    )
    loss, accuracy = model.evaluate(*trained.examples.held_out())
    click.echo(f"training   loss {history['loss'][-1]:.4f}  accuracy {history['accuracy'][-1]:.4f}")
    click.echo(f"held out   loss {loss:.4f}  accuracy {accuracy:.4f}")
    click.echo(f"Saved {output}. Next: mnist-course numpy evaluate {output}")


def _check_output(output: Path) -> None:
    if output.suffix != ".npz":
        raise click.UsageError(f"--output {output} must end in .npz, the form of a model file.")
    _check_folder(output)


def _check_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise click.UsageError(f"there is no folder {path.parent}: make it first.")
