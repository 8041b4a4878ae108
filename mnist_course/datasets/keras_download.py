"""Fetch the files of a data set from where Keras fetches them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from mnist_course.datasets.idx_file import IdxFile
from mnist_course.datasets.progress import Progress
from mnist_course.exceptions import DatasetError

__all__ = ["URL", "download"]

URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
"""As in ``keras.src.datasets.fashion_mnist``."""

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 30.0
_ATTEMPTS = 2
_PAUSE = 0.5  # seconds before the second attempt
_CHUNK = 1 << 16


def download(files: Iterable[IdxFile], progress: Progress) -> Iterator[tuple[IdxFile, bytes]]:
    """Give each file with its bytes, as the server sent them: whoever uses them verifies them.

    Parameters
    ----------
    files : iterable of IdxFile
    progress : Progress

    Raises
    ------
    DatasetError
        If a file cannot be had, in a sentence. Proxies are those of the environment
        (``HTTPS_PROXY``).
    """
    import requests

    with requests.Session() as session:
        for file in files:
            for attempt in range(_ATTEMPTS):
                try:
                    content = _get(session, file, progress)
                    break
                except requests.RequestException as error:
                    if attempt + 1 == _ATTEMPTS:
                        raise DatasetError(_words(error)) from error
                    time.sleep(_PAUSE)
            yield file, content


def _get(session: object, file: IdxFile, progress: Progress) -> bytes:
    import requests

    assert isinstance(session, requests.Session)
    received = bytearray()
    with session.get(
        URL + file.name,
        stream=True,
        timeout=(_CONNECT_SECONDS, _READ_SECONDS),
        headers={"Accept-Encoding": "identity"},  # the files are compressed as they are
    ) as answer:
        answer.raise_for_status()
        length = answer.headers.get("Content-Length", "")
        of = int(length) if length.isdigit() else 0
        for chunk in answer.iter_content(_CHUNK):
            received += chunk
            # Compressed, a file is at most a little larger; a wrong answer can be endless.
            if len(received) > file.size + file.size // 100 + 1024:
                raise DatasetError(f"the server sends another file than {file.name}")
            progress(f"download {file.name}", len(received), of)
    return bytes(received)


def _words(error: Exception) -> str:
    """Return why a request failed, without the objects that requests prints."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "the server does not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate cannot be verified"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke"
    if isinstance(error, requests.ConnectionError):
        return "the server cannot be reached"
    return f"the request failed ({type(error).__name__})"
