"""HTTP/2 to users."""
