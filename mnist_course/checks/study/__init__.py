"""Points for a study: arms, one change, runs, table, plot, claim."""
