"""What signs programs in: service tokens."""
