"""Example submissions of the course, made from the released notebooks."""
