"""Every error that this package raises on purpose.

Each one also inherits the built-in error that a caller would expect, says what happened, what was
expected, what came instead, what to do next, and survives a process boundary (its arguments are
its message).
"""

__all__ = [
    "AssignmentError",
    "CorruptDataError",
    "GraderError",
    "ImageError",
    "KernelStartError",
    "MnistCourseError",
    "NotPortableError",
    "RecordError",
    "SerializationError",
    "SubmissionError",
]


class MnistCourseError(Exception):
    """Base of all errors raised on purpose by this package."""


class CorruptDataError(MnistCourseError, OSError):
    """A data file is missing or its SHA-256 is not the known one."""


class ImageError(MnistCourseError, ValueError):
    """An image cannot be turned into an MNIST-like digit."""


class RecordError(MnistCourseError, ValueError):
    """A recorded experiment does not have the form of one."""


class SubmissionError(MnistCourseError, ValueError):
    """A submitted notebook cannot be read, in a sentence that a student may see."""


class AssignmentError(MnistCourseError, ValueError):
    """The instructor's notebook is missing or breaks a rule of authoring."""


class SerializationError(MnistCourseError, ValueError):
    """Bytes from the sandbox are not a frame of the closed list of types."""


class NotPortableError(MnistCourseError, ValueError):
    """A model cannot be rebuilt from our schema; the message names the part, in a sentence."""


class KernelStartError(MnistCourseError, RuntimeError):
    """The kernel for the student's cells did not start."""


class GraderError(MnistCourseError, RuntimeError):
    """The grader itself failed; the submission is not to blame."""
