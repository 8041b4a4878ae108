"""A catalogue of attacks on whoever grades a notebook, with a runner that sees what they gain."""
