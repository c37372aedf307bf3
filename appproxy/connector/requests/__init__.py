"""The requests under way at a connector."""
