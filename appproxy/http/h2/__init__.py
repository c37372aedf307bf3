"""HTTP/2: field blocks, heads and sessions."""
