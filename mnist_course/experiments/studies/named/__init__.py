"""The studies of the course: one file each."""
