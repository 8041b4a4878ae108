"""What each assignment's grading must show: the proofs that ``release --check`` carries out."""
