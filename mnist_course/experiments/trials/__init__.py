"""One trial: a network that is built from a configuration, trained, measured and written down."""
