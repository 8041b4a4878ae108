"""Checks of assignment m7: how many numbers a network holds, and what holds it back.

The reference formulas are in ``formulas``; everything else is one item of the notebook a file.
"""
