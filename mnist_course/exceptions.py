"""Every error that this package raises on purpose.

Each one also inherits the built-in error that a caller would expect, says what happened, what was
expected, what came instead, what to do next, and survives a process boundary (its arguments are
its message).
"""

__all__ = [
    "AssignmentError",
    "ClassError",
    "ConfigurationError",
    "CorruptDataError",
    "DatasetError",
    "GraderError",
    "ImageError",
    "KernelStartError",
    "MnistCourseError",
    "ModelFileError",
    "NetworkError",
    "NotPortableError",
    "ProofError",
    "RecordError",
    "SandboxError",
    "SerializationError",
    "StoreError",
    "StudentError",
    "StudyError",
    "SubmissionError",
    "WorkerLostError",
    "WorkforceError",
]


class MnistCourseError(Exception):
    """Base of all errors raised on purpose by this package."""


class CorruptDataError(MnistCourseError, OSError):
    """A data file is missing or its SHA-256 is not the known one."""


class DatasetError(MnistCourseError, OSError):
    """A data set is not on this machine and cannot be fetched; the message says what to do."""


class ImageError(MnistCourseError, ValueError):
    """An image cannot be turned into an MNIST-like digit."""


class NetworkError(MnistCourseError, ValueError):
    """A network of :mod:`mnist_course.numpy_nn` was built or used in a way that cannot work."""


class ModelFileError(MnistCourseError, ValueError):
    """A file is not a saved network, or is damaged."""


class RecordError(MnistCourseError, ValueError):
    """A recorded experiment does not have the form of one."""


class SubmissionError(MnistCourseError, ValueError):
    """A submitted notebook cannot be read, in a sentence that a student may see."""


class AssignmentError(MnistCourseError, ValueError):
    """The instructor's notebook is missing or breaks a rule of authoring."""


class ClassError(MnistCourseError, ValueError):
    """The submissions of a class, its roster or its grades cannot be read or written."""


class ProofError(MnistCourseError, ValueError):
    """A proof of an assignment's grading cannot be read, or does not fit the notebook."""


class ConfigurationError(MnistCourseError, ValueError):
    """A trial or a study was told to do something that is not possible."""


class StoreError(MnistCourseError, OSError):
    """A folder of stored trials cannot be used."""


class StudyError(MnistCourseError, RuntimeError):
    """Trials of a study gave no result, or what a study left behind cannot be read."""


class WorkforceError(MnistCourseError, RuntimeError):
    """Work that no process could do: no scheduler answers, or a worker was lost."""


class WorkerLostError(WorkforceError):
    """A process ended in the middle of a job."""


class SerializationError(MnistCourseError, ValueError):
    """Bytes from the sandbox are not a frame of the closed list of types."""


class SandboxError(MnistCourseError, RuntimeError):
    """A required layer of the sandbox is missing on this system."""


class NotPortableError(MnistCourseError, ValueError):
    """A model cannot be rebuilt from our schema; the message names the part, in a sentence."""


class StudentError(MnistCourseError, RuntimeError):
    """A call of a student's function gave no value.

    Parameters
    ----------
    words : str
        A sentence that a student may see.
    type_name : str
        Name of the exception that the student's code raised; empty when it raised none.
    message : str
        Its message, cut.
    line : int
        Line in the student's cell, 0 when it is not known.
    hidden : bool
        True when a hidden test made the call: then the other fields are empty, because student
        code may raise what it was given. The full words are in ``staff``.
    staff : str
        For staff only.
    """

    def __init__(
        self,
        words: str,
        type_name: str = "",
        message: str = "",
        line: int = 0,
        hidden: bool = False,
        staff: str = "",
    ) -> None:
        super().__init__(words, type_name, message, line, hidden)
        self.type_name = type_name
        self.message = message
        self.line = line
        self.hidden = hidden
        self.staff = staff

    def __str__(self) -> str:
        return str(self.args[0])


class KernelStartError(MnistCourseError, RuntimeError):
    """The kernel for the student's cells did not start."""


class GraderError(MnistCourseError, RuntimeError):
    """The grader itself failed; the submission is not to blame."""
