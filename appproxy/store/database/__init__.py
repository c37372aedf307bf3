"""The database as a whole: opened, filled, read as snapshots, looked after; one thread of a running node."""
