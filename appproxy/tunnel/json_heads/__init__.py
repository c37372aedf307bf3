"""Heads of frames that are JSON: what the two ends tell of themselves, of the nodes, and of what a doctor has found."""
