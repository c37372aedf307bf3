"""What all operations are made of."""
