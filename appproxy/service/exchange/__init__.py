"""One request of a user and its answer, as all rooms of the service see it."""
