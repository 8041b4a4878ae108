"""The grading engine: read, execute, capture, judge, report.

Nothing here imports Keras, TensorFlow or matplotlib at module level.
"""
