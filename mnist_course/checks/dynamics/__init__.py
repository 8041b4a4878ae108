"""Points for what the studies of training dynamics need besides the study itself."""
