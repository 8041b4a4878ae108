"""Whether the trials of a study can answer its question."""
