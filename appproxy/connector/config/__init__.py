"""What the connector knows of the applications."""
