"""Check conversions of drawings in assignment m4: any drawing of a digit, one form of image.

Everywhere here a drawing comes with the truth about its ink, and a conversion is a function of a
picture, ``ndarray (h, w)``, ``(h, w, 3)`` or ``(h, w, 4)``, that gives an image of 28 × 28.
"""
