"""Several processes of one service on one machine: a parent that takes connections, and workers that serve them."""
