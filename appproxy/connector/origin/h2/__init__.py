"""HTTP/2 to an application."""
