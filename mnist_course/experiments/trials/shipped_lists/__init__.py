"""Which trials are given with the course, one list for each assignment."""
