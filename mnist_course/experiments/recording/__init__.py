"""The record of every fit, by itself: what went in, what was done, what came out."""
