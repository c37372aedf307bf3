"""Fields between the two sides: URLs in them are translated, and what an application is told of its user."""
