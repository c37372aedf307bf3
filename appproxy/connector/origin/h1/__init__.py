"""HTTP/1.1 to an application."""
