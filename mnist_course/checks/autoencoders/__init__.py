"""Points for autoencoders, PCA beside them, the dimension, a linear probe, the capstone.

Importing this package loads nothing; each check has a file of its own.
"""
