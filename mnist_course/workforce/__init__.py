"""Work for many processes: those of this machine, or of a Dask cluster."""
