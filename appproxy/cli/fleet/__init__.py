"""Commands about connectors and nodes."""
