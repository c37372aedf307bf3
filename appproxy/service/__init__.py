"""The public side: users in front, connectors behind."""
