"""Whether a grade fits one of Gradescope's containers in memory as well as in time."""

from __future__ import annotations

from dataclasses import dataclass

from mnist_course.grading.container_size import SIZES, ContainerSize, needed_size
from mnist_course.grading.gradescope_run import limits

__all__ = ["ContainerFit", "container_fit", "seconds_in"]


@dataclass(frozen=True, slots=True)
class ContainerFit:
    """What a measured grade asks of a container.

    Parameters
    ----------
    memory : str
        The smallest container with enough memory; empty when there is none.
    seconds : float
        How long the grade takes there, at the speed of a core of this machine.
    enough : str
        The smallest container with enough memory in which the grade is there in time.
    deadline : float
        Seconds after which Gradescope's grader stops grading, below the time-out.
    """

    memory: str
    seconds: float
    enough: str
    deadline: float

    @property
    def in_time(self) -> bool:
        """Whether the smallest container with enough memory is also fast enough."""
        return bool(self.memory) and self.memory == self.enough


def seconds_in(size: ContainerSize, *, cpu_seconds: float, wall_seconds: float) -> float:
    """Return the seconds that a grade takes in a container.

    Where a container has fewer CPUs than the grade kept busy here, work waits for a CPU. Waiting
    for the disk is not counted, and neither is that its cores may be slower.

    Examples
    --------
    >>> seconds_in(ContainerSize(0.5, 750), cpu_seconds=60, wall_seconds=40)
    120.0
    >>> seconds_in(ContainerSize(4, 6000), cpu_seconds=60, wall_seconds=40)
    40.0
    """
    busy_here = max(1.0, cpu_seconds / wall_seconds) if wall_seconds > 0 else 1.0
    return cpu_seconds / min(size.cpus, busy_here)


def container_fit(*, peak_mb: int, cpu_seconds: float, wall_seconds: float) -> ContainerFit:
    """Choose containers for a grade with these measurements."""
    deadline = limits({}).deadline
    smallest = needed_size(peak_mb)
    if smallest is None:
        return ContainerFit("", 0.0, "", deadline)
    seconds = {
        size: seconds_in(size, cpu_seconds=cpu_seconds, wall_seconds=wall_seconds)
        for size in SIZES[SIZES.index(smallest) :]
    }
    enough = next((str(size) for size, needed in seconds.items() if needed <= deadline), "")
    return ContainerFit(str(smallest), round(seconds[smallest], 1), enough, deadline)
