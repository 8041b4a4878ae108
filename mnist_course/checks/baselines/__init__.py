"""Checks of the simple classifiers of assignment m1, with the steps before them.

Everywhere here an image that a classifier reads is a row: ``x`` (n, 784) float32 within 0..1,
labels (n,) whole numbers.
"""
