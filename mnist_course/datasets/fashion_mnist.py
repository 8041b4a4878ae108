"""Load Fashion-MNIST, exactly as Keras returns it, from wherever this machine has it.

Its four files are looked for in this user's cache, in this Python environment, where Debian's
package ``dataset-fashion-mnist`` puts them, and where Keras keeps what it downloaded. What is
nowhere is downloaded as Keras does it, else taken out of the Debian package, and kept in the cache.
Nothing is used, or kept, before its SHA-256 is the known one. ``data/FASHION_MNIST.md`` beside this
file holds licence and provenance.
"""

from __future__ import annotations

from pathlib import Path

from mnist_course.datasets.idx_file import IdxFile
from mnist_course.datasets.mnist import Split
from mnist_course.datasets.progress import Progress, silent
from mnist_course.datasets.published_files import PublishedFiles
from mnist_course.exceptions import CorruptDataError

__all__ = ["FILES", "LABELS", "PUBLISHED", "fetch", "load_data", "path_of", "verify"]

LABELS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
"""What the classes 0 to 9 are."""

FILES = {
    "x_train": IdxFile(
        "train-images-idx3-ubyte.gz",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        (60_000, 28, 28),
    ),
    "y_train": IdxFile(
        "train-labels-idx1-ubyte.gz",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        (60_000,),
    ),
    "x_test": IdxFile(
        "t10k-images-idx3-ubyte.gz",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        (10_000, 28, 28),
    ),
    "y_test": IdxFile(
        "t10k-labels-idx1-ubyte.gz",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        (10_000,),
    ),
}
"""The published files by the name of their array; SHA-256 of the uncompressed content."""

PUBLISHED = PublishedFiles("Fashion-MNIST", "fashion_mnist", "fashion-mnist", FILES)
"""Where they are looked for, and how they are fetched."""


def load_data() -> tuple[Split, Split]:
    """Load the 70,000 images of clothes.

    The same arrays, in the same order, as ``keras.datasets.fashion_mnist.load_data()``. The first
    call on a machine may have to fetch 31 MB.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        ``x_train`` uint8 (60000, 28, 28) and ``x_test`` uint8 (10000, 28, 28): pixels, 0 =
        background, 255 = brightest. ``y_train`` uint8 (60000,) and ``y_test`` uint8 (10000,): the
        class, 0..9; `LABELS` names them. Every call returns new arrays, so that a change to one
        never reaches another.

    Raises
    ------
    DatasetError
        If the files are not on this machine and cannot be fetched; its message says what to do.

    Examples
    --------
    >>> from mnist_course.datasets import fashion_mnist
    >>> (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    >>> x_train.shape, fashion_mnist.LABELS[y_train[0]]
    ((60000, 28, 28), 'Ankle boot')
    """
    arrays = {name: array for name, (_, array) in PUBLISHED.read(FILES).items()}
    return (
        (arrays["x_train"], arrays["y_train"]),
        (arrays["x_test"], arrays["y_test"]),
    )


def path_of(name: str) -> Path:
    """Return where a file lies, verified; it is fetched when it is nowhere.

    Parameters
    ----------
    name : str
        ``"x_train"``, ``"y_train"``, ``"x_test"`` or ``"y_test"``.

    Raises
    ------
    DatasetError
        As `load_data`.
    """
    return PUBLISHED.read([name])[name][0]


def verify() -> None:
    """Check that every file is on this machine and is the known one; nothing is fetched.

    Raises
    ------
    CorruptDataError
        If a file is missing, or is not the known one wherever it lies.
    """
    for file in FILES.values():
        found = list(PUBLISHED.search(file))
        if all(copy.problem for copy in found):
            words = " ".join(copy.problem for copy in found)
            words = words or f"{file.name} is not on this machine."
            raise CorruptDataError(f"{words} Run: mnist-course data fetch fashion_mnist")


def fetch(
    folder: Path | None = None, *, progress: Progress = silent, force: bool = False
) -> tuple[Path, ...]:
    """Make the data set present.

    Files that are the known ones stay as they are, damaged ones are replaced. Each is verified,
    written beside its place and renamed, so that whoever reads, or fetches at the same time, sees
    a whole file or none.

    Parameters
    ----------
    folder : Path, optional
        Where the files have to be; made if missing. Without it, any folder that is searched will
        do, and what is nowhere goes to the cache.
    progress : Progress, optional
    force : bool
        Fetch anew what is there, too.

    Returns
    -------
    tuple of Path
        Of the four files.

    Raises
    ------
    DatasetError
        If a file can be had nowhere, or the folder cannot be written.
    """
    return PUBLISHED.fetch(folder, progress=progress, force=force)
