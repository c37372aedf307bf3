"""Commands about what is published, and how it looks."""
