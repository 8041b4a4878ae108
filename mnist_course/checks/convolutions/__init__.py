"""Checks of convolutional networks, their shapes and their augmentation, for assignment m8.

Images are batches here, shape (n, height, width) or (n, height, width, channels).
"""
