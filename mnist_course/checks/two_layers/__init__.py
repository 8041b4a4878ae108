"""Checks of a network with one hidden layer that a student writes in NumPy.

Everywhere here an image is a row: ``x`` (n, inputs), ``W1`` (inputs, hidden), ``b1`` (hidden,),
``W2`` (hidden, outputs), ``b2`` (outputs,), labels (n,) whole numbers.
"""
