"""Several processes of one connector on one machine: a parent that carries nothing, and workers that dial the service."""
