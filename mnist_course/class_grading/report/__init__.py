"""One page about a whole class, for staff."""
