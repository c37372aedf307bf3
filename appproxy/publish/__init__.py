"""Applications, routing and URLs: pure decisions on values."""
