"""The parts of a policy."""
