"""The same attacks on this engine and on its neighbours, each with its own form of one task."""
