"""How a policy is read from its document."""
