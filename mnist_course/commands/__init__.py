"""Commands of ``mnist-course``, one module per group; none is loaded before it is needed."""

__all__: list[str] = []
